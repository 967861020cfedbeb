"""How student code is kept in: one Protocol, and the literal table of what there is.

To add a backend (another container tool, a virtual machine): write a class with these members in
a module of its own and add it to `BACKENDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from autograder.errors import IsolationError
from autograder.sandbox.bubblewrap import Bubblewrap
from autograder.sandbox.unconfined import Unconfined


class Isolation(Protocol):
    """A way to start the zygote."""

    name: str
    confined: bool  # whether the zygote may give each child namespaces of its own

    def missing(self) -> list[str]:
        """What this machine lacks for it, each with its cure; empty where it works."""

    @property
    def student_uid(self) -> int | None:
        """The user that a child becomes before student code runs; None: it stays who it is."""

    def launch(
        self, python: Sequence[str], readable: Sequence[Path], environment: dict[str, str]
    ) -> AbstractContextManager[tuple[list[str], tuple[int, ...]]]:
        """The command line that runs `python` with `readable` visible and nothing else of the user's.

        Given as a context: (command, descriptors that the command inherits), to be started inside it.
        """


BACKENDS: dict[str, Callable[[], Isolation]] = {"bubblewrap": Bubblewrap, "none": Unconfined}


def get_isolation(name: str) -> Isolation:
    """The backend of this name, ready to be used.

    Raises:
        IsolationError: no such backend, or this machine lacks something for it.
    """
    if name not in BACKENDS:
        raise IsolationError(f"There is no isolation {name!r}; choose one of: {', '.join(BACKENDS)}.")
    backend = BACKENDS[name]()
    missing = backend.missing()
    if missing:
        raise IsolationError(
            f"Isolation by {name} cannot be had on this machine, so nothing was graded:\n"
            + "\n".join(f"  - {item}" for item in missing)
            + "\n`autograder doctor` shows the details. "
            "`--isolation none` grades without a sandbox: only for code you trust."
        )
    return backend
