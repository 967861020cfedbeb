"""Fill a hub's folder: nbgrader's configuration, the class, what is handed out. May be repeated; nothing is lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.authoring.build import build, write_release
from autograder.authoring.spec import ReleaseSpec
from autograder.course import Course, find_course
from autograder.demo.classroom import make_class
from autograder.demo.people import people
from autograder.hub.place import Place

STAFF = ("instructor",)
KERNEL_ARGUMENTS = ("--IPKernelApp.extra_extensions=autograder.in_notebook",)  # %check_work and %my_work
PERSON_CONFIG = '''"""nbgrader for one person: which course, which exchange. Made by `autograder hub`."""

import os

c = get_config()
c.CourseDirectory.course_id = {course!r}
c.Exchange.root = {exchange!r}
# All accounts are one account of the machine, so its name says nothing.
c.CourseDirectory.student_id = os.environ.get("JUPYTERHUB_USER", "*")
'''
# JupyterLab asks nobody for news or updates.
LAB_SETTINGS = """{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}}
"""
# What only staff use is not shown to students.
STUDENT_PAGE = """{"disabledExtensions": {"@jupyter/nbgrader:create-assignment": true,
 "@jupyter/nbgrader:formgrader": true, "@jupyter/nbgrader:course-list": true}}
"""
GRADER_CONFIG = '''"""nbgrader for the class: the course's configuration, and the exchange. Made by `autograder hub`."""

import os

os.environ["AUTOGRADER_DATA"] = {data!r}
load_subconfig({course_config!r})
c = get_config()
c.Exchange.root = {exchange!r}
c.ExchangeCollect.check_owner = False  # one account of the machine hands in for all
'''


def prepare(course: Course, place: Place, students: int, said: Callable[[str], None]) -> Sequence[str]:
    """Make what is not there yet; the ids of the students.

    Args:
        course: whose assignments, references and releases are used; its own class is left alone.
        said: is told what is going on.

    Raises:
        AutograderError: the course cannot be built.
        OSError: the folder cannot be written.
    """
    here = find_course(course.root, place.data)
    ids = [person.id for person in people(students)]
    for folder in (place.data, place.exchange, place.state, *(place.homes / name for name in (*STAFF, *ids))):
        folder.mkdir(parents=True, exist_ok=True)
    (place.homes / f"grader-{course.settings.id}").mkdir(exist_ok=True)
    _configure_nbgrader(course, place)
    _make_kernel(place)
    said("Building the assignments")
    for name in course.assignment_names:
        assignment = here.assignment(name)
        write_release(here, assignment, build(here, assignment))
        shutil.copytree(assignment.release_path.parent, place.data / "release" / name, dirs_exist_ok=True)
    said("Making a class")
    _fill_gradebook(here, students)
    first = course.assignment_names[0]
    if not here.submitted.exists():
        make_class(here, [first], students)
        # The first student starts afresh, so that somebody can try the whole way.
        shutil.rmtree(here.submitted / ids[0])
    said("Handing the assignments out")
    _hand_out(place, course.assignment_names)
    return ids


def _configure_nbgrader(course: Course, place: Place) -> None:
    person = PERSON_CONFIG.format(course=course.settings.id, exchange=str(place.exchange))
    grader = GRADER_CONFIG.format(
        data=str(place.data), course_config=str(course.root / "nbgrader_config.py"), exchange=str(place.exchange)
    )
    texts = {"student": person, "staff": person, "grader": grader}
    for role, text in texts.items():
        folder = place.config(role)
        (folder / "labconfig").mkdir(parents=True, exist_ok=True)
        (folder / "nbgrader_config.py").write_text(text, encoding="utf-8")
        (folder / "labconfig" / "default_setting_overrides.json").write_text(LAB_SETTINGS, encoding="utf-8")
    (place.config("student") / "labconfig" / "page_config.json").write_text(STUDENT_PAGE, encoding="utf-8")


def _make_kernel(place: Place) -> None:
    """The kernel of this installation, with the magics for students."""
    from ipykernel.kernelspec import write_kernel_spec

    folder = place.jupyter / "kernels" / "python3"
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_kernel_spec(folder, extra_arguments=list(KERNEL_ARGUMENTS))


def _fill_gradebook(course: Course, students: int) -> None:
    from autograder.gradebook.store import open_gradebook, register_assignment

    with open_gradebook(course) as gradebook:
        for person in people(students):
            gradebook.update_or_create_student(person.id, first_name=person.first_name, last_name=person.last_name)
        for name in course.assignment_names:
            assignment = course.assignment(name)
            register_assignment(gradebook, course, assignment, ReleaseSpec.load(assignment.release_path))


def _hand_out(place: Place, names: Sequence[str]) -> None:
    """By nbgrader's own release, with the grader's configuration; what has been handed out stays."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config.loader import PyFileConfigLoader

    config = PyFileConfigLoader("nbgrader_config.py", path=str(place.config("grader"))).load_config()
    api = NbGraderAPI(config=config)
    out = _outbound(place, api.coursedir.course_id)
    for name in names:
        if not (out / name).exists():
            result = api.release_assignment(name)
            if not result["success"]:
                raise OSError(f"nbgrader could not hand out {name}: {result.get('error') or result.get('log')}")


def _outbound(place: Place, course_id: str) -> Path:
    return place.exchange / course_id / "outbound"
