"""A text on the whole screen: a diff, an agent's screen, findings, the log, a report, the help."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from gitorch.cli.pages.cells import safe_line
from gitorch.model.counts import counted
from gitorch.text.visible import safe_text

if TYPE_CHECKING:
    from textual.app import ComposeResult

LINES_MAX = 5_000
"""More lines than this nobody reads on a screen; the page says which command prints them all."""

FAR = 1_000_000
"""More lines than any page has."""

DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}
DIFF_HEADS = ("diff ", "index ", "--- ", "+++ ", "new file", "deleted file", "similarity ", "rename ")


class PageScreen(Screen[None]):
    """A page with a title; its keys scroll it and leave it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape,ctrl+c", "dismiss", "back", priority=True),
        Binding("down,j", "scroll(1)", "down"),
        Binding("up,k", "scroll(-1)", "up"),
        Binding("pagedown,space", "scroll_page(1)", "page down"),
        Binding("pageup,b", "scroll_page(-1)", "page up"),
        Binding("home,g", f"scroll({-FAR})", "top"),
        Binding("end,G", f"scroll({FAR})", "end"),
    ]

    def __init__(self, title: str, text: Text, *, at_end: bool = False) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._at_end = at_end

    def compose(self) -> ComposeResult:
        """The title, the text, and the keys."""
        yield Static(Text(safe_line(self._title), style="bold"), classes="bar")
        with VerticalScroll(id="page", can_focus=False):
            yield Static(self._text)

        yield Static(Text("↑ ↓ space b scroll   q back", style="dim"), classes="bar")

    def on_mount(self) -> None:
        """Show the end of a text whose end is its news."""
        if self._at_end:
            self._body.scroll_end(animate=False)

    @property
    def _body(self) -> VerticalScroll:
        return self.query_one("#page", VerticalScroll)

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        body = self._body
        body.scroll_to(y=body.scroll_y + lines, animate=False, immediate=True)

    def action_scroll_page(self, pages: int) -> None:
        """Scroll by screens; a line of the last one stays."""
        self.action_scroll(pages * max(1, self._body.size.height - 1))


def page_text(text: str, command: str) -> Text:
    """A plain text as a page shows it: nothing in it acts on the terminal. `command` prints what is left out."""
    lines = _first_lines(text, command)
    return Text("\n".join(lines))


def diff_text(text: str, command: str) -> Text:
    """A diff with its lines in colours."""
    shown = Text()
    for line in _first_lines(text, command):
        shown.append(f"{line}\n", style=_diff_style(line))

    return shown


def _first_lines(text: str, command: str) -> list[str]:
    """The lines of a text, at most `LINES_MAX`."""
    lines = safe_text(text).rstrip().splitlines()
    if len(lines) <= LINES_MAX:
        return lines

    return [*lines[:LINES_MAX], f"… {counted(len(lines) - LINES_MAX, 'more line')}: {safe_line(command)}"]


def _diff_style(line: str) -> str | None:
    """The style of a line of a diff, by how it begins; None for its own."""
    if line.startswith(DIFF_HEADS):
        return "bold"

    return DIFF_STYLES.get(line[:1])
