"""Storage that refuses: a full disk, a folder that cannot be written, a gradebook that somebody holds, torn files."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.platform.faults.check import Fault
from tests.platform.faults.classroom import NAME
from tests.platform.faults.kind import Kind
from tests.platform.faults.trial import Trial

FULL = r"no space left|disk is full"
READ_ONLY = r"(read-only|readonly|unable to open).*writable"
LOCKED = r"locked.*close the program"
ROOMY = "256m"
PAGE = 4096
BUSY_S = 0.5


@contextlib.contextmanager
def _mounted(folder: Path, *options: str) -> Iterator[None]:
    """Something mounted there, gone afterwards whoever still uses it."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", *options, str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _nearly_full(trial: Trial, prepared: str, needed: int) -> None:
    """The class on a file system of its own, with room for a random part of what is needed."""
    trial.in_the_end.enter_context(_mounted(trial.data, "-t", "tmpfs", "-o", f"size={ROOMY}", "none"))
    trial.prepare(prepared)
    used = subprocess.run(
        ["df", "--output=used", "-B", str(PAGE), str(trial.data)], capture_output=True, text=True, check=True
    )
    pages = int(used.stdout.split()[-1]) + int(trial.random.random() * needed / PAGE)
    _resize(trial.data, str(pages * PAGE))
    trial.mend.append(lambda: _resize(trial.data, ROOMY))


def _resize(folder: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)


def _grade_on_full_disk(trial: Trial) -> None:
    _nearly_full(trial, "handed-in", trial.scene.bytes_written["graded"])
    trial.wait(trial.grade())
    trial.struck = trial.refused


def _feedback_on_full_disk(trial: Trial) -> None:
    trial.feedback = True
    _nearly_full(trial, "graded", trial.scene.bytes_written["with-feedback"])
    trial.wait(trial.grade())
    trial.struck = trial.refused


def _report_on_full_disk(trial: Trial) -> None:
    _nearly_full(trial, "graded", trial.scene.bytes_written["with-report"])
    trial.wait(trial.report())
    trial.struck = trial.refused
    trial.mend.append(lambda: report_again(trial))


def report_again(trial: Trial) -> None:
    """What a stopped report left is whole; the next one has everybody in it."""
    check_report(trial)
    if trial.wait(trial.report()) != 0:
        trial.add(Fault.INCONSISTENT, f"the report after the fault failed: {trial.endings[-1][1][-600:]}")
    check_report(trial)
    wanted = (trial.scene.prepared["with-report"] / "reports" / NAME / "scores.csv").read_bytes()
    scores = trial.data / "reports" / NAME / "scores.csv"
    if not scores.exists():
        trial.add(Fault.LOST, "scores.csv is missing")
    elif scores.read_bytes() != wanted:
        trial.add(Fault.INCONSISTENT, "scores.csv is not that of an undisturbed run")


def check_report(trial: Trial) -> None:
    """Whatever is there is whole."""
    folder = trial.data / "reports" / NAME
    page, scores = folder / "index.html", folder / "scores.csv"
    lines = (trial.scene.prepared["with-report"] / "reports" / NAME / "scores.csv").read_bytes().count(b"\n")
    if page.exists() and not page.read_bytes().rstrip().endswith(b"</html>"):
        trial.add(Fault.HALF_WRITTEN, f"{page} is not whole")
    if scores.exists() and scores.read_bytes().count(b"\n") != lines:
        trial.add(Fault.HALF_WRITTEN, f"{scores} is not whole")


def _read_only(trial: Trial) -> None:
    """From a random moment on, one of the folders that the grader writes to, or the whole of the class."""
    trial.prepare()
    command = trial.grade()
    if trial.at_random_moment(command):
        folder = trial.data / trial.random.choice(["", "", "autograded", ".autograder"])
        mount = contextlib.ExitStack()
        mount.enter_context(_mounted(folder, "--bind", str(folder)))
        trial.in_the_end.push(mount)
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        trial.mend.append(mount.close)
    trial.wait(command)
    trial.struck = trial.refused


def _locked(settings: dict[str, float], seconds: tuple[float, float] | None) -> Callable[[Trial], None]:
    def strike(trial: Trial) -> None:
        trial.prepare()
        command = trial.grade(settings, fresh=False if settings else None)
        trial.at_random_moment(command)
        gradebook = trial.data / "gradebook.db"
        if not trial.until(command, gradebook.exists):
            trial.wait(command)
            return
        trial.struck = command.alive
        holder = sqlite3.connect(gradebook, timeout=60, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        if seconds is None:
            trial.wait(command)
        else:
            time.sleep(trial.random.uniform(*seconds))
        holder.execute("ROLLBACK")
        holder.close()
        if seconds is not None:
            trial.wait(command)

    return strike


def _torn(trial: Trial) -> None:
    """A machine that lost its power: some files are empty, cut short, or full of zeros."""
    trial.feedback = True
    trial.prepare("with-feedback")
    patterns = (
        f".autograder/results/{NAME}/*.json",
        "autograded/*/*/*",
        "feedback/*/*/*.html",
        ".autograder/feedback/*/*",
    )
    files = sorted(path for pattern in patterns for path in trial.data.glob(pattern))
    for path in trial.random.sample(files, trial.random.randint(1, len(files) // 2)):
        whole = path.read_bytes()
        torn = whole[: trial.random.randrange(len(whole))]
        path.write_bytes(trial.random.choice([b"", torn, torn + bytes(len(whole) - len(torn)), bytes(len(whole))]))
        relative = path.relative_to(trial.data).parts
        trial.changed.add(path.stem if relative[0] == ".autograder" else relative[1])
    trial.look_at_disk()
    trial.struck = True


WAIT_LITTLE = {
    "autograder.gradebook.store.BUSY_TIMEOUT_S": BUSY_S,
    "autograder.gradebook.quick_look.BUSY_TIMEOUT_S": BUSY_S,
}
KINDS = (
    Kind("disk-full", "no room while grading", _grade_on_full_disk, frozenset({2}), FULL, mounts=True),
    Kind("disk-full-feedback", "no room for feedback", _feedback_on_full_disk, frozenset({2}), FULL, mounts=True),
    Kind("disk-full-report", "no room for the report", _report_on_full_disk, frozenset({2}), FULL, mounts=True),
    Kind("read-only", "a folder becomes read-only", _read_only, frozenset({2}), READ_ONLY, mounts=True),
    Kind("gradebook-held", "the gradebook locked for some seconds", _locked({}, (0.5, 4.0))),
    Kind("gradebook-held-on", "the gradebook locked for good", _locked(WAIT_LITTLE, None), frozenset({2}), LOCKED),
    Kind("torn-files", "files torn by a power failure", _torn, rests=False),
)
