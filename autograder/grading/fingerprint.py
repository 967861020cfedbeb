"""What a grade depends on: where it is the same, the same submission gets the same score.

The parts are kept with each grade, so that one can say later what it came from; the fingerprint is one hash of them.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import autograder
from autograder.course import Assignment, Course

ENGINE_FOLDERS = ("authoring", "engine", "sandbox", "submissions", "suite")
GPUS = Path("/proc/driver/nvidia/gpus")


def provenance(course: Course, assignment: Assignment, isolation: str) -> dict[str, str]:
    """Everything but the notebook: hashes of suite, reference, release, engine and settings; versions in words."""
    settings = {
        "assignment": assignment.content.model_dump(mode="json", exclude={"title", "due", "check_work"}),
        "sandbox": course.settings.sandbox.model_dump(mode="json"),
    }
    package = Path(autograder.__file__).parent
    engine = [path for folder in ENGINE_FOLDERS for path in sorted((package / folder).rglob("*.py"))]
    return {
        "suite": _hash(sorted(p for p in assignment.suite_folder.rglob("*") if p.is_file() and not _is_cache(p))),
        "reference": _hash([assignment.reference_path]),
        "release": _hash([assignment.release_path]),
        "settings": hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest(),
        "engine": _hash([package / "results.py", *engine]),
        "torch": importlib.metadata.version("torch"),
        "isolation": isolation,
    }


def fingerprint(parts: Mapping[str, str]) -> str:
    """One hash of all parts."""
    return hashlib.sha256(json.dumps(dict(parts), sort_keys=True).encode()).hexdigest()


def device() -> str:
    """The GPUs of this machine in words, or "cpu". No part of the fingerprint: tests mean the same on both."""
    models = []
    for path in sorted(GPUS.glob("*/information")):
        lines = path.read_text(errors="replace").splitlines()
        models += [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]
    return ", ".join(models) or "cpu"


def _hash(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"\0{path.name}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _is_cache(path: Path) -> bool:
    """What tools leave behind: byte code, notebook checkpoints, editors' files."""
    return path.suffix == ".pyc" or any(part == "__pycache__" or part.startswith(".") for part in path.parts[-2:])
