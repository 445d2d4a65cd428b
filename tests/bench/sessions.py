"""Real sessions in real terminals: `python tests/bench/sessions.py handoffs`, `… starts`, or `… idle --agents 50 [--channel]`.

`handoffs` plays a plan and reads from its records how long it took from a handoff to the next text that an agent was told,
and from a lease to the living session; and of the processor, what `gitorch up` with its git and tmux calls took for each text told.
`starts` starts sessions of a program that only sleeps, which is gitorch's own share of a start, and makes their worktrees. `idle` starts agents that do nothing for a while and measures `gitorch up` meanwhile; with
`--channel` they are stand-ins for Claude Code, whose state gitorch reads from the files that it keeps.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from history import ENV, git  # found by the line above
from waiting import until  # the same

from gitorch.model import events as e  # the same
from gitorch.model.ids import RunId, SessionId  # the same
from gitorch.model.plans.runtime import Preset  # the same
from gitorch.model.work.run import OVER  # the same
from gitorch.model.work.session import (
    SessionKey,  # the same
    SessionPhase,  # the same
)
from gitorch.ports.world import Launch  # the same
from gitorch.wiring.repository import Repository, open_ledger  # the same
from gitorch.world.clock import SystemClock  # the same
from gitorch.world.terminal.terminals import TmuxTerminals  # the same

if TYPE_CHECKING:
    from collections.abc import Iterator

GITORCH = (sys.executable, "-c", "from gitorch.cli.main import main; main()")
WAITING = 10
ROUNDS_MAX = 20

CONFIG = """\
orchestration: {{merge_target: main, max_agents: {agents}}}
tests: {{command: "{tests}", absent_is_accepted: true}}
lanes:
  implementer: {{runtime: {runtime}}}
  reviewer: {{runtime: scripted}}
runtimes:
  channelled: {{preset: claude, command: [{python}, {agent}], env: {{CLAUDE_CONFIG_DIR: {claude}}}}}
  scripted: {{preset: scripted, env: {{GITORCH_SCRIPT: "{script}"}}}}
"""

EPIC = """\
## Epic: {name} — Write {name}

{needs}Scope: `{name}.md`

- [ ] Describe {name} in `{name}.md`

## Review Gate: {name}

Before proceeding to the next epic:

1. Commit all work for this epic
2. Report with `gitorch handoff`
3. **STOP.** Wait for the review before continuing.

"""

IDLE = """\
[[turn]]
kind = "build"

[[turn.step]]
sleep = 900
"""


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def verb(repo: Path, *words: str, expected: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run((*GITORCH, *words), cwd=repo, env=ENV, capture_output=True, text=True, check=False)
    assert done.returncode in expected, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def config(scratch: Path, *, agents: int, tests: str, runtime: str = "scripted") -> str:
    """A configuration for agents that follow the script `agents.toml` in this folder."""
    return CONFIG.format(
        agents=agents,
        tests=tests,
        script=scratch / "agents.toml",
        runtime=runtime,
        python=sys.executable,
        agent=Path(__file__).with_name("channel_agent.py"),
        claude=scratch / "claude",
    )


@contextmanager
def prepared(epics: int, *, chain: bool, tests: str, script: str, runtime: str = "scripted") -> Iterator[Path]:
    """A repository with a run that is ready to start; its terminals are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="gitorch-bench-") as scratch:
        repo = Path(scratch) / "repo"
        repo.mkdir()
        git(repo, "init", "-q", "-b", "main")
        git(repo, "config", "user.name", "Bench")
        git(repo, "config", "user.email", "bench@gitorch.invalid")
        (Path(scratch) / "agents.toml").write_text(script)
        (repo / "gitorch.yaml").write_text(config(Path(scratch), agents=epics + 1, tests=tests, runtime=runtime))
        names = [f"part-{number:02}" for number in range(epics)]
        needs = ["", *(f"Depends on: {name}\n\n" for name in names)] if chain else [""] * epics
        plan = "".join(EPIC.format(name=name, needs=need) for name, need in zip(names, needs, strict=False))
        (repo / "plan.md").write_text(f"# Parts of a page\n\nEach part is one file.\n\n{plan}")
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "-m", "Begin")
        try:
            verb(repo, "init")
            verb(repo, "start", "plan.md", "--yes")
            yield repo
        finally:
            ended(repo)


def ended(repo: Path) -> None:
    """Cancel what is open and stop every agent: the folder goes away, and its terminals must not outlive it."""
    given = Repository(repo, ENV)
    for run, line in (given.ledger.state(None).board.runs if given.ledger.exists() else {}).items():
        if line.phase not in OVER:
            verb(repo, "cancel", run)
        verb(repo, "cleanup", run, "--yes")
    given.terminals.close()


def handoffs(arguments: argparse.Namespace) -> None:
    for label, tests in (("no test command", ""), ("tests: true", "true")):
        with prepared(arguments.epics, chain=True, tests=tests, script="") as repo:
            before = children_ms()
            for _ in range(ROUNDS_MAX):
                verb(repo, "up", "--no-wait", expected=(0, WAITING))
                inbox = verb(repo, "inbox")
                if "approve" in inbox:
                    break
            taken = children_ms() - before
            records = [written.record for written in open_ledger(repo / ".git", ENV).records()]
        floor = click_ms()
        say(f"\n{label}, {arguments.epics} epics, {len(records)} records; import click {floor:.0f} ms, median")
        for name, first, then in STEPS:
            found = gaps(records, first, then)
            show(name, found)
            if found:
                say(f"  {'':32} {statistics.median(found) / floor:.1f} × import click")
        told = sum(isinstance(record.event, e.PromptDelivered) for record in records)
        say(
            f"  of the processor: {taken / told:.0f} ms for each of {told} texts told, everything between them included"
        )


def click_ms(rounds: int = 11) -> float:
    """Milliseconds that a Python takes which imports click and ends: the median."""
    spent = []
    for _ in range(rounds):
        begun = time.perf_counter()
        subprocess.run((sys.executable, "-c", "import click"), check=True)
        spent.append((time.perf_counter() - begun) * 1000)
    return statistics.median(spent)


STEPS = (
    ("handoff → next text told", e.HandoffSubmitted, e.PromptDelivered),
    ("handoff → lease of its review", e.HandoffSubmitted, e.LeaseGranted),
    ("verdict → next text told", e.VerdictGiven, e.PromptDelivered),
    ("lease → session alive", e.LeaseGranted, e.SessionAlive),
    ("lease → text told", e.LeaseGranted, e.PromptDelivered),
)


def gaps(records, first: type, then: type) -> list[float]:
    """Milliseconds from each record of one type to the next of another."""
    found, since = [], None
    for record in records:
        if isinstance(record.event, first):
            since = record.at
        elif isinstance(record.event, then) and since is not None:
            found.append(record.at - since)
            since = None
    return found


def show(name: str, found: list[float]) -> None:
    if found:
        say(
            f"  {name:32} median {statistics.median(found):7.0f} ms   min {min(found):6.0f}   max {max(found):6.0f}   n {len(found)}"
        )


def starts(arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="gitorch-bench-") as scratch:
        repo, home = Path(scratch) / "repo", Path(scratch) / "home"
        repo.mkdir()
        git(repo, "init", "-q", "-b", "main")
        git(
            repo,
            "-c",
            "user.name=B",
            "-c",
            "user.email=b@example.invalid",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "Begin",
        )
        terminals = TmuxTerminals(home, f"gitorch-bench-{os.getpid()}", SystemClock(), ENV)
        keys = [SessionKey(RunId("bench"), SessionId(f"s{number}")) for number in range(arguments.sessions)]
        preset = Preset("sleeping", ("/bin/sleep", "600"), first_prompt="paste")
        given = Repository(repo, ENV)
        commit = given.git.resolve("main")
        try:
            for what, act in (
                ("its worktree", lambda key: given.worktrees.ensure(Path(scratch) / key.name, commit, None)),
                ("its session", lambda key: terminals.start(Launch(key, preset, repo, {}, "", None))),
            ):
                walls, processor = [], own_ms()
                for key in keys:
                    began = time.perf_counter()
                    act(key)
                    walls.append((time.perf_counter() - began) * 1000)
                show(f"starting, {what}", walls)
                say(
                    f"  {'':32} of the processor {(own_ms() - processor) / len(keys):.0f} ms, its git and tmux calls included"
                )
        finally:
            for key in keys:
                terminals.stop(key)
            terminals.close()


def children_ms() -> float:
    """Of the processor, by everything this process has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


def own_ms() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (used.ru_utime + used.ru_stime) * 1000 + children_ms()


def idle(arguments: argparse.Namespace) -> None:
    runtime = "channelled" if arguments.channel else "scripted"
    with prepared(arguments.agents, chain=False, tests="", script=IDLE, runtime=runtime) as repo:
        up = subprocess.Popen((*GITORCH, "up", "--wait"), cwd=repo, env=ENV, stdout=subprocess.DEVNULL)
        try:
            at_work(repo, arguments.agents, up)
            before = processor_ms(up.pid)
            with suppress(subprocess.TimeoutExpired):
                up.wait(arguments.seconds)
            own = (processor_ms(up.pid) - before) / arguments.seconds / 10
            say(
                f"\n{arguments.agents} idle agents: `gitorch up` with its git and tmux calls takes {own:.1f} % of one core"
            )
            say(f"  its memory: {memory_mib(up.pid):.0f} MiB")
            listed = json.loads(verb(repo, "session", "list", "--json"))["sessions"]
            say(f"  by channel: {dict(Counter(one['channel'] for one in listed))}")
        finally:
            up.terminate()
            up.wait()


def at_work(repo: Path, number: int, up: subprocess.Popen[bytes]) -> None:
    """Wait until so many agents were told what to do, and nothing more is written about them."""
    first_seen: dict[str | None, float] = {}

    def enough() -> bool:
        assert up.poll() is None, "gitorch up has ended"
        ledger = Repository(repo, ENV).ledger
        run = ledger.state(next(iter(ledger.state(None).board.runs))).run
        told = [all(prompt.receipt for prompt in session.prompts) for session in run.sessions.values()]
        living = sum(session.phase is SessionPhase.ALIVE for session in run.sessions.values())
        since = first_seen.setdefault(ledger.tip(), time.monotonic())
        return living >= number and all(told) and time.monotonic() - since > 2

    until(enough, wait_seconds=60 + 20 * number, every_seconds=0.5)


def processor_ms(pid: int) -> float:
    """Of a process and of those it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) * 1000 / os.sysconf("SC_CLK_TCK")


def memory_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(required=True)
    one = kinds.add_parser("handoffs")
    one.add_argument("--epics", type=int, default=3)
    one.set_defaults(measure=handoffs)
    begun = kinds.add_parser("starts")
    begun.add_argument("--sessions", type=int, default=12)
    begun.set_defaults(measure=starts)
    other = kinds.add_parser("idle")
    other.add_argument("--agents", type=int, default=5)
    other.add_argument("--seconds", type=int, default=20)
    other.add_argument("--channel", action="store_true")
    other.set_defaults(measure=idle)
    arguments = parser.parse_args()
    arguments.measure(arguments)


if __name__ == "__main__":
    main()
