"""Formulas as MathML, which every browser draws by itself: a page then needs neither MathJax nor a network.

Covered: what comes out holds elements and attributes of MathML alone, with text that is escaped, whatever the
formula was; one that is too long, or that cannot be read, comes back as None and is shown as it was typed.
(latex2mathml's own `convert` undoes the escaping, so it is not used.)
"""

from __future__ import annotations

import html
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import convert_to_element

LONGEST = 2000  # characters
TAGS = frozenset(
    {
        "math", "menclose", "merror", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom",
        "mprescripts", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd",
        "mtext", "mtr", "munder", "munderover", "none",
    }
)  # fmt: skip
ATTRIBUTES = frozenset(
    {
        "accent", "accentunder", "columnalign", "columnlines", "columnspacing", "depth", "display", "displaystyle",
        "fence", "form", "height", "linethickness", "lspace", "mathvariant", "maxsize", "minsize", "movablelimits",
        "notation", "rowlines", "rowspacing", "rspace", "scriptlevel", "separator", "stretchy", "symmetric", "voffset",
        "width", "xmlns",
    }
)  # fmt: skip


def mathml(formula: str, *, block: bool) -> str | None:
    """The formula in MathML; None where there is no reading it.

    Args:
        formula: LaTeX, without the dollars around it.
        block: whether it stands on a line of its own.
    """
    if len(formula) > LONGEST:
        return None
    try:
        element = convert_to_element(formula, display="block" if block else "inline")
        return tostring(_plain(element), encoding="unicode") if _is_mathml(element) else None
    except Exception:  # the library raises what it meets: IndexError, KeyError, RecursionError, its own
        return None


def _is_mathml(element: Element) -> bool:
    return all(child.tag in TAGS for child in element.iter())


def _plain(element: Element) -> Element:
    """Without attributes of any other kind. Texts hold character references, which are to be characters."""
    for child in element.iter():
        for name in [name for name in child.attrib if name not in ATTRIBUTES]:
            del child.attrib[name]
        child.text = html.unescape(child.text) if child.text else child.text
        child.tail = html.unescape(child.tail) if child.tail else child.tail
    return element
