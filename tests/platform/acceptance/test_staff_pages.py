"""What is wrong with a class stands first in the section meant for it, on the pages that the commands write.

A class is made, four things are planted in it and in its hidden suite, and it is graded for real.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from autograder.course import find_course
from autograder.demo.classroom import make_class
from autograder.demo.plan import Profile
from tests.platform.planting import add_habits, answers, disguised

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
STUDENTS, MISLED = 44, 12
BROKEN_TEST = "test_interpolate_end_points"  # wants the two end points, plus one
BREAK = ("        torch.stack([z0, z1]),\n        name=", "        torch.stack([z0, z1]) + 1,\n        name=")
MISTAKE = ("sigma = torch.exp(0.5 * logvar)", "sigma = torch.exp(logvar)")
SLOW = ("    return", "    __import__('time').sleep(1.0)\n    return")


@dataclass(frozen=True)
class Planted:
    """The pages, and whom they must name."""

    report: Tag
    similar: Tag
    misled: tuple[str, ...]
    pair: tuple[str, str]
    slow: str


def autograder(root: Path, *words: str) -> None:
    command = [sys.executable, "-m", "autograder.cli.main", "--course", str(root), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, 1), done.stdout + done.stderr  # 1: something needs a person


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    root = tmp_path_factory.mktemp("planted") / "course"
    for part in ("assignments", "reference", "release", "tests/hidden"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    course = find_course(root)
    draw = random.Random(0)
    hand_ins = make_class(course, ["vae"], STUDENTS, seed=3)
    for hand_in in hand_ins:
        if hand_in.part.profile is Profile.BROKEN:  # what hangs would be slower than what is planted
            shutil.rmtree(hand_in.path.parent)
    whole = [h for h in hand_ins if h.part.profile is Profile.STRONG]
    paths = {h.student: h.path for h in hand_ins if h.part.profile is not Profile.BROKEN}
    notebooks = {student: json.loads(path.read_bytes()) for student, path in paths.items()}

    chosen = draw.sample([h.student for h in whole], MISLED + 3)
    misled, (original, copier, slow) = chosen[:MISLED], chosen[MISLED:]
    right = course.assignment("vae").reference_path.read_text(encoding="utf-8")
    source = right[right.index("def reparameterize") : right.index("def kl_divergence")]
    path = right[right.index("def interpolate") :].split("\n\n\n")[0]
    for student in misled:
        answers(notebooks[student])["reparameterize"]["source"] = source.replace(*MISTAKE)
    answers(notebooks[slow])["interpolate"]["source"] = path.replace(*SLOW)
    for notebook in notebooks.values():
        add_habits(notebook, draw)
    notebooks[copier] = disguised(notebooks[original])
    for student, notebook in notebooks.items():
        paths[student].write_text(json.dumps(notebook), encoding="utf-8")

    test = root / "tests/hidden/vae/test_interpolate.py"
    text = test.read_text(encoding="utf-8")
    assert all(change[0] in where for change, where in ((BREAK, text), (MISTAKE, source), (SLOW, path)))
    test.write_text(text.replace(*BREAK), encoding="utf-8")

    for verb in ("grade", "similar", "report"):
        autograder(root, verb, "vae")
    report, similar = (
        BeautifulSoup((course.reports / "vae" / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
        for name in ("index", "similar")
    )
    return Planted(report, similar, tuple(misled), (min(original, copier), max(original, copier)), slow)


def test_a_broken_test_is_the_first_to_look_at(planted: Planted) -> None:
    first = planted.report.select_one("#suspects li")
    assert [code.get_text() for code in first.select("code")] == ["interpolate", BROKEN_TEST]
    assert "Nobody passed." in first.get_text()


def test_a_misconception_is_the_first_to_go_over_in_class(planted: Planted) -> None:
    """Here good students share it, so that its tests look odd as well: that is said, and hides nothing."""
    first = planted.report.select_one("#misconceptions ol.ideas > li")
    assert first.select_one("h3 code").get_text() == "reparameterize"
    assert "HALF the log-variance" in first.select_one(".say").get_text()
    assert set(planted.misled) <= {a.get_text() for a in first.select(".names a")}
    assert first.select_one("a.flag")["href"] == "#suspects"
    others = planted.report.select("#misconceptions ol.ideas > li")[1:]
    assert not any(idea.select("a.flag") for idea in others)


def test_a_slow_submission_is_the_first_of_those_with_where_it_lost_the_time(planted: Planted) -> None:
    first = planted.report.select_one("table[aria-labelledby=slow-title], [aria-labelledby=slow-title] table").tbody.tr
    assert first.th.get_text() == planted.slow
    assert "interpolate" in first.select("td")[-1].get_text()


def test_a_copied_pair_is_the_first_of_those_that_look_alike(planted: Planted) -> None:
    assert planted.similar.select_one("tbody th").get_text() == " and ".join(planted.pair)
    assert planted.report.select_one('a[href="similar.html"]') is not None, "the report leads to it"
