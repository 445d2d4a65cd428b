"""`host`: the hosts that share one ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.cli.pages.page import Cell
from gitorch.cli.verb_function import group, verb
from gitorch.errors import Refused, Usage, Waiting

if TYPE_CHECKING:
    from gitorch.app.hosts.listing import HostRow
    from gitorch.cli.call import Call
    from gitorch.cli.pages.page import Page


@group("host")
def host() -> None:
    """Share the work of one ledger between several hosts."""


@verb("host list")
def list_(call: Call) -> None:
    """List the hosts, what they work on, and how long ago each was seen."""
    from gitorch.app.hosts.listing import hosts

    _require_shared(call)
    found = hosts(call.services)
    call.say({"hosts": found}, lambda page: "\n".join(page.table([_row(one, page) for one in found])))


def _row(found: HostRow, page: Page) -> tuple[Cell, ...]:
    """One host as a row."""
    seen = "not seen yet"
    if found.is_here:
        seen = "here"
    elif found.seen_at is not None:
        seen = f"seen {page.age(found.seen_at)} ago"
    key = "has a key" if found.has_key else "has no key"
    return (
        Cell(found.name, "bold"),
        Cell(seen),
        Cell(key),
        Cell(" ".join(found.labels)),
        Cell(", ".join(found.jobs) or "no job"),
    )


@verb("host join")
def join(call: Call, name: str, add: bool, labels: tuple[str, ...], agents: int | None) -> None:
    """Give this host a name and a key of its own."""
    from gitorch.app.hosts.offer import Offer, own_offer, save_offer
    from gitorch.app.query.lookup import board_of
    from gitorch.wiring.joining import join as join_host

    call.people_only("host join")
    _require_shared(call)
    chosen, before = _checked(labels), own_offer(call.services)
    joined, key = join_host(call.services, name)
    save_offer(call.services, Offer(chosen or before.labels, agents or before.agents))
    text = f"This host is {joined}. On a known host type: gitorch host add {joined} '{key}'"
    if board_of(call.services).hosts.get(joined) == key:
        text = f"This host is {joined}, which the ledger knows already. See all hosts: gitorch host list"
    elif add:
        _add(call, joined, key)
        text = f"This host is {joined}, and its records are signed from now on."
    call.say({"host": joined, "key": key}, text)


def _checked(labels: tuple[str, ...]) -> tuple[str, ...]:
    """The labels, sorted. Raises Usage for one that is no word."""
    for label in labels:
        if not label.replace("-", "").replace("_", "").replace(".", "").isalnum():
            raise Usage(
                f"{label[:60]!r} is no label: write letters, digits, `-`, `_` and `.`", "gitorch host join --label gpu"
            )
    return tuple(sorted(set(labels)))


@verb("host add")
def add(call: Call, name: str, key: str) -> None:
    """Let a host write records, or give it another key."""
    call.people_only("host add")
    _require_shared(call)
    if len(key.split()) < 2 or not key.startswith(("ssh-", "ecdsa-", "sk-")):
        raise Usage("the key is a public SSH key, in quotes", "gitorch host join --help")

    public = " ".join(key.split()[:2])
    _add(call, name, public)
    call.say({"host": name, "key": public}, f"{name} may write records of this ledger.")


@verb("host remove")
def remove(call: Call, name: str) -> None:
    """Let a host write no more records."""
    from gitorch.app.executing.execute import execute_verb
    from gitorch.model.commands import RemoveHost

    call.people_only("host remove")
    _require_shared(call)
    execute_verb(call.services, None, call.caller.actor, RemoveHost(name), "host remove")
    call.say({"host": name}, f"{name} may write no more records of this ledger. What it did until now stays.")


def _add(call: Call, name: str, key: str) -> None:
    """Record a host."""
    from gitorch.app.executing.execute import execute_verb
    from gitorch.model.commands import AddHost

    execute_verb(call.services, None, call.caller.actor, AddHost(name, key), "host add")


@verb("host run")
def run(call: Call, once: bool, labels: tuple[str, ...]) -> None:
    """Take one job, work on it until it is handed in, and end."""
    from gitorch.app.hosts.offer import own_offer, save_offer
    from gitorch.app.reconciler.one_job import take_one_job, why_none
    from gitorch.model.values import replace

    call.people_only("host run")
    if not once:
        raise Usage("say how long it runs: for one job, or use gitorch up", "gitorch host run --once")

    _require_shared(call)
    if labels:
        save_offer(call.services, replace(own_offer(call.services), labels=_checked(labels)))
    taken = take_one_job(call.services, call.note)
    words = ", ".join(f"{one.job} is {one.phase}" for one in taken)
    if not taken:
        words = "\n  ".join(("Nothing can be taken here now.", *why_none(call.services)))

    values: dict[str, Any] = {"host": call.services.host.host, "jobs": taken}
    for one in taken:
        if one.is_asked_about:
            from gitorch.cli.waiting import with_questions

            error = Waiting(f"people are asked about {one.job}", "gitorch inbox")
            raise with_questions(call, error, one.run, (words,), **values)

    call.say(values, words)


def _require_shared(call: Call) -> None:
    """Raises Refused where this clone alone has the ledger."""
    if not call.services.ledger.is_shared:
        raise Refused("this ledger is not shared between hosts", "gitorch config set ledger.remote origin")
