"""A person at a terminal of their own who attaches to a program: what their screen shows, and what it was at the time."""

from __future__ import annotations

import os
import shlex
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mind import Cue, Mind
from stage import ASKING, BY_CHANNEL, ESCALATED

from gitorch.model.observed import AgentState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench import Bench

    from gitorch.model.dialog import ShownDialog

SIZES = ("80x24", "120x40", "200x50")
ASKS = Cue(r"\ABegin", says="I write it.", runs="echo hi > out.txt && cat out.txt", arguments=ESCALATED)
ASKS_OF_CLAUDE = Cue(r"\ABegin", says="I write it.", runs="python3 -c 'print(1)'", by="claude")
"""Claude Code 2.1.332 writes a file of the worktree and reads it without asking."""


OWN_WORDS = {
    "codex": ("echo hi > out.txt", "Yes, proceed", "No, and tell Codex what to do differently"),
    "opencode": ("Permission required", "echo hi > out.txt", "Allow once", "Allow always", "Reject"),
    "gemini-acp": ("echo hi > out.txt", "Allow for this session", "Reject"),
    "copilot": ("echo hi > out.txt", "Allow once", "Always allow", "Deny"),
    "qwen": ("echo hi > out.txt", "Allow", "Reject"),
    "opencode-acp": ("echo hi > out.txt", "Allow", "Reject"),
    "aider": ("Add .aider* to .gitignore", "(Y)es/(N)o"),
}
"""What the dialog of a program shows whose choices gitorch calls otherwise."""


def asks_first(name: str) -> bool:
    """Whether a program can be made to show a dialog before it begins; one that is reached by a channel begins without a screen."""
    return name in ASKING and name not in BY_CHANNEL


def open_dialog(one: Bench) -> None:
    """Start the program so that it shows a dialog: its first one, or a permission request where it has none."""
    name = one.program.name
    if asks_first(name):
        one.preset = ASKING[name][0](one.preset)
        one.start()
    else:
        one.api.mind = Mind(ASKS)
        one.begin("Begin now.")
    one.until(lambda seen: seen.state is AgentState.DIALOG, "a dialog")


@contextmanager
def attached(one: Bench, size: str) -> Iterator[Callable[..., str]]:
    """Attach from a terminal of this size; gives what it shows at the time of each call, with `-e` in colours. It is left at the end."""
    columns, rows = size.split("x")
    tmux = ("tmux", "-L", f"{one.socket}-{size}")  # a server of its own, since the one before may still be ending
    begin = ("-f", os.devnull, "set", "-g", "status", "off", ";", "new-session", "-d", "-x", columns, "-y", rows)
    words = shlex.join(one.terminals.attach_argv(one.key))
    subprocess.run([*tmux, *begin, words], check=True, capture_output=True)

    def screen(*options: str) -> str:
        done = subprocess.run([*tmux, "capture-pane", "-p", *options], check=True, capture_output=True, text=True)
        return done.stdout

    try:
        yield screen
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)


def is_whole(screen: str, name: str, dialog: ShownDialog) -> bool:
    """Whether a screen shows each choice of a program's dialog, however its lines are broken.

    What Gemini CLI asks is not among them: it draws its question only partly after its window was made smaller.
    """
    shown = "".join(screen.split())
    return all("".join(text.split()) in shown for text in shown_words(name, dialog))


def shown_words(name: str, dialog: ShownDialog) -> list[str]:
    """The words that the dialog of a program shows: its choices, and the command where it asks for permission."""
    return list(OWN_WORDS.get(name, ())) or [choice.text for choice in dialog.choices]
