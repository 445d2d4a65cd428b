"""What a command needs beside its rules before it is recorded: secrets, digests, attached files."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gitorch.app.executing.redaction import redact_output
from gitorch.app.reconciler.prompts import kept_prompt
from gitorch.app.work.context import token_digest
from gitorch.model import commands, events
from gitorch.model.ids import Digest
from gitorch.model.values import replace
from gitorch.model.work.question import SETUP
from gitorch.model.work.session import SessionKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.services import Services
    from gitorch.model.commands import Command
    from gitorch.model.ids import CommitId
    from gitorch.model.work.run import Run


def completed(
    services: Services,
    run: Run,
    command: Command,
) -> Command:
    """The command with what rules may not make: a session's token and a fresh nonce, the digest of a test run's log."""
    if isinstance(command, commands.RecordCheck | commands.RecordTargetCheck):
        log = _log_of(services, command)
        digest = None
        if log:
            digest = Digest(f"sha256:{hashlib.sha256(log).hexdigest()}")
        return replace(command, check=replace(command.check, log=digest))
    if isinstance(command, commands.GrantLease):
        token = services.secrets.token(SessionKey(run.id, command.session))
        return replace(command, token=token_digest(token), nonce=services.secrets.nonce())
    return command


def attached_files(
    services: Services,
    run: Run,
    command: Command,
) -> Mapping[type, Mapping[str, bytes]]:
    """The files that belong to a record: a prompt as it was delivered, the log of a test run, a report as values."""
    if isinstance(command, commands.RecordDelivery):
        return _delivered_prompt(services, run, command)
    if isinstance(command, commands.RecordCheck | commands.RecordTargetCheck):
        return _check_log(services, command)
    if isinstance(command, commands.Escalate) and command.trigger.startswith(SETUP):
        return _setup_log(services, run, command)
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


def _check_log(
    services: Services, command: commands.RecordCheck | commands.RecordTargetCheck
) -> Mapping[type, Mapping[str, bytes]]:
    """The log of a test run; nothing for one that printed nothing."""
    log = _log_of(services, command)
    if not log:
        return {}
    return {events.CheckRecorded: {"tests.log": log}, events.TargetChecked: {"tests.log": log}}


def _setup_log(
    services: Services,
    run: Run,
    command: commands.Escalate,
) -> Mapping[type, Mapping[str, bytes]]:
    """What a set-up that failed printed."""
    if command.session is not None:
        log = services.setups.log(services.paths.worktree(run, command.session))
    else:
        log = services.checks.log(_tested_commit(run, command), run.settings.test_command)
    if not log:
        return {}
    return {events.Escalated: {"setup.log": redact_output(log)}}


def forget_result(
    services: Services,
    run: Run,
    command: Command,
) -> None:
    """Forget a result that is in the ledger now, so that it is not taken for that of another try."""
    if isinstance(command, commands.RecordTargetCheck):
        services.checks.forget(command.check.commit, command.check.command)
    if not isinstance(command, commands.Escalate) or not command.trigger.startswith(SETUP):
        return
    if command.session is not None:
        services.setups.forget(services.paths.worktree(run, command.session))
    else:
        services.checks.forget(_tested_commit(run, command), run.settings.test_command)


def _tested_commit(run: Run, command: commands.Escalate) -> CommitId:
    """The commit whose checkout a question is about: the one that the job handed in."""
    if command.job is not None:
        handoff = run.jobs[command.job].handoff
        if handoff is not None:
            return handoff.commit
    return run.target_commit


def _log_of(services: Services, command: commands.RecordCheck | commands.RecordTargetCheck) -> bytes:
    """What a test run printed, with its secrets redacted; empty without a log."""
    return redact_output(services.checks.log(command.check.commit, command.check.command))
