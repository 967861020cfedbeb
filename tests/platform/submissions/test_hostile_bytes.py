"""No byte string raises, takes long, or goes without a problem that names the cure."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.authoring.spec import Role
from autograder.course import Limits
from autograder.sandbox.inside.wire import encode
from autograder.submissions.notebook import MAX_CELLS, MAX_PROBLEMS
from autograder.submissions.parse import Kind, ParsedSubmission, parse_submission
from tests.platform.submissions.small_release import ANSWERS, answered, as_bytes, find, spec

HANGS_S = 60  # a guard, and no measure: what it is for would take minutes
SPEC = spec()
RESTORED = sum(cell.role in (Role.SETUP, Role.GIVEN) for cell in SPEC)  # cells put back where a notebook has none
CODE = {"cell_type": "code", "metadata": {}, "outputs": [], "source": "x = 1"}


def parse(data: bytes) -> ParsedSubmission:
    return parse_submission(data, "ada", SPEC)


def notebook(cells: Any, **more: Any) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells, **more}).encode()


UNREADABLE = {
    "empty": (b"", "empty"),
    "blanks": (b" \n\t ", "empty"),
    "not UTF-8": (b'{"cells": "\xff\xfe"}', "not UTF-8"),
    "UTF-16": ("{}".encode("utf-16"), "not UTF-8"),
    "not JSON": (b"# My notebook\n", "not valid JSON"),
    "cut off": (as_bytes(answered())[:500], "not valid JSON"),
    "a list": (b"[]", "no notebook"),
    "a number": (b"7", "no notebook"),
    "null": (b"null", "no notebook"),
    "no cells": (b"{}", "no list of cells"),
    "cells is a string": (notebook("abc"), "no list of cells"),
    "nbformat 3 without worksheets": (b'{"nbformat": 3}', "no list of cells"),
    "nested lists": (b"[" * 10_000 + b"]" * 10_000, "nested too deep"),
    "nested objects": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "nested too deep"),
    "nested and cut off": (b"[" * 200_000, "nested too deep"),
    "too many brackets": (b"[" + b"[]," * 1_000_001 + b"0]", "too many items"),
    "too many items": (b'{"cells": [' + b"1," * 4_000_001 + b"1]}", "too many items"),
    "too many cells": (notebook([CODE] * (MAX_CELLS + 1)), "cells, where 5000 are allowed"),
    "a million cells": (notebook([{}] * 999_000), "cells, where 5000 are allowed"),
}


@pytest.mark.timeout(HANGS_S)
@pytest.mark.parametrize(("data", "message"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_read_says_so(data: bytes, message: str) -> None:
    parsed = parse(data)
    assert not parsed.readable
    assert parsed.cells == ()
    assert message in parsed.problems[0]


def test_fifty_megabytes_are_refused_before_they_are_parsed() -> None:
    data = b"x" * (50 * 2**20)  # no JSON, which parsing would say
    parsed = parse_submission(data, "ada", SPEC, Limits(notebook_mib=20))
    assert not parsed.readable
    assert "50.0 MiB large, where 20 MiB are allowed" in parsed.problems[0]


def test_nbformat_3_is_converted() -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": "Title"},
        {"cell_type": "code", "input": ANSWERS["double"], "language": "python", "outputs": []},
        {"cell_type": "code", "input": ["a = 1\n", "b = 2"], "outputs": []},
    ]
    parsed = parse(json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": cells}]}).encode())
    assert parsed.readable
    assert "old nbformat 3" in parsed.problems[0]
    assert [cell.source for cell in parsed.cells if cell.index >= 0] == [ANSWERS["double"], "a = 1\nb = 2"]
    assert parsed.notebook.cells[0].source == "## Title"


@pytest.mark.parametrize("minor", range(6))
def test_every_nbformat_4_is_read(minor: int) -> None:
    content = {**answered(), "nbformat_minor": minor}
    if minor < 5:
        for cell in content["cells"]:
            del cell["id"]
    parsed = parse(as_bytes(content))
    assert [cell.name for cell in parsed.cells if cell.kind is Kind.QUESTION] == ["double", "halve"]


@pytest.mark.parametrize("version", [5, 0, "4", None, [], 10**30])
def test_another_nbformat_with_cells_is_read_and_reported(version: Any) -> None:
    parsed = parse(as_bytes({**answered(), "nbformat": version}))
    assert parsed.readable
    assert "where 4 is expected" in parsed.problems[0]


BAD_CELLS = [None, 1, "x", [], True, {}, {"cell_type": 5}, {"cell_type": ["code"]}, {"cell_type": "heading"}]


@pytest.mark.parametrize("cell", BAD_CELLS, ids=repr)
def test_what_is_no_cell_is_left_out_and_the_others_are_read(cell: Any) -> None:
    content = answered()
    content["cells"].insert(0, cell)
    parsed = parse(as_bytes(content))
    assert [c.name for c in parsed.cells if c.kind is Kind.QUESTION] == ["double", "halve"]
    assert parsed.problems[0].startswith("Cell 1 ")
    assert "left out" in parsed.problems[0]


@pytest.mark.parametrize("source", [None, 5, {"a": 1}, [1, "x = 1", None], [["x"]]])
def test_a_source_of_the_wrong_type_is_reported(source: Any) -> None:
    parsed = parse(notebook([{**CODE, "source": source}]))
    assert "is not text" in parsed.problems[0]
    assert parsed.cells[-1].source == ("x = 1" if isinstance(source, list) and "x = 1" in source else "")


@pytest.mark.parametrize("value", [None, 5, "x", [], {"nbgrader": []}, {"nbgrader": {"grade_id": {}}}, {"tags": "t"}])
def test_metadata_of_the_wrong_type_is_ignored(value: Any) -> None:
    content = answered()
    find(content, "q-double")["metadata"] = value
    parsed = parse(as_bytes(content))
    assert [c.name for c in parsed.cells if c.kind is Kind.QUESTION] == ["double", "halve"]


def test_lone_surrogates_become_text_that_can_be_written() -> None:
    parsed = parse(b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = \'\\ud800\'"}]}')
    assert parsed.cells[-1].source.encode() == b"x = '?'"


@pytest.mark.timeout(HANGS_S)
def test_an_enormous_number_is_not_worked_out() -> None:
    """As an integer it would be an error or take time that grows with the square of its digits."""
    assert parse(b'{"nbformat": ' + b"9" * 2_000_000 + b', "cells": [], "x": NaN, "y": 1e999999}').readable


def test_a_cell_that_is_too_long_is_left_out() -> None:
    parsed = parse(notebook([{**CODE, "source": "#" * 1_000_001}, CODE]))
    assert [cell.source for cell in parsed.cells if cell.index >= 0] == ["x = 1"]
    assert "1000001 characters" in parsed.problems[0]


def test_problems_do_not_pile_up() -> None:
    parsed = parse(notebook([1] * MAX_CELLS))
    assert len(parsed.problems) <= MAX_PROBLEMS + 5
    assert any("more problem" in problem for problem in parsed.problems)


def test_how_many_problems_were_left_out_is_said_once() -> None:
    """Cells that are none and questions that are missing are counted together."""
    parsed = parse(notebook([1] * MAX_PROBLEMS))
    assert len(parsed.problems) == MAX_PROBLEMS + 1
    assert parsed.problems[-1] == f"… and {len(SPEC.questions) + RESTORED} more problems."


@pytest.mark.parametrize("character", ["\U0001f600", "ß", "\x00", "\n", "x"])
def test_every_cell_that_is_run_can_be_sent_to_the_sandbox(character: str) -> None:
    """A cell's size is bounded as it is sent: JSON takes up to twelve bytes for a character."""
    parsed = parse(notebook([{**CODE, "source": character * size} for size in (100_000, 340_000, 1_000_000)]))
    for cell in parsed.cells:
        encode({"op": "cell", "index": cell.index, "source": cell.source, "timeout_s": 0.1, "id": 2**62})
    assert len(parsed.cells) + sum("Shorten it" in problem for problem in parsed.problems) == 3 + RESTORED


def test_duplicate_keys_count_as_in_jupyter() -> None:
    data = b'{"nbformat": 4, "cells": [{"cell_type": "markdown", "cell_type": "code", "source": "a", "source": "b"}]}'
    assert parse(data).cells[-1].source == "b"


def test_names_that_students_chose_cannot_break_a_message() -> None:
    parsed = parse(notebook([{"cell_type": "a\n\x1b[31m\u202e" + "z" * 500, "source": ""}]))
    assert parsed.problems[0].isprintable()
    assert len(parsed.problems[0]) < 250


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
cell_like = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw"]) | values,
        "id": st.sampled_from(["q-double", "t-halve", "plot", "written"]) | values,
        "source": st.text(max_size=40) | st.lists(st.text(max_size=10) | values, max_size=4) | values,
        "metadata": st.fixed_dictionaries(
            {},
            optional={
                "nbgrader": st.fixed_dictionaries({"grade_id": st.sampled_from(["double", "test_halve"]) | values})
                | values,
                "tags": st.lists(st.text(max_size=10) | values, max_size=3) | values,
            },
        )
        | values,
        "outputs": values,
        "attachments": values,
    },
)


def well_formed(parsed: ParsedSubmission) -> None:
    """What every consumer of a parsed submission relies on."""
    assert parsed.student == "ada"
    assert parsed.readable or parsed.problems
    assert parsed.readable or not parsed.cells
    for cell in parsed.cells:
        cell.source.encode("utf-8")
        assert (cell.kind is Kind.QUESTION) == (cell.name in SPEC.questions)
    for problem in parsed.problems:
        problem.encode("utf-8")


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.lists(cell_like | values, max_size=6), values)
def test_any_json_is_parsed(cells: list[Any], version: Any) -> None:
    well_formed(parse(notebook(cells)))
    well_formed(parse(json.dumps({"nbformat": version, "cells": cells, "worksheets": cells}).encode()))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_parsed(data: bytes) -> None:
    well_formed(parse(data))


def test_mutations_of_an_honest_notebook_are_parsed() -> None:
    honest = as_bytes(answered())
    chance = random.Random(0)
    for _ in range(1500):
        data = bytearray(honest)
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(len(data))
            action = chance.randrange(3)
            if action == 0:
                data[at] = chance.randrange(256)
            elif action == 1:
                del data[at : at + chance.randint(1, 40)]
            else:
                data[at:at] = data[at : at + chance.randint(1, 40)]
        well_formed(parse(bytes(data)))
