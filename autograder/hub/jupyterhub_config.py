"""What `jupyterhub -f` reads; `autograder hub` names the settings in AUTOGRADER_HUB."""

import os
from pathlib import Path

from autograder.hub.configure import configure
from autograder.hub.settings import HubSettings

configure(get_config(), HubSettings.read(Path(os.environ["AUTOGRADER_HUB"])))  # type: ignore[name-defined]  # noqa: F821
