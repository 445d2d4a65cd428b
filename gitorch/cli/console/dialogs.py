"""What the console asks: whether to decide something, an answer to a question, a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from gitorch.cli.console.question_view import options_table, question_table
from gitorch.cli.pages.cells import safe_line
from gitorch.text.visible import safe_text

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Resize

    from gitorch.model.ids import RunId
    from gitorch.model.work.question import Question

T = TypeVar("T")

BOX_PERCENT = 90
"""How much of the screen a box takes at most, as the style says."""

LINES_BESIDE = 10
"""The lines of an answer's box beside the question and the options: frames, the line to type on, the hint."""

STANDARD_INPUT = "-"
"""The word by which verbs read standard input, which is no text of a person here."""

CANCEL: BindingType = Binding("escape,ctrl+c", "cancel", "cancel", priority=True)


class Dialog(ModalScreen[T | None]):
    """A box in the middle of the screen, which `escape` leaves without an answer."""

    BINDINGS: ClassVar[list[BindingType]] = [CANCEL]

    def action_cancel(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)


class ConfirmDialog(Dialog[bool]):
    """Asks whether to carry out a command that decides something; anything but `y` is a no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        CANCEL,
        Binding("y,Y", "agree", "yes"),
        Binding("n,N,enter,q", "cancel", "no"),
    ]

    def __init__(self, sentence: str, command: str) -> None:
        super().__init__()
        self._sentence = sentence
        self._command = command

    def compose(self) -> ComposeResult:
        """What is decided, the command that decides it, and the two keys."""
        text = Text()
        text.append(f"{safe_text(self._sentence)}\n\n", style="bold")
        text.append(f"{safe_line(self._command)}\n\n", style="dim")
        text.append("y", style="bold")
        text.append(" yes    ")
        text.append("n", style="bold")
        text.append(" no")
        with VerticalScroll(classes="box", can_focus=False):
            yield Static(text)

    def action_agree(self) -> None:
        """Answer yes."""
        self.dismiss(True)


class TextDialog(Dialog[str]):
    """Asks for a text on one line; an empty one is no answer unless `may_be_empty`."""

    def __init__(self, title: str, hint: str, *, may_be_empty: bool = False) -> None:
        super().__init__()
        self._title = title
        self._hint = hint
        self._may_be_empty = may_be_empty

    def compose(self) -> ComposeResult:
        """The title, what is expected, and a line to type on."""
        with Vertical(classes="box"):
            yield Static(Text(safe_line(self._title), style="bold"))
            yield Static(Text(safe_text(self._hint), style="dim"))
            yield Input()
            yield Static(Text("Enter goes on, Esc leaves", style="dim"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give what was typed."""
        typed = event.value.strip()
        if typed == STANDARD_INPUT:
            return

        if typed or self._may_be_empty:
            self.dismiss(typed)


class AnswerDialog(Dialog[tuple[str, ...]]):
    """Shows a question whole and asks for its answer: an option by number or name with words behind it, or words.

    Gives the words of the answer as `gitorch answer` takes them.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        CANCEL,
        Binding("ctrl+n", "next", "next question", priority=True),
        Binding("pageup", "scroll(-1)", "up", priority=True),
        Binding("pagedown", "scroll(1)", "down", priority=True),
    ]

    def __init__(self, run: RunId, question: Question, place: str, *, has_next: bool) -> None:
        """`place` says which of several questions it is, or is empty."""
        super().__init__()
        self._has_next = has_next
        self._run = run
        self._question = question
        self._place = place

    def compose(self) -> ComposeResult:
        """The question, its options by number, and a line to type on."""
        with Vertical(classes="box"):
            yield Static(Text(f"{self._question.id} in {self._run}", style="bold"))
            with VerticalScroll(classes="reading", can_focus=False):
                yield Static(question_table(self._question))

            yield Static(options_table(self._question), classes="options")
            yield Input(placeholder=self._expected())
            yield Static(Text(f"Enter goes on, Esc leaves, PgUp PgDn scroll{self._place}", style="dim"))

    def on_resize(self, event: Resize) -> None:
        """Leave the line to type on its room: the question is scrolled where there is not enough for all of it."""
        needed = len(self._question.options) + LINES_BESIDE
        room = event.size.height * BOX_PERCENT // 100 - needed
        self.query_one(".reading", VerticalScroll).styles.max_height = max(1, room)

    def action_scroll(self, pages: int) -> None:
        """Scroll the question by pages."""
        reading = self.query_one(".reading", VerticalScroll)
        reading.scroll_relative(y=pages * reading.size.height, animate=False)

    def action_next(self) -> None:
        """Go on to the next question without an answer."""
        if self._has_next:
            self.dismiss(())

    def _expected(self) -> str:
        """What may be typed."""
        if self._question.options:
            return "a number or a name, and words behind it if they are needed"

        return "your answer in words"

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give the answer, unless nothing was typed."""
        words = answer_words(event.value, self._question.options)
        if words:
            self.dismiss(words)


def answer_words(typed: str, options: tuple[str, ...]) -> tuple[str, ...]:
    """What was typed as words of `gitorch answer`: a number in front stands for the option of that number.

    Without options all of it is one text. A number that no option has stays as it is, and the rules refuse it.
    """
    text = typed.strip()
    if text in {"", STANDARD_INPUT}:
        return ()

    if not options:
        return (text,)

    first, _, rest = text.partition(" ")
    if first.isascii() and first.isdigit() and 1 <= int(first) <= len(options):
        first = options[int(first) - 1]

    if not rest.strip():
        return (first,)

    return (first, rest.strip())
