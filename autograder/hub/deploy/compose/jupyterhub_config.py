"""JupyterHub on one machine with Docker: a container for each person's server, services in containers of their own.

All that differs between installations comes from the environment, which compose.yaml sets from `.env`.
"""

import os
import tomllib
from pathlib import Path

from autograder.course.servers import ServersSettings
from autograder.hub.docker_servers import DockerProfiles
from autograder.hub.ending import CULLER, SCOPES, culler_service
from autograder.hub.leases import Leases
from autograder.hub.roles import roles, staff_group, students_group
from autograder.hub.settings import STAFF_SERVICE, WORK_SERVICE

c = get_config()  # type: ignore[name-defined]  # noqa: F821

STATE = Path(os.environ.get("HUB_STATE", "/srv/jupyterhub"))
COURSE = tomllib.loads(Path(os.environ.get("COURSE_TOML", "/srv/course.toml")).read_text(encoding="utf-8"))
SERVERS = ServersSettings(**COURSE.get("servers", {}))
ID = COURSE["id"]
STAFF, STUDENTS = (set(os.environ.get(name, "").split()) for name in ("COURSE_STAFF", "COURSE_STUDENTS"))
GPUS = os.environ.get("GPUS", "").split()
SERVER = ["jupyterhub-singleuser"]
AT_HUB = os.environ.get("HUB_INSIDE", "hub")  # the hub's name where services and servers are
FORMGRADER, QUEUE, WORK = (
    os.environ.get(f"{name}_INSIDE", f"http://{name.lower()}:8100") for name in ("FORMGRADER", "QUEUE", "WORK")
)

c.JupyterHub.bind_url = os.environ.get("HUB_BIND", "http://:8000/")
c.JupyterHub.hub_bind_url = os.environ.get("HUB_API_BIND", "http://:8081/")
c.JupyterHub.hub_connect_url = f"http://{AT_HUB}:{c.JupyterHub.hub_bind_url.rstrip('/').rpartition(':')[2]}"
c.JupyterHub.db_url = os.environ["HUB_DATABASE"]
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
c.JupyterHub.template_vars = {
    "announcement_home": f'<a href="/services/{WORK_SERVICE}/">My work: deadlines, receipts, checks</a>'
}
# Validating a notebook runs all of it before anything is answered.
c.ConfigurableHTTPProxy.command = ["configurable-http-proxy", "--proxy-timeout", "600000"]
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")

# The university's login, by OpenID Connect; its names are the names of .env. Other ways in: other authenticators.
c.JupyterHub.authenticator_class = "generic-oauth"
c.GenericOAuthenticator.client_id = os.environ["LOGIN_CLIENT_ID"]
c.GenericOAuthenticator.client_secret = os.environ["LOGIN_CLIENT_SECRET"]
c.GenericOAuthenticator.authorize_url = os.environ["LOGIN_AUTHORIZE_URL"]
c.GenericOAuthenticator.token_url = os.environ["LOGIN_TOKEN_URL"]
c.GenericOAuthenticator.userdata_url = os.environ["LOGIN_USERDATA_URL"]
c.GenericOAuthenticator.oauth_callback_url = f"{os.environ['HUB_ADDRESS'].rstrip('/')}/hub/oauth_callback"
c.GenericOAuthenticator.username_claim = os.environ.get("LOGIN_NAME", "preferred_username")
c.GenericOAuthenticator.scope = ["openid", "profile"]
c.Authenticator.allowed_users = STAFF | STUDENTS
c.Authenticator.allow_existing_users = False  # who is no longer in the class does not come in

leases = Leases(STATE / "gpus.json", GPUS, int(os.environ.get("GPU_SHARE", "1")))
profiles = DockerProfiles(leases, SERVERS.profile, SERVER)
c.JupyterHub.spawner_class = "docker"
c.Spawner.cmd = SERVER
c.Spawner.default_url = "/lab"
c.Spawner.environment = {"AUTOGRADER_WORK_URL": os.environ.get("WORK_URL", f"http://{AT_HUB}:8000/services/work/")}
c.Spawner.options_form = profiles.form
c.Spawner.options_from_form = profiles.chosen
c.Spawner.pre_spawn_hook = profiles.before_start
c.Spawner.post_stop_hook = profiles.after_stop
c.DockerSpawner.image = os.environ.get("STUDENT_IMAGE", "genai-student:1")
c.DockerSpawner.network_name = os.environ.get("STUDENT_NETWORK", "")
c.DockerSpawner.volumes = {"home-{username}": "/home/jovyan"}
c.DockerSpawner.remove = True  # the container; the home is a volume, and stays
c.DockerSpawner.extra_host_config = {"security_opt": ["no-new-privileges"], "cap_drop": ["ALL"], "pids_limit": 2048}

c.JupyterHub.load_groups = {
    staff_group(ID): {"users": sorted(STAFF)},
    students_group(ID): {"users": sorted(STUDENTS)},
}
c.JupyterHub.load_roles = [*roles(ID), {"name": CULLER, "services": [CULLER], "scopes": list(SCOPES)}]
c.JupyterHub.services = [
    {"name": ID, "url": FORMGRADER, "api_token": os.environ["TOKEN_FORMGRADER"], "oauth_no_confirm": True},
    {"name": STAFF_SERVICE, "url": QUEUE, "api_token": os.environ["TOKEN_QUEUE"], "oauth_no_confirm": True},
    {"name": WORK_SERVICE, "url": WORK, "api_token": os.environ["TOKEN_WORK"], "oauth_no_confirm": True},
    culler_service("jupyterhub-idle-culler", str(STATE), SERVERS),
]
