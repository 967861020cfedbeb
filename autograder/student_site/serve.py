"""The site's addresses; it is served as a service of JupyterHub alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from autograder.course import Course
from autograder.student_site import api, api_exchange, pages
from autograder.student_site.examiner import Examiner
from autograder.student_site.page import StudentPage
from autograder.student_site.site import StudentSite
from autograder.web.serving import bind_service, listen_until_stopped

MULTIPART_BYTES = 64 * 2**10  # what a form adds to a file
ROUTES: list[tuple[str, type[StudentPage]]] = [
    (r"", pages.Home),
    (r"ask/([^/]+)", pages.Ask),
    (r"check/([^/]+)", pages.Answer),
    (r"receipt/([^/]+)/([^/]+)", pages.ReceiptPage),
    (r"api/work", api.ApiWork),
    (r"api/ask/([^/]+)", api.ApiAsk),
    (r"api/check/([^/]+)", api.ApiCheck),
    (r"api/exchange", api_exchange.ApiExchange),
    (r"api/exchange/([^/]+)", api_exchange.ApiAssignment),
    (r"api/exchange/([^/]+)/([^/]+)/([^/]+)", api_exchange.ApiFeedback),
]


def longest_body(course: Course) -> int:
    """Bytes: the largest notebook that an assignment allows, in base64, in a form."""
    largest = max(course.assignment(name).limits.notebook_mib for name in course.assignment_names)
    return largest * 2**20 * 4 // 3 + MULTIPART_BYTES


def serve_students(
    course: Course, exchange: Path, workers: int, tell: Callable[[str], None], *, check_owner: bool
) -> None:
    """Serve the course's students as a service of JupyterHub, which says where in the environment.

    Args:
        exchange: nbgrader's.
        workers: how many checks are graded at once.
        tell: is told, a line each, what staff should know.
        check_owner: see `StudentSite`.

    Raises:
        UsageError: JupyterHub did not start this.
    """
    sockets, prefix = bind_service()
    from autograder.web.hub_access import HubAccess  # JupyterHub, which is not always there

    with Examiner(course, workers, tell) as examiner:
        site = StudentSite(course, HubAccess(), prefix, examiner=examiner, exchange=exchange, check_owner=check_owner)
        listening = listen_until_stopped(
            site, ROUTES, sockets, lambda: tell(f"At {prefix} of the hub"), longest_body(course)
        )
        asyncio.run(listening)
