"""Giving this host a name and a key, in the clone's git directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Refused, Usage
from gitorch.text.slug import id_fault
from gitorch.wiring.host import host_name
from gitorch.world.git.host_keys import make_host_key

if TYPE_CHECKING:
    from gitorch.wiring.repository import Repository


def join(repository: Repository, name: str) -> tuple[str, str]:
    """The name of this host, and its public key, which is made where there is none. Raises Usage for a bad name, Refused for another's."""
    chosen = name or host_name(repository.home)
    fault = id_fault(chosen.replace(".", "-"))
    if fault:
        raise Usage(f"{chosen[:60]!r} {fault}", "gitorch host join --name attic")

    _ensure_free(repository, chosen)
    repository.files.write(repository.home / "host", f"{chosen}\n".encode())
    repository.take_name(chosen)
    return chosen, make_host_key(repository.home / "host-key", chosen)


def _ensure_free(repository: Repository, name: str) -> None:
    """Raises Refused where another clone is the known host of this name: two under one name would end each other's agents."""
    if not repository.ledger.exists():
        return

    known = repository.ledger.state(None).board.hosts.get(name)
    here = (repository.files.read(repository.home / "host-key.pub") or b"").decode("ascii", "replace")
    if known is not None and " ".join(here.split()[:2]) != known:
        message = (
            f"another clone is the host {name} of this ledger; choose another name, or, if that clone is gone, "
            f"type on a known host: gitorch host remove {name}"
        )
        raise Refused(message, f"gitorch host join --name {name}-2")
