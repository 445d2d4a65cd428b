"""What can be wrong with Claude Code's state file and its hooks, and how soon the next channel takes over."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "contract"))
from claude_bench import ClaudeBench
from fakes.channels import FakeChannel
from waiting import LIMIT_SECONDS

from gitorch.errors import Unavailable
from gitorch.model.observed import AgentState
from gitorch.model.plans.permission import Option
from gitorch.world import processes
from gitorch.world.channels.chain import ChannelChain
from gitorch.world.channels.claude import HOOK_MS, PATIENCE_MS, REPORT_MS, START_MS, ClaudeChannel

TAKES_OVER_MS = 5_000


@pytest.fixture
def bench(tmp_path):
    one = ClaudeBench(tmp_path)
    yield one
    one.close()


def other_process(bench):
    value = json.loads(bench.state_file.read_text())
    bench.state_file.write_text(json.dumps({**value, "procStart": "1"}))


def half(bench):
    bench.state_file.write_text(bench.state_file.read_text()[:40])


def without_status(bench):
    value = json.loads(bench.state_file.read_text())
    del value["status"]
    bench.state_file.write_text(json.dumps(value))


def new_status(bench):
    bench.status("dreaming")


def gone(bench):
    bench.state_file.unlink()


def a_folder(bench):
    bench.state_file.unlink()
    bench.state_file.mkdir()


FAULTS = [other_process, half, without_status, new_status, gone, a_folder]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_file_that_cannot_be_relied_on_gives_way_to_the_next_channel_and_is_named_once(bench, fault):
    bench.rest()
    following = FakeChannel("following")
    chain = ChannelChain((bench.channel, following), bench.files, bench.clock)
    assert chain.observe()[0] == "claude"
    fault(bench)
    began, named = bench.clock.now(), []
    while bench.clock.now() - began < TAKES_OVER_MS:
        assert chain.observe()[0] == "following"
        named.append(dict(chain.skipped))
        bench.clock.sleep(0.5)
    assert named[0] == {}
    assert list(named[-1]) == ["claude"]
    assert named[-1]["claude"].startswith("Claude Code tells no state: its s")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_file_that_is_whole_again_is_relied_on_again(bench, fault):
    bench.rest()
    assert bench.channel.observe().state is AgentState.IDLE
    fault(bench)
    assert bench.channel.observe() is None
    if bench.state_file.is_dir():
        bench.state_file.rmdir()
    bench.work()
    bench.clock.sleep(1)
    assert bench.channel.observe().state is AgentState.WORKING


def test_a_program_without_a_state_file_is_silent_only_after_the_time_of_its_start(bench):
    assert bench.channel.observe() is None
    bench.clock.sleep((START_MS - 1_000) / 1000)
    assert bench.channel.observe() is None
    bench.clock.sleep((PATIENCE_MS + 2_000) / 1000)
    with pytest.raises(Unavailable, match="it keeps no state file"):
        bench.channel.observe()


def test_the_own_folder_of_a_sandboxed_session_is_read_instead_of_the_users(bench):
    bench.work()
    value = json.loads(bench.state_file.read_text())
    own = bench.files.path / "own/sessions"
    own.mkdir(parents=True)
    (own / "2.json").write_text(json.dumps({**value, "pid": 2, "status": "idle"}))
    assert bench.channel.observe().state is AgentState.IDLE


def test_the_folder_that_the_program_was_given_is_read(bench):
    bench.program.kill()
    bench.program.wait()
    bench.start_program({"CLAUDE_CONFIG_DIR": str(bench.folder / "config")})
    bench.state_file = bench.folder / "config/sessions" / bench.state_file.name
    bench.state_file.parent.mkdir(parents=True)
    bench.work()
    assert bench.channel.observe().state is AgentState.WORKING


def test_a_program_that_has_another_process_id_inside_a_sandbox_is_found_by_its_start_time(bench):
    started = processes.process(bench.program.pid).started.rpartition("/")[2]
    inside = bench.state_file.with_name("2.json")
    inside.write_text(json.dumps({"pid": 2, "procStart": started, "status": "busy"}))
    assert bench.channel.observe().state is AgentState.WORKING


def test_a_hook_whose_request_was_settled_in_the_terminal_is_released_without_an_answer(bench):
    bench.rest()
    bench.ask("make")
    request = bench.channel.pending()
    bench.settle()
    assert bench.channel.observe().state is AgentState.IDLE
    assert bench.hooks[0].wait(LIMIT_SECONDS) == 0
    assert bench.decisions == []
    assert bench.channel.answer(request, Option.ONCE, "").startswith("refused: ")


def test_a_rejection_tells_the_program_why(bench):
    bench.rest()
    bench.ask("make")
    assert bench.channel.answer(bench.channel.pending(), Option.REJECT, "use ninja") == "answered"
    bench.answered()
    assert bench.decisions == [{"behavior": "deny", "message": "use ninja"}]


def test_two_requests_at_once_are_told_and_answered_one_after_the_other(bench):
    bench.rest()
    bench.ask("make one")
    bench.ask("make two")
    first = bench.channel.pending()
    assert first.command == "make one"
    assert bench.channel.answer(first, Option.ONCE, "") == "answered"
    bench.answered()
    bench.status("waiting", waitingFor="permission prompt")
    assert bench.channel.pending().command == "make two"


def test_a_request_whose_hook_was_killed_is_left_to_the_terminal(bench):
    bench.rest()
    bench.ask("make")
    request = bench.channel.pending()
    bench.hooks[0].kill()
    bench.hooks[0].wait()
    assert bench.channel.answer(request, Option.ONCE, "") == "refused: its hook did not fetch the answer"
    assert bench.channel.pending() is None
    assert bench.channel.observe().state is AgentState.DIALOG


def test_another_process_of_gitorch_sees_the_same_request(bench):
    bench.rest()
    bench.ask("make")
    assert ClaudeChannel(bench.site).pending() == bench.channel.pending()


def test_a_question_of_the_program_is_a_dialog_without_a_request(bench):
    bench.rest()
    bench.ask("which?", tool="AskUserQuestion")
    assert bench.channel.observe().state is AgentState.DIALOG
    assert bench.channel.pending() is None


def test_a_request_is_announced_while_its_hook_is_starting_and_left_to_the_screen_afterwards(bench):
    bench.status("waiting", waitingFor="permission prompt")
    seen = bench.channel.observe()
    assert (seen.state, seen.request, seen.request_follows) == (AgentState.DIALOG, None, True)
    bench.clock.sleep(REPORT_MS / 1000 + 0.1)
    assert bench.channel.observe().request_follows is False
    bench.status("waiting", waitingFor="dialog open")
    assert bench.channel.observe().request_follows is False


def hook(bench, name):
    """A hook tells of something, as `gitorch hook claude` writes it."""
    line = {"at": bench.clock.now(), "event": "claude", "text": json.dumps({"hook_event_name": name, "error": "401"})}
    with bench.files.signals_path.open("a") as signals:
        signals.write(json.dumps(line) + "\n")


@pytest.mark.parametrize(("name", "state"), [("StopFailure", AgentState.ERROR), ("Stop", AgentState.IDLE)])
def test_the_end_of_a_turn_is_told_once_its_hook_has_said_how_it_ended(bench, name, state):
    hook(bench, "UserPromptSubmit")
    bench.work()
    assert bench.channel.observe().state is AgentState.WORKING
    bench.rest()
    assert bench.channel.observe().state is AgentState.WORKING
    hook(bench, name)
    assert bench.channel.observe().state is state


def test_after_escape_no_hook_comes_and_the_program_is_at_rest_a_moment_later(bench):
    hook(bench, "UserPromptSubmit")
    bench.rest()
    assert bench.channel.observe().state is AgentState.WORKING
    bench.clock.sleep(HOOK_MS / 1000)
    assert bench.channel.observe().state is AgentState.IDLE
    bench.rest()
    assert bench.channel.observe().state is AgentState.IDLE, "no hook is waited for any more"


def test_a_prompt_is_no_end_of_a_turn_while_the_file_still_says_idle(bench):
    bench.rest()
    bench.clock.sleep(0.1)
    hook(bench, "UserPromptSubmit")
    assert bench.channel.observe().state is AgentState.IDLE


POISON = [
    b"",
    b"{",
    b"[1]",
    b"null",
    b"\xff\xfe",
    b"[" * 5_000,
    b'{"at": 1e999, "event": "claude", "text": "x"}',
    b'{"at": -5, "event": "claude", "text": "x"}',
    b'{"at": 99999999999999999999999, "event": "claude", "text": "{}"}',
    b'{"at": 5, "event": "claude", "text": 7, "id": "0123456789abcdef", "wait": 5}',
    b'{"at": 5, "event": "claude", "text": "{}", "id": "../../../x", "wait": 5}',
    b'{"at": 5, "event": "claude", "text": "{}", "id": ["a"], "wait": 5}',
    b'{"at": 5, "event": "claude", "text": "{}", "id": "0123456789abcdef", "wait": 1e9}',
    b'{"at": 5, "event": "claude", "text": "{}", "id": "0123456789abcdef", "wait": 99999999999999999999}',
    b'{"at": 5, "event": ["answered"], "text": "\\ud800"}',
    b'{"at": 5, "event": "claude", "text": "{\\"hook_event_name\\": \\"StopFailure\\", \\"error\\": [1]}"}',
]


@pytest.mark.parametrize("line", POISON)
def test_whatever_an_agent_writes_beside_its_signals_the_next_request_is_told(bench, line):
    bench.rest()
    bench.files.signals_path.write_bytes(line + b"\n")
    assert bench.channel.observe().state in {AgentState.IDLE, AgentState.ERROR}
    bench.ask("make")
    assert bench.channel.pending().command == "make"
    assert [path.name for path in bench.files.path.parent.iterdir() if path.name == "x"] == []


@pytest.mark.parametrize("data", POISON)
def test_whatever_an_agent_writes_into_its_state_file_it_is_no_state(bench, data):
    bench.rest()
    bench.channel.observe()
    bench.state_file.write_bytes(data)
    assert bench.channel.observe() is None


def status_line(bench, which, cost, model="claude-opus-5", **more):
    value = {"model": {"id": model}, "cost": {"total_cost_usd": cost}, **more}
    (bench.site.folder.path / f"status-line{which}").write_text(json.dumps(value))


def test_the_cost_of_a_session_is_what_its_status_line_gained(bench):
    assert bench.channel.usage() is None
    status_line(bench, "-first", 1.25)
    status_line(bench, "", 1.75, "claude-haiku-5")
    (told,) = bench.channel.usage()
    assert (told.model, told.cost_usd, told.input) == ("claude-opus-5", 0.5, 0), (
        "under one model, so that nothing counts twice"
    )
    status_line(bench, "", 1.0)
    assert bench.channel.usage()[0].cost_usd == 0.0


@pytest.mark.parametrize("cost", ["NaN", "-1", '"x"', "[]", "1e400", "true1"])
def test_a_status_line_without_a_cost_tells_nothing(bench, cost):
    status_line(bench, "-first", 0)
    (bench.site.folder.path / "status-line").write_text(
        f'{{"model": {{"id": "m"}}, "cost": {{"total_cost_usd": {cost}}}}}'
    )
    assert bench.channel.usage() is None


def test_a_limit_without_words_about_its_end_ends_as_the_status_line_says(bench):
    bench.rest()
    failed = {"hook_event_name": "StopFailure", "error": "rate_limit", "last_assistant_message": "Too much"}
    bench.files.signals_path.write_text(json.dumps({"at": 5, "event": "claude", "text": json.dumps(failed)}) + "\n")
    assert bench.channel.observe().state is AgentState.ERROR
    assert bench.channel.limits() is None
    windows = {
        "five_hour": {"used_percentage": 100, "resets_at": 1_795_907_807},
        "seven_day": {"used_percentage": 40, "resets_at": 1_796_000_000},
    }
    status_line(bench, "", 1.0, rate_limits=windows)
    assert [(one.name, one.used_percent) for one in bench.channel.limits()] == [("five_hour", 100), ("seven_day", 40)]
    seen = bench.channel.observe()
    assert (seen.state, seen.resets_at) == (AgentState.LIMITED, 1_795_907_807_000)
