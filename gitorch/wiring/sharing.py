"""The ledger that several hosts share, put together; only repositories that set the remote of `ledger` import this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.ledger.shared import SharedLedger
from gitorch.wiring.host import host_key
from gitorch.wiring.stores import LazyHistory, environment_of_git, evolve_lazily, open_store
from gitorch.world.git.host_keys import SshHostKeys

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitorch.ports.ledger import Upstream


def open_shared_ledger(common: Path, environ: Mapping[str, str], upstream: Upstream) -> SharedLedger:
    """The ledger of a repository and of everybody who shares it over this remote."""
    env = environment_of_git(environ)
    keys = SshHostKeys(host_key(common / "gitorch"), environ)
    return SharedLedger(open_store(common, env), upstream, keys, LazyHistory(common, env), common, evolve_lazily)
