"""One run of all attacks for all tests of this folder: a few minutes, most of it waiting for time limits."""

from __future__ import annotations

import pytest

from tests.platform.attacks.catalogue import CASES
from tests.platform.attacks.run import Campaign, run_campaign


@pytest.fixture(scope="session")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """Every case, handed in and graded."""
    return run_campaign(tmp_path_factory.mktemp("attacks"), CASES)
