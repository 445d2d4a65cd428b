"""The ledger that several hosts share, put together; only repositories that set the remote of `ledger` import this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.ledger.shared import SharedLedger
from gitorch.wiring.repository import LazyHistory, environment_of_git, evolve_lazily, open_store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitorch.ports.ledger import Upstream


def open_shared_ledger(common: Path, environ: Mapping[str, str], upstream: Upstream) -> SharedLedger:
    """The ledger of a repository and of everybody who shares it over this remote."""
    env = environment_of_git(environ)
    return SharedLedger(open_store(common, env), upstream, LazyHistory(common, env), common, evolve_lazily)
