"""The exchange for programs: JSON, files in base64. What nbgrader's commands and buttons ask; see `in_exchange.py`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from pathlib import Path
from typing import Any

from tornado.web import HTTPError

from autograder.course import Assignment
from autograder.errors import UsageError
from autograder.student_site.api import Api, as_receipt
from autograder.student_site.exchange import check_files
from autograder.student_site.received import Receipt


class ApiExchange(Api):
    """What is handed out, and what was received of the student, with the feedback there is of it."""

    async def get(self) -> None:
        self.give(await self.apart(self._all))

    def _all(self) -> dict[str, Any]:
        assignments = self.site.assignments()
        handed_out = {one.name: list(self.site.handed_out(one)) for one in assignments}
        return {
            "course": self.site.course.settings.id,
            "student": self.who,
            "handed_out": {name: files for name, files in handed_out.items() if files},
            "received": {one.name: [self._receipt(one, receipt) for receipt in self.site.received(self.who, one)]
                         for one in assignments},
        }  # fmt: skip

    def _receipt(self, assignment: Assignment, receipt: Receipt) -> dict[str, Any]:
        pages = self.site.feedback(receipt)
        return as_receipt(receipt) | {"feedback": {notebook: _sha256(page) for notebook, page in pages.items()}}


class ApiAssignment(Api):
    """One assignment: its files to fetch, and the way in for what is handed in."""

    async def get(self, name: str) -> None:
        assignment = self.assignment(name)
        self.give(await self.apart(self._files, assignment))

    def _files(self, assignment: Assignment) -> dict[str, Any]:
        files = self.site.handed_out(assignment)
        if not files:
            raise HTTPError(404, f"{assignment.name} has not been handed out yet.")
        return {"files": {name: base64.b64encode(path.read_bytes()).decode() for name, path in files.items()}}

    async def post(self, name: str) -> None:
        assignment = self.assignment(name)
        files = _files_of(self.request.body)
        try:
            check_files(files, assignment.limits.notebook_mib)
            receipt = await self.apart(self.site.take_in, self.who, assignment, files)
        except UsageError as error:
            raise HTTPError(400, str(error)) from None
        self.set_status(201)
        self.give(as_receipt(receipt))


class ApiFeedback(Api):
    """The page about one notebook of one submission of the student's own."""

    async def get(self, name: str, folder: str, notebook: str) -> None:
        assignment = self.assignment(name)
        self.give(await self.apart(self._page, assignment, folder, notebook))

    def _page(self, assignment: Assignment, folder: str, notebook: str) -> dict[str, Any]:
        receipts = self.site.received(self.who, assignment)
        receipt = next((receipt for receipt in receipts if receipt.folder == folder), None)
        page = self.site.feedback(receipt).get(notebook) if receipt else None
        if page is None:
            raise HTTPError(404, "There is no such feedback of yours.")
        return {"page": base64.b64encode(page.read_bytes()).decode()}


def _files_of(body: bytes) -> dict[str, bytes]:
    """Raises HTTPError 400 where it is not {"files": {name: base64}}."""
    try:
        said = json.loads(body)["files"]
        return {str(name): base64.b64decode(content, validate=True) for name, content in said.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        raise HTTPError(400, "What came is no list of files.") from None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
