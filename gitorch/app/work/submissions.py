"""Submissions of agents and manual workers: reports and verdicts; and the brief that they read."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING

from gitorch.app.executing.execute import execute_verb, record_refusal
from gitorch.app.executing.redaction import recordable
from gitorch.app.query.lookup import find_run
from gitorch.app.work.claims import ManualClaim, claimed_run, claimed_session, refuse_late, remove_checkout
from gitorch.app.work.context import brief_of, token_digest
from gitorch.app.work.own_branch import mend
from gitorch.errors import Denied, Refused
from gitorch.model import commands, events
from gitorch.model.commands import Order
from gitorch.model.ids import CommitId
from gitorch.model.record import Actor, ActorKind
from gitorch.model.submission import ReportText
from gitorch.model.values import Value, replace
from gitorch.model.work.session import SessionPhase
from gitorch.rules.decide import decide
from gitorch.rules.deciding import late
from gitorch.rules.guards import ensure
from gitorch.rules.review.citations import with_citation_checked
from gitorch.text.records.commit_message import author

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.commands import Command, WorkFacts
    from gitorch.model.events import Event
    from gitorch.model.ids import Digest, RunId
    from gitorch.model.submission import VerdictText
    from gitorch.model.work.review import Finding
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session


UNKNOWN = "unknown"
"""The name in the ledger of somebody who claims to be an agent and has no session's token."""

FULL_ID = 7
"""The shortest abbreviation of a commit id that stands for the commit under review."""


class AgentCredential(Value):
    """The run and token in an agent's environment; valid only when the token is that of a session."""

    run: RunId
    token: str


class Submission(Value):
    """A report or a verdict with its author's credential, from a call or from an outbox entry."""

    credential: AgentCredential | ManualClaim
    content: ReportText | VerdictText


def who(services: Services, credential: AgentCredential | ManualClaim, verb: str = "") -> tuple[Run, Session, Actor]:
    """The run and session that a credential belongs to, and the actor.

    Raises Denied without one. The attempt is recorded where `verb` names a verb that would have changed something.
    """
    try:
        return _identify(services, credential)
    except Denied as error:
        if verb:
            run = _named_run(services, credential).id
            record_refusal(services, run, _claimed_actor(services, credential), verb, error)
        raise


def _named_run(services: Services, credential: AgentCredential | ManualClaim) -> Run:
    """The run that a credential names or a claim means. Raises NotFound, and Usage where several could be meant."""
    if isinstance(credential, ManualClaim):
        return claimed_run(services, credential)
    return find_run(services, credential.run)


def _identify(services: Services, credential: AgentCredential | ManualClaim) -> tuple[Run, Session, Actor]:
    """The run, session and actor of a credential. Raises Denied for a token that no session of the run has."""
    if isinstance(credential, ManualClaim):
        return claimed_session(services, credential)
    run = ensure.run_there(services.ledger.state(credential.run))
    session = ensure.session_of(run, token_digest(credential.token))
    return run, session, _agent(services, session)


def _agent(services: Services, session: Session) -> Actor:
    """The agent of a session, as an actor on this host."""
    return Actor(ActorKind.AGENT, session.job, services.host.host, session.id)


def _claimed_actor(services: Services, credential: AgentCredential | ManualClaim) -> Actor:
    """Who is recorded for an attempt that was denied."""
    if isinstance(credential, ManualClaim):
        return credential.caller.actor
    return Actor(ActorKind.AGENT, UNKNOWN, services.host.host)


def read_brief(services: Services, credential: AgentCredential | ManualClaim) -> tuple[str, dict[str, object]]:
    """The brief of the caller's session as it stands now, as text and as values.

    It is made anew from the run and its branch, so that it may say more than the file in the worktree.
    Raises Denied without a lease or a session.
    """
    run, session, _ = who(services, credential)
    brief = brief_of(services, run, session)
    return brief.text, brief.values


def submit(services: Services, submission: Submission, *beside: Command) -> tuple[Event, ...]:
    """Record a report or a verdict, with the commands in `beside` or not at all; gives the events that followed.

    Raises Refused and Denied, which are recorded too; Malformed for an expected artifact that is not what it should be.
    """
    content = submission.content
    if isinstance(content, ReportText):
        return submit_handoff(services, submission.credential, content, *beside)
    return give_verdict(services, submission.credential, content, *beside)


def submit_handoff(
    services: Services, credential: AgentCredential | ManualClaim, report: ReportText, *beside: Command
) -> tuple[Event, ...]:
    """Report on the caller's job. See `submit`.

    A finished report publishes the artifacts that the job must leave; gitorch commits the worktree first where the run says so.
    """
    run, session, actor = who(services, credential, "handoff")
    facts = _facts(services, run, session, report)
    command = commands.SubmitHandoff(
        token=session.token,
        job=report.job,
        status=report.status,
        summary=report.summary,
        facts=facts,
        concerns=report.concerns,
        questions=report.questions,
        blocker=report.blocker,
        clears=report.clears,
        blocker_kind=report.blocker_kind,
        blocker_severity=report.blocker_severity,
        tests_claimed=report.tests_claimed,
        replies=report.replies,
        fence=_fence(credential),
    )
    if facts.by_host and facts.head is not None:
        _adopt_draft(
            services,
            run,
            session,
            actor,
            command,
            facts.head,
        )
    published: tuple[commands.PublishArtifact, ...] = ()
    bodies: Mapping[Digest, bytes] = {}
    if _publishes_artifacts(services, run, session, report):
        from gitorch.app.work.artifacts import expected, record_unpublishable  # noqa: PLC0415  20 ms of YAML that other handoffs do not pay

        with ExitStack() as stack:
            stack.push(partial(record_unpublishable, services, run, actor))
            published, bodies = expected(services, run, session)
    return _execute(
        services,
        run,
        session,
        actor,
        (*published, command, *beside),
        "handoff",
        bodies,
    )


def _adopt_draft(
    services: Services,
    run: Run,
    session: Session,
    actor: Actor,
    command: commands.SubmitHandoff,
    draft: CommitId,
) -> None:
    """Make the commit that the host drafted the head of the branch, unless the report will be refused.

    A refusal is not raised here: the caller decides again, and that refusal is recorded.
    """
    with suppress(Refused, Denied):
        recordable(actor, command, None)  # the summary becomes the commit's message
        if not run.jobs[session.job].spec.artifacts:
            decide(services.ledger.state(run.id), Order(actor, services.clock.now(), command))
        services.git.adopt(services.paths.worktree(run, session.id), draft)


def _publishes_artifacts(
    services: Services,
    run: Run,
    session: Session,
    report: ReportText,
) -> bool:
    """Whether a report publishes the artifacts that its job must leave: a finished one, in time."""
    job = run.jobs[session.job]
    if not job.spec.artifacts or report.status not in late.FINISHED:
        return False
    if session.phase is SessionPhase.ENDED:
        return False
    return not late.ran_out(session, job, services.clock.now())


def _facts(
    services: Services,
    run: Run,
    session: Session,
    report: ReportText,
) -> WorkFacts:
    """The facts of the worktree; with replies to findings also the commits since the last report, which fixes must name."""
    job = run.jobs[session.job]
    if not job.writes:
        return commands.WorkFacts(None, (), 0, ())

    facts = _branch_facts(services, run, session, report)
    if facts.head is None or job.handoff is None:
        return facts
    if not report.replies:
        return facts
    return replace(facts, fresh=services.git.commits_since(job.handoff.commit, facts.head))


def _branch_facts(
    services: Services,
    run: Run,
    session: Session,
    report: ReportText,
) -> WorkFacts:
    """The facts of the commit that gitorch drafts for this report, otherwise those of the worktree as it is."""
    job = run.jobs[session.job]
    base = job.base or run.target_commit
    expected = tuple(artifact.path for artifact in job.spec.artifacts if artifact.required)
    path = services.paths.worktree(run, session.id)
    facts = services.git.facts(path, base, expected)
    facts = replace(facts, worktree=str(path), mend=mend(services, run.branch_of(job.spec.id), facts))
    if facts.mend or not _host_commits(run, session, report):
        return facts

    draft = _draft(services, run, session, report)
    if draft is None:
        return facts
    return replace(services.git.facts_of(draft, base, expected), by_host=True)


def _host_commits(run: Run, session: Session, report: ReportText) -> bool:
    """Whether gitorch commits the worktree for this report: an agent's finished one, while it holds the lease."""
    job = run.jobs[session.job]
    if not run.is_committed_by_host(job) or session.holder:
        return False
    holds_lease = job.lease is not None and job.lease.session == session.id
    return holds_lease and report.status in late.FINISHED


def _draft(
    services: Services,
    run: Run,
    session: Session,
    report: ReportText,
) -> CommitId | None:
    """A commit of the worktree's files by the agent, with its summary as the message; None where nothing can be drafted."""
    spec = run.jobs[session.job].spec
    subject = report.summary.strip() or spec.title
    message = f"{subject}\n\nGitorch-Run: {run.id}\nGitorch-Job: {spec.id}\n"
    path = services.paths.worktree(run, session.id)
    return services.git.draft(path, message, author(_agent(services, session)), services.clock.now())


def give_verdict(
    services: Services, credential: AgentCredential | ManualClaim, verdict: VerdictText, *beside: Command
) -> tuple[Event, ...]:
    """Judge the commit that the brief named. Citations that do not hold at that commit are marked. See `submit`."""
    run, session, actor = who(services, credential, "verdict")
    job = run.jobs[session.job]
    commit = _judged_commit(run, session, verdict)
    nonce = verdict.nonce
    if not nonce and session.holder and job.lease is not None:
        nonce = job.lease.nonce
    command = commands.GiveVerdict(
        token=session.token,
        job=verdict.job,
        nonce=nonce,
        commit=commit,
        verdict=verdict.choice,
        findings=_checked_findings(services, commit, services.paths.worktree(run, session.id), verdict.findings),
        text=verdict.summary,
        fence=_fence(credential),
    )
    return _execute(
        services,
        run,
        session,
        actor,
        (command, *beside),
        "verdict",
    )


def _judged_commit(run: Run, session: Session, verdict: VerdictText) -> CommitId:
    """The commit that a verdict names. An abbreviation stands for the commit under review; a human may name none."""
    under_review = run.judged_commit(run.jobs[session.job])
    name = verdict.commit
    if not name and session.holder:
        name = under_review or ""

    if under_review is None or len(name) < FULL_ID:
        return CommitId(name)
    if under_review.startswith(name.lower()):
        return under_review
    return CommitId(name)


def _fence(credential: AgentCredential | ManualClaim) -> int:
    """The fence that a manual worker gives with a verb; 0 for agents, who have none."""
    if isinstance(credential, ManualClaim):
        return credential.fence
    return 0


def _execute(
    services: Services,
    run: Run,
    session: Session,
    actor: Actor,
    orders: tuple[Command, ...],
    verb: str,
    bodies: Mapping[Digest, bytes] | None = None,
) -> tuple[Event, ...]:
    """The events of a report or verdict. Raises Refused for one that came too late, after it was kept."""
    attach: Callable[[Event], Mapping[str, bytes]] | None = None
    if bodies:
        from gitorch.app.work.artifacts import attaching  # noqa: PLC0415  the same

        attach = attaching(bodies)
    state, written = execute_verb(
        services,
        run.id,
        actor,
        orders,
        verb,
        attach,
    )
    after = ensure.run_there(state)
    happened = tuple(one.record.event for one in written)
    for event in happened:
        if isinstance(event, events.LateHandoffKept):
            refuse_late(after, session, event.late_handoff)
    remove_checkout(services, after, session)
    return happened


def _checked_findings(
    services: Services,
    commit: CommitId,
    worktree: Path,
    findings: Sequence[Finding],
) -> tuple[Finding, ...]:
    """The findings with paths from the root of the worktree, each marked where its citation does not hold."""
    checked: list[Finding] = []
    for finding in findings:
        path = finding.path.removeprefix(f"{worktree}/").removeprefix("./")
        checked.append(
            with_citation_checked(replace(finding, path=path), lambda cited: services.git.file_at(commit, cited))
        )
    return tuple(checked)
