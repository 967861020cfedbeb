"""Which tests may be called without pytest's protocol: those for which it makes no difference, and no other."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from autograder.engine.plain_item import plain_call
from autograder.engine.worker import INI

SUITE = """
import pytest

@pytest.fixture
def other():
    return 1

@pytest.mark.question("q")
@pytest.mark.weight(2)
@pytest.mark.hint("h")
@pytest.mark.public
def test_plain(student): pass

@pytest.mark.parametrize("n", [1, 2])
def test_plain_with_values(n, student): SEEN.append(n)
SEEN = []

@pytest.mark.parametrize("other", [1], indirect=True)
def test_pytest_indirect(other, student): pass

def test_pytest_fixture(student, other): pass
def test_pytest_request(request, student): pass
def test_pytest_no_student(): pass
def test_pytest_default(student, n=1): pass

@pytest.mark.skipif(False, reason="")
def test_pytest_marker(student): pass

@pytest.mark.gpu
def test_pytest_gpu(student): pass

class TestPytestClass:
    def test_pytest_method(self, student): pass
"""


class Collected:
    """A pytest plugin that keeps what was collected, and runs nothing."""

    items: list[pytest.Item]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items = list(session.items)
        return True


def collect(folder: Path, text: str) -> list[pytest.Item]:
    (folder / f"test_{uuid.uuid4().hex}.py").write_text(text)  # pytest imports a module of a name once a process
    found = Collected()
    pytest.main(["-c", str(INI), "--rootdir", str(folder), "-p", "autograder.suite.plugin", str(folder)], [found])
    return found.items


def test_plain_tests_and_others(tmp_path: Path) -> None:
    """Each name says which it is."""
    items = collect(tmp_path, SUITE)
    assert len(items) == 11
    for item in items:
        assert (plain_call(item) is not None) == item.name.startswith("test_plain"), item.name


@pytest.mark.parametrize(
    "automatic",
    [
        "import pytest\n@pytest.fixture(autouse=True)\ndef always(): pass\n",
        "def setup_function(): pass\n",
        "def teardown_module(): pass\n",
        "import pytest\n@pytest.fixture\ndef student(): return 1\n",
    ],
)
def test_what_pytest_does_by_itself_is_not_left_out(tmp_path: Path, automatic: str) -> None:
    """Automatic fixtures, functions that set up or tear down, and a `student` of the suite's own."""
    (item,) = collect(tmp_path, f"{automatic}def test_it(student): pass\n")
    assert plain_call(item) is None


def test_a_conftest_may_do_anything(tmp_path: Path) -> None:
    """So its tests are pytest's business."""
    (tmp_path / "conftest.py").write_text("def pytest_runtest_setup(item): pass\n")
    (item,) = collect(tmp_path, "def test_it(student): pass\n")
    assert plain_call(item) is None


def test_values_reach_the_test(tmp_path: Path) -> None:
    """Those of `parametrize`, beside the student."""
    from autograder.suite.local import LocalBackend
    from autograder.suite.plugin import backend_key

    items = collect(tmp_path, SUITE)
    for item in items:
        if item.name.startswith("test_plain_with_values"):
            item.config.stash[backend_key] = lambda _: LocalBackend({})
            call = plain_call(item)
            assert call is not None
            call()
    seen = next(item for item in items if item.name.startswith("test_plain_with_values")).module.SEEN  # type: ignore[attr-defined]
    assert seen == [1, 2]
