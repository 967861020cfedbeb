"""What a grade depends on, as one hash: where it is the same, the same submission gets the same score."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Iterator
from pathlib import Path

import autograder
from autograder.course import Assignment, Course

ENGINE_FOLDERS = ("authoring", "engine", "sandbox", "submissions", "suite")


def fingerprint(course: Course, assignment: Assignment, isolation: str) -> str:
    """Hash of everything but the notebook: suite, reference, release, limits, sandbox settings, engine, torch."""
    digest = hashlib.sha256()
    settings = {
        "isolation": isolation,
        "torch": importlib.metadata.version("torch"),
        "assignment": assignment.content.model_dump(mode="json", exclude={"title", "due"}),
        "sandbox": course.settings.sandbox.model_dump(mode="json"),
    }
    digest.update(json.dumps(settings, sort_keys=True).encode())
    for path in _files(assignment):
        digest.update(f"\0{path.name}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(assignment: Assignment) -> Iterator[Path]:
    """Every source file that a score depends on, in a fixed order."""
    yield assignment.reference_path
    yield assignment.release_path
    yield from sorted(p for p in assignment.suite_folder.rglob("*") if p.is_file() and not _is_cache(p))
    package = Path(autograder.__file__).parent
    yield package / "results.py"
    for folder in ENGINE_FOLDERS:
        yield from sorted((package / folder).rglob("*.py"))


def _is_cache(path: Path) -> bool:
    """What tools leave behind: byte code, notebook checkpoints, editors' files."""
    return path.suffix == ".pyc" or any(part == "__pycache__" or part.startswith(".") for part in path.parts[-2:])
