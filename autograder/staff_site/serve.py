"""The site's addresses, and the two ways to serve them: to one person at this machine, and to a hub's staff."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tornado.netutil import bind_sockets

from autograder.course import Course
from autograder.errors import UsageError
from autograder.staff_site import deeds, pages
from autograder.staff_site.page import StaffPage
from autograder.staff_site.site import Site
from autograder.web.access import SecretAddress
from autograder.web.serving import HERE, bind_service, listen_until_stopped

ROUTES: list[tuple[str, type[StaffPage]]] = [
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
    address = f"http://{HERE}:{port}{site.prefix}login?secret={access.secret}"
    asyncio.run(listen_until_stopped(site, ROUTES, sockets, lambda: tell(address)))


def serve_hub(course: Course, tell: Callable[[str], None]) -> None:
    """Serve the course's staff as a service of JupyterHub, which says where in the environment.

    Raises:
        UsageError: JupyterHub did not start this.
    """
    sockets, prefix = bind_service()
    from autograder.web.hub_access import HubAccess  # JupyterHub, which is not always there

    site = Site(course, HubAccess(), prefix=prefix)
    asyncio.run(listen_until_stopped(site, ROUTES, sockets, lambda: tell(f"At {prefix} of the hub")))
