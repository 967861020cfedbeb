"""The system-call filter, run by a small interpreter of classic BPF: what it lets through and what not.

The numbers come from the kernel's tables (asm/unistd_64.h, asm-generic/unistd.h), written down here
by name, so that a wrong number in the filter cannot agree with itself.
"""

from __future__ import annotations

import errno
import struct

import pytest

from autograder.sandbox.inside.seccomp import program

ALLOWED = 0x7FFF0000
EPERM, ENOSYS = (0x00050000 | number for number in (errno.EPERM, errno.ENOSYS))
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
I386, ARM = 0x40000003, 0x40000028

# name -> (x86-64, aarch64); None where that machine has no such call
DENIED: dict[str, tuple[int | None, int | None]] = {
    "ptrace": (101, 117), "syslog": (103, 116), "pivot_root": (155, 41), "_sysctl": (156, None),
    "acct": (163, 89), "mount": (165, 40), "umount2": (166, 39), "swapon": (167, 224), "swapoff": (168, 225),
    "reboot": (169, 142), "sethostname": (170, 161), "setdomainname": (171, 162), "iopl": (172, None),
    "ioperm": (173, None), "init_module": (175, 105), "delete_module": (176, 106), "quotactl": (179, 60),
    "kexec_load": (246, 104), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "unshare": (272, 97), "perf_event_open": (298, 241), "fanotify_init": (300, 262),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "setns": (308, 268),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272), "finit_module": (313, 273),
    "kexec_file_load": (320, 294), "bpf": (321, 280), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "msgget": (68, 186),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "mount_setattr": (442, 442),
}  # fmt: skip
NEEDED: dict[str, tuple[int | None, int | None]] = {
    "read": (0, 63), "write": (1, 64), "open": (2, None), "openat": (257, 56), "close": (3, 57), "mmap": (9, 222),
    "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214), "rt_sigaction": (13, 134), "ioctl": (16, 29),
    "futex": (202, 98), "exit_group": (231, 94), "getrandom": (318, 278), "fork": (57, None), "execve": (59, 221),
    "wait4": (61, 260), "kill": (62, 129), "sched_getaffinity": (204, 123), "prctl": (157, 167), "dup3": (292, 24),
    "pipe2": (293, 59), "setitimer": (38, 103), "poll": (7, None), "ppoll": (271, 73),
    "madvise": (28, 233), "clock_gettime": (228, 113), "sendmsg": (46, 211),
}  # fmt: skip
CLONE, CLONE3 = {"x86_64": 56, "aarch64": 220}, 435
SOCKET = {"x86_64": (41, 53), "aarch64": (198, 199)}
PLACE = {"x86_64": 0, "aarch64": 1}
X32 = 0x40000000
machines = pytest.mark.parametrize("machine", ARCHITECTURES)


def instructions(machine: str) -> list[tuple[int, int, int, int]]:
    return [struct.unpack("=HBBI", code) for code in _pieces(program(machine), 8)]


def _pieces(data: bytes, size: int) -> list[bytes]:
    assert len(data) % size == 0
    return [data[i : i + size] for i in range(0, len(data), size)]


def decide(machine: str, number: int, arch: int | None = None, arg0: int = 0) -> int:
    """What the filter returns for one call: the interpreter of the five instructions that it may use."""
    data = struct.pack("=IIQ6Q", number, ARCHITECTURES[machine] if arch is None else arch, 0, arg0, 0, 0, 0, 0, 0)
    code = instructions(machine)
    at, accumulator = 0, 0
    while True:
        operation, if_true, if_false, k = code[at]
        at += 1
        if operation == 0x20:  # load a word
            accumulator = struct.unpack_from("=I", data, k)[0]
        elif operation == 0x06:  # return
            return k
        else:
            taken = {0x15: accumulator == k, 0x35: accumulator >= k, 0x45: bool(accumulator & k)}[operation]
            at += if_true if taken else if_false


@machines
def test_the_program_is_well_formed(machine: str) -> None:
    """Every jump lands inside, every path returns, loads stay within the data, the kernel's length limit holds."""
    code = instructions(machine)
    assert 10 < len(code) <= 4096
    assert code[-1][0] == 0x06
    for at, (operation, if_true, if_false, k) in enumerate(code):
        assert operation in (0x20, 0x15, 0x35, 0x45, 0x06)
        if operation == 0x20:
            assert k % 4 == 0
            assert 0 <= k < 64
        elif operation != 0x06:
            assert at + 1 + max(if_true, if_false) < len(code)


@machines
@pytest.mark.parametrize("name", DENIED)
def test_denied_calls(machine: str, name: str) -> None:
    """They fail with EPERM."""
    number = DENIED[name][PLACE[machine]]
    if number is not None:
        assert decide(machine, number) == EPERM


@machines
@pytest.mark.parametrize("name", NEEDED)
def test_calls_that_computing_needs(machine: str, name: str) -> None:
    """They pass, whatever their first argument is."""
    number = NEEDED[name][PLACE[machine]]
    if number is not None:
        assert decide(machine, number) == decide(machine, number, arg0=2**64 - 1) == ALLOWED


@machines
@pytest.mark.parametrize("arch", [I386, ARM, 0])
def test_calls_of_another_architecture(machine: str, arch: int) -> None:
    """Their numbers mean other things, so none of them passes."""
    assert {decide(machine, number, arch) for number in range(500)} == {EPERM}


def test_x32_calls_are_denied() -> None:
    """The x32 numbering of x86-64 would be a way around every number in the list."""
    assert {decide("x86_64", X32 | number) for number in range(600)} == {EPERM}


@machines
def test_clone_makes_threads_and_processes_but_no_namespaces(machine: str) -> None:
    """Each namespace flag is denied, alone and among others; clone3 looks absent, so libc uses clone."""
    threads = 0x00010000 | 0x00000100 | 0x00000200
    assert decide(machine, CLONE[machine], arg0=threads) == ALLOWED
    assert decide(machine, CLONE[machine], arg0=17) == ALLOWED  # SIGCHLD: fork
    for flag in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert decide(machine, CLONE[machine], arg0=flag) == EPERM, hex(flag)
        assert decide(machine, CLONE[machine], arg0=flag | threads) == EPERM, hex(flag)
    assert decide(machine, CLONE3) == ENOSYS


@machines
def test_only_unix_sockets(machine: str) -> None:
    """AF_UNIX passes (DataLoader workers need it); inet, inet6, netlink, packet, vsock, alg do not."""
    for number in SOCKET[machine]:
        assert decide(machine, number, arg0=1) == ALLOWED
        for family in (0, 2, 10, 16, 17, 38, 40):
            assert decide(machine, number, arg0=family) == EPERM, family


def test_an_unknown_machine_has_no_filter() -> None:
    """`install` reports it; it does not guess numbers."""
    with pytest.raises(KeyError):
        program("riscv64")


@machines
def test_drivers_of_gpus_may_make_memory_files(machine: str) -> None:
    """The one call that a GPU changes."""
    number = DENIED["memfd_create"][PLACE[machine]]
    assert number is not None
    with_gpu, without = program(machine, gpu=True), program(machine)
    pair = struct.pack("=HBBI", 0x15, 0, 1, number) + struct.pack("=HBBI", 0x06, 0, 0, EPERM)
    assert without.count(pair) == 1
    assert without.replace(pair, b"") == with_gpu
