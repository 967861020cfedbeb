"""Everything that the report page shows, ready to be printed. Built once, from results alone."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from autograder.authoring.reference import Reference
from autograder.course import Assignment, Course
from autograder.errors import ConfigurationError
from autograder.reports.answers import can_be_a_folder, read_answers
from autograder.reports.charts import Histogram, score_histogram
from autograder.reports.details import details_json
from autograder.reports.misconceptions import MOST_SHOWN, Misconception, misconceptions, with_examples
from autograder.reports.statistics import (
    HintStatistics,
    ItemStatistics,
    QuestionStatistics,
    Reliability,
    ScoreSummary,
    SlowSubmission,
    hint_statistics,
    item_statistics,
    question_statistics,
    readable,
    reliability,
    slow_submissions,
    summarise_scores,
)
from autograder.results import NOT_IMPLEMENTED, GradeRun, Outcome, QuestionResult, Status, SubmissionResult

URGENCY = {Status.UNREADABLE: 0, Status.PARTIAL: 1, Status.GRADED: 2}


@dataclass(frozen=True, slots=True)
class Student:
    """One row of the class table. `number` is its place in the run and in the details' JSON."""

    number: int
    name: str
    status: Status
    score: float
    max_score: float
    questions: Mapping[str, QuestionResult]
    problems: tuple[str, ...]
    not_passed: int
    notebook: str  # relative link, or "" where there is no such file
    feedback: str


@dataclass(frozen=True, slots=True)
class Report:
    """What the templates read; nothing in it is markup but `details`."""

    assignment: str
    title: str
    course: str
    due: datetime
    made_at: datetime
    isolation: str
    max_score: float
    statuses: Mapping[Status, int]
    scores: ScoreSummary | None
    reliability: Reliability | None
    chart: Histogram | None
    question_names: tuple[str, ...]
    questions: tuple[QuestionStatistics, ...]  # lowest mean first
    items: tuple[ItemStatistics, ...]  # lowest pass rate first
    misconceptions: tuple[Misconception, ...]  # those that hold most students back
    hints: tuple[HintStatistics, ...]
    slow: tuple[SlowSubmission, ...]
    students: tuple[Student, ...]
    details: Markup
    has_similar: bool = False  # whether there is a page of look-alikes beside this one

    @property
    def isolated(self) -> bool:
        return self.isolation != "none"

    @property
    def any_skipped(self) -> bool:
        return any(item.outcomes.get(Outcome.SKIPPED) for item in self.items)

    @property
    def suspects(self) -> tuple[ItemStatistics, ...]:
        """Tests that an instructor should look at."""
        return tuple(item for item in self.items if item.concerns)

    @property
    def suspect_names(self) -> frozenset[tuple[str, str]]:
        """(question, test) of the suspects."""
        return frozenset((item.question, item.name) for item in self.suspects)

    def is_doubtful(self, idea: Misconception) -> bool:
        """Whether a test that speaks of it is a suspect: it may be the test that is wrong, or good students' idea."""
        return any((idea.question, test) in self.suspect_names for test in idea.tests)

    @property
    def teaching_hint(self) -> HintStatistics | None:
        """The hint on an idea that most students saw, of a test that nothing is wrong with."""
        suspects = self.suspect_names
        ideas = (h for h in self.hints if not h.hint.startswith(NOT_IMPLEMENTED))
        return next((h for h in ideas if (h.question, h.test) not in suspects), None)

    @property
    def troubled(self) -> tuple[Student, ...]:
        """Submissions that a person must look at: unreadable first, then partial, then those with problems."""
        found = [s for s in self.students if s.problems or s.status is not Status.GRADED]
        return tuple(sorted(found, key=lambda s: (URGENCY[s.status], s.number)))

    @property
    def numbers(self) -> Mapping[str, int]:
        """Student -> number of the row."""
        return {s.name: s.number for s in self.students}


def build_report(course: Course, assignment: Assignment, run: GradeRun, made_at: datetime) -> Report:
    """Work out the report of one run. Reads on disk which files there are to link to, and code for the examples."""
    submissions = readable(run)
    scores = [s.score for s in submissions]
    summary = summarise_scores(scores)
    max_score = max((s.max_score for s in run.submissions), default=assignment.max_score) or assignment.max_score
    names = question_columns(assignment, run)
    links = _linker(course, assignment)
    items = tuple(sorted(item_statistics(submissions), key=_hardest_first))
    return Report(
        assignment=assignment.name,
        title=assignment.title,
        course=course.settings.title,
        due=assignment.due,
        made_at=made_at,
        isolation=run.isolation,
        max_score=max_score,
        statuses=_statuses(run),
        scores=summary,
        reliability=reliability(submissions),
        chart=score_histogram(scores, summary, max_score) if summary else None,
        question_names=names,
        questions=tuple(sorted(question_statistics(submissions), key=lambda q: (q.mean_share, names.index(q.name)))),
        items=items,
        misconceptions=_misconceptions(course, assignment, submissions, items),
        hints=hint_statistics(submissions),
        slow=slow_submissions(submissions),
        students=tuple(_student(n, s, links) for n, s in enumerate(run.submissions)),
        details=details_json(run.submissions),
        has_similar=(course.reports / assignment.name / "similar.html").is_file(),
    )


def _misconceptions(
    course: Course,
    assignment: Assignment,
    submissions: Sequence[SubmissionResult],
    items: Sequence[ItemStatistics],
) -> tuple[Misconception, ...]:
    try:
        reference = Reference.load(assignment.reference_path, assignment.question_names).sources
    except ConfigurationError:  # a class that was graded elsewhere: no example is worse than no report
        reference = {}
    broken = frozenset((item.question, item.name) for item in items if item.is_broken)
    found = misconceptions(submissions, broken)[:MOST_SHOWN]
    return with_examples(found, submissions, lambda student: read_answers(course, assignment, student), reference)


def question_columns(assignment: Assignment, run: GradeRun) -> tuple[str, ...]:
    """The questions of assignment.toml, then any others that the results speak of."""
    graded = (q.name for s in run.submissions for q in s.questions)
    return tuple(dict.fromkeys([*assignment.question_names, *graded]))


def _statuses(run: GradeRun) -> Mapping[Status, int]:
    counts = Counter(s.status for s in run.submissions)
    return {status: counts[status] for status in Status}


def _hardest_first(item: ItemStatistics) -> tuple[float, str, str]:
    return (2.0 if item.pass_rate is None else item.pass_rate, item.question, item.name)


def _student(number: int, result: SubmissionResult, links: Callable[[str], tuple[str, str]]) -> Student:
    notebook, feedback = links(result.student)
    return Student(
        number=number,
        name=result.student,
        status=result.status,
        score=result.score,
        max_score=result.max_score,
        questions={q.name: q for q in result.questions},
        problems=result.problems,
        not_passed=sum(t.outcome is not Outcome.PASSED for q in result.questions for t in q.tests),
        notebook=notebook,
        feedback=feedback,
    )


def _linker(course: Course, assignment: Assignment) -> Callable[[str], tuple[str, str]]:
    """student -> (link to the autograded notebook, link to the feedback); "" where the file is not there."""
    name = assignment.name

    def link(folder: Path, student: str, file: str) -> str:
        if not can_be_a_folder(student) or not (folder / student / name / file).is_file():
            return ""
        # Names of folders are bytes; those that are not UTF-8 survive only so.
        return f"../../{folder.name}/{quote(os.fsencode(student), safe='')}/{quote(name)}/{quote(file)}"

    def links(student: str) -> tuple[str, str]:
        return link(course.autograded, student, f"{name}.ipynb"), link(course.feedback, student, f"{name}.html")

    return links
