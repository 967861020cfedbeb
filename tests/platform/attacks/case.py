"""One attack: what a student hands in, and what a teaching assistant must be told of it.

What holds for every case is not written down case by case: no question earns more than an honest
wrong answer's, no canary and no hidden input comes out, nothing is left behind, and the honest
submission that is graded right after has full marks.

Code of a case may name places of the grader's machine, as an attacker who knows them all would:
@COURSE@, @DATA@, @HOME@, @TEMP@ (folders), @TCP@, @UDP@ (ports on which someone listens), @ABSTRACT@, @UNIX@
(names of sockets on which someone listens), @ID@ (a word of this case).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Notebook = dict[str, Any]
Edit = Callable[[Notebook], Notebook | bytes]
Place = Callable[[Path, Path, Path], None]  # the student's folder, the course's, the class's

TROPHY = "attack-succeeded"

PRELUDE = '''\
import re

loot = []


def keep(thing):
    """Remember every canary in the text of `thing`. (A canary's name is spelt in two pieces, so that this is none.)"""
    loot.extend(re.findall("can" "ary-[a-z]+-[0-9a-f]+", str(thing)))


def boast(what=""):
    """Tell the grader's log about a success."""
    if what or loot:
        raise RuntimeError("attack-" "succeeded " + str(what) + " ".join(sorted(set(loot))))
'''


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that a student hands in.

    Attributes:
        id: a word of its own, which is also the student's name.
        tries: what is tried, in a line.
        cells: sources of cells that stand before the answers.
        answers: question -> source; all others are answered as by an honest student who is wrong.
        last: sources of cells at the end.
        edit: changes the notebook as JSON, or gives other bytes in its place.
        place: changes the folder that was handed in.
        problem: stands in one of the lines that teaching staff read; "" where nothing can be noticed.
        status: how the submission must end; "" for any way.
        slow: it is meant to meet a time limit.
        prelude: whether `PRELUDE` stands before `cells`.
    """

    id: str
    tries: str
    cells: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    last: tuple[str, ...] = ()
    edit: Edit | None = None
    place: Place | None = None
    problem: str = ""
    status: str = ""
    slow: bool = False
    prelude: bool = True


def cell(id: str, tries: str, code: str, problem: str = "", *, slow: bool = False) -> Case:
    """The code runs in a cell before the answers."""
    return Case(id, tries, cells=(code,), problem=problem, slow=slow)


def call(id: str, tries: str, body: str, problem: str = "", *, before: str = "", slow: bool = False) -> Case:
    """The body is that of `affine`, so it runs when a test calls it; `before` stands above the function."""
    source = f"{before}\ndef affine(x):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    return Case(id, tries, answers={"affine": source.lstrip("\n")}, problem=problem, slow=slow)


def edited(id: str, tries: str, edit: Edit, problem: str = "", status: str = "") -> Case:
    """The notebook's JSON is changed."""
    return Case(id, tries, edit=edit, problem=problem, status=status)


def placed(id: str, tries: str, place: Place, problem: str = "", status: str = "") -> Case:
    """The folder that is handed in is changed."""
    return Case(id, tries, place=place, problem=problem, status=status)
