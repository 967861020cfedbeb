"""What a person chooses when a server starts: with or without a GPU. Without GPUs there is nothing to choose."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from autograder.hub.leases import Leases, NoGpu

CPU, GPU = "cpu", "gpu"


class Profiles:
    """The hooks of JupyterHub's spawner that lend and take back GPUs.

    Args:
        leases: the pool.
    """

    def __init__(self, leases: Leases) -> None:
        self._leases = leases

    def form(self, _: Any) -> str:
        """HTML of the form, with what is free now; "" where there is no GPU, and then there is no page."""
        if not self._leases.devices:
            return ""
        free = self._leases.places - len(self._leases.held())
        shared = f", shared by up to {self._leases.share}" if self._leases.share > 1 else ""
        choices = [
            (CPU, "Without a GPU", "enough for most questions"),
            (GPU, f"With a GPU{shared}", f"{free} free now"),
        ]
        inputs = "".join(
            f'<div class="form-check"><input class="form-check-input" type="radio" name="profile" id="profile-{value}" '
            f'value="{value}"{" checked" if value == CPU else ""}{" disabled" if value == GPU and free <= 0 else ""}>'
            f'<label class="form-check-label" for="profile-{value}">{html.escape(title)} '
            f"<small>({html.escape(note)})</small></label></div>"
            for value, title, note in choices
        )
        return f"<fieldset><legend>Your server</legend>{inputs}</fieldset>"

    def chosen(self, form: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """What the form says; anything that is not offered means no GPU."""
        return {"profile": GPU if list(form.get("profile", [])) == [GPU] else CPU}

    def before_start(self, spawner: Any) -> None:
        """Lend a GPU, or hide all of them.

        Raises:
            NoGpu: none is free; JupyterHub shows the words.
        """
        if spawner.user_options.get("profile") == GPU:
            try:
                device = self._leases.take(_holder(spawner))
            except NoGpu as error:
                error.jupyterhub_message = str(error)  # type: ignore[attr-defined]
                raise
        else:
            device = ""  # CUDA sees none
        spawner.environment = {**spawner.environment, "CUDA_VISIBLE_DEVICES": device}

    def after_stop(self, spawner: Any) -> None:
        self._leases.give_back(_holder(spawner))


def _holder(spawner: Any) -> str:
    """A person may have several servers, each with a name."""
    return f"{spawner.user.name}/{spawner.name}"
