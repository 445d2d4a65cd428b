"""A script is read as a whole, and every defect is named with its place before anything is done."""

from __future__ import annotations

import pytest
from scripted_stand import script_of

from gitorch.scripted.brief import Brief
from gitorch.scripted.script import BadScript

NOTHING = "[[turn]]\n[[turn.step]]\nsay = 'hi'\n"


@pytest.mark.parametrize(
    ("text", "defect"),
    [
        ("[[turn]\n", "agents.toml: "),
        ("[[trun]]\n", "top level: unknown key 'trun'; did you mean 'turn'?"),
        ("[[turn]]\n", "turn 1: has no [[…step]]"),
        ("[[turn]]\n[[turn.step]]\n", "turn 1, step 1: is empty"),
        ("[[turn]]\n[[turn.step]]\nwirte = 'a'\n", "turn 1, step 1: unknown step 'wirte'; did you mean 'write'?"),
        ("[[turn]]\n[[turn.step]]\nwrite = 'a'\n", "turn 1, step 1 (write): 'text' is missing"),
        (
            "[[turn]]\n[[turn.step]]\nwrite = '../a'\ntext = ''\n",
            "'write' must be a path inside the worktree, not '../a'",
        ),
        ("[[turn]]\n[[turn.step]]\nwrite = '.git/config'\ntext = ''\n", "must be a path inside the worktree"),
        ("[[turn]]\n[[turn.step]]\nsleep = 'long'\n", "'sleep' must be a number of at least 0, not 'long'"),
        ("[[turn]]\n[[turn.step]]\nsleep = true\n", "'sleep' must be a number"),
        ("[[turn]]\n[[turn.step]]\nsay = 'a'\nonce = 1\n", "'once' must be true or false"),
        ("[[turn]]\n[[turn.step]]\nhandoff = 'FINE'\n", "'handoff' must be one of DONE, DONE_WITH_CONCERNS"),
        ("[[turn]]\n[[turn.step]]\nhandoff = 'DONE'\nsumary = 'x'\n", "unknown key 'sumary'; did you mean 'summary'?"),
        (
            "[[turn]]\n[[turn.step]]\nverdict = 'accept'\nfindings = [{path = 'a'}]\n",
            "'findings' must be a list of tables",
        ),
        (
            "[[turn]]\n[[turn.step]]\nverdict = 'accept'\nfindings = [{title = 'a', at = '('}]\n",
            "at (a regular expression)",
        ),
        ("[[turn]]\n[[turn.step]]\nexpect = '('\n", "'expect' must be a regular expression"),
        ("[[turn]]\n[[turn.step]]\ncrash = 'NOSUCH'\n", "'crash' must be an exit status or a signal's name"),
        ("[[turn]]\nprompt = 'post'\n[[turn.step]]\nsay = 'a'\n", "unknown prompt 'post'"),
        ("[[turn]]\nstage = 0\n[[turn.step]]\nsay = 'a'\n", "'stage' must be a whole number of at least 1, not 0"),
        ("[[turn]]\nattempt = true\n[[turn.step]]\nsay = 'a'\n", "'attempt' must be a whole number of at least 1"),
        ("[[turn]]\npath = 'a'\n[[turn.step]]\nsay = 'a'\n", "'path' and 'matches' belong together"),
        ("[[turn]]\npath = 'a'\nmatches = '('\n[[turn.step]]\nsay = 'a'\n", "'matches' must be a regular expression"),
        ("[[boot]]\n[[boot.step]]\ncommit = 'a'\n", "boot 1, step 1: 'commit' needs a turn"),
        ("turn = 1\n", "turn: must be written as [[turn]]"),
    ],
)
def test_a_defect_is_named_with_its_place(text, defect):
    with pytest.raises(BadScript) as caught:
        script_of(text)
    assert defect in str(caught.value)


def test_all_defects_are_named_at_once():
    with pytest.raises(BadScript) as caught:
        script_of("[[turn]]\n[[turn.step]]\na = 1\n[[turn.step]]\nb = 1\n")
    assert "step 1" in str(caught.value)
    assert "step 2" in str(caught.value)


@pytest.mark.parametrize(
    ("selectors", "brief", "prompt", "fits"),
    [
        ("", Brief("api"), "brief", True),
        ("", Brief("api"), "answer", True),
        ("", Brief("api"), "cleared", False),
        ("job = 'a*'", Brief("api"), "brief", True),
        ("job = 'b*'", Brief("api"), "brief", False),
        ("kind = 'review'", Brief("api.review", kind="review"), "brief", True),
        ("kind = 'review'", Brief("api"), "brief", False),
        ("subject = 'api'\nstage = 2", Brief("r", subject="api", stage=2), "brief", True),
        ("subject = 'api'\nstage = 1", Brief("r", subject="api", stage=2), "brief", False),
        ("attempt = 2", Brief("api", attempt=2), "findings", True),
        ("attempt = 2", Brief("api", attempt=1), "findings", False),
        ("prompt = 'nudge'", Brief("api"), "nudge", True),
        ("prompt = ['nudge', 'other']", Brief("api"), "brief", False),
        ("path = 'a.py'\nmatches = '^bug'", Brief("api"), "brief", True),
        ("path = 'a.py'\nmatches = '^fix'", Brief("api"), "brief", False),
    ],
)
def test_a_turn_matches_every_key_that_it_names(selectors, brief, prompt, fits):
    script = script_of(f"[[turn]]\n{selectors}\n[[turn.step]]\nsay = 'hi'\n")
    assert (script.choose(brief, prompt, {"a.py": "x\nbug\n"}.__getitem__) is not None) is fits


def test_the_first_turn_that_fits_is_taken():
    script = script_of("[[turn]]\njob = 'b'\n[[turn.step]]\nsay = 'b'\n" + NOTHING)
    turn = script.choose(Brief("api"), "brief", str)
    assert turn is not None
    assert turn.steps[0].text == "hi"
