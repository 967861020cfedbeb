"""Receipts: what lies in the exchange, and nothing that does not."""

from __future__ import annotations

import hashlib
import os
import pwd
from pathlib import Path

import pytest

from autograder.student_site.received import received

STAMP = "2027-02-12 21:30:00.123456 UTC"
ME = pwd.getpwuid(os.getuid()).pw_name


def hand_in(inbound: Path, student: str, stamp: str = STAMP, assignment: str = "vae", **files: str) -> Path:
    folder = inbound / f"{student}+{assignment}+{stamp}+x7Qz"
    folder.mkdir(parents=True)
    for name, text in (files or {"vae": "{}"}).items():
        (folder / f"{name}.ipynb").write_text(text)
    (folder / "timestamp.txt").write_text(stamp)
    return folder


def test_what_was_received_when_and_its_hash(tmp_path: Path) -> None:
    folder = hand_in(tmp_path, "ada", vae="one")
    (receipt,) = received(tmp_path, "ada", "vae", check_owner=False)
    assert receipt.folder == folder.name
    assert receipt.at.isoformat() == "2027-02-12T21:30:00.123456+00:00"
    (file,) = receipt.files
    assert (file.name, file.size, file.sha256) == ("vae.ipynb", 3, hashlib.sha256(b"one").hexdigest())


def test_the_latest_first(tmp_path: Path) -> None:
    hand_in(tmp_path, "ada", "2027-02-12 21:30:00.1 UTC")
    hand_in(tmp_path, "ada", "2027-02-13 08:00:00.1 UTC")
    assert [receipt.at.day for receipt in received(tmp_path, "ada", "vae", check_owner=False)] == [13, 12]


def test_nobody_elses_and_no_other_assignment(tmp_path: Path) -> None:
    hand_in(tmp_path, "adam")
    hand_in(tmp_path, "ada", assignment="vae2")
    (tmp_path / "ada+vae+yesterday+x").mkdir()
    assert received(tmp_path, "ada", "vae", check_owner=False) == []


def test_without_an_exchange_nothing(tmp_path: Path) -> None:
    assert received(tmp_path / "none", "ada", "vae", check_owner=False) == []


def test_links_and_pipes_are_named_and_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden tests")
    folder = hand_in(tmp_path / "inbound", "ada")
    (folder / "link.ipynb").symlink_to(secret)
    os.mkfifo(folder / "pipe")
    (receipt,) = received(tmp_path / "inbound", "ada", "vae", check_owner=False)
    problems = {file.name: file.problem for file in receipt.files}
    assert "link" in problems["link.ipynb"]
    assert problems["pipe"]
    assert problems["vae.ipynb"] == ""
    assert hashlib.sha256(b"hidden tests").hexdigest() not in str(receipt)


def test_a_folder_that_is_a_link_is_no_receipt(tmp_path: Path) -> None:
    there = hand_in(tmp_path / "else", "ada")
    (tmp_path / "inbound").mkdir()
    (tmp_path / "inbound" / there.name).symlink_to(there)
    assert received(tmp_path / "inbound", "ada", "vae", check_owner=False) == []


def test_where_accounts_are_the_systems_a_folder_must_be_the_students_own(tmp_path: Path) -> None:
    hand_in(tmp_path, ME)
    assert len(received(tmp_path, ME, "vae", check_owner=True)) == 1
    hand_in(tmp_path, "nosuchaccount")
    assert received(tmp_path, "nosuchaccount", "vae", check_owner=True) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_folder_of_another_account_is_no_receipt(tmp_path: Path) -> None:
    folder = hand_in(tmp_path, ME)
    os.chown(folder, 65534, 65534)
    assert received(tmp_path, ME, "vae", check_owner=True) == []
