"""course.toml and assignment.toml: read, or refused with every problem's file and line."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random

from autograder.course import find_course
from autograder.errors import ConfigurationError, UsageError
from tests.platform.fuzz.byte_mutation import mutate
from tests.platform.fuzz.corpus import REPOSITORY, require
from tests.platform.fuzz.toml_mutation import mutate_toml

SEPARATOR = b"\n# ---- assignment.toml ----\n"  # in a saved case, between both files


class Configuration:
    """A course's own files, one of the two spoilt."""

    name = "tomls"
    suffix = ".tomls"

    def __init__(self, folder: Path) -> None:
        course = find_course(REPOSITORY)
        self._course = (REPOSITORY / "assignments" / "course.toml").read_bytes()
        paths = [course.assignment(name).config_path for name in course.assignment_names]
        self._assignments = [path.read_bytes() for path in paths]
        self._name = course.assignment_names[0]
        self._folder = folder

    def make(self, random: Random) -> bytes:
        """Both files, of which mostly assignment.toml is spoilt."""
        course, assignment = self._course, random.choice(self._assignments)
        if random.random() < 0.3:
            course = self._spoilt(course, random)
        else:
            assignment = self._spoilt(assignment, random)
        return course.replace(SEPARATOR, b"") + SEPARATOR + assignment

    def _spoilt(self, data: bytes, random: Random) -> bytes:
        if random.random() < 0.4:
            return mutate(data, random, [self._course, *self._assignments])
        return mutate_toml(data, random)

    def check(self, data: bytes) -> str:
        """Load the course and its first assignment."""
        course, _, assignment = data.partition(SEPARATOR)
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            root = Path(folder)
            own = root / "assignments" / self._name / "assignment.toml"
            own.parent.mkdir(parents=True)
            (root / "assignments" / "course.toml").write_bytes(course)
            own.write_bytes(assignment)
            return self._load(root, {root / "assignments" / "course.toml": course, own: assignment})

    def _load(self, root: Path, texts: dict[Path, bytes]) -> str:
        try:
            loaded = find_course(root).assignment(self._name)
        except UsageError as error:
            require(str(error).strip() and len(str(error)) < 20_000, "an error without words, or with too many")
            return "not listed"
        except ConfigurationError as error:
            for problem in error.problems:
                lines = texts[problem.path].count(b"\n") + texts[problem.path].count(b"\r") + 1
                require(0 <= problem.line <= lines, f"line {problem.line} of {lines}: {problem.message[:200]}")
                require(problem.message.strip(), "a problem without words")
                str(problem).encode()
            return f"refused at {'a line' if any(p.line for p in error.problems) else 'the whole file'}"
        for name in loaded.question_names:
            loaded.all_dependencies(name)
        require(abs(loaded.max_score + sum(w.points for w in loaded.written) - 100) < 1e-6, "points do not add up")
        return "loaded"
