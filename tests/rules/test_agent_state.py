"""What an agent is doing, from what it shows."""

import itertools
import json

import pytest
from golden import assert_golden

from gitorch.model.ids import Moment
from gitorch.model.observed import AgentState
from gitorch.model.plans.runtime import Preset, StateSign
from gitorch.model.values import replace
from gitorch.rules.agent_state.hooks import EVENTS, NAMES, NOTIFICATIONS, TEXT_CHARS_MAX, TEXT_FIELDS, read_hook
from gitorch.rules.agent_state.judge import (
    NEWER_MS,
    QUIET_MS,
    StateReading,
    judge,
    readings_from_hook,
    readings_from_screen,
)
from gitorch.rules.agent_state.screen import (
    HOOKS,
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


def test_every_pair_of_readings_is_judged(request):
    """Two sources, in order of trust, each with every state; the lower one older, newer or both long quiet."""
    lines = []
    times = {
        "together": (0, 0),
        "newer": (NEWER_MS, NEWER_MS),
        "just newer": (NEWER_MS - 1, NEWER_MS),
        "quiet": (0, QUIET_MS),
    }
    for upper, lower, beside in itertools.product(AgentState, AgentState, (False, True)):
        found = []
        for name, (later, now) in times.items():
            readings = (
                StateReading(upper, "upper: sign", Moment(T), beside=beside),
                StateReading(lower, "lower: sign", Moment(T + later)),
            )
            state, sign = judge(readings, ready_seen=False, now=Moment(T + now))
            found.append(f"{name}: {state} by {sign}")
        lines.append(f"{upper}{' beside' if beside else ''}, then {lower} → {'; '.join(found)}")
    assert_golden("judge.txt", "\n".join(lines) + "\n", request)


def test_the_readings_of_a_screen_are_those_of_title_processes_and_screen():
    screen = Screen((IDLE, "title: ready"), (WORK, "tail: busy"))
    at = Moment(T)
    title, seen = StateReading(IDLE, "title: ready", at, beside=True), StateReading(WORK, "tail: busy", at)
    assert readings_from_screen(screen, at) == (title, StateReading(NONE, "", at, beside=True), seen)
    assert readings_from_screen(screen, at, "processes: cc") == (
        title,
        StateReading(WORK, "processes: cc", at, beside=True),
        seen,
    )


@pytest.mark.parametrize(("event", "state"), HOOKS.items())
def test_a_hook_event_implies_a_state(event, state):
    assert readings_from_hook(Signal(Moment(T), event)) == (StateReading(state, f"hook: {event}", Moment(T)),)
    assert readings_from_hook(None) == readings_from_hook(Signal(Moment(T), "session-end")) == ()


def test_a_sign_on_the_whole_screen_shows_also_above_the_tail():
    above = replace(PRESET, signs={"busy": (StateSign("screen", r"^working"),)})
    assert read_screen("working\n" + "x\n" * 40, "working", above) == Screen((NONE, ""), (WORK, "screen: busy"))
    assert classify("working\n" + "x\n" * 40, "", above) == (WORK, "screen: busy")


def test_title_and_screen_are_read_separately():
    assert read_screen(READY, "⠂ x", PRESET) == Screen((WORK, "title: busy"), (IDLE, "tail: ready"))


@pytest.mark.parametrize(
    ("line", "x", "left"),
    [
        ("❯ Ask anything", 2, "❯ "),
        ("❯ 日本", 6, "❯ 日本"),
        ("❯ 日本", 4, "❯ 日"),
        ("❯ 日本", 3, "❯ 日"),
        ("❯ ﾊｱ", 3, "❯ ﾊ"),
        ("❯ ＡＢ", 4, "❯ Ａ"),
        ("❯ e\u0301x", 3, "❯ e\u0301"),
        ("ab", 0, ""),
        ("ab", 9, "ab"),
        ("", 0, ""),
    ],
)
def test_the_text_left_of_the_cursor_is_counted_in_columns(line, x, left):
    assert text_before_cursor(f"first\n{line}\n", x, 1) == left
    assert text_before_cursor(line, x, 0) == left


@pytest.mark.parametrize("y", [-1, 1, 7])
def test_a_row_that_the_screen_does_not_have_holds_no_text(y):
    assert text_before_cursor("one line", 3, y) == ""


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
        ("x>y> brief now.", True),
        ("user> brief now.", True),
        ("│ > now.", True),
        ("a1 > now.", False),
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


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_an_event_by_its_own_name_has_its_payload_as_text(name):
    assert read_hook(name, "  x" + "y" * TEXT_CHARS_MAX) == (name, "x" + "y" * (TEXT_CHARS_MAX - 1), "")


@pytest.mark.parametrize(("name", "event"), NAMES.items())
def test_every_named_hook_of_a_program_is_an_event_with_the_first_text_that_it_has(name, event):
    for number, field in enumerate(TEXT_FIELDS):
        texts = dict.fromkeys(TEXT_FIELDS[:number], "") | {one: f"the {one}" for one in TEXT_FIELDS[number:]}
        assert read_hook("claude", json.dumps({"hook_event_name": name, **texts})) == (event, f"the {field}", "")
    assert read_hook("claude", json.dumps({"hook_event_name": name})) == (event, "", "")
    assert read_hook("claude", json.dumps({"hook_event_name": name, "prompt": "y" * 5000})) == (event, "y" * 4000, "")


@pytest.mark.parametrize(("kind", "event"), NOTIFICATIONS.items())
def test_a_notification_is_the_event_of_its_type_with_its_message(kind, event):
    data = {"hook_event_name": "Notification", "notification_type": kind, "message": "Look", "session_id": "0198-uuid"}
    assert read_hook("claude", json.dumps(data)) == (event, "Look", "0198-uuid")


def test_a_payload_that_is_nested_too_deeply_is_no_event():
    assert read_hook("claude", "[" * 100_000) is None
    assert read_hook("claude", "{}") is None


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


@pytest.mark.parametrize(
    ("screen", "x", "y", "broke"),
    [
        ("❯ Read the brief.\n  \n", 2, 1, True),
        ("❯ Read the brief.  \n  \n", 1, 1, True),
        ("❯ Read the brief.\n  \n", 0, 1, False),
        ("❯ Read the brief.\n  \n", -1, 1, False),
        ("❯ Read the brief.\n  \n", 2, 0, False),
        ("❯ Read the brief.", 2, 1, True),
        ("❯ Read the brief.", 2, 2, False),
        ("❯ Read the brief.\nab\n", 2, 1, False),
        ("❯ Read another.\n  \n", 2, 1, False),
    ],
)
def test_a_line_counts_as_broken_only_above_an_indented_empty_line(screen, x, y, broke):
    assert is_above_cursor("Read the brief.", screen, x, y) is broke


def test_an_empty_match_of_a_busy_sign_hides_no_line():
    hollow = replace(PRESET, signs={"busy": (StateSign("tail", r"^x*"), StateSign("title", "kept"))})
    assert stable_text("kept 12\nxx moves\n", hollow) == "kept"


def test_a_busy_sign_over_several_lines_hides_all_of_them_and_no_other():
    busy = replace(PRESET, signs={"busy": (StateSign("tail", r"^a.*\n.*b$"),)})
    assert stable_text("first\na one\ntwo b\nlast 3_4!\n", busy) == "firstlast"
