"""Put a site together, and listen."""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import Callable, Sequence
from socket import socket
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from autograder.web.page import Page
from autograder.web.website import Website

HERE = "127.0.0.1"
LONGEST_BODY = 2**20
Routes = Sequence[tuple[str, type[Page]]]


class NotFound(Page):
    """Any other address."""

    def prepare(self) -> None:
        super().prepare()
        if not self._finished:
            self.send_error(404)


def application(site: Website, routes: Routes) -> Application:
    """All addresses of the site, ready to listen."""
    pages = [(path, site.access.dressed(page)) for path, page in routes]
    rules: list[Any] = [(site.prefix + path, *rest) for path, *rest in (*site.access.routes(), *pages)]
    cookie = {"httponly": True, "samesite": "Lax", "path": site.prefix}
    return Application(
        rules, site=site, cookie_secret=secrets.token_bytes(32), xsrf_cookies=True, xsrf_cookie_kwargs=cookie,
        xsrf_cookie_name="autograder-xsrf", default_handler_class=site.access.dressed(NotFound),
    )  # fmt: skip


def listen(site: Website, routes: Routes, sockets: list[socket], longest_body: int = LONGEST_BODY) -> HTTPServer:
    """Serve on these sockets from the running event loop, until the server is stopped."""
    server = HTTPServer(application(site, routes), max_body_size=longest_body)
    server.add_sockets(sockets)
    return server


async def listen_until_stopped(
    site: Website, routes: Routes, sockets: list[socket], ready: Callable[[], None], longest_body: int = LONGEST_BODY
) -> None:
    """Serve until SIGINT or SIGTERM. `ready` is called once it can be asked."""
    server = listen(site, routes, sockets, longest_body)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    ready()
    await stop.wait()
    server.stop()
    await server.close_all_connections()


def bind_service() -> tuple[list[socket], str]:
    """Where JupyterHub wants this service to listen, and what all its addresses begin with.

    Raises:
        UsageError: JupyterHub did not start this.
    """
    from autograder.web.hub_access import service_place  # JupyterHub, which is not always there

    host, port, prefix = service_place()
    return bind_sockets(port, host), prefix
