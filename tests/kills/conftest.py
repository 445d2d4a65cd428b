"""A yard for each test, with nothing of it left running."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from kill_yard import Yard


@pytest.fixture
def yard(tmp_path, repo):
    yard = Yard(tmp_path, repo)
    yield yard
    yard.close()
