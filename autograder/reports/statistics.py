"""Statistics of one grade run: scores, questions, tests (items) and hints. Pure functions.

Submissions that could not be read tell nothing about the questions, so they are left out of all
figures here; the report counts them apart. Item statistics are those of classical test theory:
https://en.wikipedia.org/wiki/Item_analysis
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.results import GradeRun, Outcome, QuestionResult, Status, SubmissionResult, TestResult

FEWEST_FOR_DISCRIMINATION = 10  # below, a correlation is noise
FEWEST_FOR_CONCERN = 20
AGAINST_THE_GRAIN = -0.1
FULL_MARKS_TOLERANCE = 1e-6
SLOW_FACTOR = 3.0  # times the class's median
SLOW_S = 2.0  # at least: below, nobody waits for it
MOST_SLOW = 10
ALPHA_READINGS = (
    (0.9, "very high: the scores rank the students well, down to small differences"),
    (0.8, "high: differences of a few points mean something"),
    (0.7, "fair: large differences mean something, small ones do not"),
)
DISCRIMINATION_READINGS = (
    (0.4, "tells students apart well"),
    (0.2, "tells students apart"),
    (0.0, "says little about the rest"),
)


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """Scores in points. Quartiles interpolate linearly between neighbours, as pandas does."""

    count: int
    mean: float
    lowest: float
    lower_quartile: float
    median: float
    upper_quartile: float
    highest: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far the scores tell students apart, and not chance: Cronbach's alpha over the questions.

    Questions and not tests are the items: the tests of one question look at the same few lines, so they agree with
    each other whatever the student knows, and would make the figure too good.

    Attributes:
        alpha: 1 where all questions rank the students alike, 0 where they have nothing in common; may be negative.
        items: how many questions.
        standard_error: of one score, in points: the scores' standard deviation times sqrt(1 - alpha).
    """

    alpha: float
    items: int
    standard_error: float

    @property
    def reading(self) -> str:
        """In plain words, after the usual bands (Nunnally 1978)."""
        for least, words in ALPHA_READINGS:
            if self.alpha >= least:
                return words
        return "low: much of the difference between two scores is chance"


@dataclass(frozen=True, slots=True)
class QuestionStatistics:
    """One question over the class. `full`, `some` and `none` count students by the marks they got.

    Attributes:
        discrimination: correlation of the question's score with the score on all others, −1..1; None as for a test.
    """

    name: str
    points: float
    mean: float
    full: int
    some: int
    none: int
    carried: int  # graded with the reference's version of a question it depends on
    discrimination: float | None = None

    @property
    def count(self) -> int:
        return self.full + self.some + self.none

    @property
    def mean_share(self) -> float:
        """Mean score over points, 0..1."""
        return self.mean / self.points if self.points > 0 else 0.0


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """One test over the class.

    Attributes:
        worth: points that the test gives, the question's points × its share of the weights.
        outcomes: how often each outcome occurred.
        discrimination: correlation of passing with the score on everything else, −1..1; None
            where the class is small, or everybody or nobody passed.
    """

    question: str
    name: str
    title: str
    worth: float
    outcomes: Mapping[Outcome, int]
    discrimination: float | None

    @property
    def ran(self) -> int:
        """Students for whom the test ran; skipped tests tell nothing."""
        return sum(n for outcome, n in self.outcomes.items() if outcome is not Outcome.SKIPPED)

    @property
    def passed(self) -> int:
        return self.outcomes.get(Outcome.PASSED, 0)

    @property
    def pass_rate(self) -> float | None:
        """0..1, or None where the test ran for nobody."""
        return self.passed / self.ran if self.ran else None

    @property
    def difficulty(self) -> str:
        """The usual bands of the pass rate: hard below 30 %, easy above 70 %."""
        if self.pass_rate is None:
            return "not run"
        return "hard" if self.pass_rate < 0.3 else "medium" if self.pass_rate <= 0.7 else "easy"

    @property
    def is_broken(self) -> bool:
        """Whether failing it says nothing about an answer: it broke itself, or nobody passed."""
        return bool(self.outcomes.get(Outcome.ERROR)) or self.passed == 0

    @property
    def concerns(self) -> tuple[str, ...]:
        """Why an instructor should look at the test itself; empty where nothing is odd."""
        return tuple(_concerns(self))


@dataclass(frozen=True, slots=True)
class HintStatistics:
    """One hint of one test, and the students who saw it, in the run's order."""

    hint: str
    question: str
    test: str
    title: str
    students: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SlowSubmission:
    """One that took much longer than the others.

    Attributes:
        seconds: of all of it, `times` as long as the class's median.
        test: (question, title, seconds) of its slowest test; None where the notebook's own cells took the time.
    """

    student: str
    seconds: float
    times: float
    test: tuple[str, str, float] | None


def readable(run: GradeRun) -> tuple[SubmissionResult, ...]:
    """The submissions of which something could be graded."""
    return tuple(s for s in run.submissions if s.status is not Status.UNREADABLE)


def summarise_scores(scores: Sequence[float]) -> ScoreSummary | None:
    """None for an empty sequence."""
    if not scores:
        return None
    low, middle, high = statistics.quantiles(scores, n=4, method="inclusive") if len(scores) > 1 else [scores[0]] * 3
    return ScoreSummary(len(scores), statistics.fmean(scores), min(scores), low, middle, high, max(scores))


def histogram(shares: Iterable[float], bins: int) -> tuple[int, ...]:
    """Counts of shares (0..1) in equally wide bins; a bin holds its lower edge, the last one also holds 1."""
    counts = Counter(max(0, min(int(share * bins + 1e-9), bins - 1)) for share in shares)
    return tuple(counts[n] for n in range(bins))


def question_statistics(submissions: Sequence[SubmissionResult]) -> tuple[QuestionStatistics, ...]:
    """In the order in which the questions first occur."""
    answers: dict[str, list[QuestionResult]] = {}
    for submission in submissions:
        for question in submission.questions:
            answers.setdefault(question.name, []).append(question)
    return tuple(_question(name, results, _rest(name, results, submissions)) for name, results in answers.items())


def reliability(submissions: Sequence[SubmissionResult]) -> Reliability | None:
    """Cronbach's alpha, k / (k - 1) (1 - sum of the items' variances / variance of the sums).

    Of the questions that every one of these submissions has a score for; None where there are fewer than two of them,
    the class is small, or all have the same score.
    """
    tables = [{q.name: q.score for q in submission.questions} for submission in submissions]
    names = [name for name in (tables[0] if tables else ()) if all(name in table for table in tables)]
    if len(names) < 2 or len(tables) < FEWEST_FOR_DISCRIMINATION:
        return None
    total = statistics.variance([sum(table[name] for name in names) for table in tables])
    if total < FULL_MARKS_TOLERANCE:
        return None
    single = sum(statistics.variance([table[name] for table in tables]) for name in names)
    alpha = len(names) / (len(names) - 1) * (1 - single / total)
    return Reliability(alpha, len(names), math.sqrt(total * max(0.0, 1 - alpha)))


def in_words(discrimination: float | None) -> str:
    """What a discrimination says, in plain words."""
    if discrimination is None:
        return "too few students, or all fared alike"
    for least, words in DISCRIMINATION_READINGS:
        if discrimination >= least:
            return words
    return "misleads: who does well on the rest does worse here"


def item_statistics(submissions: Sequence[SubmissionResult]) -> tuple[ItemStatistics, ...]:
    """In the order in which the tests first occur."""
    runs: dict[tuple[str, str], list[tuple[SubmissionResult, TestResult, float]]] = {}
    for submission in submissions:
        for question in submission.questions:
            for test, worth in zip(question.tests, worths(question), strict=True):
                runs.setdefault((question.name, test.name), []).append((submission, test, worth))
    return tuple(_item(question, found) for (question, _), found in runs.items())


def hint_statistics(submissions: Iterable[SubmissionResult]) -> tuple[HintStatistics, ...]:
    """Every hint shown, most students first. A student who saw a hint of a test twice counts once."""
    seen: dict[tuple[str, str, str], dict[str, None]] = {}
    titles: dict[tuple[str, str, str], str] = {}
    for submission in submissions:
        for question in submission.questions:
            for test in question.tests:
                if test.hint and test.outcome is not Outcome.PASSED:
                    key = (test.hint, question.name, test.name)
                    seen.setdefault(key, {}).setdefault(submission.student)
                    titles.setdefault(key, test.title)
    found = [HintStatistics(*key, titles[key], tuple(students)) for key, students in seen.items()]
    return tuple(sorted(found, key=lambda h: (-len(h.students), h.question, h.test, h.hint)))


def slow_submissions(submissions: Sequence[SubmissionResult]) -> tuple[SlowSubmission, ...]:
    """Those that took `SLOW_FACTOR` times as long as the median, the slowest first, `MOST_SLOW` at most."""
    if not submissions:
        return ()
    median = statistics.median(s.seconds for s in submissions)
    limit = max(SLOW_S, SLOW_FACTOR * median)
    slow = sorted((s for s in submissions if s.seconds >= limit), key=lambda s: (-s.seconds, s.student))
    return tuple(_slow(submission, median) for submission in slow[:MOST_SLOW])


def _slow(submission: SubmissionResult, median: float) -> SlowSubmission:
    tests = [(q.name, t.title or t.name, t.seconds) for q in submission.questions for t in q.tests]
    slowest = max(tests, key=lambda test: test[2], default=None)
    in_tests = sum(seconds for _, _, seconds in tests)
    telling = slowest if slowest is not None and in_tests >= submission.seconds / 2 else None
    times = submission.seconds / median if median > 0 else math.inf
    return SlowSubmission(submission.student, submission.seconds, times, telling)


def worths(question: QuestionResult) -> tuple[float, ...]:
    """Points that each test of a question gives."""
    total = sum(t.weight for t in question.tests)
    return tuple(question.points * t.weight / total if total > 0 else 0.0 for t in question.tests)


def _rest(name: str, results: Sequence[QuestionResult], submissions: Sequence[SubmissionResult]) -> list[float]:
    """The score on everything else, of those who have a result for this question."""
    totals = [s.score for s in submissions for q in s.questions if q.name == name]
    return [total - result.score for total, result in zip(totals, results, strict=True)]


def _question(name: str, results: Sequence[QuestionResult], rest: Sequence[float]) -> QuestionStatistics:
    full = sum(r.score >= r.points - FULL_MARKS_TOLERANCE for r in results)
    none = sum(r.score <= FULL_MARKS_TOLERANCE < r.points for r in results)
    return QuestionStatistics(
        name=name,
        points=results[-1].points,
        mean=statistics.fmean(r.score for r in results),
        full=full,
        some=len(results) - full - none,
        none=none,
        carried=sum(bool(r.carried_forward) for r in results),
        discrimination=_correlation([r.score for r in results], rest),
    )


def _item(question: str, found: Sequence[tuple[SubmissionResult, TestResult, float]]) -> ItemStatistics:
    _, test, worth = found[-1]
    return ItemStatistics(
        question=question,
        name=test.name,
        title=test.title,
        worth=worth,
        outcomes=Counter(t.outcome for _, t, _ in found),
        discrimination=_discrimination(found),
    )


def _discrimination(found: Sequence[tuple[SubmissionResult, TestResult, float]]) -> float | None:
    """Pearson correlation of passing (0 or 1) with the score without the points of this test."""
    ran = [(s.score, t.outcome is Outcome.PASSED, worth) for s, t, worth in found if t.outcome is not Outcome.SKIPPED]
    return _correlation([float(passed) for _, passed, _ in ran], [score - worth * p for score, p, worth in ran])


def _correlation(values: Sequence[float], rest: Sequence[float]) -> float | None:
    """Pearson's; None where the class is small, or one of the two is the same for all."""
    if len(values) < FEWEST_FOR_DISCRIMINATION:
        return None
    if max(values) - min(values) < FULL_MARKS_TOLERANCE or max(rest) - min(rest) < FULL_MARKS_TOLERANCE:
        return None
    return statistics.correlation(values, rest)


def _concerns(item: ItemStatistics) -> Iterable[str]:
    broke = item.outcomes.get(Outcome.ERROR, 0)
    if broke:
        yield f"The test itself broke for {broke} of {item.ran} students."
    if item.ran == 0:
        yield "Skipped for everybody; it may need a GPU."
    elif item.passed == 0 and broke < item.ran:
        yield "Nobody passed." if item.ran > 1 else "Nobody passed, but only one student was graded."
    if item.discrimination is not None and item.discrimination < AGAINST_THE_GRAIN and item.ran >= FEWEST_FOR_CONCERN:
        yield "Students who do well on the rest fail it more often than the others; it may reject correct answers."
