"""The Agent Client Protocol: what a program's messages say whatever else they hold, what it is sent, and how it reads."""

import json

import pytest

from gitorch.text.acp import answers, messages, updates, usage
from gitorch.text.acp.messages import Message, read_message
from gitorch.text.acp.permission import ALLOW_ONCE, Choice, Request, read_request
from gitorch.text.acp.usage import TurnUsage, turn_usages


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"method": "a/b", "id": 3, "params": {"x": 1}}, Message("a/b", 3, {"x": 1}, {}, None)),
        ({"method": "a/b", "params": [1]}, Message("a/b", None, {}, {}, None)),
        ({"id": "k", "result": {"y": 2}, "error": None}, Message("", "k", {}, {"y": 2}, None)),
        ({"id": 0, "result": 5, "error": {"code": 1}}, Message("", 0, {}, {}, {"code": 1})),
        ({"id": 1, "error": "broken"}, Message("", 1, {}, {}, {})),
        ({"method": "m", "id": True}, Message("m", None, {}, {}, None)),
    ],
)
def test_a_message_is_read_by_the_types_of_its_fields(value, expected):
    assert read_message(json.dumps(value).encode()) == expected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[]", "it is not an object"),
        (b"[" * 200_000, "it is nested too deeply"),
        (b'{"id": 1.5, "method": 2}', "it has neither a method nor an id"),
        (b"{", "Expecting property name"),
    ],
)
def test_a_line_that_is_no_message_is_refused_with_the_reason(line, reason):
    with pytest.raises(ValueError, match=reason):
        read_message(line)


def test_what_a_program_is_sent_is_one_line_of_ascii():
    assert messages.request(7, "m", {"a": "ö"}) == b'{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":"\\u00f6"}}\n'
    assert messages.notification("m", {"a": 1}) == b'{"jsonrpc":"2.0","method":"m","params":{"a":1}}\n'
    assert messages.answer("k", answers.selected("yes")) == (
        b'{"jsonrpc":"2.0","id":"k","result":{"outcome":{"outcome":"selected","optionId":"yes"}}}\n'
    )
    assert messages.refusal(0, -32601, "no") == b'{"jsonrpc":"2.0","id":0,"error":{"code":-32601,"message":"no"}}\n'


def test_a_field_of_another_type_counts_as_empty():
    odd = {"text": 3, "object": [], "list": {}, "truth": True, "number": "5", "less": -2, "some": [{"a": 1}, 2, {}]}
    assert [messages.text_of(odd, name) for name in ("text", "none")] == ["", ""]
    assert [messages.object_of(odd, name) for name in ("object", "none")] == [{}, {}]
    assert [messages.objects_of(odd, name) for name in ("list", "none", "some")] == [[], [], [{"a": 1}, {}]]
    assert [messages.number_of(odd, name) for name in ("truth", "number", "less", "none")] == [0, 0, 0, 0]
    assert messages.number_of({"count": 1}, "count") == 1


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ({"message": "it\n broke", "data": "a  b"}, "it broke: a b"),
        ({"message": "it broke", "data": {"details": "here", "more": "x"}}, "it broke: here"),
        ({"data": {"details": "here"}}, "here"),
        ({"message": "it broke", "data": 3}, "it broke"),
        ({}, "no reason given"),
    ],
)
def test_an_error_reads_as_one_line(error, text):
    assert messages.error_text(error) == text
    assert answers.refused_conversation(error) == f"The program refused a conversation: {text}"
    sign_in = f"Sign in to the program once, outside of gitorch: {text}"
    assert answers.refused_conversation({**error, "code": -32000}) == sign_in


@pytest.mark.parametrize(
    ("capabilities", "method"),
    [
        ({"loadSession": True, "sessionCapabilities": {"resume": {}}}, "session/load"),
        ({"loadSession": 1, "sessionCapabilities": {"resume": {}}}, "session/resume"),
        ({"loadSession": False, "sessionCapabilities": {"list": {}}}, ""),
        ({}, ""),
    ],
)
def test_a_conversation_is_resumed_as_the_program_can(capabilities, method):
    assert answers.resuming_method(capabilities) == method


def test_the_signs_of_a_usage_limit_are_known_in_any_case():
    assert all(answers.names_limit(f"it: {sign.upper()}!") for sign in answers.LIMIT_SIGNS)
    assert not answers.names_limit("the connection was lost")


@pytest.mark.parametrize(
    ("text", "named"),
    [("HTTP 429", True), ('{"code":429}', True), ("429: wait", True), ("14:06:50.429 no", False), ("req_4290", False)],
)
def test_the_status_of_a_usage_limit_is_no_part_of_another_number(text, named):
    assert answers.names_limit(text) is named


@pytest.mark.parametrize(
    ("line", "limit"),
    [
        ('level=ERROR message="x" error="AI_APICallError: Too many requests."', "Too many requests."),
        ("12Z [WARN] [RETRY] Attempt 3 failed with status 429. Error: 429 Wait.", "429 Wait."),
        ("[WARN] failed with status 429. Error: slow down", "[WARN] failed with status 429. Error: slow down"),
        ("level=INFO rate limit: 40 of 5000 are left", ""),
        ("the file errors.py has a quota", ""),
        ("2026-11-29T14:06:50.429Z level=ERROR connection lost", ""),
        ("", ""),
    ],
)
def test_a_line_of_a_log_tells_a_usage_limit_only_as_a_failure(line, limit):
    assert answers.logged_limit(line) == limit
    assert len(answers.logged_limit(line * 500)) <= answers.LOGGED_CHARS_MAX


REQUEST = Request(4, "execute", "Run it", "make test", "/tree", ("a.py", "b.py"), ())
OPTIONS = [
    {"optionId": "y", "name": "Yes", "kind": "allow_once"},
    {"name": "no id", "kind": "allow_once"},
    {"optionId": "n", "kind": "reject_once"},
    {"optionId": "again", "name": "Yes, too", "kind": "allow_once"},
]


def test_a_permission_request_adds_what_is_set_to_what_was_said_of_the_call_before():
    known = {"title": "Old", "kind": "execute", "rawInput": {"command": ["make", 1], "cwd": "/tree"}}
    call = {
        "title": "Run it",
        "kind": None,
        "locations": [{"path": "a.py"}, {"line": 3}],
        "content": [{"path": "b.py"}, {"path": "a.py"}],
    }
    found = read_request(4, {"toolCall": call, "options": OPTIONS}, known)
    choices = (
        Choice("y", "Yes", "allow_once"),
        Choice("n", "n", "reject_once"),
        Choice("again", "Yes, too", "allow_once"),
    )
    assert found == Request(4, "execute", "Run it", "make 1", "/tree", ("a.py", "b.py"), choices)
    assert (found.choice(ALLOW_ONCE), found.choice("allow_always")) == (choices[0], None)


@pytest.mark.parametrize(
    ("call", "command", "asked", "changes"),
    [
        ({"kind": "execute", "title": "ls"}, "ls", "ls", False),
        ({"kind": "edit", "title": "Edit", "locations": [{"path": "a"}, {"path": "b"}]}, "", "Edit\na\nb", True),
        ({"kind": "edit", "title": "Edit"}, "", "Edit", False),
        (
            {"kind": "move", "title": "M", "locations": [{"path": "a"}], "rawInput": {"command": "mv"}},
            "mv",
            "mv",
            False,
        ),
        ({"kind": "read", "title": "R", "locations": [{"path": "a"}]}, "", "R\na", False),
    ],
)
def test_what_a_request_asks_is_its_command_or_its_title_with_the_paths(call, command, asked, changes):
    found = read_request("k", {"toolCall": call}, {})
    assert (found.command, found.asked, found.changes_files, found.folder) == (command, asked, changes, "")


def content(text):
    return {"type": "content", "content": {"type": "text", "text": text}}


def difference_of(before, after):
    return {"type": "diff", "path": "a.py", "oldText": before, "newText": after}


@pytest.mark.parametrize(
    ("update", "lines"),
    [
        (
            {
                "sessionUpdate": "tool_call",
                "kind": "execute",
                "title": "Run",
                "rawInput": {"command": "make\ntest"},
                "content": [content("out")],
            },
            ["● execute: Run", "    $ make", "    $ test", "    │ out"],
        ),
        (
            {"sessionUpdate": "tool_call", "title": "ls", "toolCallId": "t1", "rawInput": {"command": "ls"}},
            ["● tool: ls"],
        ),
        ({"sessionUpdate": "tool_call", "toolCallId": "t1"}, ["● tool: t1"]),
        (
            {
                "sessionUpdate": "tool_call_update",
                "status": "completed",
                "title": "Edited",
                "content": [difference_of("a\nb\n", "a\nc\n"), content("done")],
            },
            ["  ✓ Edited", "    a.py", "    @@ -1,2 +1,2 @@", "     a", "    -b", "    +c", "    │ done"],
        ),
        ({"sessionUpdate": "tool_call_update", "status": "failed"}, ["  ✗ failed"]),
        ({"sessionUpdate": "tool_call_update", "status": "in_progress", "content": [content("x")]}, []),
        (
            {
                "sessionUpdate": "plan",
                "entries": [
                    {"status": "completed", "content": "one"},
                    {"status": "in_progress", "content": "two"},
                    {"content": "three"},
                ],
            },
            ["Plan:", "  [x] one", "  [>] two", "  [ ] three"],
        ),
        ({"sessionUpdate": "usage_update"}, []),
        ({}, []),
    ],
)
def test_an_update_reads_as_lines(update, lines):
    assert updates.update_lines(update) == lines


@pytest.mark.parametrize(
    ("piece", "text"),
    [
        ({"type": "text", "text": "Hello"}, "Hello"),
        ({"text": "Hello"}, "Hello"),
        ({"type": "image"}, "[image]"),
        ({"type": "resource_link", "uri": "file:a"}, "[resource_link file:a]"),
        ({"type": "resource", "resource": {"uri": "file:b"}}, "[resource file:b]"),
    ],
)
def test_a_piece_of_a_message_reads_as_its_text_or_its_kind(piece, text):
    assert updates.chunk_text({"content": piece}) == text


def test_a_long_result_and_a_long_difference_are_cut():
    assert updates.difference(difference_of("", "x\n" * 40))[-1] == "    … 1 more line"
    assert updates.difference(difference_of("", "x\n" * 39))[-1] == "    +x"
    assert updates.difference(difference_of("", "x\n" * 2_000))[-1] == "    … 1961 more lines"
    assert updates.difference(difference_of("x\n" * 2_001, "")) == ["    2001 lines before, 0 lines after"]
    kept = "".join(f"{number}\n" for number in range(9))
    assert updates.difference(difference_of(kept, kept.replace("4", "x")))[0] == "    @@ -3,5 +3,5 @@"
    shown = updates.update_lines({"sessionUpdate": "tool_call", "content": [content("x\n" * 42)]})
    assert (len(shown), shown[-2:]) == (42, ["    │ x", "    … 2 more lines"])


def test_a_permission_request_reads_with_its_numbered_answers():
    choices = (Choice("y", "Yes", "allow_once"), Choice("n", "No", "reject_once"))
    asked = Request(1, "execute", "Run it", "make test", "/tree", (), choices)
    assert updates.request_lines(asked, {"content": [content("why")]}) == [
        "? May it: execute: Run it",
        "    make test",
        "    │ why",
        "    in /tree",
        "  1. Yes",
        "  2. No",
    ]
    assert updates.request_lines(Request(1, "", "Ask", "", "", (), ()), {}) == ["? May it: use a tool: Ask"]


def drafted(*counts):
    names = ("inputTokens", "outputTokens", "cachedReadTokens", "cachedWriteTokens", "thoughtTokens")
    return {"usage": dict(zip(names, counts, strict=True))}


GEMINI = {
    "_meta": {
        "quota": {
            "model_usage": [
                {"model": "pro", "token_count": {"input_tokens": 5, "output_tokens": 6}},
                {"model": "flash", "token_count": {"input_tokens": 7}},
            ]
        }
    }
}


def test_the_usage_of_turns_is_read_as_each_program_counts_it():
    turns = [drafted(10, 20, 30, 40, 50), {}, drafted(11, 22, 33, 44, 55), GEMINI]
    first = TurnUsage("", 10, 20, 30, 40, 50)
    gemini = [TurnUsage("pro", 5, 6), TurnUsage("flash", 7, 0)]
    assert turn_usages("Qwen Code", turns) == [[first], [], [TurnUsage("", 11, 22, 33, 44, 55)], gemini]
    assert turn_usages("GitHub Copilot", turns[:3]) == [[first], [], [TurnUsage("", 1, 2, 3, 4, 5)]]
    assert turn_usages("OpenCode", turns) == [[], [], [], []]
    assert turn_usages("Not OpenCode", turns[:1]) == [[first]]


def test_a_count_that_shrinks_was_not_negative():
    assert TurnUsage("m", 1, 1, 1, 1, 1).less(TurnUsage("n", 2, 3, 4, 5, 6)) == usage.TurnUsage("m", 0, 0)
