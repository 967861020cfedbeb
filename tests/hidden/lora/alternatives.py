"""Right answers in other styles, which the suite must give full marks.

A file for each topic; each holds question -> name -> source.
"""

from pathlib import Path
from runpy import run_path

from autograder.suite import Alternative

TOPICS = ("adapters", "quantisation")


def _load(topic: str) -> tuple[Alternative, ...]:
    table = run_path(str(Path(__file__).with_name(f"alternatives_{topic}.py")))["ALTERNATIVES"]
    return tuple(
        Alternative(question=question, name=name, source=source)
        for question, sources in table.items()
        for name, source in sources.items()
    )


ALTERNATIVES: tuple[Alternative, ...] = tuple(alternative for topic in TOPICS for alternative in _load(topic))
