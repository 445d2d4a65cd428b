"""What waits for people, beside the error of a verb that cannot go on without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.runs import all_inbox
from gitorch.cli.boundary import Detailed
from gitorch.errors import Waiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.cli.call import Call
    from gitorch.errors import GitorchError


def with_questions(
    call: Call, error: GitorchError, run: str | None = None, lines: Sequence[str] = (), /, **values: object
) -> Detailed:
    """The error with these values; a Waiting has the open questions too, as `waiting`: those of the run, else those of all runs."""
    if isinstance(error, Waiting):
        values["waiting"] = all_inbox(call.services, run)

    return Detailed(error, lines, **values)
