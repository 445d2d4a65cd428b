"""What programs write down of their usage, as they were seen to write it."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitorch.model.channel import TokenUsage, UsageLimit
from gitorch.model.ids import Moment
from gitorch.model.work.usage import ModelUsage
from gitorch.text.usage.aider import read_aider
from gitorch.text.usage.from_channel import served_of
from gitorch.text.usage.lines import LINES, LineReader, opencode_message
from gitorch.text.usage.served import COUNT_MAX, Served, add, totals
from gitorch.text.usage.status_line import StatusLine, read_limits, read_status_line

SINCE = "2026-11-28T22:00:00.000Z"
AT = "2026-11-28T22:10:02.907Z"
TREE = "/home/ada/tree"


def claude(id_: str, at: str = AT, model: str = "opus", **usage: object) -> str:
    message = {"id": id_, "model": model, "usage": usage}
    return json.dumps({"type": "assistant", "timestamp": at, "requestId": "r", "message": message})


def codex(kind: str, at: str = AT, **payload: object) -> str:
    return json.dumps({"timestamp": at, "type": kind, "payload": payload})


def codex_usage(read: int, cached: int = 0, written: int = 0, output: int = 0, reasoning: int = 0) -> dict[str, int]:
    return {
        "input_tokens": read,
        "cached_input_tokens": cached,
        "cache_write_input_tokens": written,
        "output_tokens": output,
        "reasoning_output_tokens": reasoning,
    }


def read(name: str, *lines: str, cwd: str = TREE) -> tuple[ModelUsage, ...]:
    reader, seen = LineReader(name, SINCE, cwd), {}
    for line in lines:
        served = reader.read(line.encode())
        if served is not None:
            add(seen, served)
    return totals(seen)


def test_a_streamed_message_counts_once_with_its_largest_counts():
    first = claude("m1", input_tokens=100, cache_read_input_tokens=7, cache_creation_input_tokens=5, output_tokens=1)
    last = claude("m1", input_tokens=100, cache_read_input_tokens=7, cache_creation_input_tokens=5, output_tokens=42)
    wanted = (ModelUsage("opus", 100, 7, 5, 42, requests=1),)
    assert read("claude", first, last) == wanted
    assert read("claude", last, first, last) == wanted


def test_messages_of_an_older_session_and_those_that_no_model_wrote_count_nothing():
    old = claude("m1", "2026-11-28T21:59:59.999Z", input_tokens=100, output_tokens=1)
    own = claude("m2", model="<synthetic>", input_tokens=0, output_tokens=0)
    assert read("claude", old, own) == ()


def test_codex_counts_each_response_once_under_the_model_of_its_turn():
    lines = (
        codex("session_meta", cwd=TREE),
        codex("turn_context", model="gpt-5.5"),
        codex("token_usage_record", response_id="r1", usage=codex_usage(100, 30, 10, 20, 5)),
        codex(
            "event_msg",
            type="token_count",
            info={"total_token_usage": codex_usage(100), "last_token_usage": codex_usage(100)},
        ),
        codex("turn_context", model="gpt-5.5-mini"),
        codex("token_usage_record", response_id="r2", usage=codex_usage(50)),
        codex("token_usage_record", response_id="r2", usage=codex_usage(50)),
    )
    mini = ModelUsage("gpt-5.5-mini", 50, requests=1)
    assert read("codex", *lines) == (ModelUsage("gpt-5.5", 60, 30, 10, 20, 5, requests=1), mini)


def test_an_older_codex_is_counted_by_its_running_total_which_it_repeats():
    def count(total: int, last: int) -> str:
        info = {"total_token_usage": codex_usage(total), "last_token_usage": codex_usage(last)}
        return codex("event_msg", type="token_count", info=info, rate_limits={})

    lines = (codex("turn_context", model="m"), count(100, 100), count(100, 100), count(130, 30))
    assert read("codex", *lines) == (ModelUsage("m", 130, requests=2),)


@pytest.mark.parametrize("name", ["codex", "gemini"])
def test_a_conversation_of_another_folder_counts_nothing(name):
    lines = {
        "codex": (
            codex("session_meta", cwd="/home/ada/other"),
            codex("token_usage_record", response_id="r1", usage=codex_usage(100)),
        ),
        "gemini": (
            json.dumps({"sessionId": "s", "projectHash": "0" * 64, "kind": "main"}),
            json.dumps({"id": "g1", "timestamp": AT, "type": "gemini", "tokens": {"input": 9}, "model": "pro"}),
        ),
    }
    assert read(name, *lines[name]) == ()


def test_gemini_counts_cached_tokens_in_its_input_and_reasoning_beside_its_output():
    tokens = {"input": 100, "output": 10, "cached": 30, "thoughts": 4, "tool": 2, "total": 116}
    line = json.dumps({"id": "g1", "timestamp": AT, "type": "gemini", "tokens": tokens, "model": "pro"})
    assert read("gemini", line, line) == (ModelUsage("pro", 72, 30, 0, 14, 4, requests=1),)


def test_opencode_counts_messages_of_the_model_with_their_cost():
    tokens = {"input": 60, "output": 10, "reasoning": 4, "cache": {"read": 30, "write": 5}}
    data = {"role": "assistant", "modelID": "opus", "cost": 0.0125, "tokens": tokens}
    served = opencode_message("m1", json.dumps(data))
    assert served is not None
    assert served.usage == ModelUsage("opus", 60, 30, 5, 14, 4, requests=1, cost_micros=12_500)
    assert opencode_message("m2", json.dumps({"role": "user"})) is None


def test_aider_counts_the_chats_since_the_start_in_its_rounded_numbers():
    history = """
# aider chat started at 2026-11-28 21:00:00
> Model: gpt-4o with diff edit format
> Tokens: 1.0k sent, 1 received. Cost: $1.00 message, $1.00 session.
# aider chat started at 2026-11-28 22:10:02
> Tokens: 2.4k sent, 1.1k cache hit, 120 received. Cost: $0.01 message, $1.01 session.
> Tokens: 2.4k sent, 1.1k cache hit, 120 received.
"""
    seen: dict = {}
    for served in read_aider(history, "2026-11-28 22:10:02"):
        add(seen, served)
    assert totals(seen) == (ModelUsage("gpt-4o", 2600, 2200, 0, 240, requests=2, cost_micros=10_000),)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 99)), max_size=12), st.integers())
def test_answers_come_to_the_same_sum_in_any_order_and_any_number_of_times(answers, seed):
    lines = [claude(id_, input_tokens=count) for id_, count in answers]
    again = [*lines, *lines]
    Random(seed).shuffle(again)
    assert read("claude", *lines) == read("claude", *again)


WORDS = [
    *("type", "payload", "message", "usage", "info", "tokens", "cache", "timestamp", "id", "model", "cost"),
    *("total_token_usage", "last_token_usage", "input_tokens", "output_tokens", "input", "cached", "read"),
]
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just([1])
INNER = st.dictionaries(st.sampled_from(WORDS), SCALAR, max_size=5) | SCALAR
JSON = st.dictionaries(st.sampled_from(WORDS), INNER, max_size=5) | SCALAR


@settings(max_examples=60)
@given(JSON, st.sampled_from(["assistant", "token_usage_record", "event_msg", "gemini", "session_meta"]))
def test_no_line_breaks_a_reader_and_no_count_is_negative_or_beyond_its_bound(value, kind):
    mark = 'usage" tokens" token_count'
    whole = {"type": kind, "timestamp": AT, "message": value, "payload": value, "tokens": value, '"usage"': mark}
    lines = (json.dumps(whole), json.dumps(value), "[" * 9000 + '"usage""tokens"token_count')
    for name in LINES:
        reader = LineReader(name, SINCE, TREE)
        for served in filter(None, (reader.read(line.encode()) for line in lines)):
            assert 0 <= served.usage.tokens <= 6 * COUNT_MAX
    opencode_message("m", json.dumps({"role": "assistant", "tokens": value, "cost": value}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"model": {"id": "opus"}, "cost": {"total_cost_usd": 1.25}}', StatusLine("opus", 1.25)),
        ('{"model": {"id": 7}, "cost": {"total_cost_usd": "0"}}', StatusLine("", 0.0)),
        ('{"model": {"id": "x"}, "cost": {"total_cost_usd": -0.01}}', None),
        ('{"model": {"id": "x"}, "cost": {"total_cost_usd": 1e12}}', None),
        ('{"model": {"id": "x"}, "cost": {"total_cost_usd": NaN}}', None),
        ('{"model": {"id": "x"}, "cost": {"total_cost_usd": null}}', None),
        ('{"model": {"id": "x"}, "cost": {"total_cost_usd": 1%s}}' % ("0" * 400), None),
        ('{"model": {}, "cost": {"total_cost_usd": 1}}', None),
        ("[]", None),
        ("{", None),
        ("[" * 100_000, None),
    ],
)
def test_the_text_of_a_status_line_names_a_cost_or_nothing(text, expected):
    assert read_status_line(text) == expected


HOURS = UsageLimit("five_hour", 61.5, Moment(1_795_907_807_000))


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ({"five_hour": {"used_percentage": 61.5, "resets_at": 1_795_907_807}}, (HOURS,)),
        ({"seven_day": {"used_percentage": 100}, "five_hour": None}, (UsageLimit("seven_day", 100.0),)),
        ({"seven_day": {"used_percentage": "x"}, "five_hour": {"used_percentage": -1}}, ()),
        ({"five_hour": {"used_percentage": 1001, "resets_at": 5}, "six_hour": {"used_percentage": 5}}, ()),
        ({"five_hour": {"used_percentage": float("nan")}, "seven_day": {"used_percentage": 10**400}}, ()),
        ({"five_hour": {"used_percentage": 5, "resets_at": "soon"}}, (UsageLimit("five_hour", 5.0),)),
        ({}, ()),
        (None, ()),
        ([1], ()),
        ("five_hour", ()),
    ],
)
def test_the_limits_of_a_status_line_are_those_that_make_sense(windows, expected):
    assert read_limits(json.dumps({"rate_limits": windows})) == expected


@given(JSON)
def test_no_text_breaks_the_limits_of_a_status_line(value):
    assert isinstance(read_limits(json.dumps(value)), tuple)
    assert isinstance(read_limits(json.dumps({"rate_limits": {"five_hour": value}})), tuple)
    assert read_limits("[" * 100_000) == ()


def test_an_answer_that_a_channel_tells_counts_as_one_request_and_a_conversation_as_all_of_its_answers():
    whole = TokenUsage("m1", "codex", "opus", Moment(1), 1, 2, 3, 4, 5, 0.25)
    expected = ModelUsage("opus", 1, 2, 3, 4, 5, requests=1, cost_micros=250_000)
    assert served_of(whole) == Served("m1", expected)
    for name in ("input", "cached", "cache_write", "output"):
        assert served_of(TokenUsage("m2", "codex", "opus", Moment(1), **{name: 1})).usage.requests == 1
    assert served_of(TokenUsage("m3", "codex", "opus", Moment(1))).usage == ModelUsage("opus")
    assert served_of(TokenUsage("t1", "codex", "opus", Moment(1), input=9, requests=3)).usage.requests == 3
