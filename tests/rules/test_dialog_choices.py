"""The choices of a dialog are read from its screen, offered with the right one first, and pressed once a human picked one (F16)."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import wrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

TOP = Path(__file__).parents[1]
sys.path[:0] = [str(Path(__file__).parent), str(TOP / "agents")]
from play import Play
from question_scenes import seen
from recorded_screens import recorded

from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model.dialog import DialogChoice, PermissionRequest, ShownDialog
from gitorch.model.ids import Moment
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.model.plans.permission import Option, PermissionAnswer
from gitorch.model.plans.runtime import Preset
from gitorch.rules.agent_state.dialog_choices import dialog_offered
from gitorch.rules.guards.beginning import may_begin
from gitorch.rules.outstanding import outstanding
from gitorch.rules.reconcile import reconcile
from gitorch.rules.reconciling.dialogs import REQUEST_PAINTS_MS, REQUEST_STAYS_MS, in_order, owed_answer
from gitorch.text.preset import parse_preset

PROGRAMS = {screen.program for screen in recorded()}
PRESETS = {
    path.stem: parse_preset(str(path), path.read_bytes())
    for path in (TOP.parent / "templates" / "runtimes").glob("*.yaml")
    if path.stem in PROGRAMS
}
UNKNOWN_FORM = {
    "permission-always",
    "permission-cut",
    "permission-cut-without-bar",
    "permission-posing",
    "permission-posing-without-bar",
    "permission-edit",
    "onboarding-api-key",
    "onboarding-auth-choice",
}
"""Recorded dialogs without a list, a letter or keys that the preset knows."""


@pytest.mark.parametrize("screen", list(recorded()), ids=lambda screen: screen.id)
def test_the_choices_of_every_recorded_dialog_are_read_and_no_other_screen_has_any(screen) -> None:
    offered = dialog_offered(screen.text, PRESETS[screen.program])
    if screen.state != "dialog" and screen.name != "limited-models":
        assert offered is None
    elif screen.name not in UNKNOWN_FORM:
        assert offered is not None
        assert len(offered.choices) > 1
    if offered is not None and offered.choices[0].word == "1":
        assert sum(choice.is_selected for choice in offered.choices) == 1


def test_spaces_that_fill_a_window_change_no_choice() -> None:
    """Of a row that only the frame ends, thousands of spaces may follow; a pattern that divides them in every way takes half a minute."""
    for screen in recorded():
        rows = screen.text.split("\n")
        filled = "\n".join([*(row.ljust(400) for row in rows), *([" " * 400] * 20)])
        assert dialog_offered(filled, PRESETS[screen.program]) == dialog_offered(
            screen.text, PRESETS[screen.program]
        ), screen.id


def test_the_same_dialog_has_the_same_mark_whichever_row_is_selected_and_another_question_another() -> None:
    def screen(asked: str, row: int) -> str:
        rows = [f" {'❯' if row == number else ' '} {number}. {text}" for number, text in enumerate(("Yes", "No"), 1)]
        return "\n".join([f" Run {asked}?", *rows, "", " Esc to cancel"])

    one, other, another = (dialog_offered(screen(*at), Preset("p", ("p",))) for at in (("a", 1), ("a", 2), ("b", 1)))
    assert one.mark == other.mark != another.mark
    assert (one.selected, other.selected) == (0, 1)


@pytest.mark.parametrize(
    ("program", "name"),
    [("claude", "dialog-attached"), ("claude", "dialog-attached-unnumbered"), ("aider", "dialog-attached")],
)
def test_a_recorded_dialog_has_one_mark_at_every_size(program, name) -> None:
    shown = [screen for screen in recorded() if (screen.program, screen.name) == (program, name)]
    offered = [dialog_offered(screen.text, PRESETS[program]) for screen in shown]
    assert len(offered) == 3
    assert len({one.mark for one in offered}) == 1
    assert all(one.choice(other.label(other.choices[0].word)) for one in offered for other in offered)


@pytest.mark.parametrize("frame", ["", "│ "])
def test_a_dialog_has_one_mark_however_wide_its_window_is(frame) -> None:
    asked = "It would like to run the following command, which no rule of this project allows: make release VERSION=2"
    last = "No, and tell the program in a prompt of your own what it should do differently from now on"

    def screen(width: int) -> str:
        rows = [*wrap(asked, width), "", "❯ 1. Yes", *wrap(f"  2. {last}", width, subsequent_indent="     ")]
        framed = ["╭" + "─" * width, *(frame + row for row in rows), "╰" + "─" * width]
        return "\n".join(["─" * (width + 2), *framed])

    offered = [dialog_offered(screen(width), Preset("p", ("p",))) for width in range(58, 200)]
    assert len({one.mark for one in offered}) == 1
    assert offered[0].choices[1].text != offered[-1].choices[1].text


ASKED = "Is this a project that you trust?"
FOOT = "Enter to confirm · Esc to cancel"


@pytest.mark.parametrize("mark", "❯›●>")
@pytest.mark.parametrize("frame", [("", ""), ("│", "│"), (" ┃ ", "")], ids=["bare", "framed", "beside a bar"])
@pytest.mark.parametrize("indent", [0, 1, 2, 6])
def test_a_list_without_numbers_is_read_whichever_row_is_selected(mark, frame, indent) -> None:
    texts = ("No, exit", "Yes, I trust this folder", "Ask me later > or never")
    left, right = frame
    marks = set()
    for selected in range(3):
        rows = [f"{' ' * indent}{mark if n == selected else ' '} {text}" for n, text in enumerate(texts)]
        lines = [ASKED, "", *rows, "", f" {FOOT}"]
        offered = dialog_offered("\n".join(f"{left}{line.ljust(60)}{right}" for line in lines), Preset("p", ("p",)))
        choices = tuple(DialogChoice(str(n + 1), text, n == selected) for n, text in enumerate(texts))
        assert offered.choices == choices
        marks.add(offered.mark)
    assert len(marks) == 1


@pytest.mark.parametrize(
    "lines",
    [
        ["❯ Write a function", "  that adds two numbers"],
        ["❯ Write a function", "  that adds two numbers", "", "? for shortcuts"],
        ["  No", "  Yes", "", FOOT],
        ["❯ No", "❯ Yes", "", FOOT],
        ["❯ No", "", FOOT],
        ["❯ No", "", "  Yes", "", FOOT],
        ["❯ No", "  Yes", "", FOOT, *["more"] * 4],
        ["❯ No", "   Yes", "", FOOT],
        ["❯ No", "  Yes", "─" * 60, FOOT],
    ],
)
def test_lines_that_only_look_like_a_list_without_numbers_have_no_choices(lines) -> None:
    assert dialog_offered("\n".join([ASKED, "", *lines]), Preset("p", ("p",))) is None


@given(st.lists(st.text("❯›●> ab1.│─\n┃Enter to", max_size=12), max_size=14))
def test_whatever_a_screen_shows_a_choice_that_is_offered_is_one_of_its_rows(lines) -> None:
    screen = "\n".join(lines)
    offered = dialog_offered(screen, Preset("p", ("p",)))
    if offered is not None:
        assert len(offered.choices) > 1
        assert all(choice.text in screen for choice in offered.choices)
        assert sum(choice.is_selected for choice in offered.choices) <= 1


@pytest.mark.parametrize(
    "screen",
    [
        "1. Yes\n2. No",
        "❯ 1. Yes\n❯ 2. No",
        "❯ 2. Yes\n  3. No",
        "❯ 1. Yes",
        "❯ 1. Yes\n  3. No",
        "❯ 1. Yes\n  2. No\n" + "more\n" * 6,
        "(Y)es or (N)o:",
        "",
    ],
)
def test_what_only_looks_like_a_list_has_no_choices(screen: str) -> None:
    assert dialog_offered(screen, Preset("p", ("p",))) is None


@pytest.mark.parametrize(
    ("name", "rows", "selected", "first"),
    [
        ("permission", ("Yes", "No"), 0, "1"),
        ("", ("Yes", "No"), 1, "2"),
        ("update", ("Update now", "Skip"), 0, "2"),
        ("model", ("Try new model", "Use existing model"), 0, "2"),
        ("hooks", ("Review hooks", "Trust all and continue"), 0, "2"),
        ("bypass", ("No, exit", "Yes, I accept"), 0, "2"),
        ("key", ("Yes", "No (recommended)"), 1, "1"),
        ("update", ("Now", "Later"), 0, "1"),
        ("trust", ("No, exit", "Yes, I trust this folder"), 0, "2"),
        ("trust", ("Yes, I trust this folder", "No, exit"), 1, "1"),
        ("trust", ("Trust folder (a)", "Trust parent folder (b)", "Don't trust"), 2, "1"),
        ("trust", ("Trust and continue", "Back to the start"), 1, "1"),
        ("", ("No, exit", "Yes, go on"), 0, "2"),
        ("", ("Exit", "Quit"), 1, "2"),
    ],
)
def test_the_choice_that_lets_the_run_go_on_comes_first(name, rows, selected, first) -> None:
    choices = tuple(DialogChoice(str(n), text, n - 1 == selected) for n, text in enumerate(rows, 1))
    ordered = in_order(name, ShownDialog(choices, "aa"))
    assert ordered[0].word == first
    assert sorted(choice.word for choice in ordered) == [choice.word for choice in choices]


OFFERED = ShownDialog((DialogChoice("1", "Yes", is_selected=True), DialogChoice("2", "No")), "aa")
DIALOG = {"state": AgentState.DIALOG, "offered": OFFERED}


@pytest.fixture
def play() -> Play:
    played = Play()
    played.begin({"api": ()})
    played.launch("api")
    return played


def escalations(play: Play, look: Observed) -> list[c.Escalate]:
    return [one for one in reconcile(play.run, look) if isinstance(one, c.Escalate)]


def pressed(play: Play, look: Observed) -> list[PermissionAnswer]:
    return [one.answer for one in outstanding(play.run, look) if isinstance(one, effects.AnswerPermission)]


def test_a_dialog_is_one_question_with_its_own_choices_and_the_chosen_one_is_pressed_once(play: Play) -> None:
    look = seen(play, **DIALOG)
    (asked,) = escalations(play, look)
    assert asked.options == ("1", "2", "retry", "stop_epic", "stop_run")
    assert "(1 = Yes; 2 = No)" in asked.decision
    play.do(asked)
    assert (escalations(play, look), pressed(play, look)) == ([], [])
    play.answer("q1", "2")
    answer = PermissionAnswer("2. No [aa]", Option.CHOSEN, "q1")
    assert pressed(play, seen(play, **DIALOG)) == [answer]
    assert escalations(play, seen(play, **DIALOG)) == []
    assert pressed(play, seen(play, state=AgentState.WORKING)) == []
    done = seen(play, **DIALOG, answered=(answer,), answered_at=Moment(play.at))
    assert (pressed(play, done), escalations(play, done)) == ([], [])
    play.at += REQUEST_STAYS_MS
    late = seen(play, **DIALOG, answered=(answer,), answered_at=Moment(play.at - REQUEST_STAYS_MS))
    assert (pressed(play, late), escalations(play, late)) == ([], [asked])


LAST = PermissionAnswer("2. No [aa]", Option.CHOSEN, "q1")
BY_RULE = PermissionAnswer("Run it?", Option.ONCE, "Run it.")
NEXT = {"offered": ShownDialog(OFFERED.choices, "bb"), "asked": "Run that?"}
REQUEST = PermissionRequest("r2", "Run that?")


@pytest.mark.parametrize(
    ("last", "shown", "asked_after"),
    [
        (LAST, {}, REQUEST_STAYS_MS),
        (LAST, {"asked": "Run that?"}, REQUEST_STAYS_MS),
        (LAST, NEXT, REQUEST_PAINTS_MS),
        (LAST, NEXT | {"request": REQUEST}, 0),
        (BY_RULE, {"asked": "Run it?"}, REQUEST_STAYS_MS),
        (BY_RULE, {"asked": ""}, REQUEST_STAYS_MS),
        (BY_RULE, NEXT, REQUEST_PAINTS_MS),
        (BY_RULE, NEXT | {"request": REQUEST}, 0),
    ],
)
def test_the_dialog_after_one_that_was_answered_is_asked_about_once_it_is_known_to_be_another(
    play: Play, last: PermissionAnswer, shown: dict[str, object], asked_after: int
) -> None:
    since = (0, REQUEST_PAINTS_MS - 1, REQUEST_PAINTS_MS, REQUEST_STAYS_MS - 1, REQUEST_STAYS_MS)
    for ms in since:
        look = seen(play, **(DIALOG | shown), answered=(last,), answered_at=Moment(play.at - ms))
        assert (escalations(play, look) != []) == (ms >= asked_after), ms


def test_a_choice_is_never_pressed_into_another_dialog(play: Play) -> None:
    play.do(*escalations(play, seen(play, **DIALOG)))
    play.answer("q1", "1")
    other = ShownDialog(OFFERED.choices, "bb")
    assert pressed(play, seen(play, state=AgentState.DIALOG, offered=other)) == []
    (asked,) = escalations(play, seen(play, state=AgentState.DIALOG, offered=other))
    assert asked.trigger == "dialog:s1:bb"


def starting(play: Play, later: int, **shown: object) -> Observed:
    observation = SessionObservation(True, True, AgentState.DIALOG, 7, started_at=Moment(play.at), **shown)
    return Observed(Moment(play.at + later * 1000), {play.session("api"): observation}, None)


def test_a_dialog_of_a_program_that_is_starting_is_a_question_and_no_failed_launch() -> None:
    play = Play()
    play.begin({"api": ()})
    play.grant("api")
    (asked,) = reconcile(play.run, starting(play, 1, offered=OFFERED, dialog="trust"))
    assert (asked.trigger, asked.options[0]) == ("dialog:s1:aa", "1")
    play.do(asked)
    assert reconcile(play.run, starting(play, 10_000, offered=OFFERED, dialog="trust")) == (c.Remind("q1"),)
    play.answer("q1", "1")
    closed = Observed(
        Moment(play.at + 1000),
        {play.session("api"): SessionObservation(True, True, AgentState.STARTING, 7, started_at=Moment(0))},
        None,
    )
    assert reconcile(play.run, closed) == ()


def test_nobody_waits_for_an_agent_that_asks_at_its_start() -> None:
    play = Play()
    play.begin({"api": (), "ui": ()})
    play.grant("api")
    play.grant("ui")
    play.alive("ui")
    beside = play.run.sessions[play.session("ui")]
    assert not may_begin(play.run, beside)
    observation = SessionObservation(True, True, AgentState.DIALOG, 7, started_at=Moment(play.at), offered=OFFERED)
    look = Observed(Moment(play.at + 1000), {play.session("api"): observation}, None)
    play.do(*[one for one in reconcile(play.run, look) if isinstance(one, c.Escalate)])
    assert may_begin(play.run, beside)


@pytest.mark.parametrize("shown", [{"offered": OFFERED, "dialog": "login"}, {"dialog": "theme"}])
def test_a_dialog_that_no_choice_settles_is_a_failed_launch(shown: dict[str, object]) -> None:
    play = Play()
    play.begin({"api": ()})
    play.grant("api")
    assert reconcile(play.run, starting(play, 1, **shown)) == ()
    (ended,) = reconcile(play.run, starting(play, 10_000, **shown))
    assert ended.how == f"dialog: {shown['dialog']}"


def test_an_author_may_bring_work_to_its_own_branch_without_a_question_and_to_no_other(play: Play) -> None:
    own = play.run.branch_of("api")
    for branch, is_answered in ((own, True), ("main", False), (f"{own}2", False)):
        asked = f"git switch -C {branch}"
        observation = SessionObservation(True, True, AgentState.DIALOG, dialog="permission", asked=asked)
        (session,) = play.run.sessions.values()
        assert (owed_answer(play.run, session, observation) is not None) == is_answered
