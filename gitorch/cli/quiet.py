"""Verbs carried out for another door of this process: at no terminal, with input of their own, their answers kept or dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.cli.arguments import GIVEN
from gitorch.cli.boundary import known_error
from gitorch.cli.call import Call
from gitorch.model.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitorch.app.executing.execute import Caller
    from gitorch.cli.pages.page import Page
    from gitorch.wiring.repository import Repository


class QuietCall(Call):
    """A call like another one, at no terminal and with a repository of its own: any thread may make it.

    Its answer is kept as text and printed nowhere.
    """

    def __init__(self, call: Call, services: Repository | None = None, caller: Caller | None = None) -> None:
        streams = replace(call.streams, asks=False, draws=False, columns=0, colours=False, controls=False)
        super().__init__(call.environ, call.folder, call.open, streams)
        self.opened = services
        self.parts: list[str] = []
        self._caller = caller

    @property
    def caller(self) -> Caller:
        """Whoever asked through the other door; else whoever started this process."""
        return self._caller or super().caller

    def say(self, values: Mapping[str, Any], text: str | Callable[[Page], str]) -> None:
        """Keep the answer of a verb."""
        del values
        self.parts.append(text if isinstance(text, str) else text(self.page))

    def note(self, text: str) -> None:
        """Keep what is said before the answer."""
        self.parts.append(text)

    def run(self, words: Sequence[str], given: bytes = b"") -> None:
        """Carry out a command line, for which `given` is standard input. Raises what its verb raises."""
        from gitorch.cli.command_line import carried_out

        self.words = tuple(words)
        before = GIVEN.set(given)
        try:
            carried_out(words, self)
        finally:
            GIVEN.reset(before)


def carry_out(call: Call, services: Repository, caller: Caller, words: Sequence[str], given: bytes) -> None:
    """Carry out a command line for a caller. Of what the verb raises, everything expected is a GitorchError."""
    try:
        QuietCall(call, services, caller).run(words, given)
    except Exception as error:
        known = known_error(error)
        if known is None:
            raise

        raise known from error
