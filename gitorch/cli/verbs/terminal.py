"""`attach`, `peek`: open or print an agent's terminal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from gitorch.cli.verb_function import verb
from gitorch.errors import Unavailable, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.cli.call import Call


@verb("attach")
def attach(call: Call, thing: str, run: str | None) -> None:
    """Open an agent's terminal in yours."""
    from gitorch.app.query.lookup import find_session
    from gitorch.model.work.session import SessionKey

    found, session = find_session(call.services, thing, run)
    argv = call.services.terminals.attach_argv(SessionKey(found.id, session))
    if call.json:
        call.say({"run": found.id, "session": session, "argv": argv}, "")
        return

    if not call.streams.asks:
        raise Usage("attach needs a terminal", f"gitorch peek {thing}")

    _become(argv, environ_outside_tmux(call.environ))


def environ_outside_tmux(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a tmux client: tmux refuses to run inside tmux while TMUX is set, but ours is another server."""
    outside = dict(environ)
    outside.pop("TMUX", None)
    outside.pop("TMUX_PANE", None)
    return outside


def _become(argv: tuple[str, ...], environ: dict[str, str]) -> None:
    """Replace this process by the command."""
    sys.stdout.flush()

    try:
        os.execvpe(argv[0], argv, environ)  # noqa: S606 the user's terminal becomes tmux's
    except OSError as error:
        raise Unavailable(f"{argv[0]} cannot be run: {error.strerror}", "gitorch doctor") from None


@verb("peek")
def peek(call: Call, thing: str, history: int, run: str | None) -> None:
    """Print the current screen of an agent's terminal."""
    from gitorch.app.query.lookup import find_session
    from gitorch.app.query.runs import agent_states
    from gitorch.model.work.session import SessionKey

    found, session = find_session(call.services, thing, run)
    screen = call.services.terminals.screen(SessionKey(found.id, session), history)
    value = {"run": found.id, "session": session, "job": found.sessions[session].job}
    if call.json:
        value["state"] = agent_states(call.services, found).get(session, "exited")

    call.say({**value, "screen": screen}, screen.rstrip() or f"The terminal of {session} shows nothing.")
