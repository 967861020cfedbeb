"""What student code prints: kept up to a limit, counted beyond it, never blocking."""

from __future__ import annotations

import io


class BoundedOutput(io.TextIOBase):
    """A text stream that keeps the first `limit` characters and drops the rest."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.reset()

    def reset(self) -> None:
        self.pieces: list[str] = []
        self.kept = 0
        self.total = 0

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def write(self, text: str) -> int:
        self.total += len(text)
        room = self.limit - self.kept
        if room > 0 and text:
            piece = str(text[:room])
            self.pieces.append(piece)
            self.kept += len(piece)
        return len(text)

    def text(self) -> str:
        return "".join(self.pieces)
