"""A run played to its end by the product's own loop on made-up sessions, with chance for everything that others decide."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from play import HUMAN, Play, commit, digest, finding

from gitorch.errors import Refused
from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model import events as e
from gitorch.model.ids import JobId, Moment
from gitorch.model.observed import AgentState, CheckPhase, CheckSeen, Observed, SessionSeen
from gitorch.model.review import Check
from gitorch.model.run import OVER, JobPhase, QuestionKind, SessionPhase
from gitorch.model.workflow import REVIEWING
from gitorch.rules.outstanding import outstanding
from gitorch.rules.readings import check_needed, check_settled, open_questions
from gitorch.rules.reconcile import reconcile

if TYPE_CHECKING:
    from random import Random

STEPS_MAX = 4000
VERDICTS = ("accept", "accept", "accept", "accept_with_findings", "needs_revision", "needs_revision", "reject")
STOPPING = frozenset({"stop_run", "stop_epic"})


@dataclass
class Simulated:
    """`extra` counts the rounds that a human allowed beyond what the workflow does."""

    play: Play
    pick: Random
    extra: int = 0
    work: int = 0
    told: set[tuple[str, str]] = field(default_factory=set)

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
        panes = {s.id: SessionSeen(True, True, AgentState.IDLE, changed_at=now, ready_seen=True) for s in living}
        merged = run.report is not None and run.approval is not None
        checks = {
            job.handoff.commit: CheckSeen(
                CheckPhase.FINISHED, Check(job.handoff.commit, "make check", "passed", 0, 1.0)
            )
            for job in run.jobs.values()
            if job.handoff is not None and check_needed(run, job) and not check_settled(run, job)
        }
        heads = {f"refs/heads/{run.target}": run.target_commit}
        return Observed(now, panes, heads, checks, {}, merged_seen=merged)

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
            case effects.DeliverLetter(session, letter):
                self.play.do(c.RecordDelivery(session, letter, "delivered"))
            case effects.BuildBase(job, parents):
                self.play.do(c.RecordBase(job, commit("+".join(parents)), parents))
            case effects.MakeReport(checkpoint):
                self.work += 1
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
        acts = [(self.agent, job.spec.id) for job in busy] + [(self.human, q.id) for q in open_questions(run)]
        if acts:
            act, what = self.pick.choice(acts)
            act(what)

    def agent(self, name: JobId) -> None:
        job = self.play.run.jobs[name]
        if self.pick.random() < 0.05:
            self.play.do(c.EndSession(self.play.session(name), "exited", 1, "gone"))
        elif job.spec.kind in REVIEWING:
            verdict = self.pick.choice(VERDICTS)
            severity = "minor" if verdict == "accept_with_findings" else "blocking"
            self.work += 1
            found = () if verdict == "accept" else (finding(severity, f"Wrong {self.work}", path=f"f{self.work}"),)
            self.play.judge(name, verdict, found)
        elif self.pick.random() < 0.05:
            self.play.hand_in(name, "NEEDS_CONTEXT", questions=("Which?",))
        else:
            self.work += 1
            self.play.hand_in(name, replies=self.play.fixed(name))

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
class Laws:
    """What must never be, read from the events alone."""

    play: Play
    passed: set[str] = field(default_factory=set)
    decided: set[str] = field(default_factory=set)
    at_work: set[str] = field(default_factory=set)
    questions: dict[str, str] = field(default_factory=dict)
    sent_back: dict[str, int] = field(default_factory=dict)
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
            case e.LeaseGranted():
                self.granted(event)
            case e.LeaseEnded(job=job) | e.VerdictGiven(job=job) | e.HandedOff(job=job):
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

    def granted(self, event: e.LeaseGranted) -> None:
        """Not more at once than the run allows, and no job before what it needs."""
        jobs = self.play.run.workflow.jobs
        self.at_work.add(event.job)
        if len(self.at_work) > self.play.run.settings.max_agents:
            self.broken.append(f"{len(self.at_work)} at work")
        needs = {jobs[need].subject or need for need in jobs[event.job].needs} - {jobs[event.job].subject}
        if event.fence == 1 and not needs <= self.passed | self.decided:
            self.broken.append(f"{event.job} began before {needs - self.passed - self.decided}")

    def rounds(self, extra: int) -> None:
        """No way back is gone more often than its cycles and a human allow."""
        for job, times in self.sent_back.items():
            allowed = sum(cycle.rounds for cycle in self.play.run.workflow.cycles if cycle.back_to == job)
            if times > allowed + extra:
                self.broken.append(f"{job} went back {times} times where {allowed} and {extra} more were allowed")


def laws_broken(play: Play, extra: int) -> list[str]:
    """Every law that the events of a run break, in words."""
    laws = Laws(play)
    for event in play.events:
        laws.read(event)
    laws.rounds(extra)
    return laws.broken
