"""What a tick records on a ledger that hosts share, kept until it can go out together: each append is a push there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.app.executing.execute import Recording
    from gitorch.model.commands import Command
    from gitorch.model.work.fault import Step


class Held(NamedTuple):
    """A fact that is true already, and waits to be recorded."""

    step: Step
    """The step that found it, whose fault its failure is."""
    command: Command
    recording: Recording


class Together:
    """The facts that are held. Without `is_open` nothing is held, and each fact is recorded at once."""

    def __init__(self) -> None:
        self.is_open = False
        self._held: list[Held] = []
        self._began = 0
        self._step: Step | None = None

    def begin(self, step: Step) -> None:
        """What is held from now on belongs to this step."""
        self._step, self._began = step, len(self._held)

    def drop(self) -> None:
        """Forget what the step holds: it failed, and finds it again when it is tried again."""
        del self._held[self._began :]

    def hold(self, command: Command, recording: Recording) -> bool:
        """Keep a fact of the present step; whether it was kept."""
        if not self.is_open or self._step is None:
            return False

        self._held.append(Held(self._step, command, recording))
        return True

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Have what the block finds recorded at once."""
        before, self.is_open = self.is_open, False
        try:
            yield
        finally:
            self.is_open = before

    @property
    def is_holding(self) -> bool:
        """Whether the present step holds anything."""
        return len(self._held) > self._began

    def take(self) -> list[Held]:
        """Everything that is held, oldest first; nothing is held afterwards."""
        held, self._held, self._began = self._held, [], 0
        return held
