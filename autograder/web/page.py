"""What all handlers have in common: nobody gets in unknown, nothing is loaded, errors are said in words."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any, TypeVar

from tornado.web import HTTPError, RequestHandler

from autograder.course import Assignment
from autograder.errors import AutograderError, UsageError
from autograder.reports.html import render_template
from autograder.web.website import Website

Result = TypeVar("Result")
SAID = "autograder-said"
HEADERS = {
    "Cache-Control": "no-store",  # grades: not in a browser's cache
    "Content-Security-Policy": "frame-ancestors 'none'",  # more is in each page
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Page(RequestHandler):
    """A handler behind the login.

    Attributes:
        for_programs: whether it answers to a token in the header alone. A browser sends cookies by itself, also where
            another site's page makes it ask, but never that header; so forms' tokens are not asked for.
    """

    for_programs = False

    @property
    def site(self) -> Website:
        site: Website = self.settings["site"]
        return site

    @property
    def who(self) -> str:
        """Who asks."""
        return self.site.access.name_of(self) or ""

    def set_default_headers(self) -> None:
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def get_current_user(self) -> str | None:
        return self.site.access.name_of(self)

    def prepare(self) -> None:
        if self.site.hosts and self.request.host not in self.site.hosts:
            self.set_status(403)
            self.finish("This site answers to the names of this machine alone.\n")
        elif self.for_programs and not self.request.headers.get("Authorization"):
            self.set_status(403)
            self.refuse_program("A token is needed, in a header: Authorization: token ...")
        elif self.current_user is not None:
            return
        elif self.for_programs:
            self.set_status(403)
            self.refuse_program("This token is not valid here.")
        else:
            self.site.access.turn_away(self)

    def check_xsrf_cookie(self) -> None:
        if not self.for_programs:
            super().check_xsrf_cookie()

    def refuse_program(self, words: str) -> None:
        """Finish the answer to a program that may not."""
        self.finish(f"{words}\n")

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """As names of folders are: any bytes."""
        return os.fsdecode(value)

    def assignment(self, name: str) -> Assignment:
        """Raises HTTPError 404 where there is none."""
        try:
            return self.site.course.assignment(name)
        except UsageError as error:
            raise HTTPError(404, str(error)) from None

    async def apart(self, work: Callable[..., Result], *args: Any) -> Result:
        """Do what takes time, or waits for the gradebook, in a thread: others are served meanwhile."""
        return await asyncio.to_thread(work, *args)

    def show(self, template: str, **about: object) -> None:
        about |= {"site": self.site, "who": self.who, "said": self._said(), "xsrf": self.xsrf_token.decode()}
        about["course"] = self.site.course.settings.title
        text = render_template(template, about, self.site.templates, forms=True)
        self.finish(text.encode("utf-8", errors="backslashreplace"))

    def go_on(self, url: str, said: str) -> None:
        """To another page, which says that it is done."""
        self.set_signed_cookie(SAID, said[:500].encode(errors="replace").decode(), expires_days=None, httponly=True,
                               samesite="Lax", path=self.site.prefix)  # fmt: skip
        self.redirect(url, status=303)

    def _said(self) -> str:
        said = self.get_signed_cookie(SAID)
        if said is not None:
            self.clear_cookie(SAID, path=self.site.prefix)
        return (said or b"").decode(errors="replace")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, UsageError):
            self.set_status(400)
        elif isinstance(error, (AutograderError, OSError)):
            self.set_status(503)
        known = isinstance(error, (AutograderError, OSError))
        words = str(error) if known else str(getattr(error, "log_message", "") or self._reason)
        if self.current_user is None:
            self.finish(f"{self._reason}\n")
            return
        self.show("error.html", words=words, status=self.get_status())

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """Only what is a fault of this program goes to the terminal with a traceback."""
        if not isinstance(error, (AutograderError, OSError)):
            super().log_exception(kind, error, trace)
