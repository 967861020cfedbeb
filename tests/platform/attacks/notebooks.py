"""Notebooks: forged metadata, cells that are not what they were, magics, bytes that are no notebook."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from tests.platform.attacks.answers import RIGHT
from tests.platform.attacks.case import Case, Notebook, cell, edited

KLASS = "Notebooks"


def _each(change: Callable[[Notebook], None]) -> Callable[[Notebook], Notebook]:
    def edit(notebook: Notebook) -> Notebook:
        for one in notebook["cells"]:
            change(one)
        return notebook

    return edit


def _nbgrader(**values: Any) -> Callable[[Notebook], Notebook]:
    def change(one: Notebook) -> None:
        if "nbgrader" in one["metadata"]:
            one["metadata"]["nbgrader"].update(values)

    return _each(change)


def _find(notebook: Notebook, grade_id: str) -> Notebook:
    return next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def _all_autograded(notebook: Notebook) -> Notebook:
    for name in RIGHT:
        forged = {"cell_type": "code", "id": f"forged-{name}", "outputs": [], "execution_count": 1}
        nbgrader = {"grade": True, "grade_id": f"{name}_bonus", "points": 1000, "locked": True, "schema_version": 3,
                    "solution": False, "task": False, "cell_type": "code", "checksum": "0" * 32}  # fmt: skip
        notebook["cells"].append({**forged, "metadata": {"nbgrader": nbgrader}, "source": "assert True"})
    return notebook


def _tests_replaced(notebook: Notebook) -> Notebook:
    for one in notebook["cells"]:
        if one["metadata"].get("nbgrader", {}).get("grade"):
            one["source"] = "assert True"
            one["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "12 passed"}]
    return notebook


def _ids_swapped(notebook: Notebook) -> Notebook:
    first, second = _find(notebook, "affine"), _find(notebook, "fit")
    first["metadata"], second["metadata"] = second["metadata"], first["metadata"]
    first["id"], second["id"] = second["id"], first["id"]
    return notebook


def _doubled(notebook: Notebook) -> Notebook:
    notebook["cells"] = [copy.deepcopy(c) for c in notebook["cells"] for _ in range(20)]
    return notebook


def _reversed(notebook: Notebook) -> Notebook:
    notebook["cells"].reverse()
    return notebook


def _without_answers(notebook: Notebook) -> Notebook:
    notebook["cells"] = [c for c in notebook["cells"] if not c["metadata"].get("nbgrader", {}).get("solution")]
    return notebook


def _retyped(cell_type: str) -> Callable[[Notebook], Notebook]:
    def change(one: Notebook) -> None:
        if one["metadata"].get("nbgrader", {}).get("solution"):
            one["cell_type"] = cell_type
            one.pop("outputs", None)
            one.pop("execution_count", None)

    return _each(change)


def _right_where_nothing_runs(notebook: Notebook) -> Notebook:
    """The right answers stand in test cells, experiments and Markdown, which are not run."""
    for one in notebook["cells"]:
        if one["metadata"].get("nbgrader", {}).get("grade") and one["cell_type"] == "code":
            one["source"] = "\n".join(RIGHT.values())
    experiment = {"cell_type": "code", "id": "x", "outputs": [], "execution_count": None}
    notebook["cells"].append({**experiment, "metadata": {"tags": ["experiment"]}, "source": "\n".join(RIGHT.values())})
    return notebook


def _kernel(notebook: Notebook) -> Notebook:
    notebook["metadata"]["kernelspec"] = {
        "name": "../../evil", "display_name": "<script>", "language": "bash",
        "argv": ["/bin/sh", "-c", "touch /tmp/attack-left-behind-kernel"], "env": {"LD_PRELOAD": "/tmp/x.so"},
    }  # fmt: skip
    notebook["metadata"]["language_info"] = {
        "name": "bash",
        "nbconvert_exporter": "evil.Exporter",
        "file_extension": "/../x",
    }
    notebook["metadata"]["nbgrader"] = {"score": 100}
    return notebook


def _bytes(data: bytes | Callable[[], bytes]) -> Callable[[Notebook], bytes]:
    return lambda notebook: data() if callable(data) else data


def _text(change: Callable[[str], str]) -> Callable[[Notebook], bytes]:
    return lambda notebook: change(json.dumps(notebook)).encode("utf-8", "surrogatepass")


def _million_cells() -> bytes:
    one = b'{"cell_type":"code","metadata":{},"outputs":[],"source":"x"},'
    return b'{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[' + one * 60_000 + one[:-1] + b"]}"


def _old_format(notebook: Notebook) -> Notebook:
    cells = [{"cell_type": c["cell_type"], "input": c["source"], "outputs": [], "metadata": c["metadata"]}
             for c in notebook["cells"]]  # fmt: skip
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}] * 3}


def _wrong_types(notebook: Notebook) -> Notebook:
    odd: list[Any] = [None, 7, "cell", [], {"cell_type": ["code"]}, {"cell_type": "code", "source": {"a": 1}},
                      {"cell_type": "code", "source": [1, None, "x=1"], "metadata": [], "outputs": "none"},
                      {"cell_type": "code", "source": "y=1", "metadata": {"nbgrader": [], "tags": {"x": 1}}, "id": {}},
                      {"cell_type": "x" * 10**5}]  # fmt: skip
    notebook["cells"] = [*odd, *notebook["cells"], *odd]
    return notebook


def _magic(id: str, tries: str, code: str, problem: str = "is not run by the grader") -> Case:
    return Case(id, tries, cells=(code,), problem=problem, prelude=False)


_HARMFUL_NAMES = {"id": "../../../etc/passwd", "metadata": {"name": "<script>attackRan=1</script>", "tags": ["../x"]}}

CASES: tuple[Case, ...] = (
    edited("forged-points", "a thousand points for each cell", _nbgrader(points=1000, grade=True, solution=True)),
    edited("unlocked", "cells that are not locked, of which all are graded", _nbgrader(locked=False, grade=True, task=True)),
    edited("forged-ids", "all cells have the grade_id of one question", _nbgrader(grade_id="affine"), "cells for affine"),
    edited("extra-graded-cells", "graded cells of its own", _all_autograded),
    edited("replaced-tests", "public tests that assert True, with outputs that say so", _tests_replaced, "changed"),
    edited("swapped-ids", "two questions exchange their cells' names", _ids_swapped),
    edited("twenty-copies", "each cell twenty times", _doubled, "There are 20 cells for affine"),
    edited("reversed", "all cells in reverse", _reversed),
    edited("no-answers", "the cells of the answers deleted", _without_answers, "is missing", "partial"),
    edited("retyped-to-markdown", "answers as Markdown", _retyped("markdown"), "turned into a markdown cell", "partial"),
    edited("retyped-to-raw", "answers as raw cells", _retyped("raw"), "turned into a raw cell", "partial"),
    edited("retyped-to-unknown", "answers as cells of an unknown type", _retyped("widget"), "unknown type", "partial"),
    edited("right-but-not-run", "right answers where nothing is run", _right_where_nothing_runs, "changed"),
    edited("kernelspec", "a kernel that names another command, an exporter of its own", _kernel),
    edited("harmful-names", "cell ids and names that are paths and tags", _each(lambda c: c.update(_HARMFUL_NAMES)), "missing"),
    edited("wrong-types", "cells, sources and metadata of wrong types", _wrong_types, "not a cell but"),
    edited("old-format", "nbformat 3 with three worksheets", _old_format, "old nbformat 3"),
    edited("format-99", "nbformat 99", lambda n: {**n, "nbformat": 99, "nbformat_minor": -1}),
    edited("million-cells", "60 000 cells", _bytes(_million_cells), "are allowed", "unreadable"),
    edited("large", "6 MB, where 5 are allowed", _bytes(lambda: b'{"cells":["' + b"x" * 6 * 2**20 + b'"]}'),
           "are allowed", "unreadable"),  # fmt: skip
    edited("deep", "brackets, 10 000 deep", _bytes(b'{"cells":' + b"[" * 10**4 + b"]" * 10**4 + b"}"), "nested too deep",
           "unreadable"),  # fmt: skip
    edited("many-brackets", "two million brackets", _bytes(b"[" * 2 * 10**6), "too many items", "unreadable"),
    edited("no-utf-8", "bytes that are no UTF-8", _bytes(b'{"cells": "\xff\xfe\x00"}'), "not UTF-8", "unreadable"),
    edited("utf-16", "UTF-16", lambda n: json.dumps(n).encode("utf-16"), "not UTF-8", "unreadable"),
    edited("no-json", "a pickle", _bytes(b"cos\nsystem\n(S'touch /tmp/attack-left-behind-pickle'\ntR."), "not valid JSON",
           "unreadable"),  # fmt: skip
    edited("list-at-top", "JSON, but a list", _bytes(b"[1, 2, 3]"), "no notebook", "unreadable"),
    edited("nothing", "an empty file", _bytes(b""), "is empty", "unreadable"),
    edited("odd-numbers", "NaN, infinity and an integer of a million digits",
           _text(lambda t: t.replace('"nbformat": 4', f'"nbformat": 4, "a": NaN, "b": -Infinity, "c": {"9" * 10**6}'))),  # fmt: skip
    edited("double-keys", "two lists of cells", _text(lambda t: '{"cells": [], ' + t[1:-1] + ', "nbformat": 4}')),
    edited("surrogates", "lone surrogates, NUL and direction overrides in code",
           _text(lambda t: t.replace("return x + 1", "return x + 1 # \\ud800 \\u0000 \\u202e"))),  # fmt: skip
    _magic("shell", "!commands", "!touch /tmp/attack-left-behind-shell\nfiles = !ls /\nprint(files)\n!!id"),
    _magic("bash-magic", "%%bash", "%%bash\ntouch /tmp/attack-left-behind-bash"),
    _magic("python-magic", "%%python and %%script", "%%script python3\nopen('/tmp/attack-left-behind-script', 'w')"),
    _magic("run-magic", "%run, %load, %edit, %macro", "%run /tmp/x.py\n%load /etc/passwd\n%edit x\n%macro m 1"),
    _magic("writefile-magic", "%%writefile", "%%writefile conftest.py\nimport os"),
    _magic("load-ext", "%load_ext, %pip, %env", "%load_ext evil\n%pip install evil\n%env PYTHONPATH=/tmp", ""),
    _magic("system-by-method", "get_ipython().system and its like",
           "ip = get_ipython()\nip.system('id')\nip.getoutput('id')\nip.run_line_magic('sx', 'id')\nip.kernel.do_shutdown(True)"),
    _magic("input-transformers", "input and AST transformers",
           "ip = get_ipython()\nip.input_transformers_post.append(lambda lines: ['1/0\\n'])\nip.ast_transformers.append(1)", ""),
    cell("transformer-inside", "transforms cells through IPython's own class",
         "from IPython.core import inputtransformer2 as i\n"
         "i.TransformerManager.transform_cell = lambda self, text: 'def affine(x): return x + 1'"),  # fmt: skip
    cell("redefines-names", "cells that define names used later", "torch = None\nx = affine = total = len = print = None"),
    cell("deep-source", "code with a hundred thousand operators", "x = " + "+".join("1" for _ in range(100_000))),
    cell("deep-brackets", "code nested 5 000 deep", "x = " + "[" * 5000 + "]" * 5000, "SyntaxError"),
    cell("deep-signs", "a hundred thousand minus signs", "x = " + "-" * 100_000 + "1"),
    cell("long-line", "a line of 900 000 characters", "x = '" + "y" * 900_000 + "'"),
    cell("await", "top-level await that never ends", "import asyncio\nawait asyncio.sleep(3600)", "did not finish in time", slow=True),
)  # fmt: skip
