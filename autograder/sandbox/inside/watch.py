"""Notice what honest homework does not do, so that a person can look: a report, not a barrier.

Two things are noticed: audit events raised from a cell's code (processes, sockets, odd files,
walking the heap), and functions of torch that were replaced. Replaced functions are put back
before the tests of every question. Covered: the plain attempts. Not covered: code that takes the trouble to hide
(it shares this process); the barriers are the namespaces, the limits, and the fact that expected
values never enter this process.
"""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Mapping
from operator import is_
from typing import Any

import torch

MODULES = ("torch", "torch.nn", "torch.nn.functional", "torch.optim", "torch.autograd", "math", "builtins")
MAX_OF_A_KIND = 4  # told apart, so that many harmless ones cannot hide another
MAX_DETAIL = 120
STACK_DEPTH = 25
EVENTS = frozenset(
    {
        "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.kill", "subprocess.Popen", "pty.spawn",
        "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto", "ctypes.dlopen", "gc.get_objects",
        "gc.get_referrers", "sys.settrace", "sys.setprofile", "sys.addaudithook", "os.listdir", "os.scandir", "open",
        "os.symlink", "os.link", "os.chmod", "os.putenv", "shutil.rmtree", "sys._current_frames",
    }
)  # fmt: skip
# Read by honest code too: lazy imports, random numbers, and the sources that a formatted traceback quotes.
QUIET_FOLDERS = (
    "/tmp", sys.prefix, sys.base_prefix, "/dev/null", "/dev/urandom", "/usr", os.path.dirname(__file__),
)  # fmt: skip
WATCHED = (
    builtins,
    torch, torch.Tensor, torch.nn.functional, torch.nn.Module, torch.nn.Parameter, torch.testing, torch.optim,
    torch.autograd,
    torch.random, torch.linalg, torch.nn.init, torch.optim.Optimizer, torch.optim.SGD, torch.optim.Adam,
)  # fmt: skip


class Watch:
    """Collects what was noticed in this process."""

    def __init__(self) -> None:
        self.seen: dict[str, int] = {}
        self._originals = [(owner, dict(vars(owner))) for owner in WATCHED]
        self._modules = {name: sys.modules[name] for name in MODULES}
        self._active = False

    def start(self) -> None:
        """Install the audit hook. It cannot be removed by Python code."""
        sys.addaudithook(self._hook)
        self._active = True

    def take(self) -> dict[str, int]:
        """What was noticed since the last call: text -> how often."""
        seen, self.seen = self.seen, {}
        return seen

    def restore(self) -> None:
        """Put back every function of torch that was replaced, and note it."""
        for owner, original in self._originals:
            current = vars(owner)
            if _untouched(owner, current, original):
                continue
            for name, value in original.items():
                if current.get(name) is not value:
                    setattr(owner, name, value)
                    self._note(f"replaced {owner.__name__}.{name}")
            for name in _hiding(owner, original):
                delattr(owner, name)
                self._note(f"replaced {owner.__name__}.{name}")
        for name, module in self._modules.items():
            if sys.modules.get(name) is not module:
                sys.modules[name] = module
                self._note(f"replaced the module {name}")

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if event not in EVENTS or not self._active:
            return
        self._active = False
        try:
            if _from_a_cell() and not _is_quiet(event, args):
                self._note(f"{event} {_detail(args)}".rstrip())
        finally:
            self._active = True

    def _note(self, text: str) -> None:
        text, kind = text[:MAX_DETAIL], text.partition(" ")[0]
        if text not in self.seen and sum(other.partition(" ")[0] == kind for other in self.seen) >= MAX_OF_A_KIND:
            text = f"{kind} … and others"
        self.seen[text] = self.seen.get(text, 0) + 1


def _untouched(owner: Any, current: Mapping[str, Any], original: dict[str, Any]) -> bool:
    """Whether the same names stand for the same objects, in the same order; by identity, so no `__eq__` is asked.

    What is imported lazily comes last, and is nobody's doing; in a class it could hide what is inherited.
    """
    if len(current) < len(original) or (isinstance(owner, type) and len(current) != len(original)):
        return False
    return all(map(is_, current.values(), original.values())) and all(map(is_, current, original))


def _hiding(owner: Any, original: dict[str, Any]) -> list[str]:
    """New attributes of a class that hide inherited ones: most methods of torch.Tensor are those of its base."""
    bases = owner.__mro__[1:] if isinstance(owner, type) else ()
    return [n for n in vars(owner).keys() - original.keys() if any(n in vars(base) for base in bases)]


def _from_a_cell() -> bool:
    """Whether a cell's own code is near: called directly or through a few library frames, not by an import."""
    frame = sys._getframe(2)
    for _ in range(STACK_DEPTH):
        if frame is None:
            return False
        filename = frame.f_code.co_filename
        if filename.startswith("<cell "):
            return True
        if filename.startswith("<frozen importlib"):
            return False
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _is_quiet(event: str, args: tuple[Any, ...]) -> bool:
    if event not in ("open", "os.listdir", "os.scandir"):
        return False
    path = args[0] if args else None
    if type(path) is not str or not path.startswith("/"):
        return type(path) is not str or ".." not in path
    return path.startswith(QUIET_FOLDERS)


def _detail(args: tuple[Any, ...]) -> str:
    for value in args:
        if type(value) in (str, tuple, list):
            return "".join(c if c.isprintable() else "?" for c in str(value)[:MAX_DETAIL])
    return ""
