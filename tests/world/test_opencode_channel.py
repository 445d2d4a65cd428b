"""The channel `opencode` where its server says something else than it should, and what it makes of failures and helpers."""

import contextlib
import json

import pytest
from contract.opencode_bench import OpenCodeBench
from hypothesis import given
from hypothesis import strategies as st
from spoiled import JSON, places, replaced

from gitorch.errors import Unavailable
from gitorch.model.channel import NOT_YET
from gitorch.model.ids import Moment, PromptId
from gitorch.model.observed import AgentState
from gitorch.model.plans.permission import Option
from gitorch.text.opencode import asked_of, holds_text, own_session, status_of, tool_input, unsettled_message
from gitorch.world.channels.opencode import LOST_MS, PATIENCE_MS, SETTLE_MS

P1 = PromptId("p1")


GONE = "refused: the permission request is not pending any more"


@pytest.fixture(scope="module")
def channel(tmp_path_factory):
    made = OpenCodeBench(tmp_path_factory.mktemp("opencode"))
    yield made.channel
    made.close()


@pytest.fixture
def bench(tmp_path):
    made = OpenCodeBench(tmp_path)
    yield made
    made.close()


def test_before_the_first_prompt_the_server_tells_nothing_and_takes_none(bench):
    bench.server.sessions = []
    assert bench.channel.observe() is None
    assert bench.channel.deliver(P1, "x", None) is None
    assert bench.channel.interrupt() is None


@pytest.mark.parametrize(
    "raw", [(200, b""), (200, b"{"), (200, b'"text"'), (401, b""), (500, b"{}"), (200, b"[" * 90_000)]
)
def test_an_answer_that_makes_no_sense_is_no_rest(bench, raw):
    bench.rest()
    bench.server.raw = raw
    assert bench.channel.observe() is None, "it may still begin"
    bench.age()
    with pytest.raises(Unavailable):
        bench.channel.observe()


def test_a_wrong_password_is_no_rest(bench):
    bench.server.password = "another"
    bench.age()
    with pytest.raises(Unavailable, match="401"):
        bench.channel.observe()


def test_a_text_that_was_sent_is_looked_for_and_never_sent_again(bench):
    bench.server.swallows = True
    assert bench.channel.deliver(P1, "x", None) == NOT_YET
    since = Moment(bench.channel._site.clock.now())
    bench.server.swallows = False
    assert bench.channel.deliver(P1, "x", since) == NOT_YET
    assert bench.turns() == []
    bench.server.said("x")
    assert bench.channel.deliver(P1, "x", since) == "acknowledged"
    bench.server.messages.clear()
    assert bench.channel.deliver(P1, "x", Moment(since - LOST_MS)) == "unknown"


def test_a_text_waits_until_the_program_has_let_go_of_a_turn_that_failed(bench):
    bench.rest()
    failed = {"info": {"role": "assistant", "id": "msg_1", "error": {"name": "APIError"}}}
    bench.server.messages.append({**failed, "parts": [{"type": "text", "text": ""}]})
    for waited_ms in (0, SETTLE_MS // 2):
        bench.channel._unsettled_at = Moment(bench.channel._unsettled_at - waited_ms)
        assert bench.channel.deliver(P1, "x", None) == "refused: its turn has only just ended"
    bench.channel._unsettled_at = Moment(bench.channel._unsettled_at - SETTLE_MS // 2)
    assert bench.channel.deliver(P1, "x", None) == "acknowledged"


DONE, AGENT = {"completed": 9}, {"role": "assistant", "id": "m"}


@pytest.mark.parametrize(
    ("messages", "unsettled"),
    [
        ([], ""),
        ([7], ""),
        ([{"info": {"role": "user", "id": "m", "time": {}}}], ""),
        ([{"info": {**AGENT, "time": DONE}}], ""),
        ([{"info": {**AGENT, "time": {}}}], "m"),
        ([{"info": {**AGENT, "time": DONE, "error": {"name": "x"}}}], "m"),
        ([{"info": AGENT}, {"info": {**AGENT, "time": DONE, "error": {}}}], ""),
    ],
)
def test_a_turn_is_settled_once_its_newest_message_is_complete_without_an_error(messages, unsettled):
    assert unsettled_message(messages) == unsettled


def test_a_text_that_the_server_took_before_it_fell_silent_is_not_given_to_the_terminal(bench):
    bench.server.falls_silent = True
    since = Moment(bench.channel._site.clock.now())
    assert bench.channel.deliver(P1, "x", None) == NOT_YET
    bench.server.raw = None
    assert bench.channel.deliver(P1, "x", since) == "acknowledged"
    assert bench.turns() == ["x"]


def test_whether_a_turn_is_under_way_is_not_guessed_while_the_server_is_slow(bench):
    bench.rest()
    bench.work()
    bench.server.raw = (500, b"{}")
    assert bench.channel.interrupt() is None, "the keys of its terminal may end the turn"
    bench.server.raw = None
    assert bench.channel.interrupt() == "interrupted"


@pytest.mark.parametrize(
    ("statuses", "result"),
    [({}, "interrupted"), ({"ses_1": {"type": "busy"}}, "refused: its server has not ended the turn yet")],
)
def test_an_interruption_that_is_answered_too_late_is_judged_by_the_state(bench, statuses, result):
    bench.rest()
    bench.work()
    call = bench.channel._call

    def late(method, path, body=None):
        answer = call(method, path, body)
        if path.endswith("/abort"):
            bench.server.statuses = statuses
            raise Unavailable("its server does not answer", hint="gitorch doctor")
        return answer

    bench.channel._call = late
    assert bench.channel.interrupt() == result


def test_a_server_that_is_slow_for_a_moment_gets_the_text_later(bench):
    bench.age()
    assert bench.channel.observe().state is AgentState.WAITING
    bench.server.raw = (503, b"{}")
    assert bench.channel.observe() is None
    assert bench.channel.deliver(P1, "x", None) == "refused: its server does not answer now"
    bench.channel._answered_at = Moment(bench.channel._site.clock.now() - PATIENCE_MS)
    with pytest.raises(Unavailable):
        bench.channel.deliver(P1, "x", None)
    assert bench.turns() == []


def test_a_retry_names_the_limit_and_when_it_is_tried_again(bench):
    bench.server.statuses = {"ses_1": {"type": "retry", "attempt": 2, "message": "Rate limit: quota", "next": 9_000}}
    seen = bench.channel.observe()
    assert (seen.state, seen.resets_at) == (AgentState.LIMITED, 9_000)
    bench.server.statuses = {"ses_1": {"type": "retry", "message": "503", "next": "soon"}, "ses_2": {"type": "busy"}}
    assert bench.channel.observe().state is AgentState.WORKING


def test_a_limit_ends_when_its_message_says_however_often_it_is_tried_again(bench):
    began = bench.channel._site.clock.now()
    ends = set()
    for attempt in range(3):
        message = "Usage limit reached. Try again in 3 hours."
        bench.server.statuses = {"ses_1": {"type": "retry", "message": message, "next": began + attempt}}
        ends.add(bench.channel.observe().resets_at)
    assert len(ends) == 1
    assert 0 <= ends.pop() - began - 3 * 3_600_000 < 10_000


@pytest.mark.parametrize(
    ("questions", "state"),
    [
        ([{"id": "que_1"}], AgentState.DIALOG),
        ([], AgentState.WORKING),
        ({"id": "que_1"}, AgentState.WORKING),
        (None, AgentState.WORKING),
    ],
)
def test_a_question_of_the_agents_own_waits_for_a_person(bench, questions, state):
    bench.work()
    bench.server.questions = questions
    assert bench.channel.observe().state is state
    assert bench.channel.pending() is None, "no permission is asked for"


def test_a_rejection_carries_the_reason(bench):
    bench.ask("make")
    assert bench.channel.answer(bench.channel.pending(), Option.REJECT, "not now") == "answered"
    assert bench.server.replies == [{"reply": "reject", "message": "not now"}]


def test_the_session_of_the_pane_is_the_newest_of_its_folder_that_is_no_helper_s():
    def one(id_, updated, folder="/t", **more):
        return {"id": id_, "directory": folder, "time": {"updated": updated}, **more}

    listed = [one("old", 5), one("mine", 20), one("helper", 30, parentID="mine"), one("other", 40, "/u"), 7, {}]
    assert own_session(listed, "/t", 10, "") == "mine"
    assert own_session(listed, "/t", 25, "") == ""
    assert own_session(listed, "/t", 25, "old") == "old"


def test_values_of_another_type_are_passed_over():
    assert status_of([]) == ("idle", {})
    assert status_of({"a": 7, "b": {"type": 7}}) == ("idle", {})
    assert tool_input(
        [7, {"parts": 7}, {"parts": [{"callID": "c", "state": {"input": {"command": "make"}}}]}], "c"
    ) == {"command": "make"}
    assert asked_of({"permission": "edit", "patterns": ["a", 7]}, {}) == ("edit\na\n7", "")
    assert asked_of({"permission": "bash"}, {"command": "make"}) == ("make", "make")
    assert not holds_text(
        [7, {}, {"info": {"role": "user", "time": 7}, "parts": [{"type": "text", "text": "x"}]}], "x", 1
    )


ANSWERS = {
    "/session": [{"id": "ses_1", "directory": "@folder@", "time": {"updated": 9_000_000_000_000}}],
    "/permission": [{"id": "per_1", "sessionID": "ses_1", "permission": "bash", "patterns": ["make"],
                     "metadata": {"command": "make"}, "tool": {"callID": "c"}}],
    "/session/status": {"ses_1": {"type": "retry", "message": "usage limit", "next": 9_000}},
    "/session/ses_1/message": [{"info": {"role": "user", "time": {"created": 9}}, "parts": [
        {"type": "text", "text": "x", "callID": "c", "state": {"input": {"command": "make"}}}]}],
}  # fmt: skip
CUTS = [(path, place) for path, value in ANSWERS.items() for place in places(value)]


@given(st.sampled_from(CUTS), st.just(...) | JSON, st.booleans())
def test_an_answer_with_any_part_replaced_or_missing_never_fails(channel, cut, other, asks):
    answers = json.loads(json.dumps(ANSWERS).replace("@folder@", str(channel._site.launch.cwd)))
    if not asks:
        answers["/permission"] = []
    if asks or cut[0] != "/permission":
        answers[cut[0]] = replaced(answers[cut[0]], cut[1], other)
    channel._session = ""
    channel._call = lambda _method, path, _body=None: (200, answers.get(path.partition("?")[0]))
    with contextlib.suppress(Unavailable):
        seen = channel.observe()
        assert seen is None or seen.state in AgentState
        request = channel.pending()
        if request is not None:
            assert channel.answer(request, Option.REJECT, "no") in {"answered", GONE}
        channel.interrupt()
