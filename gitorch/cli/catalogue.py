"""Every verb: where its command is written and its one line of help. Nothing is imported before it is called."""

from __future__ import annotations

from gitorch.model.values import Value


class Entry(Value):
    """A verb of the list: the module and the name of its command, and what it does in one line."""

    module: str
    name: str
    says: str


PEOPLE = {
    "init": Entry("beginning", "init", "Set up this repository: configuration with comments, and the ledger."),
    "adopt": Entry(
        "adopting", "adopt", "Take a repository into use: show what would be made and guessed, ask once, and make it."
    ),
    "doctor": Entry("beginning", "doctor", "Look for what would make a first run fail."),
    "check": Entry("beginning", "check", "Check a plan or workflow and show what would be done; change nothing."),
    "start": Entry("beginning", "start", "Answer the question sheet of a plan and prepare its run."),
    "workflow": Entry("workflows", "workflow", "Make, check, lint, draw, convert and start workflow files."),
    "up": Entry("driving", "up", "Drive every open run: start agents, deliver, test, review, merge what is approved."),
    "status": Entry("watching", "status", "Show where a run stands, who works, and what waits for you."),
    "list": Entry("listing", "listing", "List the runs, or everything of one kind in a run, one line each."),
    "dashboard": Entry(
        "listing",
        "dashboard",
        "Show every open run on one page: what moves, what waits for whom, and what to type next.",
    ),
    "why": Entry("watching", "why", "Say in one line what a job, question, session or run waits for."),
    "inbox": Entry("messaging", "inbox", "List everything that waits for you, with the command that answers it."),
    "answer": Entry("deciding", "answer", "Answer a question with one of its options or in words."),
    "send": Entry("messaging", "send", "Tell an agent or a person something; a message decides nothing."),
    "reply": Entry("messaging", "reply", "Answer a message, in its thread."),
    "wait": Entry("messaging", "wait", "Wait for a message, and print it."),
    "approve": Entry("deciding", "approve", "Approve a run's merge report, or an epic that waits at its checkpoint."),
    "reject": Entry("deciding", "reject", "Reject a merge report or an epic, with a note."),
    "recover": Entry(
        "leasing", "recover", "Show work that was left behind, and queue it again or adopt what came late."
    ),
    "decide": Entry(
        "leasing", "decide", "Record a decision about a job's work: accepted, rejected or accepted_with_follow_up."
    ),
    "retry": Entry("sessions", "retry", "Try a job again that failed, is stuck or waits for you."),
    "session": Entry("sessions", "session", "Agents one by one: create, launch, list, restart, stop, and more."),
    "worktree": Entry("worktrees", "worktree", "Worktrees by name: create, list, remove."),
    "attach": Entry("looking", "attach", "Show an agent's own terminal in yours."),
    "peek": Entry("looking", "peek", "Print what an agent's terminal shows now."),
    "report": Entry("reading", "report", "Print the newest merge report of a run, or the report of one epic."),
    "log": Entry("reading", "log", "List the records of the ledger, one sentence each."),
    "show": Entry("reading", "show", "Show one record, job, question, message, session or run in full."),
    "verify": Entry("reading", "verify", "Read the whole ledger and prove that nothing in it was changed."),
    "sync": Entry("sharing", "sync", "Push the ledger to a remote, or take over what the remote's has more."),
    "export": Entry("exporting", "export", "Write the ledger, or one run, to a folder that can be given away."),
    "pause": Entry("holding", "pause", "Begin nothing new in a run; agents at work may still hand in."),
    "resume": Entry("holding", "resume", "Let a paused run go on."),
    "cancel": Entry("holding", "cancel", "End a run now; branches and records are kept."),
    "cleanup": Entry("holding", "cleanup", "Remove what a finished run left: clean, merged worktrees."),
    "demo": Entry(
        "demo",
        "demo",
        "Play a whole run in FOLDER: three epics, reviews, a revision, a question, your approval, the merge.",
    ),
}

AGENTS = {
    "brief": Entry("reporting", "brief", "Print the brief of this session as it stands now."),
    "claim": Entry("leasing", "claim", "Take a job by hand: the next of the queue, or the one that is named."),
    "heartbeat": Entry("leasing", "heartbeat", "Say that you are still at work, so that your lease lasts longer."),
    "release": Entry("leasing", "release", "Give a job back that you took by hand."),
    "publish": Entry(
        "publishing", "publish", "Keep a document of your job in the ledger, as a new version where it changed."
    ),
    "findings": Entry(
        "publishing", "findings", "Print what the reviews before your job found, as a findings ledger to publish."
    ),
    "handoff": Entry("reporting", "handoff", "Report on your job: DONE, DONE_WITH_CONCERNS, NEEDS_CONTEXT or BLOCKED."),
    "verdict": Entry("reporting", "verdict", "Judge the commit that your brief names."),
    "ask": Entry("reporting", "ask", "Ask the humans a question and wait; the same as handoff NEEDS_CONTEXT."),
    "block": Entry(
        "reporting", "block", "Report what blocks you and what would clear it; the same as handoff BLOCKED."
    ),
}

VERBS = PEOPLE | AGENTS
