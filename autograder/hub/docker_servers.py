"""People's servers in containers of Docker: memory and a GPU as the chosen profile says.

The same choice, leases and words as for servers that are processes (`profiles`); what differs is how a container is
bounded, and how it gets its GPU: Docker shows it that one device and no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograder.course.servers import ServerProfile
from autograder.hub.leases import Leases
from autograder.hub.profiles import GIB, Profiles, chosen_profile


class DockerProfiles(Profiles):
    """The hooks of DockerSpawner; see `Profiles`."""

    def __init__(self, leases: Leases, profiles: Sequence[ServerProfile], command: Sequence[str]) -> None:
        super().__init__(leases, [profile.model_copy(update={"memory_gib": None}) for profile in profiles], command)
        self._memory = {profile.name: profile.memory_gib for profile in profiles}

    def before_start(self, spawner: Any) -> None:
        """Raises NoGpu as `Profiles.before_start` does."""
        super().before_start(spawner)
        memory_gib = self._memory[chosen_profile(self._offered, spawner.user_options).name]
        spawner.mem_limit = round(memory_gib * GIB) if memory_gib is not None else None
        device = spawner.environment["CUDA_VISIBLE_DEVICES"]
        environment = dict(spawner.environment)
        requests = []
        if device:
            del environment["CUDA_VISIBLE_DEVICES"]  # in the container it is the only one, and the first
            requests = [{"Driver": "nvidia", "DeviceIDs": [device], "Capabilities": [["gpu"]]}]
        spawner.environment = environment
        spawner.extra_host_config = {**spawner.extra_host_config, "device_requests": requests}
