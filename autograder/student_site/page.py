"""What all pages for students have in common: a fault of ours is not explained to them, but written to the log."""

from __future__ import annotations

from typing import Any

from tornado.web import HTTPError

from autograder.course import Assignment
from autograder.student_site.checks import Refused
from autograder.student_site.site import StudentSite
from autograder.web.page import Page

OUR_FAULT = "Something does not work here. It is not your fault, and nothing of yours is lost. Try again in a minute."
TOO_MANY = 429


class StudentPage(Page):
    """A handler behind the hub's login."""

    @property
    def site(self) -> StudentSite:
        site: StudentSite = self.settings["site"]
        return site

    def notebook(self, body: bytes, assignment: Assignment) -> bytes:
        """What was sent. Raises HTTPError where it is empty or too large to be handed in."""
        if not body:
            raise HTTPError(400, "The notebook is empty. Save it first.")
        if len(body) > assignment.limits.notebook_mib * 2**20:
            most = assignment.limits.notebook_mib
            raise HTTPError(413, f"More than {most} MiB. Clear the outputs, save, and try again.")
        return body

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, Refused):
            self.set_status(TOO_MANY)
        if self.current_user is None:
            self.finish(f"{self._reason}\n")
            return
        self.say_error(_words(error, self._reason), error)

    def say_error(self, words: str, error: BaseException | None) -> None:
        self.show("error.html", words=words, status=self.get_status())

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """All but what a student did is for the log."""
        if not isinstance(error, Refused):
            super(Page, self).log_exception(kind, error, trace)


def _words(error: BaseException | None, reason: str) -> str:
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, HTTPError):
        return error.log_message or reason
    return OUR_FAULT if error is not None else reason
