"""Answering a permission prompt in a real terminal: only the one that was read, only alone, and told whatever happens."""

import json

import pytest
from world.terminal_lab import wait_for

from gitorch.errors import Unavailable
from gitorch.model.ids import PromptId, RunId, SessionId
from gitorch.model.plans.permission import Dialog, Option, PermissionAnswer, RequestPattern
from gitorch.model.values import replace
from gitorch.model.work.session import SessionKey
from gitorch.ports.world import Launch
from gitorch.world.terminal.answering import Answering, answers_path, pending_path
from gitorch.world.terminal.session_files import folder_of

pytestmark = pytest.mark.tmux

PROMPT = RequestPattern(r"^(?P<asked>Allow .*)\n1\. Yes  2\. No\nEnter to confirm · Esc to cancel\Z", once=("Enter",))
ALLOW = PermissionAnswer("Allow it?", Option.ONCE, "Allow .*")


@pytest.fixture
def asking(lab):
    """A session that shows a permission prompt, and what it asks."""
    key = lab.ready(permission_requests=(PROMPT,))
    lab.mode("dialog")
    seen = lab.wait_state(key, "dialog")
    wait_for(lambda: lab.look(key).asked)
    return key, lab.look(key).asked, seen


def test_the_permission_request_that_was_read_is_answered_once_and_reported(lab, asking):
    key, asked, _ = asking
    answer = PermissionAnswer(asked, Option.ONCE, "Allow .*")
    assert lab.terminals.answer(key, answer) == "answered"
    assert lab.logged("answers") == ['"approved"']
    assert lab.look(key).answered == (answer,)


def test_a_one_shot_program_that_asks_is_answered_too(lab):
    key = SessionKey(RunId("auth-7f3a"), SessionId("s1"))
    lab.keys.append(key)
    preset = lab.preset("--turn", "60", one_shot_argv=("{prompt}",), permission_requests=(PROMPT,))
    lab.terminals.start(Launch(key, preset, lab.cwd, {}, "Begin.", PromptId("p1"), one_shot=True))
    wait_for(lambda: lab.turns() == ["Begin."])
    assert lab.look(key).state == "working"
    lab.mode("dialog")
    asked = wait_for(lambda: lab.look(key).asked)
    assert lab.look(key).state == "dialog"
    assert lab.terminals.answer(key, PermissionAnswer(asked, Option.ONCE, "Allow .*")) == "answered"
    assert lab.logged("answers") == ['"approved"']


def test_another_prompt_than_the_one_that_was_read_is_not_answered(lab, asking):
    key, _, _ = asking
    assert lab.terminals.answer(key, PermissionAnswer("Allow something else?", Option.ONCE, ".*")).startswith(
        "refused: the permission request"
    )
    assert lab.logged("answers") == []
    assert lab.look(key).answered == ()


def test_an_option_without_a_key_is_not_answered(lab, asking):
    key, asked, _ = asking
    with pytest.raises(Unavailable, match=r"^the dialog is still open: its preset has no key for reject$"):
        lab.terminals.answer(key, PermissionAnswer(asked, Option.REJECT, ".*"))
    assert lab.logged("answers") == []


def test_a_prompt_that_is_gone_is_not_answered(lab, asking):
    key, asked, _ = asking
    lab.mode("idle")
    lab.wait_state(key, "idle", "waiting")
    assert lab.terminals.answer(key, PermissionAnswer(asked, Option.ONCE, ".*")).startswith("refused")
    assert lab.turns() == []


def test_an_answer_whose_giver_was_killed_counts_as_given(lab, asking, monkeypatch):
    key, asked, _ = asking
    answer = PermissionAnswer(asked, Option.ONCE, ".*")

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Answering, "_press", killed)
    with pytest.raises(KeyboardInterrupt):
        lab.terminals.answer(key, answer)
    assert lab.look(key).answered == (answer,)


def test_an_answer_that_was_recorded_just_before_a_kill_is_reported_once(lab, asking):
    key, asked, _ = asking
    answer = PermissionAnswer(asked, Option.ONCE, ".*")
    lab.terminals.answer(key, answer)
    folder = folder_of(lab.home, key).path
    pending_path(folder).write_text(answers_path(folder).read_text())
    assert json.loads(pending_path(folder).read_text())["asked"] == asked
    assert lab.another().observe([key])[key].answered == (answer,)


MENU = "Yes|Yes, and always|No"


def choosing_in(lab, *options, **preset):
    """A session that shows a list of choices, and the dialog as it was read."""
    key = lab.ready("--menu", MENU, *options, **preset)
    lab.mode("dialog")
    lab.wait_state(key, "dialog")
    return key, wait_for(lambda: lab.look(key).offered)


@pytest.fixture
def choosing(lab):
    return choosing_in(lab)


LISTS = [(selected, ends, rows) for selected in range(3) for ends in ("", "--cycles") for rows in ("", "--unnumbered")]
QUICK = [(0, "", ""), (1, "--cycles", "--unnumbered"), (2, "", "--unnumbered"), (2, "--cycles", "")]
"""Each beginning of the selection, and each pair of kinds of ends and rows."""


@pytest.mark.parametrize(
    ("selected", "ends", "rows"),
    [pytest.param(*one, marks=() if one in QUICK else pytest.mark.slow) for one in LISTS],
)
def test_the_choice_of_a_human_is_selected_and_confirmed_wherever_the_selection_begins(lab, rows, ends, selected):
    key, _ = choosing_in(lab, "--selected", str(selected), *filter(None, (rows, ends)))
    given = []
    for word, text in zip("123", MENU.split("|"), strict=True):
        lab.mode("dialog")
        offered = wait_for(lambda: lab.look(key).offered)
        assert [(choice.word, choice.text) for choice in offered.choices] == list(
            zip("123", MENU.split("|"), strict=True)
        )
        given.append(PermissionAnswer(offered.label(word), Option.CHOSEN, f"q{word}"))
        assert lab.terminals.answer(key, given[-1]) == "answered"
        assert lab.logged("answers")[-1] == json.dumps(text)
        lab.wait_state(key, "idle", "waiting")

    assert lab.look(key).answered == tuple(given)


@pytest.mark.parametrize("rows", [(), ("--unnumbered",)], ids=["numbered", "unnumbered"])
def test_enter_waits_for_a_selection_that_moves_slowly(lab, rows):
    key, offered = choosing_in(lab, "--key-seconds", "0.3", *rows)
    assert lab.terminals.answer(key, PermissionAnswer(offered.label("3"), Option.CHOSEN, "q1")) == "answered"
    assert lab.logged("answers") == ['"No"']


@pytest.mark.parametrize("rows", [(), ("--unnumbered",)], ids=["numbered", "unnumbered"])
def test_enter_is_not_pressed_where_the_selection_does_not_move(lab, rows):
    key, offered = choosing_in(lab, "--stuck", *rows)
    with pytest.raises(Unavailable, match=r"^the dialog is still open: its selection does not move to the choice$"):
        lab.terminals.answer(key, PermissionAnswer(offered.label("2"), Option.CHOSEN, "q1"))
    assert lab.logged("answers") == []
    assert lab.look(key).answered == ()


TRUST = Dialog(r"^(?P<asked>Run .*)\n(?: [❯ ] (?:\d\. )?.*\n){3}Enter to confirm · Esc to cancel\Z", choice="Yes")


@pytest.mark.parametrize(
    ("selected", "rows"),
    [
        (0, ["--unnumbered"]),
        (1, []),
        (2, ["--unnumbered"]),
        *(pytest.param(*one, marks=pytest.mark.slow) for one in ((0, []), (1, ["--unnumbered"]), (2, []))),
    ],
)
def test_a_folder_is_trusted_by_the_choice_that_the_preset_names_wherever_the_selection_begins(lab, rows, selected):
    key, _ = choosing_in(lab, "--selected", str(selected), *rows, dialogs={"trust": TRUST})
    seen = lab.look(key)
    assert (seen.dialog, seen.asked) == ("trust", "Run make?")
    other = PermissionAnswer("Run another?", Option.TRUST, "trust: true")
    assert lab.terminals.answer(key, other).startswith("refused: the permission request is not the one")
    answer = PermissionAnswer(seen.asked, Option.TRUST, "trust: true")
    assert lab.terminals.answer(key, answer) == "answered"
    assert lab.logged("answers") == ['"Yes"']
    assert lab.look(key).answered == (answer,)


@pytest.mark.parametrize("choice", ["Yes.*", "Trust it"])
def test_a_folder_is_not_trusted_where_several_choices_or_none_are_the_named_one(lab, choice):
    key, _ = choosing_in(lab, "--unnumbered", dialogs={"trust": replace(TRUST, choice=choice)})
    answer = PermissionAnswer("Run make?", Option.TRUST, "trust: true")
    assert lab.terminals.answer(key, answer) == "refused: the dialog is not the one that was read before"
    assert lab.logged("answers") == []


def test_a_choice_for_another_dialog_is_not_pressed(lab, choosing):
    key, offered = choosing
    for label in (offered.label("1").replace("1", "4", 1), offered.label("1")[:-2] + "]", ""):
        said = lab.terminals.answer(key, PermissionAnswer(label, Option.CHOSEN, "q1"))
        assert said == "refused: the dialog is not the one that was read before"
    assert lab.logged("answers") == []
    assert lab.look(key).answered == ()
