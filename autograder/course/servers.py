"""People's servers on the hub: `[servers]` in assignments/course.toml.

[servers]
idle_minutes = 90               # a server that nobody uses ends after so long; 0: never

[[servers.profile]]
name = "cpu"
title = "Without a GPU"
note = "enough for most questions"
hours = 12                      # then it ends, in use or not; notebooks stay, what runs does not
memory_gib = 6                  # of each of its processes: a notebook's kernel is one

[[servers.profile]]
name = "gpu"
title = "With a GPU"
gpu = true
hours = 4
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

DAYS_30 = 30 * 24


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerProfile(_Strict):
    """One choice on the page that comes before a server starts.

    Attributes:
        gpu: whether the server has a GPU lent to it; offered only where there are any.
        hours: how long it runs at most.
        memory_gib: what each process of it can have of the machine's memory; None: as much as there is.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
    title: Annotated[str, Field(min_length=1, max_length=80)]
    note: Annotated[str, Field(max_length=120)] = ""
    gpu: bool = False
    hours: Annotated[float, Field(gt=0, le=DAYS_30, allow_inf_nan=False)] = 12.0
    memory_gib: Annotated[float, Field(ge=0.5, le=4096, allow_inf_nan=False)] | None = None


PROFILES = (
    ServerProfile(name="cpu", title="Without a GPU", note="enough for most questions"),
    ServerProfile(name="gpu", title="With a GPU", gpu=True, hours=4.0),
)


class ServersSettings(_Strict):
    """What people can choose, and when a server ends by itself."""

    idle_minutes: Annotated[float, Field(ge=0, le=DAYS_30 * 60, allow_inf_nan=False)] = 90.0
    profile: tuple[ServerProfile, ...] = PROFILES

    @field_validator("profile")
    @classmethod
    def _can_be_chosen(cls, profiles: tuple[ServerProfile, ...]) -> tuple[ServerProfile, ...]:
        names = [profile.name for profile in profiles]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{', '.join(doubled)} is listed more than once; give every profile a name of its own")
        if all(profile.gpu for profile in profiles):
            raise ValueError("no profile is without a GPU: then nobody can start a server once all are taken; add one")
        return profiles
