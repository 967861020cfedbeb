"""Narrow a freshly forked process down before student code runs in it.

The zygote calls `enter_namespaces` around its fork; the child then calls `confine`, which mounts
its own file systems, sets limits, gives up every capability and installs the system-call filter.

Covered: other submissions' processes and files (own pid, mount, ipc namespaces; own sized tmpfs),
disk, memory of each process (RLIMIT_DATA, RLIMIT_AS), number of processes, core files, capabilities, system calls.
Not covered here: memory of many processes together, which the zygote watches (`memory`); GPU memory;
processor time, which the trusted side's deadlines end.
"""

from __future__ import annotations

import ctypes
import glob
import os
import resource
import sys
from collections.abc import Mapping

from . import seccomp

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWPID = 0x00020000, 0x08000000, 0x20000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 4096, 16384, 1 << 18
PR_SET_DUMPABLE, PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 4, 23, 24, 47, 4
MIB = 2**20

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


class PidNamespaces:
    """Gives each forked child a pid namespace of its own, of which it is process 1.

    Going back to one's own namespace between forks (`setns`) needs a namespace that belongs to one's
    own user namespace. Where bubblewrap maps the user id it makes a second user namespace, so the
    zygote moves into a pid namespace made here before anything else: the process that calls this
    stays behind as a waiter, and its child goes on as the zygote.
    """

    def __init__(self) -> None:
        _check(_libc.unshare(CLONE_NEWPID), "unshare(CLONE_NEWPID)")
        pid = os.fork()
        if pid:
            os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xFF)
        self._own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def prepare(self) -> None:
        """The next fork's child becomes process 1 of a new namespace."""
        _check(_libc.unshare(CLONE_NEWPID), "unshare(CLONE_NEWPID)")

    def reset(self) -> None:
        """In the parent, after the fork: allow `prepare` again."""
        _check(_libc.setns(self._own, CLONE_NEWPID), "setns")


def confine(limits: Mapping[str, int], uid: int | None) -> list[str]:
    """Confine this process for good. What could not be had, in words.

    Args:
        limits: memory_mib, disk_mib, processes.
        uid: the user and group to become; None to stay the same.

    Raises:
        OSError: a barrier that must hold could not be put up; the caller must not go on.
    """
    _check(_libc.unshare(CLONE_NEWNS | CLONE_NEWIPC), "unshare")
    _check(_libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "mount / private")
    options = f"size={limits['disk_mib']}m,nr_inodes={limits['disk_mib'] * 64},mode=1777".encode()
    for place in ("/tmp", "/dev/shm"):
        _mount_scratch(place, options)
    _check(_libc.mount(b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, None), "mount /proc")
    os.chdir("/tmp")
    prefer_to_be_killed()
    set_limits(limits)
    _drop_bounding_set()
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    _drop_capabilities()
    _libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # /proc/self/{environ,mem,maps} are closed to student code too
    missing = seccomp.install()
    return [missing] if missing else []


def _mount_scratch(place: str, options: bytes) -> None:
    """A private tmpfs over `place`. Where Python itself is installed below it, that shows through."""
    python = {sys.prefix, sys.base_prefix, os.path.dirname(os.path.dirname(os.path.realpath(sys.executable)))}
    below = sorted(folder for folder in python if folder.startswith(f"{place}/"))
    kept = [(folder, os.open(folder, os.O_PATH | os.O_CLOEXEC)) for folder in below]
    _check(_libc.mount(b"tmpfs", place.encode(), b"tmpfs", MS_NOSUID | MS_NODEV, options), f"mount {place}")
    for folder, descriptor in kept:
        os.makedirs(folder, exist_ok=True)
        source = f"/proc/self/fd/{descriptor}".encode()
        _check(_libc.mount(source, folder.encode(), None, MS_BIND | MS_REC, None), f"bind {folder}")
        os.close(descriptor)


def set_limits(limits: Mapping[str, int]) -> None:
    """Limits of the process itself, which hold without any namespace."""
    memory = limits["memory_mib"] * MIB
    data = _now_bytes("VmData") + memory
    resource.setrlimit(resource.RLIMIT_DATA, (data, data))
    if not glob.glob("/dev/nvidia*"):  # CUDA reserves far more addresses than it uses
        # Shared mappings (mmap, memfd, shmget) are not data. Twice as much and a GiB: room for what is only reserved.
        addresses = _now_bytes("VmSize") + 2 * memory + 1024 * MIB
        resource.setrlimit(resource.RLIMIT_AS, (addresses, addresses))
    disk = limits["disk_mib"] * MIB
    resource.setrlimit(resource.RLIMIT_FSIZE, (disk, disk))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    resource.setrlimit(resource.RLIMIT_NPROC, (limits["processes"], limits["processes"]))
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))


def prefer_to_be_killed() -> None:
    """Where memory runs out, the student's process goes first."""
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
    except OSError:
        pass  # a wish, not a barrier


def _now_bytes(what: str) -> int:
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(f"{what}:"):
                return int(line.split()[1]) * 1024
    return 0


def _drop_bounding_set() -> None:
    capability = 0
    while _libc.prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0:  # fails beyond the kernel's last one
        _check(_libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), f"dropping capability {capability}")
        capability += 1


def _drop_capabilities() -> None:
    _libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _check(_libc.capset(header, nothing), "capset")
    _check(_libc.capget(header, nothing), "capget")
    if any(nothing):
        raise OSError("capabilities are left after they were dropped")
