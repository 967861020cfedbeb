"""Each check finds what it is for: harm is planted in a class that was really graded."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.platform.faults.check import Fault, Finding, check_final, check_interrupted, graded_again
from tests.platform.faults.classroom import NAME, OLD
from tests.platform.faults.grader import REPOSITORY
from tests.platform.faults.scene import make_scene
from tests.platform.faults.state import State, read_state
from tests.platform.faults.trial import Scene

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Undisturbed runs."""
    return make_scene(tmp_path_factory.mktemp("scene"))


@pytest.fixture
def data(scene: Scene, tmp_path: Path) -> Path:
    """A graded class to spoil, with the results in JSON beside it."""
    shutil.copytree(scene.prepared["with-feedback"], tmp_path / "data")
    shutil.copy(scene.prepared["with-feedback"].parent / "grades.json", tmp_path / "grades.json")
    return tmp_path / "data"


def look(data: Path) -> State:
    return read_state(data, data.parent / "grades.json")


def final(scene: Scene, state: State) -> list[Finding]:
    return check_final(state, scene.expected[OLD], with_pages=True)


def interrupted(scene: Scene, state: State) -> list[Finding]:
    return check_interrupted(state, scene.expected, scene.contents)


def test_an_undisturbed_class_is_found_whole(scene: Scene, data: Path) -> None:
    """By all checks."""
    state = look(data)
    assert final(scene, state) == []
    assert interrupted(scene, state) == []
    assert graded_again(state, look(data), frozenset()) == []


def sql(data: Path, *statements: str) -> None:
    with sqlite3.connect(data / "gradebook.db") as database:
        for statement in statements:
            database.execute(statement)
    database.close()


def change_json(path: Path, change: Callable[[dict], object]) -> None:  # type: ignore[type-arg]
    content = json.loads(path.read_bytes())
    change(content)
    path.write_text(json.dumps(content))


def autograded(data: Path, student: str) -> Path:
    return data / "autograded" / student / NAME / f"{NAME}.ipynb"


def record(data: Path, student: str) -> Path:
    return data / ".autograder" / "results" / NAME / f"{student}.json"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def corrupt(data: Path) -> None:
    """Bytes in the middle of a table's pages, as of a torn write."""
    content = bytearray((data / "gradebook.db").read_bytes())
    content[len(content) // 2 : len(content) // 2 + 4096] = bytes(4096)
    (data / "gradebook.db").write_bytes(content)


ONE_SUBMISSION = "(select id from submitted_assignment where student_id = 'ada')"
SECOND_ROW = (
    "insert into submitted_assignment (id, assignment_id, student_id, timestamp) "
    "select 'x', assignment_id, student_id, timestamp from submitted_assignment where student_id = 'ada'"
)
# SQLite enforces nbgrader's unique constraint, so a second row needs a table that lacks it.
WITHOUT_CONSTRAINT = (
    "alter table submitted_assignment rename to strict",
    "create table submitted_assignment as select * from strict",
)
HARM: dict[str, tuple[Fault, Callable[[Path], object]]] = {
    "a second row": (Fault.DUPLICATED, lambda d: sql(d, *WITHOUT_CONSTRAINT, SECOND_ROW)),
    "twice in the results": (
        Fault.DUPLICATED,
        lambda d: change_json(d.parent / "grades.json", lambda c: c["submissions"].append(c["submissions"][0])),
    ),
    "a missing record": (Fault.LOST, lambda d: record(d, "ada").unlink()),
    "a missing notebook": (Fault.LOST, lambda d: autograded(d, "bob").unlink()),
    "a missing page": (Fault.LOST, lambda d: (d / "feedback" / "bob" / NAME / f"{NAME}.html").unlink()),
    "missing rows": (Fault.LOST, lambda d: sql(d, "delete from grade")),
    "not in the results": (
        Fault.LOST,
        lambda d: change_json(d.parent / "grades.json", lambda c: c["submissions"].pop()),
    ),
    "a torn notebook": (Fault.HALF_WRITTEN, lambda d: cut(autograded(d, "erin"))),
    "a torn record": (Fault.HALF_WRITTEN, lambda d: cut(record(d, "finn"))),
    "a torn page": (Fault.HALF_WRITTEN, lambda d: cut(d / "feedback" / "ada" / NAME / f"{NAME}.html")),
    "torn results": (Fault.HALF_WRITTEN, lambda d: cut(d.parent / "grades.json")),
    "another score": (Fault.INCONSISTENT, lambda d: sql(d, "update grade set auto_score = auto_score + 1")),
    "another time": (Fault.INCONSISTENT, lambda d: sql(d, "update submitted_assignment set timestamp = null")),
    "a temporary file": (Fault.INCONSISTENT, lambda d: (d / "autograded" / ".x.unfinished").write_text("")),
    "a row of nothing": (
        Fault.INCONSISTENT,
        lambda d: sql(d, "pragma foreign_keys = off", f"delete from submitted_assignment where id = {ONE_SUBMISSION}"),
    ),
    "a damaged database": (Fault.INCONSISTENT, corrupt),
    "another's work": (Fault.INCONSISTENT, lambda d: shutil.copy(autograded(d, "ada"), autograded(d, "bob"))),
}


@pytest.mark.parametrize("what", HARM)
def test_harm_is_found(scene: Scene, data: Path, what: str) -> None:
    """In the column of the table where it belongs."""
    fault, harm = HARM[what]
    harm(data)
    assert fault in {finding.fault for finding in final(scene, look(data))}


EARLY: dict[str, tuple[Fault, Callable[[Path], object]]] = {
    name: HARM[name] for name in ("a second row", "a torn notebook", "a torn record", "torn results")
} | {
    "a record before its rows": (Fault.INCONSISTENT, lambda d: (d / "gradebook.db").unlink()),
    "a record before its notebook": (Fault.INCONSISTENT, lambda d: autograded(d, "ada").unlink()),
    "a record of nobody's work": (
        Fault.INCONSISTENT,
        lambda d: change_json(record(d, "ada"), lambda c: c.update(notebook_sha256="0" * 64)),
    ),
    "half of a transaction": (Fault.INCONSISTENT, lambda d: sql(d, "delete from grade")),
}


@pytest.mark.parametrize("what", EARLY)
def test_harm_is_found_right_after_the_fault(scene: Scene, data: Path, what: str) -> None:
    """Before the next run could mend it."""
    fault, harm = EARLY[what]
    harm(data)
    assert fault in {finding.fault for finding in interrupted(scene, look(data))}


def test_grading_twice_is_found(scene: Scene, data: Path) -> None:
    """A record with another time is of another grading; allowed only for those who handed in again."""
    before = look(data)
    change_json(record(data, "ada"), lambda c: c.update(graded_at="2031-01-01T00:00:00+00:00"))
    (finding,) = graded_again(before, look(data), frozenset())
    assert finding.fault is Fault.DUPLICATED
    assert "ada" in finding.text
    assert graded_again(before, look(data), frozenset({"ada"})) == []


STAYS = """
import subprocess
from tests.platform.faults import processes
processes.ENDED_WITHIN_S = 0.2
sleeper = subprocess.Popen(["sleep", "500"])
print(processes.remaining(), sleeper.wait())
"""


def test_a_process_that_stays_is_found() -> None:
    """And ended. In a process of its own, whose only child it is."""
    done = subprocess.run([sys.executable, "-c", STAYS], cwd=REPOSITORY, capture_output=True, text=True)
    assert "sleep 500" in done.stdout, done.stderr
