"""Start JupyterHub, wait until it answers, and end all that it started, however it ends itself."""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from autograder.course import Course
from autograder.errors import AutograderError, UsageError
from autograder.hub.gpus import find_gpus
from autograder.hub.place import Place
from autograder.hub.settings import HubSettings

CONFIG = Path(__file__).with_name("jupyterhub_config.py")
HERE = "127.0.0.1"
STARTS_WITHIN_S = 120.0
ENDS_WITHIN_S = 30.0
LOOK_EVERY_S = 0.5
PR_SET_CHILD_SUBREAPER = 36
PASSWORD_BYTES = 9


class HubError(AutograderError):
    """JupyterHub did not start, or ended by itself."""


def choose_settings(
    place: Place,
    course: Course,
    port: int,
    staff: tuple[str, ...],
    students: tuple[str, ...],
    *,
    grader: str = "",
    gpu_share: int = 1,
) -> HubSettings:
    """Settings for this start; the password of a demo is the one of the last start in this folder.

    Raises:
        UsageError: the port is taken.
    """
    try:
        with socket.create_server((HERE, port)) as taken:
            port = taken.getsockname()[1]
            ports = _free_ports(5)
    except OSError as error:
        raise UsageError(f"Port {port} cannot be used: {error.strerror}. Name another: --port {port + 1}.") from None
    password = "" if grader else _password_of(place)
    settings = HubSettings(
        course_id=course.settings.id,
        title=course.settings.title,
        course_root=str(course.root),
        root=str(place.root),
        bin=str(Path(sys.executable).parent),
        port=port,
        hub_port=ports[0],
        proxy_port=ports[1],
        formgrader_port=ports[2],
        staff_port=ports[3],
        work_port=ports[4],
        password=password,
        staff=staff,
        students=students,
        grader=grader,
        gpus=find_gpus(),
        gpu_share=gpu_share,
        servers=course.settings.servers,
    )
    settings.write(place.settings)
    return settings


def run_hub(place: Place, settings: HubSettings, ready: Callable[[], None]) -> None:
    """Run until interrupted (SIGINT, SIGTERM). Afterwards no process of it is left.

    Args:
        ready: is called once the hub answers.

    Raises:
        HubError: it did not start, or ended by itself; with the end of its log.
    """
    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda sign, _: stopped.append(sign))
    with _adopting_orphans(), place.log.open("ab") as log:
        hub = subprocess.Popen(
            [settings.program("jupyterhub"), "-f", str(CONFIG)],
            cwd=place.state, env=os.environ | {"AUTOGRADER_HUB": str(place.settings)},
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        try:
            _wait_until_it_answers(hub, settings, stopped)
            if not stopped:
                ready()
            while not stopped and hub.poll() is None:
                time.sleep(LOOK_EVERY_S)
            if not stopped:
                raise HubError(f"JupyterHub ended by itself, with status {hub.returncode}.")
        except HubError as error:
            raise HubError(f"{error}\n{_tail(place.log)}") from None
        finally:
            _end(hub)


def _wait_until_it_answers(hub: subprocess.Popen[bytes], settings: HubSettings, stopped: list[int]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while not stopped:
        if hub.poll() is not None:
            raise HubError(f"JupyterHub did not start; it ended with status {hub.returncode}.")
        if time.monotonic() > deadline:
            raise HubError(f"JupyterHub did not answer within {STARTS_WITHIN_S:g} s.")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{settings.address}hub/health", timeout=5):
            return
        time.sleep(LOOK_EVERY_S)


def _end(hub: subprocess.Popen[bytes]) -> None:
    """JupyterHub ends its servers, services and proxy by itself where it can; what is left then is killed."""
    with contextlib.suppress(ProcessLookupError):
        hub.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        hub.wait(ENDS_WITHIN_S)
    while alive := _descendants():
        for pid in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _bury()
        time.sleep(0.05)
    hub.poll()


@contextlib.contextmanager
def _adopting_orphans() -> Iterator[None]:
    """Processes whose parents end become children of this one, so that none is missed at the end."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _descendants() -> set[int]:
    """Of this process, zombies aside."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    parents[int(folder.name)] = int(parent)
    found: set[int] = set()
    fresh = {os.getpid()}
    while fresh:
        fresh = {pid for pid, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return found


def _bury() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        return [stack.enter_context(socket.create_server((HERE, 0))).getsockname()[1] for _ in range(count)]


def _password_of(place: Place) -> str:
    known = HubSettings.read(place.settings).password if place.settings.exists() else ""
    return known or secrets.token_urlsafe(PASSWORD_BYTES)


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join([f"The end of {log}:", *log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]])
