"""The staff's site of a small graded class, served for real, and a client with cookies."""

from __future__ import annotations

import asyncio
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.cookiejar import CookieJar

import pytest
from tornado.netutil import bind_sockets

from autograder.course import Course
from autograder.course.course import StaffSettings
from autograder.staff_site.serve import ROUTES
from autograder.staff_site.site import Site
from autograder.web.access import SecretAddress
from autograder.web.serving import HERE, listen
from tests.platform.gradebook.conftest import Classroom
from tests.platform.staff.conftest import classroom, graded

__all__ = ["classroom", "graded"]

XSRF = re.compile(r'name="_xsrf" value="([^"]+)"')


@dataclass(frozen=True)
class Answer:
    status: int
    url: str
    text: str
    headers: dict[str, str]


class Client:
    """A browser without a screen: it keeps cookies and follows redirects."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask(urllib.request.Request(self.root + path, headers=headers))

    def post(self, path: str, token: str | None = None, **fields: str) -> Answer:
        """With the token of the page with the form, if any."""
        fields |= {"_xsrf": token} if token else {}
        return self._ask(urllib.request.Request(self.root + path, urllib.parse.urlencode(fields).encode()))

    def token(self, path: str) -> str:
        found = XSRF.search(self.get(path).text)
        assert found is not None
        return found[1]

    def _ask(self, request: urllib.request.Request) -> Answer:
        try:
            response = self._opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            return Answer(response.status, response.url, response.read().decode(), dict(response.headers.items()))


@dataclass(frozen=True)
class Served:
    """A running site; `login` is the path that lets one in."""

    site: Site
    root: str
    login: str

    def stranger(self) -> Client:
        return Client(self.root)

    def staff(self) -> Client:
        client = Client(self.root)
        client.get(self.login)
        return client


@contextmanager
def serving(course: Course, name: str) -> Iterator[Served]:
    """The site on a free port, in a thread with an event loop of its own."""
    sockets = bind_sockets(0, HERE)
    host = f"{HERE}:{sockets[0].getsockname()[1]}"
    access = SecretAddress(name)
    site = Site(course, access, hosts=frozenset({host}))
    loop = asyncio.new_event_loop()

    async def start() -> None:
        listen(site, ROUTES, sockets)

    loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield Served(site, f"http://{host}", f"/login?secret={access.secret}")
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def served(graded: Classroom) -> Iterator[Served]:
    """Served to maria, one of two graders."""
    settings = graded.course.settings.model_copy(update={"staff": StaffSettings(graders=("maria", "tom"))})
    with serving(replace(graded.course, settings=settings), "maria") as served:
        yield served
