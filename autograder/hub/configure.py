"""JupyterHub's configuration in demo mode.

Groups and the service's name are those that nbgrader looks for: formgrade-<course>, nbgrader-<course>, and a service
called like the course. A student's server may do nothing but serve its student, and see which courses there are.
"""

from __future__ import annotations

import os
from typing import Any

from autograder.hub.place import Place
from autograder.hub.settings import STAFF_SERVICE, WORK_SERVICE, HubSettings

BANNER = (
    "<strong>Demo:</strong> all accounts here are one account of the machine, with one password. Nobody is safe from "
    "anybody else. Do not put real students' work here."
)

ANSWERS_WITHIN_MS = 600_000


def configure(c: Any, settings: HubSettings) -> None:
    """Fill JupyterHub's configuration object."""
    place = Place(settings.root_path)
    c.JupyterHub.bind_url = settings.address
    c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{settings.hub_port}"
    c.JupyterHub.db_url = f"sqlite:///{place.state / 'jupyterhub.sqlite'}"
    c.JupyterHub.cookie_secret_file = str(place.state / "cookie_secret")
    to_work = f'<a href="/services/{WORK_SERVICE}/">My work: deadlines, receipts, checks</a>'
    c.JupyterHub.template_vars = {"announcement": BANNER, "announcement_home": f"{BANNER} {to_work}"}
    # Validating a notebook runs all of it before anything is answered; the proxy would wait for 20 s.
    patience = ["--proxy-timeout", str(ANSWERS_WITHIN_MS)]
    c.ConfigurableHTTPProxy.command = [settings.program("configurable-http-proxy"), *patience]
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{settings.proxy_port}"
    c.ConfigurableHTTPProxy.pid_file = str(place.state / "proxy.pid")

    c.JupyterHub.authenticator_class = "shared-password"
    c.SharedPasswordAuthenticator.user_password = settings.password
    c.Authenticator.allowed_users = {*settings.staff, *settings.students}

    c.JupyterHub.spawner_class = "simple"
    c.SimpleLocalProcessSpawner.home_dir_template = str(place.homes / "{username}")
    c.Spawner.cmd = [settings.program("jupyterhub-singleuser"), *_as_root()]
    c.Spawner.default_url = "/lab"
    c.Spawner.environment = {
        "JUPYTER_CONFIG_PATH": lambda spawner: str(
            place.config("staff" if spawner.user.name in settings.staff else "student")
        ),
        "JUPYTER_PATH": str(place.jupyter),
        "AUTOGRADER_WORK_URL": settings.work,
        "PATH": _path(settings),
    }

    course, staff, students = settings.course_id, f"formgrade-{settings.course_id}", f"nbgrader-{settings.course_id}"
    c.JupyterHub.load_groups = {
        staff: {"users": list(settings.staff)},
        students: {"users": list(settings.students)},
    }
    see_course = ["list:services", f"read:services!service={course}"]
    may_work = f"access:services!service={WORK_SERVICE}"
    to_services = [may_work, *(f"access:services!service={name}" for name in (course, STAFF_SERVICE))]
    c.JupyterHub.load_roles = [
        {"name": "staff", "groups": [staff], "scopes": [*to_services, *see_course]},
        {"name": "students", "groups": [students], "scopes": [may_work, *see_course]},
        {
            "name": "server",
            "scopes": ["users:activity!user", "access:servers!server", "read:users!user", may_work, *see_course],
        },
        {
            "name": "formgrader",
            "services": [course],
            "scopes": [f"groups!group={students}", "list:groups", "list:users"],
        },
    ]
    c.JupyterHub.services = [
        {
            "name": course,
            "url": f"http://127.0.0.1:{settings.formgrader_port}",
            "command": [settings.program("jupyterhub-singleuser"), *_as_root(), f"--ServerApp.root_dir={place.data}"],
            "cwd": str(place.data),
            "environment": {
                "HOME": str(place.homes / f"grader-{course}"),
                "JUPYTER_CONFIG_PATH": str(place.config("grader")),
                "JUPYTERHUB_DEFAULT_URL": "/formgrader",
                "AUTOGRADER_DATA": str(place.data),
                "PATH": _path(settings),
            },
            "oauth_no_confirm": True,
        },
        {
            "name": STAFF_SERVICE,
            "url": f"http://127.0.0.1:{settings.staff_port}",
            "command": _autograder(settings, place, "serve", "--hub", "--formgrader", settings.formgrader),
            "cwd": str(place.data),
            "environment": {"PATH": _path(settings)},
            "oauth_no_confirm": True,
        },
        {
            "name": WORK_SERVICE,
            "url": f"http://127.0.0.1:{settings.work_port}",
            "command": _autograder(
                settings, place, "serve-students", "--exchange", str(place.exchange), "--no-check-owner"
            ),
            "cwd": str(place.data),
            "environment": {"PATH": _path(settings)},
            "oauth_no_confirm": True,
        },
    ]


def _autograder(settings: HubSettings, place: Place, *arguments: str) -> list[str]:
    """A command of the course's staff, with the class's data."""
    return [
        settings.program("autograder"), "--course", settings.course_root, "--data", str(place.data), *arguments
    ]  # fmt: skip


def _as_root() -> list[str]:
    return ["--allow-root"] if os.geteuid() == 0 else []


def _path(settings: HubSettings) -> str:
    """So that kernels and nbgrader are those of this installation."""
    return os.pathsep.join([settings.bin, os.environ.get("PATH", os.defpath)])
