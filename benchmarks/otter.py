"""Otter beside the others: an environment of its own, the same tests as its test files, the same notebooks."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.authoring.spec import TEST_PREFIX
from autograder.course import Assignment
from benchmarks.hidden_cells import QuestionTests
from benchmarks.notebooks import Submission, write_class
from benchmarks.scores import Scores, read_scores_file

HERE = Path(__file__).resolve().parent
VERSION = "7.0.0"
PACKAGE = f"otter-grader[grading]=={VERSION}"
VENV = HERE / ".otter-venv"
PATH_FILE = "platform.pth"  # makes what the platform has installed importable there
IGNORE_TAG = "otter_ignore"
CONFIG = {"show_hidden": True, "print_summary": False, "print_score": False}
INSTALL_TIMEOUT_S = 900


class OtterMissing(Exception):
    """Otter cannot be installed here; carries why."""


@dataclass(frozen=True, eq=False)
class Otter:
    """`otter.api.grade_submission` for one notebook after the other: a kernel each, hidden tests in the kernel."""

    assignment: Assignment
    autograder: Path
    name: str = f"Otter {VERSION}"

    def make_autograder(self, tests: Sequence[QuestionTests]) -> None:
        """The zip file that `otter generate` would make: configuration, test files, and a file that they import."""
        with zipfile.ZipFile(self.autograder, "w") as archive:
            archive.writestr("otter_config.json", json.dumps(CONFIG))
            archive.write(HERE / "stock_student.py", "files/stock_student.py")
            for of in tests:
                archive.writestr(f"tests/{of.question.name}.py", _test_file(of))

    def prepare(self, folder: Path, submissions: list[Submission]) -> None:
        tagged = [replace(one, notebook=_ignoring_public_tests(one.notebook)) for one in submissions]
        write_class(tagged, folder, self.assignment.name)

    def command(self, folder: Path) -> list[str]:
        return [str(VENV / "bin" / "python"), "-m", "benchmarks.otter_loop", str(self.autograder), str(folder)]

    def working_folder(self, folder: Path) -> Path:
        return folder

    def scores(self, folder: Path) -> Scores:
        return read_scores_file(folder)


def install_otter() -> None:
    """Make Otter's environment where there is none yet, with the versions of constraints.txt.

    Its requirements could change what the platform runs with, so it has a place of its own. What it does not
    install itself, torch above all, it imports from the platform's environment.

    Raises:
        OtterMissing: the package cannot be had, or does not import.
    """
    if _installed() == VERSION:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    uv, python = str(Path(sys.executable).with_name("uv")), str(VENV / "bin" / "python")
    constraints = ["--constraint", str(HERE.parent / "constraints.txt")]
    _run([uv, "venv", "--quiet", "--python", sys.executable, str(VENV)])
    _run([uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *constraints, PACKAGE])
    platform = _site_packages(Path(sys.prefix))
    _run([python, "-c", f"import sys; sys.path.append({str(platform)!r}); import torch, otter.api"])
    (_site_packages(VENV) / PATH_FILE).write_text(f"{platform}\n", encoding="utf-8")


def _installed() -> str:
    """The version in Otter's environment; "" where there is none that is whole."""
    folder = _site_packages(VENV)
    if not (folder / PATH_FILE).is_file():  # written last
        return ""
    found = [path.name.split("-")[1].removesuffix(".dist") for path in folder.glob("otter_grader-*.dist-info")]
    return found[0] if found else ""


def _site_packages(environment: Path) -> Path:
    return Path(sysconfig.get_path("purelib", vars={"base": str(environment), "platbase": str(environment)}))


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALL_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OtterMissing(str(error)) from None
    if done.returncode != 0:
        raise OtterMissing(f"{' '.join(command)}:\n{done.stderr[-1000:].strip()}")


def _test_file(tests: QuestionTests) -> str:
    """An exception-based test file: one test case a hidden test, with its share of the question's points."""
    weights = sum(test.weight for test in tests.tests)
    lines = ["OK_FORMAT = False", "", "from otter.test_files import test_case", "from stock_student import run_seeded"]
    lines += ["", f"name = {tests.question.name!r}", "", *tests.functions, f"_tests = {tests.all_tests}", ""]
    for number, test in enumerate(tests.tests):
        points = tests.question.points * test.weight / weights
        lines += [
            f"@test_case(name={test.name!r}, points={points!r}, hidden=True)",
            f"def _case_{number}():",
            f"    run_seeded(_tests[{number}][0], _tests[{number}][2])",
            "",
        ]
    return "\n".join(lines)


def _ignoring_public_tests(notebook: bytes) -> bytes:
    """The notebook with Otter's own tag for cells to leave out on those cells that nbgrader would overwrite."""
    content = json.loads(notebook)
    for cell in content["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id", "").startswith(TEST_PREFIX):
            cell["metadata"]["tags"] = [*cell["metadata"].get("tags", []), IGNORE_TAG]
    return json.dumps(content).encode()
