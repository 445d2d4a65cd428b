"""`export`, `sync`: the ledger, or one run with its files, as a folder for others or on a remote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.verb_function import verb
from gitorch.errors import Usage
from gitorch.model.counts import counted
from gitorch.model.path_text import shell_word

if TYPE_CHECKING:
    from gitorch.app.query.exporting import ExportRequest
    from gitorch.cli.call import Call
    from gitorch.model.ids import RunId

KINDS = ("secrets", "paths", "emails")


@verb("export")
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
    """Export the ledger, or one run, to a folder for others."""
    from gitorch.app.query.exporting import ExportRequest

    if verify:
        _verify(call, folder)
        return

    for kind in keep:
        if kind not in KINDS:
            raise Usage(f"{kind} is never redacted; --keep takes {', '.join(KINDS)}", "gitorch export --help")

    redacted = tuple(kind for kind in KINDS if kind not in keep)
    _export(call, folder, ExportRequest(_run_id(call, run), first, last, files, redacted))


def _export(call: Call, folder: str, request: ExportRequest) -> None:
    """Write the export, and print its manifest."""
    from gitorch.app.query import exporting

    manifest = exporting.export(call.services, request, call.folder / folder, folder).manifest
    counts = (
        f"{counted(manifest['records'], 'record')}, {manifest['redacted']} of them redacted,"
        f" {counted(len(manifest['attached']), 'attached file')}"
    )
    text = f"Written to {folder}: {counts}.\nNext: gitorch export --verify {shell_word(folder)}"
    call.say({"folder": folder, "manifest": manifest}, text)


def _verify(call: Call, folder: str) -> None:
    """Check an export. Raises Corrupt, NotFound."""
    from gitorch.app.query import exporting

    found = exporting.verify_export(call.folder / folder, folder)
    text = (
        f"{folder} is intact: records {found.first} to {found.last}, {found.records} checked byte for byte,"
        f" {found.redacted} redacted and covered by the chain, {counted(found.links, 'link')}, {counted(found.attached, 'attached file')}."
    )
    call.say({"checked": found}, text)


def _run_id(call: Call, run: str | None) -> RunId | None:
    """The id of the named run; None for an export of everything."""
    from gitorch.app.query.lookup import find_run

    if run is None:
        return None

    return find_run(call.services, run).id


OUTCOMES = {
    "nothing": "{remote} and this clone have the same ledger, up to {tip}.",
    "sent": "{remote} now has this clone's ledger, up to {tip}.",
    "fetched": "Fetched {records} from {remote}; the ledger is now at {tip}.",
}


@verb("sync")
def sync(call: Call, remote: str, yes: bool) -> None:
    """Push the ledger to a remote, or fetch the remote's newer records."""
    from gitorch.app.people.proposal_looks import adopt_merges
    from gitorch.app.query import syncing

    call.people_only("sync")
    if call.services.ledger.is_shared:
        from gitorch.cli.by_hand import say_decided

        say_decided(call, yes=yes)
    done = syncing.sync(call.services, syncing.choose_remote(call.services, remote))
    text = OUTCOMES[done.did].format(remote=done.remote, tip=done.tip[:12], records=counted(done.records, "record"))
    approved = adopt_merges(call.services)
    for run in approved:
        text += f"\nThe report of {run} is approved by its pull request. Merge it: gitorch up {run}"
    call.say({"sync": done, "approved": approved}, text)
