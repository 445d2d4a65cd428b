"""Messages of Codex's app-server, as version 0.171.0 sent them: what they say, and what they do not break."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spoiled import JSON, places, replaced

from gitorch.model.app_server import (
    LimitsTold,
    PermissionAsked,
    Reply,
    RequestSettled,
    StatusChanged,
    TextTaken,
    Thread,
    ThreadsChanged,
    TokensTold,
    Turn,
    TurnChanged,
)
from gitorch.model.channel import UsageLimit
from gitorch.model.dialog import PermissionRequest
from gitorch.model.work.usage import ModelUsage
from gitorch.text import app_server
from gitorch.text.app_server import answer_text, read_fact, read_ids, read_texts, read_thread, read_turns, without_shell

ITEM = {
    "type": "userMessage",
    "id": "i",
    "clientId": "c",
    "content": [{"type": "text", "text": "a\n`b`", "text_elements": []}],
}
ASKED = {
    "kind": "command",
    "threadId": "t",
    "turnId": "u",
    "itemId": "call_3",
    "startedAtMs": 1,
    "environmentId": "local",
    "reason": "May I make a folder?",
    "command": "/bin/bash -c 'mkdir made'",
    "cwd": "/tree",
    "availableDecisions": ["accept", {"acceptWithExecpolicyAmendment": {}}, "cancel"],
}
WINDOW = {"usedPercent": 100, "windowDurationMins": 300, "resetsAt": 1795907807}
TOTAL = {
    "totalTokens": 250,
    "inputTokens": 200,
    "cachedInputTokens": 80,
    "cacheWriteInputTokens": 20,
    "outputTokens": 50,
    "reasoningOutputTokens": 30,
}
LIMIT = {"message": "You've hit your usage limit.", "codexErrorInfo": "usageLimitExceeded", "additionalDetails": None}
MANY = {"message": "429", "codexErrorInfo": {"responseTooManyFailedAttempts": {"httpStatusCode": 429}}}
ACCEPT, DECLINE = {"decision": "accept"}, {"decision": "decline"}


def notified(method, **params):
    return {"method": method, "params": params, "emittedAtMs": 1795903734652}


SAID = [
    (notified("thread/status/changed", threadId="t", status={"type": "idle"}), StatusChanged("t", "idle", ())),
    (
        notified(
            "thread/status/changed", threadId="t", status={"type": "active", "activeFlags": ["waitingOnApproval"]}
        ),
        StatusChanged("t", "active", ("waitingOnApproval",)),
    ),
    (
        notified("turn/started", threadId="t", turn={"id": "u", "items": [], "status": "inProgress", "error": None}),
        TurnChanged("t", Turn("u", "inProgress")),
    ),
    (
        notified("turn/completed", threadId="t", turn={"id": "u", "items": [], "status": "failed", "error": LIMIT}),
        TurnChanged("t", Turn("u", "failed", "usageLimitExceeded", "You've hit your usage limit.")),
    ),
    (
        notified("turn/completed", threadId="t", turn={"id": "u", "status": "failed", "error": MANY}),
        TurnChanged("t", Turn("u", "failed", "responseTooManyFailedAttempts", "429")),
    ),
    (
        notified("turn/completed", threadId="t", turn={"id": "u", "status": "failed", "error": {"message": "?"}}),
        TurnChanged("t", Turn("u", "failed", "other", "?")),
    ),
    (notified("item/started", threadId="t", item=ITEM), TextTaken("t", "a\n`b`", "c")),
    (notified("item/started", threadId="t", item={"type": "agentMessage", "text": "x"}), None),
    (notified("serverRequest/resolved", threadId="t", requestId=0), RequestSettled("t", "0")),
    (notified("thread/started", thread={}), ThreadsChanged()),
    (
        notified("account/rateLimits/updated", rateLimits={"limitId": "codex", "primary": WINDOW, "secondary": None}),
        LimitsTold((UsageLimit("primary", 100.0, 1795907807000),)),
    ),
    (notified("account/rateLimits/updated", rateLimits={"primary": None, "secondary": None}), None),
    (
        notified("thread/tokenUsage/updated", threadId="t", turnId="u", tokenUsage={"total": TOTAL, "last": TOTAL}),
        TokensTold("t", ModelUsage("", input=100, cached=80, cache_write=20, output=50, reasoning=30)),
    ),
    (notified("item/agentMessage/delta", threadId="t", delta="D"), None),
    ({"id": 3, "result": {"data": []}}, Reply(3, {"data": []})),
    ({"id": 3, "error": {"code": -32600, "message": "no rollout found"}}, Reply(3, {}, "no rollout found")),
    ({"id": 3, "error": {}}, Reply(3, {}, "an error without words")),
    (
        {"id": 0, "method": "item/commandExecution/requestApproval", "params": ASKED},
        PermissionAsked(
            "t", PermissionRequest("0", "mkdir made", "commandExecution", "mkdir made", "/tree"), ACCEPT, DECLINE
        ),
    ),
    (
        {"id": "x", "method": "item/fileChange/requestApproval", "params": {"threadId": "t", "reason": "Write there"}},
        PermissionAsked("t", PermissionRequest('"x"', "Write there", "fileChange"), ACCEPT, DECLINE),
    ),
    (
        {
            "id": 1,
            "method": "item/permissions/requestApproval",
            "params": {"threadId": "t", "cwd": "/tree", "permissions": {"network": {"enabled": True}}},
        },
        PermissionAsked(
            "t",
            PermissionRequest("1", '{"network": {"enabled": true}}', "permissions", "", "/tree"),
            {"permissions": {"network": {"enabled": True}}, "scope": "turn"},
            {"permissions": {}, "scope": "turn"},
        ),
    ),
    ({"id": 1, "method": "item/tool/requestUserInput", "params": {"threadId": "t"}}, None),
]


@pytest.mark.parametrize(("message", "fact"), SAID, ids=[str(n) for n in range(len(SAID))])
def test_a_message_says_one_thing_or_nothing(message, fact):
    assert read_fact(json.dumps(message).encode()) == fact


def test_an_answer_carries_the_id_of_its_request_in_its_own_type():
    assert json.loads(answer_text('"x"', DECLINE)) == {"id": "x", "result": DECLINE}
    assert json.loads(answer_text("0", ACCEPT))["id"] == 0


@pytest.mark.parametrize(
    ("command", "inside"),
    [
        ("/bin/bash -lc 'make test'", "make test"),
        ("""/bin/bash -c "printf '%s' x && rm -r ." """.strip(), "printf '%s' x && rm -r ."),
        ("zsh -c ls", "ls"),
        ("bash -c ls -l", "bash -c ls -l"),
        ("bash run.sh", "bash run.sh"),
        ("python3 -c 'print(1)'", "python3 -c 'print(1)'"),
        ("echo 'half", "echo 'half"),
        ("", ""),
    ],
)
def test_only_the_shell_that_codex_adds_is_taken_off_a_command(command, inside):
    assert without_shell(command) == inside


def test_answers_about_conversations_are_read():
    row = {"id": "t", "cwd": "/tree", "model": "m", "threadSource": "user", "updatedAt": 5, "status": {"type": "idle"}}
    assert read_thread(row) == Thread("t", "idle", (), "/tree", "m", True, 5)
    for other in ({"threadSource": "thread_title"}, {"ephemeral": True}, {"parentThreadId": "p"}):
        assert not read_thread({**row, **other}).is_users
    begun = {"createdAt": 4, "parentThreadId": "p", "forkedFromId": "o"}
    assert read_thread({**row, **begun}) == Thread("t", "idle", (), "/tree", "m", False, 5, 4, "p", True)
    assert read_ids({"data": ["t", 5, "u"]}) == ("t", "u")
    assert read_turns({"data": [{"id": "u", "status": "completed"}]}) == (Turn("u", "completed"),)
    assert list(read_texts("t", {"data": [{"turnId": "u", "item": ITEM}, {"item": {"type": "plan"}}]})) == [
        TextTaken("t", "a\n`b`", "c")
    ]


CUTS = [(json.dumps(said), place) for said, _ in SAID for place in places(said) if place]


@given(st.sampled_from(CUTS), st.just(...) | JSON)
def test_a_message_with_any_part_replaced_or_missing_never_fails(cut, other):
    message = replaced(json.loads(cut[0]), cut[1], other)
    fact = read_fact(json.dumps(message).encode())
    assert fact is None or type(fact).__module__ == "gitorch.model.app_server"


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_bytes_of_any_kind_say_nothing_or_one_thing(payload):
    fact = read_fact(payload)
    assert fact is None or isinstance(fact, Reply)


@given(JSON.filter(lambda value: isinstance(value, dict)))
def test_answers_of_any_kind_are_read_without_failing(result):
    assert isinstance(read_thread(result), Thread)
    assert isinstance(read_ids(result), tuple)
    assert isinstance(read_turns(result), tuple)
    assert all(isinstance(one, TextTaken) for one in read_texts("t", result))


def test_every_request_and_notification_that_is_read_has_an_example_here():
    methods = {message.get("method") for message, fact in SAID if fact is not None}
    assert methods - {None} == ({*app_server.NOTIFICATIONS, *app_server.REQUESTS} - {"thread/closed"})


def test_a_request_and_a_notification_are_json_with_these_keys():
    request = json.loads(app_server.request_text(3, "m", {"a": 1}))
    assert request == {"id": 3, "method": "m", "params": {"a": 1}}
    assert json.loads(app_server.notification_text("m")) == {"method": "m"}
