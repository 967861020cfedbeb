"""Valid notebooks to begin from: released, answered, run, and broken as the demo's class breaks them."""

from __future__ import annotations

import json
from random import Random

from autograder.authoring.fill import fill_notebook
from autograder.authoring.spec import ReleaseSpec
from autograder.course import Assignment
from autograder.demo.answers import AnswerBank
from autograder.demo.breakage import BREAKAGES, HandedInFile

_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


def valid_notebooks(assignment: Assignment) -> tuple[bytes, ...]:
    """The same ones in the same order each time."""
    release = assignment.release_path.read_bytes()
    bank = AnswerBank(assignment)
    right = fill_notebook(release, {name: bank.reference(name) for name in bank.questions})
    random = Random(assignment.name)
    others = [bank.right(bank.questions, random) for _ in range(3)]
    for number, sheet in enumerate(others):
        bank.spoil(sheet, number, random)
    filled = [fill_notebook(release, sheet.answers, sheet.helpers) for sheet in others]
    return (release, right, *filled, *(_run(data) for data in filled), *broken(assignment.name, right))


def broken(name: str, right: bytes) -> list[bytes]:
    """The demo's breakages, each at another question."""
    questions = list(ReleaseSpec.parse(right).questions)
    file = HandedInFile(f"{name}.ipynb", right)
    return [each.apply(file, questions[n % len(questions)]).data for n, each in enumerate(BREAKAGES.values())]


def _run(data: bytes) -> bytes:
    """As Jupyter saves it once its cells have run: with text, a picture, a table and an error below them."""
    notebook = json.loads(data)
    for number, cell in enumerate(cell for cell in notebook["cells"] if cell["cell_type"] == "code"):
        cell["execution_count"] = number + 1
        cell["outputs"] = [_OUTPUTS[number % len(_OUTPUTS)]]
    return json.dumps(notebook, indent=1).encode()


_OUTPUTS = (
    {"output_type": "stream", "name": "stdout", "text": ["epoch 1: 164.2\n", "epoch 2: 121.9\n"]},
    {"output_type": "display_data", "data": {"image/png": _PIXEL, "text/plain": "<Figure>"}, "metadata": {}},
    {"output_type": "execute_result", "data": {"text/html": "<table></table>", "text/plain": ["a"]}, "metadata": {},
     "execution_count": 3},
    {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["\x1b[31mValueError\x1b[0m: no"]},
)  # fmt: skip
