"""A workflow file as it was read: the workflow without its briefs' digests, and the texts that become those briefs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import JobId
    from gitorch.model.workflow import Settings, Workflow


class WorkflowSource(Value):
    """`briefs` hold, for every job that an agent works on, what the file tells it: role, objective, what to read, posture.

    `places` tells line and column of `jobs.x` and `lanes.x`.
    `settings` are the given defaults with what the file's policies set instead. `target` is empty where the file names none.
    """

    workflow: Workflow
    briefs: Mapping[JobId, str]
    settings: Settings
    target: str = ""
    context: tuple[str, ...] = ()
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
