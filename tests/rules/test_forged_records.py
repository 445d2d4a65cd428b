"""Well-formed, well-chained records that the rules forbid (K10): `evolve` calls each one corrupt, with its own sentence.

A row is a scene, the forged event and its actor, and the sentence. Scenes are runs played by the rules; the last tests hold
that no `raise Corrupt` is without a row, and who may write what.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from traceback import walk_tb
from typing import NamedTuple

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from forged_scenes import (
    API,
    LATER,
    adopted,
    approved,
    claimed,
    concerned,
    dead,
    decided,
    empty_late,
    finished,
    last,
    late,
    merged,
    nothing,
    nudged,
    played,
    proposed,
    published,
    put_up,
    queued,
    record,
    reported,
    reviewing,
    running,
    settled,
    target_under_test,
    unattended,
)
from play import HOST, HUMAN, OPERATOR, RUN, TARGET, commit, digest

import gitorch.rules.evolve
from gitorch.errors import Corrupt
from gitorch.model import events as e
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import names_of, replace
from gitorch.model.work.board import Board, State
from gitorch.model.work.review import Check, Choice, ReportStatus
from gitorch.model.work.session import PromptKind
from gitorch.rules.evolve import RUN_EVENTS, evolve

UI = Actor(ActorKind.AGENT, "ui", "desk", "s2")
REVIEWER = Actor(ActorKind.AGENT, "api.spec", "desk", "s3")
RULES = Path(gitorch.rules.evolve.__file__).parent


class Forged(NamedTuple):
    """A record that cannot have happened, after the records of its scene."""

    scene: object
    event: object
    actor: Actor
    sentence: str
    run: str | None = RUN


def handoff(**changes) -> e.HandoffSubmitted:
    event = e.HandoffSubmitted(
        "api", "s1", 1, 1, ReportStatus.DONE, commit("x"), 1, (), (), "", "", "", (), "It is done"
    )
    return replace(event, **changes)


def verdict(**changes) -> e.VerdictGiven:
    event = e.VerdictGiven("api.spec", "api", "s3", 1, 1, commit("api-1"), Choice.ACCEPT, (), "Fine")
    return replace(event, **changes)


def claim(**changes) -> e.JobClaimed:
    event = e.JobClaimed(
        "ui", "s2", 1, 1, LATER, "implementer", "scripted", "operator/olga@desk", digest("t"), "n", TARGET
    )
    return replace(event, **changes)


def lease(**changes) -> e.LeaseGranted:
    event = e.LeaseGranted("ui", "s2", 1, 1, LATER, True, "implementer", "scripted", digest("t"), "n", TARGET)
    return replace(event, **changes)


def approval(**changes) -> e.MergeApproved:
    commits = tuple(branch.commit for branch in last(reported, e.ReportIssued).branches)
    event = e.MergeApproved(digest("report"), "main", TARGET, commits, "typed", "Merge it")
    return replace(event, **changes)


def forge_approval(**changes) -> e.MergeApprovedAtForge:
    commits = tuple(branch.commit for branch in last(proposed, e.ReportIssued).branches)
    at = ("main", TARGET, commits, "forge:forge", commit("proposal"), commit("merge"), None, "Merged")
    return replace(e.MergeApprovedAtForge(digest("report"), *at), **changes)


def message(**changes) -> e.MessageSent:
    return replace(e.MessageSent("m1", "api", ("ui",), "m1", None, "", None, "Hello"), **changes)


def escalation(**changes) -> e.Escalated:
    event = e.Escalated("q1", "odd", "api", "s1", "It broke", "Nothing", ("retry",), "A log", "What now?")
    return replace(event, **changes)


PREPARED = last(running, e.RunPrepared)
ISSUED = last(reported, e.ReportIssued)
CODE_MERGED = e.CodeMerged("merge", "main", TARGET, commit("merged"), ())
MERGED = e.Merged("merge", "main", TARGET, commit("merged"), "tree")

ROWS = {
    "prepared twice": Forged(running, PREPARED, HUMAN, "run play-0001 was prepared twice"),
    "prepared by the host": Forged(nothing, PREPARED, HOST, "written by host gitorch; only principal may write it"),
    "started unprepared": Forged(nothing, e.RunStarted(), HOST, "of run play-0001, which was never prepared"),
    "reminded unprepared": Forged(nothing, e.QuestionReminded("q1", 1), HOST, "play-0001, which was never prepared"),
    "unknown question": Forged(running, e.QuestionReminded("q9", 1), HOST, "names 'q9', which run play-0001 does not"),
    "approval of no run": Forged(reported, approval(), HUMAN, "belongs to a run but names none", None),
    "second ledger": Forged(running, e.LedgerCreated("L"), HUMAN, "the ledger was created twice", None),
    "a host that removes itself": Forged(nothing, e.HostRemoved("desk"), HUMAN, "host desk removed itself", None),
    "a first host of another": Forged(nothing, e.HostAdded("attic", "k"), HUMAN, "host desk is unknown", None),
    "settings taken twice": Forged(settled, e.SettingsTaken({}), HOST, "host desk took its git settings twice"),
    "target by an agent": Forged(running, e.TargetConfirmed("main"), API, "agent api; only principal may", None),
    "approval by an agent": Forged(
        reported, approval(), API, "MergeApproved was written by agent api; only principal may"
    ),
    # Leases and sessions
    "lease over a lease": Forged(
        running, lease(job="api", session="s1"), HOST, "lease 1 of api was granted over lease 1"
    ),
    "lease beside a lease": Forged(
        running, lease(job="api", session="s9", fence=2), HOST, "lease 2 of api was granted over lease 1"
    ),
    "lease out of turn": Forged(queued, lease(fence=7), HOST, "lease 7 of ui was granted over lease 0"),
    "lease of another attempt": Forged(queued, lease(attempt=2), HOST, "lease 1 of ui was granted over lease 0"),
    "claim out of turn": Forged(claimed, claim(fence=7), OPERATOR, "lease 7 of ui was claimed over lease 0"),
    "lease to a stranger": Forged(queued, lease(session="s1", fresh=False), HOST, "which is not its living session"),
    "session opened twice": Forged(queued, lease(session="s1"), HOST, "session s1 was opened twice"),
    "renewal of another lease": Forged(
        running, e.LeaseRenewed("api", 7, LATER), HOST, "was renewed but is not current"
    ),
    "renewal by another agent": Forged(
        running, e.LeaseRenewed("api", 1, LATER), UI, "acted for session s1, which belongs"
    ),
    "end of another lease": Forged(running, e.LeaseEnded("api", 7, "expired"), HOST, "was ended but is not current"),
    "lease revoked by the host": Forged(running, e.LeaseEnded("api", 1, "revoked"), HOST, "not by the principal"),
    "lease limited by a person": Forged(running, e.LeaseEnded("api", 1, "limited"), HUMAN, "its session by principal"),
    "lease ended by an agent": Forged(running, e.LeaseEnded("api", 1, "session-ended"), API, "by agent api"),
    "lease released by another": Forged(
        claimed, e.LeaseEnded("api", 1, "released"), HUMAN, "belongs to operator/olga@desk"
    ),
    "lease of an agent expired": Forged(running, e.LeaseEnded("api", 1, "expired"), HOST, "before its time had passed"),
    "alive twice": Forged(running, e.SessionAlive("s1", "api", 1, "x"), HOST, "s1 came alive twice or after its end"),
    "ended twice": Forged(dead, e.SessionEnded("s1", "api", "killed", 1, ""), HOST, "session s1 ended twice"),
    "unknown prompt": Forged(
        running,
        e.PromptDelivered("s1", "api", "p9", PromptKind.BRIEF, "typed"),
        HOST,
        "s1, which it was never written to",
    ),
    "nudged twice": Forged(
        nudged, e.SessionNudged("s1", "api"), HOST, "session s1 was nudged twice in one attempt of api"
    ),
    "turn never failed": Forged(nudged, e.TurnResumed("s1", "api"), HOST, "session s1 was resumed and had not failed"),
    "refusal reminded twice": Forged(
        nudged, e.RefusalReminded("s1", "api", 0), HOST, "session s1 was reminded twice of refusal 0 on api"
    ),
    "outbox entry twice": Forged(
        nudged, e.OutboxEntryAccepted("s1", "api", "report.yaml", digest("entry")), HOST, "was carried out twice"
    ),
    "base of other commits": Forged(
        running, e.BaseBuilt("api", commit("b"), (commit("x"),)), HOST, "not what it needs"
    ),
    # Manual claims and late handoffs
    "claim over a claim": Forged(claimed, claim(job="api"), OPERATOR, "lease 1 of api was claimed over lease 1"),
    "claim in a session that exists": Forged(claimed, claim(session="s1"), OPERATOR, "session s1 was claimed twice"),
    "claim for another": Forged(claimed, claim(), HUMAN, "principal/ada@desk claimed ui for operator/olga@desk"),
    "late handoff twice": Forged(late, last(late, e.LateHandoffKept), API, "late handoff h1 was kept twice"),
    "late handoff of another": Forged(
        late, replace(last(late, e.LateHandoffKept), late_handoff="h2"), UI, "acted for session s1"
    ),
    "adopted twice": Forged(
        adopted, e.LateHandoffAdopted("h1", "api", "x"), HUMAN, "late handoff h1 was adopted twice"
    ),
    "adopted for another job": Forged(late, e.LateHandoffAdopted("h1", "ui", "x"), HUMAN, "another job than api"),
    "adopted though empty": Forged(empty_late, e.LateHandoffAdopted("h9", "api", "x"), HUMAN, "neither a report nor a"),
    "work at hand requeued": Forged(
        running, e.JobRequeued("api", "x"), HOST, "api was queued again while it was running"
    ),
    # Work and its judgement
    "handoff of another lease": Forged(
        running, handoff(fence=9), API, "s1 acted on api with lease 9, which is not current"
    ),
    "handoff by another agent": Forged(
        running, handoff(), UI, "agent/ui@desk acted for session s1, which belongs to its"
    ),
    "handoff by the principal": Forged(running, handoff(), HUMAN, "principal/ada@desk acted for session s1"),
    "handoff of another attempt": Forged(running, handoff(attempt=2), API, "attempt 2 of api, which is in attempt 1"),
    "test of another commit": Forged(
        reviewing, e.CheckRecorded("api", 1, Check(commit("x"), "make", "passed", 0, 1.0)), HOST, "was not handed in"
    ),
    "test of another commit than the target's": Forged(
        target_under_test,
        e.TargetChecked(Check(commit("x"), "make", "passed", 0, 1.0)),
        HOST,
        "the target was tested at",
    ),
    "verdict by another agent": Forged(reviewing, verdict(), API, "agent/api@desk acted for session s3"),
    "verdict on another job": Forged(reviewing, verdict(subject="ui"), REVIEWER, "judged ui, which it does not review"),
    "verdict on another commit": Forged(reviewing, verdict(commit=commit("x")), REVIEWER, "not what api handed in"),
    "findings of another round": Forged(
        reviewing, e.FindingsListed("api", 7, commit("api-1"), ()), HOST, "findings of round 7 were listed for api"
    ),
    "gate at another commit": Forged(reviewing, e.GatePassed("api", commit("x"), 1, False), HOST, "was not handed in"),
    "gate waived by an agent": Forged(
        reviewing, e.GatePassed("api", commit("api-1"), 1, True), REVIEWER, "api was waived by agent api.spec, not by"
    ),
    "gate without verdicts": Forged(
        reviewing, e.GatePassed("api", commit("api-1"), 1, False), HOST, "without an accepting verdict of every review"
    ),
    "reopened after the merge": Forged(merged, e.JobReopened("api", "x"), HUMAN, "api was merged to main and cannot"),
    "sent back after the merge": Forged(
        merged, e.WorkSentBack("api", 1, commit("api-1"), (), "x"), HUMAN, "api was merged to main and cannot"
    ),
    "sent back at another commit": Forged(
        reviewing, e.WorkSentBack("api", 1, commit("x"), (), "x"), HUMAN, "which was not handed in"
    ),
    "failed by an agent": Forged(
        reviewing, e.JobFailed("api", "x"), REVIEWER, "by api.spec, which has not rejected it"
    ),
    "canceled though completed": Forged(
        finished, e.JobCanceled("api", "x"), HUMAN, "completed and cannot become canceled"
    ),
    # Artifacts and decisions
    "artifact out of turn": Forged(
        published, last(published, e.ArtifactPublished), API, "version 1 of notes was published after version 1"
    ),
    "artifact by another agent": Forged(
        published, replace(last(published, e.ArtifactPublished), version=2), UI, "acted for session s1"
    ),
    "decision twice": Forged(decided, last(decided, e.DecisionMade), HUMAN, "decision d1 was made twice"),
    # Messages
    "message in another name": Forged(running, message(sender="ui"), API, "m1 is from ui but was written by api"),
    "message read for another": Forged(
        running, e.MessagesRead((), "ui"), API, "messages is from ui but was written by api"
    ),
    "message out of turn": Forged(running, message(message="m7"), API, "message m7 was sent where m1 must follow"),
    "unknown message read": Forged(
        running, e.MessagesRead(("m9",), "@principal"), HUMAN, "m9 was read but is not on", None
    ),
    # Questions
    "escalation with a gap": Forged(running, escalation(tried=""), HOST, "escalation q1 leaves a part empty"),
    "question asked twice": Forged(concerned, escalation(), HOST, "question q1 was asked twice"),
    "withdrawn and not open": Forged(
        running, e.QuestionWithdrawn("q9", "over"), HOST, "question q9 was withdrawn and is not open"
    ),
    "question not open": Forged(running, e.QuestionAnswered("q9", "", "x"), HUMAN, "question q9 is not open"),
    "answer by an operator": Forged(
        concerned, e.QuestionAnswered("q1", "accept", ""), OPERATOR, "by operator olga, not by"
    ),
    "plain answer to an approval": Forged(
        reported,
        e.QuestionAnswered("q1", "approve", ""),
        HUMAN,
        "asks for an approval, which a plain answer cannot give",
    ),
    "answer that is not offered": Forged(
        concerned, e.QuestionAnswered("q1", "yes", ""), HUMAN, "answered with yes, which"
    ),
    # The merge and the run
    "second report": Forged(reported, ISSUED, HOST, "was issued while approval did not wait for one"),
    "report about another target": Forged(finished, replace(ISSUED, target="dev"), HOST, "is about dev, but run"),
    "epic's report too early": Forged(
        running, e.EpicReported("api", commit("x"), 1, "x"), HOST, "which has not passed its reviews"
    ),
    "another report voided": Forged(reported, e.ReportVoided(digest("x"), "x"), HOST, "was voided but is not current"),
    "another report rejected": Forged(
        reported, e.MergeRejected(digest("x"), (), "x"), HUMAN, "was rejected but is not current"
    ),
    "another report approved": Forged(reported, approval(digest=digest("x")), HUMAN, "which is not current"),
    "other commits approved": Forged(reported, approval(commits=()), HUMAN, "does not agree with the report"),
    "another target approved": Forged(reported, approval(target="dev"), HUMAN, "does not agree with the report"),
    "approval without proof": Forged(
        reported, approval(proof="trust me"), HUMAN, "is trust me; run play-0001 needs typed"
    ),
    "weak approval": Forged(reported, approval(proof="unattended"), HUMAN, "is unattended; run play-0001 needs typed"),
    "unattended approval": Forged(
        unattended, approval(proof="unattended"), HUMAN, "is unattended, which run play-0001 does not allow"
    ),
    "a principal's approval by a forge": Forged(
        reported, approval(proof="forge:forge"), HUMAN, "claims the signature of a forge and names no merge"
    ),
    "forge's approval of another proposal": Forged(
        proposed, forge_approval(proposal=commit("x")), HOST, "which run play-0001 does not propose"
    ),
    "forge's approval that is typed": Forged(
        proposed, forge_approval(proof="typed"), HOST, "is typed, which is no signature of a forge"
    ),
    "forge's approval by a human": Forged(proposed, forge_approval(), HUMAN, "only host may write it"),
    "code merged by nobody's pull request": Forged(approved, CODE_MERGED, HOST, "play-0001 does not wait for"),
    "code merged of other commits": Forged(put_up, replace(CODE_MERGED, merges=()), HOST, "than the approved ones"),
    "proposal of another report": Forged(
        reported, e.MergeProposed(digest("x"), "origin", commit("p")), HUMAN, "does not wait for an approval"
    ),
    "merge without approval": Forged(reported, MERGED, HOST, "main was moved without an approval that stands"),
    "merge of another commit": Forged(approved, replace(MERGED, new=commit("x")), HOST, "not what was approved"),
    "merge of another target": Forged(approved, replace(MERGED, target="dev"), HOST, "not what was approved"),
    "merge by another job": Forged(
        approved, replace(MERGED, job="api"), HOST, "api is not the merge that was approved"
    ),
    "push of another commit": Forged(
        merged, e.Pushed("merge", "origin", "main", None, commit("x")), HOST, "is not what was merged to main"
    ),
    "push to another remote": Forged(
        merged, e.Pushed("merge", "evil", "main", None, commit("merged")), HOST, "to evil, which run play-0001 does not"
    ),
    "merge undone unasked": Forged(
        merged, e.MergeTakenBack("merge", "main", TARGET, commit("merged"), "x"), HOST, "which nobody asked for"
    ),
    "cleanup of a running run": Forged(running, e.CleanupDone((), ()), HOST, "was cleaned up while it was running"),
    "completed too early": Forged(running, e.RunCompleted(), HOST, "was completed while api, api.spec"),
    "started twice": Forged(running, e.RunStarted(), HOST, "run play-0001 is running and cannot become running"),
    "issues closed too early": Forged(
        running, e.IssuesClosed("api", (), (), ""), HOST, "which has not passed its gate"
    ),
}


def refusal(row: Forged) -> Corrupt:
    """The error of a forged record. The test fails where evolve accepts it."""
    state = played(row.scene).state if row.scene is not nothing else State(Board())
    with pytest.raises(Corrupt) as caught:
        evolve(state, record(row.event, row.actor, row.run))
    return caught.value


@pytest.mark.parametrize("name", ROWS)
def test_a_forged_record_is_corrupt_and_the_sentence_names_why(name: str) -> None:
    assert ROWS[name].sentence in refusal(ROWS[name]).message


def raised_at(error: BaseException) -> tuple[str, int]:
    """The file and line of the `raise` that this error came from."""
    *_, (frame, line) = walk_tb(error.__traceback__)
    return Path(frame.f_code.co_filename).name, line


def raises_corrupt(file: Path) -> set[tuple[str, int]]:
    """Every `raise Corrupt(…)` of a file."""
    raises = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Raise)]
    return {(file.name, node.lineno) for node in raises if "Corrupt" in ast.unparse(node)}


def test_no_guard_of_the_ledger_is_without_a_forged_record() -> None:
    files = (RULES / "evolve.py", *sorted((RULES / "evolving").glob("*.py")))
    guards = set().union(*(raises_corrupt(file) for file in files))
    assert len(guards) > 60
    assert guards - {raised_at(refusal(row)) for row in ROWS.values()} == set()


PRINCIPAL_ALONE = {
    e.RunConfirmed,
    e.RunCanceled,
    e.SettingsChanged,
    e.MergeApproved,
    e.MergeProposed,
    e.MergeRejected,
    e.DecisionMade,
    e.LateHandoffAdopted,
    e.JobReopened,
    e.WorkSentBack,
    e.JobCanceled,
}


def test_only_the_principal_writes_the_records_of_decisions() -> None:
    assert {kind for kind, row in RUN_EVENTS.items() if row.writers == {ActorKind.PRINCIPAL}} == PRINCIPAL_ALONE


@pytest.mark.parametrize("kind", list(ActorKind))
def test_no_record_is_accepted_from_an_actor_without_the_right_to_write_it(kind: ActorKind) -> None:
    actor = Actor(kind, "somebody", "desk")
    forbidden = [event for event, row in RUN_EVENTS.items() if kind not in row.writers]
    for event in forbidden:
        empty = event(*[None] * len(names_of(event)))
        with pytest.raises(Corrupt, match=r"somebody; only .* may write it"):
            evolve(played(running).state, record(empty, actor))
    assert forbidden
