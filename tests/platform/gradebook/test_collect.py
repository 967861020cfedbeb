"""nbgrader's collect with the course's configuration: real folders of an exchange, some of them made to cheat."""

from __future__ import annotations

import logging
import os
import pwd
from pathlib import Path
from typing import Any

import pytest
from nbgrader.apps import NbGraderAPI
from traitlets.config.loader import PyFileConfigLoader

from autograder.gradebook import collect
from tests.platform.gradebook.conftest import Classroom

ROOT = Path(__file__).parents[3]
ME = pwd.getpwuid(os.getuid()).pw_name
FIRST, SECOND = "2027-02-10 10:00:00.000001 UTC", "2027-02-11 10:00:00.000001 UTC"
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")


class Exchange:
    """An exchange with a course, and what collects from it."""

    def __init__(self, classroom: Classroom, root: Path) -> None:
        self.submitted = classroom.course.submitted
        self.inbound = root / "genai" / "inbound"
        self.inbound.mkdir(parents=True)
        config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
        config.CourseDirectory.root = str(classroom.course.data)
        config.CourseDirectory.db_url = f"sqlite:///{classroom.course.gradebook}"
        config.Exchange.root = str(root)
        self.config = config

    def hand_in(self, student: str = ME, stamp: str = FIRST, content: str = "{}", tail: str = "+x7Qz") -> Path:
        folder = self.inbound / f"{student}+small+{stamp}{tail}"
        folder.mkdir()
        (folder / "small.ipynb").write_text(content)
        (folder / "timestamp.txt").write_text(stamp)
        return folder

    def collect(self, **options: Any) -> dict[str, Any]:
        """As formgrader's button does."""
        result: dict[str, Any] = NbGraderAPI(config=self.config).collect("small", **options)
        return result

    def collected(self, student: str = ME) -> str:
        return (self.submitted / student / "small" / "small.ipynb").read_text()


@pytest.fixture
def exchange(classroom: Classroom, tmp_path: Path) -> Exchange:
    classroom.course.submitted.mkdir(parents=True, exist_ok=True)
    return Exchange(classroom, tmp_path / "exchange")


def test_it_is_what_the_courses_configuration_uses(exchange: Exchange) -> None:
    assert exchange.config.ExchangeFactory.collect == f"{collect.__name__}.SafeCollect"


def test_the_latest_is_collected(exchange: Exchange) -> None:
    exchange.hand_in(stamp=SECOND, content="second")
    exchange.hand_in(stamp=FIRST, content="first")
    assert exchange.collect()["success"]
    assert exchange.collected() == "second"


def test_an_update_takes_the_place_of_the_last_one(exchange: Exchange) -> None:
    exchange.hand_in(stamp=FIRST, content="first")
    exchange.collect()
    exchange.hand_in(stamp=SECOND, content="second")
    assert exchange.collect(update=False)["success"]
    assert exchange.collected() == "first"
    assert exchange.collect(update=True)["success"]
    assert exchange.collected() == "second"


@as_root
def test_a_name_that_is_not_the_owners_is_no_submission_and_hides_none(exchange: Exchange) -> None:
    exchange.hand_in(stamp=FIRST, content="mine")
    os.chown(exchange.hand_in(stamp=SECOND, content="forged"), 65534, 65534)
    os.chown(exchange.hand_in(student="bo", content="forged"), 65534, 65534)
    said = exchange.collect()
    assert exchange.collected() == "mine"
    assert not (exchange.submitted / "bo").exists()
    assert f"claims to be from {ME} but belongs to nobody" in said["log"]


def test_without_accounts_of_their_own_a_name_is_all_there_is(exchange: Exchange) -> None:
    exchange.config.ExchangeCollect.check_owner = False
    exchange.hand_in(student="bo", content="bo's")
    exchange.collect()
    assert exchange.collected("bo") == "bo's"


def test_links_are_not_followed_and_named(exchange: Exchange, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "hidden.py").write_text("hidden tests")
    folder = exchange.hand_in()
    (folder / "stolen.ipynb").symlink_to(secret / "hidden.py")
    (folder / "folder").symlink_to(secret)
    os.mkfifo(folder / "pipe")
    said = exchange.collect()
    there = sorted(path.name for path in (exchange.submitted / ME / "small").rglob("*"))
    assert there == ["small.ipynb", "timestamp.txt"]
    assert "stolen.ipynb is a link; it was left out" in said["log"]


def test_a_submission_that_is_itself_a_link_is_none(exchange: Exchange, tmp_path: Path) -> None:
    other = exchange.hand_in(student="bo").rename(tmp_path / "bo")
    (exchange.inbound / f"{ME}+small+{SECOND}+x").symlink_to(other)
    exchange.collect()
    assert not (exchange.submitted / ME).exists()


def test_what_is_too_large_stays_and_the_others_are_collected(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.config.ExchangeCollect.check_owner = False
    monkeypatch.setattr(collect, "MOST_BYTES", 1000)
    large = exchange.hand_in(student="ada", content="x" * 1001)
    exchange.hand_in(student="bo", content="bo's")
    said = exchange.collect()
    assert not said["success"]
    assert "Not collected: ada" in said["error"] + said["log"]
    assert exchange.collected("bo") == "bo's"
    assert not (exchange.submitted / "ada" / "small").exists()
    assert large.exists()


def test_a_bad_update_leaves_the_last_submission(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange.hand_in(stamp=FIRST, content="first")
    exchange.collect()
    monkeypatch.setattr(collect, "MOST_FILES", 1)
    exchange.hand_in(stamp=SECOND, content="second")
    assert not exchange.collect()["success"]
    assert exchange.collected() == "first"
    assert [path.name for path in (exchange.submitted / ME).iterdir()] == ["small"]


def test_a_strange_name_ends_nothing(exchange: Exchange) -> None:
    for name in ("nonsense", f"{ME}+small+yesterday+x", "+++", f"{ME}+other+{SECOND}+x"):
        (exchange.inbound / name).mkdir()
    exchange.hand_in(content="mine")
    assert exchange.collect()["success"]
    assert exchange.collected() == "mine"


@pytest.mark.parametrize("tail", ["", "+x7Qz"])
def test_a_student_whose_id_has_a_plus(exchange: Exchange, tail: str) -> None:
    exchange.config.ExchangeCollect.check_owner = False
    exchange.hand_in(student="ada+1", content="hers", tail=tail)
    exchange.collect()
    assert exchange.collected("ada+1") == "hers"


def test_a_time_in_the_name_that_the_kernel_contradicts_is_named(exchange: Exchange) -> None:
    exchange.hand_in(stamp="2020-01-01 10:00:00.000001 UTC")
    assert "was changed at" in exchange.collect()["log"]


def test_only_the_student_asked_for(exchange: Exchange, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    exchange.config.ExchangeCollect.check_owner = False
    exchange.config.CourseDirectory.student_id = "bo"
    exchange.hand_in(student="ada")
    exchange.hand_in(student="bo")
    exchange.collect()
    assert [path.name for path in exchange.submitted.iterdir()] == ["bo"]
