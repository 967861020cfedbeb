"""A fresh student process in a real sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.platform.sandbox.running import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running
