"""Every verb by its name, in the order of use, and the groups in which help and documentation show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.verbs import (
    answering,
    beginning,
    claiming,
    connecting,
    managing,
    planning,
    recorded,
    sharing,
    submitting,
    watching,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.verbs.verb import Verb

GROUPS: Mapping[str, tuple[Verb, ...]] = {
    "Begin": beginning.VERBS,
    "Write plans": planning.VERBS,
    "Watch and drive": watching.VERBS,
    "Decide and write": answering.VERBS,
    "Manage runs and agents": managing.VERBS,
    "Read and keep the ledger": recorded.VERBS,
    "Share work between hosts": sharing.VERBS,
    "Connect other programs": connecting.VERBS,
    "Work as an agent, or by hand": (*claiming.VERBS, *submitting.VERBS),
}
"""The verbs by what one wants to do."""

TABLE: Mapping[str, Verb] = {verb.name: verb for verbs in GROUPS.values() for verb in verbs}
"""All verbs, those of groups too, by their whole names."""

VERBS: Mapping[str, Verb] = {name: verb for name, verb in TABLE.items() if " " not in name}
"""The verbs that follow `gitorch` on a command line."""
