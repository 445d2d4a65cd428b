# ruff: noqa: ARG002 stand-ins take what their ports pass
"""A repository that exists only in memory, played by the real rules and the real app, for the command line to work on.

Only what touches git, tmux and files is a stand-in. `python cli_stage.py SCENE WORDS…` is one call of gitorch on it, so that
real processes, pipes and terminals can be tested.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cli_memory import TARGET, MemoryClock, MemoryGit, MemoryLedger, MemorySecrets, MemoryTerminals, RealClock, commit
from fakes.world import FakeFiles, FakePlace, FakePrograms, FakeRemotes, FakeRepository, FakeSignatures, FakeWorktrees

from gitorch.app.executing.execute import Caller, execute
from gitorch.app.work.context import token_digest
from gitorch.cli.boundary import run as run_call
from gitorch.cli.call import Call, Streams
from gitorch.model import commands as c
from gitorch.model.events import RunPrepared
from gitorch.model.ids import Digest, JobId, RunId, SessionId
from gitorch.model.plans.approval import Grade
from gitorch.model.plans.config import Config
from gitorch.model.plans.runtime import Preset
from gitorch.model.plans.workflow import Cycle, JobKind, JobSpec, Lane, Settings, Workflow
from gitorch.model.record import Actor, ActorKind
from gitorch.model.work.review import Choice, ReportStatus
from gitorch.model.work.session import SessionKey
from gitorch.text.records.digests import digest
from gitorch.verbs.table import TABLE
from gitorch.verbs.verb import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.work.run import Run

HUMAN = Actor(ActorKind.PRINCIPAL, "ada", "desk")
HOST = Actor(ActorKind.HOST, "gitorch", "desk")
RUN = RunId("auth-7f3a")
BRIEF = b"Rotate the session."
"""What the brief of every job says."""


def workflow(needs: dict[str, tuple[str, ...]], titles: dict[str, str] | None = None) -> Workflow:
    """Work, one review each, approval, merge."""
    jobs: dict[JobId, JobSpec] = {}
    for name, before in needs.items():
        job, review = JobId(name), JobId(f"{name}.spec")
        title = (titles or {}).get(name, name.title())
        jobs[job] = JobSpec(job, title, JobKind.BUILD, "implementer", tuple(map(JobId, before)), brief=digest(BRIEF))
        jobs[review] = JobSpec(
            review, f"Review {name}", JobKind.REVIEW, "reviewer", (job,), role="spec", subject=job, stage=1
        )
    approval, merge = JobId("approval"), JobId("merge")
    jobs[approval] = JobSpec(approval, "Approve", JobKind.CHECKPOINT, "", tuple(map(JobId, needs)))
    jobs[merge] = JobSpec(merge, "Merge", JobKind.MERGE, "", (approval,))
    lanes = {name: Lane(name, "scripted") for name in ("implementer", "reviewer")}
    cycles = tuple(Cycle(JobId(f"{name}.spec"), JobId(name), 3) for name in needs)
    return Workflow("stage", "1", "plan", lanes, jobs, cycles)


UNATTENDED = Settings(approval_at_least=Grade.UNATTENDED, approval_unattended=True)
"""Lets `approve --yes` approve, so that tests need no terminal."""


@dataclass
class Stage:
    """One repository and everything that can be asked of it."""

    folder: Path = field(default_factory=Path.cwd)
    environ: dict[str, str] = field(default_factory=dict)
    streams: Streams = field(default_factory=Streams)
    config: Config = field(default_factory=Config)
    programs: FakePrograms = field(default_factory=FakePrograms)
    files: FakeFiles = field(default_factory=FakeFiles)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    terminals: MemoryTerminals = field(default_factory=MemoryTerminals)
    git: MemoryGit = field(default_factory=MemoryGit)
    clock: MemoryClock = field(default_factory=MemoryClock)
    presets: dict[str, Preset] = field(default_factory=lambda: {"scripted": Preset("scripted", ("scripted",))})
    signatures: FakeSignatures = field(default_factory=FakeSignatures)
    slow_calls: list[object] = field(default_factory=list)
    place: FakePlace = field(default_factory=FakePlace)
    services_opened: int = 0
    broken: BaseException | None = None

    def __post_init__(self) -> None:
        self.remotes = FakeRemotes(self.git)
        self.worktrees = FakeWorktrees(self.git)

    @property
    def services(self) -> FakeRepository:
        return FakeRepository(
            self.folder,
            ledger=self.ledger,
            terminals=self.terminals,
            git=self.git,
            clock=self.clock,
            config=self.config,
            programs=self.programs,
            presets=self.presets,
            remotes=self.remotes,
            worktrees=self.worktrees,
            files=self.files,
            secrets=MemorySecrets(),
            signatures=self.signatures,
            slow_calls=self.slow_calls,
            place=self.place,
            who=self.who(),
        )

    def open(self, start: Path, environ) -> FakeRepository:
        self.services_opened += 1
        if self.broken is not None:
            raise self.broken
        return self.services

    def who(self) -> Caller:
        session = self.environ.get("GITORCH_SESSION")
        if session is None:
            return Caller(HUMAN)
        actor = Actor(ActorKind.AGENT, self.environ["GITORCH_JOB"], "desk", session)
        return Caller(actor, RUN, "its token is in the environment")

    def call(self) -> Call:
        return Call(self.environ, self.folder, open=self.open, streams=self.streams)

    def gitorch(self, *words: str, typed: str | bytes = "", colours: bool = False) -> Answer:
        """One call; what it printed, and its exit status. Colours are printed only where the output says that it has them."""
        out, err = (TerminalText(), TerminalText()) if colours else (io.StringIO(), io.StringIO())
        self.pass_time()
        data = typed if isinstance(typed, bytes) else typed.encode()
        before = sys.stdin
        sys.stdin = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8")
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = run_call(words, self.call())
        finally:
            sys.stdin = before
        if status == 0 and "--json" in words and out.getvalue().startswith('{"ok": true'):
            require_declared_keys(words, out.getvalue())
        return Answer(status, out.getvalue(), err.getvalue())

    def pass_time(self) -> None:
        """A call takes a second of the clock in memory."""
        if isinstance(self.clock, MemoryClock):
            self.clock.step()

    # Playing a run

    @property
    def run(self) -> Run:
        run = self.ledger.state(RUN).run
        assert run is not None
        return run

    def do(self, command, actor: Actor = HOST) -> None:
        self.pass_time()
        execute(self.services, RUN, actor, command)

    def prepare(self, needs, settings: Settings, titles=None) -> Run:
        if not self.ledger.exists():
            self.ledger.create(HUMAN, self.clock.now(), "L")
        flow = workflow(needs, titles)
        self.pass_time()
        prepare = c.PrepareRun(RUN, "Sign in", "plan.md", Digest("sha256:p"), "main", TARGET, flow)
        execute(self.services, RUN, HUMAN, prepare, {RunPrepared: {"brief.md": BRIEF}})
        self.do(c.ConfirmRun(settings, "unattended"), HUMAN)
        return self.run

    def begin_run(self, needs=None, settings: Settings | None = None, titles=None) -> Stage:
        self.prepare(needs or {"api": (), "ui": ("api",)}, settings or UNATTENDED, titles)
        self.do(c.StartRun())
        return self

    def launch(self, job: str) -> Stage:
        """A living session that was told its brief."""
        session = SessionId(f"s{len(self.run.sessions) + 1}")
        token = token_digest(f"token of {session}")
        self.do(c.GrantLease(JobId(job), session, True, token, "nonce-one"))
        run, spec = self.run, self.run.jobs[JobId(job)].spec
        folder = self.services.paths.job_worktree(run, spec.id)
        if run.jobs[spec.id].writes:
            self.git.tips.setdefault(run.branch_of(spec.id), commit(f"{job}-1"))
            self.worktrees.ensure(folder, TARGET, run.branch_of(spec.id))
        pid = self.terminals.launch(SessionKey(RUN, session), folder)
        self.do(c.MarkAlive(session, pid, "a sign"))
        prompt = self.run.sessions[session].prompts[0].id
        self.do(c.RecordDelivery(session, prompt, "delivered"))
        return self

    def as_agent(self, job: str) -> Stage:
        session = self.run.jobs[JobId(job)].session
        self.environ = {
            "GITORCH_RUN": RUN,
            "GITORCH_SESSION": str(session),
            "GITORCH_JOB": job,
            "GITORCH_TOKEN": f"token of {session}",
        }
        return self

    def as_human(self) -> Stage:
        self.environ = {}
        return self

    def finish(self, job: str, status: str = "DONE", **words) -> Stage:
        """Launch, hand in and have it accepted."""
        self.launch(job)
        self.submit_handoff(job, status, **words)
        return self.review(job)

    def submit_handoff(self, job: str, status: str = "DONE", **words) -> Stage:
        state = self.run.jobs[JobId(job)]
        head = commit(f"{job}-1")
        token = self.run.sessions[state.session].token
        actor = Actor(ActorKind.AGENT, job, "desk", state.session)
        facts = c.WorkFacts(head, (), 1, ("a.py",))
        self.do(c.SubmitHandoff(token, None, ReportStatus(status), f"{job} is done", facts, **words), actor)
        return self

    def review(self, job: str) -> Stage:
        review = f"{job}.spec"
        self.launch(review)
        session = self.run.jobs[JobId(review)].session
        actor = Actor(ActorKind.AGENT, review, "desk", session)
        token = self.run.sessions[session].token
        self.do(c.GiveVerdict(token, None, "nonce-one", commit(f"{job}-1"), Choice.ACCEPT, (), "good"), actor)
        return self

    def until_report(self, settings: Settings | None = None) -> Stage:
        """Everything is done but the approval."""
        self.begin_run({"api": ()}, settings).finish("api")
        answer = self.gitorch("up", "--no-wait")
        assert answer.status == 10, answer
        return self


class TerminalText(io.StringIO):
    """Keeps what a terminal would show."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Answer:
    """What a call printed and answered."""

    status: int
    out: str
    err: str


HELD = {Kind.TEXT: str, Kind.FLAG: bool, Kind.NUMBER: int, Kind.LIST: list, Kind.OBJECT: dict, Kind.ANY: object}


def require_declared_keys(words: Sequence[str], printed: str) -> None:
    """Only keys that the table of verbs declares are in a JSON answer of a verb, with values of those kinds."""
    named = [word for word in words if not word.startswith("-") and word != "."]
    verb = TABLE.get(" ".join(named[:2])) or TABLE[named[0]]
    if verb.members:
        verb = TABLE[named[1]]
    values = json.loads(printed)
    del values["ok"]
    assert values.keys() <= verb.result.keys(), verb.name
    for key, value in values.items():
        assert isinstance(value, HELD[verb.result[key]]), (verb.name, key)


def many(stage: Stage) -> Stage:
    """Forty epics with titles in several scripts, five of them begun."""
    names = {f"epic-{n:02}": () for n in range(40)}
    titles = {name: f"長い題名 {name} mit Umlauten äöü 🚀" for name in names}
    stage.begin_run(names, Settings(max_agents=40), titles)
    for name in list(names)[:5]:
        stage.launch(name)
    return stage.submit_handoff("epic-00", "NEEDS_CONTEXT", questions=("どの名前ですか?",))


def planned(stage: Stage) -> Stage:
    """Nothing is begun, and the one agent program that the configuration names is there."""
    stage.config = Config(implementer="claude", test_command="make test")
    stage.programs.printed["claude"] = "1.0"
    stage.presets["claude"] = Preset("claude", ("claude",))
    return stage


SCENES = {
    "plan": planned,
    "many": many,
    "empty": lambda stage: stage,
    "working": lambda stage: stage.begin_run().launch("api"),
    "report": lambda stage: stage.until_report(),
}


def main() -> None:
    """One call of gitorch in this process, on a scene in memory."""
    from gitorch.cli.call import from_process

    stage = SCENES[sys.argv[1]](Stage(clock=RealClock()))
    call = from_process()
    call.open = stage.open
    sys.exit(run_call(sys.argv[2:], call))


if __name__ == "__main__":
    main()
