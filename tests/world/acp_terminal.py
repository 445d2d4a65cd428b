"""`gitorch acp-host` in a pseudo-terminal, with the fake program as its child: read, typed into, and asked on its socket."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path
from select import select

from waiting import LIMIT_SECONDS, until

from gitorch.world.acp.control import FOLDER, NAME, STATE, ask

AGENT = Path(__file__).parents[1] / "fakes/acp_agent.py"


class Host:
    """A host at work in a terminal, with its control folder below `place`."""

    def __init__(self, place, *words, agent=()):
        self.place, self.log, self.tree = place, place / "log", place / "tree"
        self.tree.mkdir()
        self.control = place / FOLDER
        argv = [sys.executable, "-m", "gitorch.cli.main", "acp-host", *words]
        program = agent
        if not agent or "=" in agent[0]:
            program = (sys.executable, str(AGENT), str(self.log), *agent)
        env = {**os.environ, "GITORCH_SIGNALS": str(place / "signals.jsonl"), "GITORCH_SESSION_KEY": "test/host"}
        self.terminal, other = pty.openpty()
        streams = {"stdin": other, "stdout": other, "stderr": other}
        self.process = subprocess.Popen(
            [*argv, "--", *program], cwd=self.tree, env=env, start_new_session=True, **streams
        )
        os.close(other)
        self.output = ""

    def read(self):
        """Take what it has drawn."""
        while select([self.terminal], [], [], 0)[0]:
            try:
                data = os.read(self.terminal, 65536)
            except OSError:
                return
            if not data:
                return
            self.output += data.decode("utf-8", "replace")

    def shows(self, text):
        def shown():
            self.read()
            return text in self.text()

        until(shown, what=f"{text!r} in the pane")

    def text(self):
        """What it has drawn, without the sequences that draw its live row."""
        return re.sub(r"\x1b\[[0-9?;]*[a-zA-Z]|\r", "", self.output)

    def type(self, text, enter="\r"):
        os.write(self.terminal, text.encode() + enter.encode())

    def state(self):
        try:
            return json.loads((self.control / STATE).read_text())
        except (OSError, ValueError):
            return {}

    def reaches(self, state):
        def reached():
            self.read()
            return self.state().get("state") == state

        until(reached, what=f"state {state}")
        return self.state()

    def ask(self, **request):
        return ask(self.control / NAME, request)

    def told(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def end(self):
        self.read()
        return self.process.wait(LIMIT_SECONDS)

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
