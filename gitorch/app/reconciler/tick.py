"""One tick: observe, reconcile, append, perform what is outstanding. A second tick does nothing new."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.app.execute import execute
from gitorch.app.reconciler.observe import observe
from gitorch.app.reconciler.perform import kept_prompt, perform
from gitorch.app.redaction import redact_output
from gitorch.app.sessions.teardown import tear_down
from gitorch.app.work.context import token_digest
from gitorch.app.work.outbox import collect
from gitorch.errors import Denied, Refused, Unavailable
from gitorch.model import commands, events
from gitorch.model.ids import Digest
from gitorch.model.run import OVER, RunPhase
from gitorch.model.values import Value, replace
from gitorch.ports.world import SessionKey
from gitorch.rules.outstanding import only_people_left, outstanding
from gitorch.rules.reconcile import reconcile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.services import Services
    from gitorch.model.board import State
    from gitorch.model.commands import Command
    from gitorch.model.ids import RunId, SessionId
    from gitorch.model.observed import Observed
    from gitorch.model.run import Run
    from gitorch.ports.ledger import WrittenRecord


class TickResult(Value):
    """What a tick came to. `waiting` says that only people can go on; `over` that nothing is left to do at all."""

    run: Run
    seen: Observed
    written: tuple[WrittenRecord, ...]
    silent: tuple[str, ...]
    acted: bool
    waiting: bool
    over: bool


def tick(services: Services, run_id: RunId) -> TickResult:
    """One tick of one run. Raises Busy, Corrupt; a silent world is answered in `silent`."""
    run = _started(services, _run(services.ledger.state(run_id)))
    heard, run, mute = _heard(services, run)
    look = observe(services, run)
    written: list[WrittenRecord] = []
    silent = [*mute, *look.silent]
    for command in reconcile(run, look.seen):
        try:
            _finish(services, run, command)
            run = _learned(services, run, command, written)
        except Unavailable as mute:
            silent.append(mute.message)
    run = _taken_as_files(services, run, written)
    owed = outstanding(run, look.seen)
    for effect in owed:
        try:
            for command in perform(services, run, effect):
                run = _learned(services, run, command, written)
        except Unavailable as mute:
            silent.append(mute.message)
    quiet = not written and not owed and not heard
    return TickResult(
        run=run,
        seen=look.seen,
        written=tuple(written),
        silent=tuple(dict.fromkeys(silent)),
        acted=not quiet,
        waiting=quiet and only_people_left(run, look.seen),
        over=quiet and run.phase in OVER and only_people_left(run, look.seen),
    )


def _taken_as_files(services: Services, run: Run, written: list[WrittenRecord]) -> Run:
    """Publish what agents that cannot run commands have left where it was expected."""
    if not any(job.spec.artifacts and job.lease is not None for job in run.jobs.values()):
        return run
    from gitorch.app.work.artifacts import attaching, submitted_as_files  # noqa: PLC0415  only runs with artifacts pay for YAML

    for command, data in submitted_as_files(services, run):
        with suppress(Refused, Denied):
            state, more = execute(services, run.id, services.host, command, attaching({command.digest: data}))
            run = _run(state)
            written += more
    return run


def _run(state: State) -> Run:
    if state.run is None:
        message = "there is no such run"
        raise Refused(message, "gitorch status")
    return state.run


def _started(services: Services, run: Run) -> Run:
    if run.phase is not RunPhase.READY:
        return run
    return _run(execute(services, run.id, services.host, commands.StartRun())[0])


def _heard(services: Services, run: Run, only: SessionId | None = None) -> tuple[bool, Run, tuple[str, ...]]:
    """What agents left in their outboxes is carried out; whether there was any, the run after it, and who was silent."""
    try:
        heard = collect(services, run, only)
    except Unavailable as mute:
        return True, _run(services.ledger.state(run.id)), (mute.message,)
    return heard, _run(services.ledger.state(run.id)) if heard else run, ()


def _learned(services: Services, run: Run, command: Command, written: list[WrittenRecord]) -> Run:
    """Append what the command leads to. One that was overtaken is dropped: the next tick asks again."""
    command = _completed(services, run, command)
    try:
        state, more = execute(services, run.id, services.host, command, _attached(services, run, command))
    except Refused:
        return _run(services.ledger.state(run.id))
    written += more
    return _run(state)


def _finish(services: Services, run: Run, command: Command) -> None:
    """Do what must be done before the ledger may say this, where whoever began it was killed or the world did it alone."""
    if isinstance(command, commands.EndSession):
        _heard(services, run, command.session)  # it may have left its last word since we looked, and it can say no more
        tear_down(services, run, command.session)
    elif isinstance(command, commands.RecordMerge):
        services.git.move(run.target, command.new, command.old)


def _completed(services: Services, run: Run, command: Command) -> Command:
    """Add what rules may not make: a session's token and a fresh nonce, the digest of a test run's log."""
    if isinstance(command, commands.RecordCheck):
        log = redact_output(services.checks.log(command.check.commit, command.check.command))
        digest = Digest(f"sha256:{hashlib.sha256(log).hexdigest()}") if log else None
        return replace(command, check=replace(command.check, log=digest))
    if not isinstance(command, commands.GrantLease):
        return command
    token = services.secrets.token(SessionKey(run.id, command.session))
    return replace(command, token=token_digest(token), nonce=services.secrets.nonce())


def _attached(services: Services, run: Run, command: Command) -> Mapping[type, Mapping[str, bytes]]:
    """The files that belong to a record: a text as it was told, the log of a test run."""
    if isinstance(command, commands.RecordDelivery):
        text = services.files.read(kept_prompt(services, run, command.session, command.prompt))
        return {} if text is None else {events.PromptDelivered: {f"{command.prompt}.md": text}}
    if isinstance(command, commands.RecordCheck):
        log = redact_output(services.checks.log(command.check.commit, command.check.command))
        return {events.CheckRecorded: {"tests.log": log}} if log else {}
    if isinstance(command, commands.IssueReport):
        return {events.ReportIssued: {"report.json": command.data.encode()}} if command.data else {}
    return {}
