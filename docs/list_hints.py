"""`python docs/list_hints.py > docs/hints.md`: every hint that a hidden suite may show a student, for review.

Only the suites' text is read. Hints put together from parts that are known at run time alone have `{…}` in them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SUITES = Path(__file__).resolve().parents[1] / "tests" / "hidden"
LEAST_WORDS = 5  # of a constant that is taken for a hint


def words(node: ast.AST, constants: dict[str, str]) -> str:
    """The text that an expression stands for; "" where that is not known."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Name):
        return constants.get(node.id, "")
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return words(node.left, constants) + words(node.right, constants)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{…}" for part in node.values)
    return ""


def is_sentence(text: str) -> bool:
    return len(text.split()) >= LEAST_WORDS and text.strip().endswith((".", "?", "!"))


def hints_of(tree: ast.Module) -> Iterator[str]:
    """In the order of the file; some more than once."""
    constants: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            constants[node.targets[0].id] = words(node.value, constants)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name.endswith("mark.hint") or name == "hint":
                yield words(node.args[0], constants)
            if name == "require" and len(node.args) > 2:
                yield words(node.args[2], constants)
            yield from (words(keyword.value, constants) for keyword in node.keywords if keyword.arg == "hint")
        elif isinstance(node, ast.Dict):
            texts = [words(key, constants) for key in node.keys if key is not None]
            yield from (text for text in texts if " " in text.strip())
        elif isinstance(node, ast.Assign):
            target = node.targets[0]
            if isinstance(target, ast.Subscript) and " " in words(target.slice, constants).strip():
                yield words(target.slice, constants)
            if is_sentence(text := words(node.value, constants)):
                yield text


def page() -> str:
    """All suites, in Markdown."""
    lines = ["# Hints of the hidden suites", "", "Made by `python docs/list_hints.py > docs/hints.md`; for review."]
    for suite in sorted(folder for folder in SUITES.iterdir() if folder.is_dir() and any(folder.glob("test_*.py"))):
        lines += ["", f"## {suite.name}"]
        for path in sorted(suite.glob("test_*.py")):
            hints = dict.fromkeys(hint for hint in hints_of(ast.parse(path.read_text(encoding="utf-8"))) if hint)
            lines += ["", f"### {path.stem.removeprefix('test_')}", "", *(f"- {hint}" for hint in hints)]
    return "\n".join(lines)


if __name__ == "__main__":
    print(page())
