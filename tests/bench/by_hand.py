"""Throughput of work by hand: `python tests/bench/by_hand.py --jobs 24 --processes 1 8`.

Each job is claimed, briefed, published for, handed in, and judged by somebody else, with real worktrees and commits, through
the same functions as the verbs; starting Python is measured by `cold.py`. Repositories are built in a temporary folder.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent.parent), str(Path(__file__).parent.parent)]

from waiting import until  # found by the line above

from gitorch.app.executing.execute import Caller  # the same
from gitorch.app.reconciler.loop import settle  # the same
from gitorch.app.start import preflight, prepare  # the same
from gitorch.app.work import artifacts, claims, submissions
from gitorch.errors import Refused  # the same
from gitorch.model.ids import RunId  # the same
from gitorch.model.plans.workflow import Autonomy  # the same
from gitorch.model.record import Actor, ActorKind  # the same
from gitorch.model.submission import ReportText, VerdictText  # the same
from gitorch.model.work.review import Choice, ReportStatus  # the same
from gitorch.wiring.repository import Repository  # found by the line above

STEPS = ("claim", "brief", "publish", "handoff", "verdict")
NOTE = "---\nmarker: done\n---\n"


AUTHOR = ("-c", "user.name=Ada", "-c", "user.email=ada@example.invalid")
"""The machine may have no author of its own."""


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *AUTHOR, *words], check=True, capture_output=True)


def place(folder: Path, jobs: int) -> str:
    """A repository with a run of that many jobs, each with a review, to be driven by hand; the run's id."""
    git(folder, "init", "--quiet", "--initial-branch=main")
    rows = [
        f"  j{n}: {{kind: draft, lane: a, objective: Write., artifacts: [{{name: m, kind: marker, path: m{n}.md}}]}}\n"
        f"  r{n}: {{kind: review, lane: a, needs: [j{n}]}}\n"
        for n in range(jobs)
    ]
    flow = f"gitorch: workflow/1\nname: Bench\nlanes: {{a: {{runtime: hand}}}}\njobs:\n{''.join(rows)}"
    (folder / "flow.yaml").write_text(flow)
    (folder / "gitorch.yaml").write_text(
        f"orchestration: {{max_agents: {4 * jobs}}}\ntests: {{absent_is_accepted: true}}\n"
    )
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "Begin")
    services, who = Repository(folder, os.environ), someone("ada", ActorKind.PRINCIPAL)
    checked = preflight.check(services, folder / "flow.yaml", None, by_hand=True)
    assert not checked.problems, checked.problems
    run = prepare.prepare_run(services, who, checked, Autonomy.END_ONLY, "unattended")
    settle(services, run.id)
    return run.id


def someone(name: str, kind: ActorKind = ActorKind.OPERATOR) -> Caller:
    return Caller(Actor(kind, name, os.uname().nodename))


def work(folder: Path, name: str, limit: float) -> tuple[int, dict[str, list[float]], float]:
    """Take whatever can be taken until nothing is left; jobs judged, the seconds of each step, those of the processor."""
    before = processor()
    services, who, spent, done = Repository(folder, os.environ), someone(name), {step: [] for step in STEPS}, 0

    def timed(step, act, *given):
        begun = time.perf_counter()
        answer = act(*given)
        spent[step].append(time.perf_counter() - begun)
        return answer

    while time.monotonic() < limit:
        tip = services.ledger.tip()
        try:
            taken = timed("claim", claims.claim, services, who, None, None)
        except Refused:
            if all(j.phase == "completed" for j in services.ledger.state(RunId(runs(services))).run.jobs.values()):
                break
            until(lambda tip=tip: services.ledger.tip() != tip, 600, every_seconds=0.05, what="something to take")
            continue
        job = taken.session.job
        manual_claim = claims.ManualClaim(who, taken.worktree, job)
        timed("brief", submissions.read_brief, services, manual_claim)
        if job.startswith("r"):
            said = VerdictText(Choice.ACCEPT, "", "", "It is sound.")
            timed("verdict", submissions.give_verdict, services, manual_claim, said)
            done += 1
            continue
        (taken.worktree / f"m{job[1:]}.md").write_text(NOTE)
        git(taken.worktree, "add", ".")
        git(taken.worktree, "commit", "--quiet", "--message", job)
        timed(
            "publish",
            artifacts.publish,
            services,
            submissions.who(services, manual_claim),
            taken.worktree,
            artifacts.PublishRequest("m"),
        )
        timed("handoff", submissions.submit_handoff, services, manual_claim, ReportText(ReportStatus.DONE, "Written."))
    return done, spent, processor() - before


def processor() -> float:
    """Seconds of the processor that this process and the programs that it ran have taken."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def runs(services) -> str:
    return next(iter(services.ledger.state(None).board.runs))


def measure(jobs: int, processes: int) -> None:
    """One row: all jobs from claim to verdict by so many processes."""
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top) / "repo"
        folder.mkdir()
        place(folder, jobs)
        begun, limit = time.perf_counter(), time.monotonic() + 600
        with multiprocessing.Pool(processes) as pool:
            told = pool.starmap(work, [(folder, f"w{n}", limit) for n in range(processes)])
        took = time.perf_counter() - begun
        services = Repository(folder, os.environ)
        verified = services.ledger.verify()
        assert not verified.faults
        assert sum(done for done, *_ in told) == jobs, told
        steps = {step: [s for _, spent, _ in told for s in spent[step]] for step in STEPS}
        cpu = 1000 * sum(seconds for *_, seconds in told) / jobs
        medians = ", ".join(f"{step} {1000 * statistics.median(steps[step]):.0f}" for step in STEPS)
        rate = verified.records / took
        say(
            f"{processes} processes: {jobs} jobs in {took:.1f} s, {jobs / took:.2f} jobs/s, {rate:.0f} records/s, "
            f"{cpu:.0f} ms of the processor a job; ms: {medians}"
        )


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=24)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 8])
    chosen = parser.parse_args()
    for processes in chosen.processes:
        measure(chosen.jobs, processes)


if __name__ == "__main__":
    main()
