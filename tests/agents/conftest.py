"""Tests with the vendors' programs run by `make agents`; everywhere else they are left out and said to be."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from programs import PROGRAMS
from stand_in import StandIn

if TYPE_CHECKING:
    from collections.abc import Iterator

sys.path.append(str(Path(__file__).parents[1] / "e2e"))


@pytest.fixture
def api() -> Iterator[StandIn]:
    """A stand-in for the models."""
    with StandIn() as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def _programs_on_path() -> Iterator[None]:
    folders = [str(program.bin) for program in PROGRAMS.values()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", os.pathsep.join([*folders, os.environ["PATH"]]))
        yield
