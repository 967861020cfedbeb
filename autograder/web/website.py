"""A site: one course, who may come in, and addresses."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote, urlencode

from autograder.course import Assignment, Course
from autograder.web.access import Access


@dataclass
class Website:
    """One course's site.

    Attributes:
        prefix: what all addresses begin with; begins and ends with a slash.
        hosts: names under which it may be asked for, or none for all of them (behind a proxy that checks).
        templates: where its own templates are, `error.html` among them.
    """

    templates: ClassVar[Path]
    course: Course
    access: Access
    prefix: str = "/"
    hosts: frozenset[str] = frozenset()

    def url(self, *parts: str, **query: str) -> str:
        """The address of a page; parts may hold any bytes that a folder's name can."""
        path = "/".join(quote(os.fsencode(part), safe="") for part in parts)
        pairs = [(name, os.fsencode(value)) for name, value in query.items() if value]
        return self.prefix + path + (f"?{urlencode(pairs)}" if pairs else "")

    def assignments(self) -> list[Assignment]:
        return [self.course.assignment(name) for name in self.course.assignment_names]
