"""Death exactly between two writes of gitorch's own, each followed by a fresh process that knows of nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from kill_yard import check_all

pytestmark = pytest.mark.tmux
CHILD = Path(__file__).with_name("mortal_child.py")


def live_and_die(yard, seed: int, deaths: int, *more: str, wait_seconds: int = 240) -> list[str]:
    """Bring the run to its end by processes that die; what each was about to write."""
    words = (sys.executable, str(CHILD), str(yard.path), str(seed), str(deaths), *more)
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=wait_seconds, env=os.environ)
    yard.told += done.stdout.splitlines()
    assert done.returncode == 0, f"{done.stderr}\n{yard.story()}"
    return done.stdout.splitlines()


@pytest.mark.slow  # quick: the first deaths of test_kills::test_anything_killed_at_any_instant
def test_death_between_any_two_writes(yard):
    assert len(live_and_die(yard, 1, 25)) >= 15
    check_all(yard)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 20))
def test_many_more_deaths_between_writes(yard, seed):
    assert len(live_and_die(yard, seed, 100)) >= 30
    check_all(yard)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_deaths_all_along_a_whole_run(yard, seed):
    assert len(live_and_die(yard, seed, 100_000, "sweep", wait_seconds=3600)) >= 150
    check_all(yard)
