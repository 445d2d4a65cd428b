"""Claude Code's own words about itself: what they mean, and that no others break anything."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitorch.model.observed import AgentState as S
from gitorch.model.plans.permission import Option
from gitorch.rules.agent_state.claude_state import decision, read_failure, read_request, read_state

FILE = {
    "pid": 15958,
    "sessionId": "8518f994-104f-5d1c-8654-f5b72ae2aebf",
    "cwd": "/srv/tree",
    "startedAt": 1795904614043,
    "procStart": "3489352",
    "version": "2.1.197",
    "peerProtocol": 1,
    "kind": "interactive",
    "status": "idle",
    "statusUpdatedAt": 1795904613963,
}
"""As 2.1.197 writes it."""

REQUEST = {
    "session_id": "9047593e-bb7a-5207-ad09-338236dd5996",
    "cwd": "/srv/tree",
    "permission_mode": "acceptEdits",
    "hook_event_name": "PermissionRequest",
    "tool_name": "Bash",
    "tool_input": {"command": "make all\nmake install", "description": "Build"},
}
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
VALUES = LEAVES | st.lists(LEAVES, max_size=2) | st.dictionaries(st.text(max_size=4), LEAVES, max_size=2)
NOON = 1_764_331_200_000


@pytest.mark.parametrize(
    ("status", "waits_for", "state"),
    [
        ("idle", None, S.IDLE),
        ("shell", None, S.IDLE),
        ("busy", None, S.WORKING),
        ("waiting", "permission prompt", S.DIALOG),
        ("waiting", "dialog open", S.DIALOG),
        ("waiting", "input needed", S.DIALOG),
        ("waiting", None, S.DIALOG),
        ("dreaming", None, S.UNKNOWN),
    ],
)
def test_each_status_means_a_state_and_one_that_is_new_means_none(status, waits_for, state):
    found = read_state(json.dumps({**FILE, "status": status, "waitingFor": waits_for}))
    assert (found.pid, found.started, found.state) == (15958, "3489352", state)
    assert status in found.evidence


@pytest.mark.parametrize("missing", ["pid", "procStart", "status"])
def test_a_file_without_process_or_status_tells_nothing(missing):
    assert read_state(json.dumps({name: value for name, value in FILE.items() if name != missing})) is None


@pytest.mark.parametrize("missing", ["statusUpdatedAt", "version", "sessionId", "peerProtocol"])
def test_other_fields_may_be_missing_and_unknown_ones_may_be_there(missing):
    older = {name: value for name, value in FILE.items() if name != missing}
    assert read_state(json.dumps({**older, "mood": {"of": "the day"}})).state is S.IDLE


@given(st.integers(min_value=0, max_value=len(json.dumps(FILE)) - 1))
def test_half_a_file_tells_nothing(length):
    assert read_state(json.dumps(FILE)[:length]) is None


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from([*FILE, "waitingFor"]), VALUES))
def test_whatever_stands_in_the_file_it_tells_a_state_or_nothing(changes):
    found = read_state(json.dumps({**FILE, **changes}))
    assert found is None or found.state in set(S)


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from([*REQUEST, "error", "error_details"]), VALUES), st.text(max_size=30))
def test_whatever_a_hook_is_given_it_is_a_request_or_a_failure_or_nothing(changes, junk):
    payload = json.dumps({**REQUEST, **changes})
    found = read_request("r1", payload)
    assert found is None or (found.id == "r1" and isinstance(found.text, str))
    for text in (payload, junk):
        assert read_failure(text, NOON, 0) is None or "StopFailure" in text


def test_a_request_has_tool_command_and_folder_whole():
    found = read_request("r1", json.dumps(REQUEST))
    assert (found.tool, found.command, found.folder) == ("Bash", "make all\nmake install", "/srv/tree")
    assert found.text == found.command


@pytest.mark.parametrize(
    ("tool", "given_", "text"),
    [
        ("Write", {"file_path": "/etc/passwd", "content": "x"}, "Write /etc/passwd"),
        ("WebFetch", {"url": "https://example.invalid", "prompt": "?"}, "WebFetch https://example.invalid"),
        ("mcp__tracker__close", {"id": 7, "why": "done"}, 'mcp__tracker__close {"id": 7, "why": "done"}'),
        ("Bash", "not an object", "Bash {}"),
    ],
)
def test_a_tool_without_a_command_is_described_by_what_it_works_on(tool, given_, text):
    found = read_request("r1", json.dumps({**REQUEST, "tool_name": tool, "tool_input": given_}))
    assert (found.text, found.command) == (text, "")


def test_a_question_of_the_program_is_no_permission_request():
    assert read_request("r1", json.dumps({**REQUEST, "tool_name": "AskUserQuestion"})) is None


@pytest.mark.parametrize(
    ("option", "reason", "expected"),
    [
        (Option.ONCE, "", {"behavior": "allow"}),
        (Option.ONCE, "go ahead", {"behavior": "allow"}),
        (Option.REJECT, "not here", {"behavior": "deny", "message": "not here"}),
        (Option.REJECT, "", {"behavior": "deny", "message": "The principal rejected this."}),
    ],
)
def test_an_answer_is_what_the_hook_prints(option, reason, expected):
    printed = json.loads(decision(option, reason))["hookSpecificOutput"]
    assert printed == {"hookEventName": "PermissionRequest", "decision": expected}


@pytest.mark.parametrize(
    ("kind", "words", "state", "resets"),
    [
        ("rate_limit", "You've hit your limit · resets 3pm (UTC)", S.LIMITED, NOON + 3 * 3_600_000),
        ("rate_limit", "Too many requests", S.ERROR, None),
        ("overloaded", "Try again in 5 minutes", S.ERROR, NOON + 300_000),
        ("unknown", "", S.ERROR, None),
    ],
)
def test_a_limit_whose_end_is_named_is_waited_out_and_other_failures_are_errors(kind, words, state, resets):
    payload = {"hook_event_name": "StopFailure", "error": kind, "last_assistant_message": words}
    found = read_failure(json.dumps(payload), NOON, 0)
    assert (found.kind, found.state, found.resets_at) == (kind, state, resets)
