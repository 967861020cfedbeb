"""nbgrader's configuration for this course: formgrader, `nbgrader export`, feedback, the exchange.

nbgrader executes this file for every command and on every formgrader request; doing so again
changes nothing. The class's data lies beside it, or in the folder that AUTOGRADER_DATA names.
"""

import os
import tomllib
from pathlib import Path

_ROOT = Path(__file__).resolve().parent
_DATA = Path(os.environ.get("AUTOGRADER_DATA", _ROOT)).resolve()

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.CourseDirectory.course_id = tomllib.loads((_ROOT / "assignments" / "course.toml").read_text(encoding="utf-8"))["id"]
c.CourseDirectory.root = str(_DATA)
c.CourseDirectory.db_url = f"sqlite:///{_DATA / 'gradebook.db'}"

# nbgrader's own collect believes names and follows links; see the module.
c.ExchangeFactory.collect = "autograder.gradebook.collect.SafeCollect"

# The masters that nbgrader sees are made by `autograder build`; nobody edits them.
c.CourseDirectory.source_directory = ".autograder/source"
c.CourseDirectory.release_directory = "release"
c.CourseDirectory.submitted_directory = "submitted"
c.CourseDirectory.autograded_directory = "autograded"
c.CourseDirectory.feedback_directory = "feedback"

# formgrader's "autograde" and `nbgrader autograde` grade in the sandbox. Where this import fails nbgrader
# stops: it must not fall back on running students' code in a kernel.
from autograder.gradebook.nbgrader_autograde import install  # noqa: E402

install()
c.SandboxedAutograde.course_root = str(_ROOT)
