"""What JupyterHub's idle culler reads: which servers end by themselves is said in `ending.py`."""

from datetime import timedelta
from typing import Any

from autograder.hub.ending import has_had_its_time, now, servers_of_the_environment

SERVERS = servers_of_the_environment()


def ends(*, inactive: timedelta | None, server: dict[str, Any], **_: Any) -> bool:
    return has_had_its_time(SERVERS, server, inactive, now())


get_config().IdleCuller.cull_arbiter_hook = ends  # type: ignore[name-defined]  # noqa: F821
