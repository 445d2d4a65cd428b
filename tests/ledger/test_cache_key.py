"""A cached state is thrown away when the code that made it is another."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import gitorch
from gitorch.ledger.cache import FOLDERS

EVERYTHING_THAT_MAKES_A_STATE = """
import importlib, pkgutil, sys
import gitorch.ledger, gitorch.rules.evolving
for package in (gitorch.ledger, gitorch.rules.evolving):
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
print(*(module.__file__ for name, module in sys.modules.items() if name.startswith("gitorch.")), sep="\\n")
"""


def test_the_key_covers_every_module_that_a_state_is_made_with():
    told = subprocess.run(
        [sys.executable, "-c", EVERYTHING_THAT_MAKES_A_STATE], capture_output=True, text=True, check=True
    )
    top = Path(gitorch.__file__).parent
    folders = {str(Path(line).parent.relative_to(top)) for line in told.stdout.splitlines()}
    assert "rules/evolving" in folders
    interfaces_and_errors = {"ports", "."}
    assert folders - set(FOLDERS) <= interfaces_and_errors
