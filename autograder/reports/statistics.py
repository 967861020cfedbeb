"""Statistics of one grade run: scores, questions, tests (items) and hints. Pure functions.

Submissions that could not be read tell nothing about the questions, so they are left out of all
figures here; the report counts them apart. Item statistics are those of classical test theory:
https://en.wikipedia.org/wiki/Item_analysis
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.results import GradeRun, Outcome, QuestionResult, Status, SubmissionResult, TestResult

FEWEST_FOR_DISCRIMINATION = 10  # below, a correlation is noise
FEWEST_FOR_CONCERN = 20
AGAINST_THE_GRAIN = -0.1
FULL_MARKS_TOLERANCE = 1e-6


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
class QuestionStatistics:
    """One question over the class. `full`, `some` and `none` count students by the marks they got."""

    name: str
    points: float
    mean: float
    full: int
    some: int
    none: int
    carried: int  # graded with the reference's version of a question it depends on

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


def question_statistics(submissions: Iterable[SubmissionResult]) -> tuple[QuestionStatistics, ...]:
    """In the order in which the questions first occur."""
    answers: dict[str, list[QuestionResult]] = {}
    for submission in submissions:
        for question in submission.questions:
            answers.setdefault(question.name, []).append(question)
    return tuple(_question(name, results) for name, results in answers.items())


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


def worths(question: QuestionResult) -> tuple[float, ...]:
    """Points that each test of a question gives."""
    total = sum(t.weight for t in question.tests)
    return tuple(question.points * t.weight / total if total > 0 else 0.0 for t in question.tests)


def _question(name: str, results: Sequence[QuestionResult]) -> QuestionStatistics:
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
    if len(ran) < FEWEST_FOR_DISCRIMINATION:
        return None
    passed = [float(p) for _, p, _ in ran]
    rest = [score - worth * p for score, p, worth in ran]
    if min(passed) == max(passed) or max(rest) - min(rest) < FULL_MARKS_TOLERANCE:
        return None
    return statistics.correlation(passed, rest)


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
