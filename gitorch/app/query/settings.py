"""The git settings of this clone that stood when the runs at work here began: what changed since is not used (DESIGN §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import load_runs, unsettled_runs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.services import Services
    from gitorch.model.work.run import Run


def trusted_settings(services: Services) -> Mapping[str, str] | None:
    """The git settings that every unsettled run recorded when it began in this clone, each with its digest.

    None where none of them recorded any.
    A setting that only some of them recorded is left out: an agent of an earlier run could have planted it.
    """
    trusted: Mapping[str, str] | None = None
    for run in load_runs(services, unsettled_runs(services)):
        settings = run.git_settings
        if is_of_another_host(services, run):
            settings = run.settings_taken.get(services.host.host)
        if settings is None:
            continue
        if trusted is None:
            trusted = settings
        else:
            trusted = _in_both(trusted, settings)
    return trusted


def is_of_another_host(services: Services, run: Run) -> bool:
    """Whether another host prepared a run, whose snapshots are of its own clone."""
    return services.ledger.is_shared and run.host not in {"", services.host.host}


def _in_both(ours: Mapping[str, str], theirs: Mapping[str, str]) -> Mapping[str, str]:
    """The settings that both snapshots hold with the same digest."""
    same: dict[str, str] = {}
    for key, digest in ours.items():
        if theirs.get(key) == digest:
            same[key] = digest
    return same
