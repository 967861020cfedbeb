"""A hub's folder: filled once, added to later, and without anything in it that students must not have."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course import find_course
from autograder.hub.place import Place
from autograder.hub.prepare import prepare_demo

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("prepared") / "hub")
    assert prepare_demo(find_course(ROOT), place, 4, lambda _: None)[0] == "ada"
    return place


def test_every_assignment_is_handed_out_as_it_is_released(place: Place) -> None:
    course = find_course(ROOT)
    for name in course.assignment_names:
        out = place.exchange / course.settings.id / "outbound" / name
        assert [path.name for path in out.iterdir()] == [f"{name}.ipynb"]
        assert (out / f"{name}.ipynb").read_bytes() == course.assignment(name).release_path.read_bytes()


def test_the_class_has_handed_in_but_for_the_first(place: Place) -> None:
    assert sorted(path.name for path in (place.data / "submitted").iterdir()) == ["aiko", "alejandro", "amina"]


def test_the_next_start_loses_nothing(place: Place) -> None:
    theirs = place.homes / "ada" / "notes.txt"
    theirs.write_text("mine")
    submitted = place.data / "submitted" / "aiko" / "vae" / "vae.ipynb"
    submitted.write_text("changed since")
    prepare_demo(find_course(ROOT), place, 4, lambda _: None)
    assert theirs.read_text() == "mine"
    assert submitted.read_text() == "changed since"


def test_what_students_are_given_holds_no_hidden_test_and_no_answer(place: Place) -> None:
    given = [path for folder in (place.exchange, place.homes, place.config("student")) for path in folder.rglob("*")]
    texts = [path.read_text() for path in given if path.is_file()]
    assert texts
    for secret in ("test_reparameterize_spread", "BEGIN SOLUTION", "torch.exp(0.5 * logvar)", "mistakes="):
        assert not [text for text in texts if secret in text], secret
