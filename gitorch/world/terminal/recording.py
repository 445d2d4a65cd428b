"""What records a session's output: a shell that the tmux server feeds (`launch.recorder`), and whether it has taken everything."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from gitorch.world import processes

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.ports.world import Clock
    from gitorch.world.terminal.tmux import Tmux

PATIENCE_SECONDS = 3.0
"""How long a session that ends waits for its recorder: a stopped one must not keep it for ever."""


def wait_until_recorded(tmux: Tmux, server: str, folder: Path, clock: Clock) -> None:
    """Return when the recorder of the session with this folder has taken all that the pane has shown, or after PATIENCE_SECONDS.

    tmux throws away what it has not written yet when a session ends, which on a busy machine was up to 2 MB of an agent's last output.
    `server` is as in `Pane.server`. Raises Unavailable when tmux cannot be asked.
    """
    limit = clock.now() + int(PATIENCE_SECONDS * 1000)
    while clock.now() < limit:
        tmux.list()  # the server writes what it holds before it answers, if the recorder can take it
        if _is_waiting(int(server.partition(":")[0]), folder):
            return

        clock.sleep(0.02)


def _is_waiting(server: int, folder: Path) -> bool:
    """Whether the recorder waits for more output, or there is none."""
    everything = processes.table()
    born = processes.children(everything)
    wanted = shlex.quote(str(folder / "output.log"))
    for shell in born.get(server, ()):
        if wanted in processes.command(shell):
            return any(everything[reader].asleep for reader in born.get(shell, ()))

    return True
