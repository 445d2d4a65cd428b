"""What this host does for a run that several share, and which leases of others have run out by its own observation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.hosts.here import Hosts
from gitorch.app.hosts.offer import own_offer, places_left
from gitorch.app.hosts.sightings import unseen_for
from gitorch.app.hosts.watch import unchanged_ms
from gitorch.app.query.runtime_facts import runtime_facts
from gitorch.app.query.target import target_head
from gitorch.app.query.this_host import is_here, prepared_here
from gitorch.rules.guards.granting import queue
from gitorch.rules.guards.takeover import lane_now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId, JobId, Moment
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run


def shared_hosts(services: Services, run: Run) -> Hosts:
    """What this host does for a run, and what others have left. Remembers when it saw the last change of each."""
    now, offer = services.clock.now(), own_offer(services)
    return Hosts(
        host=services.host.host,
        leads=_leads(services, run, now),
        unseen=_unseen(services, run, now),
        lanes=_lanes(services, run, now),
        labels=frozenset(offer.labels),
        places=places_left(services, offer.agents),
    )


def _leads(services: Services, run: Run, now: Moment) -> bool:
    """Whether this host prepared the run, or the one that did has not been seen for as long as a lease lasts."""
    if prepared_here(services, run):
        return True

    return unseen_for(services, run.host, now) > run.settings.lease_seconds * 1000


def _unseen(services: Services, run: Run, now: Moment) -> frozenset[JobId]:
    """The jobs of other hosts that have not changed here for as long as their lease lasts."""
    states: dict[JobId, str] = {}
    for session in run.living_sessions:
        if not is_here(services, run, session.id):
            states[session.job] = _state(run.jobs[session.job])
    for job, _ in run.untested_handoffs():
        if job.session is not None and not is_here(services, run, job.session):
            states[job.spec.id] = _state(job)

    found: set[JobId] = set()
    for job_id, same_ms in unchanged_ms(services, run.id, states, now).items():
        limit_ms = run.limits_of(run.jobs[job_id].spec.lane).lease_seconds * 1000
        if same_ms > limit_ms:
            found.add(job_id)
    return frozenset(found)


def with_target(services: Services, run: Run, heads: Mapping[str, CommitId]) -> Mapping[str, CommitId]:
    """These branches, and the target as the remote has it. Nobody asks for the target before there is a report on it."""
    if run.report is None or run.merged is not None:
        return {**heads, f"refs/heads/{run.target}": run.target_commit}

    commit = target_head(services, run.target)
    if commit is None:
        return heads
    return {**heads, f"refs/heads/{run.target}": commit}


def _state(job: JobState) -> str:
    """What changes whenever the job's host does something for it."""
    until = 0
    if job.lease is not None:
        until = job.lease.until
    return f"{job.phase} {job.attempt} {job.fence} {until}"


def _lanes(services: Services, run: Run, now: Moment) -> frozenset[str]:
    """The lanes whose programs are here; none while nothing waits for a session."""
    lanes: set[str] = set()
    for job in queue(run):
        lanes.add(lane_now(run, job, now).name)

    found: set[str] = set()
    for lane in lanes:
        facts = runtime_facts(services, run.workflow.lanes[lane])
        if facts.found:
            found.add(lane)
    return frozenset(found)
