"""The made-up students."""

from __future__ import annotations

import re

from autograder.demo.people import people


def test_sixty_students_have_different_ids_and_names() -> None:
    found = people(60)
    assert len({person.id for person in found}) == 60
    assert len({(person.first_name, person.last_name) for person in found}) == 60
    assert all(re.fullmatch(r"[a-z]+", person.id) for person in found)


def test_a_larger_class_is_the_smaller_one_and_more() -> None:
    found = people(200)
    assert found[:60] == people(60)
    assert len({person.id for person in found}) == 200
    assert len({(person.first_name, person.last_name) for person in found}) == 200
