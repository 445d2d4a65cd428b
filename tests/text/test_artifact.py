"""Artifacts at the door: each kind's fields are required, and what is wrong is told with field and line."""

from __future__ import annotations

import pytest

from gitorch.errors import Malformed
from gitorch.model.work.artifact import ArtifactKind, Claim, Entry, Evidence
from gitorch.model.work.review import Choice, Severity
from gitorch.text.artifact import parse_artifact
from gitorch.text.artifact_kinds import REQUIRED
from gitorch.text.redact import secrets_in

WHOLE = {
    "prompt": "title: Do it",
    "finding": "title: It leaks\nverdict_intent: needs_revision\nseverity: high\npath: a.py\nline: 3",
    "findings_ledger": "findings:\n- {number: 1, source: review-a, severity: minor, title: Long, disposition: open}",
    "synthesis": "answers:\n- {finding: 1, answer: We shorten it, disposition: accepted}",
    "marker": "marker: design-frozen",
    "handoff": "status: DONE\nsummary: It rotates",
    "decision": "title: Use files\noutcome: accepted_with_follow_up\nfollow_up: Measure it",
    "patch_summary": "title: Rotation\nfiles: [a.py, b.py]",
    "test_report": "command: make test\nexit: 0\npassed: 212",
    "support_ledger": "audited_artifact: advice\nclaims:\n- claim: It drops CR\n  evidence:\n  - {path: 'a.py:3', quote: cr}",
    "action_item_ledger": "source: review-a\nitems:\n- {number: 1, title: Mend it}",
    "harness_improvement_proposal": "target: prompt\nexpected_benefit: fewer rounds\nrisk: none",
    "escalation": "escalation_kind: ambiguous_goal\nseverity: important\ndescription: Two goals\nrequested_action: Choose",
    "operator_brief": "title: Week 3\nstatus: open",
    "work_plan": "title: Rotation\nscope: auth\nstate: open",
    "progress_note": "date: 2026-11-20\nnote: Half done",
    "operator_report": "title: Week 3",
    "other": "anything: goes",
}


def parsed(kind: str, front: str):
    return parse_artifact("docs/x.md", f"---\n{front}\n---\n\n# Words\n".encode(), ArtifactKind(kind))


def problems(kind: str, front: str) -> list[str]:
    with pytest.raises(Malformed) as error:
        parsed(kind, front)
    return [f"{p.line}: {p.message}" for p in error.value.problems]


@pytest.mark.parametrize("kind", list(ArtifactKind))
def test_a_document_of_each_kind_is_read(kind):
    assert parsed(kind, WHOLE[kind]).kind is kind


@pytest.mark.parametrize(("kind", "field"), [(k, f) for k, fields in REQUIRED.items() for f in fields])
def test_a_field_that_is_missing_is_named(kind, field):
    kept, skipping = [], False
    for line in WHOLE[kind].split("\n"):
        skipping = line.startswith(f"{field}:") or (skipping and line[0] in "- ")
        kept += [] if skipping else [line]
    assert any(f"`{field}` is missing" in message for message in problems(kind, "\n".join(kept) or "tags: []"))


@pytest.mark.parametrize(
    ("kind", "front", "message"),
    [
        ("finding", "title: x\nseverity: high\nverdict_intent: maybe", "4: `verdict_intent` must be one of"),
        ("finding", "title: x\nverdict_intent: accept\nseverity: awful", "4: `severity` must be one of"),
        ("decision", "title: x\noutcome: perhaps", "3: `outcome` must be one of"),
        ("handoff", "summary: x\nstatus: FINISHED", "3: `status` must be one of"),
        ("escalation", WHOLE["escalation"].replace("ambiguous_goal", "bored"), "2: `escalation_kind` must be one of"),
        ("test_report", "command: make\nexit: soon", "3: `exit` must be a whole number"),
        ("marker", "marker: x\ncolour: red", "3: `colour` is not a known key"),
        ("marker", "marker: x\nkind: prompt", "3: `kind` is prompt, but this artifact is submitted as marker."),
        ("support_ledger", "audited_artifact: a\nclaims:\n- claim: x", "4: `claims[0].evidence` is empty."),
        (
            "findings_ledger",
            WHOLE["findings_ledger"] + WHOLE["findings_ledger"][9:],
            "`findings[1].number` is 1 a second",
        ),
        ("synthesis", "answers:\n- {finding: 1}", "3: `answers[0].answer` is missing"),
        ("synthesis", "answers: {a", "This is not YAML"),
        ("synthesis", "answers:\n- {answer: x}", "3: `answers[0].finding` is missing"),
        ("synthesis", "# nothing", "1: The front matter is empty."),
        (
            "support_ledger",
            "audited_artifact: a\nclaims:\n- {claim: x, evidence: [{path: a, command: b}]}",
            "4: `claims[0].evidence[0].path` or `command` is required, and only one of the two.",
        ),
    ],
)
def test_each_defect_of_an_artifact_is_reported_at_its_line(kind, front, message):
    assert any(message in problem for problem in problems(kind, front))


def test_a_document_without_front_matter_gets_the_list_of_required_fields():
    with pytest.raises(Malformed) as error:
        parse_artifact("x.md", b"# Words\n", ArtifactKind.FINDING)
    assert "title, verdict_intent, severity" in error.value.problems[0].message
    assert parse_artifact("x.png", b"\x89PNG\x00\xff", ArtifactKind.OTHER).kind == "other"
    with pytest.raises(Malformed, match=r"it\.md is not a valid artifact; it has 1 defect"):
        parse_artifact("it.md", b"---\na: [\n---\n", ArtifactKind.OTHER)


def test_the_fields_that_rules_need_are_read():
    assert parsed("finding", WHOLE["finding"]).intent is Choice.NEEDS_REVISION
    row = "{number: 2, source: b, severity: high, title: Leak, disposition: open, path: 'a.py:12', detail: Here.}"
    assert parsed("findings_ledger", f"{WHOLE['findings_ledger']}\n- {row}").entries == (
        Entry(1, "review-a", Severity.MINOR, "Long", "open", "", 0, ""),
        Entry(2, "b", Severity.BLOCKING, "Leak", "open", "a.py", 12, "Here."),
    )
    assert parsed("synthesis", WHOLE["synthesis"]).answers == (1,)
    ran = "- {command: make, exit: 2, output: no, commit: c1}\n  - {path: 'a:b', quote: q}\n- {claim: So, evidence: [{path: x}]}"
    claims = parsed("support_ledger", f"{WHOLE['support_ledger']}\n  {ran}").claims
    evidence = (
        Evidence("a.py", 3, quote="cr"),
        Evidence(commit="c1", command="make", exit_status=2, output="no"),
        Evidence("a:b", quote="q"),
    )
    assert claims == (Claim(1, "It drops CR", evidence, 4), Claim(2, "So", (Evidence("x"),), 9))
    named = parsed("marker", "marker: x\njob: api\nattempt: 2\nnonce: k7")
    assert (named.job, named.attempt, named.nonce) == ("api", 2, "k7")


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN RSA PRIVATE " + "KEY-----",
        "key = AKIA" + "IOSFODNN7EXAMPLE",
        "ghp_" + "a1" * 18,
        "glpat-" + "a1b2c3d4e5f6g7h8i9j0",
        "xoxb-" + "123456789012-abcdefghijkl",
        "sk-ant-" + "api03-abcdefghijklmnop",
        "https://ada:" + "hunter2secret@example.org/x",
    ],
)
def test_a_secret_is_found_and_not_repeated(text):
    found = secrets_in(f"first\n{text}\n")
    assert len(found) == 1
    assert found[0].startswith("line 2: ")
    assert text not in found[0]


@pytest.mark.parametrize(
    "text",
    [
        "the private key is kept elsewhere",
        "sha256:" + "ab" * 32,
        "https://example.org/a:b@c",
        "sk-learn and sk-image",
        "AKIA is a prefix",
        "ghp_short",
        "-----BEGIN CERTIFICATE-----",
        "postgres://user:***@host/db",
        "user:password@host",
    ],
)
def test_texts_that_only_resemble_a_secret_stay(text):
    assert secrets_in(text) == ()
