"""Figures of the ledger, measured on this machine: `python tests/bench/ledger.py --records 1000 10000 --appends 300`.

Every row stands beside the floor of the same minute: a file written and synced in a loop. Repositories are built below
`--folder`, packed, and removed at the end.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [
    str(Path(__file__).parent),
    str(Path(__file__).parent.parent / "ledger"),
    str(Path(__file__).parent.parent.parent),
]

from ledger_kit import AGENT, AT, ENV, HOST, REF, count, git, new_repo, open_ledger, renewed  # found by the line above
from memory import peak_mebibytes  # the same

from gitorch.ledger.ledger import GitLedger  # the same
from gitorch.ledger.location import common_dir  # the same
from gitorch.model.ids import Moment, RunId  # the same
from gitorch.world.git.history import GitHistory  # the same
from gitorch.world.git.store import GitStore  # the same

RUN_RECORDS = 200


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def build(folder: Path, number: int) -> Path:
    """A repository with that many records in runs of 200 records, packed."""
    repo = new_repo(folder / f"ledger-{number}")
    common = common_dir(repo)
    ledger = GitLedger(GitStore(common, ENV), GitHistory(common, ENV), common, count)  # packs what it writes
    ledger.create(HOST, AT, "bench")
    for start in range(1, number, RUN_RECORDS):
        drafts = [renewed(fence) for fence in range(start, min(start + RUN_RECORDS, number))]
        ledger.append(RunId(f"run-{start}"), AGENT, Moment(AT + start), lambda _, drafts=drafts: drafts)
    git(repo, "repack", "-qadf", "--window=20")  # as loose objects are packed: with deltas
    return repo


def floor(folder: Path, number: int) -> float:
    """Files written and synced a second, one after the other."""
    begun = time.perf_counter()
    for one in range(number):
        with (folder / f"floor-{one}").open("wb", buffering=0) as file:
            file.write(b"x" * 600)
            os.fsync(file.fileno())
    spent = time.perf_counter() - begun
    for one in range(number):
        (folder / f"floor-{one}").unlink()
    return number / spent


def append(repo: Path, run: str, number: int, ready, answers) -> None:
    ledger = open_ledger(repo)
    ledger.append(
        RunId(run), AGENT, Moment(AT + 10**9), lambda _: [renewed(0)]
    )  # what is imported once, and the run's folder
    ready.wait()
    spent, before = [], time.process_time()
    for fence in range(number):
        begun = time.perf_counter()
        ledger.append(RunId(run), AGENT, Moment(AT + 10**9 + fence), lambda _, fence=fence: [renewed(fence)])
        spent.append(time.perf_counter() - begun)
    answers.put((spent, time.process_time() - before))


def appends(repo: Path, processes: int, number: int) -> tuple[float, float, float, float]:
    """Appends a second of all processes together; median and 99th percentile of one append, and its CPU time, in milliseconds."""
    answers, ready = multiprocessing.Queue(), multiprocessing.Barrier(processes + 1)
    share = number // processes
    workers = [
        multiprocessing.Process(target=append, args=(repo, f"bench-{one}", share, ready, answers))
        for one in range(processes)
    ]
    for worker in workers:
        worker.start()
    ready.wait()
    begun = time.perf_counter()
    told = [answers.get() for _ in workers]
    wall = time.perf_counter() - begun
    for worker in workers:
        worker.join()
    spent = [one for each, _ in told for one in each]
    cuts = statistics.quantiles(spent, n=100)
    cpu = sum(each for _, each in told) / len(spent)
    return len(spent) / wall, cuts[49] * 1000, cuts[98] * 1000, cpu * 1000


def in_fresh_process(repo: Path, what: str) -> tuple[float, float]:
    """Seconds and peak memory in MiB of one call in a process of its own, without its start."""
    command = (sys.executable, __file__, "--child", what, str(repo))
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENV)
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)


def child(what: str, repo: Path) -> None:
    ledger = open_ledger(repo)
    begun = time.perf_counter()
    if what == "verify":
        verification = ledger.verify()
        assert verification.faults == (), verification.faults[0].message
    else:
        ledger.state(None)
    spent = time.perf_counter() - begun
    say(f"{spent} {peak_mebibytes()}")


def measure(folder: Path, number: int, arguments: argparse.Namespace) -> None:
    begun = time.perf_counter()
    repo = build(folder, number)
    say(f"\n{number} records, built in {time.perf_counter() - begun:.1f} s, {disk(repo):.0f} bytes a record packed")
    for processes in arguments.processes * arguments.rounds:
        synced = floor(folder, arguments.appends)
        rate, median, worst, cpu = appends(repo, processes, arguments.appends)
        say(
            f"  append, {processes} process(es): {rate:7.0f}/s   median {median:6.2f} ms   p99 {worst:7.2f} ms"
            f"   CPU {cpu:5.2f} ms   floor {synced:6.0f} files/s   {synced / rate:5.2f} x floor"
        )
    seconds, peak = in_fresh_process(repo, "state")
    say(f"  state, cached:   {seconds * 1000:9.1f} ms   {peak:6.0f} MiB")
    shutil.rmtree(common_dir(repo) / "gitorch" / "cache")
    seconds, peak = in_fresh_process(repo, "state")
    say(f"  state, no cache: {seconds * 1000:9.1f} ms   {peak:6.0f} MiB")
    seconds, peak = in_fresh_process(repo, "verify")
    total = int(git(repo, "rev-list", "--count", REF))
    say(f"  verify:          {seconds * 1000:9.1f} ms   {peak:6.0f} MiB   {seconds / total * 1e6:6.1f} µs a record")
    shutil.rmtree(repo)


def disk(repo: Path) -> float:
    packs = (common_dir(repo) / "objects" / "pack").iterdir()
    return sum(path.stat().st_size for path in packs) / int(git(repo, "rev-list", "--count", REF))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--appends", type=int, default=400)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--rounds", type=int, default=1, help="Measure the processes in turn, this many times.")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child[0], Path(arguments.child[1]))
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="gitorch-bench-") as folder:
        for number in arguments.records:
            measure(Path(folder), number, arguments)


if __name__ == "__main__":
    main()
