"""What server mode asks of a machine, and what it says where that is not there."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.errors import AutograderError, UsageError
from autograder.hub.accounts import as_account, read_accounts
from autograder.hub.closed import check_homes

ROOT = Path(__file__).parents[3]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another account")


def test_missing_accounts_are_named_with_the_commands_that_make_them() -> None:
    with pytest.raises(UsageError) as refused:
        read_accounts("nosuchcourse")
    for command in (
        "--create-home --home-dir /var/lib/nosuchcourse-grader nosuchcourse-grader",
        "groupadd nosuchcourse-staff",
        "groupadd nosuchcourse-students",
    ):
        assert command in str(refused.value)


@as_root
def test_work_as_an_account_cannot_go_back_to_root() -> None:
    seen = os.pipe()

    def work() -> None:
        os.write(seen[1], f"{os.getuid()} {os.geteuid()} {os.environ['HOME']}".encode())
        os.setuid(0)

    with pytest.raises(AutograderError, match="As nobody: PermissionError"):
        as_account("nobody", work)
    os.close(seen[1])
    assert os.read(seen[0], 100) == f"65534 65534 {pwd.getpwnam('nobody').pw_dir}".encode()
    assert os.getuid() == 0


@as_root
def test_a_server_in_the_courses_folder_is_refused() -> None:
    hub = ["--course", str(ROOT), "hub", "--server", "--folder", str(ROOT / "hub")]
    told = subprocess.run(
        [sys.executable, "-m", "autograder.cli.main", *hub], capture_output=True, text=True, check=False
    )
    assert "closed to students" in told.stderr
    assert told.returncode == 2


def test_homes_that_others_can_read_are_refused(tmp_path: Path) -> None:
    homes = [tmp_path / name for name in ("ada", "bo", "cy")]
    for home, mode in zip(homes, (0o700, 0o755, 0o750), strict=True):
        home.mkdir()
        home.chmod(mode)
    with pytest.raises(UsageError, match=r"chmod go-rwx .*/bo .*/cy$") as refused:
        check_homes([*homes, tmp_path / "not-made-yet"])
    assert "/ada" not in str(refused.value)
    check_homes(homes[:1])
