"""One tick: observe, reconcile, append, perform what is outstanding. A second tick does nothing new."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.app.execute import execute
from gitorch.app.reconciler.observe import observe
from gitorch.app.reconciler.perform import perform
from gitorch.app.reconciler.prompts import kept_prompt
from gitorch.app.reconciler.sandboxes import take_commits
from gitorch.app.redaction import redact_output
from gitorch.app.sessions.teardown import tear_down
from gitorch.app.work.context import token_digest
from gitorch.app.work.outbox import collect
from gitorch.errors import Denied, Refused, Unavailable
from gitorch.model import commands, events
from gitorch.model.ids import Digest
from gitorch.model.values import Value, replace
from gitorch.model.work.run import RunPhase
from gitorch.ports.world import SessionKey
from gitorch.rules.ensure import run_there
from gitorch.rules.outstanding import only_people_left, outstanding
from gitorch.rules.reconcile import reconcile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.services import Services
    from gitorch.model.commands import Command
    from gitorch.model.effects import Effect
    from gitorch.model.ids import RunId, SessionId
    from gitorch.model.observed import Observed
    from gitorch.model.work.run import Run
    from gitorch.ports.ledger import WrittenRecord


class TickResult(Value):
    """The result of a tick."""

    run: Run
    observed: Observed
    written: tuple[WrittenRecord, ...]
    silent: tuple[str, ...]
    """Why something could not be asked, in words for people."""
    acted: bool
    """Whether the tick recorded or did anything."""
    waiting: bool
    """Whether only people can go on."""
    over: bool
    """Whether nothing is left to do at all."""


def tick(services: Services, run_id: RunId) -> TickResult:
    """One tick of one run: everything that its newest state and one observation of the world call for.

    A second tick does nothing new while neither changes; a killed one is made good by the next.
    What cannot be asked is answered in `silent`, and nothing is concluded from it.

    Raises Busy where the ledger stays locked, Corrupt where it does not hold, NotFound for an unknown run.
    """
    return _Tick(services, run_id).result()


class _Tick:
    """The run as it changes during a tick, and everything that was recorded."""

    def __init__(self, services: Services, run_id: RunId) -> None:
        self.services = services
        self.run = run_there(services.ledger.state(run_id))
        self.written: list[WrittenRecord] = []
        self.silent: list[str] = []

    def result(self) -> TickResult:
        """Do all steps of the tick, in this order."""
        self.start_run()
        collected = self.collect_outboxes()
        observation = observe(self.services, self.run)
        self.silent.extend(observation.silent)
        for command in reconcile(self.run, observation.observed):
            self.learn(command)
        self.publish_files()
        effects = outstanding(self.run, observation.observed)
        for effect in effects:
            self.perform(effect)
        acted = bool(self.written or effects or collected)
        waiting = not acted and only_people_left(self.run, observation.observed)
        return TickResult(
            run=self.run,
            observed=observation.observed,
            written=tuple(self.written),
            silent=tuple(dict.fromkeys(self.silent)),
            acted=acted,
            waiting=waiting,
            over=waiting and self.run.phase.is_over,
        )

    def start_run(self) -> None:
        """Start a confirmed run."""
        if self.run.phase is RunPhase.READY:
            state, _ = execute(self.services, self.run.id, self.services.host, commands.StartRun())
            self.run = run_there(state)

    def collect_outboxes(self, only: SessionId | None = None) -> bool:
        """Execute what agents left in their outboxes; whether there was anything, or an outbox could not be read."""
        try:
            self.silent.extend(take_commits(self.services, self.run))
            collected = collect(self.services, self.run, only)
        except Unavailable as error:
            self.silent.append(error.message)
            collected = True
        if collected:
            self.run = run_there(self.services.ledger.state(self.run.id))
        return collected

    def learn(self, command: Command) -> None:
        """Record a fact, after making it true where a killed process left it half done."""
        try:
            self.finish(command)
            self.record(command)
        except Unavailable as error:
            self.silent.append(error.message)

    def finish(self, command: Command) -> None:
        """Make a fact true before it is recorded: a killed process may have left it half done, or the world did it alone."""
        if isinstance(command, commands.EndSession):
            with suppress(
                Unavailable
            ):  # its last outbox entry may have come since we observed, and none can come later
                take_commits(self.services, self.run)
                collect(self.services, self.run, command.session)
            tear_down(self.services, self.run, command.session)
        elif isinstance(command, commands.RecordMerge):
            self.services.git.move(self.run.target, command.new, command.old)

    def record(self, command: Command) -> None:
        """Append the events of a command. A command that was overtaken is dropped: the next tick decides again."""
        command = _completed(self.services, self.run, command)
        attached = _attached(self.services, self.run, command)
        try:
            state, written = execute(self.services, self.run.id, self.services.host, command, attached)
        except Refused:
            self.run = run_there(self.services.ledger.state(self.run.id))
            return
        self.written.extend(written)
        self.run = run_there(state)

    def publish_files(self) -> None:
        """Publish the expected files that agents left in their worktrees because they cannot run commands."""
        if not any(job.spec.artifacts and job.lease is not None for job in self.run.jobs.values()):
            return
        from gitorch.app.work.artifacts import attaching, submitted_as_files  # noqa: PLC0415  only runs with artifacts pay for YAML

        for command, data in submitted_as_files(self.services, self.run):
            attached = attaching({command.digest: data})
            with suppress(Refused, Denied):
                state, written = execute(self.services, self.run.id, self.services.host, command, attached)
                self.run = run_there(state)
                self.written.extend(written)

    def perform(self, effect: Effect) -> None:
        """Perform an effect and record its results."""
        try:
            for command in perform(self.services, self.run, effect):
                self.record(command)
        except Unavailable as error:
            self.silent.append(error.message)


def _completed(services: Services, run: Run, command: Command) -> Command:
    """The command with what rules may not make: a session's token and a fresh nonce, the digest of a test run's log."""
    if isinstance(command, commands.RecordCheck):
        log = _log_of(services, command)
        digest = Digest(f"sha256:{hashlib.sha256(log).hexdigest()}") if log else None
        return replace(command, check=replace(command.check, log=digest))
    if isinstance(command, commands.GrantLease):
        token = services.secrets.token(SessionKey(run.id, command.session))
        return replace(command, token=token_digest(token), nonce=services.secrets.nonce())
    return command


def _attached(services: Services, run: Run, command: Command) -> Mapping[type, Mapping[str, bytes]]:
    """The files that belong to a record: a prompt as it was delivered, the log of a test run, a report as values."""
    if isinstance(command, commands.RecordDelivery):
        return _delivered_prompt(services, run, command)
    if isinstance(command, commands.RecordCheck):
        return _check_log(services, command)
    if isinstance(command, commands.IssueReport) and command.data:
        return {events.ReportIssued: {"report.json": command.data.encode()}}
    return {}


def _delivered_prompt(
    services: Services,
    run: Run,
    command: commands.RecordDelivery,
) -> Mapping[type, Mapping[str, bytes]]:
    """The copy of a prompt that no agent could change; nothing where it was removed already."""
    text = services.files.read(kept_prompt(services, run, command.session, command.prompt))
    if text is None:
        return {}
    return {events.PromptDelivered: {f"{command.prompt}.md": text}}


def _check_log(services: Services, command: commands.RecordCheck) -> Mapping[type, Mapping[str, bytes]]:
    """The log of a test run; nothing for one that printed nothing."""
    log = _log_of(services, command)
    if not log:
        return {}
    return {events.CheckRecorded: {"tests.log": log}}


def _log_of(services: Services, command: commands.RecordCheck) -> bytes:
    """What a test run printed, with its secrets redacted; empty without a log."""
    return redact_output(services.checks.log(command.check.commit, command.check.command))
