"""Every verb: where its command is written and its one line of help. Nothing is imported before it is called."""

from __future__ import annotations

from gitorch.model.values import Value


class Entry(Value):
    """A verb of the list: the module and the name of its command, and what it does in one line."""

    module: str
    name: str
    says: str


PEOPLE = {
    "init": Entry("setup", "init", "Set up this repository: configuration with comments, and the ledger."),
    "adopt": Entry(
        "adopt", "adopt", "Take a repository into use: show what would be made and guessed, ask once, and make it."
    ),
    "doctor": Entry("setup", "doctor", "Look for what would make a first run fail."),
    "check": Entry("setup", "check", "Check a plan or workflow and show what would be done; change nothing."),
    "start": Entry("setup", "start", "Answer the question sheet of a plan and prepare its run."),
    "workflow": Entry("workflows", "workflow", "Make, check, lint, draw, convert and start workflow files."),
    "up": Entry("up", "up", "Drive every open run: start agents, deliver, test, review, merge what is approved."),
    "status": Entry("status", "status", "Show where a run stands, who works, and what waits for you."),
    "list": Entry("list", "listing", "List the runs, or everything of one kind in a run, one line each."),
    "dashboard": Entry(
        "list",
        "dashboard",
        "Show every open run on one page: what moves, what waits for whom, and what to type next.",
    ),
    "why": Entry("status", "why", "Say in one line what a job, question, session or run waits for."),
    "inbox": Entry("messages", "inbox", "List everything that waits for you, with the command that answers it."),
    "answer": Entry("approvals", "answer", "Answer a question with one of its options or in words."),
    "send": Entry("messages", "send", "Tell an agent or a person something; a message decides nothing."),
    "reply": Entry("messages", "reply", "Answer a message, in its thread."),
    "wait": Entry("messages", "wait", "Wait for a message, and print it."),
    "approve": Entry("approvals", "approve", "Approve a run's merge report, or an epic that waits at its checkpoint."),
    "reject": Entry("approvals", "reject", "Reject a merge report or an epic, with a note."),
    "recover": Entry(
        "claims", "recover", "Show work that was left behind, and queue it again or adopt what came late."
    ),
    "decide": Entry(
        "claims", "decide", "Record a decision about a job's work: accepted, rejected or accepted_with_follow_up."
    ),
    "retry": Entry("sessions", "retry", "Try a job again that failed, is stuck or waits for you."),
    "session": Entry("sessions", "session", "Agents one by one: create, launch, list, restart, stop, and more."),
    "keys": Entry("keys", "keys", "Keys that may sign approvals: list, add, remove."),
    "worktree": Entry("worktrees", "worktree", "Worktrees by name: create, list, remove."),
    "attach": Entry("terminal", "attach", "Show an agent's own terminal in yours."),
    "peek": Entry("terminal", "peek", "Print what an agent's terminal shows now."),
    "report": Entry("records", "report", "Print the newest merge report of a run, or the report of one epic."),
    "log": Entry("records", "log", "List the records of the ledger, one sentence each."),
    "show": Entry("records", "show", "Show one record, job, question, message, session or run in full."),
    "verify": Entry("records", "verify", "Read the whole ledger and prove that nothing in it was changed."),
    "sync": Entry("export", "sync", "Push the ledger to a remote, or take over what the remote's has more."),
    "export": Entry("export", "export", "Write the ledger, or one run, to a folder that can be given away."),
    "pause": Entry("runs", "pause", "Begin nothing new in a run; agents at work may still hand in."),
    "resume": Entry("runs", "resume", "Let a paused run go on."),
    "cancel": Entry("runs", "cancel", "End a run now; branches and records are kept."),
    "cleanup": Entry("runs", "cleanup", "Remove what a finished run left: clean, merged worktrees."),
    "demo": Entry(
        "demo",
        "demo",
        "Play a whole run in FOLDER: three epics, reviews, a revision, a question, your approval, the merge.",
    ),
}

AGENTS = {
    "brief": Entry("submissions", "brief", "Print the brief of this session as it stands now."),
    "claim": Entry("claims", "claim", "Take a job by hand: the next of the queue, or the one that is named."),
    "heartbeat": Entry("claims", "heartbeat", "Say that you are still at work, so that your lease lasts longer."),
    "release": Entry("claims", "release", "Give a job back that you took by hand."),
    "publish": Entry(
        "artifacts", "publish", "Keep a document of your job in the ledger, as a new version where it changed."
    ),
    "findings": Entry(
        "artifacts", "findings", "Print what the reviews before your job found, as a findings ledger to publish."
    ),
    "handoff": Entry(
        "submissions", "handoff", "Report on your job: DONE, DONE_WITH_CONCERNS, NEEDS_CONTEXT or BLOCKED."
    ),
    "verdict": Entry("submissions", "verdict", "Judge the commit that your brief names."),
    "ask": Entry("submissions", "ask", "Ask the humans a question and wait; the same as handoff NEEDS_CONTEXT."),
    "block": Entry(
        "submissions", "block", "Report what blocks you and what would clear it; the same as handoff BLOCKED."
    ),
}

VERBS = PEOPLE | AGENTS
