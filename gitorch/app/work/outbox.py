"""Outbox entries: how an agent that cannot reach the ledger hands in its report or verdict, and what it was denied.

The agent's side leaves a file in its worktree and waits a little for the answer. gitorch's side executes each entry exactly
like the verb, under the agent's own token, and writes the answer beside it. An entry and its events are recorded together,
so that one which is found again after a kill counts once.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.app.executing.execute import record_refusal
from gitorch.app.work.context import token_digest
from gitorch.app.work.outcomes import what_follows
from gitorch.app.work.submissions import AgentCredential, Submission, submit
from gitorch.errors import Busy, Corrupt, Denied, GitorchError, NotFound, Unavailable
from gitorch.model.commands import AcceptOutboxEntry
from gitorch.model.json_text import parse_json
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import Value
from gitorch.model.work.session import UNSEEN, SessionPhase
from gitorch.rules.views.brief import BRIEF_PATH, BRIEF_VALUES_PATH
from gitorch.rules.views.why import why
from gitorch.text import outbox_entry as entries
from gitorch.text.records.released import kind_of

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.ids import SessionId
    from gitorch.model.submission import OutboxEntry
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session
    from gitorch.ports.files import Outboxes, PendingEntry
    from gitorch.ports.world import Clock

ANSWER_SECONDS = 20.0
"""How long an agent's call waits for its answer. A running loop reads every outbox several times a second."""

LOOK_SECONDS = 0.05


class Sandbox(Value):
    """The means of an agent that cannot write to the repository's git directory."""

    outboxes: Outboxes
    clock: Clock
    worktree: Path
    why: str
    """Why it cannot write there, in words for people."""


def leave(sandbox: Sandbox, entry: OutboxEntry) -> tuple[str, tuple[str, ...]]:
    """Leave an entry and wait for its answer: the sentence and the record types that the verb would give.

    Raises the error that the verb would raise. Where nobody answers in time the entry stays, and the sentence names the
    file where its answer will be.
    """
    kind = "report"
    if entry.report is None:
        kind = "verdict"
    name = f"{kind}-{entry.salt}.json"
    sandbox.outboxes.post(sandbox.worktree, name, entries.encode(entry))
    answer = _wait_for_answer(sandbox, name)
    if answer is None:
        place = f".gitorch/outbox/{name}"
        left = f"Left in {place}, since {sandbox.why}."
        return f"{left} gitorch reads it with its next tick and answers in {place[:-5]}.answer.", ()

    outcome = entries.read_answer(answer)
    if isinstance(outcome, GitorchError):
        raise outcome

    return outcome


def leave_denial(sandbox: Sandbox, entry: OutboxEntry) -> None:
    """Leave word of a denied verb, for the ledger that the agent cannot write to. Nobody waits for the answer."""
    with suppress(OSError):
        sandbox.outboxes.post(sandbox.worktree, f"denied-{entry.salt}.json", entries.encode(entry))


def _wait_for_answer(sandbox: Sandbox, name: str) -> bytes | None:
    """The answer to an entry; None where none came in time."""
    waited = 0.0
    while True:
        answer = sandbox.outboxes.answered(sandbox.worktree, name)
        if answer is not None or waited >= ANSWER_SECONDS:
            return answer

        sandbox.clock.sleep(LOOK_SECONDS)
        waited += LOOK_SECONDS


def written_brief(sandbox: Sandbox) -> tuple[str, dict[str, object]]:
    """The brief as it was last written into the worktree, as text and as values. Raises NotFound before the first."""
    try:
        text = (sandbox.worktree / BRIEF_PATH).read_text(encoding="utf-8")
        values = parse_json((sandbox.worktree / BRIEF_VALUES_PATH).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NotFound(f"there is no brief in {sandbox.worktree} yet, and {sandbox.why}") from error

    return text, values


def collect(services: Services, run: Run, only: SessionId | None = None) -> bool:
    """Execute and answer every outbox entry of the living sessions, or of one; whether there was any.

    An entry that is refused is answered with the refusal. Raises Busy, Corrupt and Unavailable: the entry stays then.
    """
    found = False
    for session in _asked(run, only):
        worktree = services.paths.worktree(run, session.id)
        for entry in services.outboxes.waiting(worktree):
            found = True
            services.outboxes.answer(worktree, entry.name, _answer_to(services, run, session, entry))
    return found


def _asked(run: Run, only: SessionId | None) -> list[Session]:
    """The sessions that have not ended; or the one that is named, even if another host ended it without having seen it."""
    if only is None:
        return list(run.living_sessions)

    session = run.sessions[only]
    if session.phase is SessionPhase.ENDED and session.ended != UNSEEN:
        return []

    return [session]


def _answer_to(
    services: Services,
    run: Run,
    session: Session,
    pending: PendingEntry,
) -> bytes:
    """The answer to an entry, once it was executed. Busy, Corrupt and Unavailable pass through: the entry is tried again."""
    try:
        return _accept(services, run, session, pending)
    except (Busy, Corrupt, Unavailable):
        raise
    except GitorchError as error:
        return entries.refused(error)


def _accept(
    services: Services,
    run: Run,
    session: Session,
    pending: PendingEntry,
) -> bytes:
    """Submit the content of an entry, together with the mark that it was accepted, so that it counts once."""
    entry = entries.decode(pending.name, pending.data)
    if pending.digest in session.entries:
        job = run.jobs[session.job]
        return entries.accepted(f"This was recorded before: {job.spec.id} {why(run, job)}.", ())

    credential = _credential(services, run, session, entry)
    if entry.denied:
        raise _recorded(services, run, session, entry.denied, f"session {session.id} was denied this in its sandbox")

    mark = AcceptOutboxEntry(session.id, pending.name, pending.digest)
    content = entry.report or entry.verdict
    happened = () if content is None else submit(services, Submission(credential, content), mark)
    return entries.accepted(what_follows(happened), tuple(kind_of(event) for event in happened))


def _credential(
    services: Services,
    run: Run,
    session: Session,
    entry: OutboxEntry,
) -> AgentCredential:
    """The credential of an entry. Raises Denied, and records it, unless it is that of the session in whose worktree it lies."""
    if entry.run == run.id and token_digest(entry.token) == session.token:
        return AgentCredential(entry.run, entry.token)

    message = f"an outbox entry in the outbox of session {session.id} carries another token than that session's"
    raise _recorded(services, run, session, "outbox", message)


def _recorded(services: Services, run: Run, session: Session, verb: str, message: str) -> Denied:
    """The refusal of what an agent tried, which the ledger has then."""
    denied = Denied(message, "gitorch brief")
    actor = Actor(ActorKind.AGENT, session.job, services.host.host, session.id)
    record_refusal(services, run.id, actor, verb, denied, session.job)
    return denied
