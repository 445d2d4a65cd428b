"""A run of six agents that needs everything of a person: a question, a blocker, a dialog and a failure; and a real terminal for it.

The terminal is a tmux server of the test's own, in which `gitorch up` runs in a shell as a person would start it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from house import Epic
from waiting import until

if TYPE_CHECKING:
    from house import House

EPICS = (
    Epic("cookies", title="Name the session cookie"),
    Epic("tokens", title="Sign the session tokens"),
    Epic("logout", title="End sessions on every device"),
    Epic("audit", title="Record who signed in"),
    Epic("limits", title="Limit attempts to sign in"),
    Epic("docs", title="Explain sessions to operators"),
)
TITLE = "Rotate sessions"

SCRIPT = """
[[turn]]
job = "cookies"
prompt = "brief"
[[turn.step]]
say = "The session cookie has no name in the plan."
[[turn.step]]
handoff = "NEEDS_CONTEXT"
questions = ["Which cookie should carry the session: sid or the old PHPSESSID?"]

[[turn]]
job = "tokens"
prompt = "brief"
[[turn.step]]
say = "I looked for the signing key and found none."
[[turn.step]]
handoff = "BLOCKED"
blocker = "There is no signing key in the test environment"
clears = "A key for tests, or the word to make one up"

[[turn]]
job = "logout"
attempt = 1
[[turn.step]]
dialog = "permission"
text = "npm install left-pad"
[[turn.step]]
write = "logout.md"
text = "Logging out ends the session on every device."
[[turn.step]]
commit = "End a session on every device"
[[turn.step]]
handoff = "DONE"
summary = "Logging out ends every session"

[[boot]]
job = "audit"
[[boot.step]]
boot_exit = 3

[[turn]]
job = "limits"
prompt = "brief"
[[turn.step]]
write = "limits.md"
text = "Ten attempts an hour, then a pause."
[[turn.step]]
commit = "Limit attempts to sign in"
[[turn.step]]
handoff = "DONE"
summary = "Sign-in is limited"
"""

GITORCH = Path(sys.executable).parent / "gitorch"


def furnish(home: House, more: str = "") -> str:
    """Write the agents' script, with more turns, and start the run; its id."""
    home.configure(SCRIPT + more, agents=6, start=20)
    config = home.path / "gitorch.yaml"
    config.write_text(config.read_text().replace("approval: {unattended: true}", "approval: {at_least: typed}"))
    return home.start(*EPICS, title=TITLE)


@dataclass
class Screen:
    """A terminal on a tmux server of its own, with a shell in it."""

    folder: Path
    home: House
    size: tuple[int, int] = (80, 24)

    def __enter__(self) -> Self:
        columns, lines = map(str, self.size)
        shell = "env PS1='$ ' ENV= sh -i"
        self.tmux("-f", os.devnull, "new-session", "-d", "-x", columns, "-y", lines, "-c", str(self.home.path), shell)
        self.tmux("set-option", "-g", "status", "off")
        return self

    def __exit__(self, *_: object) -> None:
        """End `gitorch up`, if it still runs, before anybody asks it to stop the agents; then the terminal."""
        driving = self.pids()
        for pid in driving:
            with suppress(ProcessLookupError):  # it ends with its run
                os.kill(pid, signal.SIGTERM)
        until(lambda: not self.pids())
        self.tmux("kill-server", check=False)

    def pids(self) -> list[int]:
        """The processes of `gitorch up` in this repository."""
        lines = [line for line in self.home.processes() if f"{GITORCH} up" in line]
        return [int(line.split()[0]) for line in lines]

    def tmux(self, *words: str, check: bool = True) -> str:
        socket = str(self.folder / "screen.tmux")
        done = subprocess.run(("tmux", "-S", socket, *words), capture_output=True, text=True, check=False)
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    def type(self, text: str) -> None:
        """Type characters as they are."""
        self.tmux("send-keys", "-l", text)

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names."""
        self.tmux("send-keys", *keys)

    @property
    def text(self) -> str:
        return self.tmux("capture-pane", "-p")

    @property
    def colours(self) -> str:
        """The screen with its colours as escape sequences."""
        return self.tmux("capture-pane", "-e", "-p")

    @property
    def flat(self) -> str:
        """The screen without line ends and frames."""
        return " ".join(self.text.replace("│", " ").split())

    def sees(self, *parts: str, seconds: float = 60) -> str:
        """Wait until the screen shows all of these; the screen."""
        seen = [""]

        def shown() -> bool:
            seen[0] = self.text
            flat = " ".join(seen[0].replace("│", " ").split())
            return all(part in flat for part in parts)

        try:
            until(shown, wait_seconds=seconds, every_seconds=0.1, what=f"{parts}")
        except AssertionError as error:
            raise AssertionError(f"{parts} not on the screen:\n{seen[0]}") from error
        return seen[0]

    def up(self, *words: str) -> None:
        """Start `gitorch up` from the shell."""
        self.type(" ".join((str(GITORCH), "up", *words)))
        self.press("Enter")

    def select(self, name: str) -> None:
        """Move to a row by its name, down from the first; from the first again where rows have moved meanwhile."""
        self.sees("▌", "q leave")
        for key in ["g", *["j"] * 9] * 5:
            self.press(key)
            if f"▌ {name} " in self.settled():
                return
        raise AssertionError(f"no row {name}:\n{self.text}")

    def settled(self) -> str:
        """The screen once it has not changed for a moment, ages aside."""
        seen = ["", ""]

        def same() -> bool:
            seen[:] = [seen[1], marked(self.text)]
            return seen[0] == seen[1] != ""

        until(same, every_seconds=0.15, what="a quiet screen")
        return self.text

    def resize(self, columns: int, lines: int) -> None:
        self.tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def pid(self) -> int:
        """The process of `gitorch up`."""
        (found,) = self.pids()
        return found


def marked(text: str) -> str:
    """The name of the selected row."""
    for line in text.splitlines():
        if line.startswith(" ▌ "):
            return line.split()[1]
    return ""
