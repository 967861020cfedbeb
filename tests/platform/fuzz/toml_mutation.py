"""Spoil TOML line by line: keys and values that are known to the platform, of types that it does not expect."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

VALUES = (
    "1", "-1", "0", "true", '""', '"x"', '"\\u0000"', '"\\U0001F4A9"', '"vae"', "'''\n\n'''", '"""\n\u2028\x85\n"""',
    "[]", "{}", "[[]]",
    '[""]', '["vae", "vae"]', "{a = 1}", "nan", "inf", "-inf", "1e999", "9" * 30, "9" * 5000, "0x" + "f" * 5000, "1_0",
    "0.5", "33.3333333333",
    "1979-05-27", "07:32:00", "1979-05-27T07:32:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999999Z",
    "[" * 3000 + "]" * 3000, "{a=" * 900 + "1" + "}" * 900, "a", '"' + "y" * 100_000 + '"', '"é"', "1.", "+1",
    "[1, 'a', {}]", "100", "1e-320",
)  # fmt: skip
KEYS = (
    "schema", "title", "reference", "due", "name", "points", "depends_on", "id", "assignments", "preload",
    "cell_timeout_s",
    "memory_mib", "notebook_mib", '""', '"\u2028"', "a.b.c", "question", "limits", "schema_", "x" * 3000, '"a b"', "é",
)  # fmt: skip
TABLES = (
    "[limits]", "[[question]]", "[[written]]", "[sandbox]", "[question]", "[[limits]]", "[a.b.c]", "[]", "[[a]",
    '["limits"]',
    "[ question . x ]", "[[question.depends_on]]",
)  # fmt: skip


def mutate_toml(data: bytes, random: Random) -> bytes:
    """`data` with one to six of its lines changed, moved, lost or doubled."""
    lines = data.decode().split("\n")
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        random.choice(_CHANGES)(lines, random)
    text = random.choice(("\n", "\n", "\n", "\r\n")).join(lines)
    return text.encode("utf-8", "surrogatepass")


def _value(lines: list[str], random: Random) -> None:
    """Another value for a key that is there."""
    places = [n for n, line in enumerate(lines) if "=" in line]
    if places:
        place = random.choice(places)
        lines[place] = f"{lines[place].partition('=')[0]}= {random.choice(VALUES)}"


def _key(lines: list[str], random: Random) -> None:
    """A key where there was none."""
    lines.insert(random.randint(0, len(lines)), f"{random.choice(KEYS)} = {random.choice(VALUES)}")


def _renamed(lines: list[str], random: Random) -> None:
    places = [n for n, line in enumerate(lines) if "=" in line]
    if places:
        place = random.choice(places)
        lines[place] = f"{random.choice(KEYS)} ={lines[place].partition('=')[2]}"


def _table(lines: list[str], random: Random) -> None:
    lines.insert(random.randint(0, len(lines)), random.choice(TABLES))


def _lost(lines: list[str], random: Random) -> None:
    start = random.randint(0, len(lines))
    del lines[start : start + random.choice((1, 1, 2, 10))]


def _doubled(lines: list[str], random: Random) -> None:
    start = random.randint(0, len(lines))
    piece = lines[start : start + random.choice((1, 4, 20))]
    lines[start:start] = piece * random.choice((1, 1, 2, 50))


def _moved(lines: list[str], random: Random) -> None:
    if lines:
        lines.insert(random.randrange(len(lines)), lines.pop(random.randrange(len(lines))))


def _many(lines: list[str], random: Random) -> None:
    """Questions that depend on each other in a long chain, or in a circle."""
    count = random.choice((3, 50, 2000))
    last = random.choice((0, count - 1, count))
    for n in range(count):
        depends = (n + 1) if n < count - 1 else last
        lines += ["[[question]]", f'name = "q{n}"', f"points = {100 / count!r}", f'depends_on = ["q{depends}"]']


Change = Callable[[list[str], Random], None]
_CHANGES: tuple[Change, ...] = (_value, _value, _value, _key, _renamed, _table, _lost, _doubled, _moved, _many)
