"""Real sessions of a small terminal program on a private tmux server, and a way to wait for what they do."""

import json
import os
import secrets
import sys
from pathlib import Path

from waiting import until as wait_for

from gitorch.model.ids import PromptId, RunId, SessionId
from gitorch.model.plans.runtime import Preset, StateSign
from gitorch.model.work.session import SessionKey
from gitorch.ports.world import Launch
from gitorch.world import processes
from gitorch.world.channels.site import ChannelSite
from gitorch.world.clock import SystemClock
from gitorch.world.terminal.delivery import Delivery
from gitorch.world.terminal.session_files import folder_of
from gitorch.world.terminal.terminals import TmuxTerminals
from gitorch.world.terminal.tmux import Tmux

TUI = Path(__file__).with_name("tui.py")
SIGNS = {
    "dialog": (StateSign("tail", r"^Enter to confirm"),),
    "busy": (StateSign("tail", r"^esc to interrupt"),),
    "error": (StateSign("tail", r"^API Error"),),
    "ready": (StateSign("tail", r"^❯"), StateSign("title", r"^✳ ready")),
}


def gone(pid):
    """Whether a process has ended, even where nobody has asked how."""
    one = processes.process(pid)
    return one is None or one.zombie


class Lab:
    """Real sessions on a private tmux server."""

    def __init__(self, folder):
        self.folder = folder
        self.home = folder / "git dir/gitorch"
        self.socket = f"gitorch-test-{secrets.token_hex(4)}"
        self.clock = SystemClock()
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "SECRET_KEY": "hidden",
            "TMUX": "/user/socket,1,0",
        }
        self.terminals = self.another()
        self.tmux = Tmux(self.socket, self.environ, self.clock)
        self.cwd = folder / "work tree;"
        self.cwd.mkdir()
        self.keys = []

    def another(self):
        """A second gitorch process's view of the same server."""
        return TmuxTerminals(self.home, self.socket, self.clock, self.environ)

    def preset(self, *options, **changes):
        argv = (sys.executable, "-I", "-S", str(TUI), str(self.cwd), *options)
        return Preset(
            "tui",
            argv,
            **{"first_prompt": "paste", "settle_ms": 100, "signs": SIGNS, "empty_input": r"❯ ?", **changes},
        )

    def start(self, *options, key=None, line="", prompt=None, env=None, **changes):
        key = key or SessionKey(RunId("auth-7f3a"), SessionId(f"s{len(self.keys) + 1}"))
        self.keys.append(key)
        preset = self.preset(*options, **changes)
        self.terminals.start(Launch(key, preset, self.cwd, env or {}, line, PromptId(prompt) if prompt else None))
        return key

    def ready(self, *options, **changes):
        key = self.start(*options, **changes)
        self.wait_state(key, "idle", "waiting")
        return key

    def look(self, key):
        return self.terminals.observe([key])[key]

    def wait_state(self, key, *states):
        return wait_for(lambda: (seen := self.look(key)).state in states and seen)

    def pane(self, key):
        return next(pane for pane in self.tmux.list().panes if pane.session == key.name)

    def keys_to(self, key, *words):
        self.tmux.output("send-keys", "-t", self.pane(key).id, *words)

    def mode(self, mode):
        (self.cwd / "mode").write_text(mode)

    def logged(self, name):
        try:
            return (self.cwd / name).read_text().splitlines()
        except OSError:
            return []

    def turns(self):
        return [json.loads(line) for line in self.logged("turns")]

    def deliver(self, key, line="Read .gitorch/brief.md and do what it says.", prompt="p1", terminals=None):
        return (terminals or self.terminals).deliver(key, self.preset(), PromptId(prompt), line)

    def delivery(self, key):
        """What types into a session, to be stopped between its steps."""
        files = folder_of(self.home, key)
        return Delivery(ChannelSite(key, files, files.launch(), self.clock, self.tmux, str(self.folder)))

    def close(self):
        for key in self.keys:
            self.terminals.stop(key)
        self.tmux.call("kill-server")
        Path(f"/tmp/tmux-{os.getuid()}", self.socket).unlink(missing_ok=True)


def run_script(lab, script, name="s1", **changes):
    """A session whose agent is a shell script."""
    key = SessionKey(RunId("auth-7f3a"), SessionId(name))
    lab.keys.append(key)
    preset = Preset("script", ("/bin/sh", "-c", script), first_prompt="paste", **changes)
    lab.terminals.start(Launch(key, preset, lab.cwd, {"GITORCH_TOKEN": "t0ken"}, "", None))
    return key
