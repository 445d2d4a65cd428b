"""Every verb, with the module of its command and one line of help, so that listing them imports none."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """The module and name of a verb's command, and one line of help. A tuple, which costs `--help` no import."""

    module: str
    name: str
    summary: str


PEOPLE = {
    "init": Entry("setup", "init", "Set up this repository: configuration with comments, and the ledger."),
    "adopt": Entry(
        "adopt", "adopt", "Set up a repository: show what would be created and guessed, ask once, and create it."
    ),
    "doctor": Entry("setup", "doctor", "Find what would make a first run fail."),
    "check": Entry("setup", "check", "Check a plan or workflow and show what a run would do; change nothing."),
    "start": Entry("setup", "start", "Answer the question sheet of a plan and prepare its run."),
    "workflow": Entry("workflows", "workflow", "Create, check, lint, draw, convert and start workflow files."),
    "up": Entry("up", "up", "Drive every open run: start agents, deliver prompts, test, review, merge approved work."),
    "status": Entry("status", "status", "Show the state of a run, its agents, and what waits for you."),
    "list": Entry("list", "listing", "List the runs, or everything of one kind in a run, one line each."),
    "dashboard": Entry(
        "list",
        "dashboard",
        "Show every open run on one page, with its questions and the next commands.",
    ),
    "why": Entry("status", "why", "Print in one line what a job, question, session or run waits for."),
    "inbox": Entry("messages", "inbox", "List everything that waits for you, with the command that answers it."),
    "answer": Entry("approvals", "answer", "Answer a question with one of its options or with a text."),
    "send": Entry("messages", "send", "Send a message to an agent or a person; it decides nothing."),
    "reply": Entry("messages", "reply", "Answer a message, in its thread."),
    "wait": Entry("messages", "wait", "Wait for a message, and print it."),
    "approve": Entry("approvals", "approve", "Approve a run's merge report, or an epic that waits at its checkpoint."),
    "reject": Entry("approvals", "reject", "Reject a merge report or an epic, with a note."),
    "recover": Entry("claims", "recover", "Show abandoned work, and queue it again or adopt a late handoff."),
    "decide": Entry(
        "claims", "decide", "Record a decision about a job's work: accepted, rejected or accepted_with_follow_up."
    ),
    "retry": Entry("sessions", "retry", "Retry a job that failed, is stuck or waits for you."),
    "session": Entry("sessions", "session", "Manage single agents: create, launch, list, restart, stop, and more."),
    "keys": Entry("keys", "keys", "Manage the keys that may sign approvals: list, add, remove."),
    "worktree": Entry("worktrees", "worktree", "Manage worktrees by name: create, list, remove."),
    "attach": Entry("terminal", "attach", "Open an agent's terminal in yours."),
    "peek": Entry("terminal", "peek", "Print the current screen of an agent's terminal."),
    "report": Entry("records", "report", "Print the newest merge report of a run, or the report of one epic."),
    "log": Entry("records", "log", "List the records of the ledger, one sentence each."),
    "show": Entry("records", "show", "Show one record, job, question, message, session or run in full."),
    "verify": Entry("records", "verify", "Read the whole ledger and prove that no record was changed."),
    "sync": Entry("export", "sync", "Push the ledger to a remote, or fetch the remote's newer records."),
    "export": Entry("export", "export", "Export the ledger, or one run, to a folder for others."),
    "pause": Entry("runs", "pause", "Start nothing new in a run; agents at work may still report."),
    "resume": Entry("runs", "resume", "Resume a paused run."),
    "cancel": Entry("runs", "cancel", "End a run now; branches and records are kept."),
    "cleanup": Entry("runs", "cleanup", "Remove the clean, merged worktrees of a finished run."),
    "demo": Entry(
        "demo",
        "demo",
        "Play a whole run in FOLDER: three epics, reviews, a revision, a question, your approval, the merge.",
    ),
}

AGENTS = {
    "brief": Entry("submissions", "brief", "Print the brief of this session as it stands now."),
    "claim": Entry("claims", "claim", "Claim a job for manual work: the next in the queue, or the named one."),
    "heartbeat": Entry("claims", "heartbeat", "Renew your lease while you are at work."),
    "release": Entry("claims", "release", "Release a job that you claimed."),
    "publish": Entry(
        "artifacts", "publish", "Record a document of your job in the ledger; a changed one is a new version."
    ),
    "findings": Entry(
        "artifacts", "findings", "Print the findings of the reviews before your job, as a findings ledger to publish."
    ),
    "handoff": Entry(
        "submissions", "handoff", "Report on your job: DONE, DONE_WITH_CONCERNS, NEEDS_CONTEXT or BLOCKED."
    ),
    "verdict": Entry("submissions", "verdict", "Give a verdict on the commit that your brief names."),
    "ask": Entry("submissions", "ask", "Ask the humans a question and wait; the same as handoff NEEDS_CONTEXT."),
    "block": Entry(
        "submissions", "block", "Report what blocks you and what would clear it; the same as handoff BLOCKED."
    ),
}

VERBS = PEOPLE | AGENTS
