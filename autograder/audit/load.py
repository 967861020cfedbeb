"""Load an assignment's known mistakes and known correct alternatives.

Both are instructors' code and are run here, in the trusted process. They may be spread over
sibling modules, imported from the suite's folder by name or run by path.
"""

from __future__ import annotations

import runpy
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from autograder.course import Assignment
from autograder.errors import SuiteError
from autograder.suite.variants import Alternative, Mistake, Variant

SomeVariant = TypeVar("SomeVariant", bound=Variant)


@dataclass(frozen=True, slots=True)
class Variants:
    """The answers of known worth of one assignment, in the order of their files."""

    mistakes: tuple[Mistake, ...]
    alternatives: tuple[Alternative, ...]


def load_variants(assignment: Assignment) -> Variants:
    """MISTAKES of `mistakes.py` and ALTERNATIVES of `alternatives.py`; a file that is not there has none.

    Raises:
        SuiteError: a file cannot be run, lists something else, or names an unknown question.
    """
    folder = assignment.suite_folder
    with _importable(folder):
        mistakes = _read(folder / "mistakes.py", "MISTAKES", Mistake)
        alternatives = _read(folder / "alternatives.py", "ALTERNATIVES", Alternative)
    variants = Variants(mistakes, alternatives)
    _check_questions((*mistakes, *alternatives), assignment)
    return variants


def _read(path: Path, name: str, kind: type[SomeVariant]) -> tuple[SomeVariant, ...]:
    if not path.is_file():
        return ()
    try:
        listed = runpy.run_path(str(path))[name]
    except KeyError as error:
        if error.args != (name,):
            raise _cannot_run(path) from None
        raise SuiteError(f"{path}: defines no {name}; it must be a tuple of {kind.__name__}.") from None
    except Exception:
        raise _cannot_run(path) from None
    if not isinstance(listed, tuple | list) or not all(isinstance(item, kind) for item in listed):
        raise SuiteError(f"{path}: {name} must be a tuple of {kind.__name__} and nothing else.")
    return tuple(listed)


def _cannot_run(path: Path) -> SuiteError:
    """Made where an exception is being handled, which is then shown from the instructor's own lines on."""
    return SuiteError(f"{path}: cannot be run.\n{traceback.format_exc(limit=-4)}")


def _check_questions(variants: Iterable[Variant], assignment: Assignment) -> None:
    unknown = [v for v in variants if v.question not in assignment.question_names]
    if unknown:
        lines = "\n".join(f"{type(v).__name__} {v.name!r} is of question {v.question!r}" for v in unknown)
        raise SuiteError(f"{assignment.suite_folder}: no question of {assignment.config_path.name}:\n{lines}")


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Siblings can be imported by name, and are forgotten afterwards: another suite may use the same names."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).is_relative_to(folder):
                del sys.modules[name]
