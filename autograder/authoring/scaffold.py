"""Make a new assignment that builds, grades and audits as it is: one question, to be replaced by the course's own."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import TypeAdapter, ValidationError

from autograder.course import Course
from autograder.course.assignment import Identifier
from autograder.errors import UsageError

TEMPLATES = Path(__file__).parent / "new_assignment"
WEEKS_TO_WORK = 4


def scaffold(course: Course, name: str, title: str, today: date) -> list[Path]:
    """Write the files of a new assignment and add it to course.toml; the paths, relative to the course.

    Raises:
        UsageError: the name is no Python identifier, or something of that name is there already.
    """
    files = _files(name)
    _check(course, name, files)
    environment = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True)
    values = {"name": name, "title": title, "due": today + timedelta(weeks=WEEKS_TO_WORK)}
    listed = _with_name(course.root / "assignments" / "course.toml", name)
    for path, template in files.items():
        whole = course.root / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_text(environment.get_template(template).render(values), encoding="utf-8")
    (course.root / "assignments" / "course.toml").write_text(listed, encoding="utf-8")
    return [*files, Path("assignments/course.toml")]


def _files(name: str) -> dict[Path, str]:
    """Where each file goes -> its template."""
    suite = Path("tests/hidden") / name
    return {
        Path("reference") / f"{name}.py": "reference.py.j2",
        Path("assignments") / name / "assignment.toml": "assignment.toml.j2",
        Path("assignments") / name / f"{name}.md": "master.md.j2",
        suite / "test_temperature_softmax.py": "test_temperature_softmax.py.j2",
        suite / "mistakes.py": "mistakes.py.j2",
        suite / "alternatives.py": "alternatives.py.j2",
    }


def _check(course: Course, name: str, files: dict[Path, str]) -> None:
    try:
        TypeAdapter(Identifier).validate_python(name)
    except ValidationError:
        raise UsageError(f"{name!r} is no name for an assignment: letters, digits and _, no digit first.") from None
    there = [str(path) for path in files if (course.root / path).exists()]
    if name in course.assignment_names or there:
        raise UsageError(f"There is an assignment {name!r} already: {', '.join(there) or 'course.toml lists it'}.")


def _with_name(path: Path, name: str) -> str:
    """course.toml's text with the name at the end of its list of assignments; all else, comments too, is kept."""
    text = path.read_text(encoding="utf-8")
    listed = re.search(r"^assignments\s*=\s*\[([^\]]*)\]", text, flags=re.MULTILINE)
    if listed is None or '"' not in listed[1]:
        raise UsageError(f"{path}: no list of assignments was found to add {name!r} to.")
    end = listed.start(1) + listed[1].rindex('"') + 1
    return f'{text[:end]}, "{name}"{text[end:]}'
