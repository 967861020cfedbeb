"""The `autograder` command: finds the course, runs one verb, turns errors into messages and exit codes.

Exit status: 0 done; 1 a person must look; 2 wrong usage or configuration, or a disk that cannot be written; 130
interrupted.
"""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
import traceback
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import click

from autograder.errors import AutograderError, ConfigurationError

VERBS = {
    "build": "Make the students' notebooks.",
    "grade": "Grade submissions against the hidden suite.",
    "regrade": "See what a mended test changes, then write it.",
    "audit": "Measure the hidden suites.",
    "new": "Start an assignment.",
    "report": "HTML and CSV for teaching staff.",
    "student": "All about one student's submission.",
    "feedback": "One page for each student, to be sent.",
    "similar": "Submissions that look alike, side by side.",
    "queue": "What needs a person, and whose it is.",
    "mark": "Points for written answers, by rubric.",
    "appeal": "Enter a student's objection to a grade.",
    "serve": "Queue, marking and reports in a browser, for staff.",
    "gradebook": "The course's marks: weights, lateness, letters, export.",
    "demo": "The whole loop on a generated class.",
    "serve-students": "Deadlines, receipts and checks for students at the hub.",
    "hub": "A JupyterHub with the course on it.",
    "doctor": "What this machine can isolate, GPUs, versions.",
}
WITHOUT_COURSE = {"doctor"}
# What the machine refuses, and what a person can do about it.
REFUSALS = {
    errno.ENOSPC: "Make room on that disk",
    errno.EDQUOT: "Make room in your quota",
    errno.EROFS: "Make that place writable",
    errno.EACCES: "Correct its permissions",
    errno.EPERM: "Correct its permissions",
}


class Verbs(click.Group):
    """Loads a verb's module when it is used: `--help` must not wait for nbgrader or torch."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        module = name.replace("-", "_")
        command: click.Command = getattr(importlib.import_module(f"autograder.cli.{module}"), module)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.command(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  autograder build                            make all release notebooks
  autograder grade vae                        grade what is new in submitted/
  autograder grade vae --notebook my.ipynb    grade one file, write nothing
  autograder report vae                       a page for teaching staff
  autograder gradebook                        everybody's mark of the course so far
  autograder COMMAND --help                   more about one of them""",
)
@click.option(
    "--course",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="The course's folder (default: this one or the nearest above it).",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="AUTOGRADER_DATA",
    show_envvar=True,
    help="The class's data (default: the course's folder).",
)
@click.version_option(package_name="autograder", prog_name="autograder")
@click.pass_context
def cli(ctx: click.Context, folder: Path | None, data: Path | None) -> None:
    """Assignments and forgery-proof grading for a course on generative AI."""
    if ctx.invoked_subcommand in WITHOUT_COURSE or {"-h", "--help"} & set(sys.argv[1:]):
        return
    from autograder.course import find_course

    ctx.obj = find_course(folder, data)


def main() -> NoReturn:
    """Entry point of the console script."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        status = cli.main(standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _say("Interrupted. What was finished is kept; run the same command again to go on.")
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except ConfigurationError as error:
        count = len(error.problems)
        _say(
            f"{count} problem{'s' if count != 1 else ''} in the course:\n" + "\n".join(f"  {p}" for p in error.problems)
        )
        sys.exit(2)
    except AutograderError as error:
        _say(f"Error: {error}")
        sys.exit(2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in REFUSALS:
            _say(f"Error: {error.filename or 'a file'}: {error.strerror}. {REFUSALS[error.errno]}, then run the same "
                 "command again. What was finished is kept.")  # fmt: skip
            sys.exit(2)
        _say(f"Unexpected error: {type(error).__name__}: {error}")
        _say(f"This is a fault of autograder, not yours. The log to report: {_write_log()}")
        sys.exit(1)


def _interrupt(signum: int, frame: object) -> NoReturn:
    """Asked to end by another program: as by Ctrl-C, so that what was finished is kept."""
    raise KeyboardInterrupt


def _say(text: str) -> None:
    click.echo(text, err=True)


def _write_log() -> Path:
    folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "autograder"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.log"
    path.write_text(f"{' '.join(sys.argv)}\npython {sys.version}\n\n{traceback.format_exc()}", encoding="utf-8")
    return path


if __name__ == "__main__":
    main()
