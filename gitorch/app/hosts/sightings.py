"""When each host wrote its newest record, as this host saw it, in `<common git dir>/gitorch/seen/hosts.json`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitorch.app.hosts.watch import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.services import Services
    from gitorch.model.ids import Moment

NEXT = ""
"""The key, which no host's name can be, of the number of the first record that was not looked at."""

LOOKED_AT_FIRST_MAX = 1_000
"""How far a host that begins to watch reads back. Whoever wrote nothing since then is not there."""


def unseen_for(services: Services, host: str, now: Moment) -> int:
    """For how many milliseconds this host has seen no record of another one. A host that was never seen counts from now on."""
    seen = _look(services, now)
    if host not in seen:
        _save(services, {**seen, host: now})
    return now - min(now, seen.get(host, now))


def sightings(services: Services, now: Moment) -> dict[str, int]:
    """When the newest record of each host was seen here. Costs what the new records cost."""
    seen = _look(services, now)
    seen.pop(NEXT, None)
    return seen


def _look(services: Services, now: Moment) -> dict[str, int]:
    """The times with those of new records, and the number of the next record."""
    path = services.home / "seen" / "hosts.json"
    seen: dict[str, int] = {}
    for name, entry in load(services, path).items():
        seen[name] = int(str(entry[0]))

    first = seen.get(NEXT, 0)
    newest = next(services.ledger.newest(), None)
    if newest is None or newest.record.seq < first:
        return seen

    last = newest.record.seq
    for written in services.ledger.records(after=max(first - 1, last - LOOKED_AT_FIRST_MAX)):
        seen[written.record.actor.host] = now
        last = written.record.seq
    seen[NEXT] = last + 1
    _save(services, seen)
    return seen


def _save(services: Services, seen: Mapping[str, int]) -> None:
    """Remember the times."""
    path = services.home / "seen" / "hosts.json"
    entries: dict[str, list[int]] = {}
    for name, at in seen.items():
        entries[name] = [at]
    services.files.write(path, json.dumps(entries).encode())
