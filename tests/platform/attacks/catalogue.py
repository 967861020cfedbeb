"""All cases, in the order in which they are graded."""

from __future__ import annotations

from tests.platform.attacks import (
    active_content,
    conspiring,
    deep_learning,
    folders,
    forging,
    leaking,
    notebooks,
    oracle,
    starving,
    tampering,
)
from tests.platform.attacks.case import Case

_MODULES = (
    tampering, forging, leaking, conspiring, oracle, notebooks, folders, active_content, starving, deep_learning,
)  # fmt: skip

CLASS_OF: dict[str, str] = {case.id: module.KLASS for module in _MODULES for case in module.CASES}
CLASS_OF[leaking.LAST.id] = leaking.KLASS
CASES: tuple[Case, ...] = (*(case for module in _MODULES for case in module.CASES), leaking.LAST)
