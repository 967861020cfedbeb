"""Render the report page: one file that loads nothing and runs no script but its own.

Everything in the page that a student wrote (ids, hints, problems, errors) passes jinja2's escaping
or goes through JSON into `textContent`. A Content-Security-Policy is the second line of defence:
the page's script is allowed by its hash, everything else but inline style is refused.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.reports.model import Report
from autograder.reports.statistics import in_words
from autograder.reports.wording import breakable, formulas, moment, number, percent
from autograder.results import Outcome, Status

TEMPLATES = Path(__file__).parent / "templates"


def render(report: Report) -> str:
    """The whole page."""
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    return (
        environment()
        .get_template("report.html")
        .render(
            report=report,
            style=_style(),
            script=Markup(script),  # our own file, not data
            policy=content_security_policy(script),
            Status=Status,
            Outcome=Outcome,
        )
    )


def render_template(name: str, about: Mapping[str, object], folder: Path | None = None, *, forms: bool = False) -> str:
    """A page of another kind, in the same style, without a script.

    Args:
        about: what the template reads.
        folder: where its template is, if not beside the report's.
        forms: whether it has forms, which go to the site that it comes from.
    """
    policy = content_security_policy(forms=forms)
    return environment(folder).get_template(name).render(style=_style(), policy=policy, **about)


def content_security_policy(script: str = "", *, forms: bool = False) -> str:
    """Forbids every load, every script but this one, and forms that go elsewhere."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    scripts = f"script-src 'sha256-{digest}'; " if script else ""
    to = "'self'" if forms else "'none'"
    return f"default-src 'none'; style-src 'unsafe-inline'; {scripts}base-uri 'none'; form-action {to}"


def _style() -> Markup:
    return Markup((TEMPLATES / "report.css").read_text(encoding="utf-8"))  # our own file, not data


@cache
def environment(folder: Path | None = None) -> Environment:
    """Everything is escaped. Templates of the folder come before the report's."""
    environment = Environment(
        loader=FileSystemLoader([folder, TEMPLATES] if folder else [TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (number, percent, moment, breakable, formulas, in_words)
    environment.filters |= {function.__name__: function for function in filters}
    return environment
