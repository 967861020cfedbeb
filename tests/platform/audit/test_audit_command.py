"""`autograder audit` on a course with every kind of fault, and on the real one: nothing is stood in for."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from autograder.cli.audit import audit
from autograder.course import Course, find_course
from autograder.errors import SuiteError, UsageError

ROOT = Path(__file__).resolve().parents[3]


def invoke(course: Course, *arguments: str) -> Result:
    return CliRunner().invoke(audit, list(arguments), obj=course, env={"COLUMNS": "120"})


@dataclass(frozen=True)
class Faulty:
    """One run over everything that is wrong: what it printed and wrote."""

    exit_code: int
    output: str
    data: dict[str, Any]

    def findings(self, kind: str, question: str, variant: str = "") -> list[dict[str, Any]]:
        return [
            finding
            for assignment in self.data["assignments"]
            for finding in assignment["findings"]
            if (finding["kind"], finding["question"], finding["variant"]) == (kind, question, variant)
        ]

    def finding(self, kind: str, question: str, variant: str = "") -> dict[str, Any]:
        (found,) = self.findings(kind, question, variant)
        return found

    def question(self, name: str) -> dict[str, Any]:
        return next(q for a in self.data["assignments"] for q in a["questions"] if q["name"] == name)


@pytest.fixture(scope="module")
def faulty(numbers: Course, tmp_path_factory: pytest.TempPathFactory) -> Faulty:
    file = tmp_path_factory.mktemp("json") / "audit.json"
    result = invoke(numbers, "--workers", "1", "--json", str(file))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return Faulty(result.exit_code, result.output, json.loads(file.read_text(encoding="utf-8")))


@pytest.mark.slow
class TestFaultyCourse:
    """Each fault is found, named and explained; what is right passes beside it."""

    def test_it_exits_with_1_and_says_so(self, faulty: Faulty) -> None:
        assert faulty.exit_code == 1
        assert faulty.data["passed"] is False
        assert faulty.output.rstrip().endswith("failures.")

    def test_a_mistake_that_no_test_catches(self, faulty: Faulty) -> None:
        finding = faulty.finding("mistake", "halve", "not_caught")
        assert finding["happened"] == "test_halve_value ended as passed; no test caught it"
        assert finding["expected"] == "points lost at test_halve_value, with a hint that contains 'divide'"

    def test_a_mistake_that_is_caught_with_another_hint(self, faulty: Faulty) -> None:
        finding = faulty.finding("mistake", "halve", "other_hint")
        assert finding["happened"] == (
            "caught there, but the hint shown was 'Divide by two.', which does not contain 'multiply'"
        )

    def test_a_mistake_that_is_caught_at_another_test(self, faulty: Faulty) -> None:
        finding = faulty.finding("mistake", "halve", "other_test")
        assert finding["happened"] == "test_halve_value ended as passed; it was caught at test_halve_negative"

    def test_a_mistake_whose_test_does_not_exist(self, faulty: Faulty) -> None:
        finding = faulty.finding("mistake", "halve", "no_such_test")
        assert "no test of that name; it has test_halve_value, test_halve_negative" in finding["happened"]

    def test_a_mistake_that_no_longer_fits_the_reference(self, faulty: Faulty) -> None:
        assert "no longer contains 'x // 2'" in faulty.finding("mistake", "halve", "moved_on")["happened"]

    def test_two_mistakes_of_one_name_and_two_of_the_same_text(self, faulty: Faulty) -> None:
        assert "same name" in faulty.finding("mistake", "halve", "twice")["happened"]
        assert faulty.finding("mistake", "halve", "said_before")["happened"] == "it repeats mistake twice"

    def test_an_alternative_that_is_marked_down(self, faulty: Faulty) -> None:
        finding = faulty.finding("alternative", "halve", "marked_down")
        assert finding["expected"] == "50 of 50 points"
        assert finding["happened"].startswith("33.3333 points: test_halve_type failed (")

    def test_an_alternative_that_harms_another_question(self, faulty: Faulty) -> None:
        finding = faulty.finding("alternative", "halve", "harms_another")
        assert finding["expected"] == "50 of 50 points in double"

    def test_an_alternative_that_leaves_something_to_look_at(self, faulty: Faulty) -> None:
        finding = faulty.findings("alternative", "halve", "raises_later")[-1]
        assert finding["expected"] == "status graded and no problems"
        assert "NameError" in finding["happened"]

    def test_an_alternative_that_is_the_reference(self, faulty: Faulty) -> None:
        assert "reference's own text" in faulty.finding("alternative", "halve", "unchanged")["happened"]

    def test_a_reference_that_fails(self, faulty: Faulty) -> None:
        finding = faulty.finding("reference", "triple")
        assert finding["happened"].startswith("0 points: test_triple_value failed")
        assert faulty.question("triple")["reference_score"] == 0

    def test_a_stub_that_earns_points(self, faulty: Faulty) -> None:
        finding = faulty.finding("stub", "lenient")
        assert finding["happened"] == "50 points: passed test_lenient_value"
        assert faulty.question("lenient")["stub_score"] == 50

    def test_findings_point_at_lines(self, faulty: Faulty, numbers: Course) -> None:
        places = faulty.finding("mistake", "halve", "other_test")["look_at"]
        lines = [(numbers.root / p["path"]).read_text(encoding="utf-8").splitlines()[p["line"] - 1] for p in places]
        assert '"other_test"' in lines[0]
        assert lines[1].startswith("def test_halve_value(")

    def test_nothing_else_is_found(self, faulty: Faulty) -> None:
        subjects = {
            (f["kind"], f["variant"] or f["question"]) for a in faulty.data["assignments"] for f in a["findings"]
        }
        assert subjects == {
            *(("mistake", name) for name in ("not_caught", "other_hint", "other_test", "no_such_test", "moved_on")),
            *(("mistake", name) for name in ("twice", "said_before")),
            *(("alternative", name) for name in ("marked_down", "harms_another", "raises_later", "unchanged")),
            ("reference", "triple"),
            ("stub", "lenient"),
        }

    def test_a_question_in_figures(self, faulty: Faulty) -> None:
        assert faulty.question("double") == {
            "name": "double", "passed": True, "points": 50.0, "public_tests": 1, "hidden_tests": 1,
            "reference_score": 50.0, "stub_score": 0.0, "mistakes": 3, "caught": 3, "alternatives": 4, "accepted": 4,
            "findings": 0, "thin": False, "not_measured": [], "never_needed": [], "never_failed": [],
        }  # fmt: skip
        halve = faulty.question("halve")
        assert (halve["passed"], halve["mistakes"], halve["alternatives"]) == (False, 8, 5)
        assert (halve["caught"], halve["accepted"]) == (3, 2)  # found by name or text alone, these are still graded
        assert halve["never_needed"] == ["test_halve_negative", "test_halve_type"]
        assert halve["never_failed"] == ["test_halve_type"]
        assert faulty.question("triple")["thin"]

    def test_the_json_has_the_documented_shape(self, faulty: Faulty) -> None:
        assert faulty.data["schema"] == 1
        assert faulty.data["isolation"] == "bubblewrap"
        assert set(faulty.data) == {"schema", "passed", "isolation", "seconds", "assignments"}
        for assignment in faulty.data["assignments"]:
            assert set(assignment) == {"name", "passed", "notebooks", "seconds", "questions", "findings"}
            for finding in assignment["findings"]:
                assert set(finding) == {"kind", "question", "variant", "expected", "happened", "look_at"}

    def test_the_terminal_names_every_finding(self, faulty: Faulty) -> None:
        for assignment in faulty.data["assignments"]:
            for finding in assignment["findings"]:
                assert "/".join(filter(None, (finding["question"], finding["variant"]))) in faulty.output
        assert "Tests that no mistake names:" in faulty.output
        assert "Thin, with fewer than 3 mistakes or 4 alternatives:" in faulty.output


@pytest.mark.slow
def test_a_suite_that_is_right_passes_and_json_alone_is_on_standard_output(numbers: Course) -> None:
    result = invoke(numbers, "--question", "double", "--workers", "2", "--json", "-")
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert data["passed"] is True
    assert [a["name"] for a in data["assignments"]] == ["numbers"]
    assert [q["name"] for q in data["assignments"][0]["questions"]] == ["double"]
    assert result.stderr.rstrip().endswith("passed.")


def test_what_does_not_exist_is_a_usage_error(numbers: Course, tmp_path: Path) -> None:
    for arguments in (["nothing"], ["--question", "nothing"], ["--json", str(tmp_path / "no" / "folder.json")]):
        assert isinstance(invoke(numbers, *arguments).exception, UsageError)


@pytest.mark.slow
def test_a_broken_list_of_mistakes_ends_the_command_with_2(numbers: Course, tmp_path: Path) -> None:
    copy = tmp_path / "course"
    subprocess.run(["cp", "-r", str(numbers.root), str(copy)], check=True)
    (copy / "tests/hidden/numbers/mistakes.py").write_text("MISTAKES = 1 / 0\n", encoding="utf-8")
    assert isinstance(invoke(find_course(copy)).exception, SuiteError)
    command = [sys.executable, "-m", "autograder.cli.main", "--course", str(copy), "audit"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "mistakes.py" in done.stderr
    assert "ZeroDivisionError" in done.stderr


@pytest.mark.parametrize("module", ["torch", "pytest", "nbgrader"])
def test_importing_the_command_imports_nothing_slow(module: str) -> None:
    code = f"import sys, autograder.cli.audit; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.slow
def test_the_hidden_suites_of_this_course_are_right() -> None:
    result = invoke(find_course(ROOT))
    assert result.exit_code == 0, result.output
