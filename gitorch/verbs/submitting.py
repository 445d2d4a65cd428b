"""Verbs by which whoever has a job hands in its results, or reports what stops it."""

from __future__ import annotations

from gitorch.verbs.shared import FENCE, JOB_HELD, WORK_RUN
from gitorch.verbs.verb import Kind, Offer, Parameter, Verb

VERBS = (
    Verb(
        "publish",
        "Record a document of your job in the ledger; a changed one is a new version.",
        details=(
            "A document that the job must deliver is found by its name or path; the handoff publishes it too. "
            "Errors in its front matter are reported with field and line, and each claim of a support ledger is "
            "checked."
        ),
        at="artifacts:publish",
        needs="write",
        parameters=(
            Parameter(
                "what",
                "The path of the document, or the name of an expected one.",
                metavar="PATH|NAME",
                completes="file",
                required=True,
            ),
            Parameter(
                "kind",
                "The kind: finding, synthesis, support_ledger, …, other.",
                ("--kind",),
                metavar="KIND",
                default="",
            ),
            Parameter("name", "Its name; by default the name of the file.", ("--name",), metavar="NAME", default=""),
            Parameter(
                "override",
                "For the principal: record text that looks like a secret.",
                ("--allow-secrets",),
                metavar="REASON",
                default="",
                typed_only=True,
            ),
            Parameter(
                "job",
                "For manual work: which of your jobs, where you hold several.",
                ("--job",),
                metavar="JOB",
                completes="job",
            ),
            FENCE,
            WORK_RUN,
        ),
        changes=True,
        offered=Offer.EVERYBODY,
        exits="4, 5, 6",
        examples=("gitorch publish docs/findings.md --kind finding", "gitorch publish report"),
    ),
    Verb(
        "findings",
        "Print the findings of the reviews before your job, as a findings ledger to publish.",
        details="Write a disposition for every finding, then publish the ledger.",
        at="artifacts:findings",
        needs="write",
        parameters=(
            Parameter(
                "job",
                "For manual work: which of your jobs, where you hold several.",
                ("--job",),
                metavar="JOB",
                completes="job",
            ),
            WORK_RUN,
        ),
        result={"job": Kind.TEXT, "ledger": Kind.TEXT},
        offered=Offer.EVERYBODY,
        exits="5",
        examples=("gitorch findings --job merge-findings",),
    ),
    Verb(
        "handoff",
        "Report on your job: DONE, DONE_WITH_CONCERNS, NEEDS_CONTEXT or BLOCKED.",
        details=(
            "Commit first: a report with uncommitted work, changes outside your scope or unanswered findings is "
            "refused, and you may report again. Then stop and wait; findings and answers come to this terminal."
        ),
        at="submissions:handoff",
        needs="write",
        parameters=(
            Parameter(
                "status",
                "The result of your work.",
                choices=("DONE", "DONE_WITH_CONCERNS", "NEEDS_CONTEXT", "BLOCKED"),
                required=True,
            ),
            Parameter(
                "summary",
                "A summary of your work. `-` reads standard input.",
                ("--summary",),
                metavar="TEXT",
                default="",
            ),
            Parameter(
                "summary_file",
                "The same, from a file.",
                ("--summary-file",),
                metavar="FILE",
                completes="file",
                typed_only=True,
            ),
            Parameter(
                "concern", "With DONE_WITH_CONCERNS; may be repeated.", ("--concern",), metavar="TEXT", many=True
            ),
            Parameter("question", "With NEEDS_CONTEXT; may be repeated.", ("--question",), metavar="TEXT", many=True),
            Parameter("blocker", "With BLOCKED: what blocks you.", ("--blocker",), metavar="TEXT", default=""),
            Parameter("clears", "With BLOCKED: what would clear it.", ("--clears",), metavar="TEXT", default=""),
            Parameter("tests", "The tests that you ran, and their result.", ("--tests",), metavar="TEXT", default=""),
            Parameter("reply", "Your answer to finding N.", ("--reply",), metavar="N=DISPOSITION:EVIDENCE", many=True),
            JOB_HELD,
            FENCE,
            WORK_RUN,
        ),
        result={"message": Kind.TEXT, "recorded": Kind.LIST, "kept": Kind.TEXT},
        changes=True,
        offered=Offer.EVERYBODY,
        exits="4, 5",
        examples=(
            'gitorch handoff DONE --summary "Sessions rotate" --tests "make test: 212 passed"',
            'gitorch handoff DONE --summary "Both fixed" --reply 1=fixed:3f2a91c --reply 2=false_positive:"see test_x"',
        ),
    ),
    Verb(
        "verdict",
        "Give a verdict on the commit that your brief names.",
        details=(
            "CHOICE is accept, accept_with_findings, needs_revision or reject. Severities are blocking, "
            "important, minor and note (or critical, high, medium, low); blocking and important require a "
            "revision. Restate an earlier finding by its number; one that its author disproved needs new "
            "evidence, or withdraw it."
        ),
        at="submissions:verdict",
        needs="review",
        parameters=(
            Parameter(
                "choice",
                "Your verdict.",
                choices=("accept", "accept_with_findings", "needs_revision", "reject"),
                required=True,
            ),
            Parameter(
                "commit",
                "The commit in your brief; optional for manual work.",
                ("--commit",),
                metavar="COMMIT",
                default="",
            ),
            Parameter(
                "nonce", "The nonce in your brief; optional for manual work.", ("--nonce",), metavar="WORD", default=""
            ),
            Parameter("summary", "The reason. `-` reads standard input.", ("--summary",), metavar="TEXT", default=""),
            Parameter(
                "summary_file",
                "The same, from a file.",
                ("--summary-file",),
                metavar="FILE",
                completes="file",
                typed_only=True,
            ),
            Parameter(
                "findings_file",
                "A JSON list of findings; `-` reads standard input.",
                ("--findings-file",),
                metavar="FILE",
                completes="file",
                content="findings",
            ),
            Parameter(
                "finding",
                "One finding; may be repeated.",
                ("--finding",),
                metavar="'SEVERITY|PATH:LINE|TITLE|DETAIL'",
                many=True,
                typed_only=True,
            ),
            Parameter(
                "withdraw",
                "Withdraw finding N; may be repeated.",
                ("--withdraw",),
                metavar="N=REASON",
                many=True,
                typed_only=True,
            ),
            JOB_HELD,
            FENCE,
            WORK_RUN,
        ),
        result={"message": Kind.TEXT, "recorded": Kind.LIST, "kept": Kind.TEXT},
        changes=True,
        offered=Offer.EVERYBODY,
        exits="4, 5, 6",
        examples=(
            'gitorch verdict accept --commit 3f2a91c --nonce k7f2 --summary "Every task is covered."',
            "gitorch verdict needs_revision --commit 3f2a91c --nonce k7f2 --summary-file review.md --findings-file f.json",
        ),
    ),
    Verb(
        "ask",
        "Ask the humans a question and wait; the same as handoff NEEDS_CONTEXT.",
        details="The answer comes to this terminal, and you continue from there.",
        at="submissions:ask",
        needs="write",
        parameters=(
            Parameter("text", "The question; `-` reads standard input.", metavar="TEXT...", many=True, required=True),
            JOB_HELD,
        ),
        result={"message": Kind.TEXT, "recorded": Kind.LIST, "kept": Kind.TEXT},
        changes=True,
        offered=Offer.EVERYBODY,
        exits="4, 5",
        examples=('gitorch ask "Which of the two cookie names does the client expect?"',),
    ),
    Verb(
        "block",
        "Report what blocks you and what would clear it; the same as handoff BLOCKED.",
        at="submissions:block",
        needs="write",
        parameters=(
            Parameter("by", "What blocks you.", ("--by",), metavar="TEXT", required=True),
            Parameter("clears", "What would clear it.", ("--clears",), metavar="TEXT", required=True),
            Parameter(
                "kind",
                "ambiguous_goal, missing_authority, contradicting_decisions, …",
                ("--kind",),
                metavar="KIND",
                default="",
                choices=(
                    "ambiguous_goal",
                    "missing_authority",
                    "contradicting_decisions",
                    "no_available_reviewer_lane",
                    "committee_stalemate",
                    "override_required",
                    "ai_self_declared",
                ),
            ),
            Parameter(
                "severity",
                "blocking, important, minor or note.",
                ("--severity",),
                metavar="SEVERITY",
                default="blocking",
                choices=("blocking", "important", "minor", "note"),
            ),
            JOB_HELD,
        ),
        result={"message": Kind.TEXT, "recorded": Kind.LIST, "kept": Kind.TEXT},
        changes=True,
        offered=Offer.EVERYBODY,
        exits="4, 5",
        examples=('gitorch block --by "The schema is not merged" --clears "Migration 12 on main"',),
    ),
)
