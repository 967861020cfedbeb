"""`autograder doctor`: what this machine can isolate, GPUs, versions."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

PACKAGES = ("autograder", "torch", "nbgrader", "nbconvert", "jupytext", "pytest", "pydantic")


@dataclass(frozen=True)
class Finding:
    """One line of the report: `ok` is None where it is information and neither good nor bad."""

    what: str
    ok: bool | None
    detail: str


@click.command(
    short_help="What this machine can isolate, GPUs, versions.",
    epilog="""\b
Examples:
  autograder doctor     look at this machine; exit 2 where nothing can be graded safely""",
)
def doctor() -> None:
    """Try the sandbox for real and report what holds, what is missing, and the cure."""
    console = Console()
    findings = [*_machine(), *_isolation(), *_gpus(), *_versions()]
    table = Table(box=None, pad_edge=False, show_header=False)
    marks = {True: "[green]✓[/]", False: "[red]✗[/]", None: " "}
    for finding in findings:
        table.add_row(marks[finding.ok], finding.what, escape(finding.detail))
    console.print(table)
    if any(finding.ok is False for finding in findings):
        console.print("\nNothing can be graded safely here until the lines marked [red]✗[/] are mended.")
        raise click.exceptions.Exit(2)
    console.print("\nThis machine can grade.")


def _machine() -> list[Finding]:
    user = f"user {os.geteuid()}" + (" (root)" if os.geteuid() == 0 else "")
    return [
        Finding("system", None, f"{platform.system()} {platform.release()}, {platform.machine()}, {user}"),
        Finding("processors", None, str(os.cpu_count())),
        Finding("python", sys.version_info >= (3, 11), f"{platform.python_version()} ({sys.executable})"),
    ]


def _isolation() -> list[Finding]:
    """Start a real sandbox, ask a real student process what it can see and do."""
    from autograder.sandbox.bubblewrap import Bubblewrap
    from autograder.sandbox.selftest import look_around

    missing = Bubblewrap().missing()
    if missing:
        return [Finding("bubblewrap", False, item) for item in missing]
    version = subprocess.run([shutil.which("bwrap") or "bwrap", "--version"], capture_output=True, text=True).stdout
    findings = [Finding("bubblewrap", True, version.strip())]
    return findings + [Finding(what, ok, detail) for what, ok, detail in look_around()]


def _gpus() -> list[Finding]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return [Finding("gpu", None, "none seen (no nvidia-smi); tests marked gpu are reported as not run")]
    query = [tool, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    listed = subprocess.run(query, capture_output=True, text=True).stdout.strip()
    return [Finding("gpu", None, line) for line in listed.splitlines()] or [Finding("gpu", None, "none")]


def _versions() -> list[Finding]:
    findings = []
    for name in PACKAGES:
        try:
            findings.append(Finding(name, None, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            findings.append(Finding(name, False, "not installed; run: make setup"))
    return findings
