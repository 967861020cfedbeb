"""What this class has not understood: the ideas that hold most students back, each with an example to show.

Tests are seeded, so the same mistake fails the same tests with the same hints: students who saw the same
hints of a question share one misconception. Of these hints the one that fewest others saw names it best.

A test that good students fail more often than others may be wrong, or may have met an idea that good students share:
nothing here can tell, so such an idea is listed, and whoever shows it says that the test is to be looked at first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.reports.anonymous import anonymous, words, written_by_several
from autograder.reports.statistics import worths
from autograder.results import NOT_DEFINED, NOT_IMPLEMENTED, Outcome, QuestionResult, SubmissionResult

MOST_SHOWN = 8
LARGE_CLASS = 10  # from here on, what one student alone got wrong is no matter for the lecture
CANDIDATES = 12  # answers that are read for one example
LONGEST_EXAMPLE = 60  # lines

Answers = Callable[[str], Mapping[str, str]]  # student -> question -> code


@dataclass(frozen=True, slots=True)
class Misconception:
    """One idea that students got wrong.

    Attributes:
        question: where.
        hint: what they were told, and few others.
        title: of the test that told them.
        also: the other hints that they all saw.
        tests: which showed these hints to any of them.
        students: whom it holds back, in the run's order.
        points_lost: by the tests that showed these hints, all students together.
        example: one student's code without what points to the student; "" where none could be read.
        reference: the course's own code for the question, in the same form.
    """

    question: str
    hint: str
    title: str
    also: tuple[str, ...]
    tests: frozenset[str]
    students: tuple[str, ...]
    points_lost: float
    example: str = ""
    reference: str = ""

    def said(self, class_size: int) -> str:
        """A sentence for the next lecture."""
        who = _so_many(len(self.students), class_size)
        return f"In {self.question}, {who} got stuck here: {self.title.strip().rstrip('.')}. {self.hint}"


def misconceptions(
    submissions: Sequence[SubmissionResult], broken: frozenset[tuple[str, str]] = frozenset()
) -> tuple[Misconception, ...]:
    """Those that hold most students back first.

    Args:
        submissions: those that could be graded.
        broken: (question, test) of tests that broke or that nobody passed: what they say is no misconception.
    """
    groups: dict[tuple[str, tuple[str, ...]], list[_Missed]] = {}
    saw: Counter[tuple[str, str]] = Counter()
    for submission in submissions:
        for question in submission.questions:
            missed = _missed(submission.student, question, broken)
            if missed.worth:
                groups.setdefault((question.name, tuple(missed.worth)), []).append(missed)
                saw.update((question.name, hint) for hint in missed.worth)
    fewest = 2 if len(submissions) >= LARGE_CLASS else 1
    found = [_misconception(question, group, saw) for (question, _), group in groups.items() if len(group) >= fewest]
    return tuple(sorted(found, key=lambda m: (-len(m.students), -m.points_lost, m.question, m.hint)))


@dataclass(frozen=True, slots=True)
class _Missed:
    """What one student was told about one question: hint -> points of the tests that showed it, and a title of them."""

    student: str
    worth: Mapping[str, float]
    titles: Mapping[str, str]
    tests: frozenset[str]


def _missed(student: str, question: QuestionResult, broken: frozenset[tuple[str, str]]) -> _Missed:
    worth: dict[str, float] = {}
    titles: dict[str, str] = {}
    tests: set[str] = set()
    for test, points in zip(question.tests, worths(question), strict=True):
        if test.outcome is Outcome.PASSED or not test.hint:
            continue
        if test.hint.startswith((NOT_IMPLEMENTED, NOT_DEFINED)):
            return _Missed(student, {}, {}, frozenset())  # there is no answer that could be wrong
        if (question.name, test.name) not in broken:
            tests.add(test.name)
            worth[test.hint] = worth.get(test.hint, 0.0) + points
            titles.setdefault(test.hint, test.title or test.name)
    return _Missed(student, worth, titles, frozenset(tests))


def _misconception(question: str, group: Sequence[_Missed], saw: Mapping[tuple[str, str], int]) -> Misconception:
    first = group[0]
    telling = sorted(first.worth, key=lambda hint: (saw[question, hint], -first.worth[hint]))
    return Misconception(
        question=question,
        hint=telling[0],
        title=first.titles[telling[0]],
        also=tuple(telling[1:]),
        tests=frozenset().union(*(missed.tests for missed in group)),
        students=tuple(missed.student for missed in group),
        points_lost=sum(sum(missed.worth.values()) for missed in group),
    )


def with_examples(
    found: Sequence[Misconception],
    submissions: Sequence[SubmissionResult],
    answers: Answers,
    references: Mapping[str, str],
) -> tuple[Misconception, ...]:
    """The same, with an example for each.

    Args:
        answers: reads the answers of one student.
        references: question -> the course's own code for it, whose names may be shown.
    """
    results = {s.student: {q.name: q for q in s.questions} for s in submissions}
    plain = {name: anonymous(source, words(source)) for name, source in references.items()}
    return tuple(
        replace(
            m,
            example=_example(m, results, answers, references.get(m.question, "")),
            reference=plain.get(m.question, ""),
        )
        for m in found
    )


def _example(
    misconception: Misconception,
    results: Mapping[str, Mapping[str, QuestionResult]],
    answers: Answers,
    reference: str,
) -> str:
    """The shortest code of those that were read; tests that say nothing about this idea had better pass."""
    told = {misconception.hint, *misconception.also}

    def otherwise_wrong(student: str) -> int:
        tests = results[student][misconception.question].tests
        return sum(test.outcome is not Outcome.PASSED and test.hint not in told for test in tests)

    candidates = sorted(misconception.students, key=otherwise_wrong)[:CANDIDATES]
    codes = {student: answers(student).get(misconception.question, "") for student in candidates}
    known = words(reference) | written_by_several(codes.values())
    shown = [(otherwise_wrong(s), anonymous(code, known)) for s, code in codes.items()]
    fitting = [(wrong, len(text), text) for wrong, text in shown if text and text.count("\n") < LONGEST_EXAMPLE]
    return min(fitting)[2] if fitting else ""


def _so_many(count: int, of: int) -> str:
    """How many of a class, in the words of a lecture."""
    share = count / of if of else 0.0
    if share >= 0.95:
        return "nearly all of you"
    steps = ((0.9, "nine in ten"), (0.75, "three quarters"), (2 / 3, "two thirds"), (0.5, "half"), (1 / 3, "a third"))
    for step, said in (*steps, (0.25, "a quarter")):
        if share >= step - 0.04:
            return f"about {said} of you"
    return f"{count} of you" if count > 1 else "one of you"
