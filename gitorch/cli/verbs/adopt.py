"""`adopt`: show what setting up a repository would create, ask once, and create exactly that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.boundary import Interrupted
from gitorch.cli.group import verb
from gitorch.cli.output import agrees
from gitorch.cli.pages.page import labelled
from gitorch.cli.pages.plain import plain

if TYPE_CHECKING:
    from gitorch.app.start.setup import Proposal
    from gitorch.cli.call import Call
    from gitorch.cli.pages.page import Page


@verb("adopt")
def adopt(call: Call, runtime: str, target: str, tests: str, dry_run: bool, yes: bool) -> None:
    """Set up a repository: show what would be created and guessed, ask once, and create it."""
    from gitorch.app.start import setup
    from gitorch.world.resources import template_bytes

    caller = call.people_only("adopt")
    options = setup.InitOptions(runtime, target, tests)
    proposal = setup.propose(call.services, options)
    if dry_run:
        ending = "\n\nNothing was changed. Next: gitorch adopt"
        call.say({"proposal": proposal}, lambda page: _sheet(proposal, page) + ending)
        return

    if not proposal.makes:
        call.say({"proposal": proposal, "created": []}, "This repository is already set up. Next: gitorch doctor")
        return

    _agree(call, proposal, yes=yes)
    template = template_bytes("gitorch.yaml").decode()
    done = setup.init(call.services, caller, template, options)
    lines = [*labelled("created", done.created), "Next: gitorch doctor"]
    call.say({"proposal": proposal, **plain(done)}, "\n".join(lines))


def _agree(call: Call, proposal: Proposal, *, yes: bool) -> None:
    """Show the proposal and ask. Raises Interrupted for a no, Usage without a terminal."""
    if not yes:
        call.must_ask("adopt")

    if not call.json:
        call.note(_sheet(proposal, call.page))

    if not yes and not agrees("\nCreate this?"):
        raise Interrupted("nothing was created")


def _sheet(proposal: Proposal, page: Page) -> str:
    """The proposal as a person reads it before agreeing."""
    rows = [("create", name) for name in proposal.makes]
    rows += [("keep", name) for name in proposal.keeps]
    lines = [page.line("This would be done", "bold"), *page.table(rows, shrinks=(1,), indent=2)]
    if proposal.values:
        values = [(key, value or "nothing") for key, value in proposal.values.items()]
        lines += ["", page.line("with these settings", "bold"), *page.table(values, shrinks=(1,), indent=2)]

    if proposal.notes:
        lines += ["", page.line("notes", "bold")]
        lines += [page.line(f"  {note}") for note in proposal.notes]

    return "\n".join(lines)
