"""Verbs that begin: set up a repository, check a plan, start a run."""

from __future__ import annotations

from gitorch.verbs.verb import Kind, Offer, Parameter, Verb

VERBS = (
    Verb(
        "init",
        "Set up this repository: configuration with comments, and the ledger.",
        details=(
            "Existing files are kept. Nothing is pushed, and none of your files is changed. Missing options are "
            "guessed, and each guess is printed."
        ),
        at="setup:init",
        needs="approve",
        parameters=(
            Parameter(
                "runtime",
                "Who writes and reviews: claude, codex, …, or scripted.",
                ("--runtime",),
                metavar="NAME",
                default="",
            ),
            Parameter(
                "target", "The branch that approved work is merged to.", ("--target",), metavar="BRANCH", default=""
            ),
            Parameter("tests", "The command that tests the work.", ("--tests",), metavar="COMMAND"),
            Parameter(
                "setup_command",
                "The command that makes a new worktree ready for work.",
                ("--setup",),
                metavar="COMMAND",
            ),
        ),
        result={"created": Kind.LIST, "kept": Kind.LIST, "notes": Kind.LIST},
        changes=True,
        exits="5",
        examples=("gitorch init", "gitorch init --runtime claude --tests 'make test'"),
    ),
    Verb(
        "adopt",
        "Set up a repository: show what would be created and guessed, ask once, and create it.",
        details=(
            "It creates `gitorch.yaml` and the branch of the ledger. It changes none of your files and pushes nothing."
        ),
        at="adopt:adopt",
        needs="approve",
        parameters=(
            Parameter(
                "runtime",
                "Who writes and reviews: claude, codex, …, or scripted.",
                ("--runtime",),
                metavar="NAME",
                default="",
            ),
            Parameter(
                "target", "The branch that approved work is merged to.", ("--target",), metavar="BRANCH", default=""
            ),
            Parameter("tests", "The command that tests the work.", ("--tests",), metavar="COMMAND"),
            Parameter(
                "setup_command",
                "The command that makes a new worktree ready for work.",
                ("--setup",),
                metavar="COMMAND",
            ),
            Parameter(
                "profile",
                "Also install the skills for this program, as `gitorch skills install` does; may be repeated.",
                ("--profile",),
                metavar="NAME",
                many=True,
            ),
            Parameter("dry_run", "Only show what would be created.", ("--dry-run",), kind=Kind.FLAG),
            Parameter("yes", "Agree in advance. Required without a terminal.", ("--yes",), kind=Kind.FLAG),
        ),
        result={
            "proposal": Kind.OBJECT,
            "skills": Kind.LIST,
            "created": Kind.LIST,
            "kept": Kind.LIST,
            "notes": Kind.LIST,
        },
        changes=True,
        exits="5, 130",
        examples=("gitorch adopt", "gitorch adopt --profile claude --yes", "gitorch adopt --dry-run --json"),
    ),
    Verb(
        "config",
        "Read or set one key of the configuration: get, set.",
        at="config:config",
        needs="read",
        members=("config get", "config set"),
        changes=True,
        exits="2, 3, 4, 5, 6",
        examples=("gitorch config get tests.command", "gitorch config set tests.command 'make test'"),
    ),
    Verb(
        "config get",
        "Print the value of a key, as the file writes it; the default where the file does not set it.",
        at="config:get",
        needs="read",
        parameters=(Parameter("key", "The key, such as `tests.command`.", required=True),),
        result={"key": Kind.TEXT, "value": Kind.TEXT},
        examples=("gitorch config get tests.command",),
    ),
    Verb(
        "config set",
        "Set a key in `gitorch.yaml`; with --run, correct a run under way, too.",
        details=(
            "Comments and all other keys stay as they are. Lists and mappings are written as in the file; a list needs only its commas. A run keeps the values that it "
            "was started with, until you correct it: its tests, the set-up of worktrees, its waits and limits. The ledger "
            "records each correction."
        ),
        at="config:set_",
        needs="approve",
        parameters=(
            Parameter("key", "The key, such as `tests.command`.", required=True),
            Parameter("value", "The value.", required=True),
            Parameter("run", "The run that follows from now on.", ("--run",), metavar="RUN", completes="run"),
        ),
        result={"key": Kind.TEXT, "value": Kind.TEXT, "path": Kind.TEXT, "run": Kind.TEXT, "notes": Kind.LIST},
        changes=True,
        examples=(
            "gitorch config set tests.command 'make test'",
            "gitorch config set worktrees.setup 'npm ci' --run auth-7f3a",
        ),
    ),
    Verb(
        "doctor",
        "Find what would make a first run fail.",
        details=(
            "Checks the agents' programs, the merge target, git and tmux, worktrees, the ledger. Each failure "
            "names the command that fixes it."
        ),
        at="setup:doctor",
        needs="read",
        result={"checks": Kind.LIST},
        offered=Offer.OPERATORS,
        exits="8 when something is wrong",
        examples=("gitorch doctor",),
    ),
    Verb(
        "check",
        "Check a plan or workflow and show what a run would do; change nothing.",
        details="Runs exactly the checks of `start`, and prints every defect with its line and its fix.",
        at="setup:check",
        needs="read",
        parameters=(
            Parameter("plan", "The plan or workflow file.", completes="file", required=True),
            Parameter(
                "prompt",
                "The implementation prompt, if it is not the plan itself.",
                ("--prompt",),
                metavar="FILE",
                completes="file",
            ),
            Parameter(
                "run_tests",
                "Set up a checkout of the target and run the test command in it.",
                ("--run-tests",),
                kind=Kind.FLAG,
                typed_only=True,
            ),
        ),
        result={"plan": Kind.OBJECT, "sheet": Kind.OBJECT, "remarks": Kind.LIST, "tests": Kind.OBJECT},
        offered=Offer.OPERATORS,
        exits="1 with `--run-tests` where the tests do not pass, 6",
        examples=("gitorch check docs/plans/sign-in.md", "gitorch check plan.md --run-tests"),
    ),
    Verb(
        "start",
        "Answer the question sheet of a plan and prepare its run.",
        details=(
            "Shows the batches, agents, branches and the merge target first. Nothing is created before you agree. "
            "`gitorch up` then does the work; with `--by-hand`, people claim the jobs."
        ),
        at="setup:start",
        needs="approve",
        parameters=(
            Parameter("plan", "The plan or workflow file.", completes="file", required=True),
            Parameter(
                "prompt",
                "The implementation prompt, if it is not the plan itself.",
                ("--prompt",),
                metavar="FILE",
                completes="file",
            ),
            Parameter(
                "autonomy",
                "How often you are asked; there is no third value.",
                ("--autonomy",),
                metavar="[per_epic|end_only]",
                choices=("per_epic", "end_only"),
            ),
            Parameter(
                "implementer",
                "Who writes in this run; overrides the configuration.",
                ("--implementer",),
                metavar="RUNTIME",
                default="",
            ),
            Parameter("reviewer", "Who reviews in this run.", ("--reviewer",), metavar="RUNTIME", default=""),
            Parameter(
                "by_hand",
                "Start no agents: people claim the jobs with `gitorch claim`.",
                ("--by-hand",),
                kind=Kind.FLAG,
            ),
            Parameter(
                "yes", "Agree in advance; recorded as such. Required without a terminal.", ("--yes",), kind=Kind.FLAG
            ),
        ),
        result={"run": Kind.OBJECT},
        changes=True,
        exits="4, 5, 6, 130",
        examples=("gitorch start docs/plans/sign-in.md", "gitorch start plan.md --autonomy per_epic --yes"),
    ),
    Verb(
        "workflow",
        "Create, check, lint, draw, convert and start workflow files.",
        details=(
            "A workflow defines jobs and their order, the lanes that do them, reviews with their revisions, and "
            "checkpoints."
        ),
        at="workflows:workflow",
        needs="read",
        members=(
            "workflow new",
            "workflow check",
            "workflow lint",
            "workflow plan",
            "workflow graph",
            "workflow convert",
            "start",
        ),
        changes=True,
        exits="1, 4, 6",
        examples=("gitorch workflow new code-change work.yaml", "gitorch workflow check work.yaml"),
    ),
    Verb(
        "workflow new",
        "Write a new workflow file in one of the shapes; without a FILE print it, without a SHAPE list them all.",
        at="workflows:new",
        needs="read",
        parameters=(
            Parameter("shape", "The shape of the workflow; without one, the shapes are listed."),
            Parameter("file", "The file to write; without one, the text is printed.", completes="file"),
            Parameter(
                "lanes",
                "local, single-agent, author-reviewer, multi-review or custom.",
                ("--lanes",),
                metavar="SET",
                default="",
            ),
            Parameter(
                "own_lanes",
                "A lane of your own; may be repeated.",
                ("--lane",),
                metavar="NAME=RUNTIME[:MODEL]",
                many=True,
            ),
            Parameter(
                "blocks",
                "For custom: draft, review:security+review, checkpoint, merge",
                ("--blocks",),
                metavar="LINE",
                default="",
            ),
            Parameter(
                "name", "The name of the workflow; runs are named after it.", ("--name",), metavar="TEXT", default=""
            ),
        ),
        result={"shapes": Kind.OBJECT, "lanes": Kind.OBJECT, "shape": Kind.TEXT, "text": Kind.TEXT, "file": Kind.TEXT},
        changes=True,
        examples=("gitorch workflow new code-change work.yaml", "gitorch workflow new review --lanes single-agent"),
    ),
    Verb(
        "workflow check",
        "Read a workflow file strictly and show every defect with its line and column.",
        details=(
            "Reads only the file and the briefs that it names; `gitorch check FILE` also checks whether it can "
            "start here."
        ),
        at="workflows:check",
        needs="read",
        parameters=(Parameter("file", "The workflow file.", metavar="FILE", completes="file", required=True),),
        result={"workflow": Kind.OBJECT},
        examples=("gitorch workflow check work.yaml",),
    ),
    Verb(
        "workflow lint",
        "Print the unwise parts of a workflow that are legal, with a score and fixes.",
        details=(
            "Reviews by the model that wrote the work, work without a review, unbounded scopes, reviews without a "
            "revision."
        ),
        at="workflows:lint",
        needs="read",
        parameters=(
            Parameter("file", "The workflow file.", metavar="FILE", completes="file", required=True),
            Parameter("strict", "Exit with 1 when there is a warning.", ("--strict",), kind=Kind.FLAG),
        ),
        result={"lint": Kind.OBJECT},
        examples=("gitorch workflow lint work.yaml", "gitorch workflow lint work.yaml --strict"),
    ),
    Verb(
        "workflow plan",
        "Show what a run of a workflow would do: batches, gates, revisions, checkpoints. Nothing is started.",
        details="`gitorch check FILE` adds the branches, worktrees and programs of this repository.",
        at="workflows:plan",
        needs="read",
        parameters=(Parameter("file", "The workflow file.", metavar="FILE", completes="file", required=True),),
        result={"plan": Kind.OBJECT},
        examples=("gitorch workflow plan work.yaml",),
    ),
    Verb(
        "workflow graph",
        "Draw a workflow file, or a run with the state of every job.",
        details="An SVG opens in any browser. GitHub and GitLab draw Mermaid in Markdown; Graphviz draws DOT.",
        at="workflows:graph",
        needs="read",
        parameters=(
            Parameter(
                "thing", "A workflow file, or the id of a run.", metavar="FILE|RUN", completes="id", required=True
            ),
            Parameter(
                "form",
                "The format; text is for terminals.",
                ("--as",),
                metavar="[text|mermaid|dot|svg]",
                default="text",
                choices=("text", "mermaid", "dot", "svg"),
            ),
            Parameter(
                "output",
                "Write to a new file instead.",
                (
                    "-o",
                    "--output",
                ),
                metavar="FILE",
                completes="file",
            ),
        ),
        result={"as": Kind.TEXT, "drawing": Kind.TEXT, "picture": Kind.OBJECT, "file": Kind.TEXT},
        examples=("gitorch workflow graph work.yaml", "gitorch workflow graph auth-7f3a --as svg -o run.svg"),
    ),
    Verb(
        "workflow convert",
        "Convert a workflow.json of Striatum, another orchestrator, to a workflow file; every field that is left out is named.",
        details=(
            "The list of omitted and changed fields goes to standard error, so that the file itself can be redirected."
        ),
        at="workflows:convert",
        needs="read",
        parameters=(
            Parameter("file", "The workflow file.", metavar="FILE", completes="file", required=True),
            Parameter(
                "output",
                "Write to a new file instead.",
                (
                    "-o",
                    "--output",
                ),
                metavar="FILE",
                completes="file",
            ),
        ),
        result={"fields": Kind.NUMBER, "left": Kind.LIST, "changed": Kind.LIST, "to_do": Kind.LIST, "text": Kind.TEXT},
        changes=True,
        examples=("gitorch workflow convert workflow.json", "gitorch workflow convert workflow.json -o work.yaml"),
    ),
    Verb(
        "demo",
        "Play a whole run in FOLDER: three epics, reviews, a revision, a question, your approval, the merge.",
        details=(
            "The agents are scripted programs in real terminals; they edit, test and commit in a real repository. "
            "No model is used."
        ),
        at="demo:demo",
        needs="read",
        parameters=(
            Parameter("folder", "The folder to create.", default="demo"),
            Parameter("yes", "Answer and approve without questions; recorded as such.", ("--yes",), kind=Kind.FLAG),
            Parameter("web", "Show the finished run as a web page, until Ctrl-C.", ("--web",), kind=Kind.FLAG),
        ),
        changes=True,
        exits="2 without a terminal, unless `--yes` is given",
        examples=("gitorch demo", "gitorch demo my-demo", "gitorch demo --yes"),
    ),
)
