"""Recording how a plan was answered: a run that is prepared and confirmed, or a plan that was rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.executing.execute import execute, execute_verb
from gitorch.app.query.lookup import board_of
from gitorch.app.start.snapshot import SNAPSHOT_FILE, take_snapshot
from gitorch.errors import Refused
from gitorch.model import commands, events
from gitorch.model.ids import Digest
from gitorch.model.path_text import shell_word
from gitorch.model.values import replace
from gitorch.model.work.message import PRINCIPAL
from gitorch.rules.guards.ensure import not_begun, run_there
from gitorch.rules.views.merge_report import sha256

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.executing.execute import Caller
    from gitorch.app.services import Services
    from gitorch.app.start.preflight import CheckResult
    from gitorch.model.plans.plan import Plan
    from gitorch.model.plans.workflow import Autonomy
    from gitorch.model.work.run import Run


def prepare_run(
    services: Services,
    caller: Caller,
    checked: CheckResult,
    autonomy: Autonomy,
    proof: str,
    *,
    merges: bool = True,
) -> Run:
    """Record the answered sheet: the target is confirmed, where the run merges, and the run prepared and confirmed.

    `proof` is how the caller agreed. Raises Refused for a plan with problems, Denied for an agent.
    """
    ready = checked.ready
    if ready is None:
        message = f"{checked.plan.path} has problems and cannot be started"
        raise Refused(message, f"gitorch check {shell_word(checked.plan.path)}")
    if not services.ledger.exists():
        services.ledger.create(caller.actor, services.clock.now(), f"L-{services.secrets.nonce()}")
    if merges:
        execute_verb(services, None, caller.actor, commands.ConfirmTarget(ready.target), "start")
    prepare = commands.PrepareRun(
        run=ready.run,
        title=ready.title,
        plan=checked.plan.path,
        plan_digest=ready.plan_digest,
        target=ready.target,
        target_commit=ready.target_commit,
        workflow=ready.workflow,
    )
    snapshot = take_snapshot(services)
    confirm = commands.ConfirmRun(
        settings=replace(ready.settings, autonomy=autonomy),
        proof=proof,
        git_settings=services.git.settings_snapshot(),
        repository=Digest(sha256(snapshot)),
    )
    files: dict[type, Mapping[str, bytes]] = {
        events.RunPrepared: ready.files,
        events.RunConfirmed: {SNAPSHOT_FILE: snapshot.encode()},
    }
    state, _ = execute(services, ready.run, caller.actor, (prepare, confirm), files)
    return run_there(state)


def reject_plan(
    services: Services,
    caller: Caller,
    checked: CheckResult,
) -> None:
    """Record that a plan was rejected, and why; nothing is recorded without a ledger.

    The coordinator is notified by the same record.
    Raises Refused where the only fault of the plan is that a run was begun from it.
    """
    if not services.ledger.exists():
        return
    not_begun(board_of(services), Digest(checked.plan.digest))
    failures = tuple(f"{problem.where}: {problem.message}" for problem in checked.problems)
    command = commands.RejectPlan(checked.plan.path, failures, coordinator(services, checked.plan))
    execute_verb(services, None, caller.actor, command, "start")


def coordinator(services: Services, plan: Plan) -> str:
    """Who is notified of a plan's problems: the coordinator of the plan or the configuration, its sender, or the principal.

    The name begins with `@`, unless an agent announced the plan.
    """
    name = plan.settings.get("coordinator") or services.config.coordinator
    if name:
        return f"@{name.removeprefix('@')}"
    return _sender_of(services, plan) or PRINCIPAL


def _sender_of(services: Services, plan: Plan) -> str:
    """Who announced a plan first, among the messages that are kept; empty where nobody did."""
    for message in board_of(services).messages.values():
        if message.announces_plan and message.plan == plan.path:
            return message.sender
    return ""
