"""Fill a hub's folder: nbgrader's configuration, the class, what is handed out. May be repeated; nothing is lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.authoring.build import build, write_release
from autograder.authoring.spec import ReleaseSpec
from autograder.course import Course, find_course
from autograder.demo.classroom import make_class
from autograder.demo.people import Person, people
from autograder.hub.accounts import Accounts, as_account
from autograder.hub.closed import check_homes, check_reach, close_course, make_folders
from autograder.hub.place import Place

Said = Callable[[str], None]
STAFF = ("instructor",)
KERNEL_ARGUMENTS = ("--IPKernelApp.extra_extensions=autograder.in_notebook",)  # %check_work and %my_work
PERSON_CONFIG = '''"""nbgrader for one person: which course, which exchange. Made by `autograder hub`."""

import os

c = get_config()
c.CourseDirectory.course_id = {course!r}
c.Exchange.root = {exchange!r}
'''
# In a demo all accounts are one account of the machine, so its name says nothing, and neither does an owner.
PERSON_IN_DEMO = 'c.CourseDirectory.student_id = os.environ.get("JUPYTERHUB_USER", "*")\n'
GRADER_IN_DEMO = "c.ExchangeCollect.check_owner = False\n"
# JupyterLab asks nobody for news or updates.
LAB_SETTINGS = """{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}}
"""
# Not a login shell, whose profile would take this installation's commands off the path.
SERVER = """{"ServerApp": {"terminado_settings": {"shell_command": ["/bin/bash", "-i"]}}}
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
'''


def prepare_demo(course: Course, place: Place, students: int, said: Said) -> Sequence[str]:
    """Make what is not there yet, a class among it; the ids of the students.

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
    place.grader_home.mkdir(exist_ok=True)
    _configure(course, place, demo=True)
    _build(here, said)
    said("Making a class")
    _fill_gradebook(here, people(students))
    first = course.assignment_names[0]
    if not here.submitted.exists():
        make_class(here, [first], students)
        # The first student starts afresh, so that somebody can try the whole way.
        shutil.rmtree(here.submitted / ids[0])
    _hand_out(place, course.assignment_names, said)
    return ids


def prepare_server(course: Course, place: Place, accounts: Accounts, program: str, said: Said) -> None:
    """Make what is not there yet, for accounts of this machine. Run by root.

    Args:
        program: what students' servers run.

    Raises:
        UsageError: students cannot run it, or can read what is closed, or each other's homes.
        AutograderError: the course cannot be built.
        OSError: a folder cannot be written.
    """
    os.umask(0o022)
    check_homes(accounts.homes)
    make_folders(place, accounts)
    for path in close_course(course, accounts):
        said(f"Closing {path} to all but {accounts.grader}")
    check_reach(course, place, accounts, program)
    _configure(course, place, demo=False)

    def as_grader() -> None:
        here = find_course(course.root, place.data)
        _build(here, said)
        _fill_gradebook(here, [Person(name, "", "") for name in accounts.students])
        _hand_out(place, course.assignment_names, said)

    as_account(accounts.grader, as_grader)


def prepare_services(course: Course, place: Place, said: Said) -> None:
    """Make what is not there yet, for services that run as one account and share no folder with students' servers.

    Nothing is handed out, and nobody is in the class: staff do that in formgrader, or with nbgrader's commands.

    Raises:
        AutograderError: the course cannot be built.
        OSError: a folder cannot be written.
    """
    for folder in (place.data, place.exchange, place.grader_home):
        folder.mkdir(parents=True, exist_ok=True)
    _configure(course, place, demo=True)
    here = find_course(course.root, place.data)
    _build(here, said)
    _fill_gradebook(here, [])


def _configure(course: Course, place: Place, *, demo: bool) -> None:
    """Jupyter's and nbgrader's configuration for each role; the kernel."""
    person = PERSON_CONFIG.format(course=course.settings.id, exchange=str(place.exchange))
    grader = GRADER_CONFIG.format(
        data=str(place.data), course_config=str(course.root / "nbgrader_config.py"), exchange=str(place.exchange)
    )
    if demo:
        person, grader = person + PERSON_IN_DEMO, grader + GRADER_IN_DEMO
    texts = {"student": person, "staff": person, "grader": grader}
    for role, text in texts.items():
        folder = place.config(role)
        (folder / "labconfig").mkdir(parents=True, exist_ok=True)
        (folder / "nbgrader_config.py").write_text(text, encoding="utf-8")
        (folder / "jupyter_server_config.json").write_text(SERVER, encoding="utf-8")
        (folder / "labconfig" / "default_setting_overrides.json").write_text(LAB_SETTINGS, encoding="utf-8")
    (place.config("student") / "labconfig" / "page_config.json").write_text(STUDENT_PAGE, encoding="utf-8")
    _make_kernel(place)


def _build(course: Course, said: Said) -> None:
    said("Building the assignments")
    for name in course.assignment_names:
        assignment = course.assignment(name)
        write_release(course, assignment, build(course, assignment))
        shutil.copytree(assignment.release_path.parent, course.data / "release" / name, dirs_exist_ok=True)


def _make_kernel(place: Place) -> None:
    """The kernel of this installation, with the magics for students."""
    from ipykernel.kernelspec import write_kernel_spec

    folder = place.jupyter / "kernels" / "python3"
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_kernel_spec(folder, extra_arguments=list(KERNEL_ARGUMENTS))


def _fill_gradebook(course: Course, class_: Sequence[Person]) -> None:
    from autograder.gradebook.store import open_gradebook, register_assignment

    with open_gradebook(course) as gradebook:
        known = {student.id for student in gradebook.students}
        for person in class_:
            if person.id not in known:  # whom formgrader knows may have been given a name there
                gradebook.add_student(person.id, first_name=person.first_name, last_name=person.last_name)
        for name in course.assignment_names:
            assignment = course.assignment(name)
            register_assignment(gradebook, course, assignment, ReleaseSpec.load(assignment.release_path))


def _hand_out(place: Place, names: Sequence[str], said: Said) -> None:
    """By nbgrader's own release, with the grader's configuration; what has been handed out stays."""
    said("Handing the assignments out")
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
