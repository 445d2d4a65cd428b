"""`adopt`: a repository on its first day: what would be done, one question, and then exactly that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitorch.cli.boundary import Interrupted
from gitorch.cli.group import verb
from gitorch.cli.pages.plain import plain

if TYPE_CHECKING:
    from gitorch.app.start.setup import Proposal
    from gitorch.cli.call import Call
    from gitorch.cli.pages.page import Page


@verb("adopt", "gitorch adopt", "gitorch adopt --yes", "gitorch adopt --dry-run --json")
@click.option("--runtime", default="", metavar="NAME", help="Who writes and reviews: claude, codex, …, or scripted.")
@click.option("--target", default="", metavar="BRANCH", help="The branch that approved work is merged to.")
@click.option("--tests", default="", metavar="COMMAND", help="The command that tells whether the work is sound.")
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@click.option("--yes", is_flag=True, help="Agree beforehand. Needed without a terminal.")
@click.pass_obj
def adopt(call: Call, runtime: str, target: str, tests: str, dry_run: bool, yes: bool) -> None:
    """Take a repository into use: show what would be made and guessed, ask once, and make it.

    Two things are made: `gitorch.yaml` and the branch of the ledger. No file of yours is changed, and nothing is pushed.
    """
    from gitorch.app.start import setup
    from gitorch.cli.pages.sheets import agrees
    from gitorch.world.resources import template_bytes

    caller = call.people_only("adopt")
    wishes = setup.InitOptions(runtime, target, tests)
    proposal = setup.propose(call.services, wishes)
    if dry_run:
        call.say(
            {"proposal": proposal}, lambda page: f"{_sheet(proposal, page)}\n\nNothing was changed. Next: gitorch adopt"
        )
        return
    if not proposal.makes:
        call.say({"proposal": proposal, "created": []}, "This repository is in use already. Next: gitorch doctor")
        return
    if not yes:
        call.must_ask("adopt")
    if not call.json:
        call.note(_sheet(proposal, call.page))
    if not yes and not agrees("\nMake this?"):
        raise Interrupted("nothing was made")
    done = setup.init(call.services, caller, template_bytes("gitorch.yaml").decode(), wishes)
    call.say(
        {"proposal": proposal, **plain(done)},
        "\n".join([*(f"created  {name}" for name in done.created), "Next: gitorch doctor"]),
    )


def _sheet(proposal: Proposal, page: Page) -> str:
    rows = [*(("make", what) for what in proposal.makes), *(("keep", what) for what in proposal.keeps)]
    lines = [page.line("This would be done", "bold"), *page.table(rows, gives=(1,), indent=2)]
    if proposal.values:
        guessed = [(key, value or "nothing") for key, value in proposal.values.items()]
        lines += ["", page.line("with these answers", "bold"), *page.table(guessed, gives=(1,), indent=2)]
    notes = [page.line(f"  {note}") for note in proposal.notes]
    return "\n".join([*lines, *(["", page.line("to know", "bold"), *notes] if notes else [])])
