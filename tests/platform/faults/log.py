"""A campaign's runs in a file, one JSON line each, written as they end: a campaign that was stopped can go on.

The first line holds the seed, from which all moments follow.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tests.platform.faults.campaign import Result
from tests.platform.faults.check import Fault, Finding


class Log:
    """The file at `path`.

    Attributes:
        seed: the file's where it is there already, else the one given.
        results: what it holds.

    Raises:
        ValueError: the file is no such log.
    """

    def __init__(self, path: Path, seed: int) -> None:
        self._path = path
        self.seed = seed
        self.results: list[Result] = []
        if path.exists():
            self._read()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"seed": seed}) + "\n")

    def add(self, result: Result) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps(asdict(result)) + "\n")

    def _read(self) -> None:
        whole = [line for line in self._path.read_text().splitlines(keepends=True) if line.endswith("\n")]
        try:
            self.seed = int(json.loads(whole[0])["seed"])
            self.results = list(_results(whole[1:]))
        except (IndexError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{self._path} is no log of faults ({error}); move it away or name another file") from None
        self._path.write_text("".join(whole))  # without the line that a kill has cut


def _results(lines: list[str]) -> Iterator[Result]:
    for line in lines:
        values = json.loads(line)
        findings = tuple(Finding(Fault(one["fault"]), one["text"]) for one in values.pop("findings"))
        yield Result(**values, findings=findings)
