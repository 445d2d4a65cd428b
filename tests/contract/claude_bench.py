"""Claude Code's channel with a stand-in for the program: it keeps its state file, and calls the real hook when it asks."""

import json
import os
import subprocess
import sys
import threading

from world.terminal_lab import wait_for

from gitorch.model.ids import RunId, SessionId
from gitorch.model.plans.runtime import Preset
from gitorch.model.work.session import SessionKey
from gitorch.world import processes
from gitorch.world.channels.claude import ClaudeChannel
from gitorch.world.channels.site import ChannelSite
from gitorch.world.clock import SystemClock
from gitorch.world.terminal.session_files import LaunchRecord, SessionFolder


class Clock(SystemClock):
    """A real clock on which time that is slept passes at once, beside a short pause for the processes."""

    def __init__(self):
        self.slept = 0

    def now(self):
        return super().now() + self.slept

    def sleep(self, seconds):
        pause = min(seconds, 0.02)
        super().sleep(pause)
        self.slept += int((seconds - pause) * 1000)


class ClaudeBench:
    """A process that is asleep, whose state file the bench writes as the program does."""

    lines = False

    def __init__(self, folder):
        self.folder = folder
        self.files = SessionFolder(folder / "session")
        self.files.path.mkdir()
        self.start_program({"HOME": str(folder)})
        self.clock = clock = Clock()
        preset = Preset("claude", ("claude",), channels=("claude",))
        launch = LaunchRecord(("claude",), str(folder), "", clock.now(), preset)
        key = SessionKey(RunId("r1"), SessionId("s1"))
        self.site = ChannelSite(key, self.files, launch, clock, None, str(folder))
        self.channel = ClaudeChannel(self.site)
        self.hooks = []
        self.decisions = []
        self.changed_at = 0

    def start_program(self, env):
        """Start it, and write what the wrapper writes of it once it has become the program."""
        self.program = subprocess.Popen(["/usr/bin/env", "sleep", "60"], env={"PATH": os.environ["PATH"], **env})
        pid = self.program.pid
        wait_for(lambda: processes.command(pid).startswith("sleep"))
        self.started = processes.process(pid).started.rpartition("/")[2]
        stat = (processes.PROC / str(pid) / "stat").read_text()
        self.files.path.joinpath("agent").write_text(f"{pid}\n{stat}{processes.boot()}\n")
        self.state_file = self.folder / ".claude/sessions" / f"{pid}.json"
        self.state_file.parent.mkdir(parents=True, exist_ok=True)

    def status(self, status, **more):
        now = self.clock.now()
        self.changed_at = max(self.changed_at + 1, now)
        value = {"pid": self.program.pid, "procStart": self.started, "status": status}
        value |= {"statusUpdatedAt": self.changed_at, "version": "2.1.197", **more}
        self.state_file.write_text(json.dumps(value))

    def rest(self):
        self.status("idle")

    def work(self):
        self.status("busy")

    def begin_to_ask(self):
        """The dialog opens before its hook has said what it asks."""
        self.status("waiting", waitingFor="permission prompt")

    def ask(self, command, tool="Bash"):
        """The hook is called, and the dialog opens."""
        payload = {
            "hook_event_name": "PermissionRequest",
            "tool_name": tool,
            "tool_input": {"command": command},
            "cwd": str(self.folder),
        }
        words = [sys.executable, "-m", "gitorch.cli.main", "hook", "claude", "30"]
        env = {**os.environ, "GITORCH_SIGNALS": str(self.files.signals_path)}
        hook = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
        self.hooks.append(hook)
        hook.stdin.write(json.dumps(payload).encode())
        hook.stdin.close()
        wait_for(lambda: self.files.signals_path.exists() and command.encode() in self.files.signals_path.read_bytes())
        threading.Thread(target=self._decide, args=(hook,), daemon=True).start()
        self.status("waiting", waitingFor="permission prompt")

    def _decide(self, hook):
        printed = hook.stdout.read()
        if printed:
            self.decisions.append(json.loads(printed)["hookSpecificOutput"]["decision"])
            self.status("busy")

    def settle(self):
        self.status("idle")

    def vanish(self):
        self.state_file.unlink()
        self.program.kill()
        self.program.wait()

    def turns(self):
        return []

    def answered(self):
        behavior = wait_for(lambda: self.decisions)[-1]["behavior"]
        return {"allow": "once", "deny": "reject"}[behavior]

    def state(self, *wanted):
        return wait_for(lambda: (told := self.channel.observe()) and told.state in wanted and told.state)

    def close(self):
        self.program.kill()
        self.program.wait()
        for hook in self.hooks:
            hook.kill()
            hook.wait()
