"""Slips: how an agent that cannot reach the ledger says what it owes, and how gitorch hears it.

The agent's side leaves a file in its worktree and waits a little for the answer; gitorch's side carries each slip out exactly
as it would the verb, under the agent's own token, and answers beside it. A slip and what it leads to are recorded together,
so that one which is found again after a kill counts once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitorch.app.execute import keep_refusal
from gitorch.app.reconciler.perform import token_digest
from gitorch.app.work.submissions import Badge, give_verdict, hand_in, what_follows
from gitorch.errors import Busy, Corrupt, Denied, GitorchError, NotFound, Unavailable
from gitorch.model.commands import TakeSlip
from gitorch.model.record import Actor, ActorKind
from gitorch.model.run import SessionPhase
from gitorch.model.values import Value
from gitorch.rules.views.brief import BRIEF_PATH, BRIEF_VALUES_PATH
from gitorch.rules.views.run import why
from gitorch.text import outbox_entry as slips
from gitorch.text.records.released import kind_of

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.app.services import Tools
    from gitorch.model.ids import SessionId
    from gitorch.model.run import Run, Session
    from gitorch.model.submission import Slip
    from gitorch.ports.files import Outboxes, Posted
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


def leave(sandbox: Sandbox, slip: Slip) -> tuple[str, tuple[str, ...]]:
    """Leave a slip and wait for what it leads to: the same sentence and records that the verb would give, or its error.

    Where nobody answers in time the slip stays, and the sentence says where its answer will be.
    """
    name = f"{'report' if slip.report is not None else 'verdict'}-{slip.salt}.json"
    sandbox.outboxes.post(sandbox.worktree, name, slips.encode(slip))
    waited = 0.0
    while (answer := sandbox.outboxes.answered(sandbox.worktree, name)) is None:
        if waited >= ANSWER_SECONDS:
            place = f".gitorch/outbox/{name}"
            said = f"Left in {place}, since {sandbox.why}. gitorch reads it with its next tick and answers in {place[:-5]}.answer."
            return said, ()
        sandbox.clock.sleep(LOOK_SECONDS)
        waited += LOOK_SECONDS
    outcome = slips.read_answer(answer)
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


def collect(tools: Tools, run: Run, only: SessionId | None = None) -> bool:
    """Carry out and answer every slip in the outboxes of living sessions, or of one; whether there was any."""
    found = False
    for session in run.sessions.values():
        if session.phase is SessionPhase.ENDED or only not in {None, session.id}:
            continue
        worktree = tools.worktree(run, session.id)
        for posted in tools.outboxes.waiting(worktree):
            found = True
            tools.outboxes.answer(worktree, posted.name, _carried_out(tools, run, session, posted))
    return found


def _carried_out(tools: Tools, run: Run, session: Session, posted: Posted) -> bytes:
    """The answer to a slip. What nobody can decide now (a busy ledger, a silent world) passes through: it is tried again."""
    try:
        slip = slips.decode(posted.name, posted.data)
        if posted.digest in session.slips:
            job = run.jobs[session.job]
            return slips.accepted(f"This was recorded before: {job.spec.id} {why(run, job)}.", ())
        badge = _badge(tools, run, session, slip)
        mark = TakeSlip(session.id, posted.name, posted.digest)
        happened = hand_in(tools, badge, slip.report, mark) if slip.report is not None else ()
        happened += give_verdict(tools, badge, slip.verdict, mark) if slip.verdict is not None else ()
    except (Busy, Corrupt, Unavailable):
        raise
    except GitorchError as no:
        return slips.refused(no)
    return slips.accepted(what_follows(happened), tuple(kind_of(event) for event in happened))


def _badge(tools: Tools, run: Run, session: Session, slip: Slip) -> Badge:
    """The slip's own token, which must be that of the session whose worktree it was found in. Raises Denied, and keeps it."""
    if slip.run == run.id and token_digest(slip.token) == session.token:
        return Badge(slip.run, slip.token)
    no = Denied(
        f"a slip in the outbox of session {session.id} carries another token than that session's", "gitorch brief"
    )
    actor = Actor(ActorKind.AGENT, session.job, tools.host.host, session.id)
    keep_refusal(tools, run.id, actor, "outbox", no, session.job)
    raise no
