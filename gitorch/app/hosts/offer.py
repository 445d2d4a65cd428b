"""What this host offers: labels, and a number of agents, as `gitorch host join` left them in the clone's git directory.

The file `<common git dir>/gitorch/host` has the host's name, its labels and its number of agents, each in a line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.executing.execute import execute
from gitorch.app.query.lookup import load_runs, unsettled_runs
from gitorch.model.commands import LabelHost
from gitorch.model.values import Value
from gitorch.rules.guards.granting import is_at_work

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session


class Offer(Value):
    """What a host offers."""

    labels: tuple[str, ...] = ()
    agents: int = 0
    """How many agents may be at work here at once; 0: as many as the runs allow."""


def own_offer(services: Services) -> Offer:
    """What this host offers; nothing special in a clone without the file."""
    text = (services.files.read(services.home / "host") or b"").decode("utf-8", "replace")
    _, labels, agents, *_ = [*text.split("\n"), "", "", ""]
    number = 0
    if agents.isdecimal():
        number = int(agents)
    return Offer(tuple(labels.split()), number)


def save_offer(services: Services, offer: Offer) -> None:
    """Remember what this host offers from now on, and its name."""
    text = f"{services.host.host}\n{' '.join(offer.labels)}\n{offer.agents}\n"
    services.files.write(services.home / "host", text.encode())


def announce_labels(services: Services) -> None:
    """Record this host's labels where the ledger has others. Raises what the ledger raises."""
    labels = own_offer(services).labels
    if services.ledger.state(None).board.labels.get(services.host.host, ()) != labels:
        execute(services, None, services.host, LabelHost(labels))


def places_left(services: Services, agents: int) -> int | None:
    """How many more of this number of agents may be at work here; None for no limit.

    An agent that waits at its gate or for a human needs no place, as with `orchestration.max_agents`: the review that it waits
    for could never begin otherwise.
    """
    if not agents:
        return None

    at_work = 0
    for run in load_runs(services, unsettled_runs(services)):
        for session in run.living_sessions:
            if _needs_place(services, run, session):
                at_work += 1
    return max(0, agents - at_work)


def _needs_place(services: Services, run: Run, session: Session) -> bool:
    """Whether a session is that of an agent which is at work here."""
    if session.host != services.host.host or session.is_manual:
        return False

    job = run.jobs[session.job]
    return job.is_leased_to(session.id) and is_at_work(run, job)
