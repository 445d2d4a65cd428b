"""Verbs by which somebody gets a job, keeps it, and gives it back."""

from __future__ import annotations

from gitorch.verbs.shared import FENCE, JOB_HELD, OPEN_RUN, WORK_RUN
from gitorch.verbs.verb import Kind, Offer, Parameter, Verb

VERBS = (
    Verb(
        "brief",
        "Print the brief of this session as it stands now.",
        details=(
            "Read it again after a restart: it lists the commits on your branch and the answers to your questions."
        ),
        at="submissions:brief",
        needs="write",
        parameters=(
            JOB_HELD,
            WORK_RUN,
        ),
        result={"brief": Kind.OBJECT},
        offered=Offer.EVERYBODY,
        exits="5",
        examples=("gitorch brief", "gitorch brief --json"),
    ),
    Verb(
        "claim",
        "Claim a job for manual work: the next in the queue, or the named one.",
        details=(
            "Creates its worktree, prints its brief and the length of the lease. Work there, then `gitorch "
            "handoff` (for a review `gitorch verdict`) or `gitorch release`. `gitorch heartbeat` extends the "
            "lease."
        ),
        at="claims:claim",
        needs="claim",
        parameters=(
            Parameter("job", "The job; by default the next in the queue.", completes="job"),
            Parameter(
                "runtime",
                "The program that works, if not the lane's runtime.",
                ("--runtime",),
                metavar="NAME",
                default="",
            ),
            OPEN_RUN,
        ),
        result={
            "run": Kind.TEXT,
            "job": Kind.TEXT,
            "session": Kind.TEXT,
            "fence": Kind.NUMBER,
            "until": Kind.ANY,
            "worktree": Kind.TEXT,
            "brief": Kind.OBJECT,
            "kept": Kind.TEXT,
        },
        changes=True,
        offered=Offer.OPERATORS,
        exits="4, 5",
        examples=("gitorch claim", "gitorch claim api --json"),
    ),
    Verb(
        "heartbeat",
        "Renew your lease while you are at work.",
        details="The ledger gets a record only after half of the lease has passed; call it as often as you like.",
        at="claims:heartbeat",
        needs="write",
        parameters=(
            Parameter("job", "Which of your jobs, where you hold several.", ("--job",), metavar="JOB", completes="job"),
            FENCE,
            OPEN_RUN,
        ),
        result={
            "run": Kind.TEXT,
            "job": Kind.TEXT,
            "fence": Kind.NUMBER,
            "until": Kind.ANY,
            "renewed": Kind.FLAG,
            "kept": Kind.TEXT,
        },
        changes=True,
        offered=Offer.EVERYBODY,
        exits="4, 5",
        examples=("gitorch heartbeat", "gitorch heartbeat --job api"),
    ),
    Verb(
        "release",
        "Release a job that you claimed.",
        details="Its branch and worktree stay for the next claim.",
        at="claims:release",
        needs="write",
        parameters=(
            Parameter("job", "Which of your jobs, where you hold several.", ("--job",), metavar="JOB", completes="job"),
            FENCE,
            OPEN_RUN,
        ),
        result={"run": Kind.TEXT, "job": Kind.TEXT, "phase": Kind.TEXT, "kept": Kind.TEXT},
        changes=True,
        offered=Offer.OPERATORS,
        exits="4, 5",
        examples=("gitorch release", "gitorch release --job api"),
    ),
)
