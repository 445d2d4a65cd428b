"""A control channel without a program, which does what a test says."""

from gitorch.errors import Unavailable
from gitorch.model.channel import ChannelObservation
from gitorch.model.observed import READY, AgentState


class FakeChannel:
    """`silent` makes it answer nothing; `cut` lets a delivery reach the program and the answer get lost."""

    def __init__(self, name="fake"):
        self.name = name
        self.state = AgentState.IDLE
        self.request = None
        self.turns = {}
        self.answers = []
        self.used = ()
        self.limited = ()
        self.silent = ""
        self.cut = False
        self.asked = 0
        self.closed = False

    def _ask(self):
        self.asked += 1
        if self.silent:
            raise Unavailable(self.silent)

    def deliver(self, prompt, text, started_at):
        self._ask()
        if prompt in self.turns:
            return "acknowledged"
        if started_at is not None:
            return "unknown"
        if self.request is not None or self.state not in READY:
            return f"refused: the agent's state is {self.state}"
        self.turns[prompt] = text
        self.state = AgentState.WORKING
        if self.cut:
            raise KeyboardInterrupt
        return "acknowledged"

    def observe(self):
        self._ask()
        state = AgentState.DIALOG if self.request else self.state
        return ChannelObservation(state, f"{self.name}: {state}", self.request)

    def pending(self):
        self._ask()
        return self.request

    def answer(self, request, option, reason):
        self._ask()
        if request != self.request:
            return "refused: the permission request is not pending any more"
        self.answers.append((request.id, str(option), reason))
        self.request, self.state = None, AgentState.WORKING
        return "answered"

    def interrupt(self):
        self._ask()
        if self.state is not AgentState.WORKING:
            return "refused: no turn is under way"
        self.state = AgentState.IDLE
        return "interrupted"

    def usage(self):
        self._ask()
        return self.used

    def limits(self):
        self._ask()
        return self.limited

    def close(self):
        self.closed = True
