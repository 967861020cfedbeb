"""Files that the platform itself wrote and reads again: records of results, and releases.

Nobody hostile writes them, but disks fill up and people edit. A record is used as it stands or not at
all; a release is read, or refused with its file and the cure.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import fields
from pathlib import Path
from random import Random

from autograder.authoring.spec import ReleaseSpec
from autograder.course import find_course
from autograder.errors import AuthoringError
from autograder.grading.records import Past, Record, load_run, read_record, record_path, write_record
from autograder.results import to_contract, to_record
from autograder.submissions.parse import ParsedSubmission
from tests.platform.fuzz.byte_mutation import mutate
from tests.platform.fuzz.corpus import REPOSITORY, require
from tests.platform.fuzz.notebook_mutation import NotebookMaker
from tests.platform.fuzz.notebooks import ASSIGNMENT, plausible_result
from tests.platform.fuzz.tree_mutation import dump, mutate_tree

STUDENT = "ada"


class Records:
    """Records of graded submissions."""

    name = "records"
    suffix = ".json"

    def __init__(self, folder: Path) -> None:
        self._course = find_course(REPOSITORY, folder / "class")
        self._assignment = self._course.assignment(ASSIGNMENT)
        parsed = ParsedSubmission(STUDENT, readable=True, sha256="0" * 64, problems=("A setup cell is missing.",))
        result = plausible_result(self._assignment, parsed)
        self._path = record_path(self._course, self._assignment, STUDENT)
        texts = {each.name: "f" * 64 for each in fields(Record) if each.type == "str"}
        past = Past("2026-11-27T12:00:00+00:00", 12.5, "e" * 64, "d" * 64)
        record = Record(result, **texts, provenance={"suite": "c" * 64, "device": "cpu"}, history=(past, past))
        write_record(self._course, self._assignment, record)
        self._valid = self._path.read_bytes()

    def make(self, random: Random) -> bytes:
        """A record that was spoilt, as bytes or by structure."""
        if random.random() < 0.4:
            return mutate(self._valid, random, [self._valid])
        return dump(mutate_tree(json.loads(self._valid), random, random.choice((1, 1, 2, 3))))

    def check(self, data: bytes) -> str:
        """Read it as a run and as a report do."""
        self._path.write_bytes(data)
        record = read_record(self._course, self._assignment, STUDENT)
        run = load_run(self._course, self._assignment)
        if record is None:
            require(not run.submissions, "a report shows what a run does not take")
            return "not used"
        require(run.submissions == (record.result,), "a report shows something else than what a run takes")
        json.dumps(to_contract(run), allow_nan=False, ensure_ascii=False).encode()
        said = json.loads(data)
        require(to_record(record.result) == said["result"], "what was read is not what stands in the file")
        require(data == self._valid, "a record was used that had been changed")
        for question in record.result.questions:
            require(0 <= question.score <= question.points, f"{question.score} of {question.points} points")
        return "unchanged"


class Releases:
    """Release notebooks, which are trusted but may be damaged."""

    name = "releases"
    suffix = ".notebook"

    def __init__(self, folder: Path) -> None:
        assignment = find_course(REPOSITORY).assignment(ASSIGNMENT)
        self._maker = NotebookMaker([assignment.release_path.read_bytes()])
        self._path = folder / f"{ASSIGNMENT}.ipynb"
        shutil.copyfile(assignment.release_path, self._path)

    def make(self, random: Random) -> bytes:
        """A release that was spoilt."""
        return self._maker.make(random)

    def check(self, data: bytes) -> str:
        """Load it."""
        self._path.write_bytes(data)
        try:
            spec = ReleaseSpec.load(self._path)
        except AuthoringError as error:
            require(
                str(self._path) in str(error) and len(str(error)) < 2_000, f"no file, or no end: {str(error)[:200]}"
            )
            return "refused"
        for cell in spec:
            require(isinstance(cell.source, str) and isinstance(cell.id, str), "a cell that is none")
        return "loaded"
