"""Starts of a session in a real tmux server that were killed, or found a server that was ending."""

import pytest
from world.terminal_lab import run_script, wait_for

from gitorch.errors import Unavailable
from gitorch.model.ids import PromptId, RunId, SessionId
from gitorch.model.values import replace
from gitorch.model.work.session import SessionKey
from gitorch.ports.world import Launch
from gitorch.world.terminal import session_start
from gitorch.world.terminal.server_start import ensure_server
from gitorch.world.terminal.session_files import folder_of

pytestmark = pytest.mark.tmux


def test_a_start_that_was_killed_before_tmux_is_done_again(lab):
    key = SessionKey(RunId("auth-7f3a"), SessionId("s1"))
    launch = Launch(key, lab.preset(first_prompt="argument"), lab.cwd, {}, "Begin.", PromptId("p1"))
    folder = folder_of(lab.home, key)
    folder.write_launch(lab.terminals._starts._prepare(launch, folder))
    assert not lab.look(key).started
    lab.keys.append(key)
    lab.terminals.start(launch)
    lab.wait_state(key, "idle")
    assert lab.turns() == ["Begin."]


def test_a_start_that_was_killed_after_tmux_is_completed_and_not_done_again(lab):
    key = SessionKey(RunId("auth-7f3a"), SessionId("s1"))
    launch = Launch(key, lab.preset(first_prompt="argument"), lab.cwd, {}, "Begin.", PromptId("p1"))
    lab.keys.append(key)
    lab.terminals.start(launch)
    lab.wait_state(key, "idle")
    folder = folder_of(lab.home, key)
    mark, sent = folder.launch(), folder.sent(PromptId("p1"))
    folder.write_launch(replace(mark, server="", pane="", pane_pid=0, pane_started=""))
    folder.write_sent(PromptId("p1"), replace(sent, receipt=""))
    assert lab.look(key).present
    lab.another().start(launch)
    assert folder.launch() == mark
    assert lab.terminals.receipts(key) == {"p1": "submitted"}
    assert lab.turns() == ["Begin."]


@pytest.mark.parametrize(("endings", "starts"), [(1, True), (2, True), (3, False)])
def test_a_start_takes_another_server_where_the_one_that_answered_ends_first(lab, monkeypatch, endings, starts):
    """As a server does whose last session has just ended."""
    left = list(range(endings))

    def ending(tmux, *more):
        ensure_server(tmux, *more)
        if left:
            left.pop()
            lab.tmux.call("kill-server")
            wait_for(lambda: not tmux.answers())

    monkeypatch.setattr(session_start, "ensure_server", ending)
    if starts:
        assert lab.look(run_script(lab, "exec sleep 60")).present
    else:
        with pytest.raises(Unavailable, match="could not start session auth-7f3a_s1: no server running"):
            run_script(lab, "exec sleep 60")
