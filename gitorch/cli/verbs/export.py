"""`export`: the ledger, or one run with everything attached to it, as a folder that can be given away and checked by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitorch.cli.group import verb
from gitorch.errors import Usage

if TYPE_CHECKING:
    from gitorch.cli.call import Call
    from gitorch.model.ids import RunId

KINDS = ("secrets", "paths", "emails")


@verb(
    "export",
    "gitorch export ../evidence",
    "gitorch export ../auth --run auth-7f3a --files",
    "gitorch export --verify ../auth",
)
@click.argument("folder", metavar="FOLDER")
@click.option("--run", metavar="RUN", help="Only this run; records of others are there as links of the chain.")
@click.option("--from", "first", metavar="SEQ", type=click.IntRange(0), default=0, help="The first record.")
@click.option("--to", "last", metavar="SEQ", type=click.IntRange(0), help="The last record.")
@click.option(
    "--files", is_flag=True, help="With everything attached: plans, briefs, artifacts, test logs. An archive."
)
@click.option(
    "--keep", multiple=True, metavar="[secrets|paths|emails]", help="Leave these in; all three are taken out."
)
@click.option("--verify", is_flag=True, help="Check an export that is there, by itself.")
@click.pass_obj
def export(
    call: Call,
    folder: str,
    run: str | None,
    first: int,
    last: int | None,
    files: bool,
    keep: tuple[str, ...],
    verify: bool,
) -> None:
    """Write the ledger, or one run, to a folder that can be given away.

    JSON lines and a manifest with digests. Secrets, home folders and e-mail addresses are taken out; the chain of digests
    can still be checked inside the bundle, and the same records always make the same bytes.
    """
    from gitorch.app.query import exporting

    if verify:
        found = exporting.verify_export(call.folder / folder, folder)
        said = (
            f"{folder} holds: records {found.first} to {found.last}, {found.records} checked byte for byte, "
            f"{found.redacted} redacted and held by the chain, {found.links} links, {found.attached} attached files."
        )
        call.say({"checked": found}, said)
        return
    strange = [kind for kind in keep if kind not in KINDS]
    if strange:
        raise Usage(f"{strange[0]} is nothing that is taken out; there are {', '.join(KINDS)}", "gitorch export --help")
    chosen = _run(call, run)
    policies = tuple(kind for kind in KINDS if kind not in keep)
    made = exporting.export(
        call.services, exporting.ExportRequest(chosen, first, last, files, policies), call.folder / folder, folder
    )
    manifest = made.manifest
    said = f"{manifest['records']} records, {manifest['redacted']} of them redacted, {len(manifest['attached'])} attached files"
    call.say(
        {"folder": folder, "manifest": manifest},
        f"Written to {folder}: {said}.\nNext: gitorch export --verify {folder}",
    )


def _run(call: Call, said: str | None) -> RunId | None:
    from gitorch.app.query.lookup import find_run

    return None if said is None else find_run(call.services, said).id


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
    from gitorch.app.query import syncing

    call.people_only("sync")
    done = syncing.sync(call.services, syncing.remote_of(call.services, remote))
    records = "1 record" if done.records == 1 else f"{done.records} records"
    call.say({"sync": done}, DID[done.did].format(remote=done.remote, tip=done.tip[:12], records=records))
