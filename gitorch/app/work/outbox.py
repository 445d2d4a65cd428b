"""Outbox entries: how an agent that cannot reach the ledger says what it owes, and how gitorch hears it.

The agent's side leaves a file in its worktree and waits a little for the answer; gitorch's side carries each outbox entry out exactly
as it would the verb, under the agent's own token, and answers beside it. An outbox entry and what it leads to are recorded together,
so that one which is found again after a kill counts once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitorch.app.execute import keep_refusal
from gitorch.app.reconciler.perform import token_digest
from gitorch.app.work.submissions import AgentCredential, give_verdict, submit_handoff, what_follows
from gitorch.errors import Busy, Corrupt, Denied, GitorchError, NotFound, Unavailable
from gitorch.model.commands import AcceptOutboxEntry
from gitorch.model.record import Actor, ActorKind
from gitorch.model.session import SessionPhase
from gitorch.model.values import Value
from gitorch.rules.views.brief import BRIEF_PATH, BRIEF_VALUES_PATH
from gitorch.rules.views.why import why
from gitorch.text import outbox_entry as entries
from gitorch.text.records.released import kind_of

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.ids import SessionId
    from gitorch.model.run import Run
    from gitorch.model.session import Session
    from gitorch.model.submission import OutboxEntry
    from gitorch.ports.files import Outboxes, PendingEntry
    from gitorch.ports.world import Clock

ANSWER_SECONDS = 20.0
"""How long an agent's call waits for its answer: a loop that runs looks into every outbox several times a second."""

LOOK_SECONDS = 0.05


class Sandbox(Value):
    """What an agent has that cannot write to the repository's git directory: its worktree, and why it has no more."""

    outboxes: Outboxes
    clock: Clock
    worktree: Path
    why: str


def leave(sandbox: Sandbox, entry: OutboxEntry) -> tuple[str, tuple[str, ...]]:
    """Leave an outbox entry and wait for what it leads to: the same sentence and records that the verb would give, or its error.

    Where nobody answers in time the outbox entry stays, and the sentence says where its answer will be.
    """
    name = f"{'report' if entry.report is not None else 'verdict'}-{entry.salt}.json"
    sandbox.outboxes.post(sandbox.worktree, name, entries.encode(entry))
    waited = 0.0
    while (answer := sandbox.outboxes.answered(sandbox.worktree, name)) is None:
        if waited >= ANSWER_SECONDS:
            place = f".gitorch/outbox/{name}"
            said = f"Left in {place}, since {sandbox.why}. gitorch reads it with its next tick and answers in {place[:-5]}.answer."
            return said, ()
        sandbox.clock.sleep(LOOK_SECONDS)
        waited += LOOK_SECONDS
    outcome = entries.read_answer(answer)
    if isinstance(outcome, GitorchError):
        raise outcome
    return outcome


def brief_at_hand(sandbox: Sandbox) -> tuple[str, dict[str, object]]:
    """The brief as it was last written into the worktree, as text and as values. Raises NotFound before the first."""
    try:
        text = (sandbox.worktree / BRIEF_PATH).read_text(encoding="utf-8")
        values = json.loads((sandbox.worktree / BRIEF_VALUES_PATH).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NotFound(f"there is no brief in {sandbox.worktree} yet, and {sandbox.why}") from error
    return text, values


def collect(services: Services, run: Run, only: SessionId | None = None) -> bool:
    """Carry out and answer every outbox entry in the outboxes of living sessions, or of one; whether there was any."""
    found = False
    for session in run.sessions.values():
        if session.phase is SessionPhase.ENDED or only not in {None, session.id}:
            continue
        worktree = services.paths.worktree(run, session.id)
        for posted in services.outboxes.waiting(worktree):
            found = True
            services.outboxes.answer(worktree, posted.name, _carried_out(services, run, session, posted))
    return found


def _carried_out(services: Services, run: Run, session: Session, posted: PendingEntry) -> bytes:
    """The answer to an outbox entry. What nobody can decide now (a busy ledger, a silent world) passes through: it is tried again."""
    try:
        entry = entries.decode(posted.name, posted.data)
        if posted.digest in session.entries:
            job = run.jobs[session.job]
            return entries.accepted(f"This was recorded before: {job.spec.id} {why(run, job)}.", ())
        credential = _credential(services, run, session, entry)
        mark = AcceptOutboxEntry(session.id, posted.name, posted.digest)
        happened = submit_handoff(services, credential, entry.report, mark) if entry.report is not None else ()
        happened += give_verdict(services, credential, entry.verdict, mark) if entry.verdict is not None else ()
    except (Busy, Corrupt, Unavailable):
        raise
    except GitorchError as no:
        return entries.refused(no)
    return entries.accepted(what_follows(happened), tuple(kind_of(event) for event in happened))


def _credential(services: Services, run: Run, session: Session, entry: OutboxEntry) -> AgentCredential:
    """The outbox entry's own token, which must be that of the session whose worktree it was found in. Raises Denied, and keeps it."""
    if entry.run == run.id and token_digest(entry.token) == session.token:
        return AgentCredential(entry.run, entry.token)
    no = Denied(
        f"an outbox entry in the outbox of session {session.id} carries another token than that session's",
        "gitorch brief",
    )
    actor = Actor(ActorKind.AGENT, session.job, services.host.host, session.id)
    keep_refusal(services, run.id, actor, "outbox", no, session.job)
    raise no
