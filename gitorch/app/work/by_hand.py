"""Manual work while the remote that hosts share is away: what a person types is kept, and decided anew when it answers.

An entry is a file in the clone's git directory. Any program of the user can write one, so an entry is nobody's word: a person
is shown it first, and it is executed as that person's own verb. A report or a verdict is recorded together with the mark of its
entry, so that one which is found again after a kill counts once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.app.executing.execute import Caller, record_refusal
from gitorch.app.query.lookup import find_run
from gitorch.app.work import claims
from gitorch.app.work.claims import ManualClaim
from gitorch.app.work.outcomes import what_happened
from gitorch.app.work.submissions import Submission, submit, who
from gitorch.errors import Denied, Failed, GitorchError, Malformed, NotFound, Refused, Usage
from gitorch.model.commands import AcceptOutboxEntry, ClaimJob, Order
from gitorch.model.events import JobClaimed
from gitorch.model.ids import NO_DIGEST
from gitorch.model.values import Value, replace
from gitorch.model.work.run import RunPhase
from gitorch.rules.decide import decide
from gitorch.text import kept_verbs, outbox_entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gitorch.app.services import Services
    from gitorch.model.ids import RunId
    from gitorch.model.submission import KeptVerb
    from gitorch.ports.files import PendingEntry


ANSWERED = (Denied, Failed, Malformed, NotFound, Refused, Usage)
"""What answers a verb for good. Everything else is raised: the verb stays, and is tried again."""


class Outcome(Value):
    """What became of a verb that was kept."""

    typed: str
    """The verb and its job; the name of the file where that cannot be read."""
    sentence: str
    error: GitorchError | None = None
    """Why it was refused."""
    run: RunId | None = None
    """The run that it changed; None for a verb that was refused."""


def keep(services: Services, kept: KeptVerb) -> str:
    """Keep a verb; gives the file in which its answer will be.

    A claim that names no job is kept as one of the job that it would get now. Raises Refused where there is none.
    """
    name = f"{kept.verb}-{services.secrets.nonce()}.json"
    services.outboxes.post(services.home, name, kept_verbs.encode(_with_job(services, kept)))
    return f"{services.home}/.gitorch/outbox/{name.removesuffix('.json')}.answer"


def _with_job(services: Services, kept: KeptVerb) -> KeptVerb:
    """The verb with its run, and a claim with its job: found a second time after a kill, it must not take another one."""
    run = find_run(services, kept.run)
    named = replace(kept, run=run.id)
    if kept.verb != "claim" or kept.job is not None or run.phase is not RunPhase.RUNNING:
        return named

    command = ClaimJob(None, lambda _: NO_DIGEST, "", kept.runtime)
    for event in decide(services.ledger.state(run.id), Order(kept.actor, kept.at, command)):
        if isinstance(event, JobClaimed):
            named = replace(named, job=event.job)
    return named


def waiting(services: Services) -> tuple[PendingEntry, ...]:
    """What is kept, oldest first."""
    return services.outboxes.waiting(services.home)


def read(pending: PendingEntry) -> KeptVerb:
    """The verb of an entry. Raises Malformed for a file that is none."""
    return kept_verbs.decode(pending.name, pending.data)


def decide_kept(services: Services, caller: Caller, entries: Iterable[PendingEntry]) -> tuple[Outcome, ...]:
    """Execute and answer these entries as the caller, who was shown them. One that is refused is answered with the refusal.

    Raises Busy, Corrupt and Unavailable: the verb stays then.
    """
    outcomes: list[Outcome] = []
    for pending in entries:
        outcome = _decided(services, caller, pending)
        answer = outbox_entry.accepted(outcome.sentence, ())
        if outcome.error is not None:
            answer = outbox_entry.refused(outcome.error)
        services.outboxes.answer(services.home, pending.name, answer)
        outcomes.append(outcome)
    return tuple(outcomes)


def _decided(services: Services, caller: Caller, pending: PendingEntry) -> Outcome:
    """Execute one verb. A refusal is recorded: whoever typed it is not there to see it."""
    try:
        kept = replace(read(pending), actor=caller.actor)
    except Malformed as error:
        return Outcome(pending.name, error.message, error)

    typed = " ".join(filter(None, (kept.verb, kept.job)))
    try:
        sentence = VERBS[kept.verb](services, kept, pending)
        return Outcome(typed, sentence, run=find_run(services, kept.run).id)
    except ANSWERED as error:
        if isinstance(error, Refused | Denied):
            record_refusal(services, find_run(services, kept.run).id, kept.actor, kept.verb, error)
        return Outcome(typed, error.message, error)


def _claim_of(kept: KeptVerb) -> ManualClaim:
    """The claim of a verb, with the folder that it was typed in."""
    return ManualClaim(Caller(kept.actor), Path(kept.folder), kept.job, kept.run, kept.fence)


def _claim(services: Services, kept: KeptVerb, _: PendingEntry) -> str:
    """Claim the job, unless an earlier try has done that."""
    run = find_run(services, kept.run)
    for session in run.living_sessions:
        if session.holder == kept.actor.holder and session.job == kept.job:
            return f"{session.job} is yours in {services.paths.worktree(run, session.id)}."

    claimed = claims.claim(services, Caller(kept.actor), kept.job, kept.run, kept.runtime)
    return f"{claimed.session.job} is yours in {claimed.worktree}."


def _heartbeat(services: Services, kept: KeptVerb, _: PendingEntry) -> str:
    run, session, actor = who(services, _claim_of(kept), "heartbeat")
    claims.heartbeat(services, run, session, actor, kept.fence)
    return f"The lease of {session.job} is renewed."


def _release(services: Services, kept: KeptVerb, _: PendingEntry) -> str:
    run, session, actor = who(services, _claim_of(kept), "release")
    claims.release(services, run, session, actor, kept.fence)
    return f"{session.job} is queued again."


def _submit(services: Services, kept: KeptVerb, pending: PendingEntry) -> str:
    """Submit the report or the verdict with the mark of its entry."""
    claim, content = _claim_of(kept), kept.report or kept.verdict
    _, session, _ = who(services, claim, kept.verb)
    if content is None or pending.digest in session.entries:
        return f"The {kept.verb} of {session.job} was recorded before."

    mark = AcceptOutboxEntry(session.id, pending.name, pending.digest)
    return what_happened(submit(services, Submission(claim, content), mark))


VERBS: Mapping[str, Callable[[Services, KeptVerb, PendingEntry], str]] = {
    "claim": _claim,
    "heartbeat": _heartbeat,
    "release": _release,
    "handoff": _submit,
    "verdict": _submit,
}
