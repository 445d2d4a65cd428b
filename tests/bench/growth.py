"""How each verb that a person waits for grows: `python tests/bench/growth.py --records 100 1000 10000 --open 1 10 100 500`.

For each length of history, and for each number of open runs, one process a verb: its CPU time, its peak of memory and its system
calls, those of the git and tmux that it starts included. `--picture FILE` draws all of it as an SVG, both axes logarithmic.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from history import ENV, SMALLEST, begun, build, git, ledger, written  # found by the line above
from plot import drawing, panel  # the same

from gitorch.ledger.location import common_dir  # the same
from gitorch.ledger.replay import Replay  # the same
from gitorch.ledger.run_cache import RunCache  # the same
from gitorch.model.ids import CommitId, RunId  # the same
from gitorch.rules.evolve import evolve  # the same
from gitorch.world.git.history import GitHistory  # the same
from gitorch.world.git.store import GitStore  # the same

GITORCH = (sys.executable, "-c", "from gitorch.cli.main import main; main()")
NEWEST = "now-0000"
VERBS = {
    "status": ("status", NEWEST),
    "status --all": ("status", "--all"),
    "inbox": ("inbox",),
    "why": ("why", "api", "--run", NEWEST),
    "log -n 5": ("log", "-n", "5"),
    "show 3": ("show", "3"),
    "stats": ("stats",),
    "dashboard": ("dashboard", "--json"),
}
MEASURES = ("CPU ms", "MiB", "system calls")


class Spent(NamedTuple):
    """What one verb took."""

    cpu_ms: float
    mebibytes: float
    calls: int


START_AND_MEASURE = """\
import os, sys
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(process, 0)
sys.stderr.write(f"\\n{usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}\\n")
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Linux counts the memory of the process that starts another one as the other's peak, too. So a small one starts the verb."""


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def with_open_runs(repo: Path, number: int) -> Path:
    """Add runs whose first epic is at work, until there are that many; the newest readers find the cache up to date."""
    common = common_dir(repo)
    store, history = GitStore(common, ENV), GitHistory(common, ENV)
    target = CommitId(git(repo, "rev-parse", "main"))
    with tempfile.TemporaryDirectory(prefix="gitorch-bench-") as folder:
        replay = Replay(RunCache(Path(folder), "bench"))
        for commit in history.stream(store.tip()):
            replay.apply(commit, evolve)
        for one in range(number):
            run = RunId(f"now-{one:04x}")
            if run not in replay.tracks:
                written(store, replay, run, begun(run, replay.state(None), replay.head.at + 1000, target))
    git(repo, "repack", "-qad")
    ledger(repo).state(None)
    return repo


def spent(words: tuple[str, ...], repo: Path, runs: int) -> Spent:
    """The least CPU time and memory of some runs of a verb, and its system calls."""
    took = []
    for _ in range(runs + 1):
        measured = (sys.executable, "-I", "-S", "-c", START_AND_MEASURE, *GITORCH, *words)
        done = subprocess.run(measured, cwd=repo, env=ENV, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        seconds, kibibytes = done.stderr.splitlines()[-1].split()
        took.append((float(seconds), int(kibibytes) / 1024))
    return Spent(min(cpu for cpu, _ in took[1:]) * 1000, min(memory for _, memory in took[1:]), calls(words, repo))


def calls(words: tuple[str, ...], repo: Path) -> int:
    """The system calls of a verb and of the processes that it starts."""
    counted = ("strace", "-f", "-c", "-U", "calls,name", *GITORCH, *words)
    done = subprocess.run(counted, cwd=repo, env=ENV, capture_output=True, text=True, check=True)
    total = re.search(r"^ *(\d+) total", done.stderr, re.MULTILINE)
    assert total is not None, done.stderr[-500:]
    return int(total[1])


def measured(folder: Path, axis: str, numbers: list[int], runs: int) -> dict[str, dict[int, Spent]]:
    """Each verb at each size of one axis."""
    found: dict[str, dict[int, Spent]] = {verb: {} for verb in VERBS}
    for number in numbers:
        repo = folder / f"{axis.replace(' ', '-')}-{number}"
        if not repo.exists():
            build(repo, number if axis == "records" else SMALLEST)
            with_open_runs(repo, 1 if axis == "records" else number)
        for verb, words in VERBS.items():
            found[verb][number] = spent(words, repo, runs)
    return found


def table(axis: str, numbers: list[int], found: dict[str, dict[int, Spent]]) -> str:
    """The figures as a table of Markdown: CPU milliseconds, MiB and system calls in each cell."""
    lines = [f"| {axis} | " + " | ".join(f"{number:,}" for number in numbers) + " |", "|---" * (len(numbers) + 1) + "|"]
    for verb, cells in found.items():
        figures = [f"{one.cpu_ms:.0f} ms, {one.mebibytes:.0f} MiB, {one.calls:,}" for one in cells.values()]
        lines.append(f"| `{verb}` | " + " | ".join(figures) + " |")
    return "\n".join(lines)


def picture(figures: dict[str, dict[str, dict[int, Spent]]]) -> str:
    """All panels: a row for each axis, a column for each measure, and the names of the verbs below."""
    drawn = []
    for row, (axis, found) in enumerate(figures.items()):
        for column, measure in enumerate(MEASURES):
            lines = {verb: [(n, one[column]) for n, one in cells.items()] for verb, cells in found.items()}
            drawn += panel((column * 310, row * 210), f"{measure} by {axis}", lines)
    return drawing(drawn, list(VERBS), (940, 210 * len(figures)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, nargs="+", default=[100, 1000, 10_000, 100_000])
    parser.add_argument("--open", type=int, nargs="+", default=[1, 10, 100, 500])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="Build here, and use what was built here before.")
    parser.add_argument("--picture", type=Path, help="Draw the figures as an SVG into this file.")
    parser.add_argument("--figures", type=Path, help="Write the figures as JSON into this file.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitorch-bench-") as scratch:
        folder = arguments.keep or Path(scratch)
        figures = {}
        for axis, numbers in (("records", arguments.records), ("open runs", arguments.open)):
            figures[axis] = measured(folder, axis, numbers, arguments.runs)
            say(f"\n{table(axis, numbers, figures[axis])}")
    if arguments.picture:
        arguments.picture.write_text(picture(figures), encoding="utf-8")
    if arguments.figures:
        arguments.figures.write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    main()
