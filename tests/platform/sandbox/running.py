"""A real zygote for the tests of this process, started once: importing torch into it takes seconds."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from autograder.sandbox.isolation import get_isolation
from autograder.sandbox.process import ProcessEnded, StudentProcess
from autograder.sandbox.session import Session
from autograder.sandbox.zygote import Zygote

Make = Callable[..., Session]

CANARY = "canary-4f1d0c"  # stands in the grader's environment when the zygote starts
# Student code that takes the trouble finds the number of the question that is being answered.
NUMBER = (
    "def number():\n    f = sys._getframe()\n"
    "    while 'request' not in f.f_locals: f = f.f_back\n    return f.f_locals['request']['id']\n"
)
LIMITS = {"memory_mib": 1024, "disk_mib": 16, "processes": 32, "output_kib": 16}


@cache
def shared_zygote() -> Zygote:
    """Under bubblewrap, with torch and numpy, started while the grader's environment held a secret."""
    os.environ["AWS_SECRET_ACCESS_KEY"] = CANARY
    try:
        zygote = Zygote(get_isolation("bubblewrap"), ["torch", "numpy"])
    finally:
        del os.environ["AWS_SECRET_ACCESS_KEY"]
    atexit.register(zygote.close)
    assert zygote.wait_until_ready() == {}
    return zygote


class Sandbox:
    """One student process for as many cells as wanted."""

    def __init__(self, limits: Mapping[str, int] = LIMITS) -> None:
        self.process = StudentProcess(shared_zygote(), limits)
        self._count = 0

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()

    def cell(self, source: str, timeout_s: float = 20.0) -> dict[str, Any]:
        """Run a cell; its report."""
        self._count += 1
        report = self.process.ask({"op": "cell", "index": self._count - 1, "source": source}, timeout_s)["value"]
        assert isinstance(report, dict)
        return report

    def prints(self, source: str) -> str:
        """What a cell prints, which must not fail."""
        report = self.cell(source)
        assert report["error"] is None, report["error"]
        return str(report["output"])

    def fails(self, source: str) -> str:
        """The type of what a cell raises, which must fail."""
        report = self.cell(source)
        assert report["error"] is not None, f"it did: {report['output']}"
        return str(report["error"]["type"])

    def ends(self, source: str, timeout_s: float = 20.0) -> ProcessEnded:
        """How the process ends under a cell that must end it."""
        try:
            report = self.cell(source, timeout_s)
        except ProcessEnded as ended:
            return ended
        raise AssertionError(f"the process lives: {report}")


def value(session: Session, name: str, *args: Any) -> Any:
    """What a function of the notebook returns."""
    message = {"op": "call", "target": name, "path": "", "args": list(args), "kwargs": {}, "grad": True}
    reply = session.process().ask(message, 5)
    assert reply["ok"], reply
    return reply["value"]
