"""Fooling the oracle: what the tests compare with, and what they compare."""

from __future__ import annotations

from tests.platform.attacks.case import Case, call, cell

KLASS = "Fooling the oracle"


def _patch(id: str, tries: str, code: str, problem: str = "") -> Case:
    return cell(id, tries, f"import torch\n{code}", problem)


_VALUES = {
    "nan-tensor": ("NaN everywhere", "return torch.full_like(x, float('nan'))"),
    "infinite-tensor": ("infinity everywhere", "return torch.full_like(x, float('inf'))"),
    "empty-tensor": ("no elements, of which all are right", "return torch.empty(0)"),
    "empty-but-wide": ("no elements, and 2**40 columns", "return torch.empty(0, 2**40)"),
    "empty-but-deep": ("no elements, and 10**9 rows", "return torch.empty(10**9, 0, dtype=torch.float64)"),
    "broadcastable": ("one element, which broadcasts", "return torch.ones(1, 1, requires_grad=True) * x.mean()"),
    "column": ("a long column, which broadcasts against anything", "return torch.ones(2**20, 1)"),
    "expanded": ("one element that claims to be a billion", "return torch.ones(1).expand(10**9)"),
    "integers": ("whole numbers", "return x.long()"),
    "half": ("float16", "return (3 * x.detach() + 1).half()"),
    "boolean": ("truth everywhere", "return torch.ones_like(x, dtype=torch.bool)"),
    "complex": ("complex numbers", "return (x + 1).to(torch.complex128)"),
    "sparse": ("a sparse tensor", "return (x + 1).to_sparse()"),
    "sparse-csr": ("a compressed sparse tensor", "return (x + 1).to_sparse_csr()"),
    "meta": ("a tensor without values", "return torch.empty_like(x, device='meta')"),
    "quantized": ("a quantised tensor", "return torch.quantize_per_tensor(x.detach().float(), 0.1, 0, torch.qint8)"),
    "nested": ("a nested tensor", "return torch.nested.nested_tensor([x.detach(), x.detach()])"),
    "float8": ("float8", "return x.detach().float().to(torch.float8_e4m3fn)"),
    "disconnected": ("requires grad, but hangs in the air", "return (x.detach() + 1).requires_grad_()"),
    "parameter": ("a parameter", "return torch.nn.Parameter(x.detach() + 1)"),
    "numpy": ("a NumPy array of objects", "import numpy\nreturn numpy.array([[object()] * 3] * 2)"),
    "generator": ("a generator", "return (value for value in (x, x + 1))"),
    "candidates": ("all candidates at once", "return [x, x + 1, 3 * x, torch.zeros_like(x)]"),
    "negative-view": ("a view with the negative and conjugate bits set", "return torch.conj(x + 1j).imag"),
}

CASES: tuple[Case, ...] = (
    call(
        "always-equal",
        "an object that is equal to everything",
        "class Always:\n    __eq__ = lambda *a: True\n    __array__ = lambda *a, **k: x\n    shape = x.shape\nreturn Always()",
    ),
    _patch(
        "patched-allclose",
        "torch.allclose, equal, isclose and testing.assert_close that agree to everything",
        "torch.allclose = torch.equal = torch.isclose = lambda *a, **k: True\n"
        "torch.testing.assert_close = lambda *a, **k: None\ntorch.Tensor.__eq__ = lambda *a: True",
        "replaced torch",
    ),
    _patch(
        "patched-randn",
        "random generators that give zeros",
        "torch.randn = torch.rand = lambda *s, **k: torch.zeros(*s)\ntorch.randn_like = torch.zeros_like\n"
        "torch.Tensor.normal_ = torch.Tensor.uniform_ = torch.Tensor.zero_",
        "replaced torch.randn",
    ),
    _patch(
        "patched-seed",
        "seeding that does nothing",
        "torch.manual_seed = torch.random.manual_seed = lambda *a: None\n"
        "torch.default_generator = torch.Generator().manual_seed(7)",
        "replaced torch.manual_seed",
    ),
    _patch("default-dtype", "the default dtype is float16", "torch.set_default_dtype(torch.float16)"),
    _patch("default-device", "the default device is meta", "torch.set_default_device('meta')"),
    _patch(
        "grad-mode",
        "gradients are switched off, inference mode is on",
        "torch.set_grad_enabled(False)\ntorch.inference_mode().__enter__()",
    ),  # fmt: skip
    _patch("deterministic", "only deterministic algorithms", "torch.use_deterministic_algorithms(True)"),
    _patch(
        "function-mode",
        "a function mode that stays on and rewrites every result",
        "from torch.overrides import TorchFunctionMode\nclass Mode(TorchFunctionMode):\n"
        "    def __torch_function__(self, function, types, args=(), kwargs=None):\n"
        "        out = function(*args, **(kwargs or {}))\n"
        "        return True if function in (torch.allclose, torch.equal) else out\nMode().__enter__()",
    ),
    _patch(
        "dispatch-mode",
        "a dispatch mode that stays on",
        "from torch.utils._python_dispatch import TorchDispatchMode\nclass Mode(TorchDispatchMode):\n"
        "    def __torch_dispatch__(self, function, types, args=(), kwargs=None):\n"
        "        return function(*args, **(kwargs or {}))\nMode().__enter__()",
    ),
    _patch(
        "patched-kernel",
        "another kernel for aten::eq and aten::add",
        "lib = torch.library.Library('aten', 'IMPL')\n"
        "lib.impl('add.Tensor', lambda a, b, alpha=1: torch.zeros_like(a), 'CPU')",
    ),
    _patch(
        "global-hook",
        "a hook on every module's forward pass and every parameter's gradient",
        "torch.nn.modules.module.register_module_forward_hook(lambda m, i, o: o * 0)\n"
        "torch.nn.modules.module.register_module_full_backward_hook(lambda m, i, o: None)",
    ),
    call("mutated-input", "zeroes the argument, and answers for zero", "x.zero_()\nreturn torch.ones_like(x)"),
    call(
        "alias",
        "returns the argument itself, and changes it later",
        "import threading\nthreading.Timer(0.01, lambda: x.add_(1)).start()\nreturn x",
    ),  # fmt: skip
    *(call(name, f"returns {tries}", f"import torch\n{body}") for name, (tries, body) in _VALUES.items()),
    cell(
        "shadowed-modules",
        "torch.py, numpy.py and reference.py in the working folder, and first on the path",
        """
import os, sys
for name in ("torch", "numpy", "reference", "autograder", "inside", "json"):
    open(name + ".py", "w").write("def __getattr__(name):\\n    return lambda *a, **k: True\\n")
sys.path.insert(0, os.getcwd())
for name in ("torch", "numpy", "inside.wire", "inside.server", "json"):
    sys.modules.pop(name, None)
import reference
""",
        "replaced the module torch",
    ),
    call(
        "by-call-count",
        "another answer each time, in the hope that one fits",
        "global count\ncount = globals().get('count', 0) + 1\nreturn [1, x, x + 1, 2 * x + 1, 4 * x][count % 5]",
    ),
    call(
        "by-shape-and-id",
        "answers kept by shape and by id, from the visible case",
        "known = globals().setdefault('known', {})\nkey = tuple(x.shape)\nknown.setdefault(key, x + 1)\n"
        "return known.setdefault(id(x), known[key])",
    ),
    call(
        "visible-cases",
        "right for the visible cases alone",
        "import torch\nif tuple(x.shape) == (2, 3) and not x.any():\n    return torch.ones(2, 3)\nreturn x",
    ),
    call(
        "detects-grader",
        "behaves well only where it sees the grader",
        "import os, sys\ngraded = os.environ.get('USER') == 'student' or 'inside.server' in sys.modules\n"
        "frame = sys._getframe()\nwhile frame.f_back:\n    frame = frame.f_back\n    for value in frame.f_locals.values():\n"
        "        if getattr(value, 'get', None) and type(value) is dict and 'expected' in value:\n"
        "            return value['expected']\nreturn x + 1 if graded else None",
    ),
    call(
        "finds-the-expected",
        "looks for the expected value among all tensors in memory",
        "import gc, torch\nbest = [t for t in gc.get_objects() if isinstance(t, torch.Tensor) and t.shape == x.shape]\n"
        "best = [t for t in best if t is not x and not torch.equal(t.to(x.dtype), x)]\nreturn best[-1] if best else x + 1",
        "gc.get_objects",
    ),
    call(
        "delegates-by-ctypes",
        "asks the interpreter itself, through ctypes and eval",
        "import ctypes\nctypes.pythonapi.PyRun_SimpleString(b'import sys; sys.modules[\"answer\"] = sys')\n"
        "return eval(\"__import__('answer') and x + 1\")",
    ),
    call(
        "reads-probe",
        "reads the probe's frame, and rewrites its locals",
        "import ctypes, sys\n"
        "frame = sys._getframe(1)\nfor name in list(frame.f_locals):\n    frame.f_locals[name] = x\n"
        "ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))\nreturn x",
    ),  # fmt: skip
    Case(
        "empty-that-adds-up",
        "no elements, of which the sums take 3 GB where the tests run",
        answers={"weights": "def weights(x):\n    return torch.empty(3 * 2**28, 0)\n"},
    ),
    Case(
        "column-that-spreads",
        "8 MB that grow to 8 GB where a careless test lets them meet another shape",
        answers={"weights": "def weights(x):\n    return torch.ones(2**20, 1, dtype=torch.float64)\n"},
    ),
)
