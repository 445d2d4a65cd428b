"""Verbs that show how a run stands, and the one that drives it."""

from __future__ import annotations

from gitorch.verbs.shared import OPEN_RUN, RUN, RUN_OF_EPIC
from gitorch.verbs.verb import Kind, Offer, Parameter, Verb

VERBS = (
    Verb(
        "up",
        "Drive every open run: start agents, deliver prompts, test, review, merge approved work.",
        details=(
            "At a terminal it is a console: what waits for you first, and keys to answer, to look and to approve; `?` "
            "explains them. Stop and restart it at any time; agents continue meanwhile and nothing is done twice. One `up` "
            "runs in a repository."
        ),
        at="up:up",
        needs="operate",
        parameters=(
            RUN,
            Parameter("once", "Run one tick, then exit.", ("--once",), kind=Kind.FLAG, typed_only=True),
            Parameter(
                "wait",
                "Keep running while everything waits for people; without a terminal the default is to exit with 10.",
                ("--wait/--no-wait",),
                kind=Kind.FLAG,
                typed_only=True,
            ),
            Parameter(
                "plain",
                "Print one line for each record, also at a terminal.",
                ("--plain",),
                kind=Kind.FLAG,
                typed_only=True,
            ),
        ),
        result={"why": Kind.TEXT, "runs": Kind.LIST},
        changes=True,
        offered=Offer.OPERATORS,
        tool_words=("--once",),
        exits="5, 9, 10, 129, 130, 143",
        examples=("gitorch up", "gitorch up auth-7f3a --no-wait", "gitorch up --once --json"),
    ),
    Verb(
        "status",
        "Show the state of a run, its agents, and what waits for you.",
        details=(
            "Without RUN: the open run, or the newest. The states of agents are those that their terminals show now."
        ),
        at="status:status",
        needs="read",
        parameters=(
            RUN,
            Parameter(
                "watch",
                "Update it until the run is over; Ctrl-C leaves.",
                ("--watch",),
                kind=Kind.FLAG,
                typed_only=True,
            ),
            Parameter("every", "Every run, one line each.", ("--all",), kind=Kind.FLAG),
        ),
        result={"run": Kind.OBJECT, "runs": Kind.LIST, "checkout": Kind.TEXT},
        offered=Offer.EVERYBODY,
        exits="130",
        examples=("gitorch status", "gitorch status auth-7f3a --watch", "gitorch status --all --json"),
    ),
    Verb(
        "list",
        "List the runs, or everything of one kind in a run, one line each.",
        at="list:listing",
        needs="read",
        parameters=(
            Parameter(
                "kind",
                "What to list.",
                metavar="[runs|jobs|sessions|questions|artifacts|verdicts|findings]",
                default="runs",
                choices=("runs", "jobs", "sessions", "questions", "artifacts", "verdicts", "findings"),
            ),
            Parameter(
                "run", "The run; by default the open one, or the newest.", ("--run",), metavar="RUN", completes="run"
            ),
        ),
        result={
            "runs": Kind.LIST,
            "run": Kind.TEXT,
            "jobs": Kind.LIST,
            "sessions": Kind.LIST,
            "questions": Kind.LIST,
            "artifacts": Kind.LIST,
            "verdicts": Kind.LIST,
            "findings": Kind.LIST,
        },
        offered=Offer.OPERATORS,
        examples=("gitorch list", "gitorch list jobs", "gitorch list artifacts --run auth-7f3a --json"),
    ),
    Verb(
        "dashboard",
        "Show every open run on one page, with its questions and the next commands.",
        at="list:dashboard",
        needs="read",
        result={"runs": Kind.LIST},
        examples=("gitorch dashboard", "gitorch dashboard --json"),
    ),
    Verb(
        "stats",
        "Show figures over all runs: first-pass rate, rounds, findings, escalations, minutes, tokens.",
        details="From the ledger alone. Work counts once its gate has decided, in the group of its author.",
        at="stats:stats",
        needs="read",
        parameters=(
            Parameter(
                "by",
                "One row for each agent program, model, lane or epic.",
                ("--by",),
                metavar="[agent|model|lane|epic]",
                default="",
                choices=("agent", "model", "lane", "epic"),
            ),
        ),
        result={"by": Kind.TEXT, "rows": Kind.LIST, "prices": Kind.OBJECT},
        offered=Offer.OPERATORS,
        examples=("gitorch stats", "gitorch stats --by model", "gitorch stats --by lane --json"),
    ),
    Verb(
        "why",
        "Print in one line what a job, question, session or run waits for.",
        at="status:why",
        needs="read",
        parameters=(
            Parameter(
                "thing",
                "The id of a job, question, session or run.",
                metavar="JOB|QUESTION|SESSION|RUN",
                completes="id",
                required=True,
            ),
            OPEN_RUN,
        ),
        result={"thing": Kind.TEXT, "why": Kind.TEXT},
        offered=Offer.EVERYBODY,
        examples=("gitorch why api", "gitorch why q3"),
    ),
    Verb(
        "attach",
        "Open an agent's terminal in yours.",
        details=(
            "You may type there; tmux's own key (Ctrl-b d) leaves it, and the agent continues. With --json the "
            "command is printed instead of run."
        ),
        at="terminal:attach",
        needs="operate",
        parameters=(
            Parameter("thing", "The id of a job or session.", metavar="JOB|SESSION", completes="job", required=True),
            OPEN_RUN,
        ),
        result={"run": Kind.TEXT, "session": Kind.TEXT, "argv": Kind.LIST},
        changes=True,
        examples=("gitorch attach api",),
    ),
    Verb(
        "peek",
        "Print the current screen of an agent's terminal.",
        details="Nothing is typed there and nothing changes. For a session that has ended, the output that was kept.",
        at="terminal:peek",
        needs="read",
        parameters=(
            Parameter("thing", "The id of a job or session.", metavar="JOB|SESSION", completes="job", required=True),
            Parameter(
                "history",
                "Also print this many lines before the screen.",
                ("--history",),
                metavar="N",
                kind=Kind.NUMBER,
                least=0,
                most=100000,
                default=0,
            ),
            OPEN_RUN,
        ),
        result={"run": Kind.TEXT, "session": Kind.TEXT, "job": Kind.TEXT, "screen": Kind.TEXT, "state": Kind.TEXT},
        offered=Offer.OPERATORS,
        examples=("gitorch peek api", "gitorch peek s3 --history 200"),
    ),
    Verb(
        "diff",
        "Show what a job changed, or what a run would merge.",
        details=(
            "The change of a job is that from its base to its branch, or to the commit that was cleared; of a run, that from the "
            "target to the result of its merge report."
        ),
        at="diffs:diff",
        needs="read",
        parameters=(
            Parameter("what", "The id of an epic, or of a run.", metavar="[RUN|EPIC]", completes="id"),
            RUN_OF_EPIC,
            Parameter(
                "since_review",
                "Only what changed since the commit that a reviewer judged last.",
                ("--since-review",),
                kind=Kind.FLAG,
            ),
            Parameter("stat", "Only the figures, and the names of the files.", ("--stat",), kind=Kind.FLAG),
            Parameter(
                "difftool",
                "Open it in the difftool of your own git settings, file by file.",
                ("--difftool",),
                kind=Kind.FLAG,
                typed_only=True,
            ),
        ),
        result={
            "run": Kind.TEXT,
            "job": Kind.TEXT,
            "base": Kind.TEXT,
            "head": Kind.TEXT,
            "stat": Kind.OBJECT,
            "patch": Kind.TEXT,
        },
        offered=Offer.EVERYBODY,
        exits="2, 3",
        examples=(
            "gitorch diff api",
            "gitorch diff api --since-review",
            "gitorch diff --stat",
            "gitorch diff api --difftool",
        ),
    ),
    Verb(
        "report",
        "Print the newest merge report of a run, or the report of one epic.",
        details=(
            "It is Markdown, exactly as it was issued; an approval names its digest. With --json, `data` has the "
            "same facts as values, whose digest is in the report."
        ),
        at="records:report",
        needs="read",
        parameters=(
            Parameter(
                "what", "The id of a run or epic; by default the open run.", metavar="[RUN|EPIC]", completes="id"
            ),
            RUN_OF_EPIC,
        ),
        result={
            "run": Kind.TEXT,
            "text": Kind.TEXT,
            "valid": Kind.FLAG,
            "state": Kind.TEXT,
            "report": Kind.ANY,
            "data": Kind.ANY,
            "approval": Kind.ANY,
            "job": Kind.TEXT,
        },
        offered=Offer.EVERYBODY,
        examples=("gitorch report auth-7f3a", "gitorch report api"),
    ),
    Verb(
        "serve",
        "Show runs, diffs, questions and the ledger as web pages on this machine, until Ctrl-C.",
        details=(
            "Only programs of this machine can reach it, and only with the token in the address that is printed. Nothing "
            "can be changed without --allow-changes, and no approval is ever given here."
        ),
        at="serve:serve",
        needs="read",
        parameters=(
            Parameter(
                "port",
                "The port, 0 for any; by default 8420 or the next free one.",
                ("--port",),
                metavar="N",
                kind=Kind.NUMBER,
                least=0,
                most=65535,
            ),
            Parameter("path", "A Unix socket instead of a port.", ("--socket",), metavar="PATH", completes="file"),
            Parameter(
                "allow_changes",
                "Let the page answer, reject, pause and recover; never approve.",
                ("--allow-changes",),
                kind=Kind.FLAG,
            ),
        ),
        result={"url": Kind.TEXT, "socket": Kind.ANY, "token": Kind.TEXT, "changes": Kind.FLAG},
        exits="5, 8 without the extra `web`, 130, 143",
        examples=("gitorch serve", "gitorch serve --allow-changes", "gitorch serve --socket gitorch.sock"),
    ),
)
