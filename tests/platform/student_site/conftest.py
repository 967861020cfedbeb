"""The students' site of the tiny course, served for real with a real sandbox behind it.

Who asks is read from a token here; that the hub is asked is tested in tests/platform/hub.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tornado.netutil import bind_sockets
from tornado.web import RequestHandler

from autograder.course import Course
from autograder.student_site.examiner import Examiner
from autograder.student_site.serve import ROUTES, longest_body
from autograder.student_site.site import StudentSite
from autograder.web.serving import HERE, listen
from tests.platform.engine.tiny import make_course

RULES = "[check_work]\nattempts = 3\ncool_down_minutes = 0\n"
TOKENS = {"token of-ada": "ada", "token of-bo": "bo", "token of-cy": "cy"}
PATIENCE_S = 120


class TokenSays:
    """Whoever sends a known token is its owner."""

    def name_of(self, handler: RequestHandler) -> str | None:
        return TOKENS.get(handler.request.headers.get("Authorization", ""))

    def turn_away(self, handler: RequestHandler) -> None:
        handler.set_status(403)
        handler.finish("Log in first.\n")

    def dressed(self, handler: type[RequestHandler]) -> type[RequestHandler]:
        return handler

    def routes(self) -> list[Any]:
        return []


@dataclass(frozen=True)
class Answer:
    """`content` is the JSON, empty where it is a page."""

    status: int
    text: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Served:
    """A running site."""

    site: StudentSite
    root: str
    log: list[str]

    def ask(self, path: str, body: bytes | None = None, token: str = "of-ada", **headers: str) -> Answer:
        """One request."""
        if token:
            headers["Authorization"] = f"token {token}"
        request = urllib.request.Request(self.root + path, body, headers)
        try:
            response = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            text = response.read().decode()
            is_json = response.headers["Content-Type"] == "application/json"
            return Answer(response.status, text, json.loads(text) if is_json else {})

    def check(self, notebook: bytes, token: str = "of-ada") -> Mapping[str, Any]:
        """Have it checked; the answer."""
        asked = self.ask("api/ask/tiny", notebook, token)
        assert asked.status == 202, asked
        return self.answer(asked.content["check"], token)

    def answer(self, name: str, token: str = "of-ada") -> Mapping[str, Any]:
        """Wait for the answer."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            got = self.ask(f"api/check/{name}", token=token)
            if got.content["state"] == "done":
                return got.content
            time.sleep(0.05)
        raise AssertionError(f"no answer; the log says {self.log}")


@contextmanager
def serving(course: Course, exchange: Path) -> Iterator[Served]:
    """The site on a free port, in a thread with an event loop of its own."""
    sockets = bind_sockets(0, HERE)
    log: list[str] = []
    with Examiner(course, 1, log.append) as examiner:
        site = StudentSite(course, TokenSays(), examiner=examiner, exchange=exchange, check_owner=False)
        loop = asyncio.new_event_loop()

        async def start() -> None:
            listen(site, ROUTES, sockets, longest_body(course))

        loop.run_until_complete(start())
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield Served(site, f"http://{HERE}:{sockets[0].getsockname()[1]}/", log)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


def with_checks(root: Path, rules: str = RULES) -> Course:
    """The tiny course, whose students may have work checked."""
    course = make_course(root)
    path = course.assignment("tiny").config_path
    path.write_text(path.read_text().replace("[[question]]", f"{rules}\n[[question]]", 1))
    return course


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return with_checks(tmp_path / "course")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """For tests that leave the course as it is; there are attempts for all of them."""
    root = tmp_path_factory.mktemp("shared")
    with serving(with_checks(root / "course", RULES.replace("3", "100")), root / "exchange") as served:
        yield served


@pytest.fixture
def served(course: Course, tmp_path: Path) -> Iterator[Served]:
    with serving(course, tmp_path / "exchange") as served:
        yield served
