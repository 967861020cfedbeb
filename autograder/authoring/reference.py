"""Read a reference module: the source of each question, of its helpers, and what students get.

Nothing is imported or run; everything returned is the file's own text.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.names import bound_names, used_names
from autograder.authoring.stub import first_line, last_line, make_stub
from autograder.errors import AuthoringError, ConfigurationError, Problem


@dataclass(frozen=True, slots=True)
class Definition:
    """One top-level statement: what it binds, where it stands, and its text with the comments above it."""

    names: tuple[str, ...]
    line: int
    source: str
    is_import: bool
    is_callable: bool  # a function or a class


class Reference:
    """One reference module, `reference/<topic>.py`."""

    def __init__(self, path: Path, definitions: Iterable[Definition], questions: Collection[str] | None = None) -> None:
        self.path = path
        self._definitions = tuple(definitions)
        self._by_name = {name: d for d in self._definitions if not d.is_import for name in d.names}
        self._questions = None if questions is None else frozenset(questions)

    @classmethod
    def load(cls, path: Path, questions: Collection[str] | None = None) -> Reference:
        """Parse `path`.

        Args:
            questions: the names of the assignment's questions. Without them, every public
                function and class counts as a question, and all else as a helper.

        Raises:
            ConfigurationError: it cannot be read, or is no Python.
        """
        try:
            text = path.read_text(encoding="utf-8")
            return cls(path, _definitions(text), questions)
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError([Problem(path, 0, f"the reference cannot be read: {error}")]) from None
        except SyntaxError as error:
            raise ConfigurationError([Problem(path, error.lineno or 0, f"no valid Python: {error.msg}")]) from None

    @property
    def names(self) -> tuple[str, ...]:
        """Top-level functions and classes, in the file's order."""
        return tuple(d.names[0] for d in self._definitions if d.is_callable)

    @property
    def questions(self) -> tuple[str, ...]:
        """Those of `names` that are questions."""
        return tuple(n for n in self.names if self._is_question(n))

    @property
    def imports(self) -> str:
        """The module's import statements, one below the other."""
        return "".join(d.source for d in self._definitions if d.is_import)

    @property
    def sources(self) -> dict[str, str]:
        """Every top-level function, class and constant by name: its text, see `source_of`."""
        return {name: definition.source for name, definition in self._by_name.items()}

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def line_of(self, name: str) -> int:
        """Where `name` is defined, 1-based."""
        return self._definition(name).line

    def source_of(self, name: str) -> str:
        """The text of a function, a class or a constant, with decorators and the comments right above it."""
        return self._definition(name).source

    def stub_of(self, name: str) -> str:
        """`source_of`, each body between `### BEGIN SOLUTION` and `### END SOLUTION`.

        Raises:
            AuthoringError: there is no such name.
            ConfigurationError: there is nothing in it that a student could write.
        """
        definition = self._definition(name)
        try:
            if not definition.is_callable:
                raise AuthoringError("is neither a function nor a class")
            return make_stub(definition.source)
        except AuthoringError as error:
            raise ConfigurationError([Problem(self.path, definition.line, f"{name}: {error}")]) from None

    def imported_names_of(self, name: str) -> tuple[str, ...]:
        """Names that `name` uses and that the module's imports bind."""
        imported = {n for d in self._definitions if d.is_import for n in d.names}
        return tuple(sorted(used_names(self.source_of(name)) & imported))

    def helpers_of(self, name: str) -> tuple[str, ...]:
        """What `name` uses of this module, directly or not, and is no question: helpers and constants, in order."""
        found: set[str] = set()
        pending = [name]
        while pending:
            used = used_names(self.source_of(pending.pop())) & self._by_name.keys()
            new = {n for n in used if not self._is_question(n)} - found - {name}
            found |= new
            pending.extend(new)
        return tuple(n for n in self._by_name if n in found)

    def carry_source(self, name: str) -> str:
        """What goes into a student's namespace to put this question's reference version there.

        The module's imports, the helpers and constants that the question uses, and the question
        itself: never another question, which it finds under its global name in that namespace.
        """
        wanted = {name, *self.helpers_of(name)}
        parts = [d.source for d in self._definitions if not d.is_import and wanted & set(d.names)]
        return "\n\n".join([self.imports, *parts])

    def _is_question(self, name: str) -> bool:
        if self._questions is not None:
            return name in self._questions
        return self._by_name[name].is_callable and not name.startswith("_")

    def _definition(self, name: str) -> Definition:
        try:
            return self._by_name[name]
        except KeyError:
            known = ", ".join(self.names) or "nothing"
            raise AuthoringError(f"{self.path}: defines no {name!r}; it defines {known}") from None


def _definitions(text: str) -> list[Definition]:
    lines = text.splitlines()
    found = []
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Expr):  # the docstring
            continue
        is_import = isinstance(statement, ast.Import | ast.ImportFrom)
        first, last = first_line(statement), last_line(statement, lines)
        while not is_import and first > 1 and lines[first - 2].startswith("#"):
            first -= 1
        source = "\n".join(lines[first - 1 : last]) + "\n"
        is_callable = isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        names = tuple(sorted(bound_names(source)))
        found.append(Definition(names, statement.lineno, source, is_import, is_callable))
    return found
