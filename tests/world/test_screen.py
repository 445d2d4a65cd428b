"""What an agent is doing, from what it shows."""

import json

import pytest

from gitorch.model.ids import Moment
from gitorch.model.observed import AgentState
from gitorch.model.plans.runtime import Preset, StateSign
from gitorch.model.values import replace
from gitorch.rules.agent_state.hooks import read_hook
from gitorch.rules.agent_state.judge import StateReading, judge, readings_from_hook, readings_from_screen
from gitorch.rules.agent_state.screen import (
    Screen,
    Signal,
    classify,
    input_is_empty,
    is_above_cursor,
    is_in_input,
    read_screen,
    stable_text,
    tail,
    text_before_cursor,
)

PRESET = Preset(
    "p",
    ("p",),
    signs={
        "dialog": (StateSign("tail", r"^ ?Enter to confirm"),),
        "limited": (StateSign("tail", r"^Limit reached"),),
        "busy": (StateSign("title", r"^[⠁-⣿] "), StateSign("tail", r"esc to interrupt")),
        "error": (StateSign("tail", r"^■ "),),
        "ready": (StateSign("title", r"^✳ "), StateSign("tail", r"^❯")),
    },
    empty_input=r"❯ ?",
)
READY = "Welcome\n\n❯ \n────\n  ? for help\n"
T = 1_700_000_000_000


@pytest.mark.parametrize(
    ("screen", "title", "state", "sign"),
    [
        (READY, "", AgentState.IDLE, "tail: ready"),
        ("", "✳ x", AgentState.IDLE, "title: ready"),
        (READY, "⠂ x", AgentState.WORKING, "title: busy"),
        (f"Allow?\n1. Yes\n Enter to confirm\n{READY}", "⠂ x", AgentState.DIALOG, "tail: dialog"),
        (f"■ 401 Unauthorized\n{READY}", "", AgentState.ERROR, "tail: error"),
        (f"Limit reached\n■ 429\n{READY}", "", AgentState.LIMITED, "tail: limited"),
        ("■ old error\n" + "line\n" * 20 + READY, "", AgentState.IDLE, "tail: ready"),
        ("nothing known", "host", AgentState.UNKNOWN, ""),
        ("", "", AgentState.UNKNOWN, ""),
    ],
)
def test_the_first_sign_in_order_decides_the_state(screen, title, state, sign):
    assert classify(screen, title, PRESET) == (state, sign)


def test_the_tail_skips_blank_lines_and_keeps_the_last():
    assert tail("a\n\n  b  \n\n\n", 16) == "a\n  b"
    assert tail("\n".join("abcd"), 2) == "c\nd"


IDLE, WORK, ASK, ERR = AgentState.IDLE, AgentState.WORKING, AgentState.DIALOG, AgentState.ERROR
WAIT, NONE, START = AgentState.WAITING, AgentState.UNKNOWN, AgentState.STARTING


@pytest.mark.parametrize(
    ("on_screen", "event", "moved", "now", "state"),
    [
        (IDLE, None, 0, 0, IDLE),
        (NONE, None, 0, 0, NONE),
        (NONE, "session-start", 0, 0, IDLE),
        (IDLE, "prompt", 0, 1000, WORK),
        (IDLE, "prompt", 0, 4999, WORK),
        (IDLE, "prompt", 0, 5000, WAIT),
        (IDLE, "prompt", 3000, 7000, WORK),
        (ERR, "prompt", 0, 6000, ERR),
        (NONE, "prompt", 0, 60_000, WORK),
        (IDLE, "stop", 0, 0, WAIT),
        (WORK, "stop", 1000, 1000, WAIT),
        (WORK, "stop", 2000, 2000, WORK),
        (ERR, "stop", 0, 0, ERR),
        (NONE, "permission", 0, 0, ASK),
        (WORK, "permission", 2000, 2000, WORK),
        (IDLE, "permission", 0, 6000, WAIT),
        (ASK, "stop", 0, 0, ASK),
        (ASK, "prompt", 0, 60_000, ASK),
        (NONE, "error", 0, 0, ERR),
        (WORK, "session-end", 0, 0, WORK),
    ],
)
def test_only_a_newer_or_a_quiet_screen_corrects_a_hook(on_screen, event, moved, now, state):
    last = None if event is None else Signal(Moment(T), event)
    sign = (on_screen, "tail: x" if on_screen is not NONE else "")
    readings = (*readings_from_hook(last), *readings_from_screen(Screen((NONE, ""), sign), Moment(T + moved)))
    assert judge(readings, ready_seen=True, now=Moment(T + now))[0] == state


def test_an_agent_that_showed_no_sign_yet_is_starting():
    assert judge((), ready_seen=False, now=Moment(T)) == (START, "no sign yet")
    assert judge((), ready_seen=True, now=Moment(T)) == (NONE, "")


LIMIT = AgentState.LIMITED
HOOK, SCRIPT, TITLE, TREE, SCREEN = range(5)


@pytest.mark.parametrize(
    ("told", "now", "state", "by"),
    [
        ({HOOK: (WORK, 0), SCRIPT: (WAIT, 0)}, 1000, WORK, HOOK),
        ({HOOK: (WORK, 0), SCRIPT: (WAIT, 0)}, 6000, WAIT, SCRIPT),
        ({HOOK: (WORK, 0), SCRIPT: (WAIT, 3000)}, 7000, WORK, HOOK),
        ({HOOK: (WAIT, 0), SCRIPT: (WORK, 1000)}, 1000, WAIT, HOOK),
        ({HOOK: (WAIT, 0), SCRIPT: (WORK, 2000)}, 2000, WORK, SCRIPT),
        ({HOOK: (ERR, 0), SCREEN: (LIMIT, 0)}, 0, LIMIT, SCREEN),
        ({HOOK: (ERR, 0), SCREEN: (IDLE, 0)}, 60_000, ERR, HOOK),
        ({SCRIPT: (WORK, 0), TITLE: (IDLE, 0)}, 1000, WORK, SCRIPT),
        ({SCRIPT: (WAIT, 0), TITLE: (WORK, 1000)}, 1000, WAIT, SCRIPT),
        ({SCRIPT: (WAIT, 0), TITLE: (WORK, 2000)}, 2000, WORK, TITLE),
        ({SCRIPT: (WAIT, 0), TREE: (WORK, 1000)}, 1000, WAIT, SCRIPT),
        ({TITLE: (WORK, 0), SCREEN: (IDLE, 0)}, 4999, WORK, TITLE),
        ({TITLE: (WORK, 0), SCREEN: (IDLE, 0)}, 5000, WAIT, SCREEN),
        ({TITLE: (WORK, 0), SCREEN: (LIMIT, 0)}, 0, LIMIT, SCREEN),
        ({TITLE: (IDLE, 0), SCREEN: (WORK, 0)}, 0, WORK, SCREEN),
        ({TITLE: (ASK, 0), SCREEN: (IDLE, 0)}, 60_000, ASK, TITLE),
        ({TREE: (WORK, 0), SCREEN: (IDLE, 0)}, 4999, WORK, TREE),
        ({TREE: (WORK, 0), SCREEN: (IDLE, 0)}, 5000, WAIT, SCREEN),
        ({TREE: (WORK, 0)}, 60_000, WORK, TREE),
        ({HOOK: (WORK, 0), SCRIPT: (WORK, 0), TITLE: (WORK, 0), TREE: (WORK, 0), SCREEN: (ASK, 0)}, 0, ASK, SCREEN),
    ],
)
def test_a_less_trusted_source_corrects_another_only_when_newer_or_quiet(told, now, state, by):
    readings = [
        StateReading(told[source][0], f"source {source}", Moment(T + told[source][1]), beside=source in {TITLE, TREE})
        for source in sorted(told)
    ]
    found, sign = judge(readings, ready_seen=True, now=Moment(T + now))
    assert (found, sign.partition(",")[0]) == (state, f"source {by}")


def test_title_and_screen_are_read_separately():
    assert read_screen(READY, "⠂ x", PRESET) == Screen((WORK, "title: busy"), (IDLE, "tail: ready"))


@pytest.mark.parametrize(
    ("line", "x", "left"),
    [("❯ Ask anything", 2, "❯ "), ("❯ 日本", 6, "❯ 日本"), ("❯ e\u0301x", 3, "❯ e\u0301"), ("ab", 9, "ab")],
)
def test_the_text_left_of_the_cursor_is_counted_in_columns(line, x, left):
    assert text_before_cursor(f"first\n{line}\n", x, 1) == left
    assert text_before_cursor("one line", 3, 7) == ""


def test_an_input_is_empty_when_only_the_prompt_stands_left_of_the_cursor():
    assert input_is_empty(PRESET, "❯ ") is True
    assert input_is_empty(PRESET, "❯ half a line") is False
    assert input_is_empty(Preset("p", ("p",)), "whatever") is None


@pytest.mark.parametrize(
    ("left", "ours"),
    [
        ("❯ Read the brief now.", True),
        ("diff> Read the brief now.", True),
        ("  ┃  Read the brief now.", True),
        ("brief now.", True),
        ("❯ ", False),
        ("", False),
        ("❯ Read the brief", False),
        ("❯ Read the brief now. And", False),
        ("❯ please Read the brief now.", False),
    ],
)
def test_a_typed_line_is_recognised_in_the_input(left, ours):
    assert is_in_input("Read the brief  now.", left) is ours


@pytest.mark.parametrize(
    ("word", "given", "event"),
    [
        ("prompt", " Read it.\n", ("prompt", "Read it.")),
        ("claude", '{"hook_event_name": "UserPromptSubmit", "prompt": "Read it."}', ("prompt", "Read it.")),
        ("claude", '{"hook_event_name": "PermissionRequest", "tool_name": "Bash"}', ("permission", "Bash")),
        ("claude", '{"hook_event_name": "StopFailure", "error": "429"}', ("error", "429")),
        ("claude", '{"hook_event_name": "Notification", "notification_type": "permission_prompt"}', ("permission", "")),
        ("claude", '{"hook_event_name": "Notification", "notification_type": "other"}', None),
        ("gemini", '{"hook_event_name": "AfterAgent", "prompt_response": "done"}', ("stop", "")),
        (
            "gemini",
            '{"hook_event_name": "AfterAgent", "prompt_response": "[no response text]"}',
            ("error", "[no response text]"),
        ),
        ("claude", '{"hook_event_name": "PreToolUse"}', None),
        ("claude", "not json", None),
        ("claude", "[1]", None),
    ],
)
def test_a_program_s_hook_becomes_a_gitorch_event(word, given, event):
    told = read_hook(word, given)
    assert (told and told[:2]) == event


@pytest.mark.parametrize(
    ("said", "conversation"),
    [
        ("0198-uuid-x", "0198-uuid-x"),
        ("ses_4Ab", "ses_4Ab"),
        ("--yolo", ""),
        ("a b", ""),
        ("$(rm x)", ""),
        ("x" * 90, ""),
        (7, ""),
        (None, ""),
    ],
)
def test_only_an_id_that_is_safe_as_an_argument_counts_as_a_conversation_id(said, conversation):
    told = read_hook("claude", json.dumps({"hook_event_name": "Stop", "session_id": said}))
    assert told == ("stop", "", conversation)


@pytest.mark.parametrize(("x", "broke"), [(2, True), (0, False)], ids=["below its prompt", "in the first column"])
def test_a_line_counts_as_broken_only_above_an_indented_empty_line(x, broke):
    assert is_above_cursor("Read the brief.", "❯ Read the brief.\n  \n", x, 1) is broke


def test_an_empty_match_of_a_busy_sign_hides_no_line():
    hollow = replace(PRESET, signs={"busy": (StateSign("tail", r"^x*"), StateSign("title", "kept"))})
    assert stable_text("kept 12\nxx moves\n", hollow) == "kept"
