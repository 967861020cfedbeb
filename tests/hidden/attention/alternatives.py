"""Right answers in other styles, which the suite must give full marks."""

import runpy
from pathlib import Path

from autograder.suite import Alternative

TOPICS = ("alignment", "dot_products", "heads", "positions", "layers")

ALTERNATIVES: tuple[Alternative, ...] = tuple(
    alternative
    for topic in TOPICS
    for alternative in runpy.run_path(str(Path(__file__).with_name(f"alternatives_{topic}.py")))["ALTERNATIVES"]
)
