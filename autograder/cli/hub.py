"""`autograder hub`: a JupyterHub with the course on it."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.course import Course

PORT = 8000


@click.command(
    short_help="A JupyterHub with the course on it.",
    epilog="""\b
Examples:
  autograder hub                            on this machine, in hub/; Ctrl-C ends everything
  autograder hub --students 40 --port 8010  a larger class, another port
  autograder hub --folder ../my-hub         somewhere else; another start goes on with what is there

\b
A demo: all accounts of the hub are one account of this machine, and only this machine can connect.""",
)
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="0 for any that is free.")
@click.option("--students", default=12, show_default=True, type=click.IntRange(4, 60), help="Size of the class.")
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False),
    help="Where everything goes (default: hub/ in the course's folder).",
)  # fmt: skip
@click.pass_obj
def hub(course: Course, port: int, students: int, folder: Path | None) -> None:
    """Start JupyterHub with JupyterLab, nbgrader for students and staff, formgrader, and a made-up class, all of which
    have accounts.
    """
    try:
        import jupyterhub  # noqa: F401
    except ImportError:
        raise click.ClickException("JupyterHub is not installed. Run: pip install 'autograder[hub]'") from None

    from autograder.hub.place import Place
    from autograder.hub.prepare import STAFF, prepare
    from autograder.hub.run import choose_settings, run_hub

    place = Place((folder or course.root / "hub").absolute())
    ids = prepare(course, place, students, lambda what: click.echo(f"{what} ...", err=True))
    settings = choose_settings(place, course, port, STAFF, tuple(ids))

    def ready() -> None:
        click.secho("Demo: all accounts are one account of this machine. Nobody is safe from anybody else.", bold=True)
        click.echo(
            f"  {settings.address}\n"
            f"  accounts   {STAFF[0]} (staff); {', '.join(ids[:3])} and {len(ids) - 3} more (students)\n"
            f"  password   {settings.password}   (of all of them)\n"
            f"  formgrader {settings.formgrader}   (as {STAFF[0]})\n"
            f"  queue      {settings.queue}   (as {STAFF[0]})\n"
            f"  my work    {settings.work}   (deadlines, receipts, checks; as a student)\n"
            f"{ids[0]} has handed in nothing yet: log in, open Nbgrader › Assignment List, fetch, work, submit.\n"
            f"Log: {place.log}\nCtrl-C ends everything."
        )

    click.echo("Starting JupyterHub ...", err=True)
    run_hub(place, settings, ready)
    click.echo("Ended.")
