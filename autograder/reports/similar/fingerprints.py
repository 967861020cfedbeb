"""Hashes that two answers with a common passage have in common: robust winnowing.

Schleimer, Wilkerson, Aiken: Winnowing: Local Algorithms for Document Fingerprinting, SIGMOD 2003. Any passage of
`PASSAGE + WINDOW - 1` nodes that two answers share gives them a hash in common. The selection is copydetect's; its
tokenizer takes thirty milliseconds a notebook, and its hashes differ from run to run, so those are made here.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np
from copydetect.utils import winnow

from autograder.reports.similar.shape import Shape

PASSAGE = 16  # nodes that one hash covers: a statement of some length
WINDOW = 4
_BASE = np.uint64(6364136223846793005)  # odd, so that no node is lost in the product


def fingerprints(answer: Shape, question: str) -> Mapping[int, tuple[int, ...]]:
    """Hash -> where it stands: indices of the first of its `PASSAGE` nodes. Hashes of two questions never meet."""
    count = len(answer.tokens) - PASSAGE + 1
    if count < 1:
        return {}
    tokens = np.array(answer.tokens, dtype=np.uint64)
    hashes = np.full(count, zlib.crc32(question.encode()), dtype=np.uint64)
    for place in range(PASSAGE):
        hashes = hashes * _BASE + tokens[place : place + count]  # modulo 2 ** 64
    hashes ^= hashes >> np.uint64(29)
    selected, places = winnow(hashes, min(WINDOW, count), remove_duplicates=False)
    found: dict[int, tuple[int, ...]] = {}
    for value, place in zip(selected.tolist(), places.tolist(), strict=True):
        found[value] = (*found.get(value, ()), place)
    return found
