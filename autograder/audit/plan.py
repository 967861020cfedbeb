"""What is to be graded: the reference, the stub, and the reference with one question replaced.

Also what can be said without grading: variants that share a name, that repeat another's text, or
whose edits no longer fit the reference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from autograder.audit.load import Variants, load_variants
from autograder.audit.model import Finding, Kind
from autograder.audit.places import Places
from autograder.authoring.fill import fill_notebook
from autograder.authoring.reference import Reference
from autograder.authoring.spec import ReleaseSpec
from autograder.course import Assignment
from autograder.engine import Job
from autograder.suite.variants import Mistake, Variant


@dataclass(frozen=True, slots=True)
class Case:
    """One answer of known worth. `key` is the job that grades it: one notebook may serve several cases."""

    kind: Kind
    key: str
    variant: Variant | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the audit of one assignment will do. The name in `job.student` is the job's key."""

    assignment: Assignment
    questions: tuple[str, ...]
    variants: Variants
    places: Places
    cases: tuple[Case, ...]
    jobs: tuple[Job, ...]
    findings: tuple[Finding, ...]


def make_plan(assignment: Assignment, questions: Collection[str] | None = None) -> Plan:
    """Plan the audit of an assignment, or of some of its questions.

    Raises:
        SuiteError, ConfigurationError, AuthoringError: the suite, the reference or the release cannot be used.
    """
    ReleaseSpec.load(assignment.release_path)  # for its message where there is none
    wanted = tuple(q for q in assignment.question_names if questions is None or q in questions)
    everything = load_variants(assignment)
    variants = Variants(
        tuple(m for m in everything.mistakes if m.question in wanted),
        tuple(a for a in everything.alternatives if a.question in wanted),
    )
    planner = _Planner(assignment, wanted)
    planner.add_unchanged()
    for variant in (*variants.mistakes, *variants.alternatives):
        planner.add(variant)
    return Plan(
        assignment,
        wanted,
        variants,
        planner.places,
        tuple(planner.cases),
        tuple(planner.jobs),
        tuple(planner.findings),
    )


class _Planner:
    """Collects cases, jobs and findings."""

    def __init__(self, assignment: Assignment, wanted: tuple[str, ...]) -> None:
        self.wanted = frozenset(wanted)
        self.places = Places(assignment)
        self.cases: list[Case] = []
        self.jobs: list[Job] = []
        self.findings: list[Finding] = []
        self._release = assignment.release_path.read_bytes()
        self._reference = Reference.load(assignment.reference_path, assignment.question_names)
        self._answers = {name: self._reference.source_of(name) for name in assignment.question_names}
        self._names: set[tuple[Kind, str, str]] = set()
        self._keys: dict[tuple[Kind, str, str, str], str] = {}  # kind, question and code -> key of the job
        self._seen: dict[tuple[str, str, str, str], str] = {}  # what is measured -> the variant that measures it

    def add_unchanged(self) -> None:
        """The reference and the untouched stub."""
        filled = fill_notebook(self._release, self._answers)
        for kind, notebook in ((Kind.REFERENCE, filled), (Kind.STUB, self._release)):
            self.jobs.append(Job(str(kind), notebook, self.wanted))
            self.cases.append(Case(kind, str(kind)))

    def add(self, variant: Variant) -> None:
        """The reference with one question replaced, and what is wrong with that before anything is graded."""
        kind = Kind.MISTAKE if isinstance(variant, Mistake) else Kind.ALTERNATIVE
        try:
            source = variant.apply(self._answers[variant.question])
        except ValueError as error:
            self._report(kind, variant, "edits whose old text occurs in the reference", str(error))
            return
        for expected, happened in self._repetitions(kind, variant, source):
            self._report(kind, variant, expected, happened)
        self.cases.append(Case(kind, self._job(kind, variant, source), variant))

    def _job(self, kind: Kind, variant: Variant, source: str) -> str:
        """The key of the job that grades this code; a new one where there is none yet."""
        code = (kind, variant.question, source, variant.helpers)
        if code not in self._keys:
            self._keys[code] = f"{len(self.jobs)} {kind} {variant.question}/{variant.name}"
            answers = {**self._answers, variant.question: source}
            helpers = {variant.question: variant.helpers} if variant.helpers else {}
            # A mistake has to lose points on its own question; an alternative must not harm any other.
            questions = frozenset([variant.question]) if kind is Kind.MISTAKE else None
            self.jobs.append(Job(self._keys[code], fill_notebook(self._release, answers, helpers), questions))
        return self._keys[code]

    def _repetitions(self, kind: Kind, variant: Variant, source: str) -> Iterator[tuple[str, str]]:
        """(expected, happened) for each name or text that is there twice."""
        named = (kind, variant.question, variant.name)
        if named in self._names:
            yield "a name of its own", f"another {kind} of {variant.question} has the same name"
        self._names.add(named)
        if source == self._answers[variant.question] and not variant.helpers:
            yield "an answer that differs from the reference", "it is the reference's own text"
        # One wrong answer may be listed at several tests, each of which must then catch it.
        test = variant.caught_by if isinstance(variant, Mistake) else ""
        measured = (variant.question, source, variant.helpers, test)
        if measured in self._seen:
            yield "an answer of its own", f"it repeats {self._seen[measured]}"
        self._seen.setdefault(measured, f"{kind} {variant.name}")

    def _report(self, kind: Kind, variant: Variant, expected: str, happened: str) -> None:
        places = self.places.of_variant(kind, variant.name)
        self.findings.append(Finding(kind, variant.question, variant.name, expected, happened, places))
