"""`sync`: this clone's ledger and a remote's, brought together where one of them continues the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitorch.cli.grammar import verb

if TYPE_CHECKING:
    from gitorch.cli.call import Call

DID = {
    "nothing": "{remote} and this clone hold the same ledger, up to {tip}.",
    "sent": "{remote} has this clone's ledger now, up to {tip}.",
    "fetched": "{records} came from {remote}; the ledger is at {tip} now.",
}


@verb("sync", "gitorch sync", "gitorch sync origin")
@click.argument("remote", required=False, default="")
@click.pass_obj
def sync(call: Call, remote: str) -> None:
    """Push the ledger to a remote, or take over what the remote's has more.

    Only the ledger's branch is touched, and only forwards; every record that comes in is checked first. Two clones that both
    wrote since they were last in step are refused: ledgers are never merged.
    """
    from gitorch.app import syncing

    call.people_only("sync")
    done = syncing.sync(call.tools, syncing.remote_of(call.tools, remote))
    records = "1 record" if done.records == 1 else f"{done.records} records"
    call.say({"sync": done}, DID[done.did].format(remote=done.remote, tip=done.tip[:12], records=records))
