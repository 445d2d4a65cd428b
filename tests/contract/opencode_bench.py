"""The bench of the channel `opencode`: a stand-in for its server, moved by the test."""

import json

from fakes.opencode_server import FakeOpenCode

from gitorch.model.ids import Moment, RunId, SessionId
from gitorch.model.plans.runtime import Preset
from gitorch.model.values import replace
from gitorch.model.work.session import SessionKey
from gitorch.world.channels.opencode import SERVER, OpenCodeChannel
from gitorch.world.channels.site import ChannelSite
from gitorch.world.clock import SystemClock
from gitorch.world.terminal.session_files import LaunchRecord, SessionFolder


class OpenCodeBench:
    lines = True

    def __init__(self, folder):
        clock = SystemClock()
        record = LaunchRecord(("x",), str(folder), "", Moment(clock.now()), Preset("x", ("x",)))
        self.server = FakeOpenCode(folder.resolve(), clock.now)
        (folder / SERVER).write_text(json.dumps({"port": self.server.port, "password": self.server.password}))
        key = SessionKey(RunId("r1"), SessionId("s1"))
        self.channel = OpenCodeChannel(ChannelSite(key, SessionFolder(folder), record, clock, None, str(folder)))

    def age(self):
        """Let its start be long ago."""
        site = self.channel._site
        self.channel._site = replace(site, launch=replace(site.launch, started_at=Moment(1)))

    def rest(self):
        self.server.statuses, self.server.permissions = {}, []

    def work(self):
        self.server.statuses = {"ses_1": {"type": "busy"}}

    def begin_to_ask(self):
        """Its screen shows the request, and its server does not list it yet."""
        self.work()

    def ask(self, command):
        self.work()
        request = {"id": "per_1", "sessionID": "ses_1", "permission": "bash", "patterns": [command]}
        self.server.permissions = [{**request, "metadata": {"command": command}, "always": []}]

    def settle(self):
        self.rest()

    def vanish(self):
        self.age()
        self.channel.close()
        self.server.close()

    def turns(self):
        return [message["parts"][0]["text"] for message in self.server.messages]

    def answered(self):
        return self.server.replies[-1]["reply"]

    def state(self, *wanted):
        state = self.channel.observe().state
        assert state in wanted
        return state

    def close(self):
        self.channel.close()
        self.server.close()
