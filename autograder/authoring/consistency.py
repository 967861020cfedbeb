"""What assignment.toml, master notebook, reference and hidden suite must agree on before a build."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from autograder.authoring.master import Kind, Master, MasterCell
from autograder.authoring.names import bound_names
from autograder.authoring.public_tests import not_plain
from autograder.authoring.reference import Reference
from autograder.authoring.spec import GIVEN_PREFIX, PROMPT_PREFIX, TEST_PREFIX
from autograder.authoring.suite_source import SuiteFile, SuiteTest
from autograder.course import Assignment
from autograder.course.toml_file import line_of
from autograder.errors import ConfigurationError, Problem


def find_problems(
    assignment: Assignment, master: Master, reference: Reference, suite: Sequence[SuiteFile]
) -> list[Problem]:
    """Everything in which the four do not agree, in the order of files."""
    return [
        *_reserved_names(assignment),
        *_master_and_toml(assignment, master),
        *_master_and_reference(assignment, master, reference),
        *_reference_alone(assignment, master, reference),
        *_suite_and_toml(assignment, suite),
        *(problem for file in suite for test in file.tests if test.public for problem in not_plain(test, file.imports)),
    ]


def _declared(assignment: Assignment, table: str, name: str, message: str) -> Problem:
    """A problem at the line of assignment.toml where a question or a written part is declared."""
    names = assignment.question_names if table == "question" else tuple(w.name for w in assignment.written)
    index = names.index(name)
    line = line_of(assignment.config_path.read_text(encoding="utf-8"), (table, index, "name"))
    return Problem(assignment.config_path, line, message)


def _reserved_names(assignment: Assignment) -> Iterator[Problem]:
    declared = [("question", name) for name in assignment.question_names]
    declared += [("written", part.name) for part in assignment.written]
    for table, name in declared:
        if name.startswith((TEST_PREFIX, PROMPT_PREFIX, GIVEN_PREFIX)):
            message = f"{table} {name!r}: names that begin with test_, prompt_ or given_ are taken; rename it"
            yield _declared(assignment, table, name, message)


def _master_and_toml(assignment: Assignment, master: Master) -> Iterator[Problem]:
    written = tuple(w.name for w in assignment.written)
    for kind, table, declared in (
        (Kind.QUESTION, "question", assignment.question_names),
        (Kind.WRITTEN, "written", written),
        (Kind.RUBRIC, "written", written),
    ):
        present = master.names(kind)
        for cell in master.of(kind):
            if cell.name not in declared:
                message = f"{kind} cell for {cell.name!r}, which assignment.toml does not list; add [[{table}]] there"
                yield Problem(master.path, cell.line, message)
        for name in declared:
            if name not in present:
                message = f"{master.path.name} has no {kind} cell for {name!r}; add one with `{kind}: {name}`"
                yield _declared(assignment, table, name, message)
    yield from _repeated(master)


def _repeated(master: Master) -> Iterator[Problem]:
    for kind in (Kind.QUESTION, Kind.GIVEN, Kind.WRITTEN, Kind.RUBRIC):
        seen: set[str] = set()
        for cell in master.of(kind):
            if cell.name in seen:
                yield Problem(master.path, cell.line, f"another {kind} cell for {cell.name!r}; keep one")
            seen.add(cell.name)


def _master_and_reference(assignment: Assignment, master: Master, reference: Reference) -> Iterator[Problem]:
    for cell in master.of(Kind.QUESTION, Kind.GIVEN):
        expected = f"from reference.{assignment.reference_name} import {cell.name}"
        if _code_of(cell) != expected:
            message = f"the cell of {cell.name!r} holds something else than `{expected}`; the build replaces all of it"
            yield Problem(master.path, cell.line, message)
        if cell.name not in reference:
            yield Problem(
                master.path, cell.line, f"{reference.path} defines no {cell.name!r}; define it or correct the name"
            )
        if cell.kind is Kind.GIVEN and cell.name in assignment.question_names:
            yield Problem(
                master.path, cell.line, f"{cell.name!r} is a question, so it cannot be given; remove this cell"
            )


def _reference_alone(assignment: Assignment, master: Master, reference: Reference) -> Iterator[Problem]:
    given = set(master.names(Kind.GIVEN))
    imported = _imported_in_setup(master)
    questions = [name for name in assignment.question_names if name in reference]
    for name in [*questions, *sorted(given & {g for g in given if g in reference})]:
        line = reference.line_of(name)
        for helper in sorted(set(reference.helpers_of(name)) - given):
            cure = (
                f"give it to students in a cell with `given: {helper}` in {master.path.name}, or write it into {name}"
            )
            yield Problem(reference.path, line, f"{name} uses {helper}, which is no question and is not given; {cure}")
        for missing in sorted(set(reference.imported_names_of(name)) - imported):
            cure = f"import it in a cell of {master.path.name} with `tags: [setup]`"
            yield Problem(reference.path, line, f"{name} uses {missing}, which no setup cell imports; {cure}")
    for name in questions:
        try:
            reference.stub_of(name)
        except ConfigurationError as error:
            yield from error.problems


def _suite_and_toml(assignment: Assignment, suite: Sequence[SuiteFile]) -> Iterator[Problem]:
    tests = [test for file in suite for test in file.tests]
    first: dict[tuple[str, str], SuiteTest] = {}
    for test in tests:
        if not test.question:
            message = (
                f'{test.name} belongs to no question; add @pytest.mark.question("...") or a module-wide pytestmark'
            )
            yield Problem(test.path, test.line, message)
        elif test.question not in assignment.question_names:
            known = ", ".join(assignment.question_names)
            yield Problem(test.path, test.line, f"{test.name} is for {test.question!r}, which is none of {known}")
        other = first.setdefault((test.question, test.name), test)
        if other is not test:
            message = f"{test.question!r} has another {test.name} ({other.path.name}:{other.line}); rename one"
            yield Problem(test.path, test.line, message)
    tested = {test.question for test in tests}
    for name in assignment.question_names:
        if name not in tested:
            message = (
                f"no test in {assignment.suite_folder} has the marker question({name!r}): nobody could earn its points"
            )
            yield _declared(assignment, "question", name, message)


def _code_of(cell: MasterCell) -> str:
    """The cell's code without comments and blank lines."""
    lines = (re.sub(r"\s*#.*", "", line).strip() for line in cell.source.splitlines())
    return "\n".join(line for line in lines if line)


def _imported_in_setup(master: Master) -> set[str]:
    bound: set[str] = set()
    for cell in master.of(Kind.SETUP):
        plain = "\n".join(line for line in cell.source.splitlines() if not line.lstrip().startswith(("%", "!")))
        try:
            bound |= bound_names(plain)
        except SyntaxError:
            continue  # the notebook itself will say so when it runs
    return bound
