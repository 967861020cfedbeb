"""Every attack meets what it must meet: no points, no leak, nothing left behind, nobody harmed, somebody told.

`make attacks` prints the same as a table.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.platform.attacks.active import active_elements, ran_in_browser, with_browser
from tests.platform.attacks.case import Case
from tests.platform.attacks.catalogue import CASES, CLASS_OF
from tests.platform.attacks.hand_in import BASELINE, NEIGHBOUR
from tests.platform.attacks.outcome import judge, leaks_about_all
from tests.platform.attacks.run import Campaign
from tests.platform.attacks.target import NAME

pytestmark = pytest.mark.slow
ACTIVE = [case for case in CASES if case.id.startswith("active-")]


def test_the_catalogue_is_whole() -> None:
    """Every id is there once, and no class of attack is empty."""
    assert [name for name, count in Counter(case.id for case in CASES).items() if count > 1] == []
    assert len(CASES) >= 270
    assert min(Counter(CLASS_OF.values()).values()) >= 15


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_attack(campaign: Campaign, case: Case) -> None:
    """What the attack tried did not work."""
    outcome = judge(campaign, case)
    assert outcome.held, outcome.complaint


def test_honest_work_is_graded(campaign: Campaign) -> None:
    """Otherwise nothing above means anything: right answers have full marks, wrong ones some, and all were graded."""
    for each in campaign.classes:
        assert each.exit_status == 1, each.printed  # 1: a person must look, which is right
        assert each.results[NEIGHBOUR]["score"] == 90.0
        assert 0 < each.results[BASELINE]["score"] < 30.0
        assert len(each.results) == 2 + 2 * len(each.students)


def test_nothing_is_left_behind(campaign: Campaign) -> None:
    """No process, no file, no socket, no shared memory."""
    assert campaign.left == []


def test_nothing_was_changed(campaign: Campaign) -> None:
    """Neither the course nor what anybody handed in."""
    assert campaign.changed == []


def test_nobody_called(campaign: Campaign) -> None:
    """Over TCP, UDP, abstract or ordinary unix sockets."""
    assert campaign.visitors == []


def test_nothing_leaks_to_everybody(campaign: Campaign) -> None:
    """Report, tables and logs hold no canary and nothing that a terminal acts on."""
    assert leaks_about_all(campaign) == []


def test_staff_is_told_first_what_was_noticed(campaign: Campaign) -> None:
    """Of all that was noticed, the student of each case is asked about by `partial`."""
    for each in campaign.classes:
        for student, result in each.results.items():
            if any(problem.startswith("Noticed") for problem in result["problems"]):
                assert result["status"] == "partial", student


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_feedback_page_holds_nothing_active(campaign: Campaign, case: Case) -> None:
    """A page has the scripts, handlers, frames and links of an honest student's page, and no other."""
    each = campaign.class_of(case)
    pages = each.course.feedback
    honest = (pages / NEIGHBOUR / NAME / f"{NAME}.html").read_text()
    page = (pages / each.students[case.id] / NAME / f"{NAME}.html").read_text()
    assert active_elements(page) - active_elements(honest) == Counter()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_page_to_be_sent_holds_nothing_active(campaign: Campaign, case: Case) -> None:
    """The same of the short page."""
    each = campaign.class_of(case)
    pages = each.course.reports / NAME / "feedback"
    honest, page = ((pages / f"{student}.html").read_text() for student in (NEIGHBOUR, each.students[case.id]))
    assert active_elements(page) - active_elements(honest) == Counter()


@with_browser
@pytest.mark.parametrize("case", ACTIVE, ids=lambda case: case.id)
def test_a_browser_runs_nothing(campaign: Campaign, case: Case) -> None:
    """The payloads of the student's page, in a real browser."""
    each = campaign.class_of(case)
    assert not ran_in_browser(each.course.feedback / each.students[case.id] / NAME / f"{NAME}.html")


@with_browser
def test_a_browser_runs_nothing_in_the_report(campaign: Campaign) -> None:
    """Errors, events and names of all students are in it."""
    for each in campaign.classes:
        assert not ran_in_browser(each.course.reports / NAME / "index.html")
