"""Make the release out of the source notebook: nbgrader's own `generate_assignment`, nothing else.

It runs in a temporary folder and records nothing in any database: the gradebook is written when
there is something to grade.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.authoring.source_notebook import to_bytes
from autograder.errors import AuthoringError

if TYPE_CHECKING:
    from traitlets.config import Config


def make_release(assignment: str, source: bytes) -> bytes:
    """The release of a source notebook, byte for byte the same each time.

    Raises:
        AuthoringError: nbgrader refuses the notebook.
    """
    import nbformat  # these two are slow to import, and other commands do not need them
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    with tempfile.TemporaryDirectory(prefix="autograder-build-") as folder:
        root = Path(folder)
        notebook = root / "source" / assignment / f"{assignment}.ipynb"
        notebook.parent.mkdir(parents=True)
        notebook.write_bytes(source)
        config = _config(root, assignment)
        converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
        with _first_error_logged(converter) as cause:
            try:
                converter.start()
            except Exception as error:  # nbgrader has no common base for what it raises
                reason = "".join(cause) or str(error)  # what it raises in the end only says where to look
                raise AuthoringError(f"{assignment}: nbgrader cannot make the release: {reason}") from error
        content = json.loads((root / "release" / assignment / f"{assignment}.ipynb").read_bytes())
    nbformat.validate(content)
    return to_bytes(content)


def _config(root: Path, assignment: str) -> Config:
    from traitlets.config import Config

    config = Config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.assignment_id = assignment
    config.CourseDirectory.db_url = f"sqlite:///{root / 'unused.db'}"
    config.GenerateAssignment.no_database = True  # these two lines are nbgrader's `--no-db`
    config.SaveCells.enabled = False
    return config


@contextmanager
def _first_error_logged(converter: Any) -> Iterator[list[str]]:
    """A list that receives the first error that nbgrader logs: the cause. All else it logs is dropped."""
    kept: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not kept:
                kept.append(record.getMessage().strip().splitlines()[-1])  # of a traceback, the exception

    handler = Keep(logging.ERROR)
    converter.log = logging.getLogger("autograder.authoring.nbgrader")
    converter.log.propagate = False
    converter.log.addHandler(handler)
    try:
        yield kept
    finally:
        converter.log.removeHandler(handler)
