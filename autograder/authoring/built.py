"""What a release was built from: `assignments/<name>/built.json`, written by `autograder build` and committed.

A release holds no solution. So where a body of the reference is edited, the release's own bytes do not tell that it
was built, and looked through for leaks, before that. This file does: it names every function, class and constant of
the reference with the digest of its text. It stays out of `release/`, which students get.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autograder.authoring.reference import Reference

SCHEMA = 1


class BuiltFrom(BaseModel):
    """The reference as it was when the release was built.

    Attributes:
        reference: name of each top-level function, class and constant -> SHA-256 of its text, comments above included.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    schema_: Annotated[int, Field(alias="schema", ge=SCHEMA, le=SCHEMA)] = SCHEMA
    reference: dict[str, str]

    @classmethod
    def of(cls, reference: Reference) -> BuiltFrom:
        return cls(reference={name: _digest(source) for name, source in reference.sources.items()})

    def to_bytes(self) -> bytes:
        return (json.dumps(self.model_dump(by_alias=True), indent=1) + "\n").encode()

    def changes(self, path: Path) -> list[str]:
        """One sentence for each definition that differs from what the file at `path` says was built; [] for none."""
        try:
            before = BuiltFrom.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return [f"{path} does not exist: nothing says which reference the release was built from"]
        except (OSError, ValidationError) as error:
            return [f"{path} does not say which reference the release was built from: {str(error).splitlines()[0]}"]
        return list(self._changes_since(before))

    def _changes_since(self, before: BuiltFrom) -> Iterator[str]:
        for name in sorted(self.reference.keys() | before.reference.keys()):
            old, new = before.reference.get(name), self.reference.get(name)
            if old is None:
                yield f"{name} is new in the reference"
            elif new is None:
                yield f"{name} has gone from the reference"
            elif old != new:
                yield f"{name} was edited in the reference"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
