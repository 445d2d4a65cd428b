"""Where the words of a conversation go: to the program, to the pane, and to gitorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Outlets(NamedTuple):
    """Where a conversation's words go."""

    send: Callable[[bytes], None]
    """A message for the program."""
    show: Callable[[str], None]
    """Lines for the pane."""
    stream: Callable[[str, str], None]
    """A piece of a text for the pane, with what stands before each of its lines."""
    signal: Callable[[str, str], None]
    """An event, as the hooks of programs name it (`rules.agent_state.hooks.NAMES`), with its text."""
    now: Callable[[], int]
    """The time in milliseconds."""
