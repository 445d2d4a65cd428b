"""The console: what it shows at every size, and what its keys do (D1, D2, D3)."""

from __future__ import annotations

import pytest
from cli_stage import RUN, Stage
from console_kit import asking, at_desk
from textual.actions import parse

from gitorch.cli.console.app import Console
from gitorch.cli.console.dialogs import answer_words
from gitorch.cli.console.keys import KEYS, help_text
from gitorch.model.work.run import RunPhase
from gitorch.world.terminal.ringing import sequences

OVERRIDE = "\N{RIGHT-TO-LEFT OVERRIDE}"


def stuck() -> Stage:
    """A question with options."""
    stage = Stage().begin_run({"api": ()}).launch("api")
    return stage.submit_handoff("api", "BLOCKED", blocker="There is no key.", clears="A key.")


def test_an_answer_is_confirmed_under_its_name_before_it_is_given():
    stage = asking()

    async def play(desk):
        await desk.press("a")
        assert "Which cookie?" in desk.text
        await desk.type("the session one")
        await desk.press("enter")
        assert "Answer q1 about api: the session one" in desk.text
        assert f"gitorch answer q1 --run {RUN} 'the session one'" in desk.text
        assert stage.run.questions["q1"].answer is None
        await desk.press("y")
        assert "q1 is answered: the session one" in desk.text

    at_desk(stage, play)
    assert stage.run.questions["q1"].answer.text == "the session one"


@pytest.mark.parametrize("no", ["escape", "enter"])
def test_nothing_but_yes_decides(no):
    stage = asking()

    async def play(desk):
        await desk.press("a")
        await desk.type("yes")
        await desk.press("enter", no)

    at_desk(stage, play)
    assert stage.run.questions["q1"].answer is None


def test_the_second_question_of_a_row_can_be_answered_first():
    stage = asking()

    async def play(desk):
        await desk.press("a", "ctrl+n")
        assert "question 2 of 2" in desk.text
        await desk.type("a day")
        await desk.press("enter", "y")

    at_desk(stage, play)
    assert [stage.run.questions[q].answer is None for q in ("q1", "q2")] == [True, False]


def test_an_option_is_chosen_by_its_number_with_words_behind_it():
    stage = stuck()
    options = stage.run.questions["q1"].options

    async def play(desk):
        await desk.press("a")
        assert f"  1  {options[0]}" in desk.text
        await desk.type("1 Use the test key.")
        await desk.press("enter", "y")

    at_desk(stage, play)
    answer = stage.run.questions["q1"].answer
    assert (answer.option, answer.text) == (options[0], "Use the test key.")


@pytest.mark.parametrize(
    ("typed", "options", "words"),
    [
        ("", (), ()),
        ("  ", ("stop",), ()),
        ("-", (), ()),
        ("-", ("stop",), ()),
        ("1", (), ("1",)),
        ("two words", (), ("two words",)),
        ("2", ("go", "stop"), ("stop",)),
        ("3", ("go", "stop"), ("3",)),
        ("0", ("go",), ("0",)),
        ("²", ("go", "stop"), ("²",)),
        ("stop it now", ("go", "stop"), ("stop", "it now")),
        ("1  why not ", ("go",), ("go", "why not")),
    ],
)
def test_what_is_typed_becomes_the_words_of_an_answer(typed, options, words):
    assert answer_words(typed, options) == words


def test_a_refused_answer_is_shown_with_its_reason_and_the_console_goes_on():
    stage = stuck()

    async def play(desk):
        await desk.press("a")
        await desk.type("9")
        await desk.press("enter", "y")
        assert "takes one of" in desk.text or "has no answer 9" in desk.text
        assert desk.app._told.style == "red"
        desk.app.tell("done")
        assert (desk.app._told.plain, desk.app._told.style) == ("done", "")
        await desk.press("question_mark", "end")
        assert "Signs of reviews" in desk.text

    at_desk(stage, play)
    assert stage.run.questions["q1"].answer is None


def test_approving_and_attaching_have_the_terminal_to_themselves():
    stage = Stage().until_report()

    async def play(desk):
        await desk.press("A")
        assert desk.terminal.ran == [["approve", RUN]]
        assert "gitorch approve is done." in desk.text
        await desk.press("down", "enter")

    at_desk(stage, play)


def test_enter_opens_the_terminal_of_the_selected_row():
    async def play(desk):
        await desk.press("tab", "down", "down", "enter")
        assert desk.terminal.attached == [(RUN, "s2")]

    at_desk(asking(), play)


def test_a_message_is_sent_and_a_run_paused_and_resumed():
    stage = asking()

    async def play(desk):
        await desk.press("s")
        await desk.type("-x means no")
        await desk.press("enter")
        await desk.press("P", "y")
        assert stage.run.phase is RunPhase.PAUSED
        await desk.tick()
        await desk.press("P")
        assert f"gitorch resume {RUN}" in desk.text
        await desk.press("y")

    at_desk(stage, play)
    assert [(m.to, m.text) for m in stage.run.messages.values()] == [(("api",), "-x means no")]
    assert stage.run.phase is RunPhase.RUNNING


def test_a_report_is_rejected_with_the_epics_that_go_back():
    stage = Stage().until_report()

    async def play(desk):
        await desk.press("R")
        await desk.type("No tests.")
        await desk.press("enter")
        await desk.type("api")
        await desk.press("enter")
        assert f"Reject the report of {RUN} and send back api: No tests." in " ".join(desk.text.split())
        await desk.press("y")

    at_desk(stage, play)
    assert stage.run.report is None
    assert stage.run.phase is RunPhase.RUNNING


def test_a_key_without_a_subject_says_so_and_does_nothing():
    async def play(desk):
        for key in ("A", "R"):
            await desk.press(key)
            assert "does nothing for api now" in desk.text
        await desk.press("down", "down", "down")
        await desk.press("a")
        assert "answer does nothing for docs now" in desk.text
        assert desk.terminal.ran == []

    at_desk(asking(), play)


def test_the_selection_stays_with_its_row_when_rows_move():
    stage = asking()

    async def play(desk):
        await desk.press("end")
        assert "▌ docs" in desk.text
        stage.launch("api") if stage.run.jobs["api"].lease is None else None
        stage.gitorch("answer", "q1", "a")
        stage.gitorch("answer", "q2", "b")
        await desk.tick()
        assert "▌ docs" in desk.text
        assert "WAITING FOR YOU" not in desk.text

    at_desk(stage, play)


def test_the_mouse_selects_a_row_and_a_second_click_opens_it():
    async def play(desk):
        at = next(y for y, line in enumerate(desk.lines) if line.startswith("   ui"))
        await desk.pilot.click(offset=(6, at))
        await desk.settle()
        assert "▌ ui" in desk.text
        await desk.pilot.click(offset=(6, at), times=2)
        await desk.settle()
        assert desk.terminal.attached == [(RUN, "s2")]

    at_desk(asking(), play)


def test_leaving_waits_for_the_step_under_way_and_twice_does_not():
    async def once(desk):
        await desk.press("q")
        assert "Leaving after the step under way" in desk.text
        assert desk.ticks.is_stopped
        assert desk.app._exit is False
        desk.ticks.ended()
        await desk.pilot.pause()
        assert desk.app.return_value == "left"

    async def twice(desk):
        await desk.pilot.press("ctrl+c", "ctrl+c")
        await desk.pilot.pause()
        assert desk.app.return_value == "interrupted"

    at_desk(asking(), once)
    at_desk(asking(), twice)


@pytest.mark.parametrize("may_park", [True, False])
def test_the_loop_is_held_between_two_steps_before_the_process_stops(may_park):
    async def play(desk):
        desk.ticks.may_park = may_park
        await desk.press("ctrl+z")
        assert (desk.terminal.stopped, desk.ticks.went_on) == (int(may_park), 1)
        assert ("A step takes long" in desk.text) is not may_park

    at_desk(asking(), play)


def test_the_help_names_every_key_and_no_two_keys_are_the_same():
    keys = [name for key in KEYS for name in key.keys.split(",")]
    assert len(keys) == len(set(keys))
    for key in KEYS:
        assert f"  {key.shown}" in help_text()
        assert key.help in help_text()


def test_every_key_of_the_board_reaches_its_action(monkeypatch):
    done = []
    for name in {parse(key.action)[1] for key in KEYS}:
        monkeypatch.setattr(Console, f"action_{name}", lambda _, *given, name=name: done.append((name, given)))

    async def play(desk):
        for key in KEYS:
            for one in key.keys.split(","):
                await desk.press(one)
                assert done.pop() == parse(key.action)[1:], one

    at_desk(asking(), play)
    assert done == []


def test_tab_selects_one_row_after_the_other_that_waits():
    stage = Stage().begin_run({"api": (), "ui": (), "docs": (), "db": ()})
    for name in ("api", "docs"):
        stage.launch(name).submit_handoff(name, "NEEDS_CONTEXT", questions=("Which?",))

    async def play(desk):
        rows = [row.id for row in desk.app._rows]
        seen = []
        for key in ("tab", "tab", "end", "tab"):
            await desk.press(key)
            seen.append(rows[desk.app._index()])
        assert rows[:2] == ["api", "docs"]
        assert seen == ["docs", "api", rows[-1], "api"]

    at_desk(stage, play)


@pytest.mark.parametrize(
    ("stage_of", "row", "key", "title", "shown"),
    [
        (asking, "ui", "p", "screen of ui", "> working on it"),
        (lambda: Stage().until_report(), "api", "r", "report of api", "# Epic report: Api"),
        (lambda: Stage().until_report(), RUN, "r", f"report of {RUN}", "# Merge report: Sign in"),
    ],
)
def test_a_screen_and_a_report_are_read_without_leaving_the_console(stage_of, row, key, title, shown):
    async def play(desk):
        desk.app._select([one.id for one in desk.app._rows].index(row))
        await desk.press(key)
        assert title in desk.lines[0]
        assert shown in desk.text

    at_desk(stage_of(), play, (100, 60))


def test_text_of_an_agent_cannot_act_on_the_screen():
    stage = Stage().begin_run({"api": ()}).launch("api")
    stage.submit_handoff("api", "NEEDS_CONTEXT", questions=(f"\x1b[2J[bold]Which{OVERRIDE}?[/]",))

    async def play(desk):
        assert "[bold]Which\N{REPLACEMENT CHARACTER}?[/]" in desk.text
        assert "\x1b" not in desk.text
        assert OVERRIDE not in desk.text

    at_desk(stage, play)


def test_a_bug_ends_the_console_and_is_kept_for_the_report_of_bugs():
    async def play(desk):
        desk.app._handle_exception(ZeroDivisionError("in a handler"))
        desk.app._handle_exception(ValueError("a consequence"))
        assert desk.app.return_value == "failed"

    with pytest.raises(ZeroDivisionError):
        at_desk(asking(), play)


def test_a_new_question_rings_the_terminal_once_and_those_that_wait_already_do_not():
    stage = Stage().begin_run({"api": ()}).launch("api")

    async def play(desk):
        written: list[str] = []
        desk.app._driver.write = written.append
        await desk.tick()
        stage.submit_handoff("api", "NEEDS_CONTEXT", questions=("Which cookie?",))
        await desk.tick()
        await desk.tick()
        assert [text for text in written if "\x1b]9;" in text] == [sequences("Which cookie?").decode()]

    at_desk(stage, play)
