"""What OpenCode's server says of its sessions: statuses, permission requests, messages, and lists that hold something else."""

import pytest

from gitorch.text.opencode import asked_of, holds_text, own_session, status_of, tool_input


def session(id_, updated, folder="/tree", **more):
    return {"id": id_, "directory": folder, "time": {"updated": updated}, **more}


LISTED = [
    "junk",
    session("helper", 99, parentID="one"),
    session("elsewhere", 98, folder="/other"),
    session("old", 9),
    session("one", 20),
    session("two", 30),
    session("three", 25),
    session("", 28),
]


@pytest.mark.parametrize(
    ("listed", "began", "known", "expected"),
    [
        (LISTED, 10, "", "two"),
        (LISTED, 30, "", "two"),
        (LISTED, 31, "", ""),
        (LISTED, 31, "old", "old"),
        ([*LISTED, session("last", 30)], 10, "", "last"),
        ([], 0, "old", ""),
        ([{"id": "bare", "directory": "/tree"}], 0, "", "bare"),
    ],
)
def test_the_own_session_is_the_newest_of_the_folder_since_the_start(listed, began, known, expected):
    assert own_session(listed, "/tree", began, known) == expected


BUSY, RETRY, IDLE = {"type": "busy", "n": 1}, {"type": "retry", "n": 2}, {"type": "idle"}


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ({"a": IDLE, "b": BUSY, "c": 3, "d": RETRY}, ("retry", RETRY)),
        ({"a": BUSY, "b": 3, "c": IDLE}, ("busy", BUSY)),
        ({"a": 3, "b": BUSY}, ("busy", BUSY)),
        ({"a": IDLE}, ("idle", {})),
        ([BUSY], ("idle", {})),
    ],
)
def test_trying_again_counts_before_work_and_work_before_idle(statuses, expected):
    assert status_of(statuses) == expected


@pytest.mark.parametrize(
    ("request_", "given", "expected"),
    [
        ({"metadata": {"command": "make"}}, {"command": "ls"}, ("make", "make")),
        ({"permission": "bash"}, {"command": "ls"}, ("ls", "ls")),
        ({"permission": "edit", "patterns": ["a/*", 2]}, {}, ("edit\na/*\n2", "")),
        ({"permission": "edit", "patterns": "a"}, {}, ("edit", "")),
    ],
)
def test_a_request_asks_for_its_command_or_its_permission_and_patterns(request_, given, expected):
    assert asked_of(request_, given) == expected


TEXT = {"type": "text", "text": "do it"}


def test_the_input_of_a_tool_is_found_by_its_call():
    call = {"callID": "c2", "state": {"input": {"command": "ls"}}}
    listed = [3, {"parts": [TEXT, {"callID": "c1", "state": {"input": {"x": 1}}}, call]}]
    assert tool_input(listed, "c2") == {"command": "ls"}
    assert tool_input(listed, "c3") == {}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"role": "user", "time": {"created": 5}}, True),
        ({"role": "user", "time": {"created": 4}}, False),
        ({"role": "user"}, False),
        ({"role": "assistant", "time": {"created": 9}}, False),
    ],
)
def test_only_a_message_of_the_user_since_then_holds_a_text(said, found):
    message = {"info": said, "parts": [{"type": "file", "text": "do it"}, {"type": "text", "text": "more"}, TEXT]}
    early = {"info": {"role": "user", "time": {"created": 1}}, "parts": [TEXT]}
    assert holds_text([3, early, message], "do it", 5) is found
    assert not holds_text([message], "do", 5)
    assert not holds_text([{**message, "parts": message["parts"][:1]}], "do it", 5)
