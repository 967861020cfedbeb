"""Nobody gets in unknown, and nothing changes but by a form of this site."""

from __future__ import annotations

import pytest

from autograder.staff.queue import open_queue
from autograder.staff_site.serve import ROUTES
from tests.platform.gradebook.conftest import Classroom
from tests.platform.staff_site.conftest import Served

PATHS = [
    "/", "/queue/small", "/next/small", "/matter/small/cy?kind=unreadable", "/student/small/ada",
    "/report/small/index.html", "/report/small/scores.csv", "/nowhere",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_sees_nothing(served: Served, path: str) -> None:
    answer = served.stranger().get(path)
    assert answer.status == 403
    assert "ada" not in answer.text
    assert "secret" in answer.text


def test_a_stranger_changes_nothing(served: Served) -> None:
    for path in ("/settle/small/cy?kind=unreadable", "/mark/small/ada?cell=written_why", "/appeal/small"):
        assert served.stranger().post(path, note="x", student="ada", question="double", words="x").status == 403
    assert len(open_queue(served.site.course, served.site.course.assignment("small"))) == 12


def test_a_wrong_secret_does_not_let_in(served: Served) -> None:
    client = served.stranger()
    assert client.get("/login?secret=guess").status == 403
    assert client.get("/login").status == 403
    assert client.get("/").status == 403


def test_the_secret_lets_in_and_leaves_the_address(served: Served) -> None:
    answer = served.stranger().get(served.login)
    assert answer.status == 200
    assert "secret" not in answer.url
    assert "maria" in answer.text


def test_every_route_is_behind_the_login(served: Served) -> None:
    """So that a new page cannot be forgotten in the list above."""
    named = {path.split("?")[0].split("/")[1] for path in PATHS} | {"settle", "mark", "appeal"}
    assert {pattern.split("/")[0] for pattern, _ in ROUTES} <= named


def test_a_form_of_another_site_changes_nothing(served: Served, graded: Classroom) -> None:
    """Logged in, but without the token that only this site's pages hold."""
    client = served.staff()
    assert client.post("/settle/small/cy?kind=unreadable", note="x").status == 403
    assert client.post("/settle/small/cy?kind=unreadable", token="made-up", note="x").status == 403
    assert any(entry.duty.student == "cy" for entry in open_queue(graded.course, graded.assignment))


def test_it_answers_to_this_machines_names_alone(served: Served) -> None:
    """Another site's name that points to this machine (DNS rebinding) gets nothing."""
    answer = served.staff().get("/", Host="evil.example")
    assert answer.status == 403
    assert answer.text == "This site answers to the names of this machine alone.\n"


@pytest.mark.parametrize("path", PATHS[:6])
def test_pages_cannot_be_framed_kept_or_sniffed(served: Served, path: str) -> None:
    headers = served.staff().get(path).headers
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/report/small/../../small", "/report/small/%2e%2e/%2e%2e/gradebook.db", "/report/x/"]
)
def test_nothing_outside_of_the_reports_is_served(served: Served, path: str) -> None:
    assert served.staff().get(path).status in (403, 404)
