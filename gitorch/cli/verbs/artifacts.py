"""`publish`, `findings`: documents that a job produces beside commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitorch.cli.group import verb

if TYPE_CHECKING:
    from gitorch.cli.call import Call

RUN = click.option("--run", metavar="RUN", help="For manual work: the run, where several are open.")
JOB = click.option("--job", metavar="JOB", help="For manual work: which of your jobs, where you hold several.")
FENCE = click.option("--fence", type=int, default=0, metavar="N", help="Proceed only if the lease has this number.")


@verb("publish", "gitorch publish docs/findings.md --kind finding", "gitorch publish report")
@click.argument("what", metavar="PATH|NAME")
@click.option("--kind", metavar="KIND", default="", help="The kind: finding, synthesis, support_ledger, …, other.")
@click.option("--name", metavar="NAME", default="", help="Its name; by default the name of the file.")
@click.option(
    "--allow-secrets",
    "override",
    metavar="REASON",
    default="",
    help="For the principal: record text that looks like a secret.",
)
@JOB
@FENCE
@RUN
@click.pass_obj
def publish(
    call: Call, what: str, kind: str, name: str, override: str, job: str | None, fence: int, run: str | None
) -> None:
    """Record a document of your job in the ledger; a changed one is a new version.

    A document that the job must deliver is found by its name or path; the handoff publishes it too. Errors in its front
    matter are reported with field and line, and each claim of a support ledger is checked.
    """
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


@verb("findings", "gitorch findings --job merge-findings")
@JOB
@RUN
@click.pass_obj
def findings(call: Call, job: str | None, run: str | None) -> None:
    """Print the findings of the reviews before your job, as a findings ledger to publish.

    Write a disposition for every finding, then publish the ledger.
    """
    from gitorch.app.work import artifacts, submissions

    found, session, _ = submissions.who(call.services, call.bearer(job, run))
    text = artifacts.findings(found, session)
    call.say({"job": session.job, "ledger": text}, text.rstrip())
