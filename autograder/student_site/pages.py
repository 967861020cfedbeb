"""Pages: all work, one answer, one receipt; and the form that asks for a check."""

from __future__ import annotations

from datetime import UTC, datetime

from tornado.web import HTTPError

from autograder.student_site.checks import State
from autograder.student_site.page import StudentPage

REFRESH_S = 2


class Home(StudentPage):
    """Deadlines, what was received, checks."""

    async def get(self) -> None:
        work = await self.apart(self.site.work, self.who)
        self.show("home.html", work=work, now=datetime.now(UTC))


class Ask(StudentPage):
    """A notebook from a form."""

    async def post(self, name: str) -> None:
        assignment = self.assignment(name)
        files = self.request.files.get("notebook", [])
        if len(files) != 1:
            raise HTTPError(400, "Choose your notebook first; the file ends in .ipynb.")
        notebook = self.notebook(files[0].body, assignment)
        check = await self.apart(self.site.ask, self.who, assignment, notebook)
        self.redirect(self.site.url("check", check.name), status=303)


class Answer(StudentPage):
    """One check: its place in the queue, or its answer."""

    async def get(self, name: str) -> None:
        check, left = await self.apart(self.site.check, self.who, name)
        if check is None or left is None:
            raise HTTPError(404, "There is no such check of yours.")
        waits = check.state is not State.DONE
        if waits:
            self.set_header("Refresh", str(REFRESH_S))
        self.show("check.html", check=check, left=left, waits=waits, assignment=self.assignment(check.assignment))


class ReceiptPage(StudentPage):
    """What was received, to print or keep."""

    async def get(self, name: str, folder: str) -> None:
        assignment = self.assignment(name)
        receipts = await self.apart(self.site.received, self.who, assignment)
        receipt = next((receipt for receipt in receipts if receipt.folder == folder), None)
        if receipt is None:
            raise HTTPError(404, "Nothing of yours was received under this name.")
        self.show("receipt.html", assignment=assignment, receipt=receipt)
