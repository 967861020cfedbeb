"""What student code can reach, tried by student code in a real sandbox."""

from __future__ import annotations

import getpass
import os
import socket
import sys
import tempfile
from pathlib import Path

import pytest

from autograder.sandbox.zygote import ENVIRONMENT
from tests.platform.sandbox.running import CANARY, LIMITS, Sandbox, shared_zygote

ROOT = Path(__file__).parents[3]


def test_the_graders_environment_is_not_inherited(sandbox: Sandbox) -> None:
    """Neither by os.environ nor by /proc nor by the C library; only what the platform sets is there."""
    names = sandbox.prints("import os\nprint(*os.environ)").split()
    assert set(names) <= {*ENVIRONMENT, "PWD", "LC_CTYPE"}
    source = (
        "import os, ctypes\nfound = [str(os.environ)]\n"
        "for pid in ['self', *filter(str.isdigit, os.listdir('/proc'))]:\n"
        "    for name in ('environ', 'cmdline', 'mem', 'task/1/environ'):\n"
        "        try: found.append(open(f'/proc/{pid}/{name}', 'rb').read(10**6).decode(errors='replace'))\n"
        "        except OSError: pass\n"
        "environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), 'environ')\n"
        "i = 0\nwhile environ[i]: found.append(environ[i].decode()); i += 1\n"
        f"print('AWS_' in str(found), {CANARY[1:]!r} in str(found), 'MPLBACKEND' in str(found))"
    )
    assert sandbox.prints(source) == "False False True\n"


def test_threads_that_wait_for_each_other_sleep(sandbox: Sandbox) -> None:
    """Those that spin use up the processor time that a test may take, the more the busier the machine is."""
    assert sandbox.prints("import os\nprint(os.environ['OMP_WAIT_POLICY'])") == "PASSIVE\n"


def test_no_other_process_is_seen(sandbox: Sandbox) -> None:
    """It is process 1 of its own namespace, alone, even where a second submission runs at the same time."""
    with Sandbox() as other:
        other.cell("secret = 1")
        assert sandbox.prints("import os\nprint(os.getpid(), [p for p in os.listdir('/proc') if p.isdigit()])") == (
            "1 ['1']\n"
        )


def test_no_descriptor_but_the_channel(sandbox: Sandbox) -> None:
    """0, 1, 2 and one more are /dev/null, 3 is the channel; nothing of the zygote's is inherited."""
    source = "import os\nfor fd in sorted(map(int, os.listdir('/proc/self/fd'))):\n"
    source += "    try: print(fd, os.readlink(f'/proc/self/fd/{fd}').split(':')[0])\n    except OSError: pass"
    # /proc/self/fd is closed to an undumpable process that has no rights over itself; then fstat tells.
    report = sandbox.cell(source)
    if report["error"] is None:
        listed = dict(line.split() for line in report["output"].splitlines())
        assert listed.pop("3") == "socket"
        assert set(listed.values()) <= {"/dev/null"}
    stat = sandbox.prints(
        "import os, stat\nopen_fds = {}\nfor fd in range(4096):\n"
        "    try: open_fds[fd] = os.fstat(fd)\n    except OSError: pass\n"
        "null = os.stat('/dev/null').st_rdev\n"
        "print(sorted(fd for fd, s in open_fds.items() if s.st_rdev != null), stat.S_ISSOCK(open_fds[3].st_mode))"
    )
    assert stat == "[3] True\n"


@pytest.mark.parametrize(
    "path",
    [
        ROOT / "tests", ROOT / "reference", ROOT / "assignments", ROOT / "release", ROOT / "pyproject.toml",
        ROOT / "autograder" / "suite", ROOT / "autograder" / "engine", ROOT / ".git", Path.home() / ".ssh",
        Path.home() / ".bashrc", Path("/home"), Path("/etc/passwd"), Path("/etc/hostname"), Path("/etc/resolv.conf"),
        Path("/var"), Path("/run"), Path("/sys"), Path("/mnt"), Path("/srv"), Path("/opt"), Path("/boot"),
        Path("/proc/kcore"), Path("/proc/sched_debug"), Path("/dev/kmsg"), Path("/dev/mem"),
    ],
    ids=str,
)  # fmt: skip
def test_files_of_the_course_and_of_the_machine_are_not_there(sandbox: Sandbox, path: Path) -> None:
    """Not even their names."""
    out = sandbox.prints(
        f"import os\np = {str(path)!r}\n"
        "try: print(len(os.listdir(p) if os.path.isdir(p) else open(p, 'rb').read(1)))\n"
        "except OSError as error: print(type(error).__name__)"
    ).strip()
    assert out in ("0", "FileNotFoundError", "PermissionError"), out


def test_no_folder_above_the_environment_shows_its_neighbours(sandbox: Sandbox) -> None:
    """Where the environment lies in the course's folder, that folder shows the environment alone."""
    listed = sandbox.prints(
        f"import os\nfor p in {[str(p) for p in ROOT.parents] + [str(ROOT)]!r}:\n"
        "    if os.path.isdir(p): print(p, *os.listdir(p))"
    )
    shown = {line.split()[0]: set(line.split()[1:]) for line in listed.splitlines()}
    assert shown.get(str(ROOT), set()) <= {"autograder", Path(sys.prefix).name}
    assert "tests" not in listed


def test_temporary_files_of_others_are_not_seen(sandbox: Sandbox) -> None:
    """The user's /tmp and another submission's are not this one's."""
    with tempfile.NamedTemporaryFile(prefix=CANARY), Sandbox() as other:
        other.prints("open('/tmp/mine', 'w').write('x'); open('/dev/shm/mine', 'w').write('x')")
        # Where Python itself is installed below /tmp, the way to it is there, and nothing else.
        prefixes = (Path(sys.prefix), Path(sys.base_prefix))
        own = sorted({path.parts[2] for path in prefixes if path.is_relative_to("/tmp")})
        assert sandbox.prints("import os\nprint(os.listdir('/tmp'), os.listdir('/dev/shm'))") == f"{own} []\n"


@pytest.mark.parametrize(
    "path",
    ["/probe", "/usr/probe", "/usr/lib/probe", "/etc/probe", "/dev/probe", "/proc/probe", "/root/probe", "/home/probe",
     f"{sys.prefix}/probe", f"{sys.base_prefix}/lib/probe", f"{ROOT}/probe"],
)  # fmt: skip
def test_nothing_but_the_temporary_folders_can_be_written(sandbox: Sandbox, path: str) -> None:
    """Read-only, and it stays so: no permission can be changed, nothing can be mounted."""
    assert sandbox.fails(f"open({path!r}, 'w')") in ("OSError", "PermissionError", "FileNotFoundError")
    assert sandbox.fails(f"import os\nos.chmod({os.path.dirname(path)!r}, 0o777)") in (
        "OSError", "PermissionError", "FileNotFoundError",
    )  # fmt: skip


def test_the_sandboxs_own_code_cannot_be_changed(sandbox: Sandbox) -> None:
    """It is mounted read-only."""
    assert sandbox.prints("import sys\nprint([p for p in sys.modules if p.startswith('inside.')] != [])") == "True\n"
    met = sandbox.fails("import sys\nopen(sys.modules['inside.wire'].__file__, 'a')")
    assert met in ("OSError", "PermissionError", "FileNotFoundError")  # the last: hidden below a checkout in /tmp


def test_nothing_of_the_trusted_side_is_in_memory(sandbox: Sandbox) -> None:
    """No module of the platform, no test, no reference, in sys.modules or among gc's objects."""
    out = sandbox.prints(
        "import gc, sys\n"
        "ours = ('autograder', 'reference', 'tests', 'pytest', 'nbgrader')\n"
        "print([m for m in sys.modules if m.split('.')[0] in ours])\n"
        "texts = [o for o in gc.get_objects() if isinstance(o, dict) and '__name__' in o]\n"
        "print([d['__name__'] for d in texts if str(d['__name__']).startswith(('autograder', 'reference', 'test_'))])"
    )
    assert out == "[]\n[]\n"


@pytest.mark.parametrize(
    "source",
    [
        "import socket; socket.create_connection(('1.1.1.1', 53), timeout=3)",
        "import socket; socket.create_connection(('127.0.0.1', 22), timeout=3)",
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('8.8.8.8', 53))",
        "import socket; socket.socket(socket.AF_INET6)", "import socket; socket.socket(socket.AF_NETLINK)",
        "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)", "import socket; socket.socket(40, 1)",
        "import socket; socket.getaddrinfo('example.org', 80)", "import socket; socket.gethostbyname('example.org')",
        "import urllib.request; urllib.request.urlopen('http://example.org', timeout=3)",
    ],
)  # fmt: skip
def test_no_network(sandbox: Sandbox, source: str) -> None:
    """No address, no name, no family but AF_UNIX, not even this machine's own loopback."""
    assert sandbox.fails(source) in ("PermissionError", "gaierror", "OSError", "URLError")


def test_abstract_sockets_of_the_machine_are_not_reached(sandbox: Sandbox) -> None:
    """They belong to the network namespace, and that is another."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0autograder-test-abstract")
        server.listen()
        source = "import socket\nsocket.socket(socket.AF_UNIX).connect('\\0autograder-test-abstract')"
        assert sandbox.fails(source) in ("ConnectionRefusedError", "PermissionError")


def test_no_capability_and_no_way_to_one(sandbox: Sandbox) -> None:
    """All five sets are empty, no-new-privileges is on, the filter is on, and it is not root."""
    status = dict(
        line.split(":\t", 1) for line in sandbox.prints("print(open('/proc/self/status').read())").splitlines() if line
    )
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert "0" not in status["Uid"].split()
    assert sandbox.fails("import os; os.setuid(0)") == "PermissionError"
    assert sandbox.fails("import os; os.setgroups([0])") == "PermissionError"


@pytest.mark.parametrize(
    "call",
    [
        "unshare(0x10000000)", "unshare(0x00020000)", "ptrace(0, 0, 0, 0)", "ptrace(16, 1, 0, 0)",
        "mount(b'tmpfs', b'/mnt', b'tmpfs', 0, None)", "umount2(b'/tmp', 2)", "setns(3, 0)", "chroot(b'/tmp')",
        "syscall(321, 0, 0, 0)", "syscall(425, 1, 0)", "syscall(250, 0, 0)", "syscall(310, 1, 0, 0, 0, 0, 0)",
        "pivot_root(b'/tmp', b'/tmp')", "sethostname(b'x', 1)", "reboot(0)", "swapon(b'/tmp/x', 0)",
        "process_vm_readv(1, 0, 0, 0, 0, 0)",
    ],
)  # fmt: skip
def test_denied_system_calls(sandbox: Sandbox, call: str) -> None:
    """Namespaces, tracing, mounts, keyrings, bpf, io_uring; called past Python through ctypes."""
    if call.startswith("syscall") and os.uname().machine != "x86_64":
        pytest.skip("the numbers are those of x86-64")
    sandbox.prints(f"import ctypes\nassert ctypes.CDLL(None, use_errno=True).{call} == -1")


def test_a_process_cannot_be_made_dumpable_and_then_read(sandbox: Sandbox) -> None:
    """Even where prctl lets it be dumpable again: a forked child cannot trace its parent."""
    source = (
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\nlibc.prctl(4, 1, 0, 0, 0)\n"
        "pid = os.fork()\nif pid == 0: os._exit(0 if libc.ptrace(16, 1, 0, 0) == -1 else 1)\n"
        "assert os.waitpid(pid, 0)[1] == 0"
    )
    sandbox.prints(source)


def test_no_set_user_id_program_helps(sandbox: Sandbox) -> None:
    """no-new-privileges: sudo, su, mount and friends run as nobody or not at all."""
    out = sandbox.prints(
        "import os, subprocess\nfor name in ('sudo', 'su', 'mount', 'newuidmap', 'passwd'):\n"
        "    for folder in ('/usr/bin', '/bin'):\n        path = f'{folder}/{name}'\n"
        "        if os.path.exists(path):\n"
        "            r = subprocess.run([path, '--version'], capture_output=True, stdin=subprocess.DEVNULL)\n"
        "out = subprocess.run(['/usr/bin/id', '-u'], capture_output=True, text=True).stdout\nprint(out)"
    )
    assert out.strip() not in ("", "0")


def test_signals_reach_no_one_else(sandbox: Sandbox) -> None:
    """There is no parent to be killed, and process 1, itself, ignores what it sends itself."""
    out = sandbox.prints(
        "import os, signal\nprint(os.getppid())\n"
        "for pid in (0, 2, 3, 100, 1000):\n"
        "    try: os.kill(pid, 0 if pid == 0 else signal.SIGKILL); print('reached', pid)\n"
        "    except ProcessLookupError: pass\n"
        "os.kill(1, signal.SIGKILL); os.kill(1, signal.SIGSTOP)\nprint('alive')"
    )
    assert out.split() == ["0", "reached", "0", "alive"]
    assert os.getpid()  # and so is the grader
    assert shared_zygote().is_alive()


def test_two_submissions_share_no_memory_and_no_queue(sandbox: Sandbox) -> None:
    """Semaphores of System V and POSIX shared memory are each process's own."""
    share = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nprint(libc.semget(4711, 1, {flags}))"
    assert int(sandbox.prints(share.format(flags="0o1666"))) >= 0
    with Sandbox() as other:
        assert int(other.prints(share.format(flags="0o666"))) == -1
        sandbox.prints("from multiprocessing.shared_memory import SharedMemory\nm = SharedMemory('mine', True, 64)")
        assert other.fails("from multiprocessing.shared_memory import SharedMemory\nSharedMemory('mine')") == (
            "FileNotFoundError"
        )


def test_who_runs_it_cannot_be_told(sandbox: Sandbox) -> None:
    """Host name, user, terminal, time of other processes: nothing of the grader's."""
    out = sandbox.prints(
        "import os, platform, getpass\nprint(platform.node(), getpass.getuser(), os.environ['HOME'], os.getcwd())\n"
        "try: print(os.ttyname(0))\nexcept OSError: print('no terminal')"
    )
    assert out == "sandbox student /tmp /tmp\nno terminal\n"
    assert getpass.getuser() == "student" or getpass.getuser() not in out


@pytest.mark.slow
def test_honest_work_goes_on_inside(sandbox: Sandbox) -> None:
    """The barriers let through what notebooks do: files in /tmp, numpy, training, threads, subprocess pipes."""
    sandbox.prints(
        "import torch, tempfile, os, threading, subprocess, numpy\n"
        "with tempfile.NamedTemporaryFile('w') as f: f.write('x')\n"
        "m = torch.nn.Linear(3, 1); o = torch.optim.Adam(m.parameters())\n"
        "m(torch.ones(2, 3)).sum().backward(); o.step()\n"
        "torch.save(m.state_dict(), 'm.pt'); m.load_state_dict(torch.load('m.pt'))\n"
        "t = threading.Thread(target=lambda: None); t.start(); t.join()\n"
        "assert subprocess.run(['/bin/echo', 'x'], capture_output=True, text=True).stdout == 'x\\n'\n"
        "import matplotlib; import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.savefig('a.png'); plt.show()"
    )


def test_workers_of_a_data_loader(sandbox: Sandbox) -> None:
    """They need fork, pipes, AF_UNIX sockets and /dev/shm."""
    sandbox.prints(
        "import torch\nfrom torch.utils.data import DataLoader, TensorDataset\n"
        "data = DataLoader(TensorDataset(torch.arange(8.0)), batch_size=4, num_workers=2)\n"
        "assert sum(float(x.sum()) for (x,) in data) == 28"
    )


def test_limits_are_those_asked_for() -> None:
    """As the kernel has them."""
    with Sandbox({**LIMITS, "processes": 17, "disk_mib": 3}) as sandbox:
        out = sandbox.prints(
            "import resource as r\nprint(*(r.getrlimit(n) for n in (r.RLIMIT_NPROC, r.RLIMIT_FSIZE, r.RLIMIT_CORE,"
            " r.RLIMIT_NOFILE)), sep='|')\nimport os\nprint(os.statvfs('/tmp').f_blocks * os.statvfs('/tmp').f_frsize)"
        )
        limits, size = out.splitlines()
        assert limits == f"(17, 17)|({3 * 2**20}, {3 * 2**20})|(0, 0)|(256, 256)"
        assert int(size) == 3 * 2**20
        assert sandbox.fails("import resource as r\nr.setrlimit(r.RLIMIT_NPROC, (100, 100))") in (
            "ValueError", "PermissionError",
        )  # fmt: skip
