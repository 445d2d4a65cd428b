"""A run played to its end by the product's own loop on made-up sessions, with chance for everything that others decide."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from play import HUMAN, OPERATOR, Play, commit, digest, finding

from gitorch.errors import Refused
from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model import events as e
from gitorch.model.ids import JobId, Moment
from gitorch.model.observed import AgentState, CheckObservation, CheckPhase, Observed, SessionObservation
from gitorch.model.plans.workflow import REVIEWING, UNCLAIMED
from gitorch.model.values import replace
from gitorch.model.work.job import ENDED, JobPhase
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.review import Check
from gitorch.model.work.run import OVER
from gitorch.model.work.session import SessionPhase
from gitorch.rules.outstanding import outstanding
from gitorch.rules.reconcile import reconcile

if TYPE_CHECKING:
    from random import Random

STEPS_MAX = 4000
VERDICTS = ("accept", "accept", "accept", "accept_with_findings", "needs_revision", "needs_revision", "reject")
STOPPING = frozenset({"stop_run", "stop_epic"})


@dataclass
class Simulated:
    """`extra` counts the rounds that a human allowed beyond what the workflow does; `early` are reports of unfinished work."""

    play: Play
    pick: Random
    extra: int = 0
    work: int = 0
    early: list[str] = field(default_factory=list)

    def to_the_end(self) -> None:
        """Raises AssertionError where the run neither ends nor goes on."""
        for _ in range(STEPS_MAX):
            if self.play.run.phase in OVER:
                return
            before = len(self.play.events)
            self.tick()
            self.somebody_acts()
            if len(self.play.events) == before:
                self.play.at += 1000
        raise AssertionError(f"{self.play.run.phase}: {[(j, str(s.phase)) for j, s in self.play.run.jobs.items()]}")

    def seen(self) -> Observed:
        run = self.play.run
        living = (s for s in run.sessions.values() if s.phase is not SessionPhase.ENDED)
        now = Moment(self.play.at)
        panes = {s.id: SessionObservation(True, True, AgentState.IDLE, changed_at=now, was_ready=True) for s in living}
        merged = run.report is not None and run.approval is not None
        checks = {
            job.handoff.commit: CheckObservation(
                CheckPhase.FINISHED, Check(job.handoff.commit, "make check", "passed", 0, 1.0)
            )
            for job in run.jobs.values()
            if job.handoff is not None and run.needs_check(job) and not run.check_is_settled(job)
        }
        heads = {f"refs/heads/{run.target}": run.target_commit}
        return Observed(now, panes, heads, checks, {}, merges_found=merged)

    def tick(self) -> None:
        """What `gitorch up` does once."""
        seen = self.seen()
        for command in reconcile(self.play.run, seen):
            with suppress(Refused):
                self.play.do(self.completed(command))
        for effect in outstanding(self.play.run, seen):
            self.perform(effect)

    @staticmethod
    def completed(command: c.Command) -> c.Command:
        """A grant with what rules cannot make."""
        if not isinstance(command, c.GrantLease):
            return command
        return replace(command, token=digest(f"token {command.session}"), nonce=f"nonce-{command.session}")

    def perform(self, effect: effects.Effect) -> None:
        match effect:
            case effects.StopSession(session):
                self.play.do(c.EndSession(session, "stopped"))
            case effects.DeliverPrompt(session, prompt):
                self.play.do(c.RecordDelivery(session, prompt, "delivered"))
            case effects.BuildBase(job, parents):
                self.play.do(c.RecordBase(job, commit("+".join(parents)), parents))
            case effects.MakeReport(checkpoint):
                self.work += 1
                before = (self.play.run.producer(need) for need in self.play.run.workflow.jobs[checkpoint].needs)
                self.early += [
                    f"{j.spec.id} was {j.phase} when it was reported" for j in before if j.phase not in ENDED
                ]
                facts = self.play.facts()
                self.play.do(c.IssueReport(checkpoint, digest(f"report {self.work}"), facts, "the report"))
            case _:
                pass

    def somebody_acts(self) -> None:
        """One thing that an agent or a human does, if there is anything to do."""
        run = self.play.run
        if run.phase in OVER:
            return
        busy = [job for job in run.jobs.values() if job.phase is JobPhase.RUNNING]
        acts = [(self.agent, job.spec.id) for job in busy] + [(self.human, q.id) for q in run.open_questions()]
        if acts:
            act, what = self.pick.choice(acts)
            act(what)

    def agent(self, name: JobId) -> None:
        if self.pick.random() < 0.05:
            self.lost(name)
        else:
            self.reports(name)

    def lost(self, name: JobId) -> None:
        """Something happens to whoever works on a job, so that nothing comes of it."""
        self.play.do(c.EndSession(self.play.session(name), "exited", 1, "gone"))

    def reports(self, name: JobId) -> None:
        if self.play.run.jobs[name].spec.kind in REVIEWING:
            verdict = self.pick.choice(VERDICTS)
            severity = "minor" if verdict == "accept_with_findings" else "blocking"
            self.work += 1
            found = () if verdict == "accept" else (finding(severity, f"Wrong {self.work}", path=f"f{self.work}"),)
            self.play.judge(name, verdict, found)
        elif self.pick.random() < 0.05:
            self.play.submit_handoff(name, "NEEDS_CONTEXT", questions=("Which?",))
        else:
            self.work += 1
            self.play.submit_handoff(name, replies=self.play.fixed(name), facts=self.within_scope(name))

    def within_scope(self, name: JobId) -> c.WorkFacts:
        """One commit that changes what the job owes, or else something that it may change."""
        job = self.play.run.jobs[name]
        owed = tuple(one.path for one in job.spec.artifacts)
        allowed = tuple(f"{glob.rstrip('/')}/a.py" for glob in job.spec.scope.allowed[:1] if glob.endswith("/"))
        return c.WorkFacts(commit(f"{name}-{job.attempt}"), (), 1, owed or allowed or ("a.py",))

    def human(self, question: str) -> None:
        asked = self.play.run.questions[question]
        if asked.kind is QuestionKind.APPROVAL:
            self.play.do(c.ApproveMerge(self.play.run.report.digest, "typed"), HUMAN)
            return
        options = [o for o in asked.options if o not in STOPPING or self.pick.random() < 0.3] or list(asked.options)
        option = self.pick.choice(options) if options else ""
        self.extra += option == "one_more_round"
        with suppress(Refused):
            self.play.answer(question, option, "because")


@dataclass
class SimulatedByHand(Simulated):
    """The same with people who claim, hold, forget and hand in late, instead of sessions that the loop starts."""

    WORKERS = tuple(replace(OPERATOR, name=name) for name in ("olga", "otto", "ines"))

    def somebody_acts(self) -> None:
        self.play.do(c.ExpireLeases(), self.pick.choice(self.WORKERS))
        with suppress(Refused):
            self.play.claim("", self.pick.choice(self.WORKERS))
        stale = [job.spec.id for job in self.play.run.jobs.values() if job.phase is JobPhase.STALE]
        if stale and self.pick.random() < 0.5:
            self.left(self.pick.choice(stale))
        else:
            super().somebody_acts()

    def lost(self, name: JobId) -> None:
        """Given back, or forgotten until its lease is long over: then handed in late, or never."""
        session = self.play.session(name)
        if self.pick.random() < 0.4:
            self.play.do(c.ReleaseLease(digest(f"token {session}")), self.play.actor(session))
            return
        self.play.at += 3_600_000
        with suppress(Refused):  # a question cannot be asked late
            if self.pick.random() < 0.6:
                self.reports(name)

    def left(self, name: JobId) -> None:
        """What the principal does about work that was left behind."""
        kept = [k for k in self.play.run.late_handoffs.values() if k.job == name and not k.adopted]
        if self.pick.random() < 0.2:
            self.play.do(c.CancelJob(name, "not now"), HUMAN)
        elif not kept or self.pick.random() < 0.3:
            self.play.do(c.RequeueJob(name, "again"), HUMAN)
        else:
            with suppress(Refused):  # of an attempt that is over
                facts = c.WorkFacts(kept[-1].commit, (), 1, ("a.py",))
                self.play.do(c.AdoptLateHandoff(kept[-1].id, facts, "it is sound"), HUMAN)


@dataclass
class Laws:
    """What must never be, read from the events alone."""

    play: Play
    passed: set[str] = field(default_factory=set)
    decided: set[str] = field(default_factory=set)
    at_work: set[str] = field(default_factory=set)
    living: dict[str, str] = field(default_factory=dict)
    questions: dict[str, str] = field(default_factory=dict)
    sent_back: dict[str, int] = field(default_factory=dict)
    fences: dict[str, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def read(self, event: object) -> None:
        jobs = self.play.run.workflow.jobs
        match event:
            case e.QuestionAsked(question=question, job=job) if job in jobs and str(jobs[job].kind) == "checkpoint":
                self.questions[question] = job
            case e.QuestionAnswered(question=question) if question in self.questions:
                self.decided.add(self.questions[question])
            case e.GatePassed(job=job):
                self.passed.add(job)
            case e.FindingsListed(job=job):
                self.passed.discard(job)
                self.sent_back[job] = self.sent_back.get(job, 0) + 1
                self.call_off(job)
            case e.LeaseGranted() | e.JobClaimed():
                self.granted(event)
            case e.JobCanceled(job=job):
                self.at_work.discard(job)
            case e.SessionEnded(session=session):
                self.living.pop(session, None)
            case e.LeaseEnded(job=job) | e.VerdictGiven(job=job) | e.HandoffSubmitted(job=job):
                self.at_work.discard(job)
            case e.JobFailed(job=job) | e.JobReopened(job=job) | e.WorkVoided(job=job):
                self.at_work.discard(job)
                self.call_off(job)
            case _:
                pass

    def call_off(self, taken_back: JobId) -> None:
        """Who judges work that was taken back, or stands on it, judges nothing any more."""
        self.at_work -= {name for name in self.play.run.workflow.jobs if self.stands_on(name, taken_back)}

    def stands_on(self, name: JobId, other: JobId) -> bool:
        job = self.play.run.workflow.jobs[name]
        return any(below == other or self.stands_on(below, other) for below in {*job.needs, job.subject} - {None})

    def granted(self, event: e.LeaseGranted | e.JobClaimed) -> None:
        """One holder a job, what nobody works on to nobody, not more at once than the run allows, no job before its needs."""
        jobs = self.play.run.workflow.jobs
        if event.job in self.at_work or jobs[event.job].kind in UNCLAIMED:
            self.broken.append(f"{event.job} was given out, being at work or nobody's")
        if event.fence != self.fences.get(event.job, 0) + 1:
            self.broken.append(f"{event.job} was given out with fence {event.fence}")
        self.fences[event.job] = event.fence
        if isinstance(event, e.LeaseGranted):
            self.came(event)
        self.at_work.add(event.job)
        if len(self.at_work) > self.play.run.settings.max_agents:
            self.broken.append(f"{len(self.at_work)} at work")
        needs = {jobs[need].subject or need for need in jobs[event.job].needs} - {jobs[event.job].subject}
        if event.fence == 1 and not needs <= self.passed | self.decided:
            self.broken.append(f"{event.job} began before {needs - self.passed - self.decided}")

    def came(self, event: e.LeaseGranted) -> None:
        """No agent comes to a worktree that its lane shares while another's is still there."""
        self.living[event.session] = event.job
        where = self.shared(event.job)
        others = {job for job in self.living.values() if where and self.shared(job) == where} - {event.job}
        if others:
            self.broken.append(f"{event.job} came to {others} in the worktree of lane {where}")

    def shared(self, name: str) -> str:
        """The lane whose worktree a job shares, if it does."""
        flow = self.play.run.workflow
        job = flow.jobs[name]
        lane = flow.lanes.get(job.lane)
        return job.lane if lane is not None and lane.worktree == "shared" and job.kind not in REVIEWING else ""

    def rounds(self, extra: int) -> None:
        """No way back is gone more often than its cycles and a human allow."""
        for job, times in self.sent_back.items():
            allowed = sum(cycle.rounds for cycle in self.play.run.workflow.cycles if cycle.back_to == job)
            if times > allowed + extra:
                self.broken.append(f"{job} went back {times} times where {allowed} and {extra} more were allowed")


def laws_broken(simulated: Simulated) -> list[str]:
    """Every law that a run breaks, in words."""
    laws = Laws(simulated.play)
    for event in simulated.play.events:
        laws.read(event)
    laws.rounds(simulated.extra)
    return simulated.early + laws.broken
