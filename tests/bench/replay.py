"""Reading whole ledgers that the real rules accept: `python tests/bench/replay.py --records 1000 10000`.

Verifying, replaying without a cache and reading with one, each in a process of its own; beside the floor of the same
minute: the same commits streamed out of git, the digest of each record's file taken, and nothing else. On a busy machine
compare the CPU time of all processes, git's included, since a mode with more processes gets a larger share of it.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from history import ENV, build, git, ledger  # found by the line above
from memory import peak_mebibytes  # the same

from gitorch.ledger.location import REF, common_dir  # the same
from gitorch.text.records import digests  # the same
from gitorch.world.git.history import GitHistory  # the same

MODES = ("floor", "verify", "state, no cache", "state")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def child(mode: str, repo: Path) -> None:
    """One reading; prints seconds by the wall, of this process's CPU and of all processes', and the peak of memory in MiB."""
    common = common_dir(repo)
    if mode == "state, no cache":
        shutil.rmtree(common / "gitorch" / "cache", ignore_errors=True)
    begun, before, others = time.perf_counter(), time.process_time(), of_others()
    if mode == "floor":
        found = ledger(repo)
        for commit in GitHistory(common, ENV).stream(found.tip()):
            for data in commit.added.values():
                digests.digest(data)
    elif mode == "verify":
        assert ledger(repo).verify().faults == ()
    else:
        ledger(repo).state(None)
    took, processor = time.perf_counter() - begun, time.process_time() - before
    say(f"{took} {processor} {processor + of_others() - others} {peak_mebibytes()}")


def of_others() -> float:
    """Seconds of CPU of the processes that this one started and that have ended, and of those that they started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(repo: Path, runs: int) -> None:
    total = int(git(repo, "rev-list", "--count", REF))
    packs = (common_dir(repo) / "objects" / "pack").iterdir()
    say(f"\n{total} records, {sum(path.stat().st_size for path in packs) / total:.0f} bytes a record packed")
    for mode in MODES:
        command = (sys.executable, __file__, "--child", mode, str(repo))
        lines = [
            subprocess.run(command, capture_output=True, text=True, check=True, env=ENV).stdout for _ in range(runs)
        ]
        took, processor, together, peak = (
            statistics.median(column) for column in zip(*(map(float, x.split()) for x in lines), strict=True)
        )
        own, every = processor * 1e6 / total, together * 1e6 / total
        each = f"{took * 1e6 / total:7.1f} µs a record; CPU {own:.1f} of this process, {every:.1f} of all"
        say(f"  {mode:16} {took * 1000:9.1f} ms  {peak:5.0f} MiB  {'' if mode == 'state' else each}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, nargs="+", default=[1000, 5000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="Build here, and use what was built here before.")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child[0], Path(arguments.child[1]))
        return
    with tempfile.TemporaryDirectory(prefix="gitorch-bench-") as scratch:
        for records in arguments.records:
            folder = (arguments.keep or Path(scratch)) / f"replay-{records}"
            measure(folder if folder.exists() else build(folder, records), arguments.runs)


if __name__ == "__main__":
    main()
