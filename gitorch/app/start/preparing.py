"""How the worktrees of a run are made ready: what the configuration says, and the patterns of `.worktreeinclude`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import replace

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.plans.config import Config
    from gitorch.model.plans.preparation import Preparation

INCLUDE_FILE = ".worktreeinclude"
"""At the root: patterns of ignored files that new worktrees get, as other tools read it too."""


def preparation_of(services: Services, config: Config) -> Preparation:
    """What is done in new worktrees by this configuration, as the root stands now; a run keeps it."""
    preparation = config.preparation
    data = services.files.read(services.root / INCLUDE_FILE) or b""
    patterns = list(preparation.copies)
    for raw in data.decode("utf-8", "replace").splitlines():
        line = raw.strip()
        if line and not line.startswith("#"):
            patterns.append(line)

    return replace(preparation, copies=tuple(dict.fromkeys(patterns)))
