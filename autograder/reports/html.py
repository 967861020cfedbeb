"""Render the report page: one file that loads nothing and runs no script but its own.

Everything in the page that a student wrote (ids, hints, problems, errors) passes jinja2's escaping
or goes through JSON into `textContent`. A Content-Security-Policy is the second line of defence:
the page's script is allowed by its hash, everything else but inline style is refused.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.reports.model import Report
from autograder.reports.statistics import in_words
from autograder.reports.wording import breakable, moment, number, percent
from autograder.results import Outcome, Status

TEMPLATES = Path(__file__).parent / "templates"


def render(report: Report) -> str:
    """The whole page."""
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            style=Markup(style),  # our own files, not data
            script=Markup(script),
            policy=content_security_policy(script),
            Status=Status,
            Outcome=Outcome,
        )
    )


def render_template(name: str, **about: object) -> str:
    """A page of another kind, in the same style, without a script."""
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    return _environment().get_template(name).render(style=Markup(style), policy=content_security_policy(), **about)


def content_security_policy(script: str = "") -> str:
    """Forbids every load and every script but this one."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    scripts = f"script-src 'sha256-{digest}'; " if script else ""
    return f"default-src 'none'; style-src 'unsafe-inline'; {scripts}base-uri 'none'; form-action 'none'"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = {"number": number, "percent": percent, "moment": moment, "breakable": breakable, "in_words": in_words}
    environment.filters |= filters
    return environment
