"""Secrets never reach the ledger: said ones are refused by name of place, seen ones are blotted out."""

from __future__ import annotations

import pytest

from gitorch.app.executing.redaction import (
    find_secrets_in_files,
    find_secrets_in_value,
    recordable,
    redact_output,
    redact_value,
)
from gitorch.errors import Refused
from gitorch.model import commands as c
from gitorch.model.events import RunPrepared
from gitorch.model.ids import NO_DIGEST, CommitId, Digest, JobId, QuestionId, RunId, SessionId
from gitorch.model.plans.permission import PermissionAnswer
from gitorch.model.plans.workflow import Lane, Workflow
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import replace
from gitorch.model.work.artifact import Outcome
from gitorch.model.work.review import Check, Choice, Disposition, Finding, Reply, ReportStatus, Severity
from gitorch.text.redact import FORMS, secrets_in
from gitorch.text.secret_signs import SIGNS

TOKEN = "ghp_" + "a1B2" * 9
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"
AGENT = Actor(ActorKind.AGENT, "api", "desk", SessionId("s1"))
HUMAN = Actor(ActorKind.PRINCIPAL, "ada", "desk")
HOST = Actor(ActorKind.HOST, "gitorch", "desk")
COMMIT = CommitId("c" * 40)
JOB = JobId("api")
FACTS = c.WorkFacts(COMMIT, (), 1, ("a.py",))
REPORT = c.SubmitHandoff(NO_DIGEST, JOB, ReportStatus.DONE, "Done.", FACTS)
VERDICT = c.GiveVerdict(NO_DIGEST, JOB, "nonce", COMMIT, Choice.ACCEPT, (), "Fine.")
FOUND = Finding(Severity.MINOR, "A name", "a.py", 1)
ENV = Workflow("x", "1", "w", {"author": Lane("author", "claude", env={"API_KEY": TOKEN})}, {})
SECRETS = {
    "an AWS access key": "AKIAABCDEFGHIJKLMNOP",
    "a private key": KEY,
    "a GitHub token": TOKEN,
    "a GitLab token": "glpat-" + "x" * 20,
    "a Slack token": "xoxb-" + "1" * 20,
    "a Google API key": "AIza" + "y" * 35,
    "an Anthropic key": "sk-ant-" + "z" * 20,
    "an OpenAI key": "sk-proj-" + "k" * 10 + "T3BlbkFJ" + "k" * 10,
    "a Stripe key": "rk_live_" + "2" * 20,
    "an npm token": "npm_" + "n" * 36,
    "a package index token": "pypi-AgE" + "p" * 50,
    "a password in a URL": "postgres://app:correcthorse@db.local/x",
}


@pytest.mark.parametrize(
    ("command", "place"),
    [
        (replace(REPORT, summary=f"Used {TOKEN}"), "summary"),
        (replace(REPORT, concerns=("fine", f"it logs {TOKEN}")), "concerns 2"),
        (replace(REPORT, questions=(f"Is {TOKEN} right?",)), "questions 1"),
        (replace(REPORT, blocker=f"{TOKEN} is refused"), "blocker"),
        (replace(REPORT, tests_claimed=f"curl -H {TOKEN}"), "tests_claimed"),
        (replace(REPORT, replies=(Reply(1, Disposition.DEFERRED, TOKEN),)), "replies 1 evidence"),
        (replace(VERDICT, text=TOKEN), "text"),
        (replace(VERDICT, findings=(replace(FOUND, quote=f'key = "{TOKEN}"'),)), "findings 1 quote"),
        (c.AnswerQuestion(QuestionId("q1"), "", f"take {TOKEN}"), "text"),
        (c.SendMessage(("api",), TOKEN), "text"),
        (c.CancelRun(TOKEN), "reason"),
        (c.Decide(JOB, Outcome.ACCEPTED, TOKEN), "text"),
        (c.PrepareRun(RunId("r"), "t", "p", Digest("d"), "main", COMMIT, ENV), "workflow lanes author env API_KEY"),
    ],
)
@pytest.mark.parametrize("actor", [AGENT, HUMAN])
def test_a_text_with_a_secret_is_refused_with_its_place_and_without_the_secret(command, place, actor) -> None:
    with pytest.raises(Refused) as no:
        recordable(actor, command, None)
    assert no.value.message.startswith(f"{place} seems to hold a secret (line 1: a GitHub token)")
    assert TOKEN not in str(no.value)


def test_a_plan_is_refused_with_its_name_and_line() -> None:
    files = {RunPrepared: {"plan.md": f"# Plan\n\nLog in with {TOKEN}\n".encode()}}
    with pytest.raises(Refused, match=r"plan.md seems to hold a secret \(line 3: a GitHub token\)"):
        recordable(HUMAN, c.CancelRun("x"), files)


def test_a_secret_in_the_files_of_a_run_is_found_with_its_place() -> None:
    plan = f"# Plan\n\n## Epic: api\n\nLog in with {TOKEN}\n".encode()
    found = find_secrets_in_files(
        "plans/p.md", {"plan.md": plan, "api.md": plan[10:], "web.md": f"Take\n{TOKEN}".encode()}
    )
    assert [one.where for one in found] == ["plans/p.md:5:13", "plans/p.md:1:1"]
    assert found[0].message.startswith("This line seems to hold a GitHub token")
    assert found[1].message.startswith("Line 2 of its web.md seems to hold a GitHub token"), "it stands in another file"
    assert not any(TOKEN in one.message + one.fix for one in found)


def test_a_key_in_the_environment_of_a_lane_is_found_before_a_run_begins() -> None:
    (found,) = find_secrets_in_value("p.md", ENV, "workflow")
    assert found.message.startswith("`workflow lanes author env API_KEY` seems to hold a GitHub token")
    assert TOKEN not in found.message


@pytest.mark.parametrize(
    "words",
    ["see https://example.com/a:b@c", "the word npm_install", "sk-learn", "BEGIN PRIVATE KEY", "http://u:***@h"],
)
def test_a_text_that_only_resembles_a_secret_is_recorded(words) -> None:
    command = replace(REPORT, summary=words)
    assert recordable(AGENT, command, None) is command


@pytest.mark.parametrize(
    "command",
    [
        c.EndSession(SessionId("s1"), "exited", 1, f"$ echo {TOKEN}\n{KEY}"),
        c.Escalate("stuck:api:1", "It is stuck.", "Nothing.", f"> {TOKEN}", "Go on?", ("retry",), JOB),
        c.RecordPermission(SessionId("s1"), 0, PermissionAnswer(f"run curl {TOKEN}", "yes", "curl *")),
        c.RecordCheck(JOB, Check(COMMIT, "make", "failed", 1, 1.0, tail=f"E  assert {TOKEN!r}")),
        c.RecordRefusal("handoff", "refused", f"no status {TOKEN}"),
    ],
)
def test_observed_text_is_recorded_without_its_secrets(command) -> None:
    kept = recordable(HOST, command, None)
    assert TOKEN not in repr(kept)
    assert "MIIEow" not in repr(kept)
    assert "[redacted: a GitHub token]" in repr(kept)


def test_redaction_changes_no_other_byte_of_the_output() -> None:
    assert redact_output(b"\xff a\r\n" + TOKEN.encode() + b"\r\n") == b"\xff a\r\n[redacted: a GitHub token]\r\n"
    assert redact_output(b"\xff nothing") == b"\xff nothing"


@pytest.mark.parametrize(("what", "form"), FORMS)
def test_every_form_of_secret_is_found_and_contains_a_sign(what, form) -> None:
    secret = SECRETS[what]
    assert form.search(secret)
    assert secrets_in(f"\n{secret}") == (f"line 2: {what}",)
    assert any(sign in secret for sign in SIGNS)


@pytest.mark.parametrize("what", SECRETS)
def test_a_notice_carries_no_secret(what) -> None:
    told = redact_value(f"Which key does the service take?\n{SECRETS[what]}\n")
    assert SECRETS[what] not in told
    assert told.startswith("Which key does the service take?\n")
    assert [redact_value(value) for value in (None, 3, ["yes"], "no")] == [None, 3, ["yes"], "no"]
