"""Where a question is explained: the section of the notebook above it, and what its docstring says first."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass

from autograder.authoring.spec import ReleaseSpec, Role

HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$", re.MULTILINE)
FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)  # a comment in code is no heading
CHAPTER = 2  # "##"; "#" is the notebook's title


@dataclass(frozen=True, slots=True)
class Reading:
    """Where to read on one question; "" for what the notebook does not have.

    Attributes:
        chapter: heading of the part of the notebook.
        section: heading right above the question.
        asked: the first paragraph of the docstring, which names the paper and the equation.
    """

    chapter: str
    section: str
    asked: str


def where_to_read(spec: ReleaseSpec) -> Mapping[str, Reading]:
    """Question -> where to read, from the notebook as it was handed out."""
    found: dict[str, Reading] = {}
    chapter = section = ""
    for cell in spec.cells:
        if cell.cell_type == "markdown":
            for level, heading in HEADING.findall(FENCED.sub("", cell.source)):
                if len(level) <= CHAPTER:
                    chapter, section = (heading if len(level) == CHAPTER else ""), ""
                else:
                    section = heading
        elif cell.role is Role.QUESTION:
            found[cell.name] = Reading(chapter, section, _asked(cell.source))
    return found


def _asked(stub: str) -> str:
    definitions = (node for node in ast.parse(stub).body if isinstance(node, (ast.FunctionDef, ast.ClassDef)))
    docstring = next((ast.get_docstring(definition) for definition in definitions), None) or ""
    return " ".join(docstring.partition("\n\n")[0].split())
