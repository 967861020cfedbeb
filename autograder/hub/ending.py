"""When a server ends by itself: nobody uses it, or its hours are over. A GPU that it has is then free again.

JupyterHub's own idle culler asks this for each server, every minute (see `idle_culler_config.py`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from autograder.course.servers import ServersSettings
from autograder.hub.profiles import chosen_profile

VARIABLE = "AUTOGRADER_SERVERS"  # where the culler finds the course's settings
CULLER = "idle-culler"
EVERY_S = 60
SCOPES = ("list:users", "read:users:activity", "read:servers", "delete:servers")


def has_had_its_time(
    servers: ServersSettings, server: Mapping[str, Any], inactive: timedelta | None, now: datetime
) -> bool:
    """Whether a server is to end.

    Args:
        server: as JupyterHub's API describes it.
        inactive: since when nobody used it; what runs in a notebook counts as use. None where nobody ever has.
        now: with a time zone.
    """
    started = datetime.fromisoformat(server["started"]) if server.get("started") else now
    if inactive is None:
        inactive = now - started
    if servers.idle_minutes and inactive >= timedelta(minutes=servers.idle_minutes):
        return True
    return now - started >= timedelta(hours=chosen_profile(servers.profile, server.get("user_options") or {}).hours)


def culler_service(program: str, folder: str, servers: ServersSettings, **more: Any) -> dict[str, Any]:
    """The culler as a service that JupyterHub starts."""
    config = os.path.join(os.path.dirname(__file__), "idle_culler_config.py")
    return {
        "name": CULLER,
        "command": [program, f"--config={config}", f"--cull-every={EVERY_S}"],
        "cwd": folder,
        "environment": {VARIABLE: servers.model_dump_json()},
        **more,
    }


def servers_of_the_environment() -> ServersSettings:
    return ServersSettings(**json.loads(os.environ[VARIABLE]))


def now() -> datetime:
    return datetime.now(UTC)
