"""Processes that make feedback pages, a connection to each, and nothing that they share.

concurrent.futures.ProcessPoolExecutor has them share queues and locks, and watches those that it knew when it last
looked: one that is ended from outside while another starts leaves it waiting for ever (Python 3.11; `make faults` met
it). Here whoever ends is noticed at once, by the end of its connection.

Covered: a process that ends in the middle; one that starts while another ends; an interrupt, after which the batches
at work are finished. Not covered: a process that is stopped for good; nothing of a student's runs in these.
"""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType

from autograder.engine.start import without_main
from autograder.gradebook.feedback_process import BatchArguments, Made, serve_batches

PRELOAD = "autograder.gradebook.feedback_process"


class MakerEnded(Exception):
    """One of the processes was ended from outside."""


class PageMakers:
    """A context manager; each process starts when there is work for it, and stays for more.

    Args:
        count: processes at most.
        serve: what each of them does.
    """

    def __init__(self, count: int, serve: Callable[[Connection], None] = serve_batches) -> None:
        self._count, self._serve = count, serve
        # One imports nbconvert, which takes as long as ten pages, unless it comes from a fork server that has.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([PRELOAD])
        self._makers: dict[Connection, BaseProcess] = {}
        self._busy: set[Connection] = set()

    def __enter__(self) -> PageMakers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """The batches at work are finished, no others."""
        self._finish()
        for connection in list(self._makers):
            self._end(connection)

    def make(self, batches: Sequence[BatchArguments]) -> Iterator[Made]:
        """What `convert_batch` gives for each, as they are done.

        Raises:
            MakerEnded: a process was ended; what the others are at work on is finished.
            OSError: and whatever else `convert_batch` raises.
        """
        waiting = list(reversed(batches))
        try:
            while waiting or self._busy:
                while waiting and (connection := self._free()) is not None:
                    self._busy.add(connection)
                    with self._noticing_its_end(connection):
                        connection.send(waiting.pop())
                for ready in wait(list(self._busy)):
                    assert isinstance(ready, Connection)
                    with self._noticing_its_end(ready):
                        made, error = ready.recv()
                    self._busy.discard(ready)
                    if error is not None:
                        raise error
                    yield made
        finally:
            self._finish()

    def _free(self) -> Connection | None:
        """One that has nothing to do, started if there may be more of them."""
        idle = next((one for one in self._makers if one not in self._busy), None)
        if idle is not None or len(self._makers) >= self._count:
            return idle
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=self._serve, args=(theirs,), name="feedback")
        try:
            with without_main():
                process.start()
        except (EOFError, OSError):  # ended before it had begun
            ours.close()
            raise MakerEnded from None
        finally:
            theirs.close()
        self._makers[ours] = process
        return ours

    @contextlib.contextmanager
    def _noticing_its_end(self, connection: Connection) -> Iterator[None]:
        try:
            yield
        except (EOFError, OSError):
            self._busy.discard(connection)
            self._end(connection)
            raise MakerEnded from None

    def _finish(self) -> None:
        """Wait for those that are at work; nobody wants what they give."""
        for connection in self._busy:
            with contextlib.suppress(EOFError, OSError):
                connection.recv()
        self._busy.clear()

    def _end(self, connection: Connection) -> None:
        connection.close()
        self._makers.pop(connection).join()
