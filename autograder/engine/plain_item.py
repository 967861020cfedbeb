"""Tests that need nothing of pytest's but the `student` fixture: they are called as the functions that they are.

Nearly all tests of a suite are such. pytest's own protocol (hooks, reports, fixtures to set up and to
tear down) takes a third of a millisecond each time, which for a large class is a minute.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.suite import plugin

MARKERS = frozenset({"question", "weight", "public", "hint", "parametrize"})  # none of them decides how a test is run


def plain_call(item: pytest.Item) -> Callable[[], Any] | None:
    """What runs the test, where it can be run so; None where pytest must run it.

    pytest must where there is another fixture, asked for or automatic, another marker, a class, a `conftest.py`, or
    anything that is not an ordinary function.
    """
    if type(item) is not pytest.Function or item.cls is not None or _has_conftest(item.config):
        return None
    markers = list(item.iter_markers())
    if {marker.name for marker in markers} - MARKERS or any(marker.kwargs.get("indirect") for marker in markers):
        return None
    function = item.obj
    params: dict[str, Any] = dict(item.callspec.params) if hasattr(item, "callspec") else {}
    asked = set(inspect.signature(function).parameters)
    if asked != {"student", *params} or set(item.fixturenames) - {"student", "request", *params}:
        return None
    if [found.func for found in item._fixtureinfo.name2fixturedefs["student"]] != [_student_fixture()]:
        return None
    return lambda: function(student=plugin.student_of(item), **params)


def _has_conftest(config: pytest.Config) -> bool:
    files = (getattr(each, "__file__", None) for each in config.pluginmanager.get_plugins())
    return any(file and Path(file).name == "conftest.py" for file in files)


def _student_fixture() -> Any:
    """The function behind the fixture."""
    return plugin.student._get_wrapped_function()  # type: ignore[attr-defined]
