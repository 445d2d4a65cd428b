"""A ledger as long as wanted, of whole runs that the rules accept: `python tests/bench/history.py 10000 FOLDER`.

Runs of some 200 records, 100 runs a month, written a run at a time into packs: 100,000 records take half a minute.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "rules"), str(TESTS / "ledger"), str(TESTS.parent)]

from ledger_kit import ENV, HOST, git, new_repo  # found by the line above
from play import HUMAN, TARGET, Play, digest, finding, workflow  # the same

from gitorch.ledger.compose import compose  # the same
from gitorch.ledger.ledger import GitLedger  # the same
from gitorch.ledger.location import common_dir  # the same
from gitorch.ledger.replay import Replay, Step  # the same
from gitorch.ledger.run_cache import RunCache  # the same
from gitorch.model import commands as c  # the same
from gitorch.model import events as e  # the same
from gitorch.model.ids import CommitId, JobId, RunId  # the same
from gitorch.model.plans.workflow import Settings  # the same
from gitorch.model.work.board import State  # the same
from gitorch.model.work.session import SessionPhase
from gitorch.ports.commits import Draft  # the same
from gitorch.rules.evolve import evolve  # the same
from gitorch.world.git.history import GitHistory  # the same
from gitorch.world.git.store import GitStore  # the same

EPICS = {"schema": (), "api": ("schema",), "client": ("api",), "pages": ("api",), "docs": ("client",)}
RENEWALS = 6
"""Of each author's lease: 45 minutes of work at a lease of 15 minutes."""

RUN_SPACING = 7 * 3600 * 1000
"""Milliseconds from one run's beginning to the next one's: 100 runs a month."""

SMALLEST = 200
"""Of a whole run: one more is written while as many records are wanted."""

OPEN = RunId("now-0001")
"""The newest run, which is not over."""

REPACK_RUNS = 50


@dataclass
class Recorded(Play):
    """A play that keeps who did what when, as drafts for a ledger."""

    drafts: list[tuple[object, int, Draft]] = field(default_factory=list)

    def do(self, command, actor=HOST):
        happened = super().do(command, actor)
        self.drafts += [(actor, self.at, Draft(event, attached(event))) for event in happened]
        return happened

    def prepare(self, run: RunId, target: CommitId) -> None:
        flow = workflow(EPICS)
        title = f"Sessions that rotate ({run})"
        self.do(c.PrepareRun(run, title, "plan.md", digest(run), "main", target, flow), HUMAN)
        self.do(c.ConfirmRun(Settings(test_command="make check"), "unattended"), HUMAN)
        self.do(c.StartRun())

    def renew(self, job: str) -> None:
        lease = self.run.jobs[JobId(job)].lease
        assert lease is not None
        self.at += 450_000
        self.do(c.RenewLease(JobId(job), lease.fence))

    def work(self, job: str) -> None:
        """One round of work: told, at it for a while, handed in, tested."""
        self.launch(job)
        for _ in range(RENEWALS):
            self.renew(job)
        self.submit_handoff(job, replies=self.fixed(job), summary=PROSE)
        self.check(job)


PROSE = "\n".join(f"{n}. The session is rotated on every change of rights, and old ones end at once." for n in range(9))


def attached(event) -> dict[str, bytes]:
    """What a real run attaches: each text as it was told."""
    if not isinstance(event, e.PromptDelivered):
        return {}
    return {f"{event.prompt}.md": f"# {event.job} for {event.session}, {event.prompt}\n\n{PROSE}\n".encode()}


def epic(play: Recorded, job: str) -> None:
    """One epic with one revision, through both reviews."""
    play.work(job)
    play.review(f"{job}.spec", "needs_revision", (finding(), finding("minor", "A name is vague", line=7)))
    play.work(job)
    play.review(f"{job}.spec")
    play.review(f"{job}.quality")
    for session in play.run.sessions.values():
        if session.phase is not SessionPhase.ENDED:
            play.do(c.EndSession(session.id, "stopped"))


def whole(run: RunId, state: State, at: int) -> Recorded:
    """A run from its plan to the merge and what is cleaned up after it."""
    play = Recorded(State(state.board), at)
    play.prepare(run, TARGET)
    for job in EPICS:
        epic(play, job)
    play.report()
    play.approve()
    play.merge()
    play.answer(play.run.open_questions()[0].id, "worktrees")
    play.do(c.RecordCleanup(("worktree api",), ()))
    return play


def begun(run: RunId, state: State, at: int, target: CommitId) -> Recorded:
    """A run whose first epic is at work in session `s1`, from a commit that there is."""
    play = Recorded(State(state.board), at)
    play.prepare(run, target)
    play.launch(next(iter(EPICS)))
    return play


def written(store: GitStore, replay: Replay, run: RunId, play: Recorded) -> None:
    """Everything of one run in one move of the branch."""
    tip, commits = store.tip(), []
    for actor, at, draft in play.drafts:
        made = compose(replay, evolve, [draft], run=run, actor=actor, at=at)
        record, digest_ = made.records[0]
        replay.adopt(Step(record, CommitId(f"{record.seq:040x}"), digest_), made.after)
        commits += made.commits
    assert store.extend(tip, commits)


def build(folder: Path, records: int) -> Path:
    """A repository with about that many records, packed, its cache as a reader leaves it; the newest run is open."""
    repo = new_repo(folder)
    common = common_dir(repo)
    store, at = GitStore(common, ENV), 1_700_000_000_000
    GitLedger(store, GitHistory(common, ENV), common, evolve).create(HOST, at, "bench")
    with tempfile.TemporaryDirectory(prefix="gitorch-bench-") as run_cache:
        replay = Replay(RunCache(Path(run_cache), "bench"))
        first = next(iter(GitHistory(common, ENV).stream(store.tip())))
        replay.apply(first, evolve)
        number = 0
        while replay.head.seq < records - SMALLEST:
            run = RunId(f"auth-{number:04x}")
            written(store, replay, run, whole(run, replay.state(None), at))
            number, at = number + 1, at + RUN_SPACING
            if number % REPACK_RUNS == 0:
                git(repo, "repack", "-qad")
        written(store, replay, OPEN, begun(OPEN, replay.state(None), at, CommitId(git(repo, "rev-parse", "main"))))
    git(repo, "repack", "-qadf")  # with deltas, which packs written by the store have none of
    ledger(repo).state(None)
    return repo


def ledger(repo: Path) -> GitLedger:
    """The ledger as `gitorch` opens it."""
    from gitorch.wiring.repository import open_ledger

    return open_ledger(common_dir(repo), ENV)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", type=int)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    build(arguments.folder, arguments.records)
    number = git(arguments.folder, "rev-list", "--count", "refs/heads/gitorch/ledger")
    sys.stdout.write(f"{number} records in {arguments.folder}\n")


if __name__ == "__main__":
    main()
