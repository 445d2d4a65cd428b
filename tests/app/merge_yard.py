"""A run on real git, from its start to its merge, with agents that are played: what tmux would cost is not what is asked here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent.parent / "rules")]
from fakes.world import FakeTerminals, altered
from play import HUMAN, RUN, digest, workflow

from gitorch.app.executing.execute import Caller, execute
from gitorch.app.people import decisions
from gitorch.app.reconciler.tick import tick
from gitorch.app.start.snapshot import SNAPSHOT_FILE, take_snapshot
from gitorch.app.work import submissions
from gitorch.app.work.submissions import AgentCredential
from gitorch.model import commands as c
from gitorch.model.events import RunConfirmed
from gitorch.model.ids import CommitId, Digest
from gitorch.model.observed import AgentState
from gitorch.model.plans.runtime import Preset
from gitorch.model.plans.workflow import Settings
from gitorch.model.submission import ReportText, VerdictText
from gitorch.model.values import replace
from gitorch.model.work.review import Choice, Disposition, Reply, ReportStatus
from gitorch.rules.views.merge_report import sha256
from gitorch.wiring.repository import Repository
from gitorch.world.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.model.events import Event
    from gitorch.model.work.question import Question
    from gitorch.model.work.run import Run

TICKS_MAX = 400
CALLER = Caller(HUMAN)


class Yard:
    """One run in one repository, or several by other `run_id`s, one after the other.

    `tools` are the real ones but for the terminals, made anew at every `reopen`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run_id = RUN
        self.clock = SystemClock()
        self.terminals = FakeTerminals(self.clock)
        self.work: dict[str, Mapping[str, str | None]] = {}
        self.busy: set[object] = set()
        self.reopen()

    def reopen(self) -> None:
        """A new process of gitorch: nothing is known but what the repository holds."""
        preset = Preset("fake", ("agent",), first_prompt="argument")
        self.services = altered(Repository(self.path, os.environ), terminals=self.terminals, preset=lambda _: preset)

    def git(self, *words: str, cwd: Path | None = None, check: bool = True) -> str:
        done = subprocess.run(("git", *words), cwd=cwd or self.path, check=False, capture_output=True, text=True)
        assert not check or done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str | None], message: str = "Change", cwd: Path | None = None) -> str:
        where = cwd or self.path
        for name, text in files.items():
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                (where / name).unlink()
            else:
                (where / name).write_text(text, encoding="utf-8")
        self.git("add", "-A", cwd=where)
        self.git("commit", "-qm", message, cwd=where)
        return self.git("rev-parse", "HEAD", cwd=where)

    def begin(
        self,
        work: Mapping[str, Mapping[str, str | None]],
        needs: Mapping[str, tuple[str, ...]] | None = None,
        **settings,
    ):
        """Start a run whose epics write these files; `needs` says which builds on which."""
        self.work = dict(work)
        if not self.services.ledger.exists():
            self.services.ledger.create(HUMAN, self.clock.now(), "L")
        target = settings.pop("target", "main")
        commit = self.services.git.resolve(target)
        assert commit is not None
        flow = workflow({name: (needs or {}).get(name, ()) for name in work})
        chosen = replace(Settings(), **settings)
        prepare = c.PrepareRun(self.run_id, "Play", "plan.md", digest("plan"), target, commit, flow)
        snapshot = take_snapshot(self.services)
        confirm = c.ConfirmRun(chosen, "unattended", repository=Digest(sha256(snapshot)))
        attached = {RunConfirmed: {SNAPSHOT_FILE: snapshot.encode()}}
        execute(self.services, self.run_id, HUMAN, (prepare, confirm), attached)

    @property
    def run(self) -> Run:
        run = self.services.ledger.state(self.run_id).run
        assert run is not None
        return run

    def events(self, kind: type) -> list[Event]:
        return [w.record.event for w in self.services.ledger.records(self.run_id) if isinstance(w.record.event, kind)]

    def open(self) -> list[Question]:
        return list(self.run.open_questions())

    def tick(self) -> bool:
        """One tick, and one step of every agent; whether anything happened."""
        ticked = tick(self.services, self.run_id, self.clock.now())
        if ticked.corrupt is not None:
            raise ticked.corrupt
        return self._agents() or ticked.acted or not (ticked.waiting or ticked.over)

    def settle(self) -> Run:
        """Ticks until only people can go on."""
        for _ in range(TICKS_MAX):
            if not self.tick():
                return self.run
            self.clock.sleep(0.005)
        raise AssertionError({j.spec.id: str(j.phase) for j in self.run.jobs.values()})

    def _agents(self) -> bool:
        acted = False
        for key, session in list(self.terminals.sessions.items()):
            turns = (key, len(session.turns))
            if session.present and session.state is not AgentState.EXITED and turns not in self.busy and session.turns:
                self.busy.add(turns)
                self._act(key)
                acted = True
        return acted

    def _act(self, key) -> None:
        session = self.run.sessions[key.session]
        job = self.run.jobs[session.job]
        if job.lease is None or job.lease.session != session.id:
            return
        credential = AgentCredential(self.run_id, self.services.secrets.token(key))
        if not job.writes:
            handoff = self.run.jobs[job.spec.subject].handoff
            submissions.give_verdict(
                self.services, credential, VerdictText(Choice.ACCEPT, handoff.commit, job.lease.nonce, "fine")
            )
            return
        where = self.services.paths.job_worktree(self.run, job.spec.id)
        head = CommitId(self.commit(self.work[job.spec.id], f"Write {job.spec.id} ({job.attempt})", cwd=where))
        asked = [x.number for x in job.findings if x.open and x.round == job.attempt - 1]
        replies = tuple(Reply(number, Disposition.FIXED, head) for number in asked)
        submissions.submit_handoff(
            self.services, credential, ReportText(ReportStatus.DONE, f"{job.spec.id} is done", replies=replies)
        )

    # People

    def approve(self, digest: str = "") -> Run:
        """Approve the report that stands, and let what follows happen."""
        report = self.run.report
        assert digest or report is not None
        decisions.approve(self.services, CALLER, self.run, digest or report.digest, "typed")
        return self.settle()

    def answer(self, option: str, words: str = "", find: Callable[[Question], bool] = lambda _: True) -> Run:
        (question,) = [q for q in self.open() if find(q)]
        decisions.answer(self.services, CALLER, question.id, [option, *([words] if words else [])], self.run_id)
        return self.settle()

    def reject(self, *rework: str, note: str = "Again.") -> Run:
        decisions.reject(self.services, CALLER, self.run, rework, note)
        return self.settle()

    # What must hold

    def head(self, name: str = "main", cwd: Path | None = None) -> str:
        return self.git("rev-parse", "--verify", "--quiet", f"refs/heads/{name}", cwd=cwd, check=False)

    def story(self, name: str = "main") -> list[str]:
        """The subjects along the first parents of a branch, oldest first."""
        return self.git("log", "--first-parent", "--reverse", "--format=%s", name).splitlines()
