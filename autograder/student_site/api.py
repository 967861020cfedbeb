"""The same for programs, `%check_work` in a notebook: JSON, with the token of the student's server in the header."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from tornado.web import HTTPError

from autograder.student_site.allowance import Allowance
from autograder.student_site.checks import Check, Refused, State
from autograder.student_site.page import StudentPage
from autograder.student_site.received import Receipt


class Api(StudentPage):
    """A handler that answers with JSON, and never leads to a login."""

    for_programs = True

    def refuse_program(self, words: str) -> None:
        self.give({"error": words})

    def give(self, content: dict[str, Any]) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(content))

    def say_error(self, words: str, error: BaseException | None) -> None:
        more = _left(error.allowance) if isinstance(error, Refused) else {}
        self.give({"error": words, **more})


class ApiWork(Api):
    """Deadlines, receipts and what is left."""

    async def get(self) -> None:
        work = await self.apart(self.site.work, self.who)
        self.give(
            {
                "student": self.who,
                "assignments": [
                    {
                        "name": one.assignment.name,
                        "title": one.assignment.title,
                        "due": one.deadline.due.isoformat(),
                        "usual_due": one.deadline.usual.isoformat(),
                        "excused": one.deadline.excused,
                        **_left(one.allowance),
                        "received": [as_receipt(receipt) for receipt in one.receipts],
                    }
                    for one in work
                ],
            }
        )  # fmt: skip


class ApiAsk(Api):
    """The body is the notebook."""

    async def post(self, name: str) -> None:
        assignment = self.assignment(name)
        check = await self.apart(self.site.ask, self.who, assignment, self.notebook(self.request.body, assignment))
        self.set_status(202)
        self.give(_check(check))


class ApiCheck(Api):
    """How far it is, or its answer."""

    async def get(self, name: str) -> None:
        check, left = await self.apart(self.site.check, self.who, name)
        if check is None or left is None:
            raise HTTPError(404, "There is no such check of yours.")
        self.give(_check(check) | _left(left))


def as_receipt(receipt: Receipt) -> dict[str, Any]:
    """When, and of each file its name, size and hash."""
    files = [
        {"name": file.name, "bytes": file.size, "sha256": file.sha256, "problem": file.problem}
        for file in receipt.files
    ]
    return {"folder": receipt.folder, "at": receipt.at.isoformat(), "files": files}


def _check(check: Check) -> dict[str, Any]:
    done = {"answer": check.answer} if check.state is State.DONE else {}
    return {
        "check": check.name,
        "assignment": check.assignment,
        "state": str(check.state),
        "ahead": check.ahead,
        **done,
    }


def _left(allowance: Allowance) -> dict[str, Any]:
    opens: datetime | None = allowance.opens
    return {"checks_left": allowance.left, "next_check": opens.isoformat() if opens else None}
