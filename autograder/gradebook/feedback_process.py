"""What one process does for feedback: let nbgrader's GenerateFeedback make the pages of a few students.

Covered: pages are whole wherever they are seen; a failure names its reason; the process ends with
the one that started it, however that ended.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Sequence
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from nbconvert.writers import FilesWriter
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import GetGrades
from traitlets.config import Config

from autograder.end_with_parent import end_with_parent
from autograder.gradebook.feedback_exporter import FeedbackExporter
from autograder.gradebook.page_grades import PageGrades
from autograder.gradebook.whole_file import write_file

Made = tuple[list[str], dict[str, str]]  # students with a page; reasons, by those without
BatchArguments = tuple[str, str, str, str, str, Sequence[str]]  # of convert_batch


def serve_batches(connection: Connection) -> None:
    """What such a process does: one batch after the other, until the connection is closed.

    Ctrl-C is its parent's business, and without the parent it must not stay.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    while True:
        try:
            arguments: BatchArguments = connection.recv()
        except (EOFError, OSError):
            return
        made: Made | None = None
        error: Exception | None = None
        try:
            made = convert_batch(*arguments)
        except Exception as raised:  # for whoever waits for the batch
            error = raised
        try:
            connection.send((made, error))
        except OSError:
            return


def convert_batch(data: str, course_id: str, assignment: str, db_url: str, log: str, students: Sequence[str]) -> Made:
    """Make the pages of a few students. Returns those made, and the reasons by those that failed."""
    converter = _converter(data, course_id, assignment, db_url, log)
    made: list[str] = []
    failed: dict[str, str] = {}
    for student in students:
        reason = converter.convert(student)
        if reason is None:
            made.append(student)
        else:
            failed[student] = reason
    return made, failed


@lru_cache(maxsize=1)
def _converter(data: str, course_id: str, assignment: str, db_url: str, log: str) -> _Converter:
    """One a process, whatever number of batches it takes."""
    return _Converter(data, course_id, assignment, db_url, log)


class _Converter:
    """nbgrader's converter, set up once for many students: making an exporter costs as much as a page."""

    def __init__(self, data: str, course_id: str, assignment: str, db_url: str, log: str) -> None:
        config = Config()
        config.CourseDirectory.root = data
        config.CourseDirectory.course_id = course_id
        config.CourseDirectory.assignment_id = assignment
        config.CourseDirectory.db_url = db_url
        self._coursedir = CourseDirectory(config=config)
        self._converter = GenerateFeedback(coursedir=self._coursedir, config=config)
        self._converter.force = True
        self._log = _Log(log)
        self._converter.log = self._log.logger
        self._converter.writer = _PageWriter(parent=self._converter, config=self._converter.config)
        self._converter.exporter = FeedbackExporter(parent=self._converter, config=self._converter.config)
        for preprocessor in self._converter.preprocessors:
            preprocessor = PageGrades if preprocessor is GetGrades else preprocessor
            self._converter.exporter.register_preprocessor(preprocessor)

    def convert(self, student: str) -> str | None:
        """Make one student's page; None where nbgrader could, else the reason, or "" where none is known."""
        self._coursedir.student_id = student
        self._converter.assignments = {}
        self._log.reason = ""
        try:
            self._converter.init_notebooks()
            self._converter.convert_notebooks()
        except Exception:  # nbgrader raises what it meets; one student must not stop the others
            self._converter.log.exception("no feedback page for %s", student)
            return self._log.reason
        return None


class _PageWriter(FilesWriter):
    """Moves the page to its place in one step; nbconvert's own would write it there bit by bit."""

    def write(self, output: str, resources: Any, notebook_name: str | None = None, **_: Any) -> str:
        """Write one page, to where nbgrader says."""
        path = Path(self.build_directory) / f"{notebook_name}{resources['output_extension']}"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, output.encode())
        return str(path)


class _Log(logging.FileHandler):
    """nbgrader's messages go to a file: they are many, and of use only when something failed.

    Attributes:
        reason: what the system said last ("[Errno 28] No space left on device", "database is locked"), or "".
    """

    def __init__(self, path: str) -> None:
        super().__init__(path, encoding="utf-8", delay=True)
        self.reason = ""
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self.logger = logging.getLogger(f"autograder.feedback.{path}")
        self.logger.handlers = [self]
        self.logger.setLevel(logging.ERROR)
        self.logger.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message, and of a traceback what the operating system or the database said."""
        for line in record.getMessage().splitlines():
            _, found, said = line.partition("Error: [Errno ")
            if found:
                self.reason = said.partition("] ")[2]
            elif "sqlite3.OperationalError" in line:
                self.reason = line.partition("sqlite3.OperationalError")[2].strip(" :)")
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk also refuses the log; the reason reaches the user all the same."""
