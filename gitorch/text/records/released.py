"""Every released type of record: its name, its class, and its keys in the order in which they stand in the file.

Written by hand: renaming a class or a field never changes the format, and a test holds table and model together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import events as e
from gitorch.model import hand_events as hand

if TYPE_CHECKING:
    from gitorch.model.events import Event

RELEASED: dict[str, tuple[type[Event], tuple[str, ...]]] = {
    "ledger-created": (e.LedgerCreated, ("ledger",)),
    "plan-rejected": (e.PlanRejected, ("plan", "failures", "text")),
    "target-confirmed": (e.TargetConfirmed, ("target",)),
    "action-refused": (e.ActionRefused, ("verb", "code", "reason", "job")),
    "message-sent": (
        e.MessageSent,
        ("message", "sender", "to", "thread", "answers", "plan", "plan_digest", "text"),
    ),
    "messages-read": (e.MessagesRead, ("messages", "reader")),
    "run-prepared": (e.RunPrepared, ("title", "plan", "plan_digest", "target", "target_commit", "workflow")),
    "run-confirmed": (e.RunConfirmed, ("settings", "proof")),
    "run-started": (e.RunStarted, ()),
    "run-paused": (e.RunPaused, ("reason",)),
    "run-resumed": (e.RunResumed, ()),
    "run-canceled": (e.RunCanceled, ("reason",)),
    "run-failed": (e.RunFailed, ("reason",)),
    "run-completed": (e.RunCompleted, ()),
    "lease-granted": (
        e.LeaseGranted,
        ("job", "session", "fence", "attempt", "until", "fresh", "lane", "runtime", "token", "nonce", "base"),
    ),
    "job-claimed": (
        hand.JobClaimed,
        (
            *("job", "session", "fence", "attempt", "until", "lane", "runtime"),
            *("holder", "token", "nonce", "base"),
        ),
    ),
    "lease-renewed": (e.LeaseRenewed, ("job", "fence", "until")),
    "lease-ended": (e.LeaseEnded, ("job", "fence", "reason")),
    "session-alive": (e.SessionAlive, ("session", "job", "pid", "evidence")),
    "session-ended": (e.SessionEnded, ("session", "job", "how", "exit_status", "screen", "conversation")),
    "letter-delivered": (e.LetterDelivered, ("session", "job", "letter", "kind", "receipt")),
    "session-nudged": (e.SessionNudged, ("session", "job")),
    "prompt-answered": (e.PromptAnswered, ("session", "job", "asked", "option", "rule")),
    "slip-taken": (e.SlipTaken, ("session", "job", "slip", "digest")),
    "base-built": (e.BaseBuilt, ("job", "commit", "parents")),
    "handed-off": (
        e.HandedOff,
        (
            *("job", "session", "fence", "attempt", "status", "commit", "commits", "concerns", "questions"),
            *("blocker", "clears", "tests_claimed", "replies", "text"),
        ),
    ),
    "hand-in-kept": (
        hand.HandInKept,
        (
            *("hand_in", "job", "session", "fence", "attempt", "status", "commit", "commits", "concerns"),
            *("tests_claimed", "replies", "verdict", "findings", "text"),
        ),
    ),
    "hand-in-adopted": (hand.HandInAdopted, ("hand_in", "job", "reason")),
    "artifact-published": (
        hand.ArtifactPublished,
        (
            *("job", "session", "fence", "attempt", "name", "kind", "path", "version", "digest", "size", "byline"),
            *("via", "intent", "entries", "answers", "faults", "override"),
        ),
    ),
    "decision-made": (hand.DecisionMade, ("decision", "job", "outcome", "follow_up", "text")),
    "blocker-sorted": (hand.BlockerSorted, ("question", "job", "kind", "severity")),
    "check-recorded": (e.CheckRecorded, ("job", "attempt", "check")),
    "verdict-given": (
        e.VerdictGiven,
        ("job", "subject", "session", "fence", "round", "commit", "verdict", "findings", "text"),
    ),
    "findings-listed": (e.FindingsListed, ("job", "round", "commit", "findings")),
    "gate-passed": (e.GatePassed, ("job", "commit", "round", "waived")),
    "epic-reported": (e.EpicReported, ("job", "commit", "round", "text")),
    "work-voided": (e.WorkVoided, ("job", "expected", "found")),
    "job-failed": (e.JobFailed, ("job", "reason")),
    "job-canceled": (hand.JobCanceled, ("job", "reason")),
    "job-requeued": (hand.JobRequeued, ("job", "reason")),
    "job-reopened": (e.JobReopened, ("job", "reason")),
    "overlap-noted": (e.OverlapNoted, ("jobs", "paths", "conflict")),
    "closed-early": (e.ClosedEarly, ("job", "issue")),
    "closing-failed": (e.ClosingFailed, ("job", "times", "reason")),
    "issues-closed": (e.IssuesClosed, ("job", "closed", "owed", "reason")),
    "question-asked": (e.QuestionAsked, ("question", "kind", "job", "session", "options", "number", "text")),
    "escalated": (
        e.Escalated,
        ("question", "trigger", "job", "session", "happened", "tried", "options", "evidence", "text"),
    ),
    "question-answered": (e.QuestionAnswered, ("question", "option", "text")),
    "question-reminded": (e.QuestionReminded, ("question", "times")),
    "report-issued": (
        e.ReportIssued,
        (
            *("checkpoint", "digest", "target", "target_commit", "branches", "merged_commit", "merged_tree"),
            *("conflicts", "shared_paths", "combined", "text"),
        ),
    ),
    "report-voided": (e.ReportVoided, ("digest", "reason")),
    "merge-approved": (e.MergeApproved, ("digest", "target", "target_commit", "commits", "proof", "text")),
    "merge-rejected": (e.MergeRejected, ("digest", "rework", "text")),
    "merged": (e.Merged, ("job", "target", "old", "new", "tree")),
    "pushed": (e.Pushed, ("job", "remote", "target", "old", "new")),
    "merge-taken-back": (e.MergeTakenBack, ("job", "target", "old", "new", "reason")),
    "cleanup-done": (e.CleanupDone, ("removed", "kept")),
}
"""Every released type with its keys in the order of its record. Names and keys never change meaning; the table only grows."""

_KINDS: dict[type, str] = {cls: kind for kind, (cls, _) in RELEASED.items()}


def kind_of(event: Event) -> str:
    """The released name of an event's type: `lease-granted`."""
    return _KINDS[type(event)]


def is_prose(kind: str) -> bool:
    """Whether records of this type are Markdown files, whose body is the field `text`."""
    return "text" in RELEASED[kind][1]


def suffix_of(kind: str) -> str:
    """How the file of a record of this type ends: `lease-granted.yaml`, `verdict-given.md`."""
    return f"{kind}.md" if is_prose(kind) else f"{kind}.yaml"
