"""The files of autograder/hub/deploy: valid for what reads them, and agreeing with the platform and with each other.

Images are not built here, and nothing is run in a container; what the containers run is run in test_deploy_runs.py.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ruamel.yaml import YAML

from autograder.course.servers import ServerProfile
from autograder.hub.docker_servers import DockerProfiles
from autograder.hub.leases import Leases, NoGpu
from autograder.hub.roles import roles

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "autograder" / "hub" / "deploy"
BIN = Path(sys.executable).parent
SCHEMA = Path(__file__).parent / "schemas" / "zero-to-jupyterhub.json"
COPY = re.compile(r"^COPY (.+)$", re.MULTILINE)
DOCKERFILES = sorted(DEPLOY.rglob("*Dockerfile"))


def passes(*command: object) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def read(name: str) -> list[Any]:
    return list(YAML(typ="safe").load_all(DEPLOY / name))


def test_compose_file() -> None:
    passes(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose" / "compose.yaml")


def test_values_of_the_chart() -> None:
    """Against the chart's own schema, which knows no other keys; misspelt ones do not pass."""
    passes(BIN / "check-jsonschema", "--schemafile", SCHEMA, DEPLOY / "kubernetes" / "values.yaml")


def test_a_misspelt_value_would_be_found(tmp_path: Path) -> None:
    wrong = tmp_path / "values.yaml"
    wrong.write_text((DEPLOY / "kubernetes" / "values.yaml").read_text().replace("profileList:", "profilesList:"))
    with pytest.raises(AssertionError, match="profilesList"):
        passes(BIN / "check-jsonschema", "--schemafile", SCHEMA, wrong)


@pytest.mark.parametrize("name", ["grader", "database"])
def test_manifests(name: str) -> None:
    """Against the schemas of Kubernetes itself; strict: no key that it does not know."""
    passes(BIN / "kubernetes-validate", "--strict", DEPLOY / "kubernetes" / f"{name}.yaml")


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_dockerfiles(path: Path) -> None:
    passes(BIN / "hadolint", path)


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_what_is_copied_is_there_and_let_through(path: Path) -> None:
    """The ignore file beside each lets through what its COPY lines name, and else nothing."""
    lines = path.with_name(f"{path.name}.dockerignore").read_text().splitlines()
    let_through = {line[1:] for line in lines if line.startswith("!")}
    sources = {word for line in COPY.findall(path.read_text()) for word in line.split()[:-1]}
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert any(source == one or source.startswith(f"{one}/") for one in let_through), source
    assert "*" in lines
    for one in let_through:
        assert any(source == one or source.startswith(f"{one}/") for source in sources), f"{one} is let through"


def test_images_for_students_and_the_hub_hold_nothing_hidden() -> None:
    for name in ("student/Dockerfile", "compose/hub.Dockerfile"):
        sources = " ".join(COPY.findall((DEPLOY / name).read_text()))
        assert not re.search(r"tests|reference|release|assignments(?!/course\.toml)", sources), name
    student = " ".join(COPY.findall((DEPLOY / "student" / "Dockerfile").read_text()))
    platform = [word for word in student.split() if word.startswith("autograder/") and "/deploy/" not in word]
    assert {Path(word).name for word in platform} == {"__init__.py", "errors.py", "in_notebook.py", "in_exchange.py"}


def test_students_files_need_nothing_else_of_the_platform(tmp_path: Path) -> None:
    """As in the image: these four files alone."""
    folder = tmp_path / "autograder"
    folder.mkdir()
    for name in ("__init__.py", "errors.py", "in_notebook.py", "in_exchange.py"):
        (folder / name).write_bytes((ROOT / "autograder" / name).read_bytes())
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import autograder.in_exchange, autograder.in_notebook; "
        "assert autograder.__file__.startswith(sys.argv[1]); "
        "print(*sorted(name for name in sys.modules if name.startswith('autograder')))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(tmp_path)], cwd="/", capture_output=True, text=True, check=True
    )
    names = {"autograder", "autograder.errors", "autograder.in_exchange", "autograder.in_notebook"}
    assert set(done.stdout.split()) == names


def test_roles_in_kubernetes_are_the_platforms() -> None:
    (values,) = read("kubernetes/values.yaml")
    there = {name: {"name": name, **role} for name, role in values["hub"]["loadRoles"].items()}
    assert there == {role["name"]: role for role in roles("genai")}


def test_profiles_are_settings_of_the_spawner() -> None:
    from kubespawner import KubeSpawner

    class Spawner(KubeSpawner):  # type: ignore[misc]
        def __init__(self) -> None:
            """Its own reads the cluster's configuration, and there is no cluster."""

    (values,) = read("kubernetes/values.yaml")
    profiles = values["singleuser"]["profileList"]
    assert [profile["slug"] for profile in profiles] == ["cpu", "gpu"]
    overrides = {name: value for profile in profiles for name, value in profile.get("kubespawner_override", {}).items()}
    assert "extra_resource_limits" in overrides
    for name, value in overrides.items():
        assert name in KubeSpawner.class_traits(), name
        setattr(Spawner(), name, value)  # traitlets refuses what is of another kind


def services_of_pod() -> dict[str, dict[str, str]]:
    """Container -> its environment, in Kubernetes."""
    deployment = next(one for one in read("kubernetes/grader.yaml") if one["kind"] == "Deployment")
    containers = deployment["spec"]["template"]["spec"]["containers"]
    return {one["name"]: {entry["name"]: entry.get("value", "") for entry in one["env"]} for one in containers}


def test_both_ways_start_the_same_services() -> None:
    (compose,) = read("compose/compose.yaml")
    (values,) = read("kubernetes/values.yaml")
    deployment = next(one for one in read("kubernetes/grader.yaml") if one["kind"] == "Deployment")
    containers = {one["name"]: one for one in deployment["spec"]["template"]["spec"]["containers"]}
    differ = {"JUPYTERHUB_API_TOKEN", "JUPYTERHUB_SERVICE_URL", "PYTHONUNBUFFERED"}
    for name, environment in services_of_pod().items():
        there = compose["services"][name]
        assert {key: value for key, value in there["environment"].items() if key not in differ} == {
            key: value for key, value in environment.items() if key not in differ
        }
        service = environment["JUPYTERHUB_SERVICE_NAME"]
        port = environment["JUPYTERHUB_SERVICE_URL"].rpartition(":")[2]
        assert values["hub"]["services"][service]["url"] == f"http://grader:{port}"
        assert containers[name]["ports"] == [{"containerPort": int(port)}]
        token = next(entry for entry in containers[name]["env"] if entry["name"] == "JUPYTERHUB_API_TOKEN")
        assert token["valueFrom"]["secretKeyRef"]["key"] == f"hub.services.{service}.apiToken"
        same = [word for word in there["command"] if not word.startswith(("--workers=", "--formgrader="))]
        assert same == [
            word for word in containers[name]["command"] if not word.startswith(("--workers=", "--formgrader="))
        ]


class TestServersInContainers:
    CPU = ServerProfile(name="cpu", title="Without", memory_gib=2)
    GPU = ServerProfile(name="gpu", title="With", gpu=True)

    def profiles(self, folder: Path) -> DockerProfiles:
        return DockerProfiles(Leases(folder / "gpus.json", ["GPU-1"]), (self.CPU, self.GPU), ["jupyterhub-singleuser"])

    def spawner(self, user: str, profile: str) -> Any:
        return SimpleNamespace(
            user=SimpleNamespace(name=user), name="", user_options={"profile": profile}, environment={"A": "b"},
            extra_host_config={"pids_limit": 9}, mem_limit=None, cmd=None,
        )  # fmt: skip

    def test_a_gpu_is_shown_to_one_container(self, tmp_path: Path) -> None:
        from docker.types import HostConfig

        profiles, ada = self.profiles(tmp_path), self.spawner("ada", "gpu")
        profiles.before_start(ada)
        assert ada.environment == {"A": "b"}
        assert (ada.mem_limit, ada.cmd) == (None, ["jupyterhub-singleuser"])
        made = HostConfig(version="1.44", **ada.extra_host_config)  # Docker's own client reads it
        assert made["DeviceRequests"][0]["DeviceIDs"] == ["GPU-1"]
        assert made["PidsLimit"] == 9
        with pytest.raises(NoGpu):
            profiles.before_start(self.spawner("bo", "gpu"))
        profiles.after_stop(ada)
        profiles.before_start(self.spawner("bo", "gpu"))

    def test_memory_is_the_containers(self, tmp_path: Path) -> None:
        ada = self.spawner("ada", "cpu")
        self.profiles(tmp_path).before_start(ada)
        assert (ada.mem_limit, ada.cmd) == (2 * 2**30, ["jupyterhub-singleuser"])
        assert ada.environment["CUDA_VISIBLE_DEVICES"] == ""
        assert ada.extra_host_config["device_requests"] == []
