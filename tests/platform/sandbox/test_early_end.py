"""A sandbox that is ended while it starts is noticed, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.errors import IsolationError
from autograder.sandbox import user_namespace
from autograder.sandbox import zygote as zygote_module
from autograder.sandbox.bubblewrap import Bubblewrap
from autograder.sandbox.isolation import get_isolation
from autograder.sandbox.zygote import Zygote

ROUNDS = 20
PIPE_BYTES = 4096
SECONDS = 15.0  # for what takes milliseconds, on a busy machine
HELD = """#!/bin/sh
[ -e {met} ] && exec /usr/bin/bwrap "$@"
exec 9>{pipe}
echo $$ > {met}
exec /usr/bin/bwrap --info-fd 9 "$@"
"""


def _alive() -> set[int]:
    """Processes of bubblewrap that are no zombies."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (process / "stat").read_text().partition("(")[2].rpartition(")")
        except OSError:  # gone
            continue
        if name == "bwrap" and rest.split()[0] != "Z" and os.stat(process).st_uid == os.getuid():
            found.add(int(process.name))
    return found


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _orphans() -> set[int]:
    """Those whose parent is no bubblewrap and no Python: nobody will end them."""
    return {pid for pid in _alive() if _parent(pid) == 1}


def _left_behind(before: set[int]) -> set[int]:
    """Orphans that were not there before, and do not end by themselves."""
    until = time.monotonic() + 5
    while (left := _orphans() - before) and time.monotonic() < until:
        time.sleep(0.05)
    return left


@contextlib.contextmanager
def _killed_in_its_first_moments(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The next bubblewrap is killed once its child waits for a word of it, and before it says it.

    It is held there by what it is to write before that, into a pipe that is full.
    """
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    os.write(writer, bytes(PIPE_BYTES))
    met, bwrap = folder / "met", folder / "bwrap"
    bwrap.write_text(HELD.format(met=met, pipe=f"/proc/{os.getpid()}/fd/{writer}"))
    bwrap.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    struck = threading.Event()

    def kill() -> None:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(OSError, ValueError):
                pid = int(met.read_text())
                if Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                    os.kill(pid, signal.SIGKILL)
                    struck.set()
                    return
            time.sleep(0.001)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        killer.join()
        os.close(reader)
        os.close(writer)
    assert struck.is_set()


def test_ended_in_its_first_moments_it_leaves_no_process() -> None:
    """Before: its child waited for ever for a word of the one that was killed, in three of four cases."""
    before, isolation = _orphans(), get_isolation("bubblewrap")
    for number in range(ROUNDS):
        zygote = Zygote(isolation, ())
        time.sleep(number / 1000)
        zygote.close()
    assert _left_behind(before) == set()


def test_killed_by_somebody_else_it_is_noticed_and_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its child holds the channel open, so the channel does not tell. Before: a wait of minutes, and an orphan."""
    before = _orphans()
    monkeypatch.setattr(zygote_module, "START_TIMEOUT_S", SECONDS)
    with _killed_in_its_first_moments(tmp_path, monkeypatch):
        zygote = Zygote(Bubblewrap(), ())
        with pytest.raises(IsolationError, match="it went away"):
            zygote.wait_until_ready()
    assert not zygote.is_alive()
    zygote.close()
    assert _left_behind(before) == set()


def test_a_probe_that_is_killed_by_somebody_else_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It, too, has a child that lives on, and that says nothing about the machine."""
    before = _orphans()
    with _killed_in_its_first_moments(tmp_path, monkeypatch):
        assert Bubblewrap().missing() == []
    assert _left_behind(before) == set()


@pytest.mark.skipif(os.getuid() != 0, reason="only root's sandbox has such a namespace")
def test_a_namespace_whose_maker_is_killed_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told that the kernel does not allow it; where it comes each time, that it came from outside."""
    unshare = tmp_path / "unshare"
    unshare.write_text(f'#!/bin/sh\n[ -e {tmp_path}/met ] || {{ echo > {tmp_path}/met; kill -9 $$; }}\n'
                       'exec /usr/bin/unshare "$@"\n')  # fmt: skip
    unshare.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with user_namespace.root_and_nobody() as namespace:
        assert os.readlink(f"/proc/self/fd/{namespace}") != os.readlink("/proc/self/ns/user")
    unshare.write_text("#!/bin/sh\nkill -9 $$\n")
    with pytest.raises(IsolationError, match="twice by signal 9, from outside"), user_namespace.root_and_nobody():
        pass
