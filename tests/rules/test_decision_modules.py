"""Every command is decided by exactly one function, and deciding it imports no more modules than its place needs."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import get_args

import pytest

from gitorch.model import commands
from gitorch.rules.decide import MODULES, decision_on


@pytest.mark.parametrize("command", get_args(commands.Command))
def test_one_function_decides_each_command(command):
    tables = [import_module(f"gitorch.rules.deciding.{name}").DECISIONS for name in MODULES]
    functions = [table[command] for table in tables if command in table]
    assert functions == [decision_on(command)]


def test_deciding_a_handoff_does_not_load_the_decisions_of_people():
    code = (
        "import sys; from gitorch.model.commands import SubmitHandoff; from gitorch.rules.decide import decision_on\n"
        "decision_on(SubmitHandoff); print(*sys.modules)"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    loaded = {name for name in MODULES if f"gitorch.rules.deciding.{name}" in done.stdout.split()}
    assert loaded == {"work"}
