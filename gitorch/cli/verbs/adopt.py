"""`adopt`: show what setting up a repository would create, ask once, and create exactly that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.interruption import Interrupted
from gitorch.cli.output import agrees
from gitorch.cli.pages.page import labelled
from gitorch.cli.pages.plain import plain
from gitorch.cli.verb_function import verb
from gitorch.cli.verbs.skills import install_in_project, project_skills

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.start.setup import Proposal
    from gitorch.cli.call import Call
    from gitorch.cli.pages.page import Page


@verb("adopt")
def adopt(
    call: Call,
    runtime: str,
    target: str,
    tests: str | None,
    setup_command: str | None,
    profile: tuple[str, ...],
    dry_run: bool,
    yes: bool,
) -> None:
    """Set up a repository: show what would be created and guessed, ask once, and create it."""
    from gitorch.app.start import setup
    from gitorch.world.resources import template_bytes

    caller = call.people_only("adopt")
    options = setup.InitOptions(runtime, target, tests, setup_command)
    proposal = setup.propose(call.services, options)
    skills = project_skills(call, profile)
    values = {"proposal": proposal, "skills": tuple(skills)}
    if dry_run:
        ending = "\n\nNothing was changed. Next: the same words without --dry-run"
        call.say(values, lambda page: _sheet(proposal, skills, page) + ending)
        return

    if not proposal.makes and not skills:
        call.say({**values, "created": []}, "This repository is already set up. Next: gitorch doctor")
        return

    _agree(call, proposal, skills, yes=yes)
    template = template_bytes("gitorch.yaml").decode()
    done = setup.init(call.services, caller, template, options)
    installed = install_in_project(call, profile)
    created = (*done.created, *installed)
    lines = labelled("created", done.created)
    for path, outcome in installed.items():
        lines += labelled(f"{outcome} ", [path])

    lines.append("Next: gitorch doctor")
    call.say({**values, **plain(done), "created": created}, "\n".join(lines))


def _agree(call: Call, proposal: Proposal, skills: Mapping[str, str], *, yes: bool) -> None:
    """Show the proposal and ask. Raises Interrupted for a no, Usage without a terminal."""
    if not yes:
        call.must_ask("adopt")

    if not call.json:
        call.note(_sheet(proposal, skills, call.page))

    if not yes and not agrees("\nCreate this?"):
        raise Interrupted("nothing was created")


def _sheet(proposal: Proposal, skills: Mapping[str, str], page: Page) -> str:
    """The proposal as a person reads it before agreeing. Notes are not cut, since they name commands."""
    from gitorch.model.values import replace

    rows = [("create", name) for name in proposal.makes]
    rows += [(outcome, name) for name, outcome in skills.items()]
    rows += [("keep", name) for name in proposal.keeps]
    lines = [page.line("This would be done", "bold"), *page.table(rows, shrinks=(1,), indent=2)]
    if proposal.values:
        values = [(key, value or "nothing") for key, value in proposal.values.items()]
        lines += ["", page.line("with these settings", "bold"), *page.table(values, shrinks=(1,), indent=2)]

    if proposal.notes:
        lines += ["", page.line("notes", "bold")]
        whole = replace(page, width=0)
        lines += [whole.line(f"  {note}") for note in proposal.notes]

    return "\n".join(lines)
