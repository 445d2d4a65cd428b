"""A stage for every test, in a folder of its own."""

from __future__ import annotations

import pytest
from cli_stage import Stage


@pytest.fixture
def stage(tmp_path) -> Stage:
    return Stage(folder=tmp_path)
