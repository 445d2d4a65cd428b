"""In a real tmux pane: title, prompt, tmux's own paste, a dialog, a dead pane."""

from __future__ import annotations

import re
import select
import subprocess
import sys
import time
import uuid

import pytest
from scripted_stand import BRIEF_LINE, environment
from waiting import LIMIT_SECONDS

pytestmark = pytest.mark.tmux
HELLO = '[[turn]]\nprompt = "other"\n[[turn.step]]\nsay = "Hello."\n'


class Pane:
    """The agent as the process of a pane of a tmux server of its own."""

    def __init__(self, repo, fake, script: str, prompt: str) -> None:
        self._socket = f"scripted-{uuid.uuid4().hex[:8]}"
        path = fake.folder / "agents.toml"
        path.write_text(script)
        self._env = environment(fake, path)  # tmux gives a new session its client's PATH, whatever -e says
        words = [word for name, value in self._env.items() for word in ("-e", f"{name}={value}")]
        argv = [sys.executable, "-m", "gitorch.scripted", *([prompt] if prompt else [])]
        self.tmux(
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "120",
            "-y",
            "40",
            "-c",
            str(repo),
            *words,
            *argv,
            ";",
            "set",
            "-g",
            "remain-on-exit",
            "on",
        )

    def tmux(self, *words: str, text: str | None = None) -> str:
        argv = ["tmux", "-L", self._socket, *words]
        return subprocess.run(
            argv, env=self._env, input=text, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
        ).stdout

    def until(self, holds, seconds: float = LIMIT_SECONDS) -> None:
        limit = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < limit, f"not seen in time; the screen:\n{self.screen()}"
            select.select([], [], [], 0.03)

    def title(self) -> str:
        return self.tmux("display-message", "-p", "#{pane_title}").strip()

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def shows(self, pattern: str) -> bool:
        return re.search(pattern, self.screen(), re.MULTILINE) is not None

    def is_ready(self) -> bool:
        return self.title() == "✳ ready" and self.shows(r"^❯\s*\Z")

    def paste(self, text: str) -> None:
        self.tmux("load-buffer", "-b", "one", "-", text=text)
        self.tmux("paste-buffer", "-p", "-r", "-d", "-b", "one")


@pytest.fixture
def pane(repo, fake):
    panes = []

    def begin(script: str = "", prompt: str = BRIEF_LINE) -> Pane:
        panes.append(Pane(repo, fake, script, prompt))
        return panes[-1]

    yield begin
    for each in panes:
        each.tmux("kill-server")


def prompts(fake):
    return [text for event, text in fake.hooks() if event == "prompt"]


def test_a_first_prompt_leads_to_a_report_and_back_to_the_prompt(pane, fake):
    agent = pane()
    agent.until(lambda: fake.calls("handoff") and agent.is_ready())
    assert agent.shows(f"^› {re.escape(BRIEF_LINE)}")
    assert agent.shows("^● Handoff DONE")
    assert not agent.shows("esc to interrupt")


def test_title_and_screen_show_that_the_agent_works(pane):
    agent = pane("[[turn]]\n[[turn.step]]\nsleep = 30\n")
    agent.until(lambda: agent.title() == "⠂ working" and agent.shows(r"^✻ Working… \(esc to interrupt\)\s*\Z"))
    assert not agent.shows("^❯")


def test_a_paste_through_tmux_is_exact(pane, fake):
    text = "Lies die Datei:\n\n\t„größer“ 你好 🚀;\n  end;"
    agent = pane(HELLO, "")
    agent.until(agent.is_ready)
    agent.paste(text)
    agent.until(lambda: agent.shows("^❯ .*⏎"))
    agent.tmux("send-keys", "Enter")
    agent.until(lambda: prompts(fake) == [text])


def test_a_swallowed_enter_leaves_the_text_in_the_line(pane, fake):
    agent = pane("[[boot]]\n[[boot.step]]\nignore_enter = 1\n" + HELLO, "")
    agent.until(agent.is_ready)
    agent.paste("go")
    agent.tmux("send-keys", "Enter")
    agent.until(lambda: agent.shows(r"^❯ go\s*\Z"))
    assert prompts(fake) == []
    agent.tmux("send-keys", "Enter")
    agent.until(lambda: prompts(fake) == ["go"])
    agent.until(lambda: agent.shows("^› go$"))


def test_an_answered_dialog_leaves_no_trace_of_its_key_line(pane):
    agent = pane('[[boot]]\n[[boot.step]]\ndialog = "trust"\n', "")
    agent.until(lambda: agent.title() == "✋ action required" and agent.shows("Enter to confirm · Esc to cancel"))
    agent.tmux("send-keys", "Enter")
    agent.until(agent.is_ready)
    assert not agent.shows("Esc to cancel")


def test_a_crash_leaves_a_dead_pane(pane):
    agent = pane('[[turn]]\n[[turn.step]]\ncrash = "KILL"\n')
    agent.until(lambda: agent.tmux("list-panes", "-a", "-F", "#{pane_dead}").strip() == "1")


def test_a_narrower_window_keeps_one_prompt_row(pane):
    agent = pane("", "")
    agent.until(agent.is_ready)
    agent.tmux("send-keys", "-l", "x" * 100)
    agent.until(lambda: agent.shows("^❯ x{100}"))
    agent.tmux("resize-window", "-x", "60")
    agent.until(lambda: agent.shows(r"^❯ …x{40,}\s*\Z"))
    assert len(re.findall("^❯", agent.screen(), re.MULTILINE)) == 1
