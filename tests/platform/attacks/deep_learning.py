"""Attacks that only deep learning has: checkpoints with code, compilers, caches, curves."""

from __future__ import annotations

import pickle
from pathlib import Path

from tests.platform.attacks.case import Case, call, cell, placed

KLASS = "Deep learning"


class _Touch:
    """Makes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (self.path, "w")


def _checkpoints(folder: Path, course: Path, data: Path) -> None:
    bomb = pickle.dumps({"state_dict": _Touch(data / "attack-left-behind-checkpoint")})
    for name in ("checkpoint.pt", "model.pth", "attack.pkl", "affine.pt", "results.pickle", "data.npy"):
        (folder / name).write_bytes(bomb)


def _fit(id: str, tries: str, body: str, problem: str = "", *, slow: bool = False) -> Case:
    source = "import torch\ndef fit(model, x, y, steps):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    first = "    if model is None:\n        return []\n"
    head, _, rest = source.partition("steps):\n")
    return Case(id, tries, answers={"fit": f"{head}steps):\n{first}{rest}"}, problem=problem, slow=slow)


CASES: tuple[Case, ...] = (
    placed("checkpoints-with-code", "checkpoints beside the notebook that run code when loaded", _checkpoints),
    cell(
        "loads-checkpoint",
        "torch.save and torch.load of code",
        """
import os, torch
class Bomb:
    def __reduce__(self):
        return os.system, ("touch @DATA@/attack-left-behind-load @HOME@/attack-left-behind-load",)
torch.save(Bomb(), "bomb.pt")
torch.load("bomb.pt", weights_only=False)
""",
        "os.system",
    ),  # fmt: skip
    _fit(
        "memorises-labels",
        "sets the weights to the least-squares solution",
        "with torch.no_grad():\n    model.weight.copy_(torch.linalg.lstsq(x, y).solution.T)\nreturn [0.0] * steps",
    ),  # fmt: skip
    _fit(
        "fabricates-curve",
        "a fine learning curve, and no training",
        "start = float((model(x) - y).pow(2).mean())\nreturn [start * 0.6**k for k in range(steps)]",
    ),  # fmt: skip
    _fit(
        "changes-labels",
        "makes the labels fit the model",
        "with torch.no_grad():\n    y.copy_(model(x))\nreturn [0.0] * steps",
    ),
    _fit(
        "changes-model",
        "swaps the model's class, its forward pass and its parameters",
        "model.forward = lambda x: y\nmodel.__class__ = type('M', (model.__class__,), {'weight': property(lambda s: y)})\n"
        "return [0.0] * steps",
    ),  # fmt: skip
    _fit(
        "wrong-architecture",
        "replaces the weight by one of another shape",
        "model.weight = torch.nn.Parameter(torch.zeros(1, 1))\nreturn [0.0] * steps",
    ),  # fmt: skip
    _fit(
        "reads-caller",
        "looks for the solution in the probe's frame",
        "import sys\nframe = sys._getframe(1)\nfound = [v for v in frame.f_locals.values() if torch.is_tensor(v)]\n"
        "with torch.no_grad():\n    model.weight.copy_(found[0][:1])\nreturn [0.0] * steps",
    ),  # fmt: skip
    call("lower-precision", "computes in bfloat16", "import torch\nreturn (x.to(torch.bfloat16) + 1).to(x.dtype)"),
    _fit(
        "data-set-object",
        "reads labels through every object with a data set",
        "import gc\nsets = [o for o in gc.get_objects() if hasattr(type(o), '__getitem__') and hasattr(o, 'targets')]\n"
        "return [float(len(sets))] * steps",
        "gc.get_objects",
    ),  # fmt: skip
    cell(
        "cpp-extension",
        "compiles C++ that opens a shell",
        """
import torch
from torch.utils.cpp_extension import load_inline
load_inline("evil", 'extern "C" __attribute__((constructor)) void go() { system("touch @DATA@/attack-left-behind-cpp"); }')
""",
        "Cell",
        slow=True,
    ),  # fmt: skip
    _fit(
        "torch-compile",
        "torch.compile, which starts a compiler",
        "step = torch.compile(lambda m: (m(x) - y).pow(2).mean())\nreturn [float(step(model)) for _ in range(steps)]",
        slow=True,
    ),
    cell(
        "compiler-caches",
        "leaves code in the caches of inductor and Triton",
        """
import os, pathlib
for folder in (os.environ.get("TORCHINDUCTOR_CACHE_DIR", "/tmp/inductor"), "/tmp/.triton", "/tmp/torchinductor_student"):
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    (pathlib.Path(folder) / "attack-left-behind.py").write_text("1/0")
""",
    ),
    cell(
        "downloads",
        "torch.hub, torchvision's data and a proxy of its own",
        """
import os, torch
os.environ["https_proxy"] = "http://127.0.0.1:@TCP@"
try:
    torch.hub.load_state_dict_from_url("http://127.0.0.1:@TCP@/x.pt", progress=False)
    boast("downloaded")
except Exception:
    pass
""",
    ),
    cell(
        "worker-processes",
        "data loaders with 64 workers",
        """
import torch
from torch.utils.data import DataLoader
try:
    sum(1 for _ in DataLoader(list(range(640)), num_workers=64))
except Exception:
    pass
""",
    ),
    cell(
        "shared-tensors",
        "tensors in shared memory that stay behind",
        """
import torch
kept = []
try:
    for _ in range(100):
        kept.append(torch.ones(2**20).share_memory_())
except RuntimeError:
    pass
""",
    ),
)
