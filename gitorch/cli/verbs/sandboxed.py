"""What an agent's verb does when the repository cannot be written or reached from where the agent is: it leaves a slip."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from gitorch.errors import Denied, GitorchError, Malformed, Refused, Usage
from gitorch.model.words import ReportWords, Slip

if TYPE_CHECKING:
    from gitorch.app.outbox import Sandbox
    from gitorch.cli.call import Call
    from gitorch.model.words import VerdictWords


def by_slip(call: Call, shut: GitorchError | OSError, said: ReportWords | VerdictWords) -> None:
    """Leave what was said in the outbox where a sandbox is why the call failed; else raise what it failed with."""
    from gitorch.app.outbox import leave

    sandbox = sandbox_of(call, shut)
    if sandbox is None:
        raise shut
    badge = call.badge
    report, verdict = (said, None) if isinstance(said, ReportWords) else (None, said)
    sentence, recorded = leave(sandbox, Slip(badge.run, badge.token, secrets.token_hex(4), report, verdict))
    call.say({"said": sentence, "recorded": recorded}, sentence)


def sandbox_of(call: Call, shut: GitorchError | OSError) -> Sandbox | None:
    """The sandbox that made a call fail; None where it failed for what the caller said or may not do."""
    if isinstance(shut, Denied | Malformed | Refused | Usage):
        return None
    return call.parts.sandbox(call.folder, call.environ)
