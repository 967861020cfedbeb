"""What people choose when their server starts, what it then gets, and when it ends by itself."""

from __future__ import annotations

import copy
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from autograder.course.servers import PROFILES, ServerProfile, ServersSettings
from autograder.hub.ending import has_had_its_time
from autograder.hub.leases import Leases, NoGpu
from autograder.hub.profiles import Profiles, chosen_profile
from autograder.hub.settings import HubSettings

NOW = datetime(2027, 2, 12, 20, 0, tzinfo=UTC)
SMALL = ServerProfile(name="small", title="<Small>", memory_gib=1.5, hours=2)


def pool(tmp_path: Path, devices: int = 2, share: int = 1) -> Leases:
    return Leases(tmp_path / "leases.json", [f"GPU-{n}" for n in range(devices)], share)


def of(leases: Leases, profiles: tuple[ServerProfile, ...] = PROFILES) -> Profiles:
    return Profiles(leases, profiles, ["singleuser"])


def spawner(name: str = "ada", **options: Any) -> Any:
    user = SimpleNamespace(name=name)
    return SimpleNamespace(user=user, name="", user_options=options, environment={"A": "1"}, cmd=["singleuser"])


def test_a_server_with_a_gpu_sees_that_one_alone_until_it_stops(tmp_path: Path) -> None:
    leases = pool(tmp_path)
    profiles, one = of(leases), spawner(profile="gpu")
    profiles.before_start(one)
    assert one.environment == {"A": "1", "CUDA_VISIBLE_DEVICES": "GPU-0"}
    profiles.after_stop(one)
    assert leases.held() == {}


@pytest.mark.parametrize("options", [{}, {"profile": "cpu"}, {"profile": "none"}, {"profile": ["gpu"]}])
def test_a_server_without_one_sees_none(tmp_path: Path, options: dict[str, Any]) -> None:
    one = spawner(**options)
    of(pool(tmp_path)).before_start(one)
    assert one.environment["CUDA_VISIBLE_DEVICES"] == ""


def test_where_there_are_no_gpus_none_can_be_asked_for(tmp_path: Path) -> None:
    one = spawner(profile="gpu")  # through the hub's API
    of(pool(tmp_path, devices=0)).before_start(one)
    assert one.environment["CUDA_VISIBLE_DEVICES"] == ""


def test_whoever_gets_none_is_told_so(tmp_path: Path) -> None:
    profiles = of(pool(tmp_path, devices=1))
    profiles.before_start(spawner("ada", profile="gpu"))
    with pytest.raises(NoGpu) as refused:
        profiles.before_start(spawner("bo", profile="gpu"))
    assert "Start without one" in refused.value.jupyterhub_message  # type: ignore[attr-defined]


def test_a_process_cannot_have_more_memory_than_its_profile_says(tmp_path: Path) -> None:
    one = spawner(profile="small")
    Profiles(pool(tmp_path), (*PROFILES, SMALL), [sys.executable, "-c"]).before_start(one)
    for mebibytes, fits in ((200, True), (1700, False)):
        code = f"bytearray({mebibytes} * 2**20)"
        done = subprocess.run([*one.cmd, code], capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is fits
        assert ("MemoryError" in done.stderr) is not fits


def test_the_next_server_of_the_same_person_is_bounded_by_its_own_profile(tmp_path: Path) -> None:
    profiles, one = of(pool(tmp_path), (*PROFILES, SMALL)), spawner(profile="small")
    profiles.before_start(one)
    one.user_options = {"profile": "cpu"}
    profiles.before_start(one)
    assert one.cmd == ["singleuser"]


def test_the_form_offers_what_there_is(tmp_path: Path) -> None:
    assert of(pool(tmp_path, devices=0)).form(None) == ""
    assert "&lt;Small&gt;" in of(pool(tmp_path, devices=0), (*PROFILES, SMALL)).form(None)
    leases = pool(tmp_path, devices=1, share=2)
    page = of(leases).form(None)
    assert "2 free now" in page
    assert "ends after 4 hours" in page
    assert "disabled" not in page
    leases.take("ada/")
    leases.take("bo/")
    assert 'value="gpu" disabled' in of(leases).form(None)


@pytest.mark.parametrize("sent", [{}, {"profile": ["gpu", "gpu"]}, {"profile": ["GPU-0"]}, {"profile": []}])
def test_what_is_not_offered_means_no_gpu(tmp_path: Path, sent: dict[str, list[str]]) -> None:
    profiles = of(pool(tmp_path))
    assert profiles.chosen(sent) == {"profile": "cpu"}
    assert profiles.chosen({"profile": ["gpu"]}) == {"profile": "gpu"}
    assert of(pool(tmp_path, devices=0)).chosen({"profile": ["gpu"]}) == {"profile": "cpu"}


def test_every_server_can_have_a_copy_of_its_own(tmp_path: Path) -> None:
    """JupyterHub copies its configuration, hooks and all, for each."""
    profiles = of(pool(tmp_path, devices=1))
    profiles.form(None)
    copy.deepcopy(profiles.before_start)(spawner("ada", profile="gpu"))
    with pytest.raises(NoGpu):
        copy.deepcopy(profiles.before_start)(spawner("bo", profile="gpu"))


def test_somebody_can_always_start_a_server() -> None:
    with pytest.raises(ValidationError, match="no profile is without a GPU"):
        ServersSettings(profile=[{"name": "a", "title": "A", "gpu": True}])  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="cpu is listed more than once"):
        ServersSettings(profile=(PROFILES[0], PROFILES[0]))
    assert chosen_profile((PROFILES[1], PROFILES[0]), {}) == PROFILES[0]


def server(hours: float, **options: str) -> dict[str, Any]:
    return {"started": (NOW - timedelta(hours=hours)).isoformat(), "user_options": options}


@pytest.mark.parametrize(
    ("hours", "profile", "idle_minutes", "ends"),
    [
        (11.9, "cpu", 1, False), (12.1, "cpu", 1, True), (3.9, "gpu", 1, False), (4.1, "gpu", 1, True),
        (1.0, "cpu", 89, False), (1.9, "cpu", 91, True), (1.0, "cpu", None, False), (1.6, "cpu", None, True),
    ],
)  # fmt: skip
def test_a_server_ends_when_nobody_uses_it_or_its_hours_are_over(
    hours: float, profile: str, idle_minutes: float | None, ends: bool
) -> None:
    idle = None if idle_minutes is None else timedelta(minutes=idle_minutes)
    assert has_had_its_time(ServersSettings(), server(hours, profile=profile), idle, NOW) is ends


def test_zero_idle_minutes_mean_never() -> None:
    servers = ServersSettings(idle_minutes=0)
    assert not has_had_its_time(servers, server(11, profile="cpu"), timedelta(hours=11), NOW)


def test_the_hub_is_told_what_the_course_says(tmp_path: Path) -> None:
    servers = ServersSettings(idle_minutes=5, profile=(SMALL,))
    settings = HubSettings(
        "c", "C", "/c", "/r", "/bin", 1, 2, 3, 4, 5, 6, "word", ("ina",), ("ada",), servers=servers
    )  # fmt: skip
    settings.write(tmp_path / "settings.json")
    assert HubSettings.read(tmp_path / "settings.json") == settings
