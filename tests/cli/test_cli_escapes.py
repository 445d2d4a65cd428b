"""No control character from outside reaches a terminal, a log or JSON: every verb, and every text that others fill."""

from __future__ import annotations

import ast
import errno
import json
import re
from pathlib import Path

import pytest
from cli_hostile import HOSTILE, RAW, hostile, poisoned, printed

import gitorch.cli
from gitorch.cli.boundary import BUG
from gitorch.cli.call import Streams
from gitorch.cli.interruption import Interrupted
from gitorch.errors import Corrupt, Malformed, Problem, Refused, Unavailable
from gitorch.verbs.table import VERBS

CALLS: dict[str, tuple[tuple[str, ...], ...]] = {
    "init": (("init", "--tests", HOSTILE),),
    "adopt": (("adopt", "--dry-run", "--tests", HOSTILE),),
    "config": (
        ("config", "get", HOSTILE),
        ("config", "set", "tests.command", HOSTILE),
        ("config", "set", HOSTILE, "a"),
    ),
    "doctor": (("doctor",),),
    "check": (("check", "hostile.md"), ("check", HOSTILE)),
    "start": (("start", "hostile.md", "--yes"), ("start", HOSTILE, "--yes"), ("start", "p.md", "--autonomy", HOSTILE)),
    "plan": (
        ("plan", "new", HOSTILE),
        ("plan", "gates", "hostile.md"),
        ("plan", "gates", HOSTILE),
        ("plan", "import", "hostile.json"),
        ("plan", "import", "hostile-list.md"),
        ("plan", "import", HOSTILE),
        ("plan", "import", "hostile-list.md", "--format", HOSTILE),
        ("plan", HOSTILE),
    ),
    "workflow": (
        ("workflow", "check", "hostile.yaml"),
        ("workflow", "lint", "hostile.yaml"),
        ("workflow", "plan", "hostile.yaml"),
        ("workflow", "graph", "hostile.yaml"),
        ("workflow", "graph", "auth-7f3a"),
        ("workflow", "graph", "auth-7f3a", "--as", "svg"),
        ("workflow", "graph", "auth-7f3a", "--as", "mermaid"),
        ("workflow", "graph", "auth-7f3a", "--as", "dot"),
        ("workflow", "new", "review", "--name", HOSTILE),
        ("workflow", "convert", "hostile.json"),
        ("workflow", HOSTILE),
    ),
    "up": (("up", "--once"), ("up", "--no-wait")),
    "status": (("status",), ("status", "--all"), ("status", HOSTILE)),
    "list": tuple(
        ("list", kind)
        for kind in ("runs", "jobs", "sessions", "questions", "artifacts", "verdicts", "findings", HOSTILE)
    ),
    "dashboard": (("dashboard",),),
    "stats": (("stats",), *(("stats", "--by", by) for by in ("agent", "model", "lane", "epic"))),
    "why": (("why", "q1"), ("why", "web"), ("why", "db"), ("why", HOSTILE)),
    "inbox": (("inbox",),),
    "answer": (("answer", "q1", HOSTILE), ("answer", HOSTILE)),
    "send": (("send", "api", HOSTILE), ("send", HOSTILE, "a text")),
    "reply": (("reply", "m1", HOSTILE), ("reply", HOSTILE, "a text")),
    "wait": (("wait", "--timeout", "0"),),
    "approve": (("approve", "--yes"), ("approve", "--yes", "--report", HOSTILE)),
    "propose": (("propose",), ("propose", HOSTILE), ("propose", "--remote", HOSTILE)),
    "reject": (("reject", "--note", HOSTILE), ("reject", HOSTILE, "--note", "a note")),
    "recover": (
        ("recover",),
        ("recover", "--apply"),
        ("recover", "--adopt", HOSTILE),
        ("recover", HOSTILE, "--requeue"),
    ),
    "decide": (("decide", "db", "rejected", "--note", HOSTILE), ("decide", "db", HOSTILE, "--note", "a note")),
    "retry": (("retry", "web", HOSTILE), ("retry", HOSTILE)),
    "session": (
        ("session", "list"),
        ("session", "create", HOSTILE, "--task", HOSTILE),
        ("session", "launch", HOSTILE),
        ("session", "stop", "web"),
        ("session", "restart", HOSTILE),
    ),
    "host": (
        ("host", "list"),
        ("host", "join", "--name", HOSTILE),
        ("host", "add", HOSTILE, HOSTILE),
        ("host", "add", HOSTILE, f"ssh-ed25519 {HOSTILE}"),
        ("host", "run", "--once"),
        ("host", HOSTILE),
    ),
    "keys": (("keys", "list"), ("keys", "add", "--name", HOSTILE), ("keys", "remove", HOSTILE)),
    "worktree": (("worktree", "list"), ("worktree", "create", HOSTILE), ("worktree", "remove", HOSTILE)),
    "attach": (("attach", "api", "--json"), ("attach", HOSTILE)),
    "peek": (("peek", "api"), ("peek", HOSTILE)),
    "report": (("report",), ("report", HOSTILE)),
    "log": (("log", "-n", "0"), ("log", "--after", "3"), ("log", HOSTILE)),
    "show": (*((("show", name)) for name in ("auth-7f3a", "api", "db", "web", "q1", "s1", "m1", "4", "12", HOSTILE)),),
    "verify": (("verify",),),
    "sync": (("sync", HOSTILE),),
    "export": (("export", HOSTILE, "--keep", HOSTILE), ("export", "--verify", HOSTILE)),
    "pause": (("pause", "--reason", HOSTILE), ("pause", HOSTILE)),
    "resume": (("resume", HOSTILE),),
    "cancel": (("cancel", "--reason", HOSTILE), ("cancel", HOSTILE)),
    "cleanup": (("cleanup", "--yes"), ("cleanup", HOSTILE)),
    "serve": (("serve", "--port", HOSTILE), ("serve", "--socket", HOSTILE * 20)),
    "demo": (("demo", "taken"),),
    "mcp": (("mcp", HOSTILE),),
    "diff": (("diff", "api"), ("diff", "api", "--stat"), ("diff", HOSTILE), ("diff", "db", "--since-review")),
    "completion": (("completion", HOSTILE),),
    "help": (("help", HOSTILE),),
    "skills": (
        ("skills", "list"),
        ("skills", "list", "--profile", HOSTILE),
        ("skills", "install", "--profile", HOSTILE),
    ),
    "brief": (("brief",),),
    "claim": (("claim",), ("claim", HOSTILE)),
    "heartbeat": (("heartbeat",),),
    "release": (("release",),),
    "publish": (("publish", HOSTILE, "--name", HOSTILE), ("publish", "hostile.md", "--kind", HOSTILE)),
    "findings": (("findings",),),
    "handoff": (
        ("handoff", HOSTILE),
        ("handoff", "DONE", "--summary", HOSTILE),
        ("handoff", "DONE", "--reply", HOSTILE),
    ),
    "verdict": (
        ("verdict", HOSTILE, "--commit", HOSTILE, "--nonce", HOSTILE),
        ("verdict", "accept", "--commit", "a", "--nonce", "b", "--finding", HOSTILE),
        ("verdict", "accept", "--commit", "a", "--nonce", "b", "--findings-file", "hostile.json"),
        ("verdict", "accept", "--commit", "a", "--nonce", "b", "--withdraw", HOSTILE),
    ),
    "ask": (("ask", HOSTILE),),
    "block": (
        ("block", "--by", HOSTILE, "--clears", HOSTILE),
        ("block", "--by", "a", "--clears", "b", "--kind", HOSTILE),
    ),
}
"""Calls of each verb that print the texts of the ledger, of a file, or their own arguments."""

AGENT_VERBS = {"brief": "api", "handoff": "api", "ask": "api", "block": "api", "publish": "api", "findings": "api"}

SHOWS = (
    ("status",),
    ("dashboard",),
    ("inbox",),
    ("why", "q1"),
    ("why", "web"),
    ("list", "questions"),
    ("list", "findings"),
    ("list", "artifacts"),
    ("worktree", "list"),
    ("show", "4"),
    ("show", "api"),
    ("show", "db"),
    ("show", "q1"),
    ("show", "m1"),
    ("peek", "api"),
    ("log", "-n", "0"),
    ("workflow", "graph", "auth-7f3a"),
)
"""Calls that print texts of agents, so that the test above them is known to see some."""


@pytest.fixture
def evil(stage):
    (stage.folder / "hostile.md").write_text(f"# {HOSTILE}\n\n## Epic: {HOSTILE}\n", encoding="utf-8", newline="")
    checklist = f"# {HOSTILE}\n\n## {HOSTILE}\n\n- [ ] {HOSTILE}\n\nScope: {HOSTILE}\n"
    (stage.folder / "hostile-list.md").write_text(checklist, encoding="utf-8", newline="")
    (stage.folder / "hostile.yaml").write_text(f'name: "x"\n{HOSTILE!r}: "y"\njobs:\n  a: 1\n', encoding="utf-8")
    (stage.folder / "hostile.json").write_text(json.dumps({HOSTILE: HOSTILE, "findings": [{HOSTILE: 1}]}))
    (stage.folder / "taken").mkdir()
    (stage.folder / "taken" / HOSTILE.replace("\x00", "")).write_text("")
    return hostile(stage)


def test_every_verb_has_a_hostile_call():
    assert CALLS.keys() == VERBS.keys()


@pytest.mark.each(3)
@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", VERBS)
def test_no_verb_prints_a_control_character(evil, name, form):
    for words in CALLS[name]:
        if name in AGENT_VERBS:
            evil.as_agent(AGENT_VERBS[name])
        elif name == "verdict":
            evil.as_agent("db.spec")
        answer = printed(evil, *words, *(("--json",) if form == "json" else ()))
        assert RAW.findall(answer.out + answer.err) == [], words
        assert answer.status != BUG, answer.err + answer.out
        if form == "json" and answer.out:
            json.loads(answer.out)


@pytest.mark.parametrize("words", SHOWS, ids=" ".join)
def test_texts_of_agents_are_shown_without_their_control_characters(evil, words):
    assert "EVIL" in printed(evil, *words).out
    answer = printed(evil, *words, "--json")
    assert "EVIL\\u001b" in answer.out or "EVIL�" in answer.out
    assert RAW.findall(answer.out) == []


def test_json_keeps_every_character_of_a_text(evil):
    screen = json.loads(printed(evil, "peek", "api", "--json").out)["screen"]
    assert screen == f"a screen {HOSTILE}"


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "error",
    [
        Refused(HOSTILE, HOSTILE, HOSTILE),
        Malformed(HOSTILE, (Problem(HOSTILE, 1, 1, HOSTILE, HOSTILE),), HOSTILE),
        Unavailable(HOSTILE),
        OSError(errno.EACCES, "denied", HOSTILE),
        ValueError(HOSTILE),
        Interrupted(HOSTILE),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_error_prints_a_control_character(stage, error, form):
    stage.broken = error
    answer = printed(stage, "status", *(("--json",) if form == "json" else ()))
    assert answer.status != 0
    assert "EVIL" in answer.out + answer.err
    assert RAW.findall(answer.out + answer.err) == []


def test_a_faulty_ledger_is_described_without_its_control_characters(stage):
    stage.begin_run()
    stage.ledger.faults = (Corrupt(HOSTILE, HOSTILE, HOSTILE),)
    for words in (("verify",), ("verify", "--json")):
        answer = printed(stage, *words)
        assert answer.status == 7
        assert RAW.findall(answer.out + answer.err) == []


def test_a_page_with_colours_prints_only_its_own_sequences(evil):
    evil.streams = Streams(draws=True, columns=120, lines=40, colours=True)
    page = evil.call().page
    from gitorch.cli.pages.cells import safe_page
    from gitorch.cli.pages.views import run_text
    from gitorch.rules.views.run import run_view

    text = safe_page(run_text(run_view(evil.run), page) + HOSTILE + "\x1b[5m")
    own = ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m")
    for sequence in own:
        text = text.replace(sequence, "")
    assert RAW.findall(text) == []


def test_the_live_page_draws_no_control_character(evil):
    from gitorch.cli.pages.frame import Panel, frame_lines
    from gitorch.cli.pages.page import Page
    from gitorch.rules.views.run import run_view

    panel = Panel(poisoned(run_view(evil.run)), (HOSTILE,), (HOSTILE,))
    for height in (8, 24, 200):
        lines = frame_lines((panel, panel), Page(0, colours=False, now=0), height, "footer")
        assert RAW.findall("".join(lines)) == []
        assert not any("\n" in line for line in lines)


def test_nothing_but_the_output_module_prints():
    root = Path(gitorch.cli.__file__).parent
    printing = {"echo", "secho", "prompt", "confirm", "print", "_print", "echo_via_pager"}
    found = []
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in printing or (name == "write" and re.search(r"stdout|stderr|stream", ast.unparse(node.func))):
                found.append(f"{path.relative_to(root)}: {name}")
    ways = ("_print", "confirm", "echo_via_pager", "prompt", "write")
    assert sorted(set(found)) == [f"output.py: {way}" for way in ways]
