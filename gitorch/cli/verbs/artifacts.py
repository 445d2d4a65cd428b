"""`publish`, `findings`: documents that a job hands in beside commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitorch.cli.group import verb

if TYPE_CHECKING:
    from gitorch.cli.call import Call

RUN = click.option("--run", metavar="RUN", help="By hand: the run, where several are open.")
JOB = click.option("--job", metavar="JOB", help="By hand: which of your jobs, where you hold several.")
FENCE = click.option("--fence", type=int, default=0, metavar="N", help="Only if this is the number of the lease.")


@verb("publish", "gitorch publish docs/findings.md --kind finding", "gitorch publish report")
@click.argument("what", metavar="PATH|NAME")
@click.option("--kind", metavar="KIND", default="", help="What it is: finding, synthesis, support_ledger, …, other.")
@click.option("--name", metavar="NAME", default="", help="What it is called; without one, the file's name.")
@click.option(
    "--allow-secrets", "override", metavar="REASON", default="", help="The principal: keep what looks like one."
)
@JOB
@FENCE
@RUN
@click.pass_obj
def publish(
    call: Call, what: str, kind: str, name: str, override: str, job: str | None, fence: int, run: str | None
) -> None:
    """Keep a document of your job in the ledger, as a new version where it changed.

    A file that the job is expected to hand in is known by its name or path, and is published with the handoff anyway. What
    its front matter lacks is told with field and line; claims of a support ledger are looked up.
    """
    from gitorch.app.work import artifacts, submissions

    holder = submissions.who(call.services, call.bearer(job, run, fence), "publish")
    wish = artifacts.PublishRequest(what, kind, name, override)
    found, new = artifacts.publish(call.services, holder, call.folder, wish, fence)
    said = f"{found.name} of {found.job} is {'published' if new else 'published already'} as version {found.version}"
    faults = "".join(f"\n  not supported: {fault}" for fault in found.faults)
    call.say({"artifact": found, "new": new}, f"{said} ({found.digest[:19]}).{faults}")


@verb("findings", "gitorch findings --job merge-findings")
@JOB
@RUN
@click.pass_obj
def findings(call: Call, job: str | None, run: str | None) -> None:
    """Print what the reviews before your job found, as a findings ledger to publish.

    Write a disposition for each finding, then publish it; it must name every one.
    """
    from gitorch.app.work import artifacts, submissions

    found, session, _ = submissions.who(call.services, call.bearer(job, run))
    text = artifacts.findings(found, session)
    call.say({"job": session.job, "ledger": text}, text.rstrip())
