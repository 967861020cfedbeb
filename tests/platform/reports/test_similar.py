"""Look-alikes: a copy is found through its disguise, and what everybody writes is not taken for one."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from autograder.course import Assignment, Course
from autograder.demo.classroom import make_class
from autograder.demo.plan import Profile
from autograder.reports.similar import write_similar
from autograder.reports.similar.fingerprints import PASSAGE, WINDOW, fingerprints
from autograder.reports.similar.page import side_by_side
from autograder.reports.similar.pairs import LEAST_HASHES, MOST_SHARERS, Pair, look_alikes
from autograder.reports.similar.shape import shape
from tests.platform.planting import add_habits, disguised

SOURCE = '''
def attend(query, key, value):
    """Softmax attention."""
    scores = query @ key.transpose(-2, -1)
    weights = torch.softmax(scores / query.shape[-1] ** 0.5, dim=-1)
    return weights @ value, weights
'''
DISGUISED = """
def attend(q, k,
           v):
    # my own work
    "really"
    s = (q @
         k.transpose(-2, -1))

    w = torch.softmax(s / q.shape[-1] ** 0.5, dim=-1)   # weights
    return (w @ v, w)
"""


def test_names_comments_and_layout_leave_no_trace() -> None:
    assert shape(SOURCE).tokens == shape(DISGUISED).tokens
    assert fingerprints(shape(SOURCE), "attend").keys() == fingerprints(shape(DISGUISED), "attend").keys()


@pytest.mark.parametrize(
    "change", [("softmax", "sigmoid"), ("@ value", "* value"), ("-2, -1", "-2"), ("** 0.5", "* 0.5")]
)
def test_other_code_has_another_shape(change: tuple[str, str]) -> None:
    assert shape(SOURCE).tokens != shape(SOURCE.replace(*change)).tokens


@pytest.mark.parametrize("source", ["def f(:", "x = '\0'", "(" * 3000, "", "# nothing", "-" * 100_000 + "1"])
def test_what_is_no_python_or_nothing_is_like_nothing(source: str) -> None:
    assert fingerprints(shape(source), "q") == {}


def test_lines_are_those_of_the_answer() -> None:
    found = shape(SOURCE)
    assert len(found.lines) == len(found.tokens)
    assert set(found.lines) == {2, 4, 5, 6}


def test_what_was_taken_away_is_kept_as_words() -> None:
    assert shape(DISGUISED).words >= {"attend", "q", "k", "v", "s", "w", "really"}
    assert not shape(DISGUISED).words & {"torch", "softmax", "my own work"}, "made by others, or no part of the code"


def test_words_that_both_wrote_and_nobody_else_are_shown() -> None:
    """The disguise is no use where an odd docstring came along."""
    answers = {
        "ada": {"attend": SOURCE.replace("weights", "wobble")},
        "bob": {"attend": SOURCE.replace("weights", "wobble").replace("key", "k")},
    }
    common = frozenset(fingerprints(shape(SOURCE), "attend"))
    pair = Pair(("ada", "bob"), 1.0, 20.0, 0, common)
    writers = {"attend": 40, "query": 40, "value": 3, "scores": 2, "wobble": 2, "Softmax attention.": 40}
    alike = side_by_side(pair, answers, writers)
    assert alike.words == ("scores", "wobble")
    (beside,) = alike.questions
    assert [line.common for line in beside.left] == [False, True, False, True, True, True]
    assert [line.text for line in beside.right] == answers["bob"]["attend"].splitlines()


def test_any_common_passage_of_the_promised_length_is_seen() -> None:
    """Winnowing's guarantee: wherever it stands, and whatever stands around it."""
    passage = tuple(range(1000, 1000 + PASSAGE + WINDOW - 1))
    for before in range(7):
        one = type(shape(""))((*range(before), *passage, 7, 8, 9), tuple(range(before + len(passage) + 3)))
        other = type(shape(""))((*range(50, 53), *passage), tuple(range(3 + len(passage))))
        assert fingerprints(one, "q").keys() & fingerprints(other, "q").keys()


def test_answers_to_different_questions_never_meet() -> None:
    assert not fingerprints(shape(SOURCE), "a").keys() & fingerprints(shape(SOURCE), "b").keys()


def test_the_same_tomorrow() -> None:
    """Python's own hashes differ from process to process."""
    code = (
        "from autograder.reports.similar.fingerprints import fingerprints\n"
        "from autograder.reports.similar.shape import shape\n"
        f"print(sorted(fingerprints(shape({SOURCE!r}), 'q').items()))"
    )
    outs = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outs) == 1


def own(student: int) -> set[int]:
    """What nobody else wrote."""
    return {1000 * student + n for n in range(40)}


def test_a_pair_with_rare_passages_comes_first_and_everybody_s_code_does_not_count() -> None:
    usual = set(range(100))
    works = {f"s{n:02}": own(n + 1) | usual for n in range(40)}
    works["s07"] |= own(24)  # all that s23 wrote
    works["s08"] |= set(list(own(31))[:30])  # three quarters of what s30 wrote
    found = look_alikes(works)
    assert [p.students for p in found] == [("s07", "s23"), ("s08", "s30")]
    assert found[0].shared == 1.0
    assert (found[0].others, found[0].hashes) == (0, frozenset(own(24)))


def test_what_was_handed_out_does_not_count() -> None:
    works = {"ada": own(1) | own(9), "bo": own(2) | own(9), "cy": own(3)}
    assert [p.students for p in look_alikes(works)] == [("ada", "bo")]
    assert look_alikes(works, own(9)) == ()


def test_a_few_common_lines_are_no_pair() -> None:
    works = {"ada": own(1) | set(range(LEAST_HASHES - 1)), "bo": set(range(LEAST_HASHES - 1)), "cy": own(3)}
    assert look_alikes(works) == ()


def test_more_than_a_dozen_with_the_same_code_are_the_usual_way_to_answer() -> None:
    works = {f"s{n}": own(1) for n in range(MOST_SHARERS + 1)} | {"ada": own(2)}
    assert look_alikes(works) == ()


def test_nobody_and_one_alone() -> None:
    assert look_alikes({}) == ()
    assert look_alikes({"ada": own(1)}) == ()
    assert look_alikes({"ada": set(), "bo": set()}) == ()


@pytest.fixture(scope="module")
def class_with_a_copy(course: Course, tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, list[str], list[str]]:
    """A class of 40 with habits of their own, where one handed in what another wrote, in disguise."""
    here = Course(root=course.root, data=tmp_path_factory.mktemp("copied"), settings=course.settings)
    hand_ins = [h for h in make_class(here, ["vae"], 40, seed=3) if h.part.profile is not Profile.BROKEN]
    draw = random.Random(0)
    notebooks = {h.student: json.loads(h.path.read_bytes()) for h in hand_ins}
    for notebook in notebooks.values():
        add_habits(notebook, draw)
    original, copier = next(h for h in hand_ins if h.part.profile is Profile.MISTAKEN).student, hand_ins[-1].student
    notebooks[copier] = disguised(notebooks[original])
    for student, notebook in notebooks.items():
        target = here.autograded / student / "vae" / "vae.ipynb"
        target.parent.mkdir(parents=True)
        target.write_text(json.dumps(notebook))
    return here, list(notebooks), sorted([original, copier])


def test_a_planted_copy_is_on_top(class_with_a_copy: tuple[Course, list[str], list[str]], vae: Assignment) -> None:
    here, students, planted = class_with_a_copy
    seen: list[None] = []
    paths = write_similar(here, vae, students, lambda: seen.append(None))
    assert len(seen) == len(students)
    top = paths.found[0]
    assert list(top.pair.students) == planted
    assert top.pair.shared > 0.9
    soup = BeautifulSoup(paths.html.read_text(), "html.parser")
    assert soup.select_one("tbody th").get_text() == " and ".join(planted)
    assert len(soup.select("#p1 mark")) > 10
    assert {a["href"][1:] for a in soup.select("tbody a")} <= {tag["id"] for tag in soup.find_all(id=True)}
    assert paths.html.stat().st_mode & 0o007 == 0


def test_what_a_student_wrote_stays_text(course: Course, vae: Assignment, tmp_path: Path) -> None:
    evil = "</code></pre><script>document.title='stolen'</script><img src=x onerror=evil(1)>"
    here = Course(root=course.root, data=tmp_path, settings=course.settings)
    code = (
        f"def interpolate(z0, z1, steps):\n    evil = {evil!r}\n"
        "    table = {n: z0 * n + z1 / n for n in range(1, steps)}\n"
        "    for key in sorted(table):\n        table[key] = torch.logsumexp(table[key], dim=0).clamp(max=3.0)\n"
        "    return table\n"
    )
    for student in ("ada", "bo"):
        about = {"nbgrader": {"grade_id": "interpolate", "solution": True}}
        target = here.autograded / student / "vae" / "vae.ipynb"
        target.parent.mkdir(parents=True)
        target.write_text(json.dumps({"cells": [{"cell_type": "code", "metadata": about, "source": code}]}))
    paths = write_similar(here, vae, ["ada", "bo", "cy"])
    soup = BeautifulSoup(paths.html.read_text(), "html.parser")
    assert [alike.pair.students for alike in paths.found] == [("ada", "bo")]
    assert soup.find(["script", "img"]) is None
    assert evil in soup.get_text()
    assert "script-src" not in str(soup.find("meta", attrs={"http-equiv": "Content-Security-Policy"}))


def test_a_class_without_look_alikes_says_so(course: Course, vae: Assignment, tmp_path: Path) -> None:
    here = Course(root=course.root, data=tmp_path, settings=course.settings)
    page = write_similar(here, vae, ["ada", "bo"]).html.read_text()
    assert "No two submissions have much in common" in page
