"""Codex's channel against a stand-in of its app-server."""

from fakes.app_server import FakeAppServer
from world.terminal_lab import wait_for

from gitorch.model.ids import Moment, RunId, SessionId
from gitorch.model.observed import AgentState
from gitorch.model.plans.runtime import Preset
from gitorch.model.work.session import SessionKey
from gitorch.world.channels.codex import CodexChannel
from gitorch.world.channels.site import ChannelSite
from gitorch.world.clock import SystemClock
from gitorch.world.terminal.session_files import LaunchRecord, SessionFolder
from gitorch.world.terminal.template import CONTROL_SOCKET


class CodexBench:
    """A conversation that began before we came."""

    lines = True

    def __init__(self, folder):
        path = folder / CONTROL_SOCKET
        path.parent.mkdir(mode=0o700)
        self.server = FakeAppServer(path, folder)
        self.site = site(folder)
        self.channel = CodexChannel(self.site)

    def rest(self):
        self.server.become("idle")

    def work(self):
        self.server.begin()

    def begin_to_ask(self):
        """Its server says that it waits for an approval, and sends the request later."""
        self.server.begin()
        self.server.become("active", "waitingOnApproval")
        self.state(AgentState.DIALOG)

    def ask(self, command):
        self.server.ask(command)
        wait_for(lambda: self.channel.pending() is not None)

    def settle(self):
        self.server.settle()
        self.server.become("idle")
        wait_for(lambda: self.channel.pending() is None)

    def vanish(self):
        self.server.close()

    def turns(self):
        return self.server.texts

    def answered(self):
        decision = wait_for(lambda: self.server.decisions)[-1]["decision"]
        return {"accept": "once", "decline": "reject"}[decision]

    def state(self, *wanted):
        return wait_for(lambda: (state := self.channel.observe().state) in wanted and state)

    def close(self):
        self.channel.close()
        self.server.close()


def site(folder):
    """A session that was started long ago."""
    record = LaunchRecord(("codex",), str(folder), "", Moment(0), Preset("codex", ("codex",), channels=("codex",)))
    key = SessionKey(RunId("r1"), SessionId("s1"))
    return ChannelSite(key, SessionFolder(folder), record, SystemClock(), None, str(folder))
