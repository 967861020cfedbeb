"""The trusted side's own memory has a bound: a test that would take more fails, and the worker lives on."""

from __future__ import annotations

import subprocess
import sys

TAKES = """
import resource, torch
from autograder.engine.own_memory import limit_own_memory
limit_own_memory(256)
column, row = torch.ones(2**20, 1), torch.ones(1, 2**10)
try:
    column - row
    print("taken")
except RuntimeError as error:
    print("refused", "can't allocate memory" in str(error))
print(float(column.sum()) == 2**20)
soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
print(hard == resource.RLIM_INFINITY)
"""


def test_what_is_too_much_fails_and_the_rest_goes_on() -> None:
    """4 GiB where 256 MiB are allowed; sandboxes, which have limits of their own, may still be given more."""
    done = subprocess.run([sys.executable, "-c", TAKES], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.splitlines() == ["refused True", "True", "True"]
