"""A run in a large repository: `python tests/bench/big_repository.py [--files 25000 --commits 100000 | --repository PATH]`.

Makes a repository of that many files and commits with `git fast-import`, or clones one, and takes a plan of three epics, or of
`--epics`, from `start` to its merge. A `git` on PATH in front of the real one writes down each call with its time, so that what gitorch does
itself stands beside what git takes, and each kind of call beside what it costs in all.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from history import ENV, git  # found by the line above
from memory import peak_mebibytes  # the same
from sessions import EPIC, GITORCH, ROUNDS_MAX, WAITING, config, say  # the same
from waiting import LIMIT_SECONDS, until  # the same

from gitorch.app.reconciler.tick import tick  # the same
from gitorch.model.work.run import OVER  # the same
from gitorch.model.work.session import SessionPhase  # the same
from gitorch.wiring.repository import Repository  # the same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OVERLAPPING = 3
"""So many epics change one shared file besides their own."""

FILES_IN_A_FOLDER = 50
CLICK = (sys.executable, "-c", "import click")

SHIM = """\
#!/bin/sh
begun=$(date +%s%N)
"{git}" "$@"
status=$?
words="$*"
ended=$(date +%s%N)
times > "{log}.$$"
{{ read -r own; read -r user system; }} < "{log}.$$"
rm "{log}.$$"
echo "$((ended - begun)) $user$system $words" >> "{log}"
exit $status
"""

SCRIPT = """\
[[turn]]
kind = "build"
[[turn.step]]
run = "while [ ! -e '{go}' ]; do sleep 0.2; done"
[[turn.step]]
run = "echo {{job}} >{{job}}.md; case {{job}} in {overlapping}) echo {{job}} >>shared.md;; esac"
[[turn.step]]
commit = "Describe {{job}}"
[[turn.step]]
handoff = "DONE"
"""


# The repository


def make(path: Path, files: int, commits: int) -> None:
    """A repository of so many files in folders of fifty, each commit after the first changing one."""
    path.mkdir(parents=True)
    git(path, "init", "-q", "--initial-branch=main")
    words = ("git", "-C", str(path), "fast-import", "--quiet", "--done")
    with subprocess.Popen(words, stdin=subprocess.PIPE, env=ENV) as process:
        assert process.stdin is not None
        _commit(process.stdin, 1, "Begin", [(_name(n), f"file {n}\n" * 20) for n in range(files)])
        for number in range(2, commits + 1):
            place = (number * 7919) % files
            _commit(process.stdin, number, f"Change {number}", [(_name(place), f"file {place} at {number}\n" * 20)])
        process.stdin.write(b"done\n")
    assert process.returncode == 0
    git(path, "reset", "-q", "--hard", "main")


def _name(number: int) -> str:
    folder = number // FILES_IN_A_FOLDER
    return f"src/{folder // FILES_IN_A_FOLDER:02}/{folder:04}/file{number:06}.txt"


def _commit(stream: BinaryIO, number: int, subject: str, files: list[tuple[str, str]]) -> None:
    when = 1_600_000_000 + number * 60
    lines = [
        f"commit refs/heads/main\ncommitter Ada <ada@example.invalid> {when} +0000\ndata {len(subject)}\n{subject}\n"
    ]
    lines += [f"M 100644 inline {name}\ndata {len(text)}\n{text}\n" for name, text in files]
    stream.write("".join(lines).encode())


# What is measured


class Call(NamedTuple):
    """One call of git: its command, its seconds by the wall, and of the processor."""

    kind: str
    wall: float
    cpu: float


class Calls:
    """The calls of git since the last look."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "git-calls"
        self.log.touch()
        self.at = 0
        shim = folder / "bin" / "git"
        shim.parent.mkdir()
        shim.write_text(SHIM.format(git=shutil.which("git"), log=self.log))
        shim.chmod(0o755)
        self.path = str(shim.parent)

    def since(self) -> list[Call]:
        text = self.log.read_text()
        fields, self.at = [line.split() for line in text[self.at :].splitlines()], len(text)
        return [Call(_kind(words), int(wall) / 1e9, _processor(cpu)) for wall, cpu, *words in fields]


def _processor(times: str) -> float:
    """Seconds of `0m0.010s0m0.004s`, as a shell says it of its children."""
    return sum(60 * int(minutes) + float(seconds) for minutes, seconds in re.findall(r"(\d+)m([\d.]+)s", times))


def _kind(words: list[str]) -> str:
    """`worktree add` of a whole command line."""
    rest = iter(words)
    for word in rest:
        if word in {"-C", "-c", "--git-dir", "--work-tree"}:
            next(rest, None)
        elif not word.startswith("-"):
            return f"{word} {next(rest, '')}".strip() if word == "worktree" else word
    return "?"


def told(what: str, wall: float, cpu: float, calls: list[Call]) -> None:
    """One line: the whole time, git's share, and what is left as gitorch's own."""
    others = [call for call in calls if call.kind != "cat-file"]  # it waits for questions
    git_wall, git_cpu = sum(call.wall for call in others), sum(call.cpu for call in calls)
    say(
        f"{what:36} {wall * 1000:7.0f} ms, processor {cpu * 1000:6.0f}   git {git_wall * 1000:7.0f}, {git_cpu * 1000:6.0f} "
        f"in {len(calls):3} calls   own {max(0.0, wall - git_wall) * 1000:6.0f}, {max(0.0, cpu - git_cpu) * 1000:6.0f}"
    )


def table(calls: list[Call]) -> None:
    """Each kind of call: how often, in all, and the longest."""
    by_kind: dict[str, list[float]] = defaultdict(list)
    for call in calls:
        by_kind[call.kind].append(call.wall)
    for kind, all_ in sorted(by_kind.items(), key=lambda pair: -sum(pair[1])):
        say(f"    git {kind:18} {len(all_):5} ×   {sum(all_):7.2f} s in all   longest {max(all_) * 1000:7.0f} ms")


def children_seconds() -> float:
    """Of the processor, by all processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(
    calls: Calls, what: str, repo: Path, env: Mapping[str, str], *words: str, expected: tuple[int, ...] = (0,)
) -> str:
    calls.since()
    begun, used = time.perf_counter(), children_seconds()
    done = subprocess.run((*GITORCH, *words), cwd=repo, env=env, capture_output=True, text=True, check=False)
    assert done.returncode in expected, f"{words}: {done.stdout}{done.stderr}"
    found = calls.since()
    told(what, time.perf_counter() - begun, children_seconds() - used, found)
    if sum(call.wall for call in found) > 1:
        table(found)
    return done.stdout


@contextmanager
def driving(repo: Path, env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    up = subprocess.Popen((*GITORCH, "up"), cwd=repo, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield up
    finally:
        up.terminate()
        up.wait(LIMIT_SECONDS)


def measure(repo: Path, scratch: Path, epics: int) -> None:
    calls, go = Calls(scratch), scratch / "go"
    names = [f"epic-{number}" for number in range(1, epics + 1)]
    shared = names[:OVERLAPPING]
    env = {**ENV, "PATH": f"{calls.path}:{os.environ['PATH']}"}
    os.environ["PATH"] = env["PATH"]
    (scratch / "agents.toml").write_text(SCRIPT.format(go=go, overlapping="|".join(shared)))
    (repo / "gitorch.yaml").write_text(config(scratch, agents=epics, tests=""))
    plan = "".join(EPIC.format(name=name, needs="") for name in names)
    for name in shared:
        plan = plan.replace(f"`{name}.md`\n\n-", f"`{name}.md`, `shared.md`\n\n-", 1)
    (scratch / "plan.md").write_text("# Large\n\n" + plan)
    timed(calls, "gitorch init", repo, env, "init")
    timed(calls, "gitorch check", repo, env, "check", str(scratch / "plan.md"))
    timed(calls, "gitorch start --yes", repo, env, "start", str(scratch / "plan.md"), "--yes")
    given = Repository(repo, env)
    run_id = next(iter(given.ledger.state(None).board.runs))
    launch(calls, repo, env, given, run_id, epics)
    ticks(calls, given, run_id)
    cold(repo, env, names[0])
    finish(calls, repo, env, given, run_id, go)


def launch(calls: Calls, repo: Path, env: Mapping[str, str], given, run_id, epics: int) -> None:
    """From the start of `up` to all agents alive: worktrees are made on the way."""
    begun, used = time.perf_counter(), children_seconds()
    with driving(repo, env) as up:
        until(lambda: len(alive(given.ledger.state(run_id).run)) == epics, 300, 0.02)
        took = time.perf_counter() - begun
        peak = peak_mebibytes(up.pid)
    found = calls.since()
    told(f"up until {epics} agents are alive", took, children_seconds() - used, found)
    say(f"{'peak of its memory':44} {peak:8.0f} MiB")
    table(found)


def alive(run) -> list[object]:
    return [s for s in run.sessions.values() if s.phase is SessionPhase.ALIVE]


def ticks(calls: Calls, given, run_id, rounds: int = 20) -> None:
    """Ticks of one loop while the agents work: by the wall and of the processor."""
    tick(given, run_id)
    calls.since()
    walls, cpus = [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        tick(given, run_id)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    found = calls.since()
    say(
        f"{'a tick with agents at work':44} {statistics.median(walls) * 1000:8.1f} ms median, {max(walls) * 1000:.1f} at most; "
        f"own processor {statistics.median(cpus) * 1000:.1f} ms; {len(found) / rounds:.1f} calls of git"
    )
    table(found)


def cold(repo: Path, env: Mapping[str, str], epic: str, rounds: int = 7) -> None:
    """Verbs that look, beside `import click` in the same round: processor times, which a busy machine bends least."""
    for words in (("status",), ("dashboard",), ("inbox",), ("why", epic)):
        found = []
        for _ in range(rounds):
            times = []
            for argv in (CLICK, (*GITORCH, *words)):
                used = children_seconds()
                subprocess.run(argv, cwd=repo, env=env, capture_output=True, check=True)
                times.append(children_seconds() - used)
            found.append(times)
        ratio = statistics.median(verb / click for click, verb in found)
        best = min(verb for _, verb in found)
        say(f"{'gitorch ' + ' '.join(words):36} processor {best * 1000:6.0f} ms at best, {ratio:.2f} × import click")


def finish(calls: Calls, repo: Path, env: Mapping[str, str], given, run_id, go: Path) -> None:
    """Some agents change one shared file besides their own: they overlap, are reviewed, conflict or merge, and end."""
    go.touch()
    begun, used = time.perf_counter(), children_seconds()
    for _ in range(ROUNDS_MAX):
        subprocess.run((*GITORCH, "up", "--no-wait"), cwd=repo, env=env, capture_output=True, check=False)
        run = given.ledger.state(run_id).run
        if run.phase in OVER or run.report is not None:
            break
        for row in [q for q in run.questions.values() if q.answer is None]:
            subprocess.run(
                (*GITORCH, "answer", row.id, row.options[0]), cwd=repo, env=env, capture_output=True, check=False
            )
    found = calls.since()
    told("from there to the merge report", time.perf_counter() - begun, children_seconds() - used, found)
    table(found)
    timed(calls, "gitorch cancel", repo, env, "cancel", run_id, expected=(0, WAITING))
    timed(calls, "gitorch cleanup", repo, env, "cleanup", run_id, "--yes", expected=(0, WAITING))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=25_000)
    parser.add_argument("--commits", type=int, default=100_000)
    parser.add_argument("--epics", type=int, default=3)
    parser.add_argument("--repository", help="clone this one, a path, instead")
    parser.add_argument("--keep", type=Path, help="make it here, and use what was made here before")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitorch-bench-", ignore_cleanup_errors=True) as scratch:
        origin = arguments.repository or (arguments.keep or Path(scratch)) / "large"
        begun = time.perf_counter()
        if not Path(origin).exists():
            make(Path(origin), arguments.files, arguments.commits)
            say(f"made in {time.perf_counter() - begun:.1f} s")
        repo = Path(scratch) / "repo"
        git(Path(scratch), "clone", "-q", "--origin", "there", str(origin), str(repo))
        git(repo, "checkout", "-q", "-B", "main", "--no-track")
        files, commits = len(git(repo, "ls-files").splitlines()), git(repo, "rev-list", "--count", "HEAD").strip()
        say(f"{files} files, {commits} commits")
        measure(repo, Path(scratch), arguments.epics)


if __name__ == "__main__":
    main()
