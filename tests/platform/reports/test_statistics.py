"""The report's figures agree with pandas' and with what can be counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

import pandas as pd
import pytest

from autograder.reports.statistics import (
    hint_statistics,
    histogram,
    in_words,
    item_statistics,
    question_statistics,
    readable,
    reliability,
    slow_submissions,
    summarise_scores,
)
from autograder.results import GradeRun, Outcome, QuestionResult, Status, SubmissionResult, TestResult

MakeRun = Callable[..., GradeRun]


def frame(run: GradeRun) -> pd.DataFrame:
    """One row a test of a readable submission: the independent way to the same figures."""
    return pd.DataFrame(
        {
            "student": s.student,
            "total": s.score,
            "question": q.name,
            "test": t.name,
            "outcome": str(t.outcome),
            "gain": q.points * t.weight / sum(u.weight for u in q.tests) * (t.outcome == "passed"),
        }
        for s in run.submissions
        if s.status != "unreadable"
        for q in s.questions
        for t in q.tests
    )


def one(student: str, *outcomes: Outcome, hint: str = "Look again.") -> SubmissionResult:
    """A submission of one question, a point and a test for each outcome."""
    tests = tuple(
        TestResult(f"test_{n}", f"Test {n}.", o, 1.0, "" if o is Outcome.PASSED else hint)
        for n, o in enumerate(outcomes)
    )
    score = float(sum(o is Outcome.PASSED for o in outcomes))
    question = QuestionResult("f", float(len(outcomes)), score, (), tests)
    return SubmissionResult(student, Status.GRADED, score, float(len(outcomes)), questions=(question,))


@pytest.mark.parametrize("students", [2, 3, 4, 57, 200])
def test_score_summary_agrees_with_pandas(make_run: MakeRun, students: int) -> None:
    scores = [s.score for s in readable(make_run(students, seed=students))]
    summary, series = summarise_scores(scores), pd.Series(scores)
    assert summary is not None
    assert summary.count == len(scores)
    assert summary.mean == pytest.approx(series.mean())
    assert (summary.lowest, summary.highest) == (series.min(), series.max())
    wanted = series.quantile([0.25, 0.5, 0.75]).tolist()
    assert [summary.lower_quartile, summary.median, summary.upper_quartile] == pytest.approx(wanted)


def test_score_summary_of_nobody_and_of_one() -> None:
    assert summarise_scores([]) is None
    alone = summarise_scores([4.5])
    assert alone is not None
    assert (alone.lower_quartile, alone.median, alone.upper_quartile, alone.count) == (4.5, 4.5, 4.5, 1)


def test_histogram_puts_edges_into_the_bin_they_begin_and_full_marks_into_the_last() -> None:
    assert histogram([0.0, 0.1, 0.3, 0.29999, 0.7, 0.9, 1.0], 10) == (1, 1, 1, 1, 0, 0, 0, 1, 0, 2)


def test_histogram_counts_everybody(make_run: MakeRun) -> None:
    run = make_run(300)
    assert sum(histogram((s.score / s.max_score for s in run.submissions), 20)) == 300


def test_item_outcomes_and_pass_rates_agree_with_pandas(make_run: MakeRun) -> None:
    run = make_run(120, seed=3)
    counts = frame(run).groupby(["question", "test"])["outcome"].value_counts().unstack(fill_value=0)
    items = item_statistics(readable(run))
    assert {(i.question, i.name) for i in items} == set(counts.index)
    for item in items:
        row = counts.loc[(item.question, item.name)]
        assert {str(k): v for k, v in item.outcomes.items()} == row[row > 0].to_dict()
        assert item.pass_rate == pytest.approx(row["passed"] / row.sum())


def test_discrimination_is_the_correlation_with_the_score_on_the_rest(make_run: MakeRun) -> None:
    run = make_run(120, seed=4)
    data = frame(run)
    seen = 0
    for item in item_statistics(readable(run)):
        rows = data[(data.question == item.question) & (data.test == item.name)]
        passed = (rows.outcome == "passed").astype(float)
        if passed.nunique() == 1:
            assert item.discrimination is None
        else:
            assert item.discrimination == pytest.approx(passed.corr(rows.total - rows.gain), abs=1e-4)
            seen += 1
    assert seen > 20


def test_question_means_and_shares_agree_with_pandas(make_run: MakeRun) -> None:
    run = make_run(80, seed=5)
    scores = pd.DataFrame({q.name: q.score for q in s.questions} for s in readable(run))
    for q in question_statistics(readable(run)):
        column = scores[q.name]
        assert q.mean == pytest.approx(column.mean())
        assert (q.full, q.none) == ((column >= q.points - 1e-6).sum(), (column == 0).sum())
        assert q.full + q.some + q.none == q.count == len(column)


def test_discrimination_of_a_question_is_its_correlation_with_the_others(make_run: MakeRun) -> None:
    run = make_run(120, seed=6)
    scores = pd.DataFrame({q.name: q.score for q in s.questions} for s in readable(run))
    for q in question_statistics(readable(run)):
        expected = scores[q.name].corr(scores.drop(columns=q.name).sum(axis=1))
        assert q.discrimination == pytest.approx(expected, abs=1e-4)


def test_reliability_agrees_with_the_covariance_matrix(make_run: MakeRun) -> None:
    """The other form of Cronbach's alpha: k mean covariance / (mean variance + (k - 1) mean covariance)."""
    run = make_run(120, seed=7)
    found = reliability(readable(run))
    scores = pd.DataFrame({q.name: q.score for q in s.questions} for s in readable(run))
    covariance, k = scores.cov().to_numpy(), scores.shape[1]
    variance = covariance.diagonal().mean()
    between = (covariance.sum() - covariance.trace()) / (k * (k - 1))
    assert found is not None
    assert found.alpha == pytest.approx(k * between / (variance + (k - 1) * between))
    assert found.standard_error == pytest.approx(scores.sum(axis=1).std() * (1 - found.alpha) ** 0.5)


def with_scores(*scores: float) -> SubmissionResult:
    questions = tuple(QuestionResult(f"q{n}", 10, score) for n, score in enumerate(scores))
    return SubmissionResult("s", Status.GRADED, sum(scores), 10.0 * len(scores), questions=questions)


def test_questions_that_agree_are_reliable_and_those_that_oppose_each_other_are_not() -> None:
    alike = reliability([with_scores(n, n, n) for n in range(11)])
    assert alike is not None
    assert (alike.alpha, alike.standard_error) == pytest.approx((1.0, 0.0))
    assert alike.reading.startswith("very high")
    opposed = reliability([with_scores(n, 10 - n, n / 2) for n in range(11)])
    assert opposed is not None
    assert opposed.alpha < 0
    assert opposed.reading.startswith("low")


def test_no_reliability_of_few_students_one_question_or_equal_scores() -> None:
    assert reliability([]) is None
    assert reliability([with_scores(n, n) for n in range(9)]) is None
    assert reliability([with_scores(n) for n in range(11)]) is None
    assert reliability([with_scores(5, 5)] * 11) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.5, "well"), (0.4, "well"), (0.3, "students apart"), (0.1, "little"), (-0.1, "misleads"), (None, "too few")],
)
def test_every_discrimination_has_words(value: float | None, words: str) -> None:
    assert words in in_words(value)


def test_unreadable_submissions_are_left_out(make_run: MakeRun) -> None:
    run = make_run(200)
    unreadable = sum(s.status is Status.UNREADABLE for s in run.submissions)
    assert unreadable > 0
    assert len(readable(run)) == 200 - unreadable


def test_hints_rank_by_students_and_count_a_student_once() -> None:
    twice = one("ada", Outcome.FAILED)
    question = twice.questions[0]
    repeated = SubmissionResult("ada", Status.GRADED, 0, 2, questions=(question, question))
    run = [repeated, one("bob", Outcome.FAILED), one("cy", Outcome.FAILED, hint="Another thing.")]
    assert [(h.hint, h.students) for h in hint_statistics(run)] == [
        ("Look again.", ("ada", "bob")),
        ("Another thing.", ("cy",)),
    ]


def test_empty_hints_and_hints_of_passed_tests_are_not_listed() -> None:
    passed = TestResult("t", "T.", Outcome.PASSED, 1, "not shown")
    silent = TestResult("u", "U.", Outcome.FAILED, 1, "")
    submission = SubmissionResult(
        "ada", Status.GRADED, 1, 2, questions=(QuestionResult("f", 2, 1, (), (passed, silent)),)
    )
    assert hint_statistics([submission]) == ()


def test_a_test_that_nobody_passes_or_that_broke_is_flagged() -> None:
    run = [one(f"s{n}", Outcome.PASSED, Outcome.FAILED, Outcome.ERROR if n == 1 else Outcome.PASSED) for n in range(4)]
    fine, nobody, broke = item_statistics(run)
    assert fine.concerns == ()
    assert nobody.concerns == ("Nobody passed.",)
    assert broke.concerns == ("The test itself broke for 1 of 4 students.",)
    assert [item.is_broken for item in (fine, nobody, broke)] == [False, True, True]


def test_skipped_tests_tell_nothing_about_the_pass_rate() -> None:
    some = item_statistics([one("a", Outcome.SKIPPED), one("b", Outcome.PASSED), one("c", Outcome.FAILED)])[0]
    assert (some.ran, some.pass_rate) == (2, 0.5)
    none = item_statistics([one("a", Outcome.SKIPPED)])[0]
    assert none.pass_rate is None
    assert none.concerns == ("Skipped for everybody; it may need a GPU.",)


def test_a_test_that_good_students_fail_is_flagged() -> None:
    good = [one(f"g{n}", Outcome.FAILED, *[Outcome.PASSED] * 5) for n in range(10)]
    weak = [one(f"w{n}", Outcome.PASSED, *[Outcome.FAILED] * 5) for n in range(10)]
    upside_down, *others = item_statistics([*good, *weak])
    assert upside_down.discrimination == pytest.approx(-1)
    assert len(upside_down.concerns) == 1
    assert not upside_down.is_broken, "it may be right, and what good students believe may be wrong"
    assert all(not item.concerns for item in others)


def test_small_classes_have_no_discrimination() -> None:
    items = item_statistics(
        [one(f"s{n}", Outcome.PASSED if n % 2 else Outcome.FAILED, Outcome.PASSED) for n in range(9)]
    )
    assert all(item.discrimination is None for item in items)


def took(student: str, seconds: float, *tests: float) -> SubmissionResult:
    results = tuple(TestResult(f"test_{n}", f"Test {n}.", Outcome.PASSED, 1.0, "", s) for n, s in enumerate(tests))
    return SubmissionResult(student, Status.GRADED, 1, 1, seconds, questions=(QuestionResult("q", 1, 1, (), results),))


def test_a_planted_slow_submission_is_on_top_with_where_it_lost_the_time() -> None:
    others = [took(f"s{n}", 0.8 + n / 100, 0.4, 0.4) for n in range(30)]
    found = slow_submissions([*others, took("ada", 12.0, 0.1, 11.5), took("bo", 9.0, 0.1, 0.1)])
    assert [(s.student, s.test) for s in found] == [("ada", ("q", "Test 1.", 11.5)), ("bo", None)]
    assert found[0].times == pytest.approx(12 / median([*(0.8 + n / 100 for n in range(30)), 12, 9]))


def test_what_nobody_waits_for_is_not_called_slow() -> None:
    assert slow_submissions([*(took(f"s{n}", 0.1) for n in range(9)), took("ada", 1.0)]) == ()
    assert slow_submissions([]) == ()
    assert [s.times for s in slow_submissions([took("a", 0), took("b", 0), took("c", 5.0)])] == [float("inf")]
