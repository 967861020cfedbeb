"""Where everything of one hub lies, below one folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """The folders and files of a hub.

    Attributes:
        root: all of it lies below.
    """

    root: Path

    @property
    def data(self) -> Path:
        """The class: what `--data` names elsewhere."""
        return self.root / "class"

    @property
    def exchange(self) -> Path:
        """Where nbgrader hands out and takes in."""
        return self.root / "exchange"

    @property
    def homes(self) -> Path:
        """A folder for each account of the hub."""
        return self.root / "home"

    @property
    def grader_home(self) -> Path:
        """Of what runs for the staff in a demo: formgrader, the queue, checks."""
        return self.homes / ".grader"

    @property
    def state(self) -> Path:
        """What JupyterHub itself keeps, and its log."""
        return self.root / "hub"

    @property
    def settings(self) -> Path:
        return self.state / "settings.json"

    @property
    def leases(self) -> Path:
        """Who has which GPU."""
        return self.state / "gpus.json"

    @property
    def log(self) -> Path:
        return self.state / "jupyterhub.log"

    @property
    def jupyter(self) -> Path:
        """Jupyter's data for everybody's server: the kernel, which knows %check_work."""
        return self.root / "jupyter"

    def config(self, role: str) -> Path:
        """A folder of Jupyter's configuration: for a "student", for one of the "staff", or for the class's "grader"."""
        return self.root / "config" / role
