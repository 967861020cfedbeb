"""Render the report page: one file that loads nothing and runs no script but its own.

Everything in the page that a student wrote (ids, hints, problems, errors) passes jinja2's escaping
or goes through JSON into `textContent`. A Content-Security-Policy is the second line of defence:
the page's script is allowed by its hash, everything else but inline style is refused.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.reports.model import Report
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


def content_security_policy(script: str) -> str:
    """Forbids every load and every script but this one."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    environment.filters["percent"] = percent
    environment.filters["moment"] = moment
    environment.filters["breakable"] = breakable
    return environment


def number(value: float, digits: int = 1) -> str:
    """At most `digits` decimals, no trailing zeros: 7.5, 10, 0.25."""
    text = f"{value:.{digits}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")


def percent(share: float) -> str:
    """0..1 as whole per cent; never 0 % or 100 % where it is not exactly that."""
    whole = round(share * 100)
    if whole == 0 and share > 0:
        return "< 1 %"
    if whole == 100 and share < 1:
        return "> 99 %"
    return f"{whole} %"


def moment(when: datetime) -> str:
    """For people: 3 March 2027, 14:05 with the time zone's name."""
    return f"{when.day} {when:%B %Y, %H:%M} {when.tzname() or ''}".strip()


def breakable(identifier: str) -> Markup:
    """A Python name that may be broken after underscores and between CamelCase words."""
    return Markup("<wbr>").join(re.split(r"(?<=_)(?=[^_])|(?<=[a-z])(?=[A-Z])", identifier))
