"""Put the site together, and listen."""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import Callable
from socket import socket
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from autograder.course import Course
from autograder.errors import UsageError
from autograder.staff_site import deeds, pages
from autograder.staff_site.access import SecretAddress
from autograder.staff_site.page import Page
from autograder.staff_site.site import Site

HERE = "127.0.0.1"
LONGEST_BODY = 2**20
ROUTES: list[tuple[str, type[Page]]] = [
    (r"", pages.Home),
    (r"queue/([^/]+)", pages.Queue),
    (r"next/([^/]+)", pages.Next),
    (r"matter/([^/]+)/([^/]+)", pages.Matter),
    (r"student/([^/]+)/([^/]+)", pages.Student),
    (r"report/([^/]+)/([^/]*)", pages.Report),
    (r"settle/([^/]+)/([^/]+)", deeds.Settle),
    (r"mark/([^/]+)/([^/]+)", deeds.Mark),
    (r"appeal/([^/]+)", deeds.Appeal),
]


class NotFound(Page):
    """Any other address."""

    def prepare(self) -> None:
        super().prepare()
        if not self._finished:
            self.send_error(404)


def application(site: Site) -> Application:
    """All addresses of the site, ready to listen."""
    pages = [(path, site.access.dressed(page)) for path, page in ROUTES]
    routes: list[Any] = [(site.prefix + path, *rest) for path, *rest in (*site.access.routes(), *pages)]
    cookie = {"httponly": True, "samesite": "Lax", "path": site.prefix}
    return Application(
        routes, site=site, cookie_secret=secrets.token_bytes(32), xsrf_cookies=True, xsrf_cookie_kwargs=cookie,
        xsrf_cookie_name="autograder-xsrf", default_handler_class=site.access.dressed(NotFound),
    )  # fmt: skip


def serve_here(course: Course, name: str, port: int, tell: Callable[[str], None]) -> None:
    """Serve one person at this machine until interrupted.

    Args:
        port: 0 for any that is free.
        tell: is given the address to open, once it can be.

    Raises:
        UsageError: the port is taken.
    """
    access = SecretAddress(name)
    try:
        sockets = bind_sockets(port, HERE)
    except OSError as error:
        raise UsageError(f"Port {port} cannot be used: {error.strerror}. Name another: --port {port + 1}.") from None
    port = sockets[0].getsockname()[1]
    site = Site(course, access, hosts=frozenset({f"{HERE}:{port}", f"localhost:{port}"}))
    asyncio.run(_listen(site, sockets, lambda: tell(f"http://{HERE}:{port}{site.prefix}login?secret={access.secret}")))


def listen(site: Site, sockets: list[socket]) -> HTTPServer:
    """Serve on these sockets from the running event loop, until the server is stopped."""
    server = HTTPServer(application(site), max_body_size=LONGEST_BODY)
    server.add_sockets(sockets)
    return server


def serve_hub(course: Course, tell: Callable[[str], None]) -> None:
    """Serve the course's staff as a service of JupyterHub, which says where in the environment.

    Raises:
        UsageError: JupyterHub did not start this.
    """
    from autograder.staff_site.hub_access import HubAccess, service_place  # JupyterHub, which is not always there

    host, port, prefix = service_place()
    site = Site(course, HubAccess(), prefix=prefix)
    asyncio.run(_listen(site, bind_sockets(port, host), lambda: tell(f"At {prefix} of the hub")))


async def _listen(site: Site, sockets: list[socket], ready: Callable[[], None]) -> None:
    server = listen(site, sockets)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    ready()
    await stop.wait()
    server.stop()
    await server.close_all_connections()
