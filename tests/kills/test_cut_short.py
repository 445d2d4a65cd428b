"""A start that was killed right after tmux had made the session: its marks do not know the pane yet."""

from __future__ import annotations

import pytest
from world.terminal_lab import Lab, wait_for

from gitorch.model.ids import PromptId
from gitorch.model.values import replace
from gitorch.world.terminal.session_files import folder_of

pytestmark = pytest.mark.tmux
LINE = "Read .gitorch/brief.md and do what it says."


@pytest.fixture
def lab(tmp_path):
    lab = Lab(tmp_path)
    yield lab
    lab.close()


def cut_short(lab, key):
    """Leave the marks as they were when the session had just been made."""
    folder = folder_of(lab.home, key)
    mark = folder.launch()
    folder.write_launch(replace(mark, server="", pane="", pane_pid=0, pane_started=""))
    for prompt in folder.prompts():
        folder.write_sent(prompt, replace(folder.sent(prompt), receipt=""))


def test_a_session_whose_start_was_cut_short_can_be_typed_into(lab):
    key = lab.ready()
    cut_short(lab, key)
    assert lab.deliver(key, LINE, terminals=lab.another()) in {"delivered", "submitted"}
    wait_for(lab.turns)
    assert lab.turns() == [LINE]


def test_a_prompt_given_at_a_start_that_was_cut_short_is_known_and_not_typed_again(lab):
    key = lab.ready(line=LINE, prompt="p1", first_prompt="argument")
    cut_short(lab, key)
    other = lab.another()
    assert other.receipts(key) == {PromptId("p1"): "submitted"}
    assert lab.deliver(key, LINE, terminals=other) in {"delivered", "submitted"}
    assert lab.turns() == [LINE]


def test_a_text_is_pasted_once_even_where_an_orphaned_tmux_pasted_it_after_the_look(lab):
    key = lab.ready()
    delivery = lab.delivery(key)
    before = delivery._reader.observe(LINE)
    assert lab.deliver(key, LINE) in {"delivered", "submitted"}
    lab.wait_state(key, "idle", "waiting")
    sent = folder_of(lab.home, key).sent(PromptId("p1"))
    assert delivery._type(before, PromptId("p1"), sent) == "its terminal changed just before the text was typed"
    assert lab.turns() == [LINE]
