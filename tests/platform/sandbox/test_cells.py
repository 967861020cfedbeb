"""Cells of a notebook, run by the sandbox's own code but in this process: honest notebooks and their habits."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import pytest

from autograder.sandbox.inside.cells import Notebook
from autograder.sandbox.inside.output import BoundedOutput


class Cells:
    """Runs cells one after the other, as the server does, and gives `__main__` back afterwards."""

    def __init__(self) -> None:
        self.notebook = Notebook(BoundedOutput(1000))
        self.names = self.notebook.module.__dict__
        self._count = 0

    def run(self, source: str, timeout_s: float = 20.0) -> dict[str, Any]:
        self._count += 1
        with contextlib.redirect_stdout(self.notebook.output), contextlib.redirect_stderr(self.notebook.output):  # type: ignore[type-var]
            return self.notebook.run_cell(self._count - 1, source, timeout_s)

    def fine(self, source: str) -> str:
        """Run a cell that must not fail; what it printed."""
        report = self.run(source)
        assert report["error"] is None, report["error"]
        assert report["notes"] == []
        return str(report["output"])


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch) -> Cells:
    running = Cells()
    monkeypatch.setitem(sys.modules, "__main__", running.notebook.module)
    return running


def test_cells_share_one_namespace_that_is_main(cells: Cells) -> None:
    """A later cell sees the earlier one's names; `__name__` and `import __main__` are as in Jupyter."""
    cells.fine("a = 1\ndef f(): return a + b")
    cells.fine("b = 2")
    assert cells.fine("import __main__\nprint(f(), __name__, __main__.f is f)") == "3 __main__ True\n"


def test_an_error_has_type_bases_message_cell_and_line(cells: Cells) -> None:
    """The innermost line of student code, not that of the library it called."""
    cells.fine("import torch\ndef bad(x):\n    y = 1\n    return torch.zeros(2) @ x")
    error = cells.run("\n\nbad(torch.zeros(3))")["error"]
    assert (error["type"], error["cell"], error["line"]) == ("RuntimeError", 0, 4)
    assert "Exception" in error["mro"]
    assert error["message"]


@pytest.mark.parametrize("top", ["\n", "\n  \n\n", "# a comment\n\n", "%matplotlib inline\n", "\n!ls\n"])
def test_lines_are_those_of_the_notebook(cells: Cells, top: str) -> None:
    """Whatever stands above, empty lines too, which IPython drops."""
    assert cells.run(f"{top}1 / 0")["error"]["line"] == top.count("\n") + 1


def test_names_bound_before_an_error_stay(cells: Cells) -> None:
    """As in Jupyter: the half of a cell that ran has run."""
    assert cells.run("kept = 5\n1 / 0")["error"]["type"] == "ZeroDivisionError"
    assert cells.fine("print(kept)") == "5\n"


def test_a_syntax_error_is_placed(cells: Cells) -> None:
    """With the line in the cell as the student sees it."""
    error = cells.run("x = 1\ny = (2\n")["error"]
    assert (error["type"], error["cell"], error["line"]) == ("SyntaxError", 0, 2)
    assert cells.run("def f():\nreturn 1")["error"]["type"] == "IndentationError"


@pytest.mark.parametrize("source", ["", "\n\n", "# only a comment", "   ", "\ufeff"])
def test_cells_without_code(cells: Cells, source: str) -> None:
    """Nothing happens, and nothing fails but what is no Python."""
    report = cells.run(source)
    assert report["error"] is None or report["error"]["type"] == "SyntaxError"


@pytest.mark.parametrize("source", ["a\0b", "\0", "x = '\ud800'", "x" * 100_000, "(" * 5000, "-" * 20_000 + "1"])
def test_source_that_cannot_be_compiled(cells: Cells, source: str) -> None:
    """Null bytes, surrogates, endless names and nesting: an error of the cell, whatever its type."""
    assert cells.run(source)["error"] is not None
    assert cells.fine("print(1)") == "1\n"


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline", "%load_ext autoreload\n%autoreload 2", "!pip install torch", "%pip install torch",
        "%config InlineBackend.figure_format = 'svg'", "x = 3\nx?", "get_ipython().kernel.do_shutdown()",
        "get_ipython().events.register('post_execute', print)", "get_ipython().ast_node_interactivity = 'all'",
        "from IPython import get_ipython\nif get_ipython(): get_ipython().run_line_magic('matplotlib', 'inline')",
        "display(3)",
    ],
)  # fmt: skip
def test_harmless_magics_leave_no_note(cells: Cells, source: str) -> None:
    """What nearly every notebook has at its top."""
    cells.fine(source)


@pytest.mark.parametrize(
    ("source", "note"),
    [
        ("!rm -rf /", "!rm -rf / is not run"), ("files = !ls", "!ls is not run"), ("%run other.py", "%run is not run"),
        ("%%bash\necho hi", "%%bash is not run"), ("%%writefile torch.py\nx = 1", "%%writefile is not run"),
        ("%%html\n<b>", "%%html is not run"), ("%sx ls", "%sx is not run"), ("%cd /\n%magic_of_mine", "%magic_of_mine"),
        ("!!whoami", "is not run"),
    ],
)  # fmt: skip
def test_other_magics_are_refused_with_a_note(cells: Cells, source: str, note: str) -> None:
    """No error and no process: the student learns that the grader does not do that."""
    report = cells.run(source)
    assert report["error"] is None
    assert len(report["notes"]) == 1
    assert note in report["notes"][0]


def test_the_rest_of_a_cell_with_a_refused_magic_runs(cells: Cells) -> None:
    """A shell line costs its cell nothing."""
    report = cells.run("!nvidia-smi\nx = 4")
    assert report["notes"]
    assert cells.fine("print(x)") == "4\n"


@pytest.mark.parametrize("magic", ["%%time", "%%timeit -n 1", "%%capture out", "%%prun", "%%capture --no-stderr out"])
def test_cell_magics_that_only_measure_run_their_body(cells: Cells, magic: str) -> None:
    """The names which such a cell defines count."""
    cells.fine(f"{magic}\ndef answer():\n    return 42")
    assert cells.fine("print(answer())") == "42\n"


def test_an_error_below_a_cell_magic_has_its_place(cells: Cells) -> None:
    """The cell is known; the line is within the cell."""
    error = cells.run("%%time\nx = 1\n1 / 0")["error"]
    assert error["type"] == "ZeroDivisionError"
    assert error["cell"] == 0


def test_a_line_magic_gives_its_value(cells: Cells) -> None:
    """`%time f()` runs f."""
    assert cells.fine("def f():\n    print('ran')\n%time f()") == "ran\n"


def test_many_refused_magics_are_bounded(cells: Cells) -> None:
    """A loop over `!ls` makes twenty notes, not a million."""
    report = cells.run("for i in range(1000):\n    get_ipython().system('ls %d' % i + 'x' * 1000)")
    assert 1 <= len(report["notes"]) <= 20
    assert max(map(len, report["notes"])) < 200


def test_top_level_await_and_async(cells: Cells) -> None:
    """As in Jupyter; twice, since an event loop is made for each."""
    cells.fine("import asyncio\nasync def f(n):\n    await asyncio.sleep(0)\n    return n")
    assert cells.fine("print(await f(3))") == "3\n"
    assert cells.fine("async with asyncio.timeout(5):\n    print(await f(4))") == "4\n"
    assert cells.run("await f(1)\n1 / 0")["error"]["line"] == 2


def test_code_that_asks_for_its_own_source(cells: Cells) -> None:
    """inspect.getsource, dataclasses, type hints and pickle work on what cells define."""
    cells.fine("def f(x: int) -> int:\n    return x + 1")
    assert "return x + 1" in cells.fine("import inspect\nprint(inspect.getsource(f))")
    cells.fine("from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int = 1\nassert P().x == 1")
    cells.fine("import pickle\nassert pickle.loads(pickle.dumps(P(3))).x == 3")
    cells.fine("from typing import get_type_hints\nassert get_type_hints(f) == {'x': int, 'return': int}")


def test_no_future_of_the_grader_reaches_the_cells(cells: Cells) -> None:
    """The grader's own `from __future__ import annotations` must not change what annotations are."""
    assert cells.fine("def f(x: int): ...\nprint(f.__annotations__['x'] is int)") == "True\n"


def test_a_cell_that_exits_only_ends_itself(cells: Cells) -> None:
    """sys.exit, quit and KeyboardInterrupt are errors of the cell."""
    for source, name in (
        ("import sys; sys.exit(0)", "SystemExit"), ("quit()", ""), ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise GeneratorExit", "GeneratorExit"), ("exit", ""),
    ):  # fmt: skip
        error = cells.run(source)["error"]
        assert error is None or not name or error["type"] == name
    assert cells.fine("print('on')") == "on\n"


def test_the_time_limit_names_the_line(cells: Cells) -> None:
    """Where it was when the time ran out."""
    error = cells.run("x = 0\ndef spin():\n    while True:\n        pass\nspin()", timeout_s=0.2)["error"]
    assert (error["type"], error["cell"]) == ("TimeLimit", 0)
    assert error["line"] in (3, 4)


def test_the_time_limit_holds_against_except_exception(cells: Cells) -> None:
    """A retry loop that catches Exception does not catch the limit; bare excepts are caught by the repeated timer."""
    source = "while True:\n    try:\n        1 / 0\n    except Exception:\n        pass"
    error = cells.run(source, timeout_s=0.2)["error"]
    assert error["type"] == "TimeLimit"


def test_a_sleeping_cell_is_ended_by_the_clock(cells: Cells) -> None:
    """It uses no processor time, so its patience is longer, and has an end."""
    error = cells.run("import time\ntime.sleep(30)", timeout_s=0.1)["error"]
    assert error["type"] == "TimeLimit"
    assert error["line"] == 2


def test_a_cell_in_time_is_not_interrupted_later(cells: Cells) -> None:
    """The timers are off once the cell is done."""
    cells.run("pass", timeout_s=0.05)
    report = cells.run("import time\nend = time.perf_counter() + 0.4\nwhile time.perf_counter() < end: pass")
    assert report["error"] is None


def test_output_is_kept_up_to_a_limit_and_counted(cells: Cells) -> None:
    """The first thousand characters; the total is known."""
    report = cells.run("for _ in range(1000):\n    print('0123456789')")
    assert len(report["output"]) == 1000
    assert report["printed"] == 11_000
    assert cells.run("print('new')")["output"] == "new\n"


def test_writing_oddly_to_stdout_does_no_harm(cells: Cells) -> None:
    """Wrong types raise in the student's cell, like on a real stream; flush, writelines and isatty exist."""
    assert cells.fine("import sys\nsys.stdout.writelines(['a', 'b'])\nsys.stdout.flush()\nsys.stdout.isatty()") == "ab"
    assert cells.run("import sys\nsys.stdout.write(3)")["error"]["type"] in ("TypeError", "AttributeError")
    assert cells.fine("print('on')") == "on\n"


def test_cells_pasted_with_their_prompts_run(cells: Cells) -> None:
    """`In [1]: x = 3` is Python as well, an annotation, and must not be taken for it."""
    assert cells.fine("In [1]: x = 3\nIn [2]: print(x)") == "3\n"
