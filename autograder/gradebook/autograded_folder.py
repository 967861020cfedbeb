"""What lies in autograded/<student>/<assignment>/ beside the notebook, and the hash of it all."""

from __future__ import annotations

import hashlib

from autograder.course import Course
from autograder.submissions.find import TIMESTAMP_BYTES, FoundSubmission
from autograder.submissions.safe_open import RefusedError, open_folder, read_file

COPIED = {"timestamp.txt": TIMESTAMP_BYTES, "submission_secret.txt": 4096}  # name -> most bytes of it


def autograded_sha256(course: Course, assignment: str, student: str) -> str:
    """Hash of all that lies in the student's autograded folder; "" without a notebook there."""
    folder = course.autograded / student / assignment
    digest = hashlib.sha256()
    for name in (f"{assignment}.ipynb", *COPIED):
        path = folder / name
        if path.is_file():
            content = path.read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        elif name.endswith(".ipynb"):
            return ""
    return digest.hexdigest()


def files_beside(found: FoundSubmission) -> dict[str, bytes]:
    """What nbgrader needs of the files beside the notebook; those that cannot be trusted are left out."""
    contents = {name: _content(found, name, limit) for name, limit in COPIED.items()}
    return {name: content for name, content in contents.items() if content is not None}


def _content(found: FoundSubmission, name: str, limit: int) -> bytes | None:
    """A file of the submission's folder; None where there is none, or none to be trusted."""
    if name == "timestamp.txt" and found.timestamp is None:
        return None
    try:
        with open_folder(found.root, found.student, found.folder.name) as folder:
            return read_file(name, folder, limit)[0]
    except RefusedError:
        return None
