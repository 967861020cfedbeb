"""GPUs lent to servers, with devices that are only names."""

from __future__ import annotations

import multiprocessing
import random
from pathlib import Path

import pytest

from autograder.hub.gpus import visible
from autograder.hub.leases import Leases, NoGpu


def pool(tmp_path: Path, devices: int = 2, share: int = 1) -> Leases:
    return Leases(tmp_path / "leases.json", [f"GPU-{n}" for n in range(devices)], share)


def test_each_gets_another_device_until_none_is_left(tmp_path: Path) -> None:
    leases = pool(tmp_path)
    assert [leases.take("ada/"), leases.take("bo/")] == ["GPU-0", "GPU-1"]
    with pytest.raises(NoGpu, match="All 2 places on GPUs are taken"):
        leases.take("cy/")
    leases.give_back("ada/")
    assert leases.take("cy/") == "GPU-0"


def test_asking_again_takes_nothing_more(tmp_path: Path) -> None:
    leases = pool(tmp_path)
    assert leases.take("ada/") == leases.take("ada/")
    assert len(leases.held()) == 1


def test_shared_devices_fill_evenly(tmp_path: Path) -> None:
    leases = pool(tmp_path, share=3)
    got = [leases.take(f"s{n}/") for n in range(6)]
    assert [got.count("GPU-0"), got.count("GPU-1")] == [3, 3]
    assert got[:2] == ["GPU-0", "GPU-1"]
    with pytest.raises(NoGpu):
        leases.take("s6/")


def test_after_a_restart_only_what_runs_holds(tmp_path: Path) -> None:
    leases = pool(tmp_path, devices=4)
    for holder in ("ada/", "bo/"):
        leases.take(holder)
    pool(tmp_path, devices=4).only({"bo/"})
    assert set(leases.held()) == {"bo/"}


def test_a_damaged_file_or_a_device_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    leases = pool(tmp_path)
    leases.take("ada/")
    leases.take("bo/")
    assert set(pool(tmp_path, devices=1).held()) == {"ada/"}
    leases.path.write_text("{")
    assert leases.held() == {}


def _take_and_give(arguments: tuple[Path, int]) -> int:
    """How often somebody else had the same place meanwhile; nobody ever should."""
    folder, number = arguments
    leases, chance, doubled = pool(folder, share=1), random.Random(number), 0
    for _ in range(60):
        try:
            device = leases.take(f"s{number}/")
        except NoGpu:
            continue
        mine = folder / f"{device}.used"
        try:
            mine.touch(exist_ok=False)
        except FileExistsError:
            doubled += 1
            continue
        if chance.random() < 0.5:
            leases.held()
        mine.unlink()
        leases.give_back(f"s{number}/")
    return doubled


def test_many_processes_at_once_never_share_a_place(tmp_path: Path) -> None:
    with multiprocessing.get_context("fork").Pool(6) as workers:
        assert workers.map(_take_and_give, [(tmp_path, n) for n in range(6)]) == [0] * 6


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (None, ("GPU-aa1", "GPU-ab2")), ("", ()), ("1", ("GPU-ab2",)), ("1,0", ("GPU-ab2", "GPU-aa1")),
        ("GPU-ab", ("GPU-ab2",)), ("GPU-a", ()), ("0,7,1", ("GPU-aa1",)), ("-1", ()),
    ],
)  # fmt: skip
def test_the_variable_is_read_as_cuda_does(wanted: str | None, found: tuple[str, ...]) -> None:
    assert visible(["GPU-aa1", "GPU-ab2"], wanted) == found
