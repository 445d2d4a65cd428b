"""Tools come from the table of verbs, by what the caller may do, and their calls become command lines."""

from __future__ import annotations

import json
import sys

import pytest
from clients import AGENT, OPERATOR, answers, line

from gitorch.app.reconciler import trouble
from gitorch.cli.arguments import FINDING_KEYS
from gitorch.errors import REPLACED, Usage
from gitorch.mcp import resources, tools
from gitorch.mcp.caller import Caller, as_operator, read_caller, worktree_or
from gitorch.model.record import ActorKind
from gitorch.model.values import replace
from gitorch.model.work.review import Severity
from gitorch.rules.guards.capabilities import HOLDS, Capability
from gitorch.verbs.calls import command_line
from gitorch.verbs.contents import FINDING
from gitorch.verbs.table import TABLE
from gitorch.verbs.verb import Kind, Offer, Parameter, Verb
from gitorch.world import verb_process

DECIDING = {
    *("approve", "reject", "answer", "decide", "cancel", "cleanup", "start", "init", "adopt"),
    *("keys_add", "keys_remove", "session_create", "session_launch", "session_stop", "session_restart"),
}


def names(caller) -> set[str]:
    return {tools.tool_name(verb) for verb in tools.offered(caller)}


def test_an_agent_gets_the_verbs_of_agents_and_those_that_show_its_run():
    assert names(AGENT) == {
        *("brief", "heartbeat", "publish", "findings", "handoff", "verdict", "ask", "block"),
        *("status", "why", "diff", "inbox", "report", "show", "send", "reply"),
    }


def test_an_operator_gets_more_and_nobody_gets_a_verb_that_decides():
    assert names(OPERATOR) > names(AGENT)
    assert {"claim", "up", "pause", "resume", "recover", "retry", "log", "verify"} <= names(OPERATOR)
    principal = Caller("principal", frozenset(Capability))
    assert names(principal) & DECIDING == set()
    assert all(not tools.verb_of(name) or tools.verb_of(name).offered is Offer.NOBODY for name in DECIDING)


def test_a_caller_without_a_capability_gets_none_of_its_verbs():
    reader = Caller("operator", frozenset({"read"}))
    assert names(reader) < names(OPERATOR)
    assert {TABLE[name].needs for name in names(reader) if name in TABLE} == {"read"}
    assert names(reader).isdisjoint({"handoff", "verdict", "claim", "pause", "recover"})


def test_the_callers_of_these_tests_hold_what_the_rules_give_them():
    assert HOLDS[ActorKind.OPERATOR] == OPERATOR.capabilities
    assert HOLDS[ActorKind.AGENT] == AGENT.capabilities


def test_a_caller_that_could_not_be_found_may_only_read():
    for printed in (
        b"",
        b"{}",
        b"[]",
        b'{"kind": "agent"}',
        b'"x"',
        b'{"kind": "a", "capabilities": 5, "variables": {}}',
    ):
        assert read_caller(printed) == Caller("operator", frozenset({"read"}))


def test_whoever_is_no_agent_calls_as_an_operator_with_the_name_of_its_program(tmp_path):
    assert as_operator({}, "claude-code")["GITORCH_OPERATOR"] == "claude-code"
    assert as_operator({}, "")["GITORCH_OPERATOR"] == "mcp"
    assert as_operator({"GITORCH_OPERATOR": "ops"}, "claude-code")["GITORCH_OPERATOR"] == "ops"
    assert worktree_or("here", {"GITORCH_WORKTREE": str(tmp_path)}) == str(tmp_path)
    assert worktree_or("here", {"GITORCH_WORKTREE": str(tmp_path / "gone")}) == worktree_or("here", {}) == "here"


@pytest.mark.parametrize("verb", [verb for verb in TABLE.values() if verb.offered is not Offer.NOBODY], ids=str)
def test_a_tool_has_a_name_schemas_and_annotations_that_every_client_takes(verb):
    tool = tools.definition(verb)
    assert tool["name"].isascii()
    assert len(tool["name"]) <= 40
    assert tool["description"].startswith(verb.summary)
    assert tool["inputSchema"]["type"] == tool["outputSchema"]["type"] == "object"
    assert set(tool["inputSchema"].get("required", ())) <= tool["inputSchema"]["properties"].keys()
    assert tool["outputSchema"]["properties"].keys() == {"ok", *verb.result}
    assert tool["annotations"]["readOnlyHint"] is not verb.changes
    assert "yes" not in tool["inputSchema"]["properties"]
    json.dumps(tool)


PARAMETERS = (
    Parameter("thing", "Whom.", required=True),
    Parameter("how", "How.", ("--how",), choices=("loudly", "softly")),
    Parameter("times", "How often.", ("-n",), kind=Kind.NUMBER, least=1, most=9),
    Parameter("pause", "How long.", ("--pause",), kind=Kind.SECONDS),
    Parameter("every", "Everybody.", ("--all",), kind=Kind.FLAG),
    Parameter("name", "A name.", ("--name",), metavar="WHO=NAME", many=True),
    Parameter("part", "Parts.", ("--part",), metavar="FROM,TO"),
    Parameter("findings", "What is wrong.", ("--findings-file",), content="findings"),
)
ARGUMENTS = {
    "thing": {"type": "string", "description": "Whom."},
    "how": {"type": "string", "enum": ["loudly", "softly"], "description": "How."},
    "times": {"type": "integer", "minimum": 1, "maximum": 9, "description": "How often."},
    "pause": {"type": "number", "description": "How long."},
    "every": {"type": "boolean", "description": "Everybody."},
    "name": {"type": "array", "items": {"type": "string"}, "description": "A name. Form: WHO=NAME"},
    "part": {"type": "string", "description": "Parts. Form: FROM,TO"},
    "findings": {"type": "array", "items": FINDING, "description": "What is wrong."},
}
RESULT = {
    "text": Kind.TEXT,
    "flag": Kind.FLAG,
    "number": Kind.NUMBER,
    "list": Kind.LIST,
    "object": Kind.OBJECT,
    "any": Kind.ANY,
}


@pytest.mark.parametrize(("changes", "details"), [(True, "It is polite."), (False, "")])
def test_a_tool_describes_every_kind_of_argument_and_answer(changes, details):
    verb = Verb("greet all", "Greet.", "x:y", "read", details, PARAMETERS, result=RESULT, changes=changes)
    assert tools.definition(verb) == {
        "name": "greet_all",
        "title": "Greet all",
        "description": "Greet.\n\nIt is polite." if details else "Greet.",
        "inputSchema": {
            "type": "object",
            "properties": ARGUMENTS,
            "additionalProperties": False,
            "required": ["thing"],
        },
        "outputSchema": {
            "type": "object",
            "properties": {
                "ok": {"type": "boolean"},
                "text": {"type": "string"},
                "flag": {"type": "boolean"},
                "number": {"type": "integer"},
                "list": {"type": "array"},
                "object": {"type": "object"},
                "any": {},
            },
            "required": ["ok"],
        },
        "annotations": {
            "title": "Greet all",
            "readOnlyHint": not changes,
            "destructiveHint": False,
            "openWorldHint": False,
        },
    }
    assert "required" not in tools.input_schema(replace(verb, parameters=PARAMETERS[1:]))


def test_the_schema_of_findings_is_what_a_findings_file_takes():
    assert FINDING["properties"].keys() == FINDING_KEYS
    assert FINDING["properties"]["severity"]["enum"] == list(Severity)


@pytest.mark.parametrize(
    ("name", "arguments", "words", "given"),
    [
        ("status", {}, ["status", "--json", "--"], b""),
        ("status", {"run": "r1", "every": True}, ["status", "--json", "--all", "--", "r1"], b""),
        ("status", {"run": None, "every": False}, ["status", "--json", "--"], b""),
        ("why", {"thing": "--help"}, ["why", "--json", "--", "--help"], b""),
        ("log", {"after": 4, "lines": 2}, ["log", "--json", "--after=4", "-n", "2", "--"], b""),
        ("up", {}, ["up", "--json", "--once", "--"], b""),
        ("wait", {"timeout": 1.5}, ["wait", "--json", "--timeout=50", "--timeout=1.5", "--"], b""),
        ("session_list", {}, ["session", "list", "--json", "--"], b""),
        (
            "handoff",
            {"status": "DONE", "summary": "-x; $(y)", "concern": ["--a", "b"]},
            ["handoff", "--json", "--summary=-x; $(y)", "--concern=--a", "--concern=b", "--", "DONE"],
            b"",
        ),
        (
            "verdict",
            {"choice": "accept", "findings": [{"severity": "note", "title": "ü"}]},
            ["verdict", "--json", "--findings-file", "-", "--", "accept"],
            b'[{"severity": "note", "title": "\\u00fc"}]',
        ),
    ],
)
def test_a_call_is_a_command_line_in_which_no_value_is_an_option(name, arguments, words, given):
    assert command_line(tools.verb_of(name), arguments) == (tuple(words), given)


@pytest.mark.parametrize(
    ("name", "arguments", "fault"),
    [
        ("status", {"x": 1}, "status takes no 'x'; it takes run, every"),
        ("doctor", {"x": 1}, "doctor takes no 'x'; it takes nothing"),
        ("status", {"run": 5}, "run is a text"),
        ("status", {"every": "yes"}, "every is a flag"),
        ("log", {"after": "5"}, "after is a number"),
        ("log", {"after": True}, "after is a number"),
        ("why", {}, "thing is missing: The id of a job, question, session or run."),
        ("why", {"thing": "a\0b"}, "thing has a NUL character"),
        ("why", {"thing": "\ud800"}, "thing has half a surrogate pair"),
        ("handoff", {"status": "DONE", "concern": "x"}, "concern is a list of texts"),
        ("handoff", {"status": "DONE", "concern": [5]}, "concern is a text"),
        ("handoff", {"status": "DONE", "summary": "x" * 100_001}, "summary has 100,001 bytes"),
        ("verdict", {"choice": "accept", "findings": {}}, "findings is a list"),
        ("handoff", {"x": 1, "summary": 2}, "takes no 'x'.*\nstatus is missing.*\nsummary is a text"),
    ],
)
def test_arguments_that_do_not_fit_are_all_named_to_the_model(name, arguments, fault):
    with pytest.raises(Usage, match=f"(?s){fault}"):
        command_line(tools.verb_of(name), arguments)


def test_a_verb_that_is_added_to_the_table_is_a_tool(monkeypatch):
    new = Verb(
        "greet",
        "Greet somebody.",
        at="status:why",
        needs="read",
        parameters=(Parameter("thing", "Whom.", required=True),),
        result={"why": Kind.TEXT},
        offered=Offer.EVERYBODY,
    )
    monkeypatch.setitem(TABLE, "greet", new)
    [found] = answers(line("tools/list", id_=1), AGENT)
    [tool] = [tool for tool in found["result"]["tools"] if tool["name"] == "greet"]
    assert tool["inputSchema"]["required"] == ["thing"]


FAKE = """
import json, sys, time
words = sys.argv[2:]
if "hang" in words:
    time.sleep(300)
if "loud" in words:
    print("x" * 3_000_000)
elif "strange" in words:
    sys.stdout.buffer.write(b"\\xff\\xc3\\xbc")
elif "silent" in words:
    sys.exit(3)
elif "mute" in words:
    sys.stderr.write("it broke"); sys.exit(70)
elif "no" in words:
    error = {"code": "refused", "message": "not now", "hint": "gitorch why api", "problems": [{"where": "a:1:2", "message": "m", "fix": "f"}]}
    print(json.dumps({"ok": False, "error": error})); sys.exit(4)
else:
    print(json.dumps({"ok": True, "thing": " ".join(words), "given": sys.stdin.read()}))
"""


@pytest.fixture
def fake(monkeypatch):
    """Verbs are a small program that answers at once, or does what the argument says."""
    monkeypatch.setattr(verb_process, "PYTHON", (sys.executable, "-S", "-c", FAKE))


def why(thing: str, id_: int = 1) -> bytes:
    return line("tools/call", {"name": "why", "arguments": {"thing": thing}}, id_)


@pytest.mark.usefixtures("fake")
def test_the_answer_of_a_verb_is_structured_and_text():
    [found] = answers(why("ü"))
    values = {"ok": True, "thing": "why --json -- ü", "given": ""}
    text = '{"ok": true, "thing": "why --json -- ü", "given": ""}'
    assert found["result"] == {
        "content": [{"type": "text", "text": text}],
        "isError": False,
        "structuredContent": values,
    }


@pytest.mark.usefixtures("fake")
@pytest.mark.parametrize(
    ("thing", "text"),
    [
        ("no", "refused: not now\na:1:2: m f\ntry: gitorch why api"),
        ("mute", "gitorch why ended with 70\nit broke"),
        ("loud", "the answer of why is too long for a tool; ask for less, or run gitorch why"),
    ],
)
def test_a_refusal_is_a_result_that_a_model_reads(thing, text):
    [found] = answers(why(thing))
    assert found["result"] == {"content": [{"type": "text", "text": text}], "isError": True}


@pytest.mark.usefixtures("fake")
def test_a_call_that_is_cancelled_is_ended_and_gets_no_answer(monkeypatch):
    events, end = [], verb_process.VerbProcess.end
    monkeypatch.setattr(verb_process.VerbProcess, "end", lambda process: (events.append("ended"), end(process)))
    data = why("hang") + line("notifications/cancelled", {"requestId": 1}) + line("ping", id_=2)
    answers(data, seen=lambda sent: events.append(json.loads(sent)["id"]))
    assert events == ["ended", 2]


@pytest.mark.usefixtures("fake")
def test_calls_run_beside_each_other_and_each_gets_its_own_answer():
    found = answers(b"".join(why(f"t{n}", n) for n in range(5)))
    assert {one["id"]: one["result"]["structuredContent"]["thing"] for one in found} == {
        n: f"why --json -- t{n}" for n in range(5)
    }


@pytest.mark.usefixtures("fake")
def test_an_id_that_is_at_work_is_refused_and_so_is_a_call_too_many():
    ending = b"".join(line("notifications/cancelled", {"requestId": n}) for n in range(1, 9))
    data = b"".join(why("hang", n) for n in range(1, 9)) + why("api", 3) + why("api", 9) + ending
    found = {one["id"]: (one["error"]["code"], one["error"]["message"]) for one in answers(data)}
    assert found == {
        3: (-32600, "a request with this id is still at work"),
        9: (-32603, "8 calls are at work; try again when one has ended"),
    }


def read(name: str) -> bytes:
    return line("resources/read", {"uri": f"gitorch://{name}"}, 1)


@pytest.fixture
def readable(monkeypatch):
    """A resource whose verb answers what the test wants, by a name of `FAKE`."""

    def made(word: str) -> None:
        monkeypatch.setattr(resources, "RESOURCES", (resources.Resource("thing", "A thing", (word,), "text/x"),))

    return made


@pytest.mark.usefixtures("fake")
def test_the_resources_of_a_caller_are_listed_and_read_as_their_verbs_print_them(readable):
    [found] = answers(read("brief"), AGENT)
    [content] = found["result"]["contents"]
    assert json.loads(content.pop("text"))["thing"] == "brief"
    assert content == {"uri": "gitorch://brief", "mimeType": "text/markdown"}
    for caller, names_ in ((AGENT, "status report artifacts brief findings"), (Caller(), "status report artifacts")):
        [found] = answers(line("resources/list", id_=1), caller)
        assert [one["name"] for one in found["result"]["resources"]] == names_.split()
    [found] = answers(read("brief"), Caller())
    assert found["error"]["code"] == -32602

    readable("strange")
    [found] = answers(line("resources/list", id_=1), Caller())
    assert found["result"]["resources"] == [
        {"uri": "gitorch://thing", "name": "thing", "title": "A thing", "mimeType": "text/x"}
    ]
    [found] = answers(read("thing"), Caller())
    assert found["result"]["contents"] == [{"uri": "gitorch://thing", "mimeType": "text/x", "text": "\ufffdü"}]


@pytest.mark.usefixtures("fake")
@pytest.mark.parametrize(
    ("word", "reason"),
    [("no", "not now"), ("mute", "it broke"), ("loud", "its verb ended with -15"), ("silent", "its verb ended with 3")],
)
def test_a_resource_whose_verb_fails_is_an_error_with_its_reason(readable, word, reason):
    readable(word)
    [found] = answers(read("thing"), Caller())
    assert found["error"] == {
        "code": -32603,
        "message": f"gitorch://thing cannot be read: {reason}",
        "data": {"uri": "gitorch://thing"},
    }


@pytest.mark.usefixtures("fake")
def test_arguments_that_do_not_fit_are_a_result_that_a_model_reads():
    [found] = answers(line("tools/call", {"name": "doctor", "arguments": {"x": 1}}, 1))
    text = "usage: doctor takes no 'x'; it takes nothing"
    assert found["result"] == {"content": [{"type": "text", "text": text}], "isError": True}


def test_a_verb_that_cannot_be_started_is_an_error_of_its_request(monkeypatch):
    monkeypatch.setattr(verb_process, "PYTHON", ("/no/such/python",))
    [found] = answers(why("api"))
    assert found["error"]["code"] == -32603
    assert "cannot be started" in found["error"]["message"]


def test_a_bug_is_an_error_of_one_request(monkeypatch):
    monkeypatch.setattr(tools, "offered", lambda _: 1 / 0)
    found = answers(line("tools/list", id_=1) + line("ping", id_=2))
    assert found[0]["error"] == {"code": -32603, "message": "gitorch has a bug: ZeroDivisionError: division by zero"}
    assert found[1]["result"] == {}


def test_an_error_after_an_upgrade_is_no_bug_to_the_client_either(monkeypatch):
    monkeypatch.setattr(tools, "offered", lambda _: 1 / 0)
    monkeypatch.setattr(trouble, "__file__", "/nowhere/trouble.py")
    found = answers(line("tools/list", id_=1))
    assert found[0]["error"]["message"] == f"{REPLACED} (ZeroDivisionError: division by zero)"
