"""How figures, times and names are written for people."""

from __future__ import annotations

import re
from datetime import datetime

from markupsafe import Markup, escape

from autograder.gradebook.mathml import mathml

# As in Pandoc: no space inside the dollars, and no digit after them, so that prices stay prices.
FORMULA = re.compile(r"\$\$(?P<block>.+?)\$\$|\$(?!\s)(?P<inline>[^$\n]+?)(?<!\s)\$(?!\d)", re.DOTALL)
MOST_FORMULAS = 200


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


def printable(text: str) -> str:
    """For a terminal: without control characters, which what a student wrote can hold."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def breakable(identifier: str) -> Markup:
    """A Python name that may be broken after underscores and between CamelCase words."""
    return Markup("<wbr>").join(re.split(r"(?<=_)(?=[^_])|(?<=[a-z])(?=[A-Z])", identifier))


def formulas(text: str) -> Markup:
    """Escaped text in which LaTeX between dollars is MathML; what cannot be read stays as it was typed."""
    parts: list[Markup] = []
    done = 0
    for found in list(FORMULA.finditer(text))[:MOST_FORMULAS]:
        block = found["block"] is not None
        drawn = mathml(found["block"] or found["inline"], block=block)
        parts += [escape(text[done : found.start()]), escape(found[0]) if drawn is None else Markup(drawn)]
        done = found.end()
    return Markup("").join([*parts, escape(text[done:])])
