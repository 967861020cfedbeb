"""Ways to hand in something that breaks an ordinary grader.

Each takes a notebook in which everything is right, so that what it may cost is known: nothing, the
question that it sits in, or the whole notebook, and never another student's.
"""

from __future__ import annotations

import ast
import json
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from autograder.demo.forgery import FORGERY

PDF = (
    b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
)


@dataclass(frozen=True, slots=True)
class HandedInFile:
    """A file on its way into a student's folder."""

    name: str
    data: bytes


class Cost(StrEnum):
    """Which questions a breakage loses."""

    NOTHING = "nothing"
    QUESTION = "question"
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True)
class Breakage:
    """One way. `apply` breaks a file at one question; `slow` where grading it takes until a limit is met."""

    apply: Callable[[HandedInFile, str], HandedInFile]
    cost: Cost
    slow: bool = False


Notebook = dict[str, Any]


def infinite_loop_in_cell(file: HandedInFile, question: str) -> HandedInFile:
    """A training loop that waits for a loss which never comes, left in the cell of the answer."""
    return _after_answer(file, question, "loss = 1.0\nwhile loss > 0:\n    loss = loss * 0.5 + 0.5")


def infinite_loop_in_call(file: HandedInFile, question: str) -> HandedInFile:
    """The cell runs; the function never comes back."""
    return _first_in_body(file, question, "step = 0\nwhile step < 10:\n    step == step + 1")


def os_exit(file: HandedInFile, question: str) -> HandedInFile:
    """The cell ends its Python process, with the exit status of success."""
    return _after_answer(file, question, "import os\n\nos._exit(0)")


def crash(file: HandedInFile, question: str) -> HandedInFile:
    """The function reads address 0: a segmentation fault."""
    return _first_in_body(file, question, "import ctypes\n\nctypes.string_at(0)")


def out_of_memory(file: HandedInFile, question: str) -> HandedInFile:
    """The function keeps every tensor that it makes. They are not written to, so that the limit is met at once."""
    return _first_in_body(file, question, "kept = []\nwhile True:\n    kept.append(torch.empty(2**26))")


def endless_print(file: HandedInFile, question: str) -> HandedInFile:
    """The cell prints without an end."""
    return _after_answer(file, question, 'step = 0\nwhile True:\n    print(f"step {step}: loss nan")\n    step += 1')


def syntax_error(file: HandedInFile, question: str) -> HandedInFile:
    """A closing parenthesis is missing."""
    return _edit_source(file, question, _without_a_parenthesis)


def missing_cell(file: HandedInFile, question: str) -> HandedInFile:
    """The cell of the answer was deleted."""
    return _edit(file, lambda cells, place: [*cells[:place], *cells[place + 1 :]], question)


def duplicate_cell(file: HandedInFile, question: str) -> HandedInFile:
    """A first attempt was copied, with nbgrader's metadata, and the right answer stands in the copy."""

    def duplicate(cells: list[Notebook], place: int) -> list[Notebook]:
        first_attempt = {**cells[place], "source": [f"def {question}(*arguments):\n", "    return None  # to do"]}
        copy = {**cells[place], "id": "copy-of-answer"}
        return [*cells[:place], first_attempt, copy, *cells[place + 1 :]]

    return _edit(file, duplicate, question)


def retyped_cell(file: HandedInFile, question: str) -> HandedInFile:
    """The cell of the answer was turned into Markdown."""

    def retype(cells: list[Notebook], place: int) -> list[Notebook]:
        kept = {key: value for key, value in cells[place].items() if key not in ("outputs", "execution_count")}
        return [*cells[:place], {**kept, "cell_type": "markdown"}, *cells[place + 1 :]]

    return _edit(file, retype, question)


def not_a_notebook(file: HandedInFile, question: str) -> HandedInFile:
    """A PDF with the name of the notebook."""
    return replace(file, data=PDF)


def empty_file(file: HandedInFile, question: str) -> HandedInFile:
    """The disk was full when the notebook was saved."""
    return replace(file, data=b"")


def wrong_file_name(file: HandedInFile, question: str) -> HandedInFile:
    """Everything is right but the name."""
    stem, _, suffix = file.name.rpartition(".")
    return replace(file, name=f"{stem}_final_v2.{suffix}")


def forger(file: HandedInFile, question: str) -> HandedInFile:
    """No answer to `question`, but every plain trick to get its points."""
    spoilt = _edit_source(file, question, lambda source: _body_replaced(source, "return AlwaysRight()"))

    def forge(cells: list[Notebook], place: int) -> list[Notebook]:
        tricks: Notebook = {"cell_type": "code", "execution_count": None, "id": "tricks", "metadata": {}, "outputs": []}
        return [*cells[:place], {**tricks, "source": FORGERY.splitlines(keepends=True)}, *cells[place:]]

    return _edit(spoilt, forge, question)


# In the order in which they are dealt out: of two assignments each gets every other one, so they
# share those that run into a time limit (10 s each).
BREAKAGES: Mapping[str, Breakage] = {
    "infinite_loop_in_cell": Breakage(infinite_loop_in_cell, Cost.NOTHING, slow=True),
    "infinite_loop_in_call": Breakage(infinite_loop_in_call, Cost.QUESTION, slow=True),
    "forger": Breakage(forger, Cost.QUESTION),
    "endless_print": Breakage(endless_print, Cost.NOTHING, slow=True),
    "crash": Breakage(crash, Cost.QUESTION),
    "os_exit": Breakage(os_exit, Cost.QUESTION),
    "out_of_memory": Breakage(out_of_memory, Cost.QUESTION, slow=True),
    "syntax_error": Breakage(syntax_error, Cost.QUESTION),
    "missing_cell": Breakage(missing_cell, Cost.QUESTION),
    "duplicate_cell": Breakage(duplicate_cell, Cost.NOTHING),
    "retyped_cell": Breakage(retyped_cell, Cost.QUESTION),
    "not_a_notebook": Breakage(not_a_notebook, Cost.EVERYTHING),
    "wrong_file_name": Breakage(wrong_file_name, Cost.NOTHING),
    "empty_file": Breakage(empty_file, Cost.EVERYTHING),
}


def _edit(file: HandedInFile, change: Callable[[list[Notebook], int], list[Notebook]], question: str) -> HandedInFile:
    """The file with its list of cells changed; `change` also gets the place of the question's cell."""
    notebook = json.loads(file.data)
    cells = notebook["cells"]
    grade_ids = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in cells]
    notebook["cells"] = change(cells, grade_ids.index(question))
    return replace(file, data=(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode())


def _edit_source(file: HandedInFile, question: str, change: Callable[[str], str]) -> HandedInFile:
    def edit(cells: list[Notebook], place: int) -> list[Notebook]:
        source = change("".join(cells[place]["source"]))
        return [*cells[:place], {**cells[place], "source": source.splitlines(keepends=True)}, *cells[place + 1 :]]

    return _edit(file, edit, question)


def _after_answer(file: HandedInFile, question: str, code: str) -> HandedInFile:
    return _edit_source(file, question, lambda source: f"{source.rstrip()}\n\n\n{code}\n")


def _first_in_body(file: HandedInFile, question: str, code: str) -> HandedInFile:
    def insert(source: str) -> str:
        function, lines = _last_function(source), source.splitlines()
        start = _body(function)[0].lineno - 1
        return "\n".join([*lines[:start], textwrap.indent(code, " " * _indent(function)), *lines[start:]])

    return _edit_source(file, question, insert)


def _body_replaced(source: str, code: str) -> str:
    function, lines = _last_function(source), source.splitlines()
    start = _body(function)[0].lineno - 1
    return "\n".join([*lines[:start], textwrap.indent(code, " " * _indent(function)), *lines[function.end_lineno :]])


def _last_function(source: str) -> ast.FunctionDef:
    """The last function or method of an answer."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    return max(functions, key=lambda function: function.lineno)


def _body(function: ast.FunctionDef) -> list[ast.stmt]:
    """Without the docstring."""
    return function.body[1:] if ast.get_docstring(function) is not None else function.body


def _indent(function: ast.FunctionDef) -> int:
    return _body(function)[0].col_offset


def _without_a_parenthesis(source: str) -> str:
    """The last closing parenthesis whose loss is an error of syntax is taken out."""
    for place in range(len(source) - 1, -1, -1):
        shorter = source[:place] + source[place + 1 :]
        if source[place] == ")" and not _compiles(shorter):
            return shorter
    return f"{source}\n)"


def _compiles(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True
