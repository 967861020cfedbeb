"""`autograder hub`: a JupyterHub with the course on it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.course import Course
from autograder.errors import UsageError

if TYPE_CHECKING:
    from autograder.hub.settings import HubSettings

PORT = 8000
DEMO_STUDENTS = 12


@click.command(
    short_help="A JupyterHub with the course on it.",
    epilog="""\b
Examples:
  autograder hub                            a demo on this machine, in hub/; Ctrl-C ends everything
  autograder hub --students 40 --port 8010  a larger class, another port
  autograder hub --folder ../my-hub         somewhere else; another start goes on with what is there
  sudo autograder hub --server              real accounts of this machine, in /srv/<course>
  autograder hub --gpu-share 4              up to four people on each GPU, where there is one
  autograder hub --prepare --folder /srv/hub   only the folder, for containers; see autograder/hub/deploy

\b
Without --server it is a demo: all accounts of the hub are one account of this machine.
With --server people log in with their own accounts (PAM), each one's server runs as that account, and the course's
folder and the class are readable to the account <course>-grader alone. Who takes part say the groups <course>-staff
and <course>-students; what is missing is named, with the commands to run.
Only this machine can connect, in both; for a server put one that speaks TLS in front, nginx for instance.""",
)
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="0 for any that is free.")
@click.option(
    "--students", default=DEMO_STUDENTS, show_default=True, type=click.IntRange(4, 500), help="Size of a demo's class."
)
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False),
    help="Where everything goes (default: hub/ in the course's folder; /srv/<course> with --server).",
)  # fmt: skip
@click.option("--server", is_flag=True, help="Real accounts of this machine. Needs root.")
@click.option(
    "--gpu-share", default=1, show_default=True, type=click.IntRange(1, 64),
    help="How many people's servers may have the same GPU at once.",
)  # fmt: skip
@click.option("--prepare", is_flag=True, help="Only fill the folder, for services that something else starts, and end.")
@click.pass_obj
def hub(
    course: Course, port: int, students: int, folder: Path | None, server: bool, gpu_share: int, prepare: bool
) -> None:
    """Start JupyterHub with JupyterLab, nbgrader for students and staff, formgrader, what needs a person, and
    students' own work; in a demo with a made-up class, all of which have accounts.
    """
    try:
        import jupyterhub  # noqa: F401
    except ImportError:
        raise click.ClickException("JupyterHub is not installed. Run: pip install 'autograder[hub]'") from None
    if prepare:
        _prepare(course, (folder or course.root / "hub").absolute())
        return
    if server:
        _serve(course, port, (folder or Path("/srv") / course.settings.id).absolute(), gpu_share)
    else:
        _demo(course, port, students, (folder or course.root / "hub").absolute(), gpu_share)
    click.echo("Ended.")


def _demo(course: Course, port: int, students: int, folder: Path, gpu_share: int) -> None:
    from autograder.hub.place import Place
    from autograder.hub.prepare import STAFF, prepare_demo
    from autograder.hub.run import choose_settings, run_hub

    place = Place(folder)
    ids = prepare_demo(course, place, students, _say)
    settings = choose_settings(place, course, port, STAFF, tuple(ids), gpu_share=gpu_share)

    def ready() -> None:
        click.secho("Demo: all accounts are one account of this machine. Nobody is safe from anybody else.", bold=True)
        click.echo(
            f"  {settings.address}\n"
            f"  accounts   {STAFF[0]} (staff); {', '.join(ids[:3])} and {len(ids) - 3} more (students)\n"
            f"  password   {settings.password}   (of all of them)\n"
            f"{_places(settings)}"
            f"{ids[0]} has handed in nothing yet: log in, open Nbgrader › Assignment List, fetch, work, submit.\n"
            f"Log: {place.log}\nCtrl-C ends everything."
        )

    click.echo("Starting JupyterHub ...", err=True)
    run_hub(place, settings, ready)


def _prepare(course: Course, folder: Path) -> None:
    from autograder.hub.place import Place
    from autograder.hub.prepare import prepare_services

    place = Place(folder)
    prepare_services(course, place, _say)
    click.echo(
        f"Ready: {folder}\n"
        f"Configuration for formgrader: JUPYTER_CONFIG_PATH={place.config('grader')}\n"
        f"To hand out: nbgrader release_assignment NAME with that, or formgrader's Release."
    )


def _serve(course: Course, port: int, folder: Path, gpu_share: int) -> None:
    from autograder.hub.accounts import read_accounts
    from autograder.hub.place import Place
    from autograder.hub.prepare import prepare_server
    from autograder.hub.run import choose_settings, run_hub

    if os.geteuid() != 0:
        raise UsageError("--server starts people's servers as their own accounts, which only root can. Use sudo.")
    if folder.is_relative_to(course.root):
        raise UsageError(f"{folder} lies in the course's folder, which is closed to students. Name another: --folder.")
    accounts = read_accounts(course.settings.id)
    place = Place(folder)
    settings = choose_settings(
        place, course, port, accounts.staff, accounts.students, grader=accounts.grader, gpu_share=gpu_share
    )
    prepare_server(course, place, accounts, settings.program("jupyterhub-singleuser"), _say)

    def ready() -> None:
        click.echo(
            f"  {settings.address}   (from this machine alone)\n"
            f"  accounts   {len(accounts.staff)} staff, {len(accounts.students)} students, with their own passwords\n"
            f"{_places(settings)}"
            f"  class      {place.data}   (as {accounts.grader} alone)\n"
            f"Log: {place.log}\nCtrl-C ends everything."
        )

    click.echo("Starting JupyterHub ...", err=True)
    run_hub(place, settings, ready)


def _places(settings: HubSettings) -> str:
    count, share = len(settings.gpus), settings.gpu_share
    gpus = f"{count}, each for up to {share} servers at once" if count else "none found; servers run without"
    return (
        f"  GPUs       {gpus}\n"
        f"  formgrader {settings.formgrader}   (as staff)\n"
        f"  queue      {settings.queue}   (as staff)\n"
        f"  my work    {settings.work}   (deadlines, receipts, checks; as a student)\n"
    )


def _say(what: str) -> None:
    click.echo(f"{what} ...", err=True)
