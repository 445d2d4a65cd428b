"""Playing a run by the rules alone: no git, no tmux, no clock. Transcripts, tables and properties stand on this."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from gitorch.model import commands as c
from gitorch.model.ids import NO_DIGEST, CommitId, Digest, JobId, Moment, QuestionId, RunId, SessionId
from gitorch.model.plans.workflow import Autonomy, Cycle, JobKind, JobSpec, Lane, ReviewMode, Settings, Workflow
from gitorch.model.record import Actor, ActorKind, Record
from gitorch.model.values import replace
from gitorch.model.work.board import Board, State
from gitorch.model.work.report import BranchFacts
from gitorch.model.work.review import Check, Choice, Disposition, Finding, Reply, ReportStatus, Severity
from gitorch.model.work.session import SessionPhase
from gitorch.rules.decide import decide, run_of
from gitorch.rules.deciding.sessions import next_session
from gitorch.rules.evolve import evolve

if TYPE_CHECKING:
    from gitorch.model.work.run import Run

HUMAN = Actor(ActorKind.PRINCIPAL, "ada", "desk")
HOST = Actor(ActorKind.HOST, "gitorch", "desk")
OPERATOR = Actor(ActorKind.OPERATOR, "olga", "desk")
RUN = RunId("play-0001")
SETTINGS = Settings(test_command="make check")


def digest(text: str) -> Digest:
    return Digest("sha256:" + hashlib.sha256(text.encode()).hexdigest())


@cache
def commit(name: str) -> CommitId:
    """A made-up commit id that begins with a readable name in hex-free form."""
    return CommitId(hashlib.sha1(name.encode()).hexdigest())


TARGET = commit("target")


def workflow(needs: dict[str, tuple[str, ...]], rounds: int = 3, *, tracked: bool = False) -> Workflow:
    """The shape that a plan is compiled into: work, two reviews each, approval, merge.

    Tracked, each epic is an issue with one task: `t-api` and `t-api.1`.
    """
    jobs: dict[JobId, JobSpec] = {}
    cycles: list[Cycle] = []
    for name, before in needs.items():
        job = JobId(name)
        jobs[job] = JobSpec(job, name.title(), JobKind.BUILD, "implementer", tuple(JobId(b) for b in before))
        if tracked:
            jobs[job] = replace(jobs[job], issue=f"t-{name}", issue_tasks=(f"t-{name}.1",))
        for stage, role in enumerate(("spec", "quality"), 1):
            review = JobId(f"{name}.{role}")
            jobs[review] = JobSpec(
                review, f"{role} of {name}", JobKind.REVIEW, "reviewer", (job,), role=role, subject=job, stage=stage
            )
            cycles.append(Cycle(review, job, rounds - 1))
    jobs[JobId("approval")] = JobSpec(
        JobId("approval"), "Approve", JobKind.CHECKPOINT, "", tuple(JobId(n) for n in needs)
    )
    jobs[JobId("merge")] = JobSpec(JobId("merge"), "Merge", JobKind.MERGE, "", (JobId("approval"),))
    lanes = {name: Lane(name, "scripted") for name in ("implementer", "reviewer")}
    return Workflow("play", "1", "plan", lanes, jobs, tuple(cycles))


@dataclass
class Play:
    """A run being played. `events` holds everything that happened, in order."""

    state: State = field(default_factory=lambda: State(Board(ledger="L")))
    at: int = 1_700_000_000_000
    history: list[tuple[object, Actor]] = field(default_factory=list)
    seq: int = 0

    @property
    def events(self) -> list[object]:
        return [event for event, _ in self.history]

    @property
    def run(self) -> Run:
        assert self.state.run is not None
        return self.state.run

    def do(self, command, actor=HOST) -> tuple[object, ...]:
        """Decide and fold; raises what the rules raise."""
        self.at += 1000
        order = c.Order(actor, Moment(self.at), command)
        happened = decide(self.state, order)
        run = run_of(self.state, order)
        for event in happened:
            self.seq += 1
            self.state = evolve(self.state, Record(self.seq, NO_DIGEST, Moment(self.at), run, actor, event))
        self.history += [(event, actor) for event in happened]
        return happened

    def begin(self, needs: dict[str, tuple[str, ...]], settings: Settings = SETTINGS, flow: Workflow | None = None):
        self.prepare(needs, settings, flow)
        self.do(c.ConfirmRun(settings, "unattended"), HUMAN)
        return self.do(c.StartRun())

    def prepare(self, needs: dict[str, tuple[str, ...]], settings: Settings = SETTINGS, flow: Workflow | None = None):
        flow = flow or workflow(needs, settings.rounds_max, tracked=bool(settings.tracker))
        return self.do(c.PrepareRun(RUN, "Play", "plan.md", digest("plan"), "main", TARGET, flow), HUMAN)

    def grant(self, job: str):
        state = self.run.jobs[JobId(job)]
        living = self.run.living_session(state)
        session = living.id if living else next_session(self.run)
        return self.do(
            c.GrantLease(JobId(job), session, living is None, digest(f"token {session}"), f"nonce-{session}")
        )

    def session(self, job: str) -> SessionId:
        found = self.run.jobs[JobId(job)].session
        assert found is not None
        return found

    def alive(self, job: str):
        return self.do(c.MarkAlive(self.session(job), 4242, "session-start"))

    def told(self, job: str):
        session = self.run.sessions[self.session(job)]
        prompt = next(x for x in session.prompts if not x.receipt)
        return self.do(c.RecordDelivery(session.id, prompt.id, "delivered"))

    def launch(self, job: str) -> None:
        """Grant, come alive where the session is new, and be told."""
        self.grant(job)
        if self.run.sessions[self.session(job)].phase is SessionPhase.STARTING:
            self.alive(job)
        self.told(job)

    def claim(self, job: str = "", actor: Actor = OPERATOR, runtime: str = ""):
        """Take a job by hand, as the verb does: what is overdue is ended first."""
        self.do(c.ExpireLeases(), actor)
        tokens = lambda session: digest(f"token {session}")  # noqa: E731 said once
        return self.do(c.ClaimJob(JobId(job) if job else None, tokens, "nonce", runtime), actor)

    def actor(self, session: str) -> Actor:
        holder = self.run.sessions[SessionId(session)].holder
        if holder:
            kind, _, name = holder.partition("@")[0].partition("/")
            return Actor(ActorKind(kind), name, "desk")
        return Actor(ActorKind.AGENT, self.run.sessions[SessionId(session)].job, "desk", session)

    def submit_handoff(
        self, job: str, status: str = "DONE", *, head: str = "", named: str | None = None, by: str = "", **words
    ):
        """Report for a job from its session; `head` names the commit."""
        session = by or self.session(job)
        state = self.run.jobs[JobId(job)]
        name = head or f"{job}-{state.attempt}"
        facts = words.pop("facts", None) or c.WorkFacts(commit(name), (), 1, ("a.py",))
        command = c.SubmitHandoff(
            token=digest(f"token {session}"),
            job=JobId(named) if named else None,
            status=ReportStatus(status),
            summary=words.pop("summary", f"{job} is done"),
            facts=facts,
            **words,
        )
        return self.do(command, self.actor(session))

    def fixed(self, job: str, head: str = "") -> tuple[Reply, ...]:
        """A reply to every open finding: it is fixed by the commit that `head` names."""
        state = self.run.jobs[JobId(job)]
        return tuple(
            Reply(x.number, Disposition.FIXED, commit(head or f"{job}-{state.attempt}"))
            for x in state.findings
            if x.open and x.round == state.attempt - 1
        )

    def check(self, job: str, outcome: str = "passed", tail: str = "tail"):
        handoff = self.run.jobs[JobId(job)].handoff
        assert handoff is not None
        return self.do(c.RecordCheck(JobId(job), Check(handoff.commit, "make check", outcome, 0, 1.0, tail=tail)))

    def judge(self, review: str, choice: str = "accept", findings: tuple[Finding, ...] = (), **changes):
        state = self.run.jobs[JobId(review)]
        judged = self.run.judged_commit(state)
        assert judged is not None
        session = changes.pop("by", state.session)
        command = c.GiveVerdict(
            token=digest(f"token {session}"),
            job=None,
            nonce=state.lease.nonce if state.lease else "nonce",
            commit=judged,
            verdict=Choice(choice),
            findings=findings,
            text="looked at it",
        )
        return self.do(replace(command, **changes), self.actor(session))

    def review(self, review: str, choice: str = "accept", findings: tuple[Finding, ...] = ()) -> None:
        self.launch(review)
        self.judge(review, choice, findings)

    def finish(self, job: str) -> None:
        """Bring one job from the queue through its gate without a hitch."""
        self.launch(job)
        self.submit_handoff(job)
        self.check(job)
        self.review(f"{job}.spec")
        self.review(f"{job}.quality")

    def answer(self, question: str, option: str = "", text: str = "", actor: Actor = HUMAN):
        return self.do(c.AnswerQuestion(QuestionId(question), option, text), actor)

    def facts(
        self, target: CommitId = TARGET, conflicts: tuple[str, ...] = (), outcome: str = "passed"
    ) -> c.MergeFacts:
        merged = None if conflicts else commit("merged")
        return c.MergeFacts(
            target_commit=target,
            branches=tuple(
                BranchFacts(j.spec.id, f"gitorch/{RUN}/{j.spec.id}", j.cleared, 1, 1, 3, 1, ("a.py",))
                for j in self.run.merge_jobs
                if j.cleared
            ),
            merged_commit=merged,
            merged_tree="tree",
            conflicts=conflicts,
            shared_paths=(),
            combined=Check(merged, "make check", outcome, 0, 1.0) if merged else None,
        )

    def report(self, **changes):
        return self.do(c.IssueReport(JobId("approval"), digest("report"), self.facts(**changes), "the report"))

    def epic_report(self, job: str):
        handoff = self.run.jobs[JobId(job)].handoff
        assert handoff is not None
        return self.do(c.RecordEpicReport(JobId(job), handoff.commit, f"What came of {job}."))

    def push_fails(self, why: str):
        """What the host says when a remote does not take the merge."""
        options = ("retry", "leave", "take_back")
        return self.do(c.Escalate("push:origin", why, "git push", why, "What now?", options, JobId("merge")))

    def approve(self, actor: Actor = HUMAN, name: str = "report"):
        return self.do(c.ApproveMerge(digest(name), "typed"), actor)

    def merge(self):
        return self.do(c.RecordMerge(TARGET, commit("merged"), "tree"))


def finding(
    severity: str = "blocking", title: str = "It is wrong", path: str = "a.py", line: int = 1, **more
) -> Finding:
    return Finding(Severity(severity), title, path, line, **more)


PER_EPIC = replace(SETTINGS, autonomy=Autonomy.PER_EPIC)
PARALLEL = replace(SETTINGS, review_mode=ReviewMode.PARALLEL)
