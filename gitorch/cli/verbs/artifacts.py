"""`publish`, `findings`: documents that a job produces beside commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.verb_function import verb

if TYPE_CHECKING:
    from gitorch.cli.call import Call


@verb("publish")
def publish(
    call: Call, what: str, kind: str, name: str, override: str, job: str | None, fence: int, run: str | None
) -> None:
    """Record a document of your job in the ledger; a changed one is a new version."""
    from gitorch.app.work import artifacts, submissions

    holder = submissions.who(call.services, call.bearer(job, run, fence), "publish")
    request = artifacts.PublishRequest(what, kind, name, override)
    found, new = artifacts.publish(call.services, holder, call.folder, request, fence)
    state = "already published"
    if new:
        state = "published"

    lines = [f"{found.name} of {found.job} is {state} as version {found.version} ({found.digest[:19]})."]
    lines += [f"  not supported: {fault}" for fault in found.faults]
    call.say({"artifact": found, "new": new}, "\n".join(lines))


@verb("findings")
def findings(call: Call, job: str | None, run: str | None) -> None:
    """Print the findings of the reviews before your job, as a findings ledger to publish."""
    from gitorch.app.work import artifacts, submissions

    found, session, _ = submissions.who(call.services, call.bearer(job, run))
    text = artifacts.findings(found, session)
    call.say({"job": session.job, "ledger": text}, text.rstrip())
