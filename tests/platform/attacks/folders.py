"""Notebooks, second part: what else lies in the folder that is handed in."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import socket
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.platform.attacks.case import Case, Place, placed

KLASS = "Notebooks"
NAME = "attack.ipynb"


def _replaced_by(make: Callable[[Path, Path, Path], None]) -> Place:
    """The notebook goes, and `make` puts something in its place."""

    def place(folder: Path, course: Path, data: Path) -> None:
        (folder / NAME).unlink()
        make(folder / NAME, course, data)

    return place


def _link(target: str) -> Place:
    return _replaced_by(lambda path, course, data: path.symlink_to(target.format(course=course, data=data)))


def _hard_link_to_suite(path: Path, course: Path, data: Path) -> None:
    os.link(course / "tests" / "hidden" / "attack" / "test_attack.py", path)


def _linked_folder(folder: Path, course: Path, data: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to(course / "assignments")


def _socket(path: Path, course: Path, data: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock, contextlib.chdir(path.parent):
        sock.bind(path.name)


def _device(path: Path, course: Path, data: Path) -> None:
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero
    except PermissionError:  # an ordinary user cannot make one
        path.symlink_to("/dev/zero")


def _sparse(path: Path, course: Path, data: Path) -> None:
    with path.open("wb") as file:
        file.truncate(200 * 2**20)


def _links_beside(folder: Path, course: Path, data: Path) -> None:
    (folder / "suite.py").symlink_to(course / "tests" / "hidden" / "attack" / "test_attack.py")
    (folder / "everything").symlink_to("/")
    (folder / "loop").symlink_to("loop")
    (folder / "submission_secret.txt").symlink_to(course / "reference" / "attack.py")
    (folder / "timestamp.txt").unlink()
    (folder / "timestamp.txt").symlink_to(course / "reference" / "attack.py")


def _fifos(folder: Path, course: Path, data: Path) -> None:
    (folder / "timestamp.txt").unlink()
    for name in ("timestamp.txt", "submission_secret.txt", "data.csv"):
        os.mkfifo(folder / name)


def _bomb(folder: Path, course: Path, data: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("../../../attack-left-behind-zip", b"x")
        bundle.writestr("/tmp/attack-left-behind-zip", b"x")
        for number in range(20):
            bundle.writestr(f"zeros-{number}", bytes(2**20))
    (folder / "data.zip").write_bytes(packed.getvalue())
    (folder / "attack.ipynb.zip").write_bytes(packed.getvalue())


def _many_files(folder: Path, course: Path, data: Path) -> None:
    for number in range(2000):
        (folder / f"{number:04d}\n<b>.ipynb").touch()
    (folder / "..\\..\\x").touch()
    os.close(os.open(bytes(folder) + b"/\xff\xfe", os.O_CREAT))
    deep = folder
    for _ in range(60):
        deep = deep / "deep"
        deep.mkdir()


def _large_secret(folder: Path, course: Path, data: Path) -> None:
    (folder / "submission_secret.txt").write_bytes(b"x" * 2**20)
    (folder / "timestamp.txt").write_text("2027-02-12 21:30:00 UTC\n" + "x" * 2**20)


CASES: tuple[Case, ...] = (
    placed(
        "link-to-passwd", "a link to /etc/passwd for a notebook", _link("/etc/passwd"), "symbolic link", "unreadable"
    ),
    placed(
        "link-to-suite",
        "a link to the hidden suite",
        _link("{course}/tests/hidden/attack/test_attack.py"),
        "symbolic link",
        "unreadable",
    ),  # fmt: skip
    placed(
        "link-to-neighbour",
        "a link to another student's notebook",
        _link("{data}/submitted/honest/attack/attack.ipynb"),
        "symbolic link",
        "unreadable",
    ),  # fmt: skip
    placed("link-to-zero", "a link to /dev/zero", _link("/dev/zero"), "symbolic link", "unreadable"),
    placed("link-to-itself", "a link to itself", _link(NAME), "symbolic link", "unreadable"),
    placed(
        "hard-link-to-suite",
        "a hard link to the hidden suite",
        _replaced_by(_hard_link_to_suite),
        "not valid JSON",
        "unreadable",
    ),  # fmt: skip
    placed("linked-folder", "the folder itself is a link to the course's", _linked_folder, "", "unreadable"),
    placed(
        "fifo",
        "a named pipe for a notebook",
        _replaced_by(lambda path, *_: os.mkfifo(path)),
        "regular file",
        "unreadable",
    ),  # fmt: skip
    placed("socket", "a socket for a notebook", _replaced_by(_socket), "", "unreadable"),
    placed("device", "a device for a notebook", _replaced_by(_device), "", "unreadable"),
    placed(
        "folder-as-notebook", "a folder for a notebook", _replaced_by(lambda path, *_: path.mkdir()), "", "unreadable"
    ),
    placed(
        "sparse-file", "a notebook of 200 MB that takes no room", _replaced_by(_sparse), "are allowed", "unreadable"
    ),
    placed("links-beside", "links to the suite, to / and in place of time stamp and secret", _links_beside, "not used"),
    placed("fifos-beside", "named pipes in place of time stamp and secret", _fifos, "not used"),
    placed("zip-bomb", "an archive with .. and absolute names that grows", _bomb),
    placed("many-files", "2 000 notebooks with odd names, folders 60 deep", _many_files),
    placed("large-secret", "a time stamp and a secret of a megabyte", _large_secret, "timestamp"),
)
