"""Lines of a transcript about work that is done by hand, and about what is left behind. See `telling`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from play import HUMAN, OPERATOR, digest

from gitorch.model import commands as c
from gitorch.model.ids import JobId, Moment
from gitorch.model.observed import Observed
from gitorch.model.record import ActorKind
from gitorch.model.values import replace
from gitorch.model.work.artifact import Outcome
from gitorch.rules.deciding.recovery import remedies
from gitorch.rules.reconcile import reconcile

if TYPE_CHECKING:
    from telling import Line, Telling

    from gitorch.model.record import Actor


def _who(telling: Telling, line: Line) -> Actor:
    """Whoever works by hand in a line: `as=otto`; olga where nobody is named, ada for the principal."""
    name = line.one("as", "olga")
    return HUMAN if name == "ada" else replace(OPERATOR, name=name)


def _passes(telling: Telling, line: Line) -> None:
    """Time passes, and what the clock has ended is written down."""
    telling.play.at += int(line.words[0]) * 1000
    telling.play.do(c.ExpireLeases())


def _mine(telling: Telling, line: Line, make) -> None:
    session = line.one("by") or telling.play.session(line.words[0])
    telling.play.do(make(digest(f"token {session}"), int(line.one("fence", "0"))), _who(telling, line))


def _adopt(telling: Telling, line: Line) -> None:
    play, name = telling.play, line.words[0]
    head = play.run.late_handoffs[name].commit
    facts = c.WorkFacts(telling.named(line.one("head")) if line.one("head") else head, (), 1, ("a.py",))
    play.do(
        c.AdoptLateHandoff(name, facts, "it is sound"), replace(HUMAN, kind=ActorKind(line.one("kind", "principal")))
    )


def _recover(telling: Telling, _: Line) -> list[str]:
    rows = remedies(telling.play.run, Moment(telling.play.at))
    return [f"{row.job}: {row.found} → {row.would}: {row.command}" for row in rows]


def _learns(telling: Telling, _: Line) -> None:
    """What the reconciler does by itself, with nothing seen of any terminal."""
    for command in reconcile(telling.play.run, Observed(Moment(telling.play.at), {}, None)):
        if not isinstance(command, c.GrantLease):
            telling.play.do(command)


def _decide(telling: Telling, line: Line) -> None:
    job, outcome, text = line.words
    who = HUMAN if not line.one("as") else OPERATOR
    telling.play.do(c.Decide(JobId(job), Outcome(outcome), text, line.one("follow_up")), who)


BY_HAND = {
    "decide": _decide,
    "claim": lambda t, line: t.play.claim(next(iter(line.words), ""), _who(t, line), line.one("runtime")) and None,
    "heartbeat": lambda t, line: _mine(t, line, c.Heartbeat),
    "release": lambda t, line: _mine(t, line, c.ReleaseLease),
    "passes": _passes,
    "requeue": lambda t, line: t.play.do(c.RequeueJob(JobId(line.words[0]), "again"), _who(t, line)) and None,
    "adopt": _adopt,
    "give-up": lambda t, line: t.play.do(c.CancelJob(JobId(line.words[0]), "not now"), HUMAN) and None,
    "recover": _recover,
    "learns": _learns,
}
