"""What agents are told, word for word: `tests/rules/texts` holds each text as an agent would read it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from gitorch.model.values import replace

sys.path.insert(0, str(Path(__file__).parent))
from golden import assert_golden
from play import Play, workflow
from telling import Telling

from gitorch.model.ids import JobId
from gitorch.model.plans.workflow import Scope
from gitorch.model.work.review import Disposition, Finding, ListedFinding, Reply, Severity
from gitorch.model.work.session import PromptKind
from gitorch.rules.views.brief_values import brief_data
from gitorch.rules.views.finding_lines import finding_line
from gitorch.rules.views.prompts import pointer, prompt_path, prompt_text
from gitorch.scripted.brief import parse_brief

SECTION = "Build the table.\n\n- [ ] rows\n- [ ] columns\n"
ROUND_TWO = (
    "plan api|launch api|handoff api summary='rows and columns' tests='12 passed'|check api passed|launch api.spec|"
    "judge api.spec needs_revision blocking a.py:3 'no check' minor b.py:9 typo note c.py 'a word'|launch api|"
    "handoff api summary='all three' reply=1:fixed:api-2 reply=2:false_positive:'the test is in t.py' reply=3:deferred:'not now'|"
    "check api passed|answer q1 waive"
)
SCRIPTS = {
    "brief-first.md": ("api", "plan api|grant api|alive s1", ()),
    "brief-restart.md": (
        "api",
        "plan api|launch api|handoff api NEEDS_CONTEXT question='tabs or spaces?'|answer q1 spaces|dies s1 killed|grant api",
        ("1a2b3c4 Add rows", "5d6e7f8 Add columns"),
    ),
    "findings-round-2.md": (
        "api",
        ROUND_TWO.split("|handoff api summary='all three'", maxsplit=1)[0].removesuffix("|launch api") + "|grant api",
        (),
    ),
    "brief-restart-in-round-2.md": (
        "api",
        ROUND_TWO.split("|handoff api summary='all three'", maxsplit=1)[0] + "|dies s1 killed|grant api",
        ("1a2b3c4 Add rows",),
    ),
    "brief-review.md": ("api.spec", "|".join(ROUND_TWO.split("|")[:4]) + "|grant api.spec", ()),
    "brief-review-with-history.md": ("api.spec", ROUND_TWO + "|grant api.spec", ()),
    "answers.md": (
        "api",
        (
            "plan api|launch api|handoff api NEEDS_CONTEXT question='tabs or spaces?' question='which Python?'"
            "|answer q1 spaces|answer q2 3.11"
        ),
        (),
    ),
    "answer-to-a-blocker.md": (
        "api",
        "plan api|launch api|handoff api BLOCKED blocker=b clears=c|answer q1 cleared",
        (),
    ),
    "clearance.md": ("api", "plan api|finish api", ()),
    "nudge.md": ("api", "plan api|launch api|quiet s1 1000", ()),
}


def played(script: str) -> Telling:
    telling = Telling()
    for step in script.split("|"):
        telling.tell(step)
    return telling


def owed(telling: Telling, job: str):
    """The session of a job, and the first text that it was not told."""
    run = telling.play.run
    session = run.sessions[run.jobs[JobId(job)].session]
    return session, next(x for x in session.prompts if not x.receipt)


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_agent_gets_this_prompt(name: str, request) -> None:
    job, script, done = SCRIPTS[name]
    telling = played(script)
    session, prompt = owed(telling, job)
    text = prompt_text(telling.play.run, session, prompt, SECTION, done)
    assert_golden(name, telling.readable(text), request)


def test_an_agent_gets_only_its_own_section() -> None:
    telling = played("plan api db|grant api|grant db")
    for job in ("api", "db"):
        session, prompt = owed(telling, job)
        text = prompt_text(telling.play.run, session, prompt, f"Only {job}.", ())
        assert f"Only {job}." in text
        assert text.startswith(f"# {job}: {job.title()}\n")
        assert {"api": "db", "db": "api"}[job] not in text.lower()


def test_a_brief_names_the_write_scope_and_the_tests() -> None:
    play = Play()
    flow = workflow({"api": ()})
    spec = replace(flow.jobs[JobId("api")], scope=Scope(("src/**", "tests/**"), ("src/old/",)))
    play.begin({}, flow=replace(flow, jobs={**flow.jobs, JobId("api"): spec}))
    play.grant("api")
    session = play.run.sessions["s1"]
    text = prompt_text(play.run, session, session.prompts[0], SECTION)
    assert "You may change only: src/**, tests/**." in text
    assert "You must not change: src/old/." in text
    assert "gitorch tests your commit with: `make check`" in text


def test_the_typed_line_points_to_the_prompt_s_file() -> None:
    telling = played(SCRIPTS["findings-round-2.md"][1])
    session, prompt = owed(telling, "api")
    line = pointer(telling.play.run, session, prompt)
    assert line == f"Read .gitorch/inbox/{prompt.id}-findings.md and do what it says."
    first = replace(prompt, kind=PromptKind.BRIEF)
    assert prompt_path(first) == ".gitorch/brief.md"
    assert pointer(telling.play.run, session, first) == "Read .gitorch/brief.md and do what it says."


def test_the_typed_line_of_a_clearance_names_its_commit() -> None:
    telling = played(SCRIPTS["clearance.md"][1])
    session, prompt = owed(telling, "api")
    line = telling.readable(pointer(telling.play.run, session, prompt))
    assert line == f"APPROVED api at api-1. Nothing more is needed. ({prompt.id})"


def test_a_brief_as_json_has_the_same_facts() -> None:
    telling = played(ROUND_TWO + "|grant api.spec")
    run = telling.play.run
    review, author = run.sessions[run.jobs["api.spec"].session], run.sessions[run.jobs["api"].session]
    told = json.loads(json.dumps(brief_data(run, review, SECTION)))
    assert {key: told[key] for key in ("job", "kind", "role", "subject", "attempt", "nonce", "branch")} == {
        "job": "api.spec",
        "kind": "review",
        "role": "spec",
        "subject": "api",
        "attempt": 2,
        "nonce": run.jobs["api.spec"].lease.nonce,
        "branch": "",
    }
    assert telling.readable(told["commit"]) == "api-2"
    assert (told["stage"], told["stage_number"]) == ("spec", 1)
    assert parse_brief(told).stage == 1
    assert telling.readable(told["base"]) == "target"
    assert told["text"].startswith("# api.spec: ")
    assert brief_data(run, author, SECTION)["branch"] == "gitorch/play-0001/api"
    assert brief_data(run, author, SECTION, ("1a2b3c4 Add rows",))["done"] == ["1a2b3c4 Add rows"]


def test_a_brief_as_json_has_findings_and_answers() -> None:
    telling = played(SCRIPTS["brief-restart-in-round-2.md"][1])
    run = telling.play.run
    found = brief_data(run, run.sessions[run.jobs["api"].session], SECTION)["findings"]
    assert [(x["number"], x["severity"], x["title"], x["path"], x["line"], x["review"]) for x in found] == [
        (1, "blocking", "no check", "a.py", 3, "api.spec"),
        (2, "minor", "typo", "b.py", 9, "api.spec"),
        (3, "note", "a word", "c.py", 0, "api.spec"),
    ]
    telling = played(SCRIPTS["brief-restart.md"][1])
    run = telling.play.run
    answers = brief_data(run, run.sessions[run.jobs["api"].session], SECTION)["answers"]
    assert answers == [{"id": "q1", "question": "tabs or spaces?", "answer": "spaces"}]


FULL = ListedFinding(
    3,
    Finding(
        Severity.BLOCKING, "race", "a.py", 3, "It races.\nSee t.py.", doubtful=True, quote="x = 1", doubt="no such line"
    ),
    "api.spec",
    1,
    reply=Reply(3, Disposition.FALSE_POSITIVE, "it is locked"),
    also=("api.quality",),
)


def test_a_finding_is_listed_with_its_doubt_quotation_reply_and_details() -> None:
    assert finding_line(FULL) == (
        "3. BLOCKING a.py:3 (doubtful: no such line): race [api.spec, api.quality]\n"
        "   Quoted: x = 1\n"
        "   You answered false_positive: it is locked\n"
        "   It races.\n"
        "   See t.py."
    )
    unexplained = replace(
        FULL, finding=replace(FULL.finding, doubt="", path="", line=0, detail="", quote=""), reply=None
    )
    assert finding_line(unexplained) == (
        "3. BLOCKING (doubtful: the cited place does not exist at that commit): race [api.spec, api.quality]"
    )
