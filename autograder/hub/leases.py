"""Who may use which GPU: leases by device, in one file.

A device has as many places as `share` says. A student's server takes a place on the device with the fewest, and keeps
it until it stops. The file is locked for each change, so that several processes can take and give back; a holder that
is gone gives back by `only`. Grading uses no GPU, and takes none.

Covered: two holders never have the same place; a crash leaves places taken until `only` is told who is still there.
Not covered: memory of a GPU that is shared. CUDA does not divide it, and one holder can use all of it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import AutograderError


class NoGpu(AutograderError):
    """All places are taken. The words are for whoever asked."""


@dataclass(frozen=True, slots=True)
class Leases:
    """The pool.

    Attributes:
        path: the file, made where there is none.
        devices: as CUDA names them, indices or UUIDs.
        share: places a device.
    """

    path: Path
    devices: Sequence[str]
    share: int = 1

    @property
    def places(self) -> int:
        return len(self.devices) * self.share

    def take(self, holder: str) -> str:
        """A device for a student's server; the one that it has already, if it has.

        Raises:
            NoGpu: none is free.
        """
        with self._changing() as held:
            if holder not in held:
                held[holder] = self._best(held, f"All {self.places} places on GPUs are taken. Start without one, or "
                                                "try again later.")  # fmt: skip
            return held[holder]

    def give_back(self, holder: str) -> None:
        """A server has stopped; also where nothing was taken."""
        with self._changing() as held:
            held.pop(holder, None)

    def only(self, running: Collection[str]) -> None:
        """After a restart: only these servers still run."""
        with self._changing() as held:
            for holder in [name for name in held if name not in running]:
                del held[holder]

    def held(self) -> Mapping[str, str]:
        """Holder -> device."""
        with self._changing() as held:
            return dict(held)

    def _best(self, held: Mapping[str, str], words: str) -> str:
        """The device with the fewest holders, in the order of `devices`."""
        used = Counter(held.values())
        free = [device for device in self.devices if used[device] < self.share]
        if not free:
            raise NoGpu(words)
        return min(free, key=lambda device: used[device])

    @contextmanager
    def _changing(self) -> Iterator[dict[str, str]]:
        """What is held, to be changed; written whole, or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            held = self._read()
            before = dict(held)
            yield held
            if held != before:
                ready = self.path.with_suffix(".new")
                ready.write_text(json.dumps(held), encoding="utf-8")
                ready.replace(self.path)
        finally:
            os.close(lock)

    def _read(self) -> dict[str, str]:
        """A device that is not there any more is held by nobody."""
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return {str(holder): str(device) for holder, device in dict(content).items() if device in self.devices}
