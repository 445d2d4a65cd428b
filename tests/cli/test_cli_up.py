"""`up`: how it ends, what it prints on the way, and that one is enough."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest
from cli_stage import RUN, UNATTENDED, Stage

sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
from question_scenes import pulled

from gitorch.cli.call import Call, Streams
from gitorch.cli.verbs.up import _pulls, has_console
from gitorch.model.values import replace
from gitorch.model.work.run import RunPhase


def test_up_without_a_terminal_ends_with_10_and_the_commands_when_everything_waits_for_people(stage):
    stage.begin_run({"api": ()}).finish("api")
    answer = stage.gitorch("up")
    assert answer.status == 10
    assert f"      gitorch approve {RUN}" in answer.err
    assert answer.err.endswith(f"gitorch: waiting for you: 1 question\n  try: gitorch approve {RUN}\n")
    lines = [line[10:] for line in answer.out.splitlines()]
    assert lines[0].startswith("session ended: s2")
    assert lines[-1].startswith("question q1 (approval)")


def test_up_with_json_lists_what_waits(stage):
    stage.until_report()
    answer = stage.gitorch("up", "--json")
    assert (answer.status, answer.err) == (10, "")
    error = json.loads(answer.out)["error"]
    assert error["code"] == "waiting"
    assert [(row["id"], row["command"]) for row in error["waiting"]] == [("q1", f"gitorch approve {RUN}")]


def test_a_paused_run_waits_for_its_resume(stage):
    stage.begin_run().launch("api").submit_handoff("api", "NEEDS_CONTEXT", questions=("Which?",)).gitorch("pause")
    answer = stage.gitorch("up")
    assert answer.status == 10
    assert f"run {RUN} is paused, 1 question" in answer.err
    assert f"  try: gitorch resume {RUN}" in answer.err


def test_up_names_the_question_that_lists_the_pull_requests_once_it_is_answered():
    play = pulled()
    assert list(_pulls([play.run])) == [], "the open question is listed itself"
    play.answer("q2", "wait")
    run = play.run.id
    assert list(_pulls([play.run])) == [
        (f"the pull requests of {run} are not merged yet", f"gitorch show q2 --run {run}")
    ]


def test_up_ends_with_0_when_every_run_is_settled(stage):
    stage.until_report().ledger.held.update(("up", "driver"))
    stage.gitorch("approve", "--yes")
    stage.ledger.held.clear()
    answer = stage.gitorch("up")
    assert answer.status == 0
    assert f"{RUN}  completed" in answer.out
    assert "gitorch answer q2 worktrees" in answer.out


def test_up_without_an_open_run_shows_what_still_waits(stage):
    stage.until_report().gitorch("approve", "--yes")
    stage.gitorch("up")
    answer = stage.gitorch("up")
    assert answer.status == 0
    assert answer.out.startswith("No run is open. Start one: gitorch start PLAN\n")
    assert "gitorch answer q2 worktrees" in answer.out


def test_up_without_an_open_run_names_start(stage):
    stage.begin_run().gitorch("cancel")
    stage.gitorch("cleanup", "--yes")
    assert stage.gitorch("up").out == "No run is open. Start one: gitorch start PLAN\n"
    assert Stage(folder=stage.folder).gitorch("up").status == 3, "without a ledger"


def test_up_once_runs_one_tick(stage):
    stage.begin_run()
    answer = stage.gitorch("up", "--once")
    assert answer.status == 0
    assert "lease granted: api" in answer.out
    assert json.loads(stage.gitorch("up", RUN, "--once", "--json").out)["why"] == "once"


def test_a_second_up_is_busy(stage):
    stage.begin_run().ledger.held.update(("up", "driver"))
    answer = stage.gitorch("up", "--once")
    assert (answer.status, "  try: gitorch status --watch" in answer.err) == (9, True)


def test_up_prints_new_records_of_other_processes_and_no_old_ones(stage):
    stage.begin_run().launch("api")
    stage.clock.on_sleep = lambda: (
        stage.submit_handoff("api", "NEEDS_CONTEXT", questions=("Which?",)) if not stage.run.questions else None
    )
    answer = stage.gitorch("up", "--no-wait")
    lines = [line[10:] for line in answer.out.splitlines()]
    assert lines[0].startswith("handoff: api NEEDS_CONTEXT")
    assert not any("run started" in line for line in lines)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_up_between_two_ticks_and_agents_continue(stage, number, status):
    stage.begin_run().launch("api")
    stage.clock.on_sleep = lambda: os.kill(os.getpid(), number)
    before = signal.getsignal(number)
    answer = stage.gitorch("up", "--wait")
    assert answer.status == status
    assert "1 agent continues. Continue: gitorch up" in answer.err
    assert stage.terminals.stopped == []
    assert stage.run.phase is RunPhase.RUNNING
    assert signal.getsignal(number) is before


def test_a_second_interrupt_breaks_the_tick_off(stage):
    stage.begin_run().launch("api")

    def look(keys):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("the second signal did not arrive")

    stage.terminals.observe = look
    answer = stage.gitorch("up", "--wait")
    assert (answer.status, answer.err.strip()) == (130, "gitorch: interrupted")


def test_a_silent_world_is_printed_once_and_not_with_every_tick(stage):
    from gitorch.errors import Unavailable

    stage.begin_run().launch("api")
    ticks = iter(range(5))

    def look(keys):
        if next(ticks, None) is None:
            raise KeyboardInterrupt
        raise Unavailable("tmux cannot be asked: timeout")

    stage.terminals.observe = look
    answer = stage.gitorch("up", "--wait")
    assert answer.out.count("tmux cannot be asked: timeout") == 1


def test_a_call_that_takes_long_is_printed_while_it_runs(stage):
    stage.begin_run().launch("api")

    def look(keys):
        stage.slow_calls[0]("git read-tree has run for 5 s and written 12 MB")
        raise KeyboardInterrupt

    stage.terminals.observe = look
    answer = stage.gitorch("up", "--wait")
    assert "git read-tree has run for 5 s and written 12 MB" in answer.out


def test_up_without_tmux_ends_with_8_at_once_and_records_nothing(stage):
    stage.begin_run()
    del stage.programs.printed["tmux"]
    before = len(stage.ledger.written)
    answer = stage.gitorch("up")
    assert (answer.status, answer.err) == (
        8,
        "gitorch: tmux is not installed, and agents run in it\n  try: apt-get install tmux\n",
    )
    assert len(stage.ledger.written) == before


def test_up_without_tmux_drives_a_run_by_hand(stage):
    stage.begin_run(settings=replace(UNATTENDED, manual=True))
    del stage.programs.printed["tmux"]
    answer = stage.gitorch("up", "--no-wait")
    assert answer.status == 10
    assert answer.err.endswith(f"gitorch: waiting for you: run {RUN} is worked on by hand\n  try: gitorch claim api\n")
    assert stage.gitorch(*answer.err.split()[-3:][1:]).status == 0, "the command can be pasted"


def test_what_up_waits_for_is_always_named_and_its_hint_is_of_the_first_of_it(stage):
    stage.begin_run(settings=replace(UNATTENDED, manual=True)).gitorch("pause")
    answer = stage.gitorch("up", "--no-wait")
    assert f"waiting for you: run {RUN} is paused\n  try: gitorch resume {RUN}" in answer.err


TERMINAL = Streams(asks=True, draws=True, columns=80, lines=24, colours=True, controls=True)


@pytest.mark.parametrize(
    ("streams", "environ", "is_shown"),
    [
        (TERMINAL, {"TERM": "xterm-256color"}, True),
        (TERMINAL, {"TERM": "xterm-256color", "NO_COLOR": "1"}, True),
        (TERMINAL, {"TERM": "dumb"}, False),
        (TERMINAL, {}, False),
        (replace(TERMINAL, asks=False), {"TERM": "xterm"}, False),
        (replace(TERMINAL, controls=False), {"TERM": "xterm"}, False),
        (Streams(), {"TERM": "xterm"}, False),
    ],
)
def test_the_console_is_shown_only_at_a_terminal_of_the_caller_s_own(stage, streams, environ, is_shown):
    stage.begin_run()
    call = Call(environ, stage.folder, stage.open, streams)
    assert has_console(call) is is_shown
    call.json = True
    assert not has_console(call)


def test_without_a_run_to_show_there_is_no_console(stage):
    stage.begin_run().gitorch("cancel")
    stage.gitorch("cleanup", "--yes")
    assert not has_console(Call({"TERM": "xterm"}, stage.folder, stage.open, TERMINAL))


def test_plain_prints_lines_also_at_a_terminal(stage):
    stage.begin_run({"api": ()}).finish("api").streams = TERMINAL
    stage.environ = {"TERM": "xterm"}
    answer = stage.gitorch("up", "--plain", "--no-wait")
    assert answer.status == 10
    assert "question q1 (approval)" in answer.out
    assert "\x1b[?1049h" not in answer.out
