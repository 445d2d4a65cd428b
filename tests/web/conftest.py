"""The web page in process: an application over a repository in memory, and a browser that is logged in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "cli"), str(Path(__file__).parents[1])]


@pytest.fixture
def stage(tmp_path: Path):
    """A repository in memory, in which a test plays a run."""
    from cli_stage import Stage

    return Stage(tmp_path)


@pytest.fixture
def browser(stage):
    """A browser that has the cookie of a server over the stage; changes are off."""
    from web_browser import browser_of

    return browser_of(stage)
