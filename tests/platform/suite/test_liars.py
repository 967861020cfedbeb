"""No test of the course's suites may be satisfied by an object of the student's instead of a value.

Every question's answer is wrapped, so that it gives objects where the reference gives tensors and
numbers. The objects hand out the right values when their methods are called, which is more than a
liar could do. A test that passes has only asked the object, so an object could tell it anything;
but for tests that were told no lie, as those of errors and of a new model's parameters are.
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
    if isinstance(value, (torch.Tensor, int, float, bool, str)):
        with open({lies!r}, "a") as file: file.write(".")
        return Liar(value)
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

# A plugin for the run: prints the tests during which nobody lied.
HONEST = """
import pytest
from pathlib import Path

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    lies = Path({lies!r})
    before = lies.stat().st_size
    outcome = yield
    if lies.stat().st_size == before: print("\\nNO LIE IN", item.nodeid)
    return outcome
"""


@pytest.mark.slow
@pytest.mark.parametrize("assignment", COURSE.assignment_names)
def test_objects_instead_of_values_satisfy_no_test(assignment: str, tmp_path: Path) -> None:
    """Tests with probes are left out: there the student's objects are used where they are, by other code."""
    content = COURSE.assignment(assignment)
    (tmp_path / "lies").touch()
    blanks = {"reference": content.reference_name, "questions": content.question_names, "lies": str(tmp_path / "lies")}
    (tmp_path / "liar.py").write_text(LIAR.format(**blanks))
    (tmp_path / "honest.py").write_text(HONEST.format(**blanks))
    plugins = ["-p", "autograder.suite.plugin", "-p", "honest", "-p", "no:cacheprovider"]
    suite = [str(content.suite_folder), "-q", "-rp", "--against", str(tmp_path / "liar.py")]
    command = [sys.executable, "-m", "pytest", *plugins, *suite]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}", "OMP_NUM_THREADS": "1"}
    out = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500).stdout
    assert re.search(r"\d+ failed", out), out[-3000:]
    passed = re.findall(r"^PASSED (.*)::([^\s\[]+)", out, re.MULTILINE)
    honest = re.findall(r"^NO LIE IN .*::([^\s\[]+)", out, re.MULTILINE)
    assert [name for path, name in passed if name not in honest and not uses_a_probe(ROOT / path, name)] == []


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
