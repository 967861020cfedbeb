"""The commands that the README promises, run as a user runs them, on the real course."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring.fill import fill_notebook
from autograder.authoring.reference import Reference
from autograder.course import Course, find_course
from autograder.results import Outcome
from autograder.sandbox.isolation import get_isolation
from autograder.sandbox.process import ProcessCrashed, StudentProcess
from autograder.sandbox.zygote import Zygote

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
CANARY = "canary-7f3a91"
SUBMISSION_KEYS = {"student", "status", "score", "max_score", "seconds", "problems", "questions"}
QUESTION_KEYS = {"name", "points", "score", "carried_forward", "tests"}
TEST_KEYS = {"name", "title", "outcome", "weight", "hint", "seconds"}
LIMITS = {"memory_mib": 1024, "disk_mib": 16, "processes": 32, "output_kib": 256}

# Each attempt prints one JSON line saying what it got.
ATTEMPTS = """
import gc, json, socket, sys, torch
print(json.dumps({"schema": 1, "submissions": [{"student": "eve", "score": 90.0, "max_score": 90.0}]}))
torch.allclose = lambda *args, **kwargs: True
texts = [o for o in gc.get_objects() if isinstance(o, (dict, list, tuple)) and len(o) < 2000]
print(json.dumps({"gc": any("expected" in str(k) for o in texts if isinstance(o, dict) for k in o)}))
ours = ("reference", "tests", "pytest", "autograder")
print(json.dumps({"modules": [name for name in sys.modules if name.split(".")[0] in ours]}))
try:
    print(json.dumps({"environ": open("/proc/1/environ").read()}))
except OSError as error:
    print(json.dumps({"environ": type(error).__name__}))
try:
    socket.create_connection(("127.0.0.1", @PORT@), timeout=2)
    print(json.dumps({"socket": "connected"}))
except OSError as error:
    print(json.dumps({"socket": type(error).__name__}))
"""


@pytest.fixture(scope="module")
def course() -> Course:
    return find_course(ROOT)


@pytest.fixture(scope="module")
def answers(course: Course) -> dict[str, str]:
    assignment = course.assignment("vae")
    reference = Reference.load(assignment.reference_path, assignment.question_names)
    return {name: reference.source_of(name) for name in assignment.question_names}


def autograder(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from autograder.cli.main import main; main()", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, **environment})


def grade(notebook: Path, **environment: str) -> dict[str, Any]:
    """The submission in the JSON that the command prints, after a look at its form."""
    done = autograder("grade", "vae", "--notebook", str(notebook), "--json", "-", **environment)
    assert done.returncode in (0, 1), done.stderr
    data = json.loads(done.stdout)
    assert set(data) == {"schema", "assignment", "isolation", "submissions"}
    assert (data["schema"], data["assignment"], data["isolation"]) == (1, "vae", "bubblewrap")
    (submission,) = data["submissions"]
    assert set(submission) == SUBMISSION_KEYS
    for question in submission["questions"]:
        assert set(question) == QUESTION_KEYS
        for test in question["tests"]:
            assert set(test) == TEST_KEYS
            assert test["outcome"] in set(Outcome)
    return dict(submission)


def test_the_release_as_it_is_earns_nothing(course: Course) -> None:
    """An untouched notebook gets 0 on every question, and is no cause for alarm."""
    submission = grade(course.assignment("vae").release_path)
    assert submission["status"] == "graded"
    assert [q["score"] for q in submission["questions"]] == [0.0] * 8


def test_the_reference_earns_everything(course: Course, answers: dict[str, str], tmp_path: Path) -> None:
    """The release filled with the reference's bodies gets full marks and no problem line."""
    notebook = tmp_path / "full.ipynb"
    notebook.write_bytes(fill_notebook(course.assignment("vae").release_path.read_bytes(), answers))
    submission = grade(notebook)
    assert submission["score"] == submission["max_score"] == course.assignment("vae").max_score
    assert submission["problems"] == []


def test_a_named_mistake_and_what_builds_on_it(course: Course, answers: dict[str, str], tmp_path: Path) -> None:
    """sigma = exp(logvar) loses points with the right hint, and VAE is graded with the reference's version."""
    wrong = "import torch\n\ndef reparameterize(mu, logvar):\n    std = torch.exp(logvar)\n"
    wrong += "    return mu + std * torch.randn_like(std)\n"
    notebook = tmp_path / "wrong.ipynb"
    release = course.assignment("vae").release_path.read_bytes()
    notebook.write_bytes(fill_notebook(release, {**answers, "reparameterize": wrong}))
    questions = {q["name"]: q for q in grade(notebook)["questions"]}
    assert questions["reparameterize"]["score"] < questions["reparameterize"]["points"]
    hints = [t["hint"].casefold() for t in questions["reparameterize"]["tests"] if t["outcome"] != "passed"]
    assert any("half the log-variance" in hint for hint in hints)
    assert questions["VAE"]["carried_forward"] == ["reparameterize"]
    assert questions["VAE"]["score"] == questions["VAE"]["points"]
    assert questions["kl_divergence"]["score"] == questions["kl_divergence"]["points"]


def test_a_forger_gains_nothing(course: Course, answers: dict[str, str], tmp_path: Path) -> None:
    """Forged result line, patched allclose, heap walk, /proc/1/environ, a socket, then os._exit(0): not a point."""
    release = course.assignment("vae").release_path.read_bytes()
    wrong = "def kl_divergence(mu, logvar):\n    return mu.sum(dim=1)\n"
    honest, forged = tmp_path / "honest.ipynb", tmp_path / "eve.ipynb"
    honest.write_bytes(fill_notebook(release, {**answers, "kl_divergence": wrong}))
    attack = wrong + ATTEMPTS.replace("@PORT@", "9") + "\nimport os\nos._exit(0)\n"
    forged.write_bytes(fill_notebook(release, {**answers, "kl_divergence": attack}))
    baseline, submission = grade(honest), grade(forged, AUTOGRADER_CANARY=CANARY)
    scores = [{q["name"]: q["score"] for q in s["questions"]} for s in (baseline, submission)]
    assert all(scores[1][name] <= scores[0][name] for name in scores[0])
    assert scores[1]["kl_divergence"] == 0.0
    assert submission["status"] == "partial"
    assert any("ended the Python process" in problem for problem in submission["problems"])
    assert CANARY not in json.dumps(submission)


def test_what_the_forger_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each attempt, run in a real student process beside a listening socket and a secret in the environment."""
    import socket

    monkeypatch.setenv("AUTOGRADER_CANARY", CANARY)
    with socket.create_server(("127.0.0.1", 0)) as server, Zygote(get_isolation("bubblewrap"), ["torch"]) as zygote:
        process = StudentProcess(zygote, LIMITS)
        source = ATTEMPTS.replace("@PORT@", str(server.getsockname()[1]))
        report = process.ask({"op": "cell", "index": 0, "source": source}, 20.0)["value"]
        assert report["error"] is None
        found: dict[str, Any] = {}
        for line in report["output"].splitlines():
            found.update(json.loads(line))
        assert found["gc"] is False
        assert found["modules"] == []
        assert CANARY not in found["environ"]
        assert found["socket"] == "PermissionError"
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()
        noticed = [*report["noticed"], *process.ask({"op": "noticed"}, 5.0)["value"]]
        for text in ("gc.get_objects", "replaced torch.allclose", "/proc/1/environ", "socket."):
            assert any(text in line for line in noticed), f"{text} was not noticed"
        with pytest.raises(ProcessCrashed):
            process.ask({"op": "cell", "index": 1, "source": "import os\nos._exit(0)"}, 5.0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def kl_divergence(mu: torch.Tensor, logvar", "def kl_divergence(mu: torch.Tensor, logvar_"),  # seen
        ("sigma = torch.exp(0.5 * logvar)", "sigma = torch.exp(0.6 * logvar)"),  # in a solution
    ],
)
def test_build_check_notices_any_edit_of_the_reference(course: Course, tmp_path: Path, old: str, new: str) -> None:
    """Exit 0 on the course as committed, and 1 after one character of a reference function has changed."""
    for part in ("assignments", "reference", "release", "tests/hidden"):
        shutil.copytree(course.root / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    before = autograder("--course", str(tmp_path), "build", "--check")
    assert before.returncode == 0, before.stdout + before.stderr
    path = tmp_path / "reference" / "vae.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    after = autograder("--course", str(tmp_path), "build", "--check")
    assert after.returncode == 1, after.stdout + after.stderr
    assert "vae" in after.stdout
