"""The exchange over the service: nbgrader's own commands as a student gives them, and whoever tries more than that."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError, ExchangeFactory
from traitlets.config import Config

from autograder.course import Course
from autograder.student_site import exchange as exchange_module
from autograder.student_site.exchange import take_in
from tests.platform.engine.tiny import notebook
from tests.platform.student_site.conftest import Served, serving, with_checks

PLUGINS = {
    "list": "HubList", "fetch_assignment": "HubFetchAssignment", "submit": "HubSubmit",
    "fetch_feedback": "HubFetchFeedback",
}  # fmt: skip


class Student:
    """A student's home, with nbgrader in it as in an image for students."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.home.mkdir(exist_ok=True)
        self.config = Config()
        self.config.CourseDirectory.course_id = "tiny"
        self.config.Exchange.assignment_dir = str(home)
        for trait, name in PLUGINS.items():
            self.config.ExchangeFactory[trait] = f"autograder.in_exchange.{name}"

    def do(self, what: str, assignment: str = "tiny", **settings: Any) -> Any:
        """As nbgrader's commands and JupyterLab's list do it."""
        directory = CourseDirectory(config=self.config)
        directory.assignment_id = assignment
        tool = getattr(ExchangeFactory(config=self.config), what)(coursedir=directory, config=self.config)
        for name, value in settings.items():
            setattr(tool, name, value)
        return tool.start()

    @property
    def notebook(self) -> Path:
        return self.home / "tiny" / "tiny.ipynb"


@pytest.fixture
def exchange(tmp_path: Path, served: Served) -> Path:
    """The course's folder in it, with the assignment handed out."""
    folder = tmp_path / "exchange" / "tiny"
    out = folder / "outbound" / "tiny"
    (out / "pictures").mkdir(parents=True)
    (out / "tiny.ipynb").write_bytes(b'{"released": true}')
    (out / "pictures" / "one.png").write_bytes(b"\x89PNG")
    (out / ".hidden").write_bytes(b"no")
    return folder


@pytest.fixture
def ada(served: Served, exchange: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Student:
    monkeypatch.setenv("AUTOGRADER_WORK_URL", served.root)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "of-ada")
    return Student(tmp_path / "ada")


def send(served: Served, files: Mapping[str, bytes], token: str = "of-ada", name: str = "tiny") -> Any:
    encoded = {file: base64.b64encode(content).decode() for file, content in files.items()}
    return served.ask(f"api/exchange/{name}", json.dumps({"files": encoded}).encode(), token)


def test_what_is_handed_out_is_listed_and_fetched(ada: Student) -> None:
    (entry,) = ada.do("List", assignment="")
    assert (entry["course_id"], entry["assignment_id"], entry["status"]) == ("tiny", "tiny", "released")
    assert [one["notebook_id"] for one in entry["notebooks"]] == ["tiny"]
    ada.do("FetchAssignment")
    assert ada.notebook.read_bytes() == b'{"released": true}'
    assert (ada.home / "tiny" / "pictures" / "one.png").read_bytes() == b"\x89PNG"
    assert not (ada.home / "tiny" / ".hidden").exists()
    (entry,) = ada.do("List", assignment="")
    assert (entry["status"], entry["path"]) == ("fetched", str(ada.home / "tiny"))


def test_fetching_never_writes_over_work(ada: Student) -> None:
    ada.do("FetchAssignment")
    ada.notebook.write_bytes(b"my work")
    with pytest.raises(ExchangeError, match="already have"):
        ada.do("FetchAssignment")
    (ada.home / "tiny" / "pictures" / "one.png").unlink()
    ada.do("FetchAssignment", replace_missing_files=True)
    assert ada.notebook.read_bytes() == b"my work"
    assert (ada.home / "tiny" / "pictures" / "one.png").exists()


def test_what_is_not_handed_out_yet_cannot_be_fetched(ada: Student, exchange: Path) -> None:
    (exchange / "outbound").rename(exchange / "later")
    assert ada.do("List", assignment="") == []
    with pytest.raises(ExchangeError, match="not been handed out"):
        ada.do("FetchAssignment")


def test_what_is_handed_in_lies_where_nbgrader_collects(
    ada: Student, exchange: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ada.do("FetchAssignment")
    ada.notebook.write_bytes(b"my work")
    (ada.home / "tiny" / "helper.py").write_bytes(b"x = 1")
    (ada.home / "tiny" / ".ipynb_checkpoints").mkdir()
    with caplog.at_level(logging.INFO):
        ada.do("Submit")
    assert hashlib.sha256(b"my work").hexdigest() in caplog.text
    assert "pictures/" in caplog.text  # named as left out
    (folder,) = (exchange / "inbound").iterdir()
    student, assignment, stamp, _ = folder.name.split("+")
    assert (student, assignment) == ("ada", "tiny")
    when = datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S.%f UTC").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - when) < timedelta(minutes=2)
    own = {"timestamp.txt", "submission_secret.txt"}
    assert {path.name for path in folder.iterdir()} == {"tiny.ipynb", "helper.py", *own}
    assert (folder / "timestamp.txt").read_text() == stamp
    assert (folder / "tiny.ipynb").read_bytes() == b"my work"
    (entry,) = ada.do("List", cached=True)
    assert [one["timestamp"] for one in entry["submissions"]] == [stamp]


def test_every_time_counts_and_the_latest_comes_last(ada: Student) -> None:
    ada.do("FetchAssignment")
    for text in (b"one", b"two"):
        ada.notebook.write_bytes(text)
        ada.do("Submit")
    (entry,) = ada.do("List", inbound=True)
    stamps = [one["timestamp"] for one in entry["submissions"]]
    assert len(stamps) == 2
    assert stamps == sorted(stamps)


def test_a_renamed_notebook_is_told_and_still_received(
    ada: Student, exchange: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ada.do("FetchAssignment")
    ada.notebook.rename(ada.home / "tiny" / "mine.ipynb")
    with pytest.raises(ExchangeError, match=r"tiny\.ipynb is missing"):
        ada.do("Submit", strict=True)
    assert not (exchange / "inbound").exists()
    ada.do("Submit")
    assert "tiny.ipynb is missing" in caplog.text
    assert len(list((exchange / "inbound").glob("*/mine.ipynb"))) == 1


def test_large_files_beside_the_notebook_stay_and_are_named(
    ada: Student, exchange: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ada.do("FetchAssignment")
    (ada.home / "tiny" / "a_checkpoint.pt").write_bytes(bytes(6 * 2**20))
    ada.do("Submit")
    assert "a_checkpoint.pt" in caplog.text
    assert not list((exchange / "inbound").glob("*/a_checkpoint.pt"))


def test_without_the_hub_it_says_so(ada: Student, monkeypatch: pytest.MonkeyPatch) -> None:
    ada.do("FetchAssignment")
    monkeypatch.setenv("AUTOGRADER_WORK_URL", "http://127.0.0.1:9/")
    with pytest.raises(ExchangeError, match="does not answer"):
        ada.do("Submit")


@pytest.mark.slow
def test_the_whole_way_to_feedback(ada: Student, served: Served, course: Course, tmp_path: Path) -> None:
    """Collected by nbgrader, graded, feedback released by nbgrader, fetched by the student it is about alone."""
    ada.do("FetchAssignment")
    ada.notebook.write_bytes(notebook(course))
    ada.do("Submit")
    config = Config()
    config.CourseDirectory.course_id = "tiny"
    config.CourseDirectory.root = str(course.data)
    config.CourseDirectory.db_url = f"sqlite:///{course.gradebook}"
    config.Exchange.root = str(tmp_path / "exchange")
    config.ExchangeFactory.collect = "autograder.gradebook.collect.SafeCollect"
    config.ExchangeCollect.check_owner = False
    grade = [sys.executable, "-m", "autograder.cli.main", "--course", course.root, "grade", "tiny", "--feedback"]
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    api = NbGraderAPI(config=config)
    collected = api.collect("tiny")
    assert collected["success"], collected
    done = subprocess.run(grade, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (entry,) = ada.do("List", cached=True)
    assert not entry["submissions"][0]["has_exchange_feedback"]
    released = api.release_feedback("tiny")
    assert released["success"], released

    (entry,) = ada.do("List", cached=True)
    assert entry["submissions"][0]["has_exchange_feedback"]
    assert not entry["submissions"][0]["has_local_feedback"]
    ada.do("FetchFeedback")
    (entry,) = ada.do("List", cached=True)
    (submission,) = entry["submissions"]
    assert submission["has_local_feedback"]
    assert not submission["feedback_updated"]
    page = Path(submission["local_feedback_path"]) / "tiny.html"
    assert page.read_bytes() == (course.data / "feedback" / "ada" / "tiny" / "tiny.html").read_bytes()

    folder = served.ask("api/exchange").content["received"]["tiny"][0]["folder"]
    path = "api/exchange/tiny/" + folder.replace(" ", "%20").replace("+", "%2B").replace(":", "%3A") + "/tiny"
    assert served.ask(path).status == 200
    assert served.ask(path, token="of-bo").status == 404


@pytest.mark.parametrize(
    "name", ["../tiny.ipynb", "/etc/x.ipynb", "a/b.ipynb", "..", ".hidden.ipynb", "timestamp.txt", "x\x00.ipynb",
             "submission_secret.txt", "a\\b.ipynb", "a\nb.ipynb", "x" * 300 + ".ipynb", ""],
)  # fmt: skip
def test_names_are_those_of_plain_files(served: Served, exchange: Path, name: str) -> None:
    assert send(served, {"tiny.ipynb": b"{}", name: b"{}"}).status == 400
    assert not (exchange / "inbound").exists()


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"null", b"{", b'{"files": 3}', b'{"files": {"a.ipynb": 3}}', b'{"files": ["a"]}',
             b'{"files": {"a.ipynb": "***"}}', b'{"files": {}}', b'{"files": {"a.ipynb": ""}}', b"[" * 100_000,
             b'{"files": {"a.txt": "aGk="}}', b'{"files": {"\\ud800.ipynb": "aGk="}}', b"\xff\xfe"],
)  # fmt: skip
def test_what_is_no_submission_is_refused_in_words(served: Served, exchange: Path, body: bytes) -> None:
    refused = served.ask("api/exchange/tiny", body)
    assert refused.status == 400
    assert refused.content["error"]
    assert not (exchange / "inbound").exists()


def test_sizes_and_numbers_are_bounded(tmp_path: Path) -> None:
    course = with_checks(tmp_path / "course")
    path = course.assignment("tiny").config_path
    path.write_text(path.read_text().replace("[limits]", "[limits]\nnotebook_mib = 1"))
    with serving(course, tmp_path / "exchange") as served:
        refused = send(served, {"tiny.ipynb": bytes(2**19), "b.ipynb": bytes(2**19 + 1)})
        assert (refused.status, "1 MiB" in refused.content["error"]) == (400, True)
        assert send(served, {f"{number}.ipynb": b"{}" for number in range(60)}).status == 400
        assert send(served, {"tiny.ipynb": bytes(2**20)}).status == 201


@pytest.mark.parametrize("name", ["other", "..", "%2e%2e", "../tiny"])
def test_only_to_an_assignment_of_the_course(served: Served, exchange: Path, name: str) -> None:
    assert send(served, {"tiny.ipynb": b"{}"}, name=name).status in (403, 404)
    assert not (exchange / "inbound").exists()


def test_nobody_hands_in_for_another(served: Served, exchange: Path) -> None:
    assert send(served, {"tiny.ipynb": b"bo's"}, "of-bo").status == 201
    assert served.ask("api/exchange").content["received"] == {"tiny": []}
    assert [folder.name.split("+")[0] for folder in (exchange / "inbound").iterdir()] == ["bo"]


def test_where_students_reach_the_folder_the_service_takes_nothing_in(
    served: Served, exchange: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There a folder's owner says whose it is, and what the grader owned could be given another's name."""
    monkeypatch.setattr(served.site, "check_owner", True)
    refused = send(served, {"tiny.ipynb": b"{}"})
    assert (refused.status, "nbgrader's own submit" in refused.content["error"]) == (400, True)
    assert not (exchange / "inbound").exists()


@pytest.mark.parametrize("student", ["a+b", "../x", "a/b", ".x", ""])
def test_a_name_that_folders_cannot_have_is_refused(tmp_path: Path, student: str) -> None:
    with pytest.raises(exchange_module.UsageError):
        take_in(tmp_path / "inbound", student, "vae", {"vae.ipynb": b"{}"}, datetime.now(UTC))
    assert not (tmp_path / "inbound").exists()


def test_half_a_submission_is_never_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full at the second file: nothing is left, and nothing is acknowledged."""
    write, written = exchange_module._write, []

    def until_full(path: Path, content: bytes) -> None:
        if written:
            raise OSError(28, "No space left on device")
        written.append(path)
        write(path, content)

    monkeypatch.setattr(exchange_module, "_write", until_full)
    with pytest.raises(OSError, match="No space left"):
        take_in(tmp_path / "inbound", "ada", "vae", {"vae.ipynb": b"{}", "b.py": b""}, datetime.now(UTC))
    assert written
    assert list((tmp_path / "inbound").iterdir()) == []
