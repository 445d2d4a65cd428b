"""msgspec's compiled core alone, since importing the whole package costs a verb 0.2 × the import of click, and this 0.05 ×.

The rest of it, formats, schemas and typing_extensions, is nothing that values use. ADR 39 has the measurement.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any

PACKAGE, CORE = "msgspec", "msgspec._core"
NOT_NEEDED = "typing_extensions"
"""What the core imports where it is installed. Python has all of it that the core uses."""


def load_core() -> Any:
    """The module `msgspec._core`. An `import msgspec` before or afterwards gets the whole package, with this same core."""
    modules: dict[str, Any] = sys.modules
    if CORE in modules:
        return modules[CORE]

    spec = PathFinder.find_spec(PACKAGE)
    if spec is None or PACKAGE in modules:
        return import_module(CORE)

    empty: Any = ModuleType(PACKAGE)
    empty.__path__ = spec.submodule_search_locations
    hidden = {PACKAGE: empty}
    if NOT_NEEDED not in modules:
        hidden[NOT_NEEDED] = None  # None makes Python say that there is no such module

    modules.update(hidden)
    try:
        return import_module(CORE)
    finally:
        for name in hidden:
            del modules[name]
