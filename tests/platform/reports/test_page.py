"""The page: complete, accessible, safe against what students write, and loading nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from autograder.course import Assignment, Course
from autograder.reports.html import render
from autograder.reports.model import build_report
from autograder.reports.wording import breakable, number, percent
from autograder.results import GradeRun, Outcome, QuestionResult, Status, SubmissionResult, TestResult

WHEN = datetime(2027, 3, 3, 14, 5, tzinfo=UTC)
EVIL = """<script>document.title='stolen'</script><img src=x onerror="document.title='stolen'">"'</script><!--"""
Page = Callable[[GradeRun], BeautifulSoup]


@pytest.fixture
def page(course: Course, vae: Assignment) -> Page:
    return lambda run: BeautifulSoup(render(build_report(course, vae, run, WHEN)), "html.parser")


def one_of_two(student: str, title: str, hint: str) -> GradeRun:
    """Two students and one test, which one of them did not pass."""
    results = []
    for name, outcome in ((student, Outcome.FAILED), ("zoe", Outcome.PASSED)):
        test = TestResult("test_spread", title, outcome, 1, hint, 0.0, "")
        question = QuestionResult("reparameterize", 12, 0, (), (test,))
        results.append(SubmissionResult(name, Status.GRADED, 0, 90, questions=(question,)))
    return GradeRun("vae", "bubblewrap", tuple(results))


def evil_run() -> GradeRun:
    """Every text that a student can influence holds markup."""
    test = TestResult("test_shape", EVIL, Outcome.FAILED, 1, EVIL, 0.0, EVIL)
    question = QuestionResult("reparameterize", 12, 0, (EVIL,), (test,))
    return GradeRun(
        "vae",
        "bubblewrap",
        (
            SubmissionResult(EVIL, Status.PARTIAL, 0, 90, problems=(EVIL,), questions=(question,)),
            SubmissionResult("ada", Status.UNREADABLE, 0, 90, problems=(EVIL,)),
        ),
    )


def section(page: BeautifulSoup, name: str) -> Tag:
    found = page.find("section", id=name)
    assert isinstance(found, Tag)
    return found


def details(page: BeautifulSoup) -> dict:
    return json.loads(page.find("script", id="details").string)


def test_header_says_what_was_graded_when_and_how(page: Page, make_run: Callable[..., GradeRun]) -> None:
    text = page(make_run()).header.get_text(" ", strip=True)
    for piece in ("Variational autoencoders", "Generative AI", "3 March 2027, 14:05 UTC", "Isolation: bubblewrap"):
        assert piece in text


@pytest.mark.parametrize(("isolation", "banners"), [("none", 1), ("bubblewrap", 0)])
def test_a_banner_stands_where_nothing_was_isolated(
    page: Page, make_run: Callable[..., GradeRun], isolation: str, banners: int
) -> None:
    assert len(page(make_run(isolation=isolation)).select(".banner[role=alert]")) == banners


def test_submissions_are_counted_by_status(page: Page, make_run: Callable[..., GradeRun]) -> None:
    run = make_run(200)
    shown = {d.dt.get_text().split()[-1]: d.dd.get_text() for d in page(run).select(".tiles > div")}
    for status in Status:
        assert shown[status] == str(sum(s.status is status for s in run.submissions))


def test_every_student_has_a_row_with_every_question(page: Page, make_run: Callable[..., GradeRun]) -> None:
    run = make_run(60)
    rows = page(run).select("#class > tbody > tr")
    assert [r.th.get_text() for r in rows] == [s.student for s in run.submissions]
    for row, submission in zip(rows, run.submissions, strict=True):
        cells = [c.get_text() for c in row.select("td.q")]
        assert len(cells) == 8
        for cell, question in zip(cells, submission.questions, strict=False):
            assert cell.removesuffix(" ↻") == number(question.score)
            assert cell.endswith("↻") == bool(question.carried_forward)


def test_hardest_questions_and_tests_stand_first(page: Page, make_run: Callable[..., GradeRun]) -> None:
    soup = page(make_run())
    assert section(soup, "questions").tbody.th.get_text() == "ConditionalVAE"
    first = section(soup, "tests").tbody.tr
    assert "Labels are categories" in first.get_text()
    assert first["class"] == ["flagged"]
    assert "Nobody passed." in soup.find(id="suspects").get_text()


def test_hints_name_the_students_who_saw_them(page: Page) -> None:
    hint = TestResult("test_kl", "KL is summed.", Outcome.FAILED, 1, "Sum over D.")
    question = QuestionResult("kl_divergence", 12, 0, (), (hint,))
    run = GradeRun(
        "vae",
        "bubblewrap",
        tuple(SubmissionResult(n, Status.GRADED, 0, 90, questions=(question,)) for n in ("ada", "bob")),
    )
    item = section(page(run), "hints").find("li")
    assert "Sum over D." in item.get_text()
    assert "2 students, 100 % of the class" in item.get_text()
    assert [(a["href"], a.get_text()) for a in item.select(".names a")] == [("#s0", "ada"), ("#s1", "bob")]


def test_problems_are_listed_unreadable_first(page: Page, make_run: Callable[..., GradeRun]) -> None:
    words = [
        td.get_text().split()[-1]
        for td in section(page(make_run(200)), "problems").select("tbody tr td:nth-of-type(1)")
    ]
    assert words == sorted(words, reverse=True)
    assert {"partial", "unreadable"} == set(words)


def test_details_hold_what_staff_need(page: Page, make_run: Callable[..., GradeRun]) -> None:
    run = make_run(30)
    data = details(page(run))
    for row, submission in zip(data["rows"], run.submissions, strict=True):
        wanted = [t for q in submission.questions for t in q.tests if t.outcome is not Outcome.PASSED]
        assert [[data["texts"][i] for i in test[2:]] for test in row["tests"]] == [
            [t.outcome, t.hint, t.detail] for t in wanted
        ]


def test_markup_written_by_students_stays_text(page: Page) -> None:
    soup = page(evil_run())
    assert soup.find("img") is None
    assert len(soup.find_all("script")) == 2  # the data and the page's own
    row = soup.select_one("#class > tbody > tr")
    assert row.th.get_text() == EVIL
    assert soup.select_one("#hints .hint").get_text() == EVIL
    assert [li.get_text() for li in soup.select("#problems li")] == [EVIL, EVIL]
    assert EVIL in details(soup)["texts"]


def hand_in(course: Course, student: str, code: str) -> None:
    """An autograded notebook with one answer."""
    about = {"nbgrader": {"grade_id": "reparameterize", "solution": True}}
    cell = {"cell_type": "code", "metadata": about, "source": code.splitlines(keepends=True)}
    folder = course.autograded / student / "vae"
    folder.mkdir(parents=True)
    (folder / "vae.ipynb").write_text(json.dumps({"cells": [cell]}))


def test_what_to_go_over_in_class_has_an_example_that_names_nobody(
    course: Course, vae: Assignment, tmp_path: Path
) -> None:
    here = Course(root=course.root, data=tmp_path, settings=course.settings)
    code = f"def reparameterize(mu, logvar):\n    # by ada\n    ada = {EVIL!r}\n    return mu + logvar.exp() * ada\n"
    hand_in(here, "ada", code)
    run = one_of_two("ada", "The spread.", "Half of it.")
    soup = BeautifulSoup(render(build_report(here, vae, run, WHEN)), "html.parser")
    ideas = section(soup, "misconceptions")
    assert (
        ideas.select_one(".say")
        .get_text(" ", strip=True)
        .endswith("about half of you got stuck here: The spread. Half of it.")
    )
    student, reference = (pre.get_text() for pre in ideas.select("pre"))
    assert "return mu + logvar.exp() * name_1" in student
    assert "ada" not in student
    assert "def reparameterize(mu: torch.Tensor" in reference
    assert ideas.find("img") is None


@pytest.mark.parametrize("content", ["", "[]", '{"cells": [3]}', '{"cells": [{"metadata": 5}]}', '{"cells": {"a": 1}}'])
def test_a_notebook_that_was_spoilt_costs_the_example_alone(
    course: Course, vae: Assignment, tmp_path: Path, content: str
) -> None:
    here = Course(root=course.root, data=tmp_path, settings=course.settings)
    hand_in(here, "ada", "")
    (here.autograded / "ada" / "vae" / "vae.ipynb").write_text(content)
    soup = BeautifulSoup(render(build_report(here, vae, one_of_two("ada", EVIL, EVIL), WHEN)), "html.parser")
    ideas = section(soup, "misconceptions")
    assert ideas.find(["pre", "img", "script"]) is None
    assert ideas.select_one("h3").get_text().endswith(EVIL)


def test_the_page_loads_nothing(page: Page, make_run: Callable[..., GradeRun]) -> None:
    soup = page(make_run())
    assert not soup.find_all(["link", "img", "iframe", "object", "embed", "base", "audio", "video", "source"])
    assert not soup.find_all(src=True)
    assert "http:" not in str(soup)
    assert "https:" not in str(soup)
    assert not re.search(r"@import|url\(", soup.style.string)
    assert {a["href"][0] for a in soup.find_all("a")} <= {"#", "s", "."}


def test_the_policy_allows_nothing_but_inline_style_and_one_script(
    page: Page, make_run: Callable[..., GradeRun]
) -> None:
    meta = page(make_run(3)).find("meta", attrs={"http-equiv": "Content-Security-Policy"})
    rules = dict(rule.strip().split(" ", 1) for rule in meta["content"].split(";"))
    assert rules["default-src"] == "'none'"
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/=]{44}'", rules["script-src"])


def test_tables_are_labelled(page: Page, make_run: Callable[..., GradeRun]) -> None:
    soup = page(make_run())
    for table in soup.find_all("table"):
        assert table.caption.get_text(strip=True)
        assert all(th.get("scope") in ("row", "col") for th in table.find_all("th"))
    identifiers = [tag["id"] for tag in soup.find_all(id=True)]
    assert len(identifiers) == len(set(identifiers))
    for field in soup.select("input, select"):
        assert field.find_parent("label")
    for link in soup.select('a[href^="#"]'):
        assert soup.find(id=link["href"][1:]), link


def test_the_chart_says_in_words_what_it_shows(page: Page, make_run: Callable[..., GradeRun]) -> None:
    scores = section(page(make_run()), "scores")
    assert scores.svg["role"] == "img"
    assert "median" in scores.svg.title.get_text()
    readable = sum(s.status is not Status.UNREADABLE for s in make_run().submissions)
    assert sum(int(td.get_text()) for td in scores.select("details td")) == readable


def test_an_empty_run_says_what_to_do(page: Page) -> None:
    text = page(GradeRun("vae", "bubblewrap")).get_text()
    assert "autograder grade vae" in text
    assert "no scores to show" in text


def test_a_run_of_unreadable_submissions_only(page: Page) -> None:
    soup = page(
        GradeRun("vae", "bubblewrap", tuple(SubmissionResult(f"s{n}", Status.UNREADABLE, 0, 90) for n in range(3)))
    )
    assert soup.svg is None
    assert len(soup.select("#problems tbody tr")) == 3
    assert len(soup.select("#class tbody tr")) == 3


def test_links_lead_to_files_that_exist(course: Course, vae: Assignment, tmp_path: Path) -> None:
    """Names are percent-encoded, links exist only where the file does, and none leaves the class's folder."""
    here = Course(root=course.root, data=tmp_path, settings=course.settings)
    for folder, file in ((here.autograded, "vae.ipynb"), (here.feedback, "vae.html")):
        (folder / "a#b?c%d é" / "vae").mkdir(parents=True)
        (folder / "a#b?c%d é" / "vae" / file).touch()
    names = ("a#b?c%d é", "nobody", "..", "x/../../etc", "", "n\0ul")
    run = GradeRun("vae", "bubblewrap", tuple(SubmissionResult(n, Status.GRADED, 0, 90) for n in names))
    first, *others = build_report(here, vae, run, WHEN).students
    assert first.notebook == "../../autograded/a%23b%3Fc%25d%20%C3%A9/vae/vae.ipynb"
    assert first.feedback == "../../feedback/a%23b%3Fc%25d%20%C3%A9/vae/vae.html"
    assert all(not s.notebook and not s.feedback for s in others)


def test_scores_are_printed_briefly() -> None:
    assert [number(v) for v in (10.0, 7.25, 0.0, 86.5)] == ["10", "7.2", "0", "86.5"]
    assert number(-0.25, 2) == "−0.25"
    assert [percent(v) for v in (0.0, 0.001, 0.5, 0.999, 1.0)] == ["0 %", "< 1 %", "50 %", "> 99 %", "100 %"]


def test_names_break_between_words_and_stay_escaped() -> None:
    assert breakable("kl_divergence") == "kl_<wbr>divergence"
    assert breakable("ConditionalVAE") == "Conditional<wbr>VAE"
    assert "<b>" not in breakable("<b>_x")


@pytest.mark.parametrize("theme", [0, 1])
def test_colours_have_enough_contrast(page: Page, theme: int) -> None:
    """WCAG AA: 4.5 to 1 for text, in the light theme (0) and in the dark one (1)."""
    css = page(GradeRun("vae", "bubblewrap")).style.string
    blocks = re.findall(r":root \{(.*?)\}", css, flags=re.S)
    colours = {k: v for block in blocks[: theme + 1] for k, v in re.findall(r"--([\w-]+): (#\w+)", block)}
    pairs = [
        (text, ground)
        for text in ("ink", "soft", "accent", "good", "warn", "bad")
        for ground in ("page", "paper", "hover")
    ]
    for text, ground in [*pairs, ("ink", "tint"), ("ink", "warn-tint"), ("warn", "warn-tint"), ("bad", "bad-tint")]:
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)


def contrast(one: str, other: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * d for d in colour[1:])
    channels = (int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
