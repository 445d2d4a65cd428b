"""Every released type of record: its name, its class, and its keys in the order of the file.

The table is written by hand, so that renaming a class or a field never changes the format. A test compares it with the model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import events
from gitorch.model.work.turns import TurnFailed, TurnResumed

if TYPE_CHECKING:
    from gitorch.model.events import Event

RELEASED: dict[str, tuple[type[Event], tuple[str, ...]]] = {
    "ledger-created": (events.LedgerCreated, ("ledger",)),
    "plan-rejected": (events.PlanRejected, ("plan", "failures", "text")),
    "target-confirmed": (events.TargetConfirmed, ("target",)),
    "host-added": (events.HostAdded, ("host", "key")),
    "host-removed": (events.HostRemoved, ("host",)),
    "host-labeled": (events.HostLabeled, ("labels",)),
    "action-refused": (events.ActionRefused, ("verb", "code", "reason", "job")),
    "message-sent": (
        events.MessageSent,
        ("message", "sender", "to", "thread", "answers", "plan", "plan_digest", "text"),
    ),
    "messages-read": (events.MessagesRead, ("messages", "reader")),
    "run-prepared": (events.RunPrepared, ("title", "plan", "plan_digest", "target", "target_commit", "workflow")),
    "run-confirmed": (events.RunConfirmed, ("settings", "proof", "git_settings", "repository")),
    "settings-taken": (events.SettingsTaken, ("git_settings",)),
    "run-started": (events.RunStarted, ()),
    "run-paused": (events.RunPaused, ("reason",)),
    "run-resumed": (events.RunResumed, ()),
    "run-canceled": (events.RunCanceled, ("reason",)),
    "run-failed": (events.RunFailed, ("reason",)),
    "run-completed": (events.RunCompleted, ()),
    "lease-granted": (
        events.LeaseGranted,
        ("job", "session", "fence", "attempt", "until", "fresh", "lane", "runtime", "token", "nonce", "base"),
    ),
    "job-claimed": (
        events.JobClaimed,
        (
            *("job", "session", "fence", "attempt", "until", "lane", "runtime"),
            *("holder", "token", "nonce", "base"),
        ),
    ),
    "lease-renewed": (events.LeaseRenewed, ("job", "fence", "until")),
    "lease-ended": (events.LeaseEnded, ("job", "fence", "reason")),
    "session-alive": (events.SessionAlive, ("session", "job", "pid", "evidence")),
    "session-ended": (events.SessionEnded, ("session", "job", "how", "exit_status", "screen", "conversation")),
    "prompt-delivered": (events.PromptDelivered, ("session", "job", "prompt", "kind", "receipt")),
    "usage-recorded": (events.UsageRecorded, ("session", "job", "attempt", "source", "models")),
    "session-nudged": (events.SessionNudged, ("session", "job")),
    "refusal-reminded": (events.RefusalReminded, ("session", "job", "times")),
    "channel-silent": (events.ChannelSilent, ("session", "job", "channel", "reason")),
    "permission-answered": (events.PermissionAnswered, ("session", "job", "asked", "option", "rule")),
    "outbox-entry-accepted": (events.OutboxEntryAccepted, ("session", "job", "entry", "digest")),
    "base-built": (events.BaseBuilt, ("job", "commit", "parents")),
    "handoff-submitted": (
        events.HandoffSubmitted,
        (
            *("job", "session", "fence", "attempt", "status", "commit", "commits", "concerns", "questions"),
            *("blocker", "clears", "tests_claimed", "replies", "model", "text"),
        ),
    ),
    "late-handoff-kept": (
        events.LateHandoffKept,
        (
            *("late_handoff", "job", "session", "fence", "attempt", "status", "commit", "commits", "concerns"),
            *("tests_claimed", "replies", "verdict", "findings", "text"),
        ),
    ),
    "late-handoff-adopted": (events.LateHandoffAdopted, ("late_handoff", "job", "reason")),
    "artifact-published": (
        events.ArtifactPublished,
        (
            *("job", "session", "fence", "attempt", "name", "kind", "path", "version", "digest", "size", "byline"),
            *("via", "intent", "entries", "answers", "faults", "override"),
        ),
    ),
    "decision-made": (events.DecisionMade, ("decision", "job", "outcome", "follow_up", "text")),
    "blocker-sorted": (events.BlockerSorted, ("question", "job", "kind", "severity")),
    "check-recorded": (events.CheckRecorded, ("job", "attempt", "check")),
    "target-checked": (events.TargetChecked, ("check",)),
    "settings-changed": (events.SettingsChanged, ("keys", "settings")),
    "verdict-given": (
        events.VerdictGiven,
        ("job", "subject", "session", "fence", "round", "commit", "verdict", "findings", "model", "text"),
    ),
    "findings-listed": (events.FindingsListed, ("job", "round", "commit", "findings")),
    "gate-passed": (events.GatePassed, ("job", "commit", "round", "waived")),
    "epic-reported": (events.EpicReported, ("job", "commit", "round", "text")),
    "work-voided": (events.WorkVoided, ("job", "expected", "found")),
    "job-failed": (events.JobFailed, ("job", "reason")),
    "job-canceled": (events.JobCanceled, ("job", "reason")),
    "job-requeued": (events.JobRequeued, ("job", "reason")),
    "job-reopened": (events.JobReopened, ("job", "reason")),
    "work-sent-back": (events.WorkSentBack, ("job", "round", "commit", "findings", "reason")),
    "limit-reached": (events.LimitReached, ("session", "job", "until", "named", "evidence")),
    "turn-failed": (TurnFailed, ("session", "job", "words", "evidence")),
    "turn-resumed": (TurnResumed, ("session", "job")),
    "budget-neared": (events.BudgetNeared, ("budget", "scope", "measure", "used", "allowed")),
    "overlap-noted": (events.OverlapNoted, ("jobs", "paths", "conflict")),
    "closed-early": (events.ClosedEarly, ("job", "issue")),
    "closing-failed": (events.ClosingFailed, ("job", "times", "reason")),
    "issues-closed": (events.IssuesClosed, ("job", "closed", "owed", "reason")),
    "fault-noted": (events.FaultNoted, ("step", "doing", "job", "session", "times", "code", "reason")),
    "fault-cleared": (events.FaultCleared, ("step",)),
    "question-asked": (events.QuestionAsked, ("question", "kind", "job", "session", "options", "number", "text")),
    "escalated": (
        events.Escalated,
        ("question", "trigger", "job", "session", "happened", "tried", "options", "evidence", "text"),
    ),
    "question-answered": (events.QuestionAnswered, ("question", "option", "text")),
    "question-withdrawn": (events.QuestionWithdrawn, ("question", "reason")),
    "question-reminded": (events.QuestionReminded, ("question", "times")),
    "report-issued": (
        events.ReportIssued,
        (
            *("checkpoint", "digest", "target", "target_commit", "branches", "merged_commit", "merged_tree"),
            *("conflicts", "shared_paths", "combined", "text"),
        ),
    ),
    "report-voided": (events.ReportVoided, ("digest", "reason")),
    "merge-approved": (events.MergeApproved, ("digest", "target", "target_commit", "commits", "proof", "text")),
    "merge-approved-at-forge": (
        events.MergeApprovedAtForge,
        ("digest", "target", "target_commit", "commits", "proof", "proposal", "merge", "claims", "text"),
    ),
    "code-merged": (events.CodeMerged, ("job", "target", "old", "new", "merges")),
    "merge-proposed": (events.MergeProposed, ("digest", "remote", "commit")),
    "merge-rejected": (events.MergeRejected, ("digest", "rework", "text")),
    "merged": (events.Merged, ("job", "target", "old", "new", "tree")),
    "pushed": (events.Pushed, ("job", "remote", "target", "old", "new")),
    "merge-taken-back": (events.MergeTakenBack, ("job", "target", "old", "new", "reason")),
    "cleanup-done": (events.CleanupDone, ("removed", "kept")),
}
"""Every released type with its keys in the order of its record. Names and keys never change meaning; the table only grows."""

_KINDS: dict[type, str] = {cls: kind for kind, (cls, _) in RELEASED.items()}


def kind_of(event: Event) -> str:
    """The released name of an event's type: `lease-granted`.

    Raises KeyError for a class that is not in `RELEASED`.
    """
    return _KINDS[type(event)]


def kind_of_class(event: type) -> str:
    """The released name of an event class: `lease-granted`. Raises KeyError for another class."""
    return _KINDS[event]


def is_prose(kind: str) -> bool:
    """Whether records of this type are Markdown files, whose body is the field `text`.

    All others are YAML files.
    """
    return "text" in RELEASED[kind][1]


def suffix_of(kind: str) -> str:
    """How the file of a record of this type ends.

    `lease-granted.yaml` for plain records, `verdict-given.md` for prose.
    """
    if is_prose(kind):
        return f"{kind}.md"
    return f"{kind}.yaml"
