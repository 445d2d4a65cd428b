"""The bench of the channel `acp`: a real host in a pseudo-terminal, and a program that does what its prompts say."""

from pathlib import Path

from waiting import until
from world.acp_terminal import Host

from gitorch.model.ids import Moment, RunId, SessionId
from gitorch.model.observed import READY, AgentState
from gitorch.model.plans.runtime import Preset
from gitorch.model.work.session import SessionKey
from gitorch.world.channels.acp import AcpChannel
from gitorch.world.channels.site import ChannelSite
from gitorch.world.clock import SystemClock
from gitorch.world.terminal.session_files import LaunchRecord, SessionFolder

KEY = SessionKey(RunId("r1"), SessionId("s1"))


class AcpBench:
    """A human at the pane makes the program work and ask, and settles what it asks."""

    lines = True

    def __init__(self, folder, *, agent=()):
        self.host = Host(folder, agent=agent)
        pid = self.host.process.pid
        stat, boot = (Path("/proc", name).read_text().strip() for name in (f"{pid}/stat", "sys/kernel/random/boot_id"))
        (folder / "agent").write_text(f"{pid}\n{stat}\n{boot}\n")
        self.typed = []
        clock = SystemClock()
        record = LaunchRecord(("x",), str(folder), "", Moment(clock.now()), Preset("x", ("x",)))
        site = ChannelSite(KEY, SessionFolder(folder), record, clock, None, str(folder))
        self.channel = AcpChannel(site)

    def type(self, line):
        self.typed.append(line)
        self.host.type(line)

    def rest(self):
        self.state(*READY)

    def work(self):
        self.type("hang")
        self.state(AgentState.WORKING)

    def begin_to_ask(self):
        """The host shows a request whole or not at all."""
        self.work()

    def ask(self, command):
        if self.channel.observe().state is AgentState.WORKING:
            self.host.type("\x03", enter="")
            self.rest()
        self.type(f"run {command}")
        self.state(AgentState.DIALOG)

    def settle(self):
        self.host.type("1")
        self.rest()

    def vanish(self):
        self.host.kill()

    def turns(self):
        prompts = [one["prompt"] for one in self.host.told() if "prompt" in one]
        return [text for text in prompts if text not in self.typed]

    def answered(self):
        outcome = until(lambda: [one["outcome"] for one in self.host.told() if "outcome" in one])[-1]
        return {"yes-1": "once", "no-1": "reject"}[outcome["optionId"]]

    def state(self, *wanted):
        def told():
            self.host.read()
            seen = self.channel.observe()
            return seen is not None and seen.state in wanted and seen.state

        return until(told)

    def close(self):
        self.host.kill()
