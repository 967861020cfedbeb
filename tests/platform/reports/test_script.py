"""The page's script, run in a real browser: sorting, finding, opening rows, and what the policy stops."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from autograder.course import Assignment, Course
from autograder.reports import write_report
from autograder.results import GradeRun, Outcome, QuestionResult, Status, SubmissionResult, TestResult
from tests.platform.accessibility import BROWSER

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome on PATH to run the page's script in"),
]
EVIL = "<img src=x onerror=\"document.title='stolen'\"><script>document.title='stolen'</script>"


@pytest.fixture(scope="module")
def run(make_run: Callable[..., GradeRun]) -> GradeRun:
    """Forty students, the last of whom handed in something unreadable."""
    lost = SubmissionResult("ada-lost", Status.UNREADABLE, 0, 90, problems=("The notebook is not valid JSON.",))
    return GradeRun("vae", "bubblewrap", (*make_run(39, seed=2).submissions, lost))


@pytest.fixture(scope="module")
def page(course: Course, vae: Assignment, run: GradeRun) -> Path:
    return write_report(course, vae, run).html


def visit(page: Path, profile: Path, fragment: str = "") -> BeautifulSoup:
    """The page as it stands after its script has run."""
    address = page.as_uri() + ("#" + fragment if fragment else "")
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        f"--user-data-dir={profile}",
        "--dump-dom",
    ]
    done = subprocess.run([str(BROWSER), *options, address], capture_output=True, timeout=120, check=True)
    return BeautifulSoup(done.stdout.decode(), "html.parser")


def names(soup: BeautifulSoup) -> list[str]:
    return [row.th.get_text() for row in soup.select("#class > tbody > tr:not(.detail)") if not row.has_attr("hidden")]


def test_sorting_by_score_from_the_top(page: Path, run: GradeRun, tmp_path: Path) -> None:
    soup = visit(page, tmp_path, "sort=score&down=1")
    scores = {s.student: round(s.score, 1) for s in run.submissions}
    order = [scores[n] for n in names(soup)]
    assert len(order) == 40
    assert order == sorted(order, reverse=True)
    assert [th["data-key"] for th in soup.select("#class th[aria-sort=descending]")] == ["score"]
    assert len(soup.select("#class th[aria-sort]")) == 1


def test_missing_scores_stand_last_in_either_direction(page: Path, run: GradeRun, tmp_path: Path) -> None:
    unreadable = {s.student for s in run.submissions if s.status is Status.UNREADABLE}
    for fragment in ("sort=elbo_loss", "sort=elbo_loss&down=1"):
        assert set(names(visit(page, tmp_path, fragment))[-len(unreadable) :]) == unreadable


def test_finding_by_name_and_status(page: Path, run: GradeRun, tmp_path: Path) -> None:
    soup = visit(page, tmp_path, "find=ADA&status=graded")
    wanted = [s.student for s in run.submissions if "ada" in s.student and s.status is Status.GRADED]
    assert names(soup) == wanted
    assert soup.find(id="shown").get_text() == f"{len(wanted)} of 40 students"


def test_opening_a_row_shows_the_tests_that_failed(page: Path, run: GradeRun, tmp_path: Path) -> None:
    number, submission = next((n, s) for n, s in enumerate(run.submissions) if s.problems and s.questions)
    soup = visit(page, tmp_path, f"s{number}")
    detail = soup.find(id=f"s{number}-detail").get_text()
    for question in submission.questions:
        for test in question.tests:
            if test.outcome is not Outcome.PASSED:
                assert test.title in detail
                assert test.hint in detail
                assert test.detail in detail
    assert submission.problems[0] in detail
    assert len(soup.select("tr.detail")) == 1
    assert soup.select_one(f"#s{number} button")["aria-expanded"] == "true"


def test_clicks_sort_and_unfold(page: Path, run: GradeRun, tmp_path: Path) -> None:
    """A copy without the policy and with a script that clicks as a person would."""
    clicks = (
        "document.querySelector('.show-all').click();"
        "const by = document.querySelector('#class th[data-key=student] button'); by.click(); by.click();"
        "document.querySelector('#class tbody button').click();"
    )
    text = re.sub(r"<meta http-equiv=[^>]*>", "", page.read_text(encoding="utf-8"))
    copy = tmp_path / "copy.html"
    copy.write_text(text.replace("</body>", f"<script>{clicks}</script></body>"), encoding="utf-8")
    soup = visit(copy, tmp_path / "profile")
    first = [n[0] for n in names(soup)]
    assert first == sorted(first, reverse=True)
    assert soup.select_one("#class tbody tr").find_next_sibling("tr")["class"] == ["detail"]
    assert not soup.select(".beyond, .show-all")


def test_long_tables_show_their_first_rows(page: Path, tmp_path: Path) -> None:
    soup = visit(page, tmp_path)
    rows = soup.select("#tests tbody tr")
    assert ["beyond" in row.get("class", []) for row in rows] == [n >= 12 for n in range(len(rows))]
    assert soup.select_one(".show-all").get_text() == f"Show all {len(rows)} rows"


def test_markup_of_students_never_runs(course: Course, vae: Assignment, tmp_path: Path) -> None:
    """Not in the page, not in an opened row; and a script that is not the page's own is refused."""
    test = TestResult("t", EVIL, Outcome.FAILED, 1, EVIL, 0.0, EVIL)
    question = QuestionResult("reparameterize", 12, 0, (EVIL,), (test,))
    here = Course(root=course.root, data=tmp_path, settings=course.settings)
    submission = SubmissionResult(EVIL, Status.PARTIAL, 0, 90, problems=(EVIL,), questions=(question,))
    page = write_report(here, vae, GradeRun("vae", "bubblewrap", (submission,))).html
    page.write_text(page.read_text().replace("</main>", "<script>document.title = 'stolen'</script></main>"))
    soup = visit(page, tmp_path / "profile", "s0")
    assert soup.title.get_text() == "Variational autoencoders: report"
    assert soup.find("img") is None
    assert soup.find(id="s0-detail").get_text().count(EVIL) == 5  # problem, carried, title, hint, detail
