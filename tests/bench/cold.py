"""Whole verbs as people and agents start them: `python tests/bench/cold.py --records 100 10000 --runs 11`.

Each row is one process from its start to its end, in turn with all others, so that a machine that slows down slows all of
them. `x click` is the median of the ratios to `python -c "import click"` of the same round: quote that, not milliseconds.

`claim` has a copy of the repository, in which a job of another run waits for whoever claims it; its row includes git's
`worktree add`, since the lease was released and its worktree removed before.

`--instructions` counts the processor instructions of each verb and its children with valgrind, which a busy machine cannot
change; then the ratio to click needs one run.
"""

from __future__ import annotations

import argparse
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from history import ENV, HUMAN, OPEN, Recorded, build, git, ledger  # found by the line above
from play import digest, workflow  # the same

from gitorch.app.executing.execute import execute  # the same
from gitorch.model.commands import AnswerQuestion, ConfirmRun, PrepareRun, StartRun  # the same
from gitorch.model.ids import CommitId, RunId  # the same
from gitorch.model.plans.workflow import Settings  # the same
from gitorch.model.work.board import State  # the same
from gitorch.wiring.repository import Repository  # the same

PYTHON, CLICK = (sys.executable, "-c", "pass"), (sys.executable, "-c", "import click")
GITORCH = (sys.executable, "-c", "from gitorch.cli.main import main; main()")
AGENT = {"GITORCH_RUN": OPEN, "GITORCH_TOKEN": "token s1"}
BY_HAND = RunId("hand-0001")
"""A run whose job nobody works on, in the copy for `claim`."""

CLAIM = "gitorch claim"
AGENT_VERBS = ("brief", "handoff", "heartbeat")
HANDOFF = ("handoff", "NEEDS_CONTEXT", "--summary", "Which of the two?", "--question", "Which of the two?")


class Spent(NamedTuple):
    """Milliseconds of one process: by the wall, and of the processor."""

    wall: float
    cpu: float


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def spent(argv: tuple[str, ...], folder: Path, env: dict[str, str]) -> Spent:
    """One run of it; it must succeed."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, f"{argv}: {done.stderr.decode()}{done.stdout.decode()}"
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(wall * 1000, cpu * 1000)


def instructions(argv: tuple[str, ...], folder: Path, env: dict[str, str], *, with_programs: bool) -> dict[str, int]:
    """The instructions of one run by the first word of each process, its own and those of the programs that it starts.

    Without them they run as fast as ever, and are not counted. The run must succeed.
    """
    traced = ("--trace-children=yes",)
    if not with_programs:
        traced = ("--trace-children=yes", "--trace-children-skip=*/git,*/tmux")
    with tempfile.TemporaryDirectory(prefix="gitorch-counts-") as counts:
        valgrind = ("valgrind", "--tool=cachegrind", "--cache-sim=no", *traced, f"--log-file={counts}/%p")
        spent((*valgrind, f"--cachegrind-out-file={counts}/out.%p", *argv), folder, {**env, "PYTHONHASHSEED": "0"})
        logs = [log.read_text() for log in Path(counts).glob("[0-9]*")]
    found: dict[str, int] = {}
    for log in logs:
        program = re.findall(r"Command: (\S+)", log)[0]
        for number in re.findall(r"I +refs: +([\d,]+)", log):
            found[program] = found.get(program, 0) + int(number.replace(",", ""))
    return found


def counted(repo: Path, name: str, argv: tuple[str, ...], env: dict[str, str]) -> int:
    """The instructions of a row, with those of its programs.

    Where it starts programs, its own instructions are counted in a second run, beside which they run as fast as ever: valgrind
    makes git take seconds, and gitorch looks once a second whether a git that takes long still moves.
    """
    folder, environ = place_of(repo, name), env_of(name, env)
    found = instructions(argv, folder, environ, with_programs=True)
    undone(repo, name, env)
    if len(found) > 1:
        found |= instructions(argv, folder, environ, with_programs=False)
        undone(repo, name, env)

    return sum(found.values())


def undone(repo: Path, name: str, env: dict[str, str]) -> None:
    """Undo what a row did, so that it can be called again."""
    if name == CLAIM:
        released(repo.with_name("claims"), env)
    elif "handoff" in name:
        answered(repo)


def count(repo: Path, rows: dict[str, tuple[str, ...]], env: dict[str, str]) -> None:
    """Print the instructions of each row, in millions and as a multiple of importing click."""
    click = 0
    say("\nmillions of instructions   x click")
    for name, argv in rows.items():
        if argv is not CLICK and argv is not PYTHON:
            spent((*GITORCH, "inbox"), place_of(repo, name), env)  # the cache is fresh, as after every verb that writes
        number = counted(repo, name, argv, env)
        if argv is CLICK:
            click = number
        say(f"{name:40} {number / 1e6:8.1f}" + (f" {number / click:7.2f}" if click else ""))


def place_of(repo: Path, name: str) -> Path:
    """The repository of a row."""
    if name == CLAIM:
        return repo.with_name("claims")
    return repo


def env_of(name: str, env: dict[str, str]) -> dict[str, str]:
    """The environment of a row: an agent's for what agents call."""
    if any(verb in name for verb in AGENT_VERBS):
        return {**env, **AGENT}
    return env


def answered(repo: Path) -> None:
    """Answer what the last handoff asked, so that the agent may report again."""
    given = Repository(repo, ENV)
    run = given.ledger.state(OPEN).run
    for question in run.open_questions():
        execute(given, OPEN, HUMAN, AnswerQuestion(question.id, "", "The first."))


def ready(folder: Path, records: int) -> Path:
    """A ledger of that many records, with the worktree of the session that hands in."""
    repo = build(folder, records)
    git(
        repo,
        "worktree",
        "add",
        "-q",
        "-b",
        f"gitorch/{OPEN}/schema",
        str(folder.parent / f"{folder.name}.worktrees/{OPEN}/schema"),
    )
    ready_to_claim(repo)
    return repo


def ready_to_claim(repo: Path) -> Path:
    """A copy of the repository with one run more, whose only epic waits for whoever claims it."""
    copy = repo.with_name("claims")
    shutil.copytree(repo, copy, symlinks=True)
    git(copy, "worktree", "prune")
    writer = ledger(copy)
    play = Recorded(State(writer.state(None).board), int(time.time() * 1000))
    target = CommitId(git(copy, "rev-parse", "main"))
    play.do(PrepareRun(BY_HAND, "By hand", "hand.md", digest(BY_HAND), "main", target, workflow({"notes": ()})), HUMAN)
    play.do(ConfirmRun(Settings(manual=True), "unattended"), HUMAN)
    play.do(StartRun())
    for actor, at, draft in play.drafts:
        writer.append(BY_HAND, actor, at, lambda _, draft=draft: [draft])
    return copy


def released(copy: Path, env: dict[str, str]) -> None:
    """Give back what was claimed, and remove its worktree: the next claim makes it again."""
    spent((*GITORCH, "release", "--run", BY_HAND), copy, env)
    (folder,) = copy.parent.glob(f"claims.worktrees/{BY_HAND}/*")
    git(copy, "worktree", "remove", "--force", str(folder))


def rows_of(records: int) -> dict[str, tuple[str, ...]]:
    """The command lines to measure, by their names."""
    rows = {
        "python -c pass": PYTHON,
        'python -c "import click"': CLICK,
        "gitorch --help": (*GITORCH, "--help"),
        "gitorch hook": (*GITORCH, "hook", "stop"),
        "gitorch status (an agent at work)": (*GITORCH, "status"),
        "gitorch inbox": (*GITORCH, "inbox"),
        "gitorch why": (*GITORCH, "why", "api"),
        "gitorch brief": (*GITORCH, "brief"),
        "gitorch heartbeat": (*GITORCH, "heartbeat"),
        "gitorch handoff": (*GITORCH, *HANDOFF),
        CLAIM: (*GITORCH, "claim", "--run", BY_HAND),
        "gitorch log": (*GITORCH, "log"),
        "gitorch log -n 5": (*GITORCH, "log", "-n", "5"),
        "gitorch log --after (the last 20)": (*GITORCH, "log", "--after", str(records - 20)),
        "gitorch show (an old record)": (*GITORCH, "show", "3"),
        "gitorch log of one run": (*GITORCH, "log", OPEN),
    }
    if records > 400:
        rows["gitorch show (a record in the middle)"] = (*GITORCH, "show", str(records // 2))
        rows["gitorch status (a finished run)"] = (*GITORCH, "status", "auth-0000")
    return rows


def measure(repo: Path, records: int, runs: int, env: dict[str, str]) -> None:
    rows = rows_of(records)
    took: dict[str, list[Spent]] = {name: [] for name in rows}
    for round_ in range(runs + 1):
        for name, argv in rows.items():
            one = spent(argv, place_of(repo, name), env_of(name, env))
            if round_:
                took[name].append(one)
        answered(repo)
        released(repo.with_name("claims"), env)
    say(f"\n{records} records, {runs} runs   wall median   min   cpu median   min   x click wall   cpu")
    for name, all_ in took.items():
        walls, cpus = [one.wall for one in all_], [one.cpu for one in all_]
        ratios = [
            statistics.median(a[kind] / b[kind] for a, b in zip(all_, took['python -c "import click"'], strict=True))
            for kind in (0, 1)
        ]
        say(
            f"{name:40} {statistics.median(walls):7.1f} {min(walls):7.1f} {statistics.median(cpus):9.1f} {min(cpus):7.1f}"
            f" {ratios[0]:11.2f} {ratios[1]:7.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--instructions", action="store_true", help="Count instructions with valgrind.")
    parser.add_argument("--keep", type=Path, help="Build here, and use what was built here before.")
    arguments = parser.parse_args()
    env = {name: value for name, value in ENV.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory(prefix="gitorch-bench-") as scratch:
        for records in arguments.records:
            folder = (arguments.keep or Path(scratch)) / f"cold-{records}" / "repo"
            repo = folder if folder.exists() else ready(folder, records)
            if arguments.instructions:
                count(repo, rows_of(records), env)
            else:
                measure(repo, records, arguments.runs, env)


if __name__ == "__main__":
    main()
