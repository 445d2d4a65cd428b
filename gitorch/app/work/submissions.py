"""What an agent's session may say: its brief, a handoff, a verdict, a question, a blocker."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.app.execute import carry_asked, keep_refusal
from gitorch.app.query.lookup import find_run
from gitorch.app.reconciler.perform import done_so_far, section_of, token_digest
from gitorch.app.redaction import discreet
from gitorch.app.work.claims import ManualClaim, clear_away, held_by, refuse_late
from gitorch.errors import Denied, Refused
from gitorch.model import commands, events
from gitorch.model.commands import Order
from gitorch.model.ids import CommitId
from gitorch.model.record import Actor, ActorKind
from gitorch.model.session import SessionPhase
from gitorch.model.values import Value, replace
from gitorch.rules import ensure
from gitorch.rules.decide import decide
from gitorch.rules.deciding import late
from gitorch.rules.review.citations import with_citation_checked
from gitorch.rules.views.brief import brief_data, brief_text
from gitorch.text.records.commit_message import author

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.commands import Command, WorkFacts
    from gitorch.model.events import Event
    from gitorch.model.ids import Digest, RunId
    from gitorch.model.review import Finding
    from gitorch.model.run import Run
    from gitorch.model.session import Session
    from gitorch.model.submission import ReportText, VerdictText


STRANGER = "unknown"
"""How somebody is called in the ledger who says to be an agent and has no session's token."""


class AgentCredential(Value):
    """Who an agent says it is, from its environment: believed only when its token fits."""

    run: RunId
    token: str


def who(services: Services, credential: AgentCredential | ManualClaim, verb: str = "") -> tuple[Run, Session, Actor]:
    """The run and session that a badge belongs to, or that somebody holds by hand.

    Raises Denied where there is none, and keeps that it was tried, where the verb would have changed something.
    """
    try:
        return _who(services, credential)
    except Denied as no:
        if verb:
            run = find_run(services, credential.run).id
            actor = (
                credential.caller.actor
                if isinstance(credential, ManualClaim)
                else replace(services.host, kind=ActorKind.AGENT, name=STRANGER)
            )
            keep_refusal(services, run, actor, verb, no)
        raise


def _who(services: Services, credential: AgentCredential | ManualClaim) -> tuple[Run, Session, Actor]:
    if isinstance(credential, ManualClaim):
        return held_by(services, credential)
    run = ensure.run_there(services.ledger.state(credential.run))
    session = ensure.session_of(run, token_digest(credential.token))
    return run, session, Actor(ActorKind.AGENT, session.job, services.host.host, session.id)


def read_brief(services: Services, credential: AgentCredential | ManualClaim) -> tuple[str, dict[str, object]]:
    """The brief of the caller's session as it stands now, as text and as values."""
    run, session, _ = who(services, credential)
    section, done = section_of(services, run, session), done_so_far(services, run, session)
    return brief_text(run, session, section, done), brief_data(run, session, section, done)


def submit_handoff(
    services: Services, credential: AgentCredential | ManualClaim, words: ReportText, *beside: Command
) -> tuple[Event, ...]:
    """Report on the caller's job; what is wrong with the report is said, and kept. `beside` is recorded with it or not at all."""
    run, session, actor = who(services, credential, "handoff")
    facts = _facts(services, run, session, words)
    command = commands.SubmitHandoff(
        token=session.token,
        job=words.job,
        status=words.status,
        summary=words.summary,
        facts=facts,
        concerns=words.concerns,
        questions=words.questions,
        blocker=words.blocker,
        clears=words.clears,
        blocker_kind=words.blocker_kind,
        blocker_severity=words.blocker_severity,
        tests_claimed=words.tests_claimed,
        replies=words.replies,
        fence=_fence(credential),
    )
    owed = run.jobs[session.job].spec.artifacts
    if facts.by_host and facts.head is not None:
        with suppress(Refused, Denied):  # refused again below, and kept there; then nothing of the work was touched
            discreet(actor, command, None)  # the summary becomes a commit's message
            if not owed:
                decide(services.ledger.state(run.id), Order(actor, services.clock.now(), command))
            services.git.adopt(services.paths.worktree(run, session.id), facts.head)
    published: tuple[commands.PublishArtifact, ...] = ()
    bodies: Mapping[Digest, bytes] = {}
    in_time = not late.ran_out(session, run.jobs[session.job], services.clock.now())
    if owed and words.status in late.FINISHED and session.phase is not SessionPhase.ENDED and in_time:
        from gitorch.app.work.artifacts import expected  # noqa: PLC0415  20 ms of YAML that other handoffs do not pay

        published, bodies = expected(services, run, session)
    return _carried(services, run, session, actor, (*published, command, *beside), "handoff", bodies)


def _facts(services: Services, run: Run, session: Session, words: ReportText) -> WorkFacts:
    """What git says of the worktree; with answers to findings also the commits since the last report, which fixes must name."""
    job = run.jobs[session.job]
    if not job.writes:
        return commands.WorkFacts(None, (), 0, ())
    where, base = services.paths.worktree(run, session.id), job.base or run.target_commit
    expected = tuple(e.path for e in job.spec.artifacts if e.required)
    holds = job.lease is not None and job.lease.session == session.id
    by_host = run.is_committed_by_host(job) and holds and not session.holder and words.status in late.FINISHED
    drafted = _draft(services, run, session, words) if by_host else None
    if drafted is not None:
        facts = replace(services.git.facts_of(drafted, base, expected), by_host=True)
    else:
        facts = services.git.facts(where, base, expected)
    if facts.head is None or job.handoff is None or not words.replies:
        return facts
    return replace(facts, fresh=services.git.commits_since(job.handoff.commit, facts.head))


def _draft(services: Services, run: Run, session: Session, words: ReportText) -> CommitId | None:
    """What stands in the worktree as a commit of the agent's, with its summary as the message."""
    spec = run.jobs[session.job].spec
    agent = Actor(ActorKind.AGENT, session.job, services.host.host, session.id)
    message = f"{words.summary.strip() or spec.title}\n\nGitorch-Run: {run.id}\nGitorch-Job: {spec.id}\n"
    return services.git.draft(services.paths.worktree(run, session.id), message, author(agent), services.clock.now())


def give_verdict(
    services: Services, credential: AgentCredential | ManualClaim, words: VerdictText, *beside: Command
) -> tuple[Event, ...]:
    """Judge what the brief named. Cited places that do not exist at that commit are with_citation_checked before anybody reads them."""
    run, session, actor = who(services, credential, "verdict")
    job = run.jobs[session.job]
    handed_in = run.judged_commit(job)
    full = _full_commit(words.commit or (handed_in or "" if session.holder else ""), handed_in)
    nonce = words.nonce or (job.lease.nonce if session.holder and job.lease is not None else "")
    command = commands.GiveVerdict(
        token=session.token,
        job=words.job,
        nonce=nonce,
        commit=full,
        verdict=words.choice,
        findings=_cited(services, full, services.paths.worktree(run, session.id), words.findings),
        text=words.summary,
        fence=_fence(credential),
    )
    return _carried(services, run, session, actor, (command, *beside), "verdict")


def _fence(credential: AgentCredential | ManualClaim) -> int:
    return credential.fence if isinstance(credential, ManualClaim) else 0


def _carried(
    services: Services,
    run: Run,
    session: Session,
    actor: Actor,
    orders: tuple[Command, ...],
    verb: str,
    bodies: Mapping[Digest, bytes] | None = None,
) -> tuple[Event, ...]:
    """What a report or verdict led to. Raises Refused for one that came too late, once it is kept."""
    attach: Callable[[Event], Mapping[str, bytes]] | None = None
    if bodies:
        from gitorch.app.work.artifacts import attaching  # noqa: PLC0415  the same

        attach = attaching(bodies)
    state, written = carry_asked(services, run.id, actor, orders, verb, attach)
    after = ensure.run_there(state)
    for one in written:
        if isinstance(one.record.event, events.LateHandoffKept):
            refuse_late(after, session, one.record.event.late_handoff)
    clear_away(services, after, session)
    return tuple(w.record.event for w in written)


def _full_commit(said: str, expected: CommitId | None) -> CommitId:
    """An abbreviation of at least seven digits of the commit under review stands for it; anything else stands for itself."""
    if expected is not None and len(said) >= 7 and expected.startswith(said.lower()):
        return expected
    return CommitId(said)


def _cited(services: Services, commit: CommitId, worktree: Path, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings with paths from the root of the worktree, each with_citation_checked where its citation does not hold."""
    here = f"{worktree}/"
    from_root = (replace(f, path=f.path.removeprefix(here).removeprefix("./")) for f in findings)
    return tuple(with_citation_checked(f, lambda path: services.git.file_at(commit, path)) for f in from_root)


def what_follows(happened: tuple[Event, ...]) -> str:
    """One sentence for the caller about what its report or verdict led to."""
    for event in reversed(happened):
        if isinstance(event, events.GatePassed):
            return f"{event.job} is cleared at {event.commit[:12]}."
        if isinstance(event, events.FindingsListed):
            many = len(event.findings)
            return f"{event.job} goes back to its author with {many} {'finding' if many == 1 else 'findings'}."
        if isinstance(event, events.Escalated | events.QuestionAsked):
            return f"{event.question} waits for a human. Stop here; the answer comes to this terminal."
        if isinstance(event, events.HandoffSubmitted):
            return f"{event.job} is handed in at {event.commit[:12]}. Stop here; findings or your clearance come to this terminal."
        if isinstance(event, events.VerdictGiven):
            return f"Your verdict on {event.subject} is recorded: {event.verdict}. You are done."
    return "Nothing changed."
