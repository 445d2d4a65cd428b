"""The turns of one conversation: which prompt is under way, and what is known of each prompt's delivery."""

from __future__ import annotations

from gitorch.model.values import Value

SUBMITTED, ACKNOWLEDGED = "submitted", "acknowledged"
ANSWER_CHARS_MAX = 2_000
RETRYING = "Info: "
"""How Copilot CLI 1.0.102 begins a piece that says that it asks its service again. What it wrote before that is no answer."""

HUMAN = ""
"""Stands for the id of a prompt that a human typed."""


class Turn(Value):
    """A prompt that the program was given."""

    prompt: str
    """Its id; empty for a line of a human."""
    text: str
    request: int
    """The number of the request that carries it, and whose answer ends the turn."""


class Turns:
    """One turn at a time: the first version of the protocol knows no second one beside it."""

    def __init__(self) -> None:
        self.current: Turn | None = None
        self._acknowledged = False
        self.ended = 0
        self.answer = ""
        """What the program has written since its last step, as far as `ANSWER_CHARS_MAX`."""
        self.waiting: list[str] = []
        """Lines that a human typed during a turn, in order."""
        self.receipts: dict[str, str] = {}
        """The grade of each prompt's delivery, by its id."""

    def begin(self, turn: Turn) -> None:
        """A prompt was sent."""
        self.current = turn
        self._acknowledged = False
        self.answer = ""
        if turn.prompt != HUMAN:
            self.receipts[turn.prompt] = SUBMITTED

    def acknowledge(self) -> str:
        """The program has shown that it works on the prompt; its text at the first time, else an empty one."""
        if self.current is None or self._acknowledged:
            return ""

        self._acknowledged = True
        if self.current.prompt != HUMAN:
            self.receipts[self.current.prompt] = ACKNOWLEDGED

        return self.current.text

    def write(self, text: str) -> None:
        """The program has written a piece of its answer."""
        if text.startswith(RETRYING):
            self.answer = ""
            return

        self.answer = (self.answer + text)[:ANSWER_CHARS_MAX]

    def take_step(self) -> None:
        """The program has done something: what it wrote before was not its answer."""
        self.answer = ""

    @property
    def failure(self) -> str:
        """The error that stands in the place of an answer; empty for a turn that ended well.

        Copilot CLI 1.0.102 ends a turn in good order when its service failed, and writes `Error: …`.
        """
        if self.answer.startswith("Error: "):
            return " ".join(self.answer.split())

        return ""

    def end(self) -> None:
        """The program has answered the prompt."""
        self.current = None
        self.ended += 1

    def next_line(self) -> str:
        """Take the first line that waits; empty where none does."""
        if not self.waiting:
            return ""

        return self.waiting.pop(0)
