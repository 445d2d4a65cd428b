"""Verbs for what waits for a person, and for messages."""

from __future__ import annotations

from gitorch.verbs.shared import OPEN_RUN, RUN, RUN_WITH_ID
from gitorch.verbs.verb import Kind, Offer, Parameter, Verb

VERBS = (
    Verb(
        "inbox",
        "List everything that waits for you, with the command that answers it.",
        details=(
            "Questions, messages and plans that are ready, of one run or of all. In an agent's session: its "
            "messages in full, which count as read from then on."
        ),
        at="messages:inbox",
        needs="read",
        parameters=(
            RUN,
            Parameter(
                "who", "Act as this person: the coordinator, where one is configured.", ("--as",), metavar="NAME"
            ),
        ),
        result={"inbox": Kind.LIST, "messages": Kind.LIST},
        offered=Offer.EVERYBODY,
        examples=("gitorch inbox", "gitorch inbox --json"),
    ),
    Verb(
        "answer",
        "Answer a question with one of its options or with a text.",
        details=(
            "A text may follow an option, and some options require one. A single `-` reads the text from standard "
            "input."
        ),
        at="approvals:answer",
        needs="approve",
        parameters=(
            Parameter("question", "The id of the question, such as q3.", completes="question", required=True),
            Parameter("words", "An option of the question, or a text.", metavar="[OPTION|TEXT]...", many=True),
            RUN_WITH_ID,
        ),
        result={"run": Kind.TEXT, "phase": Kind.TEXT, "question": Kind.TEXT, "answer": Kind.TEXT},
        changes=True,
        exits="4, 5",
        examples=("gitorch answer q3 one_more_round", 'gitorch answer q4 "Use the session cookie, not the token."'),
    ),
    Verb(
        "approve",
        "Approve a run's merge report, or an epic that waits at its checkpoint.",
        details=(
            "Prints the report and asks for the beginning of its digest. The approval covers exactly this report, "
            "the target's commit and the commit of each branch; it expires when one of them moves. The merge "
            "follows at once, or a running `gitorch up` carries it out."
        ),
        at="approvals:approve",
        needs="approve",
        parameters=(
            Parameter("what", "The id of a run, or of an epic at its checkpoint.", metavar="[RUN|JOB]", completes="id"),
            Parameter("digest", "Approve only the report with this digest.", ("--report",), metavar="DIGEST"),
            Parameter(
                "yes",
                "Approve without a question, as `approval.unattended` allows or at a checkpoint; recorded as such.",
                ("--yes",),
                kind=Kind.FLAG,
            ),
            RUN_WITH_ID,
        ),
        result={
            "run": Kind.TEXT,
            "phase": Kind.TEXT,
            "report": Kind.TEXT,
            "changed_since_report": Kind.LIST,
            "proof": Kind.TEXT,
            "merged": Kind.ANY,
            "pushed": Kind.FLAG,
            "left_to_up": Kind.FLAG,
            "checkout": Kind.TEXT,
            "job": Kind.TEXT,
            "question": Kind.TEXT,
            "answer": Kind.TEXT,
        },
        changes=True,
        exits="4, 5, 130",
        examples=("gitorch approve auth-7f3a", "gitorch approve api"),
    ),
    Verb(
        "propose",
        "Put a merge report up for review as a pull request, whose merge approves it.",
        details=(
            "Pushes the report as one commit, the branches that it would merge, and the ledger. `gh` or `tea` open the pull "
            "request, GitLab does so by itself, and otherwise the address for that is printed. `gitorch up` and `gitorch sync` "
            "find its merge; docs/pull-requests.md says how to set up the forge."
        ),
        at="approvals:propose",
        needs="approve",
        parameters=(
            Parameter("what", "The id of a run.", metavar="[RUN]", completes="run"),
            Parameter(
                "remote", "The git remote; by default the configured one.", ("--remote",), metavar="NAME", default=""
            ),
            Parameter(
                "public",
                "Agree that the report and the ledger go to a remote that everybody might read.",
                ("--public",),
                kind=Kind.FLAG,
            ),
        ),
        result={
            "run": Kind.TEXT,
            "report": Kind.TEXT,
            "commit": Kind.TEXT,
            "remote": Kind.TEXT,
            "branch": Kind.TEXT,
            "target": Kind.TEXT,
            "pushed": Kind.LIST,
            "address": Kind.TEXT,
            "opened_by": Kind.TEXT,
            "note": Kind.TEXT,
        },
        changes=True,
        exits="4, 5, 8",
        examples=("gitorch propose", "gitorch propose auth-7f3a --remote origin"),
    ),
    Verb(
        "reject",
        "Reject a merge report or an epic, with a note or with findings.",
        details=(
            "An epic goes back to its agent with your note and findings, at its checkpoint or at any time after it was "
            "handed in. For a merge report, the epics named by `--rework` go back; without any, the run ends and its "
            "branches are kept. Epics that go back without a note get what reviewers of the pull request wrote."
        ),
        at="approvals:reject",
        needs="approve",
        parameters=(
            Parameter(
                "what", "The id of a run, or of an epic that was handed in.", metavar="[RUN|JOB]", completes="id"
            ),
            Parameter(
                "note",
                "The reason, for the agent that reworks it. `-` reads standard input.",
                ("--note",),
                metavar="TEXT",
                default="",
            ),
            Parameter(
                "finding",
                "For an epic: what is wrong at a line of a file. The text may begin with `blocking:`, `important:`, "
                "`minor:` or `note:`. May be repeated.",
                ("--finding",),
                metavar="PATH:LINE:TEXT",
                many=True,
            ),
            Parameter(
                "findings_file",
                "For an epic: a JSON list of findings; `-` reads standard input.",
                ("--findings-file",),
                metavar="FILE",
                completes="file",
                content="findings",
            ),
            Parameter(
                "commit",
                "For an epic: the commit that you read; a newer one is not rejected.",
                ("--commit",),
                metavar="COMMIT",
                default="",
            ),
            Parameter(
                "rework",
                "An epic to send back; without one the run ends. May be repeated.",
                ("--rework",),
                metavar="JOB",
                many=True,
                completes="job",
            ),
            RUN_WITH_ID,
        ),
        result={"run": Kind.TEXT, "phase": Kind.TEXT, "rejected": Kind.TEXT},
        changes=True,
        exits="4, 5",
        examples=(
            'gitorch reject auth-7f3a --note "The cookie is never rotated." --rework api',
            "gitorch reject api --finding 'src/api.py:12: important: The cookie is never rotated.'",
        ),
    ),
    Verb(
        "recover",
        "Show abandoned work, and queue it again or accept a late handoff.",
        details=(
            "Changes nothing without --apply or one of the other options.\n\n"
            "Work whose lease ran out is stale and keeps its branch and worktree: queue it again, or adopt its "
            "late handoff. No job is ever completed without a handoff."
        ),
        at="claims:recover",
        needs="recover",
        parameters=(
            Parameter("what", "The id of a run or job.", metavar="[RUN|JOB]", completes="id"),
            Parameter("apply_all", "Do everything that the list proposes.", ("--apply",), kind=Kind.FLAG),
            Parameter("requeue", "Queue this stale job again.", ("--requeue",), kind=Kind.FLAG),
            Parameter("adopt", "Accept this late handoff of the job.", ("--adopt",), metavar="HANDOFF"),
            Parameter("cancel", "Cancel this job and the jobs that need it.", ("--cancel",), kind=Kind.FLAG),
            Parameter("reason", "The reason; it is recorded.", ("--reason",), metavar="TEXT", default=""),
            OPEN_RUN,
        ),
        result={
            "run": Kind.TEXT,
            "remedies": Kind.LIST,
            "applied": Kind.FLAG,
            "place": Kind.LIST,
            "job": Kind.TEXT,
            "phase": Kind.TEXT,
        },
        changes=True,
        offered=Offer.OPERATORS,
        exits="4, 5",
        examples=(
            "gitorch recover",
            "gitorch recover --apply",
            "gitorch recover api --adopt h1 --reason 'It is sound.'",
        ),
    ),
    Verb(
        "decide",
        "Record a decision about a job's work: accepted, rejected or accepted_with_follow_up.",
        details="A rejection records which verdicts relied on the work, and withdraws the current merge report.",
        at="claims:decide",
        needs="approve",
        parameters=(
            Parameter("job", "The id of the job.", completes="job", required=True),
            Parameter(
                "outcome",
                "The outcome of the decision.",
                choices=("accepted", "rejected", "accepted_with_follow_up"),
                required=True,
            ),
            Parameter("note", "The reason; it is recorded.", ("--note",), metavar="TEXT", required=True),
            Parameter(
                "follow_up",
                "For accepted_with_follow_up: the work that remains.",
                ("--follow-up",),
                metavar="TEXT",
                default="",
            ),
            OPEN_RUN,
        ),
        result={"run": Kind.TEXT, "decision": Kind.OBJECT},
        changes=True,
        exits="4, 5",
        examples=('gitorch decide api rejected --note "We keep files."',),
    ),
    Verb(
        "retry",
        "Retry a job that failed, is stuck or waits for you.",
        details=(
            "An open question about it is answered with another try; failed work goes back to an agent with your "
            "note; an agent at work is replaced by a new one. Finished work is kept."
        ),
        at="sessions:retry",
        needs="recover",
        parameters=(
            Parameter("job", "The id of the job.", completes="job", required=True),
            Parameter("note", "The reason, for the next agent.", metavar="[NOTE]...", many=True),
            OPEN_RUN,
        ),
        result={"run": Kind.TEXT, "job": Kind.TEXT, "phase": Kind.TEXT},
        changes=True,
        offered=Offer.OPERATORS,
        exits="4, 5",
        examples=("gitorch retry api", 'gitorch retry api "The database is up again."'),
    ),
    Verb(
        "send",
        "Send a message to an agent or a person; it decides nothing.",
        details=(
            "NAME is a job or session, @principal, @coordinator or @orchestrator, which accepts plans; people may "
            "send to @all agents. An agent gets one line in its terminal that points to the text, as soon as the "
            "terminal is ready for input. A message approves nothing, answers no question and starts nothing. A "
            "single `-` reads the text from standard input."
        ),
        at="messages:send",
        needs="read",
        parameters=(
            Parameter(
                "name",
                "Who gets it: a job, a session, @principal, @coordinator or @all; several with commas.",
                metavar="NAME[,NAME]...",
                required=True,
            ),
            Parameter("text", "The words of the text; `-` reads standard input.", metavar="[TEXT]...", many=True),
            Parameter(
                "file", "Read the text from a file.", ("--file",), metavar="FILE", completes="file", typed_only=True
            ),
            Parameter(
                "run", "The run, where several have an agent of this name.", ("--run",), metavar="RUN", completes="run"
            ),
            Parameter(
                "who", "Act as this person: the coordinator, where one is configured.", ("--as",), metavar="NAME"
            ),
        ),
        result={"sent": Kind.LIST},
        changes=True,
        offered=Offer.EVERYBODY,
        exits="4, 5",
        examples=(
            'gitorch send api "The schema is merged now."',
            'gitorch send @orchestrator "Plan ready at docs/plans/sign-in.md"',
            "gitorch send @principal --file notes.md",
        ),
    ),
    Verb(
        "reply",
        "Answer a message, in its thread.",
        details=(
            "The answer goes to the sender, and the message counts as read. Questions (q3) are answered by "
            "`gitorch answer` only."
        ),
        at="messages:reply",
        needs="read",
        parameters=(
            Parameter("message", "The id of the message, such as m3.", completes="message", required=True),
            Parameter("text", "The words of the text; `-` reads standard input.", metavar="[TEXT]...", many=True),
            Parameter(
                "file", "Read the text from a file.", ("--file",), metavar="FILE", completes="file", typed_only=True
            ),
            Parameter(
                "who", "Act as this person: the coordinator, where one is configured.", ("--as",), metavar="NAME"
            ),
        ),
        result={"sent": Kind.LIST},
        changes=True,
        offered=Offer.EVERYBODY,
        exits="4, 5",
        examples=('gitorch reply m3 "Use the second one."', "gitorch reply m3 -"),
    ),
    Verb(
        "wait",
        "Wait for a message, and print it.",
        details=(
            "Exits with 0 when a message has come, with 10 when none came in time. Unread messages are printed at "
            "once. Without --timeout it waits until Ctrl-C."
        ),
        at="messages:wait",
        needs="read",
        parameters=(
            Parameter(
                "timeout",
                "Give up after this time, with exit 10.",
                ("--timeout",),
                metavar="SECONDS",
                kind=Kind.SECONDS,
                least=0,
                most=31536000,
            ),
            Parameter(
                "who", "Act as this person: the coordinator, where one is configured.", ("--as",), metavar="NAME"
            ),
        ),
        result={"messages": Kind.LIST},
        offered=Offer.OPERATORS,
        tool_words=("--timeout=50",),
        exits="0 one has come, 10 none came in time",
        examples=("gitorch wait", "gitorch wait --timeout 60 --json"),
    ),
)
