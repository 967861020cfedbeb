"""Who may what at the hub: groups and roles of one course, the same wherever the hub runs.

Groups and the formgrader service's name are those that nbgrader looks for: formgrade-<course>, nbgrader-<course>, and a
service called like the course. A student's server may do nothing but serve its student, ask about the student's own
work, and see which courses there are.
"""

from __future__ import annotations

from typing import Any

from autograder.hub.settings import STAFF_SERVICE, WORK_SERVICE


def staff_group(course: str) -> str:
    return f"formgrade-{course}"


def students_group(course: str) -> str:
    return f"nbgrader-{course}"


def roles(course: str) -> list[dict[str, Any]]:
    """JupyterHub's `load_roles`, without that of what ends servers.

    Args:
        course: its id.
    """
    see_course = ["list:services", f"read:services!service={course}"]
    may_work = f"access:services!service={WORK_SERVICE}"
    to_services = [may_work, *(f"access:services!service={name}" for name in (course, STAFF_SERVICE))]
    return [
        {"name": "staff", "groups": [staff_group(course)], "scopes": [*to_services, *see_course]},
        {"name": "students", "groups": [students_group(course)], "scopes": [may_work, *see_course]},
        {
            "name": "server",
            "scopes": ["users:activity!user", "access:servers!server", "read:users!user", may_work, *see_course],
        },
        {
            "name": "formgrader",
            "services": [course],
            "scopes": [f"groups!group={students_group(course)}", "list:groups", "list:users"],
        },
    ]
