"""What JupyterHub is told, in a file that only its owner can read: it holds the password."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from autograder.course.servers import ServersSettings

STAFF_SERVICE = "staff"  # what needs a person: `autograder serve`
WORK_SERVICE = "work"  # deadlines, receipts and checks for students: `autograder serve-students`


@dataclass(frozen=True, slots=True)
class HubSettings:
    """One hub.

    Attributes:
        course_id: also the name of the formgrader service, as nbgrader wants it.
        course_root: the folder of the course.
        root: see `Place`.
        bin: where jupyterhub, its proxy and the single-user server are.
        port: of the hub's address; the others are for its parts.
        password: of all accounts alike, in a demo.
        gpus: as CUDA names them; servers can be started with one where there are any.
        gpu_share: how many servers may have the same one.
        servers: what people can choose, and when a server ends by itself.
        grader: the account that everything of the staff's runs as; "" in a demo, where there is one account for all.
    """

    course_id: str
    title: str
    course_root: str
    root: str
    bin: str
    port: int
    hub_port: int
    proxy_port: int
    formgrader_port: int
    staff_port: int
    work_port: int
    password: str
    staff: tuple[str, ...]
    students: tuple[str, ...]
    grader: str = ""
    gpus: tuple[str, ...] = ()
    gpu_share: int = 1
    servers: ServersSettings = field(default_factory=ServersSettings)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def root_path(self) -> Path:
        return Path(self.root)

    def program(self, name: str) -> str:
        """The path of a command of this installation."""
        return str(Path(self.bin) / name)

    @property
    def formgrader(self) -> str:
        return f"{self.address}services/{self.course_id}/formgrader"

    @property
    def work(self) -> str:
        """Where students see their work; `%check_work` asks there."""
        return f"{self.address}services/{WORK_SERVICE}/"

    @property
    def queue(self) -> str:
        """Where staff see what needs a person."""
        return f"{self.address}services/{STAFF_SERVICE}/"

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(self) | {"servers": self.servers.model_dump()}, file, indent=1)

    @classmethod
    def read(cls, path: Path) -> HubSettings:
        content = json.loads(path.read_text(encoding="utf-8"))
        lists = {name: tuple(content[name]) for name in ("staff", "students", "gpus")}
        return cls(**content | lists | {"servers": ServersSettings(**content.get("servers", {}))})
