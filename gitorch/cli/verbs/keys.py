"""`keys`: the people who may approve a merge, and their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.pages.page import Cell
from gitorch.cli.verb_function import group, verb
from gitorch.errors import Usage
from gitorch.model.counts import counted
from gitorch.model.path_text import shell_word

if TYPE_CHECKING:
    from gitorch.app.people.keys import Approver
    from gitorch.cli.call import Call
    from gitorch.cli.pages.page import Page


@group("keys")
def keys() -> None:
    """Manage the keys that may sign approvals: list, add, remove."""


@verb("keys list")
def list_(call: Call) -> None:
    """List the people who may approve, and how your own keys are guarded."""
    from gitorch.app.people.keys import adding_command, approvers, approvers_file

    found = approvers(call.services)
    path = approvers_file(call.services)
    adding = adding_command(call.services)
    call.say({"file": path, "approvers": found}, lambda page: _text(found, path.name, adding, page))


def _text(found: tuple[Approver, ...], name: str, adding: str, page: Page) -> str:
    """The keys as a table, or what to do when there are none."""
    if not found:
        return f"No key may sign approvals: {name} is empty. Add one: {adding}"

    rows = [(Cell(one.name, "bold"), Cell(one.public.split()[0]), _guard_cell(one)) for one in found]
    return "\n".join(page.table(rows))


def _guard_cell(approver: Approver) -> Cell:
    """The guard of one of the caller's own keys, or a note that it is another's."""
    from gitorch.app.people.keys import GUARDED, GUARDS

    if approver.own is None:
        return Cell("not yours")

    good = approver.own.guard in GUARDED
    return Cell(f"yours; {GUARDS[approver.own.guard]}", "green" if good else "yellow")


@verb("keys add")
def add(call: Call, key: str | None, new: bool, name: str) -> None:
    """Let a key sign the approvals of runs that are prepared from now on."""
    from gitorch.app.people import keys as app

    call.people_only("keys add")
    if (key is None) is not new:
        raise Usage("name one key, or create one with --new", "gitorch keys add ~/.ssh/id_ed25519.pub")

    signer = name or "-".join(call.services.git.user_name().split())
    if key is None:
        key = _new_key(call, signer)

    added = app.add(call.services, key, signer)
    guard = "" if added.own is None else app.GUARDS[added.own.guard]
    path = app.approvers_file(call.services)
    text = (
        f"{signer} may approve: the key {guard}. Commit {path.name}, and set approval.at_least: signed in gitorch.yaml."
    )
    if added.public not in {own.public for own in app.own_keys(call.services)}:
        text += (
            f" If the key is yours, tell git, or you cannot sign with it: git config user.signingKey {shell_word(key)}"
        )
    call.say({"added": added, "file": path}, text)


def _new_key(call: Call, name: str) -> str:
    """The path of a new key. Raises Usage without a terminal."""
    if not call.can_ask:
        raise Usage("a new key needs a passphrase, and nobody can be asked for one here", "gitorch keys add KEY")

    return call.services.signatures.make_key(name).path


@verb("keys remove")
def remove(call: Call, name: str) -> None:
    """Remove the keys of an approver from the file. Runs that are already prepared keep their keys."""
    from gitorch.app.people import keys as app

    call.people_only("keys remove")
    removed = app.remove(call.services, name)
    call.say({"removed": removed}, f"{name} may no longer approve new runs: {counted(len(removed), 'key')} removed.")
