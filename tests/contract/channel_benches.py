"""One bench for each control channel: a program that it talks to, moved by the same words.

A bench has `channel`, and what a test does to the program: `rest` (it waits at its prompt), `work` (a turn goes on), `ask(command)` (it
asks whether it may run this), `begin_to_ask` (it asks, and its channel does not know for what yet), `settle` (a human answers at the
program itself), `vanish` (it cannot be reached any more); and what came of it: `turns` (the texts it got), `answered` (`once` or
`reject`, for the last request), `state` (asks the channel until it says so).
"""

from acp_bench import AcpBench
from claude_bench import ClaudeBench
from codex_bench import CodexBench
from fakes.channels import FakeChannel
from opencode_bench import OpenCodeBench
from world.terminal_lab import Lab, wait_for

from gitorch.model.dialog import PermissionRequest
from gitorch.model.observed import READY, AgentState
from gitorch.model.plans.permission import RequestPattern
from gitorch.world.channels.site import ChannelSite
from gitorch.world.channels.terminal import TerminalChannel
from gitorch.world.terminal.session_files import folder_of


class FakeBench:
    """The channel on paper."""

    lines = True

    def __init__(self, folder):
        self.folder = folder
        self.channel = FakeChannel()

    def rest(self):
        self.channel.state = AgentState.IDLE

    def work(self):
        self.channel.state = AgentState.WORKING

    def begin_to_ask(self):
        self.work()

    def ask(self, command):
        self.channel.request = PermissionRequest("r1", command, "Bash", command, str(self.folder))

    def settle(self):
        self.channel.request, self.channel.state = None, AgentState.IDLE

    def vanish(self):
        self.channel.silent = "it does not answer"

    def turns(self):
        return list(self.channel.turns.values())

    def answered(self):
        return self.channel.answers[-1][1]

    def state(self, *wanted):
        state = self.channel.observe().state
        assert state in wanted
        return state

    def close(self):
        pass


class TerminalBench:
    """The small terminal program in a real pane, to which a channel can only type."""

    lines = False

    def __init__(self, folder):
        self.lab = Lab(folder)
        asked = r"^(?P<asked>Run \S+\?)\n ❯ 1\. Yes\n {3}2\. No\nEnter to confirm"
        request = RequestPattern(asked, once=("Enter",), reject=("B", "Enter"))
        key = self.lab.start("--menu", "Yes|No", permission_requests=(request,))
        self.lab.wait_state(key, *READY)
        files = folder_of(self.lab.home, key)
        site = ChannelSite(key, files, files.launch(), self.lab.clock, self.lab.tmux, str(folder))
        self.channel = TerminalChannel(site)

    def rest(self):
        self.lab.mode("idle")
        self.state(*READY)

    def work(self):
        self.lab.mode("busy")
        self.state(AgentState.WORKING)

    def ask(self, command):
        assert command == "make"
        self.lab.mode("dialog")
        self.state(AgentState.DIALOG)

    def settle(self):
        self.rest()

    def vanish(self):
        self.lab.tmux.call("kill-server")

    def turns(self):
        return self.lab.turns()

    def answered(self):
        return {"Yes": "once", "No": "reject"}[wait_for(lambda: self.lab.logged("answers"))[-1].strip('"')]

    def state(self, *wanted):
        return wait_for(lambda: (state := self.channel.observe().state) in wanted and state)

    def close(self):
        self.lab.close()


BENCHES = {
    "fake": FakeBench,
    "terminal": TerminalBench,
    "acp": AcpBench,
    "claude": ClaudeBench,
    "codex": CodexBench,
    "opencode": OpenCodeBench,
}
"""Every channel has its bench here; those with a real tmux are in `ON_TMUX`."""

ON_TMUX = frozenset({"terminal"})
