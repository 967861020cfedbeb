"""The class of the run at scale."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course import find_course
from benchmarks.large_class import HANGING, make_large_class

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
def test_the_last_submissions_are_the_first_ones_again(tmp_path):
    course = find_course(ROOT)
    made = make_large_class(course, course.assignment("vae"), 45, tmp_path / "data", tmp_path / "scratch")
    folders = sorted((tmp_path / "data" / "submitted").glob("*/vae"))
    contents = [tuple(path.read_bytes() for path in sorted(folder.iterdir())) for folder in folders]
    assert (len(folders), made.compared, sum(made.kinds.values())) == (45, 15, 45)
    assert contents[:15] == contents[-15:]
    assert len(set(contents)) == 30
    assert not HANGING & made.kinds.keys()
    assert made.kinds["strong"] > made.kinds["half_finished"] > 0
