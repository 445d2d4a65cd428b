"""What has the terminal in place of the console: an agent's terminal, or a verb; and what is left when it is gone."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest
from cli_stage import RUN

pytest.importorskip("textual")

from gitorch.cli.console import terminal_use
from gitorch.errors import Unavailable
from gitorch.model.ids import SessionId
from gitorch.model.work.session import SessionKey


class Kept:
    """An application and a guard of the terminal, which note what happens to them."""

    def __init__(self) -> None:
        self.events: list[object] = []

    @contextlib.contextmanager
    def suspend(self):
        self.events.append("suspended")
        yield
        self.events.append("back")

    def disarm(self) -> None:
        self.events.append(("disarmed", signal.getsignal(signal.SIGINT) is signal.default_int_handler))

    def arm(self) -> None:
        self.events.append("armed")


OPEN = Path("/proc/self/fd")
LENT = ["suspended", ("disarmed", True), "armed", "back"]


@pytest.fixture
def kept(monkeypatch):
    before = signal.signal(signal.SIGINT, lambda *_: None)
    monkeypatch.setattr(terminal_use, "ask_to_go_on", lambda _: None)
    yield Kept()
    signal.signal(signal.SIGINT, before)


def attached(stage, kept, argv, **environ):
    asked = []
    stage.environ = environ
    stage.terminals.attach_argv = lambda key: asked.append(key) or argv
    said = terminal_use.Terminal(stage.call(), kept).attach(kept, RUN, SessionId("s1"))
    assert asked == [SessionKey(RUN, SessionId("s1"))]
    return said


def test_an_agent_s_terminal_is_shown_outside_of_the_user_s_tmux_until_it_is_left(stage, kept, tmp_path, capsys):
    shown = tmp_path / "shown"
    argv = ("sh", "-c", f'echo "$MARK $TMUX." > {shown}')
    assert attached(stage, kept, argv, PATH=os.environ["PATH"], MARK="m", TMUX="outer") == ""
    assert shown.read_text() == "m .\n"
    assert kept.events == LENT
    assert capsys.readouterr().out == "gitorch: this is the terminal of s1; Ctrl-b d comes back\n"


def test_a_terminal_that_cannot_be_shown_is_a_sentence(stage, kept):
    assert attached(stage, kept, ("/no/such/tmux",)) == "/no/such/tmux cannot be run: No such file or directory"
    assert kept.events == LENT

    def gone(_):
        raise Unavailable("tmux is gone")

    stage.terminals.attach_argv = gone
    assert terminal_use.Terminal(stage.call(), kept).attach(kept, RUN, SessionId("s1")) == "tmux is gone"
    assert kept.events == LENT, "the console stayed"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("list",), "gitorch list is done."),
        (("why", "nothing"), "gitorch why ended with status 3; nothing else was changed."),
    ],
)
def test_a_verb_that_had_the_terminal_ends_with_a_sentence(stage, kept, words, sentence):
    stage.begin_run()
    handler = signal.getsignal(signal.SIGINT)
    assert terminal_use.Terminal(stage.call(), kept).run_verb(kept, words) == sentence
    assert kept.events == LENT
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_console_whose_terminal_is_gone_stands_on_the_null_device(monkeypatch):
    moved = []
    before = len(list(OPEN.iterdir()))
    with monkeypatch.context() as here:
        here.setattr(os, "dup2", lambda source, stream: moved.append((os.fstat(source).st_rdev, stream)))
        terminal_use.let_go()
    null = Path(os.devnull).stat().st_rdev
    assert moved == [(null, 0), (null, 1), (null, 2)]
    assert len(list(OPEN.iterdir())) == before
