"""The two steps of nbgrader's autograde that are ours: running a notebook's cells, and giving points for them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from traitlets import Float, Integer, Unicode

from autograder.course.assignment import Limits
from autograder.gradebook.plain.run import Cell, Ran, Start, points_of, run_cells, sandbox

MOST_FILES_MIB = 32
RAN = "autograder-ran"  # in nbgrader's resources: grade_id -> Ran


class SandboxedExecute(NbGraderPreprocessor):  # type: ignore[misc]
    """Takes the place of nbgrader's Execute. One sandbox serves all notebooks of a run."""

    isolation = Unicode("bubblewrap", help="How students' code is kept in.").tag(config=True)
    cell_timeout_s = Float(30.0, help="Processor time for a cell.").tag(config=True)
    memory_mib = Integer(2048, help="Memory of a submission.").tag(config=True)
    opened: tuple[ExitStack, Start] | None = None  # of the class: nbgrader makes an object for each notebook

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Run the cells and write their outputs.

        Raises:
            IsolationError: this machine cannot confine students' code.
        """
        limits = Limits(cell_timeout_s=self.cell_timeout_s, memory_mib=self.memory_mib)
        code = [cell for cell in nb.cells if cell.cell_type == "code"]
        cells = [Cell(cell.source, utils.is_grade(cell) and not utils.is_solution(cell)) for cell in code]
        folder = Path(resources["metadata"]["path"])
        results = run_cells(self._start(limits), cells, _files(folder), limits)
        ran = {}
        for cell, result in zip(code, results, strict=True):
            cell.outputs = _outputs(result)
            cell.execution_count = None
            if grade_id := cell.metadata.get("nbgrader", {}).get("grade_id"):
                ran[grade_id] = result
        resources[RAN] = ran
        return nb, resources

    def _start(self, limits: Limits) -> Start:
        if SandboxedExecute.opened is None:
            stack = ExitStack()
            SandboxedExecute.opened = (stack, stack.enter_context(sandbox(limits, self.isolation)))
        return SandboxedExecute.opened[1]

    @classmethod
    def close(cls) -> None:
        """End the sandbox."""
        if cls.opened is not None:
            stack, cls.opened = cls.opened[0], None
            stack.close()


class SafeScores(SaveAutoGrades):  # type: ignore[misc]
    """Takes the place of nbgrader's SaveAutoGrades: points by how a cell ended."""

    def _add_score(self, cell: Any, resources: Mapping[str, Any]) -> None:
        name = cell.metadata["nbgrader"]["grade_id"]
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        if cell.cell_type == "code" and not utils.is_solution(cell):
            ran: Ran = resources[RAN].get(name, Ran("it was not run", "NotRun"))
            grade.auto_score = points_of(ran, float(cell.metadata["nbgrader"]["points"]))
            if grade.auto_score is None:
                self.log.warning("%s gave %s, which is no number of its points; a person must look", name, ran.shown)
        else:
            grade.auto_score, _ = utils.determine_grade(cell, self.log)
        grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
        self.gradebook.db.commit()


def _outputs(ran: Ran) -> list[Any]:
    """As nbformat has them."""
    outputs = []
    if ran.printed:
        outputs.append(new_output("stream", name="stdout", text=ran.printed))
    if ran.error or ran.error_type:
        line = f"{ran.error_type}: {ran.error}"
        outputs.append(new_output("error", ename=ran.error_type, evalue=ran.error, traceback=[line]))
    elif ran.shown:
        outputs.append(new_output("display_data", data={"text/plain": ran.shown}))
    return outputs


def _files(folder: Path) -> dict[str, bytes]:
    """What lies beside the notebook: data and modules that it reads. No links."""
    found: dict[str, bytes] = {}
    left = MOST_FILES_MIB * 2**20
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.suffix == ".ipynb":
            continue
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        left -= path.stat().st_size
        if left < 0:
            break
        found[str(path.relative_to(folder))] = path.read_bytes()
    return found
