"""What may be wrong after a fault, in four words: lost, duplicated, inconsistent, half-written."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from tests.platform.faults.state import State, Student


class Fault(StrEnum):
    """The columns of the table."""

    LOST = "lost"
    DUPLICATED = "duplicated"
    INCONSISTENT = "inconsistent"
    HALF_WRITTEN = "half-written"


@dataclass(frozen=True)
class Finding:
    """One thing that must not be."""

    fault: Fault
    text: str


Expected = Mapping[str, Mapping[str, Student]]  # version -> student -> what an undisturbed run gives
REPORTED = ("entries", "submissions", "grades", "comments", "notebook", "timestamp", "record", "page")


def check_interrupted(state: State, expected: Expected, contents: Mapping[str, Mapping[str, bytes]]) -> list[Finding]:
    """Right after the fault: all files are whole, and what the records call done is there and right."""
    found = [Finding(Fault.HALF_WRITTEN, f"{path} is not whole") for path in state.half_written]
    found += [Finding(Fault.INCONSISTENT, text) for text in state.broken]
    found += list(_doubles(state))
    for name, student in state.students.items():
        if student.submissions and (not student.grades or not student.comments):
            found.append(Finding(Fault.INCONSISTENT, f"{name}: a submission without its grades in the gradebook"))
        if student.record is not None:
            found += _record_speaks_truly(name, student, expected, contents)
    return found


def _record_speaks_truly(
    name: str, student: Student, expected: Expected, contents: Mapping[str, Mapping[str, bytes]]
) -> Iterator[Finding]:
    """A record is written last: it must be of one of the contents, and all else must be of the same."""
    hashes = {hashlib.sha256(of[name]).hexdigest(): version for version, of in contents.items() if name in of}
    version = hashes.get(student.record["notebook_sha256"])
    if version is None:
        if student.record["result"]["status"] != "unreadable":
            yield Finding(Fault.INCONSISTENT, f"{name}: graded was something that nobody handed in")
        return
    wanted = expected[version][name]
    for part in ("grades", "comments", "notebook"):
        if getattr(student, part) != getattr(wanted, part):
            yield Finding(Fault.INCONSISTENT, f"{name}: the record is there, but {part} are not those of its result")
    if student.record["result"] != wanted.record["result"]:
        yield Finding(Fault.INCONSISTENT, f"{name}: the record's result is not that of an undisturbed run")


def check_final(state: State, wanted: Mapping[str, Student], with_pages: bool) -> list[Finding]:
    """After the run that followed: everything is as if nothing had happened."""
    found = [Finding(Fault.HALF_WRITTEN, f"{path} is not whole") for path in state.half_written]
    found += [Finding(Fault.INCONSISTENT, text) for text in state.broken]
    found += [Finding(Fault.INCONSISTENT, f"left behind: {path}") for path in state.unfinished]
    found += list(_doubles(state))
    for name in sorted({*wanted, *state.students}):
        if name not in wanted:
            found.append(Finding(Fault.INCONSISTENT, f"{name} is nobody who handed in"))
        else:
            found += _differences(name, state.of(name), wanted[name], with_pages)
    return found


def _differences(name: str, student: Student, wanted: Student, with_pages: bool) -> Iterator[Finding]:
    for field in fields(Student):
        if field.name not in REPORTED or (field.name == "page" and not with_pages):
            continue
        is_, should = getattr(student, field.name), getattr(wanted, field.name)
        if should and not is_:
            yield Finding(Fault.LOST, f"{name}: {field.name} are missing")
        elif is_ != should:
            yield Finding(Fault.INCONSISTENT, f"{name}: {field.name} differ: {_first_difference(is_, should)}")


def _first_difference(is_: object, should: object) -> str:
    if isinstance(is_, dict) and isinstance(should, dict):
        key = next((k for k in {**is_, **should} if is_.get(k) != should.get(k)), "")
        return f"{key}: {_first_difference(is_.get(key), should.get(key))}"
    if isinstance(is_, list) and isinstance(should, list) and len(is_) == len(should):
        return next((_first_difference(a, b) for a, b in zip(is_, should, strict=True) if a != b), "")
    return f"{str(is_)[:200]} instead of {str(should)[:200]}"


def _doubles(state: State) -> Iterator[Finding]:
    for name, student in state.students.items():
        if len(student.entries) > 1:
            yield Finding(Fault.DUPLICATED, f"{name} is in the results {len(student.entries)} times")
        if len(student.submissions) > 1 or any(count != 1 for _, count in student.submissions):
            yield Finding(Fault.DUPLICATED, f"{name} has in the gradebook {student.submissions}")
        for part in ("grades", "comments"):
            cells = Counter(row[0] for row in getattr(student, part))
            if twice := [cell for cell, count in cells.items() if count > 1]:
                yield Finding(Fault.DUPLICATED, f"{name} has two {part} of {', '.join(twice)}")


def graded_again(before: State, after: State, allowed: frozenset[str]) -> list[Finding]:
    """Whoever had a record right after the fault was done, and must not have been graded a second time."""
    return [
        Finding(Fault.DUPLICATED, f"{name} had been graded, and was graded again")
        for name, student in before.students.items()
        if student.record is not None and name not in allowed and after.of(name).record_bytes != student.record_bytes
    ]
