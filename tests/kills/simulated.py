"""The whole app floor on fakes, in which gitorch dies between any two calls of its ports, and so does everything else."""

from __future__ import annotations

import random

from fakes.checks import FakeSetups
from fakes.world import (
    FakeChecks,
    FakeClock,
    FakeFiles,
    FakeGit,
    FakeLedger,
    FakeOutboxes,
    FakeRemotes,
    FakeRepository,
    FakeSecrets,
    FakeTerminals,
    FakeWorktrees,
)
from play import HOST, HUMAN, RUN, SETTINGS, digest, workflow

from gitorch.app.executing.execute import Caller, execute
from gitorch.app.people import decisions
from gitorch.app.reconciler.tick import tick
from gitorch.app.work import submissions
from gitorch.app.work.submissions import AgentCredential
from gitorch.errors import Denied, Refused
from gitorch.model import commands as c
from gitorch.model.observed import READY, AgentState
from gitorch.model.plans.runtime import Preset
from gitorch.model.submission import OutboxEntry, ReportText, VerdictText
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.review import Choice, Disposition, Finding, Reply, ReportStatus, Severity
from gitorch.model.work.run import RunPhase
from gitorch.text.outbox_entry import encode

CALMING_ROUNDS = 400
LIKED = ("approve", "accept", "continue", "cleared", "retry", "accept_with_exceptions", "branches", "no")
CALLER = Caller(HUMAN)


class Died(BaseException):
    """gitorch was killed: nothing catches this."""


class Fate:
    """Death before the call of a port with this number; 0 is for ever. `between` happens before every call."""

    def __init__(self, number=0, between=lambda: None):
        self.number = number
        self.between = between
        self.calls = 0

    def meets(self, words):
        self.between()
        self.calls += 1
        if self.calls == self.number:
            raise Died(words)


class Mortal:
    """A port, each call of which may be the last."""

    def __init__(self, port, fate):
        self._port, self._fate = port, fate

    def __getattr__(self, name):
        call = getattr(self._port, name)
        if not callable(call):
            return call  # a fact about the port

        def called(*words, **more):
            self._fate.meets(name)
            return call(*words, **more)

        return called


class World:
    """One run, its agents, its human, and everything that can go wrong, by one seed."""

    def __init__(self, seed, folder, needs, **settings):
        self.chance = random.Random(seed)
        self.needs = needs
        self.folder = folder
        self.clock = FakeClock()
        self.git = FakeGit()
        self.git.write("main", {"README.md": "one\n"}, "begin")
        self.ports = {
            "ledger": FakeLedger(),
            "terminals": FakeTerminals(self.clock),
            "git": self.git,
            "remotes": FakeRemotes(self.git),
            "worktrees": FakeWorktrees(self.git),
            "checks": FakeChecks(patient=True),
            "setups": FakeSetups(patient=True),
            "files": FakeFiles(),
            "outboxes": FakeOutboxes(),
            "secrets": FakeSecrets(),
        }
        self.ledger, self.terminals, self.checks = (self.ports[name] for name in ("ledger", "terminals", "checks"))
        self.preset = Preset("fake", ("agent",), first_prompt=self.chance.choice(("argument", "paste")))
        self.setups = self.ports["setups"]
        self.taken = {}
        self.stuck = {}
        self.deaths = 0
        if settings.get("push_remote"):
            self.ports["remotes"].held["origin"] = {"refs/heads/main": self.git.resolve("main")}
        self.ticked = None
        self.ledger.create(HUMAN, self.clock.now(), "L")
        main = self.git.resolve("main")
        self.say(c.PrepareRun(RUN, "Play", "plan.md", digest("plan"), "main", main, self.flow(needs)), HUMAN)
        self.say(c.ConfirmRun(SETTINGS if not settings else SETTINGS.__class__(**settings), "unattended"), HUMAN)

    def flow(self, needs):
        return workflow(needs)

    def services(self, fate=None):
        ports = self.ports if fate is None else {name: Mortal(port, fate) for name, port in self.ports.items()}
        return FakeRepository(self.folder, **ports, clock=self.clock, preset=lambda _lane: self.preset)

    def say(self, command, actor=HOST):
        return execute(self.services(), RUN, actor, command)

    @property
    def run(self):
        return self.ledger.state(RUN).run

    # gitorch

    def tick(self, number=0, between=lambda: None):
        """One tick by a process that knows nothing of the ones before it; whether it lived to the end."""
        self.clock.moment += self.chance.randrange(50, 500)
        try:
            self.ticked = tick(self.services(Fate(number, between)), RUN)
        except Died:
            self.deaths += 1
            return False
        self.alone_in_each_worktree()
        return True

    def alone_in_each_worktree(self):
        """No two living agents share a worktree: the one before is ended before the next is started."""
        living = [s.launch.cwd for s in self.terminals.sessions.values() if alive(s)]
        assert len(living) == len(set(living)), living

    # Agents

    def an_agent_goes_on(self):
        """One living agent starts, takes up a prompt, or does what it was asked."""
        living = [key for key, session in self.terminals.sessions.items() if alive(session)]
        if not living:
            return
        key = self.chance.choice(living)
        session = self.terminals.sessions[key]
        if session.state is AgentState.STARTING:
            if self.stuck.setdefault(key, self.chance.random() < 0.5):
                return
            self.terminals.become(key, AgentState.IDLE)
        elif session.state in READY and len(session.turns) > self.taken.get(key, 0):
            self.taken[key] = len(session.turns)
            self.terminals.become(key, AgentState.WORKING)
        elif session.state is AgentState.WORKING:
            self.act(key)
            self.terminals.become(key, AgentState.WAITING)

    def act(self, key):
        session = self.run.sessions[key.session]
        job = self.run.jobs[session.job]
        if job.lease is None or job.lease.session != session.id:
            return
        credential = AgentCredential(RUN, self.ports["secrets"].token(key))
        try:
            self.build(credential, job) if job.writes else self.judge(credential, job)
        except (Refused, Denied):
            return

    def build(self, credential, job):
        services, name = self.services(), job.spec.id
        if self.chance.random() < 0.1 and not any(q.job == name for q in self.run.questions.values()):
            words = ReportText(ReportStatus.NEEDS_CONTEXT, "?", questions=("Which?",))
            self.hand_over(credential, job, report=words)
            return
        path, content = f"{name}.txt", f"{name} {job.attempt}\n"
        checkout = self.git.checkouts[services.paths.job_worktree(self.run, name)]
        if checkout.files.get(path) != content:
            self.git.commit_in(services.paths.job_worktree(self.run, name), {path: content})
        replies = tuple(
            Reply(x.number, Disposition.FIXED, checkout.commit)
            for x in job.findings
            if x.open and x.round == job.attempt - 1
        )
        self.hand_over(credential, job, report=ReportText(ReportStatus.DONE, "done", replies=replies))

    def hand_over(self, credential, job, report=None, verdict=None):
        """Most agents call gitorch; some sit in a sandbox and leave an outbox entry, which the next tick finds."""
        if self.chance.random() < 0.3:
            where = self.services().paths.worktree(self.run, job.lease.session)
            salt = str(self.ports["outboxes"].posted)
            entry = OutboxEntry(credential.run, credential.token, salt, report, verdict)
            self.ports["outboxes"].post(where, f"outbox entry-{salt}.json", encode(entry))
        elif report is not None:
            submissions.submit_handoff(self.services(), credential, report)
        else:
            submissions.give_verdict(self.services(), credential, verdict)

    def judge(self, credential, job):
        subject = self.run.jobs[job.spec.subject]
        again = subject.attempt == 1 and self.chance.random() < 0.3
        found = (Finding(Severity("important"), "More", f"{subject.spec.id}.txt", 1),) if again else ()
        choice = Choice("needs_revision" if again else "accept")
        commit = subject.handoff.commit
        self.hand_over(credential, job, verdict=VerdictText(choice, commit, job.lease.nonce, "seen", findings=found))

    # People

    def the_human_decides(self):
        for question in self.run.open_questions():
            if question.kind is QuestionKind.APPROVAL:
                if self.run.report is not None:
                    self.the_remote_falls_silent()
                    decisions.approve(self.services(), CALLER, self.run, self.run.report.digest, "typed")
                return
            if question.trigger.startswith("push:"):
                decisions.answer(self.services(), CALLER, question.id, [self.chance.choice(question.options)], RUN)
                self.the_remote_falls_silent()
                return
            options = [o for o in LIKED if o in question.options]
            said = options[0] if options else question.options[0] if question.options else "this one"
            decisions.answer(self.services(), CALLER, question.id, [said, "because"], RUN)
            return

    def the_human_holds(self):
        """Pauses a run that goes on, resumes one that is paused."""
        paused = self.run.phase is RunPhase.PAUSED
        if paused or self.run.phase is RunPhase.RUNNING:
            decisions.hold(self.services(), CALLER, self.run, "resume" if paused else "pause")

    # What goes wrong

    def an_agent_dies(self):
        living = [key for key, session in self.terminals.sessions.items() if alive(session)]
        if living:
            self.terminals.exits(self.chance.choice(living), 137)

    def the_server_dies(self):
        self.terminals.server_dies()

    def agents_start_slowly(self):
        """From now on; half of them never get ready."""
        self.terminals.begin_as = self.chance.choice((AgentState.IDLE, AgentState.STARTING))

    def time_passes(self):
        self.clock.moment += self.chance.choice((1_000, 61_000, 400_000))

    def the_world_falls_silent(self):
        self.terminals.silent = not self.terminals.silent

    def the_remote_falls_silent(self):
        """Or speaks again."""
        remotes = self.ports["remotes"]
        if self.chance.random() < 0.6:
            remotes.silent ^= set(remotes.held)

    def a_check_ends(self):
        for commit, command in list(self.checks.running):
            self.checks.finish(commit, command) if self.chance.random() < 0.8 else self.checks.die(commit, command)

    def a_setup_ends(self):
        """A worktree is set up or not; the same one may be the next time."""
        for worktree in list(self.setups.running):
            self.setups.fails = {worktree.name} if self.chance.random() < 0.2 else set()
            self.setups.finish(worktree)

    def something_happens(self):
        """Anything but gitorch itself."""
        things = {
            self.an_agent_goes_on: 12,
            self.a_check_ends: 4,
            self.a_setup_ends: 4,
            self.the_human_decides: 2,
            self.the_human_holds: 0.4,
            self.an_agent_dies: 1,
            self.agents_start_slowly: 0.5,
            self.time_passes: 1,
            self.the_server_dies: 0.2,
            self.the_world_falls_silent: 0.2,
            self.the_remote_falls_silent: 1,
        }
        self.chance.choices(list(things), list(things.values()))[0]()

    def rarely_something(self):
        """Others do not wait until gitorch has finished its tick."""
        if self.chance.random() < 0.03:
            self.something_happens()

    def calm_down(self, until=lambda: False):
        """Left alone, with agents that work and a human who answers, the run ends and is cleaned up."""
        self.terminals.silent, self.terminals.begin_as = False, AgentState.IDLE
        if self.run.phase is RunPhase.PAUSED:
            self.the_human_holds()
        for _ in range(CALMING_ROUNDS):
            if self.run.cleaned or until():
                return
            self.tick()
            for _ in self.terminals.sessions:
                self.an_agent_goes_on()
            self.a_check_ends()
            self.a_setup_ends()
            self.the_human_decides()
        raise AssertionError({j.spec.id: str(j.phase) for j in self.run.jobs.values()})


def alive(session):
    return session.present and session.state is not AgentState.EXITED
