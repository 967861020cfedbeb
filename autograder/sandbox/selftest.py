"""Look around from inside a real student process: which barriers hold on this machine."""

from __future__ import annotations

from autograder.sandbox.isolation import get_isolation
from autograder.sandbox.process import StudentProcess
from autograder.sandbox.zygote import ENVIRONMENT, Zygote

LIMITS = {"memory_mib": 1024, "disk_mib": 16, "processes": 32, "output_kib": 16}
TIMEOUT_S = 20.0

# Each probe is a cell that must raise, or print what it found.
BARRIERS = {
    "no network": "import socket\nsocket.create_connection(('1.1.1.1', 53), timeout=2)",
    "no files of the user": "import os\nassert os.listdir('/home') or os.listdir('/root/.ssh')",
    "read-only system": "open('/usr/probe', 'w')",
    "no other processes": "import os\nassert [p for p in os.listdir('/proc') if p.isdigit() and p != '1']",
    "clean environment": "names = {e.split('=')[0] for e in open('/proc/1/environ').read().split(chr(0)) if e}\n"
    f"assert names - {set(ENVIRONMENT) | {'PWD'}!r}",
    "no capabilities": "import re\nassert re.findall(r'Cap\\w+:\\s*0*[1-9a-f]', open('/proc/self/status').read())",
    "not root": "import os\nassert os.getuid() == 0",
    "limited processes": "import os\nfor _ in range(99):\n  if os.fork() == 0: os.execv('/bin/sleep', ['sleep', '9'])",
    "no new namespaces": "import ctypes\nassert ctypes.CDLL(None).unshare(0x10000000) == 0",
    "no tracing": "import ctypes\nassert ctypes.CDLL(None).ptrace(0, 0, 0, 0) == 0",
    "memory limit": "x = bytearray(4 * 2**30)",
    "disk limit": "open('/tmp/x', 'wb').write(bytes(64 * 2**20))",
    "time limit": "while True: pass",
}


def look_around() -> list[tuple[str, bool, str]]:
    """(barrier, holds, what the attempt met), each tried in a student process of a real sandbox."""
    results = []
    with Zygote(get_isolation("bubblewrap"), ["torch"]) as zygote:
        for name, source in BARRIERS.items():
            process = StudentProcess(zygote, LIMITS)
            try:
                limit = 1.0 if name == "time limit" else TIMEOUT_S
                reply = process.ask({"op": "cell", "index": 0, "source": source, "timeout_s": limit}, limit)
                error = reply["value"]["error"]
                met = f"{error['type']} {error['message']}" if error else "NOT HELD"
                results.append((name, error is not None, met))
            finally:
                process.kill()
    return results
