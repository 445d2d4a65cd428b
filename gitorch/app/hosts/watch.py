"""When this host saw the last change of what others work on, in `<common git dir>/gitorch/seen/<run>.json`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitorch.model.json_text import parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.ids import JobId, Moment, RunId


def unchanged_ms(services: Services, run: RunId, states: Mapping[JobId, str], now: Moment) -> Mapping[JobId, int]:
    """For how long the state of each job has been the same here.

    A state that is new here has been so for 0 ms. Times are of this host's clock; where that went back, watching begins anew.
    """
    path = services.home / "seen" / f"{run}.json"
    before = load(services, path)
    seen: dict[str, list[object]] = {}
    unchanged: dict[JobId, int] = {}
    for name, state in states.items():
        since = _since(before.get(name), state, now)
        seen[name] = [state, since]
        unchanged[name] = now - since

    if seen != before:
        services.files.write(path, json.dumps(seen).encode())
    return unchanged


def load(services: Services, path: Path) -> dict[str, list[object]]:
    """A file of this folder; empty where it is absent or cannot be read: watching then begins anew."""
    try:
        found = parse_json(services.files.read(path) or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _since(known: object, state: str, now: Moment) -> int:
    """Since when this state has been seen, at `now` at the latest."""
    match known:
        case [str(before), int(since)] if before == state and since <= now:
            return since
    return now
