"""Real sessions and real repositories for every test here."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from world import repos
from world.planted import Field
from world.terminal_lab import Lab


@pytest.fixture
def lab(tmp_path):
    lab = Lab(tmp_path)
    yield lab
    lab.close()


@pytest.fixture
def repo(tmp_path):
    return repos.make(tmp_path)


@pytest.fixture
def field(tmp_path):
    return Field(tmp_path)
