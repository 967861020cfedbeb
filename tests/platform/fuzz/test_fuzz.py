"""No bytes that reach the trusted side raise, hang, or are taken for something else: a sample, within a minute.

`make fuzz` tries 10 000 notebooks and 100 000 messages. Whatever it finds is kept in `found/` and tried again here.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.results import Status, SubmissionResult
from autograder.sandbox.inside.wire import encode
from tests.platform.engine.tiny import MAX_SCORE
from tests.platform.fuzz.campaign import CORPORA, load_corpus, run_campaign, run_cases
from tests.platform.fuzz.clock import observe
from tests.platform.fuzz.configuration import SEPARATOR
from tests.platform.fuzz.corpus import CaseName
from tests.platform.fuzz.message import NUMBER, OPERATIONS, Message, frame
from tests.platform.fuzz.whole_path import complaints, run_whole_path, sample

FOUND = sorted((Path(__file__).parent / "found").iterdir())
COUNTS = {"notebooks": 300, "messages": 3000, "tomls": 200, "records": 200, "releases": 50}
FIXED = settings(derandomize=True, database=None, deadline=None, max_examples=60)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings(action="ignore"):  # nbformat's, about ids that were doubled on purpose
        yield


@pytest.mark.slow
def test_a_sample_of_every_corpus() -> None:
    """The first cases of `make fuzz`, by two processes; every kind of ending is among them."""
    tallies = run_campaign(COUNTS, seed=1, processes=2, advance=lambda done, total: None)
    assert [finding.what for tally in tallies.values() for finding in tally.findings] == []
    assert {name: tally.cases for name, tally in tallies.items()} == COUNTS
    assert {"readable", "readable, with problems"} < tallies["notebooks"].outcomes.keys()
    assert {"StudentCrashed", "StudentError", "refused", "value: Tensor"} < tallies["messages"].outcomes.keys()
    assert {"loaded", "refused at a line"} < tallies["tomls"].outcomes.keys()
    assert "not used" in tallies["records"].outcomes
    assert {"refused", "loaded"} <= tallies["releases"].outcomes.keys()


@pytest.mark.slow
def test_some_notebooks_the_whole_way(tmp_path: Path) -> None:
    """Through bubblewrap, gradebook, feedback and report; honest work behind each has full marks."""
    seen: list[None] = []
    cases = sample(tmp_path / "course", seed=1, count=4)
    tally = run_whole_path(tmp_path / "class", cases, lambda: seen.append(None))
    assert [finding.what for finding in tally.findings] == []
    assert len(seen) == tally.cases == 4


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_what_was_found_once_stays_mended(path: Path) -> None:
    """Each of these once raised, hung, or was taken for something else."""
    corpus = load_corpus(path.name.partition("-")[0])
    seen = observe(corpus, path.read_bytes(), cpu_s=4)
    assert seen.finding == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
METADATA = JSON | st.fixed_dictionaries(
    {}, optional={"nbgrader": JSON | st.dictionaries(st.sampled_from(["grade_id", "points"]), JSON), "tags": JSON}
)
CELL = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", "raw"]) | JSON},
    optional={"source": JSON, "metadata": METADATA, "outputs": JSON, "attachments": JSON, "id": JSON},
)
NOTEBOOK = st.fixed_dictionaries(
    {"cells": st.lists(CELL, max_size=5) | JSON},
    optional={"nbformat": st.sampled_from([3, 4]) | JSON, "metadata": JSON},
)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=8) | st.integers(0, 9), inner, max_size=4)
    ),
    max_leaves=12,
)
REPLY = st.dictionaries(st.sampled_from(["ok", "value", "error", "call", "ready", "why"]), VALUE)


@pytest.mark.slow
@FIXED
@given(NOTEBOOK | JSON)
def test_any_json_as_a_notebook(content: Any) -> None:
    """Notebooks that nobody ever saved."""
    load_corpus("notebooks").check(json.dumps(content).encode())


@pytest.mark.slow
@FIXED
@given(st.sampled_from(OPERATIONS), REPLY, st.booleans())
def test_any_plain_data_as_an_answer(operation: str, reply: dict[str, Any], closes: bool) -> None:
    """Answers that are well-formed and no sense."""
    stream = frame(*encode({"ok": True, "value": None, **reply, "id": int(NUMBER)}))
    load_corpus("messages").check(Message(operation, closes, stream).to_bytes())


@FIXED
@given(st.text(), st.text())
def test_any_text_as_configuration(course: str, assignment: str) -> None:
    """Text that is hardly ever TOML."""
    load_corpus("tomls").check(course.encode() + SEPARATOR + assignment.encode())


def test_a_case_is_the_same_each_time() -> None:
    """By its name alone, so that a finding can be tried again."""
    for name in CORPORA:
        case = CaseName.parse(f"{name}:7:3")
        assert load_corpus(name).make(case.random()) == load_corpus(name).make(case.random())


@pytest.mark.slow
def test_a_planted_fault_in_reading_notebooks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that only odd notebooks meet: a name in a message is taken to be long."""
    monkeypatch.setattr("autograder.submissions.notebook.quoted", lambda text: text[60])
    tally = run_cases(load_corpus("notebooks"), seed=1, numbers=range(80))
    assert tally.findings
    assert {finding.kind for finding in tally.findings} == {"IndexError: string index out of range"}
    assert tally.cases == 80
    again = CaseName.parse(tally.findings[0].case)
    assert load_corpus("notebooks").make(again.random()) == tally.findings[0].data


def test_a_planted_fault_in_reading_answers_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that trusts the header to be JSON."""
    monkeypatch.setattr("autograder.sandbox.inside.wire.WireError", KeyError)
    tally = run_cases(load_corpus("messages"), seed=1, numbers=range(60))
    assert any(finding.kind.startswith("KeyError") for finding in tally.findings)


def test_active_content_that_gets_through_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is made harmless any more."""
    monkeypatch.setattr("autograder.gradebook.cells.neutral_markdown", lambda source, names=None: source)
    notebook = {"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "<script>alert(1)</script>"}]}
    seen = observe(load_corpus("notebooks"), json.dumps(notebook).encode())
    assert "active elements in Markdown" in seen.finding


class _Slow:
    name = "slow"
    suffix = ""

    def make(self, random: Random) -> bytes:
        return b""

    def check(self, data: bytes) -> str:
        while True:
            try:
                sum(range(1000))
            except Exception:  # as code under test may have it
                continue


def test_a_hang_is_found() -> None:
    """Even by code that catches every Exception."""
    seen = observe(_Slow(), b"", cpu_s=0.2)
    assert seen.outcome == "TOO SLOW"
    assert "not done after 0.2 s" in seen.finding


def test_an_unfair_end_of_the_whole_path_is_found() -> None:
    """A submission that is lost, a fault of the grader's own, and harm to the honest one behind it."""
    honest = SubmissionResult("b", Status.GRADED, MAX_SCORE, MAX_SCORE)
    assert complaints(honest, honest) == []
    assert complaints(None, honest) == ["it was dropped silently"]
    fault = "The grader met an error of its own on this submission: KeyError"
    assert complaints(SubmissionResult("a", Status.UNREADABLE, 0, MAX_SCORE, 0.0, (fault,)), honest) == [fault]
    assert len(complaints(SubmissionResult("a", Status.UNREADABLE, 0, MAX_SCORE), honest)) == 1
    assert len(complaints(honest, SubmissionResult("b", Status.GRADED, MAX_SCORE - 1, MAX_SCORE))) == 1
