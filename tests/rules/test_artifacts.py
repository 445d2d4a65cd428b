"""Artifacts by the rules: who may publish what, versions, ledgers that must be whole, evidence that must hold."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gitorch.model.values import replace

sys.path.insert(0, str(Path(__file__).parent))
from play import HOST, HUMAN, OPERATOR, SETTINGS, TARGET, Play, commit, digest, finding

from gitorch.errors import Denied, Refused
from gitorch.model import commands as c
from gitorch.model.ids import JobId
from gitorch.model.plans.workflow import ExpectedArtifact, JobKind, JobSpec, Lane, Scope, Workflow
from gitorch.model.work.artifact import ArtifactKind, Claim, Document, Entry, Evidence
from gitorch.model.work.report import BranchFacts
from gitorch.model.work.review import Choice, Finding, Severity
from gitorch.rules.review.evidence import claim_faults
from gitorch.rules.review.ledger_pages import ledger_text
from gitorch.rules.review.ledgers import reviews_entries
from gitorch.rules.scope.paths import collision, path_fault
from gitorch.rules.views.brief_values import brief_data
from gitorch.rules.views.merge_report import branch_part
from gitorch.text.artifact import parse_artifact

JOBS = (
    JobSpec(
        "draft",
        "Draft",
        JobKind.DRAFT,
        "a",
        scope=Scope(("docs/**",)),
        artifacts=(ExpectedArtifact("p", "prompt", "docs/p.md"),),
    ),
    JobSpec("one", "One", JobKind.REVIEW, "b", ("draft",), subject="draft", stage=1),
    JobSpec("two", "Two", JobKind.REVIEW, "b", ("draft",), subject="draft", stage=2),
    JobSpec("ledger", "Ledger", JobKind.LEDGER, "a", ("one", "two")),
    JobSpec("synthesis", "Synthesis", JobKind.SYNTHESIS, "a", ("ledger",)),
)
FLOW = Workflow("flow", "1", "flow.yaml", {n: Lane(n, "scripted") for n in "ab"}, {j.id: j for j in JOBS})
FACTS = c.WorkFacts(commit("x"), (), 1, ("docs/p.md",))


@pytest.fixture
def play() -> Play:
    play = Play()
    play.begin({}, replace(SETTINGS, manual=True, test_command=""), FLOW)
    play.claim("draft")
    return play


def publish(play: Play, job: str = "draft", actor=OPERATOR, **changes):
    document = changes.pop("document", Document(ArtifactKind.PROMPT))
    command = c.PublishArtifact(digest(f"token {play.session(job)}"), "p", "docs/p.md", digest("v1"), 10, document)
    return play.do(replace(command, **changes), actor)


def test_changed_content_is_a_new_version_of_an_artifact(play):
    assert [e.version for e in publish(play)] == [1]
    assert publish(play) == ()
    assert [e.version for e in publish(play, digest=digest("v2"))] == [2]
    assert [e.version for e in publish(play, digest=digest("v1"))] == [3]
    assert [(a.name, a.version) for a in play.run.artifacts] == [("p", 1), ("p", 2), ("p", 3)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"path": "src/a.py"}, "outside the write scope of draft"),
        ({"path": "../p.md"}, r"contains an empty part, `\.` or `\.\.`"),
        ({"size": 2_000_000}, "2,000,000 bytes; an artifact has at most 1,000,000"),
        ({"document": Document(ArtifactKind.MARKER)}, "is expected as prompt, not as marker"),
        ({"trouble": "is a link"}, "docs/p.md is a link"),
        ({"secrets": ("line 2: a GitHub token",)}, "seems to hold line 2: a GitHub token"),
        ({"fence": 7}, "lease 7 of draft is over"),
    ],
)
def test_an_unfit_artifact_is_refused(play, changes, said):
    with pytest.raises(Refused, match=said):
        publish(play, **changes)


def test_files_published_with_a_report_need_no_write_scope(play):
    assert publish(play, path=".gitorch/outbox/p.md")


def test_only_the_principal_may_keep_what_looks_like_a_secret_and_the_reason_is_recorded(play):
    found = {"secrets": ("line 1: an AWS access key",), "override": "it is made up"}
    with pytest.raises(Denied, match="only the principal"):
        publish(play, **found)
    play.do(c.ReleaseLease(digest("token s1")), OPERATOR)
    play.claim("draft", HUMAN)
    assert publish(play, actor=HUMAN, **found)[0].override == "it is made up"


def test_nobody_publishes_for_another_or_without_the_lease(play):
    with pytest.raises(Denied, match="may not act for it"):
        publish(play, actor=replace(OPERATOR, name="otto"))
    play.at += 1_000_000
    with pytest.raises(Refused, match="has run out"):
        publish(play)


def test_a_file_is_taken_only_where_it_names_job_attempt_and_nonce(play):
    lease = play.run.jobs["draft"].lease
    whose = Document(ArtifactKind.PROMPT, job="draft", attempt=1, nonce=lease.nonce)
    for wrong in ({"job": "one"}, {"attempt": 2}, {"nonce": "guess"}, {"nonce": ""}):
        with pytest.raises(Denied, match="does not name job draft, attempt 1 and the nonce"):
            publish(play, actor=HOST, document=replace(whose, **wrong))
    event = publish(play, actor=HOST, document=whose)[0]
    assert (event.via, event.byline) == ("file", "operator/olga@desk")


def reviewed(play: Play) -> Play:
    """Both reviews are given, with two findings in all."""
    play.submit_handoff("draft", facts=FACTS, head="x")
    play.claim("one")
    play.judge("one", "accept_with_findings", (finding("minor", "Too long"),))
    play.claim("two")
    play.judge("two", "accept_with_findings", (finding("note", 'Say "why"'),))
    play.claim("ledger")
    return play


def ledger(entries) -> Document:
    return Document(ArtifactKind.FINDINGS_LEDGER, entries=tuple(entries))


def test_a_findings_ledger_has_exactly_the_findings_of_the_reviews(play):
    found = reviews_entries(reviewed(play).run, play.run.jobs["ledger"])
    assert [(e.number, e.source, e.severity, e.title) for e in found] == [
        (1, "one", Severity.MINOR, "Too long"),
        (2, "two", Severity.NOTE, 'Say "why"'),
    ]
    assert parse_artifact("f.md", ledger_text(found).encode(), ArtifactKind.FINDINGS_LEDGER).entries == tuple(
        replace(e, disposition="open") for e in found
    )
    with pytest.raises(Refused, match="ledger is not done without its findings_ledger"):
        play.submit_handoff("ledger", facts=FACTS)
    with pytest.raises(Refused, match="it leaves out note “Say"):
        publish(play, "ledger", document=ledger(found[:1]))
    with pytest.raises(Refused, match="no review that ledger needs raised minor “Mine” of one"):
        publish(play, "ledger", document=ledger([*found, Entry(3, "one", Severity.MINOR, "Mine", "open")]))
    assert publish(play, "ledger", document=ledger(found))


def test_a_synthesis_answers_every_finding(play):
    found = reviews_entries(reviewed(play).run, play.run.jobs["ledger"])
    publish(play, "ledger", document=ledger(found))
    play.submit_handoff("ledger", facts=FACTS)
    play.claim("synthesis")
    with pytest.raises(Refused, match="synthesis is not done without its synthesis"):
        play.submit_handoff("synthesis", facts=FACTS)
    with pytest.raises(Refused, match="it leaves findings unanswered: #2"):
        publish(play, "synthesis", document=Document(ArtifactKind.SYNTHESIS, answers=(1,)))
    assert publish(play, "synthesis", document=Document(ArtifactKind.SYNTHESIS, answers=(1, 2)))
    assert play.submit_handoff("synthesis", facts=FACTS)


def placed(path: str, line: int, detail: str) -> Finding:
    return Finding(Severity.MINOR, "Injection", path, line, detail)


def test_a_ledger_keeps_two_findings_of_one_title_apart_with_place_and_detail(play):
    play.submit_handoff("draft", facts=FACTS, head="x")
    play.claim("one")
    raised = (placed("a.py", 1, "quote the name"), placed("a.py", 2, "quote\nthe path"))
    play.judge("one", "accept_with_findings", raised)
    play.claim("two")
    play.judge("two", "accept", ())
    play.claim("ledger")
    found = reviews_entries(play.run, play.run.jobs["ledger"])
    assert [(e.number, e.place, e.detail) for e in found] == [
        (1, "a.py:1", "quote the name"),
        (2, "a.py:2", "quote\nthe path"),
    ]

    written = parse_artifact("f.md", ledger_text(found).encode(), ArtifactKind.FINDINGS_LEDGER)
    assert written.entries == tuple(replace(entry, disposition="open") for entry in found)
    with pytest.raises(Refused, match=r"it leaves out minor “Injection” at a\.py:2 of one"):
        publish(play, "ledger", document=ledger(found[:1]))
    with pytest.raises(Refused, match=r"no review that ledger needs raised minor “Injection” at a\.py:7 of one"):
        publish(play, "ledger", document=ledger([*found, replace(found[0], number=3, line=7)]))

    bare = [replace(entry, path="", line=0, detail="", disposition="fix") for entry in found]
    publish(play, "ledger", document=ledger(bare))
    recorded = play.run.artifacts[-1].entries
    assert recorded == tuple(replace(entry, disposition="fix") for entry in found), (
        "the reviewer's place and detail stay"
    )


def test_the_answers_of_a_synthesis_reach_the_report(play):
    found = reviews_entries(reviewed(play).run, play.run.jobs["ledger"])
    publish(play, "ledger", document=ledger(found))
    play.submit_handoff("ledger", facts=FACTS)
    play.claim("synthesis")
    text = "---\nkind: synthesis\nanswers:\n- {finding: 2, answer: It is meant}\n- {finding: 1, answer: Cut}\n---\n\nDone.\n"
    document = parse_artifact("s.md", text.encode(), ArtifactKind.SYNTHESIS)
    publish(play, "synthesis", document=document)
    entries = play.run.artifacts[-1].entries
    assert [(e.number, e.title, e.answer) for e in entries] == [(1, "Too long", "Cut"), (2, 'Say "why"', "It is meant")]
    measured = BranchFacts(JobId("synthesis"), "b", commit("x"), 1, 1, 1, 0)
    part = branch_part(play.run, play.run.jobs["synthesis"], measured)
    assert "- answers #1 minor a.py:1: Too long (one) — Cut" in part
    assert '- answers #2 note a.py:1: Say "why" (two) — It is meant' in part


def test_the_values_of_a_brief_have_what_its_text_says_of_files_and_findings(play):
    draft = brief_data(play.run, play.run.sessions[play.session("draft")], "")
    assert draft["artifacts"] == [{"name": "p", "kind": "prompt", "path": "docs/p.md", "required": True}]
    assert "- `docs/p.md` (p, prompt)" in draft["text"]

    found = reviews_entries(reviewed(play).run, play.run.jobs["ledger"])
    collects = brief_data(play.run, play.run.sessions[play.session("ledger")], "")
    assert [(e["number"], e["title"], e["path"], e["line"]) for e in collects["entries"]] == [
        (1, "Too long", "a.py", 1),
        (2, 'Say "why"', "a.py", 1),
    ]
    assert ledger_text(found) in collects["text"]


def test_an_evidence_audit_fails_on_a_claim_that_nothing_supports(play):
    publish(play, document=Document(ArtifactKind.PROMPT), name="q")
    play.do(
        replace(
            c.PublishArtifact(
                digest("token s1"), "s", "docs/s.md", digest("s"), 1, Document(ArtifactKind.SUPPORT_LEDGER)
            ),
            faults=("claim 2 (line 9): a.py does not exist",),
        ),
        OPERATOR,
    )
    play.submit_handoff("draft", facts=FACTS, head="x")
    play.claim("one")
    with pytest.raises(Refused, match=r"evidence audit of draft fails.* claim 2 .line 9.: a\.py does not exist"):
        play.judge("one", "accept")
    assert play.judge("one", "needs_revision", (finding(title="Unsupported"),))


def test_a_verdict_agrees_with_the_intent_of_the_reviewers_own_findings(play):
    play.submit_handoff("draft", facts=FACTS, head="x")
    play.claim("one")
    said = Document(ArtifactKind.FINDING, intent=Choice.NEEDS_REVISION)
    publish(play, "one", document=said, path=".gitorch/f.md", name="f")
    with pytest.raises(Refused, match="f says verdict_intent needs_revision, but the verdict is accept"):
        play.judge("one", "accept")
    assert play.judge("one", "needs_revision", (finding(),))


TEXT = "one\ntwo\nthree  four\nfive\n" + "x\n" * 20


@pytest.mark.parametrize(
    ("evidence", "wrong"),
    [
        (Evidence("a.py", 3, quote="three four"), ""),
        (Evidence("a.py", 4, quote="three\n four"), ""),
        (Evidence("a.py", 3), ""),
        (Evidence("a.py", quote="five"), ""),
        (Evidence("a.py"), "is cited without a line or a quotation"),
        (Evidence("b.py", 1), "b.py does not exist"),
        (Evidence("a.py", 99), "has 24 lines, not 99"),
        (Evidence("a.py", 20, quote="one"), "the quotation is not at a.py:20"),
        (Evidence("a.py", quote="six"), "the quotation is not at a.py"),
        (Evidence(command="make check", exit_status=0), ""),
        (Evidence(command="make check", exit_status=1), "has exit 1"),
        (Evidence(command="make check", output="sha256:ab"), "and that output"),
        (Evidence(command="make lint"), "no run of `make lint` was recorded"),
    ],
)
def test_evidence_is_looked_up(evidence, wrong):
    play = Play()
    play.begin({"api": ()})
    play.launch("api")
    play.submit_handoff("api")
    play.check("api")
    text_at = lambda one: TEXT if one.path == "a.py" else None  # noqa: E731 said once
    faults = claim_faults(play.run, (Claim(1, "It is so", (evidence,), 7),), text_at)
    assert (wrong in faults[0] and faults[0].startswith("claim 1 (line 7)")) if wrong else faults == ()


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            "/etc/passwd",
            "~/x",
            "C:/x",
            "a//b",
            "./a",
            "a/../b",
            "a\\..\\b",
            "a\\.git\\b",
            "a\0b",
            ".git/config",
            "a/.GIT/x",
            "git~1/x",
        ),
        *(".g\u200cit/x", ".git./x", ".git /x", ".git::$INDEX_ALLOCATION/x"),
    ],
)
def test_an_unsafe_path_has_a_fault(path):
    assert path_fault(path)


@pytest.mark.parametrize(
    "path",
    [
        "a.md",
        "docs/ä.md",
        ".gitorch/outbox/x.md",
        ".gitignore",
        "a/.github/x",
        "日本/図.md",
        "a\\b",
        "a\nb",
        "caf\\xe9.md",
        "-rf",
    ],
)
def test_an_ordinary_path_has_none(path):
    assert path_fault(path) == ""


def test_names_that_a_file_system_could_confuse_collide():
    assert collision("Readme.md", ("README.md", "Readme.md")) == "README.md"
    assert collision("\u00e4.md", ("a\u0308.md",)) == "a\u0308.md"
    assert collision("a.md", ("a.md", "b.md")) == ""
    assert TARGET
