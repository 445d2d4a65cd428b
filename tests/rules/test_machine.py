"""A seeded world that misbehaves, run against the rules: agents die, time jumps, tmux is silent, verdicts differ.

The loop is the product's own: reconcile, decide, outstanding. Only the world is made up. Whatever happens, the
invariants hold at every step, and left alone with answers to its questions every run comes to its end.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gitorch.model.values import replace

sys.path.insert(0, str(Path(__file__).parent))
from play import HUMAN, PARALLEL, PER_EPIC, SETTINGS, TARGET, Play, commit, digest, finding

from gitorch.errors import Denied, Refused
from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model.ids import Moment
from gitorch.model.observed import AgentState, CheckObservation, CheckPhase, Observed, SessionObservation
from gitorch.model.plans.workflow import REVIEWING
from gitorch.model.work.job import ENDED, JobPhase
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.review import ACCEPTING, Check
from gitorch.model.work.run import OVER
from gitorch.model.work.session import SessionPhase
from gitorch.rules.outstanding import outstanding
from gitorch.rules.reconcile import reconcile

SHAPES = [
    {"a": ()},
    {"a": (), "b": ()},
    {"a": (), "b": ("a",)},
    {"a": (), "b": (), "c": ("a", "b")},
    {"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c")},
]


class World(RuleBasedStateMachine):
    """Panes, branches and checks as plain values; `tick` is one tick of the product."""

    def __init__(self):
        super().__init__()
        self.play = Play()
        self.panes: dict[str, SessionObservation] = {}
        self.sent: dict[tuple[str, str], str] = {}
        self.heads: dict[str, str] = {"refs/heads/main": TARGET}
        self.checks: dict[str, CheckObservation] = {}
        self.silent = False
        self.reports = 0
        self.work = 0

    @initialize(
        shape=st.sampled_from(SHAPES),
        base=st.sampled_from([SETTINGS, PARALLEL, PER_EPIC, replace(SETTINGS, test_command="")]),
        agents=st.integers(1, 4),
        rounds=st.integers(1, 3),
    )
    def begin(self, shape, base, agents, rounds):
        self.play.begin(shape, replace(base, max_agents=agents, rounds_max=rounds, lease_seconds=60))

    @property
    def run(self):
        return self.play.run

    def seen(self) -> Observed:
        merged = self.heads["refs/heads/main"] == commit("merged")
        return Observed(
            now=Moment(self.play.at),
            sessions=None if self.silent else dict(self.panes),
            heads=None if self.silent else dict(self.heads),
            checks=dict(self.checks),
            sent=dict(self.sent),
            merges_found=merged,
        )

    def attempt(self, command, actor=None):
        try:
            return self.play.do(command, actor) if actor else self.play.do(command)
        except (Refused, Denied):
            return ()

    @rule()
    def tick(self):
        seen = self.seen()
        for command in reconcile(self.run, seen):
            self.attempt(self.completed(command))
        for effect in outstanding(self.run, seen):
            self.perform(effect)

    @rule()
    def what_was_learned_once_is_not_learned_again(self):
        """With the same answers from the world, the ledger soon has nothing left to learn, and then stays quiet."""
        scratch = Play(self.play.state, self.play.at, seq=self.play.seq)
        seen = self.seen()
        for _ in range(8):
            asked = [self.completed(command) for command in reconcile(scratch.run, seen)]
            if not asked:
                break
            for command in asked:
                with suppress(Refused):
                    scratch.do(command)
        assert reconcile(scratch.run, seen) == ()

    def completed(self, command):
        if not isinstance(command, c.GrantLease):
            return command
        return replace(command, token=digest(f"token {command.session}"), nonce=f"n{self.play.seq}")

    def perform(self, effect):
        match effect:
            case effects.StartSession(session, _):
                self.panes[session] = SessionObservation(
                    True, True, AgentState.STARTING, started_at=Moment(self.play.at)
                )
            case effects.StopSession(session):
                self.panes.pop(session, None)
                self.attempt(c.EndSession(session, "stopped"))
            case effects.DeliverPrompt(session, prompt):
                self.sent[session, prompt] = "submitted"
                self.show(session, AgentState.WORKING)
            case effects.StartCheck(at):
                self.checks[at] = CheckObservation(CheckPhase.RUNNING)
            case effects.BuildBase(job, parents):
                self.attempt(c.RecordBase(job, commit("+".join(parents)), parents))
            case effects.MakeReport(checkpoint):
                self.reports += 1
                facts = self.play.facts(self.heads["refs/heads/main"])
                self.attempt(c.IssueReport(checkpoint, digest(f"report {self.reports}"), facts, "the report"))
            case effects.MergeBranches(_):
                self.move_target()
            case effects.CleanUp(_):
                self.attempt(c.RecordCleanup(("all",), ()))

    def move_target(self):
        report = self.run.report
        assert report is not None
        if self.heads["refs/heads/main"] == report.target_commit:
            self.heads["refs/heads/main"] = report.merged_commit

    def show(self, session, state):
        if session in self.panes:
            now = Moment(self.play.at)
            self.panes[session] = replace(self.panes[session], state=state, changed_at=now, was_ready=True)

    # What agents do

    @rule(pick=st.randoms(use_true_random=False))
    def an_agent_boots(self, pick):
        booting = [s for s, p in self.panes.items() if p.state is AgentState.STARTING]
        if booting:
            self.show(pick.choice(booting), AgentState.WAITING)

    def at_work(self):
        jobs = [j for j in self.run.jobs.values() if j.phase in {JobPhase.CLAIMED, JobPhase.RUNNING}]
        return [j for j in jobs if j.lease is not None and j.lease.session in self.panes]

    @precondition(lambda self: self.at_work())
    @rule(
        pick=st.randoms(use_true_random=False), word=st.sampled_from(["DONE", "DONE", "CONCERN", "CONTEXT", "BLOCKED"])
    )
    def an_agent_reports(self, pick, word):
        job = pick.choice(self.at_work())
        session, name = job.lease.session, job.spec.id
        if job.spec.kind in REVIEWING:
            return self.a_verdict(job, session, pick)
        self.work += 1
        head = f"{name} {self.work}"
        words = {
            "DONE": ("DONE", {}),
            "CONCERN": ("DONE_WITH_CONCERNS", {"concerns": ("hm",)}),
            "CONTEXT": ("NEEDS_CONTEXT", {"questions": ("why?",)}),
            "BLOCKED": ("BLOCKED", {"blocker": "b", "clears": "c"}),
        }[word]
        replies = self.play.fixed(name, head) if word in {"DONE", "CONCERN"} else ()
        try:
            self.play.submit_handoff(name, words[0], head=head, by=session, replies=replies, **words[1])
        except (Refused, Denied):
            return None
        if word in {"DONE", "CONCERN"}:
            self.heads[f"refs/heads/{self.run.branch_of(name)}"] = commit(head)
        self.show(session, AgentState.WAITING)
        return None

    def a_verdict(self, job, session, pick):
        choice = pick.choice(["accept", "accept", "needs_revision", "accept_with_findings", "reject"])
        found = {"needs_revision": (finding(),), "accept_with_findings": (finding("minor"),)}.get(choice, ())
        try:
            self.play.judge(job.spec.id, choice, found, by=session)
        except (Refused, Denied):
            return

    @rule(pick=st.randoms(use_true_random=False), outcome=st.sampled_from(["passed", "passed", "failed", "lost"]))
    def a_check_ends(self, pick, outcome):
        running = [k for k, v in self.checks.items() if v.phase is CheckPhase.RUNNING]
        if not running:
            return
        at = pick.choice(running)
        if outcome == "lost":
            self.checks[at] = CheckObservation(CheckPhase.ABSENT)
        else:
            self.checks[at] = CheckObservation(CheckPhase.FINISHED, Check(at, "make check", outcome, 0, 1.0))

    # What goes wrong

    @rule(pick=st.randoms(use_true_random=False), status=st.sampled_from([None, 1, 127]))
    def an_agent_dies(self, pick, status):
        if self.panes:
            session = pick.choice(sorted(self.panes))
            if status is None:
                self.panes[session] = replace(self.panes[session], present=False)
            else:
                self.panes[session] = replace(self.panes[session], state=AgentState.EXITED, exit_status=status)

    @rule()
    def the_server_dies(self):
        self.panes = {s: replace(p, present=False, server_gone=True) for s, p in self.panes.items()}

    @rule(silent=st.booleans())
    def the_world_falls_silent(self, silent):
        self.silent = silent

    @rule(seconds=st.integers(-3600, 7200))
    def time_jumps(self, seconds):
        self.play.at = max(self.play.at, self.play.at + seconds * 1000)

    @rule(name=st.sampled_from(["elsewhere", "other"]))
    def somebody_pushes_to_the_target(self, name):
        if self.run.merged is None and self.heads["refs/heads/main"] != commit("merged"):
            self.heads["refs/heads/main"] = commit(name)

    @rule(pick=st.randoms(use_true_random=False))
    def an_agent_commits_after_its_report(self, pick):
        done = [j for j in self.run.jobs.values() if j.handoff and j.spec.kind not in REVIEWING and not self.run.merged]
        if done:
            self.work += 1
            name = pick.choice(done).spec.id
            self.heads[f"refs/heads/{self.run.branch_of(name)}"] = commit(f"{name} {self.work}")

    # What people do

    @rule(pick=st.randoms(use_true_random=False))
    def the_human_answers(self, pick):
        questions = self.run.open_questions()
        if not questions:
            return
        question = pick.choice(questions)
        if question.kind is QuestionKind.APPROVAL:
            self.attempt(c.ApproveMerge(self.run.report.digest, "typed"), HUMAN)
            return
        option = pick.choice(question.options) if question.options else ""
        self.attempt(c.AnswerQuestion(question.id, option, "because"), HUMAN)

    @rule(pick=st.randoms(use_true_random=False))
    def an_agent_tries_to_approve(self, pick):
        if self.run.report is not None and self.run.sessions:
            actor = self.play.actor(pick.choice(sorted(self.run.sessions)))
            assert self.attempt(c.ApproveMerge(self.run.report.digest, "typed"), actor) == ()

    @rule()
    def the_human_pauses_or_resumes(self):
        self.attempt(c.PauseRun("lunch"), HUMAN) or self.attempt(c.ResumeRun(), HUMAN)

    # What must always hold

    @invariant()
    def one_living_lease_a_job_and_fences_grow(self):
        if self.play.state.run is None:
            return
        for job in self.run.jobs.values():
            if job.lease is not None:
                assert job.lease.fence == job.fence
                assert self.run.sessions[job.lease.session].phase is not SessionPhase.ENDED
            assert job.phase not in ENDED or job.lease is None

    @invariant()
    def no_gate_without_accepting_verdicts_or_a_waiver(self):
        if self.play.state.run is None:
            return
        waived = {e.job for e in self.play.events if type(e).__name__ == "GatePassed" and e.waived}
        for job in self.run.jobs.values():
            if job.cleared is None or job.spec.id in waived:
                continue
            accepting = {v.review for v in job.verdicts if v.commit == job.cleared and v.choice in ACCEPTING}
            assert accepting == {r.spec.id for r in self.run.reviews_of(job.spec.id)}
            if self.run.needs_check(job):
                assert any(k.commit == job.cleared and k.outcome == "passed" for k in job.checks)

    @invariant()
    def no_merge_without_approval_of_exactly_it(self):
        if self.play.state.run is None or self.run.merged is None:
            return
        kinds = [type(e).__name__ for e in self.play.events]
        assert kinds.count("Merged") == 1
        assert self.run.approval is not None
        assert self.run.report is not None
        assert self.run.approval.digest == self.run.report.digest
        assert self.run.merged.new == self.run.report.merged_commit

    @invariant()
    def never_more_agents_than_allowed_and_no_dependent_before_its_needs(self):
        if self.play.state.run is None:
            return
        jobs = self.run.jobs
        at_work = [j for j in jobs.values() if j.phase in {JobPhase.CLAIMED, JobPhase.RUNNING}]
        resumed = len([e for e in self.play.events if type(e).__name__ == "QuestionAnswered"])
        assert len(at_work) <= self.run.settings.max_agents + resumed
        for job in at_work:
            if job.attempt == 1 and job.spec.kind not in REVIEWING:
                assert all(jobs[n].handoff is not None for n in job.spec.needs)

    @invariant()
    def nothing_open_is_escalated_twice(self):
        if self.play.state.run is None:
            return
        triggers = [q.trigger for q in self.run.open_questions() if q.trigger]
        assert len(triggers) == len(set(triggers))

    def teardown(self):
        """Left alone with a world that works and a human who answers, every run ends."""
        if self.play.state.run is None:
            return
        self.silent = False
        self.attempt(c.ResumeRun(), HUMAN)
        for _ in range(400):
            if self.run.phase in OVER:
                break
            self.a_quiet_day()
        assert self.run.phase in OVER, {j.spec.id: str(j.phase) for j in self.run.jobs.values()}
        self.tick()
        self.tick()
        assert all(s.phase is SessionPhase.ENDED for s in self.run.sessions.values())

    def a_quiet_day(self):
        self.tick()
        for session, pane in list(self.panes.items()):
            if pane.present and pane.state is AgentState.STARTING:
                self.show(session, AgentState.WAITING)
        for at, check in list(self.checks.items()):
            if check.phase is CheckPhase.RUNNING:
                self.checks[at] = CheckObservation(CheckPhase.FINISHED, Check(at, "make check", "passed", 0, 1.0))
        for job in self.at_work():
            self.finish_quietly(job)
        for question in self.run.open_questions():
            self.answer_helpfully(question)

    def finish_quietly(self, job):
        name, session = job.spec.id, job.lease.session
        try:
            if job.spec.kind in REVIEWING:
                self.play.judge(name, by=session)
                return
            self.work += 1
            head = f"{name} {self.work}"
            self.play.submit_handoff(name, head=head, by=session, replies=self.play.fixed(name, head))
        except (Refused, Denied):
            return
        self.heads[f"refs/heads/{self.run.branch_of(name)}"] = commit(f"{name} {self.work}")
        self.show(session, AgentState.WAITING)

    def answer_helpfully(self, question):
        if question.kind is QuestionKind.APPROVAL:
            if self.run.report is not None:
                self.attempt(c.ApproveMerge(self.run.report.digest, "typed"), HUMAN)
            return
        liked = ("approve", "accept", "continue", "cleared", "retry", "accept_with_exceptions", "waive", "no")
        option = next((o for o in liked if o in question.options), question.options[0] if question.options else "")
        self.attempt(c.AnswerQuestion(question.id, option, "because"), HUMAN)


World.TestCase.settings = settings(
    max_examples=60, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)


class TestWorld(World.TestCase):
    """Collected by pytest."""
