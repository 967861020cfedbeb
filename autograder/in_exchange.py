"""nbgrader's exchange over the hub's service, for students' servers that share no folder with the grader.

nbgrader's commands and buttons stay as they are; in the image's `nbgrader_config.py`:

    c.CourseDirectory.course_id = "genai"
    c.ExchangeFactory.list = "autograder.in_exchange.HubList"
    c.ExchangeFactory.fetch_assignment = "autograder.in_exchange.HubFetchAssignment"
    c.ExchangeFactory.submit = "autograder.in_exchange.HubSubmit"
    c.ExchangeFactory.fetch_feedback = "autograder.in_exchange.HubFetchFeedback"

Needs nbgrader and `in_notebook`, and nothing else of the platform. Who asks, and when, says the hub; see
`autograder/student_site/exchange.py`.
"""

from __future__ import annotations

import base64
import fnmatch
import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from nbgrader.exchange import abc
from traitlets import Bool

from autograder.in_notebook import NotPossible, ask

STAMP = "%Y-%m-%d %H:%M:%S.%f UTC"  # nbgrader's, in names of folders
NOTEBOOK = ".ipynb"
MIB = 2**20
MOST_MIB_BESIDES = 5.0  # of files that are no notebooks
FEEDBACK = "feedback"


class HubExchange(abc.Exchange):  # type: ignore[misc]
    """What all four share."""

    path_includes_course = Bool(False, help="Whether assignments lie in a folder named like the course.").tag(
        config=True
    )

    def init_src(self) -> None:
        """Nothing is looked up beforehand."""

    def init_dest(self) -> None:
        """Nothing is looked up beforehand."""

    def place(self, assignment: str) -> Path:
        """Where it lies, or will lie, in the student's home."""
        parts = [self.coursedir.course_id] if self.path_includes_course else []
        return Path(self.assignment_dir, *parts, assignment).absolute()

    def wanted(self) -> str:
        """The assignment that is meant; what was written may be a path to it."""
        name = Path(self.coursedir.assignment_id).name
        if not name:
            self.fail("Which assignment? Write its name.")
        return name

    def ask_hub(self, *parts: str, content: Any = None) -> dict[str, Any]:
        """One request; what is refused, or cannot be reached, ends this with the service's words."""
        try:
            return ask_exchange(*parts, content=content)
        except NotPossible as error:
            self.fail(str(error))
            raise

    def write(self, path: Path, content: bytes) -> None:
        """Whole, or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        ready = path.with_name(f".{path.name}.coming")
        ready.write_bytes(content)
        os.replace(ready, path)


class HubList(HubExchange, abc.ExchangeList):  # type: ignore[misc]
    """What is handed out; with `--inbound`, and in JupyterLab's list, what was received."""

    def copy_files(self) -> None:
        """Nothing is copied."""

    def list_files(self) -> list[dict[str, Any]]:
        """As nbgrader's own list gives it. Raises NotPossible where the service does not answer."""
        told = ask_exchange()
        if self.coursedir.course_id and self.coursedir.course_id not in ("*", told["course"]):
            return []
        entries = self._received(told) if self.inbound or self.cached else self._handed_out(told)
        one = self.coursedir.assignment_id
        return [entry for entry in entries if not one or entry["assignment_id"] == one]

    def remove_files(self) -> list[dict[str, Any]]:
        self.fail("What was handed in stays; ask your instructor.")
        return []

    def _handed_out(self, told: dict[str, Any]) -> list[dict[str, Any]]:
        self.log.info("Released assignments:")
        entries = []
        for name, files in told["handed_out"].items():
            place = self.place(name)
            there = place.is_dir()
            self.log.info("%s %s%s", told["course"], name, " (already downloaded)" if there else "")
            notebooks = sorted(place.glob(f"*{NOTEBOOK}")) if there else [Path(file) for file in files]
            entries.append(
                {
                    "course_id": told["course"],
                    "assignment_id": name,
                    "status": "fetched" if there else "released",
                    "path": str(place),
                    "notebooks": [
                        {"notebook_id": notebook.stem, "path": str(place / notebook)}
                        for notebook in notebooks
                        if notebook.suffix == NOTEBOOK and (there or len(notebook.parts) == 1)
                    ],
                }
            )
        return entries

    def _received(self, told: dict[str, Any]) -> list[dict[str, Any]]:
        self.log.info("Submitted assignments:")
        entries = []
        for name, receipts in told["received"].items():
            own = {"course_id": told["course"], "student_id": told["student"], "assignment_id": name}
            submissions = [{**own, **self._submission(name, receipt)} for receipt in reversed(receipts)]
            for one in submissions:
                state = "no feedback available"
                if one["has_local_feedback"] and not one["feedback_updated"]:
                    state = "feedback already fetched"
                elif one["has_exchange_feedback"]:
                    state = "feedback ready to be fetched"
                self.log.info("%s %s %s %s (%s)", told["course"], told["student"], name, one["timestamp"], state)
            if submissions:
                entries.append({**own, "status": "submitted", "submissions": submissions})
        return entries

    def _submission(self, name: str, receipt: dict[str, Any]) -> dict[str, Any]:
        stamp = stamp_of(receipt)
        folder = self.place(name) / FEEDBACK / stamp
        notebooks = []
        for file in receipt["files"]:
            notebook = file["name"].removesuffix(NOTEBOOK)
            if notebook == file["name"]:
                continue
            page, there = receipt["feedback"].get(notebook), folder / f"{notebook}.html"
            has_page = there.is_file()
            is_old = has_page and page is not None and hashlib.sha256(there.read_bytes()).hexdigest() != page
            notebooks.append(
                {
                    "notebook_id": notebook,
                    "path": str(self.place(name) / file["name"]),
                    "has_local_feedback": has_page,
                    "has_exchange_feedback": page is not None,
                    "local_feedback_path": str(there) if has_page else None,
                    "feedback_updated": is_old,
                }
            )
        has_pages = bool(notebooks) and all(one["has_local_feedback"] for one in notebooks)
        return {
            "timestamp": stamp,
            "status": "submitted",
            "path": "",
            "notebooks": notebooks,
            "has_local_feedback": has_pages,
            "has_exchange_feedback": bool(notebooks) and all(one["has_exchange_feedback"] for one in notebooks),
            "feedback_updated": any(one["feedback_updated"] for one in notebooks),
            "local_feedback_path": str(folder) if has_pages else None,
        }


class HubFetchAssignment(HubExchange, abc.ExchangeFetchAssignment):  # type: ignore[misc]
    """Into a new folder; what is there already is never written over."""

    def copy_files(self) -> None:
        name = self.wanted()
        place = self.place(name)
        if place.is_dir() and not self.replace_missing_files:
            self.fail(f"You already have {name} in {place}. To get back a file that you deleted or renamed: --replace.")
        for file, content in self.ask_hub(name)["files"].items():
            inner = PurePosixPath(file)
            if inner.is_absolute() or ".." in inner.parts:
                self.fail(f"The service names a file that lies elsewhere: {file}")
            if not (place / inner).exists():
                self.write(place / inner, base64.b64decode(content))
                self.log.info("Fetched: %s", place / inner)
        self.log.info("Fetched as: %s %s", self.coursedir.course_id, name)


class HubSubmit(HubExchange, abc.ExchangeSubmit):  # type: ignore[misc]
    """What is handed in are the notebooks of the assignment's folder, and small files beside them."""

    def copy_files(self) -> None:
        name = self.wanted()
        place = self.place(name)
        if not place.is_dir():
            self.fail(f"There is no folder {place}. Fetch the assignment first.")
        files = self._files(place)
        self._compare(name, files)
        encoded = {file: base64.b64encode(content).decode() for file, content in files.items()}
        receipt = self.ask_hub(name, content={"files": encoded})
        for file in receipt["files"]:
            if file["sha256"] != hashlib.sha256(files[file["name"]]).hexdigest():
                self.fail(f"{file['name']} did not arrive as it was sent. Submit again.")
            self.log.info("Received: %s, %d bytes, sha256 %s", file["name"], file["bytes"], file["sha256"])
        self.log.info("Submitted as: %s %s %s", self.coursedir.course_id, name, stamp_of(receipt))

    def _files(self, place: Path) -> dict[str, bytes]:
        files, left_out, besides = {}, [], 0
        for path in sorted(place.iterdir(), key=lambda path: (path.suffix != NOTEBOOK, path.name)):
            ignored = any(fnmatch.fnmatch(path.name, pattern) for pattern in self.coursedir.ignore)
            if ignored or path.name.startswith(".") or path.name == FEEDBACK:
                continue
            size = path.stat().st_size if path.is_file() else 0
            fits = path.suffix == NOTEBOOK or besides + size <= MOST_MIB_BESIDES * MIB
            if not path.is_file() or not fits:
                left_out.append(path.name + ("/" if path.is_dir() else ""))
                continue
            besides += 0 if path.suffix == NOTEBOOK else size
            files[path.name] = path.read_bytes()
        if left_out:
            self.log.warning("Not handed in, being folders or large: %s. Grading needs the notebook alone.",
                             ", ".join(left_out))  # fmt: skip
        return files

    def _compare(self, name: str, files: dict[str, bytes]) -> None:
        """With what was handed out: a notebook that was renamed, or deleted, is told before."""
        expected = [file for file in self.ask_hub()["handed_out"].get(name, []) if file.endswith(NOTEBOOK)]
        missing = [file for file in expected if file not in files]
        if missing and self.strict:
            self.fail(f"{name} was not handed in: {', '.join(missing)} is missing. Notebooks keep their names.")
        if missing:
            self.log.warning(
                "%s is missing; notebooks keep their names. What is there is handed in.", ", ".join(missing)
            )


class HubFetchFeedback(HubExchange, abc.ExchangeFetchFeedback):  # type: ignore[misc]
    """All pages about what this student handed in for the assignment, by the time of each."""

    def copy_files(self) -> None:
        name = self.wanted()
        for receipt in self.ask_hub()["received"].get(name, []):
            stamp = stamp_of(receipt)
            if not receipt["feedback"]:
                self.log.warning("Could not find feedback for '%s' submitted at %s", name, stamp)
            for notebook in receipt["feedback"]:
                page = base64.b64decode(self.ask_hub(name, receipt["folder"], notebook)["page"])
                path = self.place(name) / FEEDBACK / stamp / f"{Path(notebook).name}.html"
                self.write(path, page)
                self.log.info("Fetched feedback: %s", path)


def ask_exchange(*parts: str, content: Any = None) -> dict[str, Any]:
    """One request. Raises NotPossible where it is refused, or nothing answers."""
    path = "/".join(["exchange", *(quote(part, safe="") for part in parts)])
    return ask(path, None if content is None else json.dumps(content).encode())


def stamp_of(receipt: dict[str, Any]) -> str:
    """The time that counts, as nbgrader writes it."""
    return datetime.fromisoformat(receipt["at"]).astimezone(UTC).strftime(STAMP)
