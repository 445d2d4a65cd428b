"""Verbs that write plans: new ones, missing gates, imports."""

from __future__ import annotations

from gitorch.verbs.verb import Kind, Parameter, Verb

VERBS = (
    Verb(
        "plan",
        "Write plans: new ones, missing gates, task lists of other tools.",
        details="`gitorch check` and `gitorch start` read the plans; docs/plans.md describes them.",
        at="plans:plan",
        needs="read",
        members=("plan new", "plan gates", "plan import"),
        changes=True,
        exits="4, 6, 8",
        examples=("gitorch plan new sign-in", "gitorch plan import specs/001-sign-in -o plan.md"),
    ),
    Verb(
        "plan new",
        "Write a plan file to fill in, with its epics and their review gates.",
        details="NAME gives the title and the file; a name that ends in `.md` is the path of the file.",
        at="plans:new",
        needs="read",
        parameters=(Parameter("name", "The name of the plan.", metavar="NAME", required=True),),
        result={"file": Kind.TEXT, "title": Kind.TEXT},
        changes=True,
        examples=("gitorch plan new sign-in", "gitorch plan new docs/plans/sign-in.md"),
    ),
    Verb(
        "plan gates",
        "Add a review gate to each epic that has none, and change nothing else.",
        details="The file is changed in place, unless `-o` names another.",
        at="plans:gates",
        needs="read",
        parameters=(
            Parameter("file", "The plan.", metavar="FILE", completes="file", required=True),
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
        result={"file": Kind.TEXT, "added": Kind.LIST, "inexact": Kind.LIST},
        changes=True,
        examples=("gitorch plan gates docs/plans/sign-in.md",),
    ),
    Verb(
        "plan import",
        "Make a plan from the task list of another tool; everything that is left out is named.",
        details=(
            "Reads spec-kit, OpenSpec, Kiro, task-master, beads, exported issues and checklists from a file or folder; "
            "issues by `gh` or `glab` from `#12` or their address; and an epic of beads by its id.\n\n"
            "What is left out goes to standard error, so that the plan itself can be redirected."
        ),
        at="plans:import_",
        needs="read",
        parameters=(
            Parameter(
                "source",
                "A file, a folder, an issue or an epic.",
                metavar="FILE|FOLDER|ISSUE",
                completes="file",
                required=True,
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
            Parameter(
                "format",
                "Read it as this format, instead of the recognised one.",
                ("--format",),
                metavar="NAME",
                default="",
            ),
        ),
        result={"format": Kind.TEXT, "epics": Kind.NUMBER, "left": Kind.LIST, "text": Kind.TEXT},
        changes=True,
        examples=("gitorch plan import .kiro/specs/sign-in", "gitorch plan import '#12' -o plan.md"),
    ),
)
