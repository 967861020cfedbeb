"""Automatic mutants: what they change, that each is another program, and which are listed as no mistakes."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from autograder.audit.mutants.equivalent import Entry, load_entries, unused
from autograder.audit.mutants.generate import mutants_of, sample
from autograder.audit.mutants.model import Mutant
from autograder.audit.mutants.normal_form import difference, normal_form
from autograder.course import Course, find_course
from autograder.errors import ConfigurationError

SOURCE = '''def score(query: torch.Tensor, key: torch.Tensor, size: int = 4) -> torch.Tensor:
    """A score.

    Of [B, D] and [B, D].
    """
    scaled = query @ key.transpose(0, 1) / size**0.5  # one over the root
    scaled = scaled.clamp(min=-1e3)
    with torch.no_grad():
        weights = torch.softmax(scaled, dim=-1)
    return weights.sum(dim=1) + scaled[size]
'''

MODULE = '''class Net(nn.Module):
    """A network."""

    def __init__(self, width=8):
        super().__init__()
        self.first = nn.Linear(width, width)
        self.second = nn.Linear(width, width)
        self.third = nn.Linear(width, 1)

    def forward(self, x: torch.Tensor):
        self.calls.append(1)
        return self.third(F.relu(self.first(x))), x.shape
'''


@pytest.fixture(scope="module")
def changes() -> set[tuple[str, str]]:
    """(was, becomes) of every mutant of SOURCE."""
    return {(mutant.was, mutant.becomes) for mutant in mutants_of("score", SOURCE)}


def test_the_normal_form_has_neither_docstrings_nor_annotations_nor_comments() -> None:
    assert normal_form(SOURCE).splitlines()[:2] == [
        "def score(query, key, size=4):",
        "    scaled = query @ key.transpose(0, 1) / size ** 0.5",
    ]


SCALED = "scaled = query @ key.transpose(0, 1) / size ** 0.5"
CLAMPED = "scaled = scaled.clamp(min=-1000.0)"
RETURN = "return weights.sum(dim=1) + scaled[size]"


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (SCALED, "scaled = query @ key.transpose(0, 1)"),  # drop scale
        (SCALED, "scaled = query @ key.transpose(0, 1) / size"),  # drop sqrt
        (SCALED, "scaled = query @ key / size ** 0.5"),  # drop transpose
        (SCALED, "scaled = key.transpose(0, 1) @ query / size ** 0.5"),  # swap operands
        (SCALED, "scaled = query.detach() @ key.transpose(0, 1) / size ** 0.5"),
        (SCALED, "scaled = query @ query.transpose(0, 1) / size ** 0.5"),  # another argument
        (SCALED, "scaled = query @ key.transpose(0, 1) / size ** 0.55"),
        (SCALED, "scaled = query @ key.transpose(0, 1) * size ** 0.5"),  # cosmic-ray
        (CLAMPED, "scaled = scaled.clamp()"),
        (CLAMPED, "pass"),
        ("with torch.no_grad():", "with torch.enable_grad():"),
        ("weights = torch.softmax(scaled, dim=-1)", "weights = torch.softmax(scaled, dim=0)"),
        ("weights = torch.softmax(scaled, dim=-1)", "weights = torch.log_softmax(scaled, dim=-1)"),
        (RETURN, "return weights.mean(dim=1) + scaled[size]"),
        (RETURN, "return weights.sum(dim=0) + scaled[size]"),
        (RETURN, "return weights.sum(dim=1, keepdim=True) + scaled[size]"),
        (RETURN, "return weights.sum() + scaled[size]"),
        (RETURN, "return weights.sum(dim=1) + scaled[size - 1]"),
        (RETURN, "return weights.sum(dim=1)"),
        (RETURN, "return (weights.sum(dim=1) + scaled[size]).float()"),
        ("", "@torch.no_grad()"),
        ("def score(query, key, size=4):", "def score(query, key, size=5):"),
    ],
)
def test_the_slips_of_tensor_code_are_made(changes: set[tuple[str, str]], was: str, becomes: str) -> None:
    assert (was, becomes) in changes


def test_layers_made_alike_are_taken_for_each_other_and_statements_are_left_out_or_repeated() -> None:
    made = {mutant.becomes: mutant.where for mutant in mutants_of("Net", MODULE)}
    assert made["return (self.third(F.relu(self.second(x))), x.shape)"] == "Net.forward"
    assert made["def __init__(self, width=9):"] == "Net.__init__"
    assert "pass" in made
    assert "self.calls.append(1)" in made  # the line that is added
    assert not any("self.third(F.relu(self.third" in becomes for becomes in made)  # of another shape
    assert not any("x.detach().shape" in becomes for becomes in made)  # says nothing about values


@pytest.mark.parametrize("source", [SOURCE, MODULE])
def test_every_mutant_is_another_program_and_valid(source: str) -> None:
    mutants = mutants_of("question", source)
    forms = [ast.dump(ast.parse(mutant.source)) for mutant in mutants]
    assert len(set(forms)) == len(forms) > 20
    assert ast.dump(ast.parse(normal_form(source))) not in forms
    assert len({mutant.name for mutant in mutants}) == len(mutants)


def test_a_sample_is_the_same_every_time() -> None:
    mutants = mutants_of("score", SOURCE)
    assert sample(mutants, 7) == sample(mutants_of("score", SOURCE), 7)
    assert len(sample(mutants, 7)) == 7
    assert set(sample(mutants, 7)) <= set(sample(mutants, 20)) <= set(mutants)
    assert sample(mutants, 10_000) == mutants


def test_a_difference_names_whole_statements() -> None:
    assert difference("a = 1\nb = 2\n", "a = 1\nb = 3\n") == (2, "b = 2", "b = 3")
    assert difference("a = 1\n", "a = 1\na = 1\n") == (2, "", "a = 1")


def entry(*changes: tuple[str, str], where: str = "") -> Entry:
    return Entry(question="q", verdict="equivalent", reason="because it is so", changes=changes, where=where)


def mutant(was: str, becomes: str) -> Mutant:
    return Mutant("q", "operator", "q", was, becomes, f"{was} {becomes}")


def test_an_entry_covers_the_change_at_any_one_place_and_nothing_else() -> None:
    twice = entry(("x", "x.detach()"))
    assert twice.covers(mutant("x + x", "x + x.detach()"))
    assert twice.covers(mutant("x + x", "x.detach() + x"))
    assert not twice.covers(mutant("x + x", "x.detach() + x.detach()"))
    assert not twice.covers(mutant("x + x", "x - x"))
    assert entry(("", "@torch.no_grad()")).covers(mutant("", "@torch.no_grad()"))
    assert not entry(("", "pass")).covers(mutant("x", "pass"))
    assert not entry(("x", "y"), where="q.forward").covers(mutant("x", "y"))


def test_an_entry_that_no_mutant_makes_is_found() -> None:
    listed = entry(("x", "y"), ("x", "z"))
    assert list(unused([listed], [mutant("x", "y")])) == [(listed, ("x", "z"))]


LISTED = """[[mutants]]
question = 'double'
verdict = 'allowed'
reason = 'long enough'
changes = [['a', 'b']]
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LISTED.replace("double", "no_such"), "no_such"),
        (LISTED.replace("allowed", "fine"), "verdict"),
        (LISTED.replace("long enough", ""), "reason"),
        (LISTED.replace("[['a', 'b']]", "[]"), "changes"),
    ],
)
def test_a_list_that_cannot_be_right_is_refused(numbers: Course, tmp_path: Path, text: str, message: str) -> None:
    shutil.copytree(numbers.root, tmp_path / "course")
    assignment = find_course(tmp_path / "course").assignment("numbers")
    (assignment.suite_folder / "equivalent.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=message) as caught:
        load_entries(assignment)
    assert "equivalent.toml" in str(caught.value)
