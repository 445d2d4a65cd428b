"""The list of rows: it draws only the lines that are on the screen, so that hundreds of rows cost what twenty cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.strip import Strip

from gitorch.cli.console.rows import age_of, columns_of, heading_text, plan_lines, row_text
from gitorch.model.ids import Moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style
    from rich.text import Text
    from textual.events import Click, Resize

    from gitorch.cli.console.rows import BoardLine
    from gitorch.model.view import EpicRow


class BoardScreen(Screen[None]):
    """The screen of the board. Tab belongs to the board; a screen takes it otherwise, to move the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "app.next_waiting")]


class BoardView(ScrollView, inherit_bindings=False):
    """The rows, one of them selected. A click selects, a second one opens.

    Keys move the selection, and never scroll past it: those of a scroll view are left out.
    """

    DEFAULT_CSS = "BoardView { scrollbar-size-vertical: 1; scrollbar-gutter: stable; }"

    class Picked(Message):
        """A row was clicked; `opens` is whether for the second time."""

        def __init__(self, row: int, *, opens: bool) -> None:
            super().__init__()
            self.row = row
            self.opens = opens

    def __init__(self) -> None:
        super().__init__(id="board")
        self.can_focus = True
        self._rows: Sequence[EpicRow] = ()
        self._lines: list[BoardLine] = []
        self._selected = 0
        self._now = Moment(0)
        self._ages: list[str] = []
        self._widths = columns_of((), 80)

    def show(self, rows: Sequence[EpicRow], selected: int, now: Moment) -> None:
        """Draw these rows; the selected one is brought onto the screen."""
        are_new = rows != self._rows
        is_moved = selected != self._selected
        self._rows, self._selected, self._now = rows, selected, now
        if are_new:
            self._lines = plan_lines(rows)
            self._measure()
        elif is_moved:  # the columns stay as they are: to measure 200 rows takes 3 ms
            self._scroll_to_selected()
            self.refresh()
        elif self._are_older():
            self.refresh()

    def _are_older(self) -> bool:
        """Whether an age on the screen has changed since this was last asked."""
        before = self._ages
        top = int(self.scroll_offset.y)
        shown = self._lines[top : top + self.size.height]
        self._ages = [age_of(self._rows[line.row], self._now) for line in shown if line.row is not None]
        return self._ages != before

    @property
    def lines_wanted(self) -> int:
        """The lines that all rows and headings take."""
        return len(self._lines)

    def _measure(self) -> None:
        """Lay out the columns for the width that the view has now."""
        columns = max(1, self.scrollable_content_region.width)
        self._widths = columns_of(self._rows, columns)
        self.virtual_size = Size(columns, len(self._lines))
        self._scroll_to_selected()
        self.refresh()

    def _scroll_to_selected(self) -> None:
        """Bring the selected row onto the screen, and the heading above it if it is the first of its state."""
        for y, line in enumerate(self._lines):
            if line.row == self._selected:
                top = y
                if self._lines[y - 1].row is None:
                    top = y - 1

                self._bring_in(top, y)

    def _bring_in(self, top: int, bottom: int) -> None:
        """Scroll as little as needed to see these lines; the lower one where there is no room for both."""
        first = min(int(self.scroll_offset.y), top)
        height = max(1, self.size.height)
        self.scroll_to(y=max(first, bottom - height + 1), animate=False, immediate=True)

    def on_resize(self, event: Resize) -> None:
        """Lay out anew."""
        del event
        self._measure()

    def on_click(self, event: Click) -> None:
        """Tell which row was clicked."""
        y = event.y + int(self.scroll_offset.y)
        if y >= len(self._lines):
            return

        row = self._lines[y].row
        if row is not None:
            self.post_message(self.Picked(row, opens=event.chain > 1))

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        columns = self.size.width
        at = y + int(self.scroll_offset.y)
        if at >= len(self._lines):
            return Strip.blank(columns, self.rich_style)

        return self._strip(self._text_of(self._lines[at]), columns)

    def _text_of(self, line: BoardLine) -> Text:
        """The text of a line of the board."""
        if line.row is None:
            return heading_text(line, self.scrollable_content_region.width)

        row = self._rows[line.row]
        return row_text(row, self._widths, self._now, is_selected=line.row == self._selected)

    def _strip(self, text: Text, columns: int) -> Strip:
        """The text as Textual draws it, exactly this wide."""
        base: Style = self.rich_style
        segments = text.render(self.app.console)
        return Strip(segments).apply_style(base).adjust_cell_length(columns, base)
