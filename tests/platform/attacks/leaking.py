"""Leaking tests and answers: files, memory, processes, the network."""

from __future__ import annotations

from tests.platform.attacks.case import Case, call, cell

KLASS = "Leaking tests and answers"

_READ_TREES = """
import os
for root in ({roots}):
    for folder, _, names in os.walk(root):
        for name in names:
            try:
                with open(os.path.join(folder, name), "rb") as file:
                    keep(file.read(10**6))
            except OSError:
                pass
boast()
"""

_SYSTEM_CALLS = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(4096)
calls = {
    "ptrace attach": (101, 16, 2, 0, 0), "process_vm_readv": (310, 2, buffer, 1, buffer, 1, 0),
    "keyctl": (250, 0, -3, 1), "add_key": (248, b"user", b"k", b"v", 1, -3), "bpf": (321, 0, buffer, 64),
    "perf_event_open": (298, buffer, 0, -1, -1, 0), "userfaultfd": (323, 0), "io_uring_setup": (425, 8, buffer),
    "unshare": (272, 0x10000000), "setns": (308, 0, 0), "mount": (165, b"none", b"/tmp", b"tmpfs", 0, 0),
    "umount": (166, b"/proc", 2), "pivot_root": (155, b"/tmp", b"/tmp"), "chroot": (161, b"/tmp"),
    "init_module": (175, buffer, 1, b""),
    "syslog": (103, 3, buffer, 4096), "swapon": (167, b"/tmp/x", 0),
    "setuid 0": (105, 0), "setgid 0": (106, 0), "pidfd_getfd": (438, 0, 0, 0),
    "open_by_handle_at": (304, -100, buffer, 0), "fsopen": (430, b"tmpfs", 0), "acct": (163, b"/tmp/x"),
    "quotactl": (179, 0, b"x", 0, buffer), "clone3 with namespaces": (435, buffer, 88), "iopl": (172, 3),
    "AF_PACKET": (41, 17, 3, 0), "AF_NETLINK": (41, 16, 3, 0), "AF_VSOCK": (41, 40, 1, 0), "AF_ALG": (41, 38, 5, 0),
}
if os.uname().machine == "x86_64":
    for name, (number, *arguments) in calls.items():
        if libc.syscall(number, *arguments) >= 0:
            boast(name)
"""

CASES: tuple[Case, ...] = (
    cell(
        "opens-known-files",
        "opens tests, reference, master, gradebook and credentials by their full names",
        """
for name in ("@COURSE@/tests/hidden/attack/test_attack.py", "@COURSE@/reference/attack.py", "@DATA@/gradebook.db",
             "@COURSE@/assignments/attack/attack.md", "@COURSE@/.autograder/source/attack/attack.ipynb",
             "@HOME@/.netrc", "@HOME@/.aws/credentials", "@TEMP@/notes.txt", "/etc/passwd", "/etc/shadow",
             "/root/.ssh/id_rsa", "/etc/environment", "/run/secrets"):
    try:
        keep(open(name, "rb").read())
        boast("read " + name)
    except OSError:
        pass
""",
        "open ",
    ),
    cell(
        "reads-all-files",
        "reads every file outside the system's folders",
        """
import os
for root in sorted(os.listdir("/")):
    if root in ("usr", "lib", "lib64", "bin", "sbin", "proc", "dev"):
        continue
    for folder, folders, names in os.walk("/" + root):
        folders[:] = [name for name in folders if name not in ("lib", "site-packages")]
        for name in names:
            try:
                keep(open(os.path.join(folder, name), "rb").read(10**6))
            except OSError:
                pass
boast()
""",
    ),  # fmt: skip
    cell("other-students", "reads what other students handed in", _READ_TREES.format(roots="'@DATA@', '@COURSE@'")),
    cell(
        "relative-paths",
        "climbs out of the working folder",
        """
import os
for depth in range(1, 12):
    up = "../" * depth
    for name in ("@COURSE@/reference/attack.py", "@DATA@/gradebook.db", "@HOME@/.netrc", "proc/1/root@HOME@/.netrc"):
        try:
            keep(open(up + name.lstrip("/"), "rb").read())
        except OSError:
            pass
boast()
""",
        "open ../",
    ),  # fmt: skip
    cell(
        "environment",
        "the environment, however it is reached",
        """
import ctypes, os, subprocess
keep(dict(os.environ))
environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
index = 0
while environ[index]:
    keep(environ[index]); index += 1
for pid in ("self", 1, 2, 3):
    for name in ("environ", "cmdline", "stack", "auxv", "root/proc/1/environ", "task/1/environ"):
        try:
            keep(open(f"/proc/{pid}/{name}", "rb").read())
        except OSError:
            pass
keep(subprocess.run(["/usr/bin/env"], capture_output=True, text=True).stdout)
boast()
""",
        "subprocess.Popen",
    ),  # fmt: skip
    cell(
        "proc",
        "memory, maps, descriptors and roots of every process",
        """
import os
for pid in os.listdir("/proc"):
    if pid.isdigit() and pid != "1":
        boast("sees process " + pid)
for name in ("mem", "maps", "smaps", "fd", "fdinfo", "root", "cwd", "exe", "pagemap", "map_files"):
    path = "/proc/1/" + name
    try:
        keep(os.readlink(path) if os.path.islink(path) else os.listdir(path) if os.path.isdir(path) else "")
        with open(path, "rb") as file:
            keep(file.read(10**6))
        if name == "mem":
            boast("opened mem")
    except OSError:
        pass
for path in ("/proc/kcore", "/proc/kallsyms", "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/dev/mem"):
    try:
        open(path, "r+b")
        boast("opened " + path)
    except OSError:
        pass
boast()
""",
    ),  # fmt: skip
    cell(
        "own-memory",
        "reads the heap that the fork inherited, address by address",
        """
import ctypes, gc
for thing in gc.get_objects() + [item for d in gc.get_objects() if type(d) is dict for item in list(d.values())]:
    if type(thing) in (str, bytes) and len(thing) < 10**6:
        keep(thing)
for start in (id(object()), id(b"x" * 4096), id(loot)):
    base = start & ~0xFFF
    keep(ctypes.string_at(base, 4096))
boast()
""",
        "gc.get_objects",
    ),  # fmt: skip
    cell(
        "frames",
        "every caller's frame, every module, linecache, every traceback",
        """
import inspect, linecache, sys, traceback
frame = sys._getframe()
while frame:
    keep(frame.f_locals); keep(frame.f_globals); keep(inspect.getsource(frame.f_code) if "inside" in frame.f_code.co_filename else "")
    frame = frame.f_back
for module in list(sys.modules.values()):
    keep({name: value for name, value in list(vars(module).items()) if isinstance(value, (str, bytes, dict, list))} if hasattr(module, "__dict__") else "")
keep(linecache.cache); keep(traceback.format_stack()); keep(sys.argv); keep(sys.path)
boast()
""",
    ),  # fmt: skip
    Case(
        "settrace",
        "traces whoever calls the answer",
        cells=(
            "import sys\nseen = 0\ndef spy(frame, event, arg):\n    global seen\n    seen += 1\n    if seen < 300:\n"
            "        keep(frame.f_code.co_filename); keep(frame.f_locals)\n        return spy\n"
            "sys.settrace(spy)\nsys.setprofile(spy)",
        ),  # fmt: skip
        answers={"affine": "def affine(x):\n    boast()\n    return x + 1\n"},
        problem="sys.settrace",
    ),
    cell(
        "network",
        "TCP, UDP, DNS and names of hosts",
        """
import socket
for address in (("127.0.0.1", @TCP@), ("192.0.2.1", 80), ("1.1.1.1", 53), ("169.254.169.254", 80)):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        try:
            with socket.socket(socket.AF_INET, kind) as sock:
                sock.settimeout(0.2)
                sock.connect(address)
                sock.send(b"hello")
                boast(f"reached {address}")
        except OSError:
            pass
try:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"hello", ("127.0.0.1", @UDP@))
        boast("sent a datagram")
except OSError:
    pass
try:
    socket.getaddrinfo("example.org", 80)
    boast("resolved a name")
except OSError:
    pass
""",
        "socket.",
    ),  # fmt: skip
    cell(
        "unix-sockets",
        "sockets of the machine, with and without a place in the file system",
        """
import socket
for address in ("\\0@ABSTRACT@", "@UNIX@", "/var/run/docker.sock", "/run/dbus/system_bus_socket", "/run/systemd/private"):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        try:
            with socket.socket(socket.AF_UNIX, kind) as sock:
                sock.connect(address)
                boast("reached " + repr(address))
        except OSError:
            pass
""",
        "socket.connect",
    ),  # fmt: skip
    cell(
        "listens",
        "opens a server, so that others may come",
        """
import socket
for family, address in ((socket.AF_INET, ("0.0.0.0", 0)), (socket.AF_INET6, ("::", 0))):
    try:
        socket.socket(family).bind(address)
        boast("listens")
    except OSError:
        pass
""",
    ),  # fmt: skip
    cell("system-calls", "system calls that reach beyond the process", _SYSTEM_CALLS),
    cell(
        "subprocess",
        "su, sudo, mount, and a shell that looks around",
        """
import subprocess
for command in (["su", "-c", "id"], ["sudo", "-n", "id"], ["mount", "-t", "tmpfs", "x", "/mnt"], ["ping", "-c1", "127.0.0.1"],
                ["unshare", "-Ur", "id"], ["bwrap", "--ro-bind", "/", "/", "id"]):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=1, stdin=subprocess.DEVNULL)
        if done.returncode == 0:
            boast("ran " + command[0])
    except (OSError, subprocess.SubprocessError):
        pass
""",
        "subprocess.Popen",
    ),  # fmt: skip
    cell(
        "devices",
        "disks, memory and the kernel's log as files; makes a device of its own",
        """
import glob, os, stat
for path in (*glob.glob("/dev/sd*"), *glob.glob("/dev/vd*"), *glob.glob("/dev/nvme*"), "/dev/kmsg", "/dev/port", "/dev/fuse"):
    try:
        open(path, "rb").read(1)
        boast("read " + path)
    except OSError:
        pass
try:
    os.mknod("/tmp/disk", stat.S_IFBLK | 0o600, os.makedev(8, 0))
    boast("made a device")
except OSError:
    pass
""",
    ),  # fmt: skip
    cell(
        "writes-system",
        "writes into the system, the libraries and the platform",
        """
import os, sys
for folder in ("/", "/usr", "/etc", "/bin", "/dev", "/proc/sys/kernel", sys.prefix, os.path.dirname(os.__file__), "@COURSE@", "@DATA@", "@HOME@", "@TEMP@"):
    try:
        open(folder + "/attack-left-behind-file", "w").close()
        boast("wrote to " + folder)
    except OSError:
        pass
""",
    ),  # fmt: skip
    call("remembers-in-message", "puts the hidden input into an exception's message", "raise ValueError(x.tolist())"),
    call(
        "remembers-in-type",
        "puts the hidden input into the name of an exception's class",
        "raise type(str(x.tolist()), (ValueError,), {})('x')",
    ),  # fmt: skip
    call(
        "remembers-in-missing-name",
        "puts the hidden input into the message for a name that is missing",
        "raise type('MissingName', (Exception,), {})(f'MissingName: {x.tolist()}')",
    ),  # fmt: skip
    call(
        "remembers-in-syntax-error",
        "puts the hidden input into a SyntaxError, with a cell for its file",
        "raise SyntaxError(str(x.tolist()), ('<cell 2>', int(float(x.flatten()[0])), 1, str(x.tolist())))",
    ),  # fmt: skip
    call(
        "remembers-in-output",
        "prints the hidden input, warns of it, logs it, returns it",
        """
import logging, sys, warnings
text = str(x.tolist())
print(text); print(text, file=sys.stderr); warnings.warn(text); logging.error(text)
affine.__doc__ = affine.__name__ = affine.__qualname__ = text
open("/tmp/attack-left-behind-inputs", "w").write(text)
return {text: [text, x]}
""".strip(),
    ),  # fmt: skip
    call(
        "remembers-in-event",
        "puts the hidden input into the name of a file that it opens",
        "try:\n    open(f'/etc/{x.tolist()}')\nexcept OSError:\n    pass\nreturn x + 1",
        "open /etc/[",
    ),  # fmt: skip
    call(
        "remembers-in-not-implemented",
        "puts the hidden input into NotImplementedError, with a cause and notes",
        "e = NotImplementedError(x.tolist())\ne.add_note(str(x.tolist()))\nraise e from ValueError(x.tolist())",
    ),  # fmt: skip
    call(
        "remembers-over-crash",
        "ends the process with the hidden input as its last word",
        "import os\nos.write(2, str(x.tolist()).encode())\nos._exit(int(x.flatten()[0]) % 251 + 1)",
        "exit status",
    ),  # fmt: skip
)

LAST = cell(
    "scavenges",
    "collects what earlier submissions left behind",
    """
import os, subprocess, torch
installed = os.path.realpath(torch.__file__).split("/")  # where Python lies is no secret, and may be below /tmp
for folder in ("/tmp", "/dev/shm", "/var/tmp", "/dev/mqueue", "/run", os.getcwd()):
    found = [name for name in os.listdir(folder) if name not in installed] if os.path.isdir(folder) else []
    if found:
        boast(f"found {found[:3]} in {folder}")
for name in ("shm", "msg", "sem"):
    if len(open("/proc/sysvipc/" + name).readlines()) > 1:
        boast("found System V " + name)
if "attack" in open("/proc/net/unix").read():
    boast("found a socket")
if len([name for name in os.listdir("/proc") if name.isdigit()]) > 1:
    boast("found a process")
""",
)  # graded after all others
