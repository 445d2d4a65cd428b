"""`attach`, `peek`: an agent's terminal, entered or printed."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from gitorch.cli.group import verb
from gitorch.cli.pages.cells import safe_text
from gitorch.errors import Unavailable, Usage

if TYPE_CHECKING:
    from gitorch.cli.call import Call

RUN = click.option("--run", metavar="RUN", help="The run, where several are open.")


@verb("attach", "gitorch attach api")
@click.argument("thing", metavar="JOB|SESSION")
@RUN
@click.pass_obj
def attach(call: Call, thing: str, run: str | None) -> None:
    """Show an agent's own terminal in yours.

    You may type there; leave it with tmux's own key (Ctrl-b d), and the agent goes on. With --json the command is printed
    instead of run.
    """
    from gitorch.app.query.lookup import session_named
    from gitorch.ports.world import SessionKey

    found, session = session_named(call.services, thing, run)
    argv = call.services.terminals.attach_argv(SessionKey(found.id, session))
    if call.json:
        call.say({"run": found.id, "session": session, "argv": argv}, "")
        return
    if not call.streams.asks:
        raise Usage("attach needs a terminal of its own", f"gitorch peek {thing}")
    _become(argv, dict(call.environ))


def _become(argv: tuple[str, ...], environ: dict[str, str]) -> None:
    """Turn this process into that command. tmux refuses to run inside tmux while TMUX is set; ours is another server."""
    environ.pop("TMUX", None)
    environ.pop("TMUX_PANE", None)
    sys.stdout.flush()
    try:
        os.execvpe(argv[0], argv, environ)  # noqa: S606 the user's terminal becomes tmux's
    except OSError as missing:
        raise Unavailable(f"{argv[0]} cannot be run: {missing.strerror}", "gitorch doctor") from None


@verb("peek", "gitorch peek api", "gitorch peek s3 --history 200")
@click.argument("thing", metavar="JOB|SESSION")
@click.option("--history", metavar="N", type=click.IntRange(0, 100_000), default=0, help="Lines before the screen.")
@RUN
@click.pass_obj
def peek(call: Call, thing: str, history: int, run: str | None) -> None:
    """Print what an agent's terminal shows now.

    Nothing is typed there and nothing changes. Of a session that has ended, its kept output.
    """
    from gitorch.app.query.lookup import session_named
    from gitorch.app.query.runs import agent_states
    from gitorch.ports.world import SessionKey

    found, session = session_named(call.services, thing, run)
    screen = call.services.terminals.screen(SessionKey(found.id, session), history)
    value = {"run": found.id, "session": session, "job": found.sessions[session].job}
    if call.json:
        value["state"] = agent_states(call.services, found).get(session, "exited")
    call.say({**value, "screen": screen}, safe_text(screen).rstrip())
