"""Starting gitorch's tmux server under a reaper, so that everything on it, and everything that leaves it, stays recognisable."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gitorch.errors import Unavailable
from gitorch.world import reaper
from gitorch.world.files import holding
from gitorch.world.programs import run

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.ports.world import Clock
    from gitorch.world.terminal.tmux import Tmux

START_SECONDS = 10.0
"""How long a server may take until it answers. It takes some 30 ms; an interpreter on a loaded machine takes far longer."""

POLL_SECONDS = 0.01


def ensure_server(tmux: Tmux, lock: Path, clock: Clock) -> None:
    """Start the server unless it runs. Raises Busy, and Unavailable when it does not answer in time.

    `tmux -D` stays the reaper's child. Without -D it would fork twice and leave.
    """
    if tmux.answers():
        return

    with holding(lock, wait_seconds=START_SECONDS):
        if tmux.answers():
            return

        argv = [sys.executable, "-I", "-S", reaper.__file__, "--detach", *tmux.server_argv]
        result = run(argv, {**tmux.env, reaper.STARTED_VARIABLE: f"tmux {tmux.name}"})
        limit = clock.now() + int(START_SECONDS * 1000)
        while not tmux.answers():
            if clock.now() > limit:
                raise Unavailable(f"the tmux server {tmux.name} did not start: {result.err}", hint="gitorch doctor")

            clock.sleep(POLL_SECONDS)
