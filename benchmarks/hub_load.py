"""`python -m benchmarks.hub_load`: a class at its deadline, on a running hub.

Everybody submits within a minute, each as a process of its own with that student's home and nbgrader's own submit; and
at the same time some have their work checked, logged in at the hub, by the form of *My work*. Nothing may be lost, and
every answer must be what `autograder grade` finds in the same notebook.
"""

from __future__ import annotations

import http.cookiejar
import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from autograder.authoring.spec import ReleaseSpec
from autograder.course import find_course
from autograder.engine.job import Job
from autograder.engine.pool import Engine
from autograder.student_site.answer import answer_of
from autograder.student_site.checks import State, open_checks
from autograder.submissions.parse import parse_submission

ROOT = Path(__file__).resolve().parents[1]
MINUTE_S = 60.0
PATIENCE_S = 900.0
NAME = "vae"
XSRF = re.compile(r'name="_xsrf" value="([^"]+)"')


@dataclass(frozen=True)
class Hub:
    """A running hub of made-up students."""

    address: str
    password: str
    folder: Path

    def notebook(self, student: str) -> Path:
        return self.folder / "class" / "submitted" / student / NAME / f"{NAME}.ipynb"

    @property
    def students(self) -> list[str]:
        """All who have a notebook."""
        names = sorted(path.name for path in (self.folder / "class" / "submitted").iterdir())
        return [name for name in names if self.notebook(name).is_file()]


def start_hub(folder: Path, students: int) -> tuple[Hub, subprocess.Popen[str]]:
    """`autograder hub`, once it has printed its address."""
    command = [sys.executable, "-m", "autograder.cli.main", "--course", str(ROOT), "hub", "--port", "0"]
    command += ["--students", str(students), "--folder", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("Ctrl-C"):
            break
    address, password = re.search(r"http://\S+/", said), re.search(r"password +(\S+)", said)
    if not address or not password:
        raise click.ClickException(f"The hub did not start:\n{said}")
    return Hub(address[0], password[1], folder), process


def submit(hub: Hub, student: str, at: float) -> float:
    """In a process of its own: nbgrader's submit as the student, at a moment; seconds from then until it was done."""
    time.sleep(max(0.0, at - time.time()))
    home = hub.folder / "home" / student
    work = home / NAME
    work.mkdir(parents=True, exist_ok=True)
    shutil.copy(hub.notebook(student), work / f"{NAME}.ipynb")
    os.environ |= {"HOME": str(home), "JUPYTERHUB_USER": student, "JUPYTER_DATA_DIR": str(home / ".local")}
    os.chdir(home)
    from nbgrader.auth import Authenticator
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.exchange import ExchangeFactory
    from traitlets.config.loader import PyFileConfigLoader

    config = PyFileConfigLoader("nbgrader_config.py", path=str(hub.folder / "config" / "student")).load_config()
    config.CourseDirectory.assignment_id = NAME
    directory = CourseDirectory(config=config)
    exchange = ExchangeFactory(config=config)
    exchange.Submit(coursedir=directory, authenticator=Authenticator(config=config), config=config).start()
    return time.time() - at


def check(hub: Hub, student: str) -> tuple[float, float]:
    """Log in, have the notebook checked by the form; seconds until it was taken, and until the answer."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    login = browser.open(f"{hub.address}hub/login?next=%2Fhub%2Fhome", timeout=PATIENCE_S).read().decode()
    token = XSRF.search(login)
    assert token, "the login page has no form"
    form = {"username": student, "password": hub.password, "_xsrf": token[1]}
    browser.open(f"{hub.address}hub/login?next=%2Fhub%2Fhome", urllib.parse.urlencode(form).encode(), PATIENCE_S).read()
    page = browser.open(f"{hub.address}services/work/", timeout=PATIENCE_S).read().decode()
    token = XSRF.search(page)
    assert token, f"{student} cannot ask for a check"
    content = hub.notebook(student).read_bytes()
    body = b"".join((
        b'--x\r\nContent-Disposition: form-data; name="_xsrf"\r\n\r\n', token[1].encode(), b"\r\n",
        b'--x\r\nContent-Disposition: form-data; name="notebook"; filename="a.ipynb"\r\n\r\n',
        content, b"\r\n--x--\r\n",
    ))  # fmt: skip
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    begun = time.monotonic()
    asked = urllib.request.Request(f"{hub.address}services/work/ask/{NAME}", body, kind)
    answer = browser.open(asked, timeout=PATIENCE_S)
    taken = time.monotonic() - begun
    while answer.headers.get("Refresh"):
        time.sleep(0.5)
        answer = browser.open(answer.url, timeout=PATIENCE_S)
    return taken, time.monotonic() - begun


def lost(hub: Hub, students: Sequence[str]) -> list[str]:
    """Students whose notebook did not arrive as it was sent, or who have another one's."""
    inbound = hub.folder / "exchange" / "genai" / "inbound"
    missing = []
    for student in students:
        there = list(inbound.glob(f"{student}+{NAME}+*"))
        if len(there) != 1 or (there[0] / f"{NAME}.ipynb").read_bytes() != hub.notebook(student).read_bytes():
            missing.append(student)
    return missing


def wrong_answers(hub: Hub, students: Sequence[str]) -> list[str]:
    """Students who were told something else than grading finds."""
    course = find_course(ROOT, hub.folder / "class")
    assignment = course.assignment(NAME)
    spec = ReleaseSpec.load(assignment.release_path)
    told: dict[str, Mapping[str, Any]] = {}
    with open_checks(course) as book:
        for student in students:
            done = [one for one in book.of(student, NAME) if one.state is State.DONE]
            told[student] = done[0].answer if len(done) == 1 else {}
    wrong = []
    with Engine(course, assignment, workers=os.cpu_count() or 1) as engine:
        for job, result in engine.run(Job(student, hub.notebook(student).read_bytes()) for student in students):
            parsed = parse_submission(job.notebook, job.student, spec, assignment.limits)
            expected = json.loads(json.dumps(answer_of(result, parsed.problems)))
            if told[job.student] != expected:
                wrong.append(job.student)
    return wrong


def quantiles(seconds: Sequence[float]) -> str:
    """For people: median and 95th percentile."""
    ordered = sorted(seconds)
    p50, p95 = (ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))] for share in (0.5, 0.95))
    return f"p50 {p50:.1f} s, p95 {p95:.1f} s, longest {ordered[-1]:.1f} s"


@click.command()
@click.option("--students", default=200, show_default=True, type=click.IntRange(4, 500), help="Who submit in a minute.")
@click.option("--checks", default=50, show_default=True, type=click.IntRange(1, 500), help="Who check at once.")
def main(students: int, checks: int) -> None:
    """Submissions of a whole class within a minute, and checks at the same time; nothing lost, every answer right."""
    with tempfile.TemporaryDirectory(prefix="autograder-load-") as folder:
        hub, process = start_hub(Path(folder) / "hub", students + students // 10 + 4)  # some have no notebook
        try:
            everybody = hub.students[:students]
            if len(everybody) < students:
                raise click.ClickException(f"Only {len(everybody)} of the made-up class have a notebook.")
            checking = everybody[:: max(1, students // checks)][:checks]
            click.echo(f"{len(everybody)} submit within a minute, {len(checking)} check at once ...", err=True)
            begin = time.time() + 5
            moments = [begin + MINUTE_S * n / len(everybody) for n in range(len(everybody))]
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["nbgrader.exchange", "nbgrader.apps"])
            with ThreadPoolExecutor(len(checking)) as people, context.Pool(4, maxtasksperchild=1) as pool:
                asked = [people.submit(check, hub, student) for student in checking]
                waits = pool.starmap(submit, [(hub, s, at) for s, at in zip(everybody, moments, strict=True)], 1)
                answers = [one.result() for one in asked]
            click.echo(f"submitted   {len(everybody)}: {quantiles(waits)} after the moment of each")
            click.echo(f"taken       {len(answers)} checks: {quantiles([taken for taken, _ in answers])}")
            click.echo(f"answered    {len(answers)} checks: {quantiles([done for _, done in answers])}")
            gone, wrong = lost(hub, everybody), wrong_answers(hub, checking)
            click.echo(f"lost        {len(gone)}\nwrong       {len(wrong)}")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(120)
        if gone or wrong:
            raise click.ClickException(f"lost: {', '.join(gone)}; wrong: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
