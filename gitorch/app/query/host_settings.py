"""The git settings of a host that did not prepare a run, recorded before any agent of that run could change them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.settings import is_of_another_host
from gitorch.model.commands import TakeSettings

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.work.run import Run


def settings_to_take(services: Services, run: Run) -> tuple[TakeSettings, ...]:
    """The command that must be recorded before this host's first session of the run; empty where nothing is missing.

    Raises Unavailable where git cannot read its configuration: then no session may begin.
    """
    if not is_of_another_host(services, run) or services.host.host in run.settings_taken:
        return ()

    return (TakeSettings(services.git.settings_snapshot()),)
