"""What the repository holds outside the work branches when a run begins, so that its report can name what changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.app.services import Services

SNAPSHOT_FILE = "repository.json"
"""The name of the snapshot among the files of the run's `run-confirmed` record."""


def take_snapshot(services: Services) -> str:
    """The refs, settings and hooks of the repository as JSON, one line each."""
    return json.dumps(services.git.repository_snapshot(), indent=0, sort_keys=True) + "\n"
