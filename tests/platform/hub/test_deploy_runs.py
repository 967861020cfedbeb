"""What the containers run, run here without containers: the hub of compose.yaml's configuration, and its services.

Commands and environments are read from compose.yaml; only names of hosts, ports and folders are put in. People's
servers, which would be containers, are not started: a token of a student's server does what the server would.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from autograder.course import find_course

ROOT = Path(__file__).parents[3]
COMPOSE = ROOT / "autograder" / "hub" / "deploy" / "compose"
STUDENT = ROOT / "autograder" / "hub" / "deploy" / "student"
BIN = Path(sys.executable).parent
HERE = "127.0.0.1"
PATIENCE_S = 90
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}")
SERVICES = ("formgrader", "queue", "work")
HUB_CONFIG = """
load_subconfig({config!r})
c = get_config()
c.JupyterHub.spawner_class = "simple"  # here is no Docker
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{port}"
c.JupyterHub.services.append({{"name": "test", "api_token": {token!r}}})
c.JupyterHub.load_roles.append({{"name": "test", "services": ["test"],
                                "scopes": ["admin:users", "tokens", "read:services"]}})
"""
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Deployed:
    """All of it, running."""

    address: str
    admin: str
    folder: Path

    def ask(self, path: str, token: str, body: Any = None, method: str | None = None) -> tuple[int, str]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.address + path, data, {"Authorization": f"token {token}"}, method=method
        )  # fmt: skip
        try:
            response = urllib.request.urlopen(request, timeout=60)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            return response.status, response.read().decode(errors="replace")

    def token_of(self, person: str, *scopes: str) -> str:
        """As the hub gives one to a server of this person."""
        assert self.ask(f"hub/api/users/{person}", self.admin)[0] == 200
        status, text = self.ask(f"hub/api/users/{person}/tokens", self.admin, {"scopes": list(scopes)})
        assert status == 201, text
        return str(json.loads(text)["token"])


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, login: str) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("deploy")
    (compose,) = YAML(typ="safe").load_all(COMPOSE / "compose.yaml")
    ports = free_ports(6)
    proxy, api, proxy_api = ports[:3]
    address = f"http://{HERE}:{proxy}/"
    given = {
        "HUB_ADDRESS": address.rstrip("/"), "COURSE_STAFF": "maria", "COURSE_STUDENTS": "ada bo", "CHECK_WORKERS": "1",
        "DATABASE_PASSWORD": "x", "TOKEN_FORMGRADER": secrets.token_hex(), "TOKEN_QUEUE": secrets.token_hex(),
        "TOKEN_WORK": secrets.token_hex(), "LOGIN_CLIENT_ID": "genai", "LOGIN_CLIENT_SECRET": secrets.token_hex(),
        "LOGIN_AUTHORIZE_URL": f"{login}/authorize", "LOGIN_TOKEN_URL": f"{login}/token",
        "LOGIN_USERDATA_URL": f"{login}/userinfo",
    }  # fmt: skip

    def put_in(text: Any, port: int = 0) -> str:
        text = VARIABLE.sub(lambda match: given.get(match[1], match[2] or ""), str(text))
        text = text.replace("/srv/hub", str(folder / "hub")).replace("/srv/course", str(ROOT))
        return text.replace("http://hub:8081", f"http://{HERE}:{api}").replace("0.0.0.0:8100", f"{HERE}:{port}")

    def command_of(name: str, port: int = 0) -> list[str]:
        program, *rest = (put_in(word, port) for word in compose["services"][name]["command"])
        return [str(BIN / program), *rest, *(["--allow-root"] if program == "jupyterhub-singleuser" else [])]

    plain = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "AUTOGRADER"))}
    plain["PATH"] = f"{BIN}{os.pathsep}{plain['PATH']}"
    subprocess.run(command_of("prepare"), env=plain, check=True, capture_output=True)

    with contextlib.ExitStack() as stack:
        admin = secrets.token_hex()
        config, state = folder / "jupyterhub_config.py", folder / "state"
        state.mkdir()
        config.write_text(
            HUB_CONFIG.format(config=str(COMPOSE / "jupyterhub_config.py"), port=proxy_api, token=admin)
        )  # fmt: skip
        names = {name: put_in(value) for name, value in compose["services"]["hub"]["environment"].items()}
        own = {
            "HUB_STATE": str(state), "COURSE_TOML": str(ROOT / "assignments" / "course.toml"),
            "HUB_DATABASE": f"sqlite:///{state}/hub.sqlite", "HUB_INSIDE": HERE, "HUB_BIND": address,
            "HUB_API_BIND": f"http://{HERE}:{api}/",
            **{f"{name.upper()}_INSIDE": f"http://{HERE}:{port}"
               for name, port in zip(SERVICES, ports[3:], strict=True)},
        }  # fmt: skip
        start(stack, [str(BIN / "jupyterhub"), "-f", str(config)], plain | names | own, state, folder / "hub.log")
        for name, port in zip(SERVICES, ports[3:], strict=True):
            environment = {key: put_in(value, port) for key, value in compose["services"][name]["environment"].items()}
            start(stack, command_of(name, port), plain | environment, folder / "hub" / "class", folder / f"{name}.log")
        running = Deployed(address, admin, folder / "hub")
        wait_for(lambda: running.ask("hub/health", admin)[0] == 200, folder / "hub.log")
        for name, path in (("formgrader", "genai/api"), ("queue", "staff/"), ("work", "work/api/work")):
            wait_for(lambda path=path: running.ask(f"services/{path}", admin)[0] in (200, 403), folder / f"{name}.log")
        yield running


class Login(BaseHTTPRequestHandler):
    """A university's login that asks for no password."""

    says = ""

    def do_GET(self) -> None:
        if self.path.startswith("/userinfo"):
            self._give({"preferred_username": self.says, "sub": self.says})
            return
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        back = urllib.parse.urlencode({"code": "x", "state": asked["state"][0]})
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri'][0]}?{back}")
        self.end_headers()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._give({"access_token": "t", "token_type": "Bearer"})

    def _give(self, content: Any) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *_: object) -> None:
        """Not into the tests' output."""


@pytest.fixture(scope="module")
def login() -> Iterator[str]:
    with ThreadingHTTPServer((HERE, 0), Login) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://{HERE}:{server.server_port}"
        server.shutdown()


def start(
    stack: contextlib.ExitStack, command: list[str], environment: dict[str, str], folder: Path, log: Path
) -> None:
    file = stack.enter_context(log.open("wb"))
    process = stack.enter_context(
        subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    )

    def end() -> None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)

    stack.callback(end)


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        return [stack.enter_context(socket.create_server((HERE, 0))).getsockname()[1] for _ in range(count)]


def wait_for(answers: Any, log: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while True:
        with contextlib.suppress(OSError):
            if answers():
                return
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.5)


def nbgrader(home: Path, deployed: Deployed, token: str, *words: str) -> str:
    """A command in a student's server, configured as the image is."""
    environment = {
        **os.environ, "JUPYTER_CONFIG_PATH": str(STUDENT), "JUPYTERHUB_API_TOKEN": token, "HOME": str(home),
        "AUTOGRADER_WORK_URL": f"{deployed.address}services/work/",
    }  # fmt: skip
    done = subprocess.run([BIN / "nbgrader", *words], cwd=home, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


def staff(deployed: Deployed, *words: str) -> None:
    """A command in the grader's container."""
    environment = {**os.environ, "JUPYTER_CONFIG_PATH": str(deployed.folder / "config" / "grader")}
    done = subprocess.run(
        [BIN / "nbgrader", *words], cwd=deployed.folder / "class", env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_an_assignment_goes_out_and_work_comes_back(deployed: Deployed, tmp_path: Path) -> None:
    """Handed out by staff, fetched, checked and handed in by a student, collected by staff: no folder is shared."""
    ada = deployed.token_of("ada", "access:services!service=work")
    assert "gan" not in nbgrader(tmp_path, deployed, ada, "list")
    staff(deployed, "release_assignment", "gan")
    assert "genai gan" in nbgrader(tmp_path, deployed, ada, "list")
    nbgrader(tmp_path, deployed, ada, "fetch_assignment", "gan")
    notebook = tmp_path / "gan" / "gan.ipynb"
    assert notebook.read_bytes() == find_course(ROOT).assignment("gan").release_path.read_bytes()
    assert "sha256" in nbgrader(tmp_path, deployed, ada, "submit", "gan")
    staff(deployed, "collect", "gan")
    assert (deployed.folder / "class/submitted/ada/gan/gan.ipynb").read_bytes() == notebook.read_bytes()
    status, text = deployed.ask("services/work/api/work", ada)
    received = {one["name"]: len(one["received"]) for one in json.loads(text)["assignments"]}
    assert (status, received["gan"], received["vae"]) == (200, 1, 0)


def test_staff_come_in_and_students_do_not(deployed: Deployed) -> None:
    scopes = [f"access:services!service={name}" for name in ("genai", "staff", "work")]
    maria = deployed.token_of("maria", *scopes)
    for path, words in (("services/genai/formgrader", "formgrader"), ("services/staff/", "vae")):
        status, text = deployed.ask(path, maria)
        assert (status, words in text.lower()) == (200, True), path
    ada = deployed.token_of("ada", "access:services!service=work")
    for path in ("services/genai/formgrader", "services/staff/"):
        status, text = deployed.ask(path, ada)
        assert status == 403 or "Sign in" in text, path


def test_a_student_gets_no_token_for_what_is_of_staff(deployed: Deployed) -> None:
    status, text = deployed.ask(
        "hub/api/users/bo/tokens", deployed.admin, {"scopes": ["access:services!service=staff"]}
    )
    assert (status, "scope" in text) == (400, True), text


def test_people_come_in_by_the_universitys_login_and_nobody_else_does(deployed: Deployed) -> None:
    """The whole way of OAuth, with a login that says whom one asks for."""

    def log_in(name: str) -> tuple[int, str]:
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        Login.says = name
        try:
            with browser.open(f"{deployed.address}hub/oauth_login?next=%2Fhub%2Fhome") as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    status, text = log_in("ada")
    assert status == 200
    assert "/hub/logout" in text
    assert "My work" in text
    status, text = log_in("mallory")
    assert status == 403
    assert "/hub/logout" not in text
