"""The service, asked as a program asks it: answers, refusals, restarts, and what never comes out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.student_site.checks import open_checks
from autograder.student_site.serve import ROUTES
from tests.platform.engine.tiny import (
    EXPECTED_CANARY,
    HONEST_WRONG,
    REFERENCE_CANARY,
    SUITE_CANARY,
    notebook,
    with_cells,
)
from tests.platform.student_site.conftest import Served, serving, with_checks

ASKED = {
    "": None, "ask/tiny": b"x", "check/made-up": None, "receipt/tiny/made-up": None,
    "api/work": None, "api/ask/tiny": b"x", "api/check/made-up": None, "nowhere": None,
    "api/exchange": None, "api/exchange/tiny": None, "api/exchange/tiny/": b"{}", "api/exchange/tiny/made/up": None,
}  # fmt: skip


def test_right_work_passes_everything_and_costs_one_attempt(shared: Served) -> None:
    left = shared.ask("api/work").content["assignments"][0]["checks_left"]
    done = shared.check(notebook(shared.site.course))
    assert [(q["name"], q["passed"], q["tests"], q["hints"]) for q in done["answer"]["questions"]] == [
        ("scale", 3, 3, []), ("total", 1, 1, []), ("Shift", 2, 2, []),
    ]  # fmt: skip
    assert (done["checks_left"], done["answer"]["problems"]) == (left - 1, [])


def test_wrong_work_is_told_the_idea_and_never_a_test(shared: Served) -> None:
    shouting = {**HONEST_WRONG, "Shift": "def Shift(*a):\n    raise ValueError(str(a))"}
    done = shared.check(notebook(shared.site.course, shouting))
    by_name = {q["name"]: q for q in done["answer"]["questions"]}
    assert by_name["scale"]["passed"] == 1
    assert by_name["scale"]["hints"] == [
        "The factor seems to be two, whatever is passed.", "The product must stay in the graph.",
    ]  # fmt: skip
    assert by_name["Shift"]["passed"] == 0
    everything = json.dumps(done) + shared.ask(f"check/{done['check']}").text
    for secret in (REFERENCE_CANARY, SUITE_CANARY, EXPECTED_CANARY, "test_", "Any factor"):
        assert secret not in everything


def test_what_students_print_does_not_come_back(shared: Served) -> None:
    printing = {"scale": "def scale(x, factor):\n    print('psst', x, factor)\n    return x"}
    done = shared.check(with_cells(shared.site.course, ["print('psst')"], printing))
    assert "psst" not in json.dumps(done)


def test_a_file_that_is_no_notebook_costs_no_attempt(shared: Served) -> None:
    left = shared.ask("api/work").content["assignments"][0]["checks_left"]
    done = shared.check(b"not a notebook")
    assert done["answer"]["status"] == "unreadable"
    assert done["answer"]["problems"]
    assert "grade it by hand" not in json.dumps(done)
    assert done["checks_left"] == left


def test_after_the_last_attempt_no_more(served: Served, course: Course) -> None:
    for left in (2, 1, 0):
        assert served.check(notebook(course))["checks_left"] == left
    refused = served.ask("api/ask/tiny", notebook(course))
    assert refused.status == 429
    assert "All 3 checks" in refused.content["error"]
    assert served.check(notebook(course), token="of-bo")["checks_left"] == 2


@pytest.mark.parametrize("token", ["", "guess"])
@pytest.mark.parametrize("path", list(ASKED))
def test_nothing_answers_without_the_right_token(shared: Served, path: str, token: str) -> None:
    answer = shared.ask(path, ASKED[path], token)
    assert answer.status == 403
    assert "tiny" not in answer.text.lower()


def test_every_route_is_among_those_tried() -> None:
    def start(path: str) -> str:
        return "/".join(path.split("/")[: 2 if path.startswith("api") else 1])

    assert {start(pattern) for pattern, _ in ROUTES} <= {start(path) for path in ASKED}


def test_another_students_check_is_not_there(shared: Served) -> None:
    name = shared.check(notebook(shared.site.course))["check"]
    assert shared.ask(f"api/check/{name}", token="of-bo").status == 404
    assert shared.ask(f"check/{name}", token="of-bo").status == 404


@pytest.mark.parametrize("name", ["other", "..", "%2e%2e", "../tiny", "tiny/../../x"])
def test_an_assignment_is_one_of_the_courses(shared: Served, name: str) -> None:
    assert shared.ask(f"api/ask/{name}", b"x").status in (403, 404)
    assert shared.ask(f"receipt/{name}/x").status == 404


def test_what_is_too_large_is_refused(tmp_path: Path) -> None:
    course = with_checks(tmp_path / "course")
    path = course.assignment("tiny").config_path
    path.write_text(path.read_text().replace("[limits]", "[limits]\nnotebook_mib = 1"))
    with serving(course, tmp_path) as served:
        refused = served.ask("api/ask/tiny", b" " * (2**20 + 1))
        assert (refused.status, "1 MiB" in refused.content["error"]) == (413, True)
        with pytest.raises(OSError):
            served.ask("api/ask/tiny", b" " * 2**22)  # not even read
        assert served.ask("api/ask/tiny", b"").status == 400
        assert served.ask("api/work").content["assignments"][0]["checks_left"] == 3


def test_a_form_of_another_site_asks_for_nothing(shared: Served) -> None:
    """A browser sends who its user is by itself, so a form needs the token of this site's page."""
    body = b'--x\r\nContent-Disposition: form-data; name="notebook"; filename="a.ipynb"\r\n\r\n{}\r\n--x--\r\n'
    assert shared.ask("ask/tiny", body, "of-cy", **{"Content-Type": "multipart/form-data; boundary=x"}).status == 403
    with open_checks(shared.site.course) as book:
        assert book.of("cy", "tiny") == []


def test_what_waits_when_the_service_ends_is_answered_by_the_next(course: Course, tmp_path: Path) -> None:
    with open_checks(course) as book:
        name = book.ask(course.assignment("tiny"), "ada", notebook(course)).name
        book.take(1)  # it was running
    with serving(course, tmp_path) as served:
        got = served.answer(name)
        assert [q["passed"] for q in got["answer"]["questions"]] == [3, 1, 2]


def test_a_mended_test_counts_from_the_next_check_on(served: Served, course: Course) -> None:
    assert served.check(notebook(course, HONEST_WRONG))["answer"]["questions"][0]["passed"] == 1
    suite = course.assignment("tiny").suite_folder / "test_tiny.py"
    suite.write_text(suite.read_text().replace("Think of other factors than two.", "Read the docstring.").replace(
        "mistakes={doubled: 2 * x}", "mistakes={}"))  # fmt: skip
    hints = served.check(notebook(course, HONEST_WRONG))["answer"]["questions"][0]["hints"]
    assert "Read the docstring." in hints


def test_a_broken_suite_is_no_fault_of_the_student(served: Served, course: Course) -> None:
    suite = course.assignment("tiny").suite_folder / "test_tiny.py"
    whole = suite.read_text()
    suite.write_text("import no_such_module\n")
    done = served.check(notebook(course))
    assert "a fault of ours" in done["answer"]["problems"][0]
    assert done["checks_left"] == 3
    assert "no_such_module" not in json.dumps(done)
    assert any("no_such_module" in line for line in served.log)
    suite.write_text(whole)
    assert served.check(notebook(course))["answer"]["questions"][0]["passed"] == 3


def test_deadlines_of_ones_own(served: Served, course: Course) -> None:
    (course.data / "extensions.csv").write_text("student,assignment,due\nada,tiny,2030-02-01T12:00:00Z\n")
    ada, bo = (served.ask("api/work", token=f"of-{name}").content["assignments"][0] for name in ("ada", "bo"))
    assert (ada["due"], ada["usual_due"]) == ("2030-02-01T12:00:00+00:00", "2030-01-01T12:00:00+00:00")
    assert bo["due"] == bo["usual_due"]
    assert "your own deadline" in served.ask("").text
    assert "your own deadline" not in served.ask("", token="of-bo").text


def test_a_fault_of_ours_is_not_explained_to_students(served: Served, course: Course) -> None:
    (course.data / "extensions.csv").write_text("student,assignment,due\nbo,tiny,whenever\n")
    for path in ("", "api/work"):
        answer = served.ask(path)
        assert answer.status in (500, 503)
        assert "not your fault" in answer.text
        assert "whenever" not in answer.text
        assert "extensions" not in answer.text


def test_a_receipt_of_what_was_handed_in(served: Served, course: Course, tmp_path: Path) -> None:
    folder = tmp_path / "exchange" / "tiny" / "inbound" / "ada+tiny+2029-12-31 10:00:00.000001 UTC+abc"
    folder.mkdir(parents=True)
    (folder / "tiny.ipynb").write_bytes(b"mine")
    (receipt,) = served.ask("api/work").content["assignments"][0]["received"]
    assert receipt["at"] == "2029-12-31T10:00:00.000001+00:00"
    assert len(receipt["files"][0]["sha256"]) == 64
    page = served.ask("receipt/tiny/" + folder.name.replace(" ", "%20").replace("+", "%2B").replace(":", "%3A"))
    assert page.status == 200
    assert receipt["files"][0]["sha256"] in page.text
    assert served.ask("api/work", token="of-bo").content["assignments"][0]["received"] == []
