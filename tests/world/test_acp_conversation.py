"""The conversation with a program over the Agent Client Protocol: what is sent, shown and known after each message."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitorch.model.observed import AgentState
from gitorch.world.acp.conversation import Conversation
from gitorch.world.acp.outlets import Outlets

OPTIONS = [
    {"optionId": "yes", "name": "Allow once", "kind": "allow_once"},
    {"optionId": "no", "name": "Reject", "kind": "reject_once"},
]


class Talk:
    """A conversation whose outlets are lists."""

    def __init__(self, resume="", may=lambda _: False):
        self.sent, self.shown, self.signals = [], [], []
        outlets = Outlets(
            lambda line: self.sent.append(json.loads(line)),
            self.shown.append,
            lambda mark, text: self.shown.append(mark + text),
            lambda event, text: self.signals.append((event, text)),
            lambda: 1000,
        )
        self.it = Conversation("/tree", resume, outlets, may)
        self.it.begin()

    def take(self, **message):
        self.it.take(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def answer(self, **message):
        """Answer the newest request of gitorch."""
        self.take(id=self.sent[-1]["id"], **message)

    def greet(self, version=1, **can):
        self.answer(result={"protocolVersion": version, "agentCapabilities": can, "agentInfo": {"name": "x"}})

    def open(self, **can):
        self.greet(**can)
        self.answer(result={"sessionId": "s-1"})
        return self

    def update(self, report, session="s-1", /, **fields):
        self.take(method="session/update", params={"sessionId": session, "update": {"sessionUpdate": report, **fields}})

    def request(self, id_="r1", options=OPTIONS, **call):
        call = {"toolCallId": "c1", **call}
        self.take(id=id_, method="session/request_permission", params={"toolCall": call, "options": options})

    def work(self):
        self.it.prompt("p1", "Work.")
        self.update("agent_message_chunk", content={"type": "text", "text": "Hm."})
        return self


def test_a_prompt_reaches_the_program_byte_for_byte_and_its_first_report_acknowledges_it():
    talk = Talk().open()
    text = "three lines\n!with `$(x)`\n\t\x01 and Ünïcode 😀 \ud800"
    assert talk.it.prompt("p1", text) == "submitted"
    assert talk.sent[-1]["params"] == {"sessionId": "s-1", "prompt": [{"type": "text", "text": text}]}
    talk.update("available_commands_update", availableCommands=[])
    assert talk.it.turns.receipts == {"p1": "submitted"}, "it says nothing about the work"
    talk.update("agent_thought_chunk", content={"type": "text", "text": "x"})
    assert talk.it.turns.receipts == {"p1": "acknowledged"}


def test_a_prompt_is_sent_once_however_often_it_is_given_and_never_beside_another():
    talk = Talk().open().work()
    before = len(talk.sent)
    assert talk.it.prompt("p1", "Work.") == "acknowledged"
    assert talk.it.prompt("p2", "More.").startswith("refused: the agent is working")
    assert len(talk.sent) == before


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({"result": {"stopReason": "end_turn"}}, AgentState.WAITING),
        ({"result": {"stopReason": "cancelled"}}, AgentState.WAITING),
        ({"result": None}, AgentState.WAITING),
        ({"error": {"code": -32603, "message": "Internal error"}}, AgentState.ERROR),
        ({"error": {"code": 429, "message": "x", "data": {"details": "You exceeded your quota"}}}, AgentState.LIMITED),
        ({"error": {}}, AgentState.ERROR),
    ],
)
def test_the_answer_to_a_prompt_ends_its_turn(answer, state):
    talk = Talk().open()
    talk.it.prompt("p1", "Work.")
    talk.answer(**answer)
    assert talk.it.state is state
    assert talk.it.turns.receipts == {"p1": "acknowledged"}
    assert talk.it.prompt("p2", "More.") == "submitted"


@pytest.mark.parametrize(
    ("texts", "state"),
    [
        (("Error: Failed to get ", "a response: 429 quota"), AgentState.LIMITED),
        (("Error: 401",), AgentState.ERROR),
        (("An Error: no",), AgentState.WAITING),
        (("Error: x", None, "Mended."), AgentState.WAITING),
        (("Info: It failed. Retrying...", "Info: It failed. Retrying...", "Error: 401"), AgentState.ERROR),
        (("one two", "Info: It was interrupted. Retrying...", "Error: 429 quota"), AgentState.LIMITED),
        (("Error: x", "Info: It failed. Retrying...", "Mended."), AgentState.WAITING),
        (("Info: Error: no.",), AgentState.WAITING),
    ],
)
def test_an_error_in_the_place_of_an_answer_is_a_failed_turn(texts, state):
    talk = Talk().open()
    talk.it.prompt("p1", "Work.")
    turn = talk.sent[-1]["id"]
    for text in texts:
        if text is None:
            talk.update("tool_call", toolCallId="c1", title="Mend it")
        else:
            talk.update("agent_message_chunk", content={"type": "text", "text": text})
    talk.take(id=turn, result={"stopReason": "end_turn"})
    assert talk.it.state is state


LOGGED = "[WARN] Error: 429 Your quota ends. Please try again in 3 hours."


def test_a_usage_limit_in_the_log_counts_until_the_program_reports_again():
    talk = Talk().open()
    talk.it.take_log(LOGGED)
    assert talk.it.state is AgentState.IDLE, "no turn waits for it"
    talk.work()
    talk.it.take_log("[INFO] 429 files")
    assert talk.it.state is AgentState.WORKING
    talk.it.take_log(LOGGED)
    assert (talk.it.state, talk.it.evidence) == (
        AgentState.LIMITED,
        "acp: 429 Your quota ends. Please try again in 3 hours.",
    )
    assert talk.it.prompt("p2", "More.").startswith("refused: the agent is limited ")
    talk.update("available_commands_update", availableCommands=[])
    assert talk.it.state is AgentState.LIMITED, "it says nothing about the work"
    talk.update("agent_message_chunk", content={"type": "text", "text": "Hm."})
    assert (talk.it.state, talk.it.evidence) == (AgentState.WORKING, "acp: turn")


@pytest.mark.parametrize("ends", [True, False])
def test_a_turn_that_a_usage_limit_held_up_ends_as_any_other(ends):
    talk = Talk().open()
    talk.it.prompt("p1", "Work.")
    turn = talk.sent[-1]["id"]
    talk.it.take_log(LOGGED)
    if not ends:
        talk.it.cancel("at the pane")
    talk.take(id=turn, result={"stopReason": "end_turn"})
    assert talk.it.state is AgentState.WAITING
    talk.it.take_log(LOGGED)
    assert talk.it.state is AgentState.WAITING, "what is logged late belongs to no turn"


def test_a_line_of_a_human_waits_for_the_end_of_a_turn():
    talk = Talk().open().work()
    turn = talk.sent[-1]["id"]
    talk.it.type_line("mine")
    assert talk.sent[-1]["id"] == turn
    talk.take(id=turn, result={"stopReason": "end_turn"})
    assert talk.sent[-1]["params"]["prompt"][0]["text"] == "mine"
    assert talk.it.prompt("p2", "More.").startswith("refused")
    assert talk.it.turns.receipts == {"p1": "acknowledged"}, "the human's line has no receipt"


def test_a_permission_request_waits_and_one_answer_counts():
    talk = Talk().open().work()
    talk.update(
        "tool_call", toolCallId="c1", kind="execute", title="Clean", rawInput={"command": "rm -r x", "cwd": "/t"}
    )
    talk.request()
    key, request = talk.it.pending
    assert (talk.it.state, request.asked, request.folder) == (AgentState.DIALOG, "rm -r x", "/t")
    assert not talk.it.answer(key, "maybe", "x")
    assert not talk.it.answer("r2", "yes", "x")
    assert talk.it.answer(key, "no", "x")
    assert talk.sent[-1] == {
        "jsonrpc": "2.0",
        "id": "r1",
        "result": {"outcome": {"outcome": "selected", "optionId": "no"}},
    }
    assert not talk.it.answer(key, "yes", "x")
    assert talk.it.state is AgentState.WORKING


def test_a_new_tool_call_inherits_nothing_from_an_old_one_of_the_same_id():
    talk = Talk().open().work()
    talk.update("tool_call", toolCallId="c1", kind="execute", rawInput={"command": "rm -r x"})
    talk.update("tool_call", toolCallId="c1", kind="edit", title="Edit", locations=[{"path": "a.txt"}])
    talk.request()
    assert (talk.it.pending[1].asked, talk.it.pending[1].changes_files) == ("Edit\na.txt", True)


def test_an_interruption_answers_every_request_as_cancelled():
    talk = Talk().open().work()
    talk.request("r1")
    talk.request("r2")
    assert talk.it.cancel("x")
    kinds = [message.get("method") or message["result"]["outcome"]["outcome"] for message in talk.sent[-3:]]
    assert kinds == ["cancelled", "cancelled", "session/cancel"]
    assert talk.it.pending is None
    assert not Talk().open().it.cancel("x"), "there is no turn"


def test_a_request_that_outlives_its_turn_is_dropped():
    talk = Talk().open().work()
    turn = talk.sent[-1]["id"]
    talk.request()
    talk.take(id=turn, result={"stopReason": "end_turn"})
    assert (talk.it.pending, talk.it.state) == (None, AgentState.WAITING)


@pytest.mark.parametrize(
    ("can", "asked", "said"),
    [
        ({"loadSession": True}, ["session/load"], ""),
        ({"loadSession": True, "sessionCapabilities": {"resume": {}}}, ["session/load"], ""),
        ({"sessionCapabilities": {"resume": {}}}, ["session/resume"], ""),
        ({}, ["session/new"], "cannot resume"),
        ({"loadSession": "yes", "sessionCapabilities": 7}, ["session/new"], "cannot resume"),
    ],
)
def test_a_conversation_is_resumed_in_the_way_that_the_program_offers(can, asked, said):
    talk = Talk(resume="old")
    talk.greet(**can)
    assert [message["method"] for message in talk.sent[1:]] == asked
    assert said in "".join(talk.shown)


def test_a_conversation_that_the_program_has_forgotten_begins_anew_and_says_so():
    talk = Talk(resume="old")
    talk.greet(loadSession=True)
    talk.answer(error={"code": -32002, "message": "Resource not found"})
    talk.answer(result={"sessionId": "s-1"})
    assert talk.it.id == "s-1"
    lost = "! The conversation could not be resumed: Resource not found. A new one begins."
    assert lost in talk.shown
    place = {"cwd": "/tree", "mcpServers": []}
    assert [(message["method"], message["params"]) for message in talk.sent[1:]] == [
        ("session/load", {"sessionId": "old", **place}),
        ("session/new", place),
    ]


def test_a_replayed_message_acknowledges_nothing():
    talk = Talk(resume="old")
    talk.greet(loadSession=True)
    talk.update("user_message_chunk", "old", content={"type": "text", "text": "old"})
    talk.answer(result={})
    assert (talk.it.id, talk.it.turns.receipts, talk.it.state) == ("old", {}, AgentState.IDLE)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"result": {"protocolVersion": 2}}, "speaks version 2 of the protocol, and gitorch speaks version 1"),
        ({"result": {}}, "speaks version None"),
        ({"error": {"code": 1, "message": "no"}}, "refused to begin: no"),
    ],
)
def test_a_program_that_cannot_begin_is_said_and_gets_no_prompt(answer, said):
    talk = Talk()
    talk.answer(**answer)
    assert talk.it.state is AgentState.ERROR
    assert said in talk.shown[-1]
    assert talk.it.prompt("p1", "x").startswith("refused: the agent is error")
    assert len(talk.sent) == 1


def test_a_program_without_a_login_says_how_to_sign_in():
    talk = Talk()
    talk.greet()
    talk.answer(error={"code": -32000, "message": "Authentication required"})
    assert "Sign in to the program once, outside of gitorch: Authentication required" in talk.shown[-1]


def test_what_gitorch_does_not_offer_is_refused_and_said_once():
    talk = Talk().open()
    for number in range(3):
        talk.take(id=number, method="fs/read_text_file", params={"path": "/etc/passwd"})
        talk.take(method="session/future")
    refusals = [message["error"]["code"] for message in talk.sent if "error" in message]
    assert refusals == [-32601] * 3
    assert sum("fs/read_text_file" in text for text in talk.shown) == 1
    assert sum("session/future" in text for text in talk.shown) == 1


def test_reports_of_another_conversation_are_not_ours():
    talk = Talk().open()
    talk.it.prompt("p1", "Work.")
    talk.update("agent_message_chunk", "s-2", content={"type": "text", "text": "helper"})
    assert talk.it.turns.receipts == {"p1": "submitted"}
    assert "helper" not in "".join(talk.shown)


def test_an_edit_that_the_host_allows_is_answered_at_once():
    talk = Talk(may=lambda request: request.changes_files).open().work()
    talk.request(kind="edit", title="Edit", locations=[{"path": "a.txt"}])
    assert talk.sent[-1]["result"]["outcome"]["optionId"] == "yes"
    assert talk.it.pending is None


FIELDS = [
    "id",
    "method",
    "params",
    "result",
    "error",
    "update",
    "sessionUpdate",
    "toolCall",
    "toolCallId",
    "content",
    "type",
    "text",
    "options",
    "optionId",
    "kind",
    "rawInput",
    "command",
    "entries",
    "message",
    "data",
    "locations",
    "path",
    "oldText",
    "newText",
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from(["s-1", "c1", "tool_call", "text", "diff", "\x1b[2J", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
METHODS = ["session/update", "session/request_permission", "fs/write_text_file", ""]
KINDS = ["agent_message_chunk", "tool_call", "tool_call_update", "plan", "usage_update", "user_message_chunk", "later"]


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(METHODS), st.sampled_from(KINDS), JSON, JSON), max_size=6),
    st.binary(max_size=40),
)
def test_no_message_breaks_the_conversation(messages, noise):
    talk = Talk().open()
    talk.it.prompt("p1", "Work.")
    for method, kind, more, id_ in messages:
        given_ = more if isinstance(more, dict) else {}
        params = {**given_, "update": {**given_, "sessionUpdate": kind}} if method else more
        talk.take(method=method, params=params, id=id_, result=more, error=given_ or None)
    talk.it.take(noise)
    talk.it.take(None)
    for key, request in list(talk.it.requests.items()):
        for choice in request.choices:
            talk.it.answer(key, choice.id, "x")
    talk.it.cancel("x")
    assert talk.it.state in AgentState
    assert all(isinstance(text, str) for text in talk.shown)


def test_half_a_message_and_hostile_bytes_are_shown_and_change_nothing():
    talk = Talk().open().work()
    whole = json.dumps(
        {"jsonrpc": "2.0", "method": "session/update", "params": {"update": {"sessionUpdate": "plan"}}}
    ).encode()
    chance = random.Random(7)
    for _ in range(200):
        cut = bytearray(whole[: chance.randrange(1, len(whole))])
        cut[chance.randrange(len(cut))] = chance.randrange(256)
        talk.it.take(bytes(cut))
    talk.it.take(b"[" * 100_000)
    assert (talk.it.state, talk.it.turns.receipts) == (AgentState.WORKING, {"p1": "acknowledged"})
