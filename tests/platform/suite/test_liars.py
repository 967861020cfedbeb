"""No test of the course's suites may be satisfied by an object of the student's instead of a value.

Every question's answer is wrapped, so that it gives objects where the reference gives tensors and
numbers. The objects hand out the right values when their methods are called, which is more than a
liar could do. A test that passes has only asked the object, so an object could tell it anything.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.course import find_course

ROOT = Path(__file__).parents[3]
COURSE = find_course(ROOT)

LIAR = """
import functools, inspect, torch
from reference import {reference} as reference

class Liar:
    def __init__(self, value): object.__setattr__(self, "_value", value)
    def __getattr__(self, name): return getattr(object.__getattribute__(self, "_value"), name)
    def __call__(self, *a, **k): return lie(self._value(*a, **k))

def plain(value):
    if isinstance(value, Liar): return object.__getattribute__(value, "_value")
    if type(value) in (list, tuple): return type(value)(map(plain, value))
    if type(value) is dict: return {{k: plain(v) for k, v in value.items()}}
    return value

def lie(value):
    if isinstance(value, (torch.Tensor, int, float, bool, str)) or value is None: return Liar(value)
    if type(value) in (list, tuple): return type(value)(map(lie, value))
    if type(value) is dict: return {{k: lie(v) for k, v in value.items()}}
    return value

def lying(function):
    @functools.wraps(function)
    def answer(*a, **k):
        a, k = plain(list(a)), plain(k)
        return lie(function(*a, **k))
    return answer

def lying_class(kind):
    own = {{name: lying(value) for name, value in vars(kind).items()
           if inspect.isfunction(value) and not name.startswith("__")}}
    return type(kind.__name__, (kind,), own)

for name in {questions}:
    answer = getattr(reference, name)
    globals()[name] = lying_class(answer) if isinstance(answer, type) else lying(answer)
"""


@pytest.mark.slow
@pytest.mark.parametrize("assignment", COURSE.assignment_names)
def test_objects_instead_of_values_satisfy_no_test(assignment: str, tmp_path: Path) -> None:
    """Tests with probes are left out: there the student's objects are used where they are, by other code."""
    content = COURSE.assignment(assignment)
    (tmp_path / "liar.py").write_text(LIAR.format(reference=content.reference_name, questions=content.question_names))
    command = [sys.executable, "-m", "pytest", "-p", "autograder.suite.plugin", str(content.suite_folder), "-q", "-rp",
               "-p", "no:cacheprovider", "--against", str(tmp_path / "liar.py")]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    out = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500).stdout
    assert re.search(r"\d+ failed", out), out[-3000:]
    passed = re.findall(r"^PASSED (.*)::([^\s\[]+)", out, re.MULTILINE)
    assert [name for path, name in passed if not uses_a_probe(ROOT / path, name)] == []


def uses_a_probe(path: Path, test: str) -> bool:
    """Whether the test calls `student.run`, itself or through a helper of its file."""
    functions = {f.name: f for f in ast.walk(ast.parse(path.read_text())) if isinstance(f, ast.FunctionDef)}
    seen, queue = set(), [test]
    while queue:
        name = queue.pop()
        if name not in functions or name in seen:
            continue
        seen.add(name)
        for node in ast.walk(functions[name]):
            if isinstance(node, ast.Attribute) and node.attr == "run":
                return True
            if isinstance(node, ast.Name):
                queue.append(node.id)
    return False
