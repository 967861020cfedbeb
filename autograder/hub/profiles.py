"""What a person chooses when a server starts, with or without a GPU among it, and what the server gets.

Where there is only one thing to choose, as on a machine without GPUs, there is no page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from autograder.course.servers import ServerProfile
from autograder.hub.leases import Leases, NoGpu

GIB = 2**30
TEMPLATES = Path(__file__).with_name("templates")


def chosen_profile(profiles: Sequence[ServerProfile], options: Mapping[str, Any]) -> ServerProfile:
    """What a server's `user_options` name; the first without a GPU where that is nothing that is offered."""
    for profile in profiles:
        if profile.name == options.get("profile"):
            return profile
    return next(profile for profile in profiles if not profile.gpu)


class Profiles:
    """The hooks of JupyterHub's spawner: the page, what the server gets, and taking back its GPU.

    JupyterHub copies its configuration, and with it the object that hooks are methods of, for each server: what it
    holds must be plain data.

    Args:
        leases: the pool of GPUs.
        profiles: all of the course's; those with a GPU are offered where there are GPUs.
        command: what a server runs.
    """

    def __init__(self, leases: Leases, profiles: Sequence[ServerProfile], command: Sequence[str]) -> None:
        self._leases = leases
        self._offered = tuple(profile for profile in profiles if leases.devices or not profile.gpu)
        self._command = tuple(command)

    def form(self, _: Any) -> str:
        """HTML of the form, with what is free now; "" where there is nothing to choose."""
        if len(self._offered) < 2:
            return ""
        free = self._leases.places - len(self._leases.held())
        default = chosen_profile(self._offered, {})
        return _page().render(offered=self._offered, default=default, free=free, share=self._leases.share)

    def chosen(self, form: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """What the form says, as a server's `user_options`."""
        said = list(form.get("profile", []))
        return {"profile": chosen_profile(self._offered, {"profile": said[0]} if len(said) == 1 else {}).name}

    def before_start(self, spawner: Any) -> None:
        """Lend a GPU, or hide all of them, and bound the memory.

        Raises:
            NoGpu: none is free; JupyterHub shows the words.
        """
        profile = chosen_profile(self._offered, spawner.user_options)
        device = ""  # CUDA sees none
        if profile.gpu:
            try:
                device = self._leases.take(_holder(spawner))
            except NoGpu as error:
                error.jupyterhub_message = str(error)  # type: ignore[attr-defined]
                raise
        spawner.environment = {**spawner.environment, "CUDA_VISIBLE_DEVICES": device}
        spawner.cmd = [*_bounds(profile), *self._command]

    def after_stop(self, spawner: Any) -> None:
        self._leases.give_back(_holder(spawner))


@cache
def _page() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("choose_server.html")


def _bounds(profile: ServerProfile) -> list[str]:
    """The memory that a process may write to; address space that CUDA or torch only reserve does not count."""
    if profile.memory_gib is None:
        return []
    return ["prlimit", f"--data={round(profile.memory_gib * GIB)}", "--"]


def _holder(spawner: Any) -> str:
    """A person may have several servers, each with a name."""
    return f"{spawner.user.name}/{spawner.name}"
