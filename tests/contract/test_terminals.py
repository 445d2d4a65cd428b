"""What every `ports.world.Terminals` promises."""

import pytest
from world.terminal_lab import wait_for

from gitorch.errors import NotFound
from gitorch.model.ids import PromptId, RunId, SessionId
from gitorch.model.observed import READY, AgentState
from gitorch.model.work.session import SessionKey

LINE = "Read .gitorch/brief.md and do what it says."
ABSENT = SessionKey(RunId("auth-7f3a"), SessionId("s9"))


def look(stage, launch):
    return stage.terminals.observe([launch.key])[launch.key]


def deliver(stage, launch, prompt="p1", line=LINE):
    return stage.terminals.deliver(launch.key, launch.preset, PromptId(prompt), line)


def test_a_session_that_was_never_started_is_neither_present_nor_started(stage):
    seen = stage.terminals.observe([ABSENT])[ABSENT]
    assert (seen.present, seen.started, seen.server_gone) == (False, False, False)


def test_a_started_session_becomes_ready_and_says_since_when(stage):
    launch = stage.launch()
    seen = stage.wait_state(launch, *READY)
    assert (seen.present, seen.started, seen.was_ready, seen.exit_status) == (True, True, True, None)
    assert seen.pid in stage.terminals.pids()
    assert seen.started_at <= seen.changed_at + 1000


def test_what_a_session_wrote_differs_once_its_program_ended_and_else_stays(stage):
    launch = stage.launch()
    stage.wait_state(launch, *READY)
    before = stage.terminals.written([launch.key])
    wait_for(lambda: stage.terminals.written([launch.key]) == before)
    stage.exits(launch, 3)
    stage.wait_state(launch, AgentState.EXITED)
    assert stage.terminals.written([launch.key]) != before


def test_starting_twice_is_starting_once(stage):
    launch = stage.launch()
    pid = stage.wait_state(launch, *READY).pid
    stage.terminals.start(launch)
    assert look(stage, launch).pid == pid


def test_the_first_prompt_goes_with_the_start_where_the_preset_says_so(stage):
    launch = stage.launch(line=LINE, prompt="p1", first_prompt="argument")
    assert stage.terminals.receipts(launch.key) == {"p1": "submitted"}
    assert wait_for(lambda: stage.turns(launch)) == [LINE]
    assert deliver(stage, launch) in {"submitted", "delivered"}
    assert stage.turns(launch) == [LINE]


def test_a_prompt_arrives_once_however_often_it_is_delivered(stage):
    launch = stage.launch()
    stage.wait_state(launch, *READY)
    receipt = deliver(stage, launch)
    assert receipt in {"submitted", "delivered"}
    assert deliver(stage, launch) == receipt
    assert deliver(stage, launch, "p2", "Something else.") == receipt
    assert stage.turns(launch) == [LINE, "Something else."]
    assert stage.terminals.receipts(launch.key) == {"p1": receipt, "p2": receipt}


@pytest.mark.parametrize("state", [AgentState.DIALOG, AgentState.WORKING])
def test_an_agent_that_is_not_ready_is_not_typed_into(stage, state):
    launch = stage.launch()
    stage.wait_state(launch, *READY)
    stage.become(launch, state)
    seen = stage.wait_state(launch, state)
    assert ("Enter to confirm" in seen.screen) is (state is AgentState.DIALOG)
    assert deliver(stage, launch).startswith("refused: ")
    assert stage.turns(launch) == []
    assert stage.terminals.receipts(launch.key) == {}


def test_an_agent_that_ended_is_exited_with_its_status(stage):
    launch = stage.launch()
    stage.wait_state(launch, *READY)
    stage.exits(launch, 3)
    seen = stage.wait_state(launch, AgentState.EXITED)
    assert (seen.present, seen.exit_status, seen.was_ready) == (True, 3, True)
    assert deliver(stage, launch).startswith("refused: ")
    assert seen.pid not in stage.terminals.pids()


def test_a_server_that_ended_differs_from_a_session_that_never_started(stage):
    launch = stage.launch()
    stage.wait_state(launch, *READY)
    stage.kill_server()
    seen = wait_for(lambda: (seen := look(stage, launch)).state is AgentState.EXITED and seen)
    assert (seen.present, seen.started, seen.server_gone) == (False, True, True)
    assert deliver(stage, launch).startswith("refused: ")


def test_a_stopped_session_is_gone_and_is_not_started_again(stage):
    launch = stage.launch()
    stage.wait_state(launch, *READY)
    stage.terminals.stop(launch.key)
    seen = look(stage, launch)
    assert (seen.present, seen.started, seen.state) == (False, True, AgentState.EXITED)
    stage.terminals.start(launch)
    assert not look(stage, launch).present
    stage.terminals.stop(launch.key)
    assert stage.terminals.pids() == {}


def test_stopping_what_never_was_is_harmless(stage):
    launch = stage.launch()
    stage.terminals.stop(ABSENT)
    assert look(stage, launch).present


def test_what_does_not_exist_can_neither_be_read_nor_attached_to(stage):
    with pytest.raises(NotFound):
        stage.terminals.screen(ABSENT)
    with pytest.raises(NotFound):
        stage.terminals.attach_argv(ABSENT)


def test_a_living_session_can_be_attached_to_by_its_name(stage):
    launch = stage.launch()
    assert launch.key.name in " ".join(stage.terminals.attach_argv(launch.key))


def test_the_server_ends_only_when_no_session_is_left(stage):
    launch = stage.launch()
    stage.terminals.close()
    assert look(stage, launch).present
    stage.terminals.stop(launch.key)
    stage.terminals.close()
    assert not look(stage, launch).present
