"""Three runs at once on fakes, and a strike: some call of a port, made for one of them, fails as its seed says."""

from __future__ import annotations

import errno
import random
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from fakes.checks import FakeSetups
from fakes.tracker import FakeTracker
from fakes.world import (
    FakeChecks,
    FakeClock,
    FakeFiles,
    FakeGit,
    FakeLedger,
    FakeNotices,
    FakeOutboxes,
    FakeRemotes,
    FakeRepository,
    FakeSecrets,
    FakeTerminals,
    FakeWorktrees,
)
from play import HOST, HUMAN, digest, workflow

from gitorch.app.executing.execute import Caller, execute
from gitorch.app.people import decisions
from gitorch.app.reconciler.loop import loop
from gitorch.app.reconciler.tick import tick
from gitorch.app.work import submissions
from gitorch.app.work.submissions import AgentCredential
from gitorch.errors import Busy, Corrupt, Denied, Failed, Malformed, NotFound, Refused, Unavailable, Usage
from gitorch.model import commands as c
from gitorch.model.ids import RunId
from gitorch.model.observed import READY, AgentState
from gitorch.model.plans.preparation import Preparation
from gitorch.model.plans.runtime import Preset
from gitorch.model.plans.workflow import Settings
from gitorch.model.submission import ReportText, VerdictText
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.review import Choice, ReportStatus

RUNS = (RunId("one-0001"), RunId("two-0002"), RunId("six-0006"))
STRUCK = RUNS[1]
CALLER = Caller(HUMAN)
LIKED = ("approve", "continue", "retry", "branches")
WORDS = "struck by lightning"
PATH = "/dev/struck"
LOOPS_MAX = 40

ERRORS = {
    "failed": lambda: Failed(WORDS),
    "busy": lambda: Busy(WORDS),
    "usage": lambda: Usage(WORDS),
    "refused": lambda: Refused(WORDS),
    "denied": lambda: Denied(WORDS),
    "not-found": lambda: NotFound(WORDS),
    "malformed": lambda: Malformed(WORDS),
    "unavailable": lambda: Unavailable(WORDS),
    "corrupt": lambda: Corrupt(WORDS),
    "no-space": lambda: OSError(errno.ENOSPC, WORDS, PATH),
    "input-output": lambda: OSError(errno.EIO, WORDS),
    "permission": lambda: PermissionError(errno.EACCES, WORDS, PATH),
    "missing": lambda: FileNotFoundError(errno.ENOENT, WORDS, PATH),
    "time": lambda: TimeoutError(WORDS),
    "bytes": lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, WORDS),
    "surrogate": lambda: UnicodeEncodeError("utf-8", "\udcff", 0, 1, WORDS),
    "key": lambda: KeyError(WORDS),
    "value": lambda: ValueError(WORDS),
    "type": lambda: TypeError(WORDS),
    "recursion": lambda: RecursionError(WORDS),
    "memory": lambda: MemoryError(WORDS),
    "empty": lambda: Failed(""),
    "lines": lambda: Failed(f"\n{WORDS}\nfatal: \x1b[31m\udcff"),
}
MODES = ("once", "once", "always", "always", "half", "half-once", "slow", "now and then")


@dataclass
class Strike:
    """Which call fails and how. `half` carries the call out and then raises; `slow` takes its time and raises nothing."""

    port: str
    method: str
    error: str
    mode: str
    after: int
    chance: random.Random
    calls: int = 0
    hits: int = 0
    over: bool = False

    @property
    def passes(self):
        """Whether it ends by itself, so that gitorch alone must bring its run to the end."""
        return self.mode in {"once", "half-once", "slow"}

    def hits_now(self):
        self.calls += 1
        if self.over or self.calls <= self.after:
            return False
        if self.mode in {"once", "half-once"} and self.hits:
            return False
        return self.mode != "now and then" or self.chance.random() < 0.4

    def __str__(self):
        return f"{self.mode} {self.error} in {self.port}.{self.method} after {self.after}"


@dataclass
class Storm:
    """Where the tick is, and what is struck there. `met` are the calls that were made for the run that is struck."""

    clock: FakeClock
    strike: Strike | None = None
    slow_seconds: float = 40
    struck: RunId = STRUCK
    current: RunId | None = None
    met: Counter = field(default_factory=Counter)

    def call(self, port, method, work, words):
        if (port, method) == ("ledger", "state") and begins_work():
            self.current = words[0]
        if self.current != self.struck:
            return work()
        self.met[port, method] += 1
        strike = self.strike
        if strike is None or (strike.port, strike.method) != (port, method) or not strike.hits_now():
            return work()
        strike.hits += 1
        if strike.mode == "slow":
            self.clock.sleep(self.slow_seconds)
            return work()
        if strike.mode.startswith("half"):
            work()
        error = ERRORS[strike.error]()
        raise error


def begins_work():
    """Whether a call for the state of a run begins work for it: what a tick asks about other runs is done for its own run."""
    frame = sys._getframe(3)
    if frame.f_globals["__name__"] == tick.__module__:
        return True
    while frame is not None and frame.f_globals["__name__"] != tick.__module__:
        frame = frame.f_back
    return frame is None


class Port:
    """A port, each call of which goes through the storm."""

    def __init__(self, name, port, storm):
        self._name, self._port, self._storm = name, port, storm

    def __getattr__(self, name):
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def called(*words, **more):
            return self._storm.call(self._name, name, lambda: found(*words, **more), words)

        return called


class Bell(FakeNotices):
    """Notices are configured, and each is sent at once."""

    def __init__(self):
        self.rung = {}

    def sent(self, run):
        return frozenset(self.rung.get(run, ()))

    def send(self, run, name, notice):  # noqa: ARG002 the port names it
        self.rung.setdefault(run, set()).add(name)


class Three:
    """Three runs of one repository: their agents work well, their human answers everything but what fails."""

    def __init__(self, seed, folder):
        self.chance = random.Random(f"three {seed}")
        self.clock = FakeClock()
        self.git = FakeGit()
        self.git.write("main", {"README.md": "one\n"}, "begin")
        remotes = FakeRemotes(self.git)
        remotes.held["origin"] = {"refs/heads/main": self.git.resolve("main")}
        self.terminals = FakeTerminals(self.clock)
        self.ledger, self.bell, self.checks = FakeLedger(), Bell(), FakeChecks()
        self.ports = {
            "ledger": self.ledger,
            "terminals": self.terminals,
            "git": self.git,
            "remotes": remotes,
            "worktrees": FakeWorktrees(self.git),
            "checks": self.checks,
            "setups": FakeSetups(),
            "files": FakeFiles(),
            "outboxes": FakeOutboxes(),
            "secrets": FakeSecrets(),
            "notices": self.bell,
        }
        self.tracker = FakeTracker(*(issue for job in ("sky", "sea") for issue in issues(job)))
        self.preset = Preset("fake", ("agent",), first_prompt=self.chance.choice(("argument", "paste")))
        self.presets = {"scripted": self.preset}
        self.storm = Storm(self.clock)
        self.folder = folder
        self.taken = {}
        self.answered = {}
        self.ended = None
        self.ledger.create(HUMAN, self.clock.now(), "L")
        settings = Settings(
            test_command="make check",
            test_target=True,
            preparation=Preparation("make ready"),
            push_remote="origin",
            tracker="fake",
            max_agents=2,
        )
        for run in RUNS:
            flow = workflow({"sky": (), "sea": (), "both": ("sky", "sea")}, tracked=True)
            main = self.git.resolve("main")
            self.say(run, c.PrepareRun(run, run, f"{run}.md", digest(run), "main", main, flow), HUMAN)
            self.say(run, c.ConfirmRun(settings, "unattended"), HUMAN)

    def calm(self):
        """The repository as people and agents use it: nothing is struck."""
        return FakeRepository(
            self.folder, **self.ports, clock=self.clock, presets=self.presets, trackers={"fake": self.tracker}
        )

    def stormy(self):
        """The repository as gitorch's loop uses it."""
        ports = {name: Port(name, port, self.storm) for name, port in self.ports.items()}
        tracker = Port("tracker", self.tracker, self.storm)
        return FakeRepository(self.folder, **ports, clock=self.clock, presets=self.presets, trackers={"fake": tracker})

    def say(self, run, command, actor=HOST):
        return execute(self.calm(), run, actor, command)

    def run(self, run):
        return self.ledger.state(run).run

    # gitorch

    def drive(self):
        """`gitorch up --no-wait`, answered by people, until people have nothing more to say; how it ended."""
        for _ in range(LOOPS_MAX):
            self.storm.current = None
            self.ended = loop(self.stormy(), None, stay=False, stopping=self.others_go_on)
            if not self.people_answer():
                return self.ended
            self.clock.sleep(1)
        raise AssertionError([str(run.phase) for run in map(self.run, RUNS)])

    def others_go_on(self):
        """Each agent does one thing, between two ticks; the loop never stops for it."""
        self.clock.moment += self.chance.randrange(20, 400)
        self.steps = getattr(self, "steps", 0) + 1
        assert self.steps < 20_000, "the loop does not end"
        for key, session in list(self.terminals.sessions.items()):
            if session.present and session.state is not AgentState.EXITED:
                self.an_agent_goes_on(key, session)
        return False

    def an_agent_goes_on(self, key, session):
        if session.state is AgentState.STARTING:
            self.terminals.become(key, AgentState.IDLE)
        elif session.state in READY and len(session.turns) > self.taken.get(key, 0):
            self.taken[key] = len(session.turns)
            self.terminals.become(key, AgentState.WORKING)
        elif session.state is AgentState.WORKING:
            with suppress(Refused, Denied):
                self.act(key)
            self.terminals.become(key, AgentState.WAITING)

    def act(self, key):
        run = self.run(key.run)
        job = run.jobs[run.sessions[key.session].job]
        if job.lease is None or job.lease.session != key.session:
            return
        services = self.calm()
        credential = AgentCredential(key.run, self.ports["secrets"].token(key))
        if job.writes:
            worktree = services.paths.job_worktree(run, job.spec.id)
            path, text = f"{key.run}-{job.spec.id}.txt", f"{job.attempt}\n"
            if self.git.checkouts[worktree].files.get(path) != text:
                self.git.commit_in(worktree, {path: text})
            submissions.submit_handoff(services, credential, ReportText(ReportStatus.DONE, "done"))
        else:
            commit = run.jobs[job.spec.subject].handoff.commit
            words = VerdictText(Choice.ACCEPT, commit, job.lease.nonce, "seen")
            submissions.give_verdict(services, credential, words)

    # People

    def people_answer(self):
        """Every question but those about what fails is answered, the same one at most three times; whether any was."""
        before = len(self.ledger.written)
        for name in RUNS:
            for question in self.run(name).open_questions():
                if not question.is_fault:
                    self.answer(name, question)
        return len(self.ledger.written) > before

    def answer(self, name, question):
        run = self.run(name)
        key = (name, question.trigger or question.kind, question.job)
        self.answered[key] = self.answered.get(key, 0) + 1
        if question.id not in {q.id for q in run.open_questions()} or (question.trigger and self.answered[key] > 3):
            return
        if question.kind is QuestionKind.APPROVAL:
            if run.report is not None:
                decisions.approve(self.calm(), CALLER, run, run.report.digest, "typed")
            return
        options = [o for o in LIKED if o in question.options]
        decisions.answer(self.calm(), CALLER, question.id, [*options[:1], "because"], name)

    def calm_down(self):
        """The cause is gone, and people ask for another try of whatever they were asked about."""
        self.storm.strike = None
        self.answered = {}
        for question in self.run(STRUCK).open_questions():
            if question.is_fault and self.chance.random() < 0.5:
                decisions.answer(self.calm(), CALLER, question.id, ["retry"], STRUCK)
        self.clock.sleep(1)


def issues(job):
    """An epic of the tracker with one task."""
    epic = {"id": f"t-{job}", "title": job, "status": "open", "issue_type": "epic"}
    return epic, {"id": f"t-{job}.1", "title": job, "status": "open", "issue_type": "task"}
