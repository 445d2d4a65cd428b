"""The pane of a program that draws nothing itself: its reports as they come, and a row below them in which a human types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from gitorch.model.observed import AgentState
from gitorch.scripted.console import Console, edited, fitted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.scripted.keys import Key

ROWS = {
    AgentState.STARTING: "acp starting › ",
    AgentState.WORKING: "acp working › ",
    AgentState.LIMITED: "acp limited › ",
    AgentState.ERROR: "acp failed › ",
    AgentState.DIALOG: "acp answer › ",
}
"""What stands before the human's line in each state; in every other one it is `READY_ROW`. The preset reads them."""

READY_ROW = "acp › "
PARTIAL_CHARS_MAX = 2_000
"""A line of the program that is longer than this is shown in pieces."""


class Pane:
    """Draws on the terminal and reads its keys. As a context manager it sets the terminal up and back.

    No control character of a program ever reaches the terminal: `Console` leaves them out.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._state = AgentState.STARTING
        self._typed = ""
        self._mark = ""
        self._partial = ""

    def __enter__(self) -> Self:
        self._console.__enter__()
        self._draw()
        return self

    def __exit__(self, *reason: object) -> None:
        self._end_partial()
        self._console.__exit__(*reason)

    @property
    def typed(self) -> str:
        """What a human has typed and not submitted."""
        return self._typed

    def enter(self, state: AgentState) -> None:
        """Show in which state the program is."""
        if state is not self._state:
            self._end_partial()
            self._state = state
            self._draw()

    def show(self, text: str) -> None:
        """Print lines."""
        self._end_partial()
        self._console.line(text)

    def stream(self, mark: str, text: str) -> None:
        """Print a piece of a text, whole lines at once; the rest waits for its end. `mark` stands before each line."""
        if mark != self._mark:
            self._end_partial()
            self._mark = mark

        *whole, self._partial = (self._partial + text).split("\n")
        for line in whole:
            self._console.line(mark + line)

        if len(self._partial) > PARTIAL_CHARS_MAX:
            self._end_partial()

    def _end_partial(self) -> None:
        if self._partial:
            self._console.line(self._mark + self._partial)

        self._partial = ""

    def _draw(self) -> None:
        head = ROWS.get(self._state, READY_ROW)
        self._console.row(fitted(head + self._typed, self._console.columns - 1, head=f"{head}…"))

    def arrived(self) -> Iterator[Key]:
        """The keys that have arrived. Raises `TerminalClosed`."""
        # The second call decides whether an Escape that came alone is a key.
        key = self._console.key(0) or self._console.key(0)
        while key is not None:
            yield key
            key = self._console.key(0) or self._console.key(0)

    def edit(self, key: Key) -> str:
        """Take one key of the human's line; the line that Enter submits, else an empty text."""
        line = ""
        if key.kind == "enter":
            line, self._typed = self._typed.strip(), ""
        else:
            self._typed = edited(self._typed, key)

        self._draw()
        return line
