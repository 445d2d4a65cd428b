"""What a program asks before it begins to work: named, left alone, and only a folder is trusted, by the lane that says so."""

import json
import sys
from pathlib import Path

import pytest
from world.terminal_lab import wait_for

from gitorch.errors import Unavailable
from gitorch.model.ids import PromptId, RunId, SessionId
from gitorch.model.observed import AgentState
from gitorch.model.plans.permission import Option, PermissionAnswer
from gitorch.model.values import replace
from gitorch.model.work.session import SessionKey
from gitorch.ports.world import Launch
from gitorch.wiring.presets import find_preset

pytestmark = pytest.mark.tmux
ROOT = Path(__file__).parents[2]

SCRIPTED = replace(find_preset("scripted", ROOT), argv=(sys.executable, "-m", "gitorch.scripted"))


def asking(lab, kind):
    """A session of the scripted agent that shows this dialog before its first prompt."""
    script = lab.folder / "agents.toml"
    command = 'text = "git push"\n' if kind == "permission" else ""
    script.write_text(f'[[boot]]\n[[boot.step]]\ndialog = "{kind}"\n{command}')
    key = SessionKey(RunId("auth-7f3a"), SessionId("s1"))
    lab.keys.append(key)
    env = {"GITORCH_SCRIPT": str(script), "PYTHONPATH": str(ROOT)}
    lab.terminals.start(Launch(key, SCRIPTED, lab.cwd, env, "Read it.", None))
    return key


def keys_pressed(lab):
    path = lab.cwd / ".gitorch/scripted/dialog.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize("kind", ["trust", "theme", "login", "update", "key", "permission"])
def test_a_dialog_before_the_first_prompt_is_named_and_gets_no_key(lab, kind):
    key = asking(lab, kind)
    seen = wait_for(lambda: (seen := lab.look(key)).dialog == kind and seen)
    assert (seen.state, seen.word) == (AgentState.DIALOG, f"dialog: {kind}")
    receipt = lab.terminals.deliver(key, SCRIPTED, PromptId("p1"), "Read it again.")
    assert receipt.startswith("refused: the agent's state is dialog")
    rule = PermissionAnswer(seen.asked, Option.ONCE, ".*")
    # What allows a command trusts nobody.
    if kind == "trust":
        with pytest.raises(Unavailable, match="its preset has no key for once"):
            lab.terminals.answer(key, rule)
    elif kind != "permission":
        assert lab.terminals.answer(key, rule).startswith("refused")
    assert keys_pressed(lab) == []


def test_the_key_of_a_preset_trusts_exactly_the_folder_that_was_read(lab):
    key = asking(lab, "trust")
    seen = wait_for(lambda: (seen := lab.look(key)).dialog == "trust" and seen)
    assert seen.asked == str(lab.cwd)
    other = PermissionAnswer("/somewhere/else", Option.TRUST, "trust: true")
    assert lab.terminals.answer(key, other) == "refused: the permission request is not the one that was read before"
    assert keys_pressed(lab) == []
    given = PermissionAnswer(seen.asked, Option.TRUST, "trust: true")
    assert lab.terminals.answer(key, given) == "answered"
    assert lab.wait_state(key, "idle", "working", "waiting").answered == (given,)
    assert keys_pressed(lab) == [{"dialog": "trust", "key": "enter"}]
