"""A yard for each test, with nothing of it left running."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "rules")]


@pytest.fixture
def yard(tmp_path, repo):
    from kill_yard import Yard

    yard = Yard(tmp_path, repo)
    yield yard
    yard.close()
