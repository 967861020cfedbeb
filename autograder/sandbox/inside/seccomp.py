"""A system-call filter for the student process, written as classic BPF (x86-64 and aarch64).

Denied calls fail with EPERM, so that code which merely probes goes on. Covered: tracing other
processes, kernel keyrings, bpf, perf, userfaultfd, io_uring, new namespaces, mounts, modules,
foreign-architecture calls, sockets of any family but AF_UNIX, and memory that belongs to no process
(memory files where there is no GPU, System V segments and queues; shared memory in /dev/shm
remains). Not covered: everything that plain computing needs. Where the kernel or the machine has
no such filter, `install` says so.
"""

from __future__ import annotations

import ctypes
import errno
import glob
import platform
import struct

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
ALLOW = 0x7FFF0000
DENY = 0x00050000 | errno.EPERM
UNKNOWN = 0x00050000 | errno.ENOSYS
AF_UNIX = 1
NAMESPACE_FLAGS = 0x7E020000  # CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435
_SOCKET = {"x86_64": (41, 53), "aarch64": (198, 199)}  # socket, socketpair
_DENIED = {
    "x86_64": (
        101, 103, 134, 136, 139, 153, 154, 155, 156, 161, 163, 165, 166, 167, 168, 169, 170, 171, 172, 173, 174, 175,
        176,
        179, 246, 248, 249, 250, 256, 272, 279, 298, 300, 303, 304, 308, 310, 311, 312, 313, 320, 321, 323, 425, 426,
        427,
        428, 429, 430, 431, 432, 433, 434, 438, 440, 442,
        29, 68, 447,
    ),
    "aarch64": (
        39, 40, 41, 51, 60, 89, 97, 104, 105, 106, 112, 116, 117, 142, 161, 162, 217, 218, 219, 224, 225, 238, 239, 241,
        262,
        264, 265, 268, 270, 271, 272, 273, 280, 282, 294, 425, 426, 427, 428, 429, 430, 431, 432, 433, 434, 438, 440,
        442,
        186, 194, 447,
    ),
}  # fmt: skip

_MEMFD_CREATE = {"x86_64": 319, "aarch64": 279}  # drivers of GPUs use it

_LD, _JEQ, _JGE, _JSET, _RET = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _ARG0_LOW = 0, 4, 16
_X32_BIT = 0x40000000


def program(machine: str, *, gpu: bool = False) -> bytes:
    """The filter for `machine` (as `platform.machine()` names it). Raises KeyError for an unknown one."""
    code: list[tuple[int, int, int, int]] = [
        (_LD, 0, 0, _ARCH),
        (_JEQ, 1, 0, _ARCHITECTURES[machine]),
        (_RET, 0, 0, DENY),
    ]
    code += [(_LD, 0, 0, _NUMBER), (_JGE, 0, 1, _X32_BIT), (_RET, 0, 0, DENY)]
    code += [(_JEQ, 0, 1, _CLONE3), (_RET, 0, 0, UNKNOWN)]  # its flags lie in memory; libc falls back to clone
    code += [(_JEQ, 0, 3, _CLONE[machine]), (_LD, 0, 0, _ARG0_LOW), (_JSET, 0, 1, NAMESPACE_FLAGS), (_RET, 0, 0, DENY)]
    code += [(_LD, 0, 0, _NUMBER)]
    for number in _SOCKET[machine]:
        code += [
            (_JEQ, 0, 3, number),
            (_LD, 0, 0, _ARG0_LOW),
            (_JEQ, 1, 0, AF_UNIX),
            (_RET, 0, 0, DENY),
            (_LD, 0, 0, _NUMBER),
        ]
    for number in (*_DENIED[machine], *([] if gpu else [_MEMFD_CREATE[machine]])):
        code += [(_JEQ, 0, 1, number), (_RET, 0, 0, DENY)]
    code.append((_RET, 0, 0, ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def install() -> str:
    """Put the filter on this process and all its children; "" or the reason why it could not be done."""
    try:
        instructions = program(platform.machine(), gpu=bool(glob.glob("/dev/nvidia*")))
    except KeyError:
        return f"no system-call filter is written for {platform.machine()}"
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(instructions, len(instructions))
    fprog = struct.pack("=HxxxxxxQ", len(instructions) // 8, ctypes.addressof(buffer))
    holder = ctypes.create_string_buffer(fprog, len(fprog))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, holder, 0, 0):
        return f"the kernel refused the system-call filter: {errno.errorcode.get(ctypes.get_errno(), '?')}"
    return ""
