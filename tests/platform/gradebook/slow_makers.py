"""What processes of test_page_makers do in place of making pages."""

from __future__ import annotations

import time
from multiprocessing.connection import Connection
from typing import Any


def serve_slowly(connection: Connection) -> None:
    """Each batch is how long it takes, in seconds; less than none is a fault."""
    while True:
        try:
            seconds: Any = connection.recv()
        except EOFError:
            return
        if seconds < 0:
            connection.send((None, ValueError("no such time")))
            continue
        time.sleep(seconds)
        connection.send((([f"{seconds}"], {}), None))
