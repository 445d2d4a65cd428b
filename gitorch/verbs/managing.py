"""Verbs that manage runs, single agents and worktrees."""

from __future__ import annotations

from gitorch.verbs.shared import OPEN_RUN, RUN
from gitorch.verbs.verb import Kind, Offer, Parameter, Verb

VERBS = (
    Verb(
        "session",
        "Manage single agents: create, launch, list, restart, stop, and more.",
        at="sessions:session",
        needs="read",
        members=(
            "session create",
            "session launch",
            "session list",
            "attach",
            "peek",
            "send",
            "session interrupt",
            "session restart",
            "session stop",
        ),
        changes=True,
        exits="2, 4, 5, 10",
        examples=(
            "gitorch session list",
            'gitorch session create helper --runtime claude --task "Find out why the build is slow."',
            "gitorch session restart api",
        ),
    ),
    Verb(
        "session create",
        "Create an agent of your own, outside of any plan: a session, a worktree and a branch of its name.",
        details=(
            "It is a run of one job: its work is not merged, and it ends with its handoff or with `gitorch "
            "session stop`. Without a task it waits for a message. Nothing is started yet."
        ),
        at="sessions:create",
        needs="approve",
        parameters=(
            Parameter("name", "The name of the agent.", required=True),
            Parameter(
                "runtime",
                "The program; by default the configured implementer.",
                ("--runtime",),
                metavar="NAME",
                default="",
            ),
            Parameter("task", "The task. `-` reads standard input.", ("--task",), metavar="TEXT", default=""),
            Parameter(
                "task_file",
                "The same, from a file.",
                ("--task-file",),
                metavar="FILE",
                completes="file",
                typed_only=True,
            ),
        ),
        result={"run": Kind.TEXT, "job": Kind.TEXT, "phase": Kind.TEXT},
        changes=True,
        examples=('gitorch session create helper --runtime claude --task "Find out why the build is slow."',),
    ),
    Verb(
        "session launch",
        "Start an agent and wait until it is alive.",
        details=(
            "`gitorch up` does the same for every agent that is due; while it runs, this verb leaves the start to it."
        ),
        at="sessions:launch",
        needs="approve",
        parameters=(
            Parameter("name", "The id of a job or session.", metavar="JOB|SESSION", completes="job", required=True),
            OPEN_RUN,
        ),
        result={"run": Kind.TEXT, "job": Kind.TEXT, "session": Kind.TEXT, "alive": Kind.ANY},
        changes=True,
        exits="4, 10",
        examples=("gitorch session launch helper",),
    ),
    Verb(
        "session list",
        "List the agents that have a session, with their presence and state.",
        at="sessions:list_",
        needs="read",
        parameters=(RUN,),
        result={"sessions": Kind.LIST},
        offered=Offer.OPERATORS,
        examples=("gitorch session list --json",),
    ),
    Verb(
        "session interrupt",
        "End the turn of an agent, which then waits for its next prompt.",
        details=(
            "By the program's own protocol where it has one, else by the key that ends a turn. The agent keeps its job and its "
            "conversation, and messages reach it at once."
        ),
        at="sessions:interrupt",
        needs="approve",
        parameters=(
            Parameter("name", "The id of a job or session.", metavar="JOB|SESSION", completes="job", required=True),
            OPEN_RUN,
        ),
        result={"run": Kind.TEXT, "job": Kind.TEXT, "phase": Kind.TEXT},
        changes=True,
        examples=("gitorch session interrupt api",),
    ),
    Verb(
        "session restart",
        "End an agent at work and start a new one in its place.",
        details=(
            "The new one has the same worktree and branch, and its brief includes everything committed, reported "
            "and answered so far."
        ),
        at="sessions:restart",
        needs="approve",
        parameters=(
            Parameter("name", "The id of a job or session.", metavar="JOB|SESSION", completes="job", required=True),
            OPEN_RUN,
        ),
        result={"run": Kind.TEXT, "job": Kind.TEXT, "phase": Kind.TEXT},
        changes=True,
        examples=("gitorch session restart api",),
    ),
    Verb(
        "session stop",
        "End an agent; its job waits for your decision.",
        details="Its worktree and branch are kept. An agent of your own ends for good, and can be cleaned up.",
        at="sessions:stop",
        needs="approve",
        parameters=(
            Parameter("name", "The id of a job or session.", metavar="JOB|SESSION", completes="job", required=True),
            OPEN_RUN,
        ),
        result={"run": Kind.TEXT, "job": Kind.TEXT, "phase": Kind.TEXT},
        changes=True,
        examples=("gitorch session stop api",),
    ),
    Verb(
        "worktree",
        "Manage worktrees by name: create, list, remove.",
        at="worktrees:worktree",
        needs="read",
        members=("worktree create", "worktree list", "worktree remove"),
        changes=True,
        exits="2, 4, 5",
        examples=(
            "gitorch worktree list",
            "gitorch worktree create spike --from main",
            "gitorch worktree remove spike",
        ),
    ),
    Verb(
        "worktree create",
        "Create a worktree for manual work, on a branch of its own.",
        details=(
            "It lies beside those of the agents, outside the repository, on the branch gitorch/by-hand/NAME. Your "
            "checkout is not touched."
        ),
        at="worktrees:create",
        needs="approve",
        parameters=(
            Parameter("name", "The name of the worktree.", required=True),
            Parameter(
                "start",
                "The start of its branch; by default the merge target.",
                ("--from",),
                metavar="BRANCH",
                default="",
            ),
        ),
        result={"worktree": Kind.OBJECT},
        changes=True,
        examples=("gitorch worktree create spike --from main",),
    ),
    Verb(
        "worktree list",
        "List the worktrees of all runs, and those for manual work.",
        at="worktrees:list_",
        needs="read",
        result={"worktrees": Kind.LIST},
        examples=("gitorch worktree list --json",),
    ),
    Verb(
        "worktree remove",
        "Remove a clean worktree that no open run uses.",
        details="Its branch is kept. Uncommitted work is never removed.",
        at="worktrees:remove",
        needs="approve",
        parameters=(Parameter("name", "The name of the worktree.", required=True),),
        result={"removed": Kind.OBJECT},
        changes=True,
        examples=("gitorch worktree remove spike", "gitorch worktree remove auth-7f3a/api"),
    ),
    Verb(
        "pause",
        "Start nothing new in a run; agents at work may still report.",
        at="runs:pause",
        needs="operate",
        parameters=(
            RUN,
            Parameter("reason", "The reason; it is recorded.", ("--reason",), metavar="TEXT", default=""),
        ),
        result={"run": Kind.TEXT, "phase": Kind.TEXT},
        changes=True,
        offered=Offer.OPERATORS,
        exits="4, 5",
        examples=('gitorch pause --reason "release freeze"',),
    ),
    Verb(
        "resume",
        "Resume a paused run.",
        at="runs:resume",
        needs="operate",
        parameters=(RUN,),
        result={"run": Kind.TEXT, "phase": Kind.TEXT},
        changes=True,
        offered=Offer.OPERATORS,
        exits="4, 5",
        examples=("gitorch resume",),
    ),
    Verb(
        "cancel",
        "End a run now; branches and records are kept.",
        details=(
            "Its agents are stopped at once, or by a running `gitorch up`. Worktrees stay until `gitorch cleanup`."
        ),
        at="runs:cancel",
        needs="approve",
        parameters=(
            RUN,
            Parameter("reason", "The reason; it is recorded.", ("--reason",), metavar="TEXT", default=""),
        ),
        result={"run": Kind.TEXT, "phase": Kind.TEXT, "left_to_up": Kind.FLAG},
        changes=True,
        exits="4, 5",
        examples=('gitorch cancel auth-7f3a --reason "the plan was wrong"',),
    ),
    Verb(
        "cleanup",
        "Remove the clean, merged worktrees of a finished run.",
        details=(
            "Uncommitted or unmerged work and the ledger are never removed, and branches only with `--branches`. Work is "
            "merged where the target has its commits, or where a forge squashed or rebased them into it. What stays is "
            "named with the reason. Each host cleans up what it has itself. A second cleanup removes what was merged since "
            "the first, and records nothing."
        ),
        at="runs:cleanup",
        needs="approve",
        parameters=(
            RUN,
            Parameter("branches", "Also remove the merged work branches.", ("--branches",), kind=Kind.FLAG),
            Parameter("yes", "Agree in advance. Required without a terminal.", ("--yes",), kind=Kind.FLAG),
        ),
        result={
            "run": Kind.TEXT,
            "cleaned": Kind.FLAG,
            "removed": Kind.LIST,
            "kept": Kind.LIST,
            "left_to_up": Kind.FLAG,
            "checkout": Kind.TEXT,
        },
        changes=True,
        exits="4, 5, 130",
        examples=("gitorch cleanup", "gitorch cleanup auth-7f3a --branches --yes"),
    ),
)
