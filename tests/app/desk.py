"""A run on fakes of every port, from its start on, driven by real ticks: agents and people act as a test says."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent.parent / "rules")]

from fakes.world import FakeRepository
from play import HOST, HUMAN, RUN, digest, workflow

from gitorch.app.executing.execute import Caller, execute
from gitorch.app.people import decisions
from gitorch.app.reconciler.tick import tick
from gitorch.app.work import submissions
from gitorch.app.work.submissions import AgentCredential
from gitorch.model import commands as c
from gitorch.model.plans.runtime import Preset
from gitorch.model.plans.workflow import Settings
from gitorch.model.submission import ReportText, VerdictText
from gitorch.model.values import replace
from gitorch.model.work.review import Choice, ReportStatus
from gitorch.model.work.session import SessionKey

CALLER = Caller(HUMAN)
TICKS_MAX = 40


class Desk:
    """One run in a repository in memory. `services` is what the app works with."""

    def __init__(self, folder, **parts):
        folder.mkdir(exist_ok=True)
        preset = Preset("scripted", ("scripted",), first_prompt="argument")
        self.services = FakeRepository(folder, presets={"scripted": preset}, **parts)
        self.git, self.clock, self.ledger = self.services.git, self.services.clock, self.services.ledger
        self.terminals, self.remotes = self.services.terminals, self.services.remotes
        self.checks, self.files = self.services.checks, self.services.files
        self.begun = self.git.write("main", {"README.md": "one\n"}, "begin")
        self.ledger.create(HUMAN, self.clock.now(), "L")

    def begin(self, needs=None, flow=None, **settings):
        flow = flow or workflow(needs or {"api": ()})
        target = self.git.resolve("main")
        self.do(c.PrepareRun(RUN, "Play", "plan.md", digest("plan"), "main", target, flow), HUMAN)
        self.do(c.ConfirmRun(replace(Settings(), **settings), "unattended"), HUMAN)
        return self

    def do(self, command, actor=HOST):
        _, written = execute(self.services, RUN, actor, command)
        return tuple(one.record.event for one in written)

    @property
    def run(self):
        return self.ledger.state(RUN).run

    def tick(self, times=1):
        for _ in range(times):
            self.clock.moment += 1000
            self.ticked = tick(self.services, RUN)
        return self.ticked

    def settle(self):
        """Ticks until only people can go on."""
        for _ in range(TICKS_MAX):
            if self.tick().waiting:
                return self.run
        raise AssertionError([str(job.phase) for job in self.run.jobs.values()])

    def events(self, kind):
        return [one.record.event for one in self.ledger.records(RUN) if isinstance(one.record.event, kind)]

    def session(self, job):
        return self.run.sessions[self.run.jobs[job].session]

    def key(self, job):
        return SessionKey(RUN, self.session(job).id)

    def credential(self, job):
        return AgentCredential(RUN, self.services.secrets.token(self.key(job)))

    def worktree(self, job):
        return self.services.paths.worktree(self.run, self.session(job).id)

    def submit(self, job, files=None, status=ReportStatus.DONE, *, named=None, **words):
        """Commit these files and report; gives the events that followed."""
        if files:
            self.git.commit_in(self.worktree(job), files, f"Write {job}")
        report = ReportText(status, words.pop("summary", f"{job} is done"), named, **words)
        return submissions.submit_handoff(self.services, self.credential(job), report)

    def judge(self, review, choice=Choice.ACCEPT, **words):
        job = self.run.jobs[review]
        commit = words.pop("commit", self.run.judged_commit(job))
        verdict = VerdictText(choice, commit, job.lease.nonce, "fine", **words)
        return submissions.give_verdict(self.services, self.credential(review), verdict)

    def finish(self, *jobs, files=None):
        """Each of these jobs is reported on and accepted by both of its reviews."""
        for job in jobs:
            self.tick(3)
            self.submit(job, (files or {}).get(job, {f"{job}.txt": f"{job}\n"}))
            for review in (f"{job}.spec", f"{job}.quality"):
                self.tick(3)
                self.judge(review)
            self.tick(2)
        return self

    def reported(self, *jobs, files=None, needs=None, **settings):
        """Up to the merge report, which waits for an approval."""
        jobs = jobs or ("api",)
        self.begin(needs or dict.fromkeys(jobs, ()), **settings).finish(*jobs, files=files)
        self.settle()
        return self

    def approve(self):
        decisions.approve(self.services, CALLER, self.run, self.run.report.digest, "typed")
        return self

    def answer(self, option, *words):
        (question,) = self.run.open_questions()
        decisions.answer(self.services, CALLER, question.id, [option, *words], RUN)
        return self
