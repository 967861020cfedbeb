"""JupyterHub's configuration, in demo and in server mode.

In server mode accounts are those of the machine (PAM), each person's server runs as that person, and what serves the
staff as the grader. Who may what says `roles`.
"""

from __future__ import annotations

import os
from typing import Any

from autograder.hub.ending import CULLER, SCOPES, culler_service
from autograder.hub.leases import Leases
from autograder.hub.place import Place
from autograder.hub.profiles import Profiles
from autograder.hub.roles import roles, staff_group, students_group
from autograder.hub.settings import STAFF_SERVICE, WORK_SERVICE, HubSettings

BANNER = (
    "<strong>Demo:</strong> all accounts here are one account of the machine, with one password. Nobody is safe from "
    "anybody else. Do not put real students' work here."
)
TO_WORK = f'<a href="/services/{WORK_SERVICE}/">My work: deadlines, receipts, checks</a>'
ANSWERS_WITHIN_MS = 600_000


def configure(c: Any, settings: HubSettings) -> None:
    """Fill JupyterHub's configuration object."""
    place = Place(settings.root_path)
    c.JupyterHub.bind_url = settings.address
    c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{settings.hub_port}"
    c.JupyterHub.db_url = f"sqlite:///{place.state / 'jupyterhub.sqlite'}"
    c.JupyterHub.cookie_secret_file = str(place.state / "cookie_secret")
    # Validating a notebook runs all of it before anything is answered; the proxy would wait for 20 s.
    patience = ["--proxy-timeout", str(ANSWERS_WITHIN_MS)]
    c.ConfigurableHTTPProxy.command = [settings.program("configurable-http-proxy"), *patience]
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{settings.proxy_port}"
    c.ConfigurableHTTPProxy.pid_file = str(place.state / "proxy.pid")
    c.Authenticator.allowed_users = {*settings.staff, *settings.students}
    if settings.grader:
        _accounts_of_the_machine(c)
    else:
        _accounts_of_a_demo(c, settings, place)

    c.Spawner.cmd = _server(settings)
    c.Spawner.default_url = "/lab"
    c.Spawner.environment = {
        "JUPYTER_CONFIG_PATH": lambda spawner: str(
            place.config("staff" if spawner.user.name in settings.staff else "student")
        ),
        "JUPYTER_PATH": str(place.jupyter),
        "AUTOGRADER_WORK_URL": settings.work,
        "PATH": _path(settings),
    }
    _choose(c, settings, place)
    _roles(c, settings)
    c.JupyterHub.services = _services(settings, place)


def _choose(c: Any, settings: HubSettings, place: Place) -> None:
    """A page to choose on where there is a choice, and the lease of a GPU for as long as the server runs."""
    leases = Leases(place.leases, settings.gpus, settings.gpu_share)
    leases.only(())  # servers ended with the last hub
    profiles = Profiles(leases, settings.servers.profile, _server(settings))
    c.Spawner.options_form = profiles.form
    c.Spawner.options_from_form = profiles.chosen
    c.Spawner.pre_spawn_hook = profiles.before_start
    c.Spawner.post_stop_hook = profiles.after_stop


def _accounts_of_a_demo(c: Any, settings: HubSettings, place: Place) -> None:
    """One password, one account of the machine, and a folder for each as home."""
    c.JupyterHub.template_vars = {"announcement": BANNER, "announcement_home": f"{BANNER} {TO_WORK}"}
    c.JupyterHub.authenticator_class = "shared-password"
    c.SharedPasswordAuthenticator.user_password = settings.password
    c.JupyterHub.spawner_class = "simple"
    c.SimpleLocalProcessSpawner.home_dir_template = str(place.homes / "{username}")


def _accounts_of_the_machine(c: Any) -> None:
    """The machine's own passwords and homes."""
    c.JupyterHub.template_vars = {"announcement_home": TO_WORK}
    c.JupyterHub.authenticator_class = "pam"
    c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
    c.LocalAuthenticator.create_system_users = False


def _roles(c: Any, settings: HubSettings) -> None:
    course = settings.course_id
    c.JupyterHub.load_groups = {
        staff_group(course): {"users": list(settings.staff)},
        students_group(course): {"users": list(settings.students)},
    }
    c.JupyterHub.load_roles = [*roles(course), {"name": CULLER, "services": [CULLER], "scopes": list(SCOPES)}]


def _services(settings: HubSettings, place: Place) -> list[dict[str, Any]]:
    """formgrader, the queue, and students' work: all of them as the grader. And what ends servers nobody uses."""
    queue = ["serve", "--hub", "--formgrader", settings.formgrader]
    at_once = max(1, (os.cpu_count() or 1) // 2)  # the other half of the machine is for people's servers
    work = ["serve-students", "--exchange", str(place.exchange), "--workers", str(at_once)]
    if not settings.grader:
        work.append("--no-check-owner")
    formgrader = {
        "JUPYTER_CONFIG_PATH": str(place.config("grader")),
        "JUPYTERHUB_DEFAULT_URL": "/formgrader",
        "AUTOGRADER_DATA": str(place.data),
    }
    course = settings.course_id
    own = {"user": settings.grader} if settings.grader else {}
    return [
        _service(
            settings, place, course, settings.formgrader_port,
            [*_server(settings), f"--ServerApp.root_dir={place.data}"], formgrader,
        ),
        _service(settings, place, STAFF_SERVICE, settings.staff_port, _autograder(settings, place, *queue)),
        _service(settings, place, WORK_SERVICE, settings.work_port, _autograder(settings, place, *work)),
        culler_service(settings.program("jupyterhub-idle-culler"), str(place.data), settings.servers, **own),
    ]  # fmt: skip


def _service(
    settings: HubSettings, place: Place, name: str, port: int, command: list[str],
    environment: dict[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    # In server mode the home is that of the account.
    own = {"user": settings.grader} if settings.grader else {}
    home = {} if settings.grader else {"HOME": str(place.grader_home)}
    return {
        "name": name,
        "url": f"http://127.0.0.1:{port}",
        "command": command,
        "cwd": str(place.data),
        "environment": {"PATH": _path(settings), **home, **(environment or {})},
        "oauth_no_confirm": True,
        **own,
    }


def _autograder(settings: HubSettings, place: Place, *arguments: str) -> list[str]:
    """A command of the course's staff, with the class's data."""
    return [
        settings.program("autograder"), "--course", settings.course_root, "--data", str(place.data), *arguments
    ]  # fmt: skip


def _server(settings: HubSettings) -> list[str]:
    """What a person's server, and formgrader, run; in a demo perhaps as root."""
    as_root = ["--allow-root"] if os.geteuid() == 0 and not settings.grader else []
    return [settings.program("jupyterhub-singleuser"), *as_root]


def _path(settings: HubSettings) -> str:
    """So that kernels and nbgrader are those of this installation."""
    return os.pathsep.join([settings.bin, os.environ.get("PATH", os.defpath)])
