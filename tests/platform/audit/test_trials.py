"""`autograder audit --part mutants --part steadiness` on a suite with every fault that trials are there to find."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from autograder.audit.record import read_record
from autograder.cli.audit import audit
from autograder.cli.build import build
from autograder.course import Course
from tests.platform.audit.trials_course import REFERENCE, make_course

SEEDS = 24


@dataclass(frozen=True)
class Run:
    """One run of the command over all parts of trials."""

    course: Course
    exit_code: int
    output: str
    html: str
    data: dict[str, Any]

    def question(self, name: str) -> dict[str, Any]:
        return next(question for question in self.data["questions"] if question["name"] == name)

    def fates(self, question: str) -> dict[str, str]:
        """What a mutant becomes -> its fate."""
        return {m["becomes"]: m["fate"] for m in self.data["mutants"] if m["question"] == question}

    def mutant(self, becomes: str) -> dict[str, Any]:
        return next(mutant for mutant in self.data["mutants"] if mutant["becomes"] == becomes)

    def flakes(self, test: str) -> list[dict[str, Any]]:
        return [flake for flake in self.data["flakes"] if flake["test"] == test]

    def worth(self, test: str) -> dict[str, Any]:
        return next(worth for worth in self.data["tests"] if worth["test"] == test)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("trials")
    course = make_course(folder / "course")
    files = {option: folder / f"audit.{option}" for option in ("json", "html")}
    arguments = ["--part", "mutants", "--part", "steadiness", "--seeds", str(SEEDS), "--gate", "--workers", "2"]
    arguments += [text for option, file in files.items() for text in (f"--{option}", str(file))]
    result = CliRunner().invoke(audit, arguments, obj=course, env={"COLUMNS": "160"})
    assert isinstance(result.exception, SystemExit), result.output
    (data,) = json.loads(files["json"].read_text(encoding="utf-8"))["trials"]
    return Run(course, result.exit_code, result.output, files["html"].read_text(encoding="utf-8"), data)


@pytest.mark.slow
def test_the_same_once_more_is_not_tried_again_unless_asked_for(run: Run, tmp_path: Path) -> None:
    """The findings are those of the first run, to the last figure: seconds would differ by themselves."""
    arguments = ["--part", "mutants", "--part", "steadiness", "--seeds", str(SEEDS), "--gate"]
    arguments += ["--json", str(tmp_path / "again.json")]
    result = CliRunner().invoke(audit, arguments, obj=run.course, env={"COLUMNS": "160"})
    assert result.exit_code == run.exit_code
    assert "As tried before, since nothing has changed: tensors. --force tries again." in result.output
    assert json.loads((tmp_path / "again.json").read_text())["trials"] == [run.data]


@pytest.mark.slow
class TestFaultySuite:
    """Each fault is measured; what is right beside it is not touched."""

    def test_mutants_that_a_blind_suite_lets_live_are_named(self, run: Run) -> None:
        assert run.fates("blind")["return x * 2"] == "survived"
        assert run.question("blind")["killed_share"] < 0.9
        assert "+ return x * 2" in run.output

    def test_mutants_are_killed_by_the_tests_that_see_them(self, run: Run) -> None:
        caught = run.mutant("total -= n")
        assert caught["fate"] == "killed"
        assert set(caught["killed_by"]) == {"test_countdown_value", "test_countdown_again"}
        assert caught["by_value"]

    def test_a_mutant_that_never_ends_is_stopped_and_counts_as_killed(self, run: Run) -> None:
        endless = run.mutant("n += 1")
        assert endless["fate"] == "killed"
        assert len(endless["killed_by"]) == 1  # what would have followed was not tried
        assert not endless["by_value"]

    def test_a_mutant_that_raises_is_killed_but_not_by_a_wrong_value(self, run: Run) -> None:
        raising = run.mutant("return x * 2 << 1")  # of floating-point numbers
        assert raising["killed_by"] == ["test_blind_shape"]
        assert not raising["by_value"]

    def test_listed_mutants_are_left_out_of_the_share(self, run: Run) -> None:
        fates = run.fates("countdown")
        assert fates["while n >= 0:"] == fates["while n != 0:"] == "equivalent"
        assert run.question("countdown")["killed_share"] == 1.0

    def test_a_listed_mutant_that_is_caught_and_one_that_there_is_not_fail_the_gate(self, run: Run) -> None:
        assert run.mutant("total = 1")["contradiction"].startswith("it is listed as allowed, but test_countdown")
        assert run.data["outdated"] == ["countdown: 'm > 0' -> 'm >= 0'"]
        assert any("it is listed as allowed" in text for text in run.data["shortfalls"])
        assert any("a mutant that there is not" in text for text in run.data["shortfalls"])

    def test_a_test_that_depends_on_the_draw_is_flaky_in_every_setting(self, run: Run) -> None:
        flakes = run.flakes("test_scaled_unsteady")
        assert {(flake["threads"], flake["double"]) for flake in flakes} <= {
            (threads, double) for threads in (1, 2) for double in (False, True)
        }
        failed = sum(len(flake["seeds"]) for flake in flakes)
        assert 0.2 * SEEDS < failed < 0.8 * SEEDS
        assert any(text.startswith("scaled: ") and "flaky outcomes" in text for text in run.data["shortfalls"])

    def test_a_test_that_asks_for_float32_is_not_called_flaky(self, run: Run) -> None:
        assert run.flakes("test_scaled_of_double") == []
        assert run.question("scaled")["float32_alone"] == ["test_scaled_of_double"]

    def test_what_draws_nothing_is_run_once_a_setting(self, run: Run) -> None:
        blind = run.question("blind")
        assert (blind["test_runs"], blind["same_runs"]) == (4, SEEDS - 4)
        assert run.question("scaled")["test_runs"] > SEEDS

    def test_a_tolerance_lies_between_right_and_wrong_answers(self, run: Run) -> None:
        sites = [t for t in run.data["tolerances"] if t["test"] == "test_countdown_value"]
        assert [(t["name"], t["largest_right"], t["right"]) for t in sites] == [("the sum", 0.5, "almost")]
        assert sites[0]["smallest_wrong"] >= 2  # sums are integers: one off is twice the tolerance

    def test_tests_that_say_the_same_catch_nothing_alone(self, run: Run) -> None:
        value, again = run.worth("test_countdown_value"), run.worth("test_countdown_again")
        assert value["alone"] == again["alone"] == 0
        assert value["catches"] == again["catches"] > 20
        assert value["seconds"] > 0

    def test_the_gate_fails_and_the_build_warns(self, run: Run) -> None:
        assert run.exit_code == 1
        assert "FAILED" in run.output
        assignment = run.course.assignment("tensors")
        record = read_record(run.course, assignment)
        assert record is not None
        assert record.current
        assert record.shortfalls == tuple(run.data["shortfalls"])
        result = CliRunner().invoke(build, [], obj=run.course)
        assert "Warning: tensors's suite is below the thresholds of course.toml. blind: " in result.output

    def test_the_page_has_every_mutant_and_loads_nothing(self, run: Run) -> None:
        assert run.html.count('<td class="fate">') == len(run.data["mutants"])
        assert "while n &gt;= 0:" in run.html
        assert "<script" not in run.html
        assert "http" not in run.html.replace("http-equiv", "")


@pytest.mark.slow
def test_a_record_is_out_of_date_once_the_reference_changes(run: Run, tmp_path: Path) -> None:
    course = make_course(tmp_path / "copy")
    folder = run.course.state / "audit"
    shutil.copytree(folder, course.state / "audit")
    assignment = course.assignment("tensors")
    before = read_record(course, assignment)
    assert before is not None
    assert before.current
    assignment.reference_path.write_text(REFERENCE + "\n# another\n", encoding="utf-8")
    after = read_record(course, assignment)
    assert after is not None
    assert not after.current


@pytest.mark.slow
def test_a_sample_says_that_it_is_one_and_is_not_kept(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course")
    arguments = ["--part", "mutants", "--mutants", "3", "--question", "countdown", "--json", "-"]
    result = CliRunner().invoke(audit, arguments, obj=course, env={"COLUMNS": "160"})
    assert result.exit_code == 0, result.output
    assert "a sample of 3 mutants a question" in result.stderr
    (data,) = json.loads(result.stdout)["trials"]
    assert len(data["mutants"]) == 3
    assert data["questions"][0]["generated"] > 30  # all that there are, not those that were tried
    assert all(test["alone"] is None for test in data["tests"])
    assert read_record(course, course.assignment("tensors")) is None
