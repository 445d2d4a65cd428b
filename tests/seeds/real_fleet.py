"""Twelve epics on four hosts for real: clones with homes, keys, names and tmux servers of their own over one forge by HTTP.

What a seed has in store strikes from outside: `up`, agents, tmux servers and whole hosts are killed, hosts are cut off from the
forge or all of them are, requests are slow, and pushes arrive without an answer.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from house import GITORCH, Epic, House, living
from isolation import private_environment
from mischief import ACCEPT, DONE, REVISE, of_subject, table, work
from real_twelve import BUSY, KILLED, LEFT, Twelve
from repository import Repository
from twelve import NEEDS
from waiting import LIMIT_SECONDS, until

from gitorch.wiring.repository import Repository as Wired

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from forge import Forge

NAMES = ("desk", "attic", "cellar", "porch")
LEASE_SECONDS = 20
DRIVE_SECONDS = 1500
"""How long the hosts may drive before a run counts as one that does not end."""

CONFIG = """\
orchestration: {{merge_target: main, max_agents: {agents}}}
approval: {{unattended: true}}
tests: {{command: {tests}, absent_is_accepted: true, wait_seconds: 60, run_on_target: false}}
review: {{stages: [spec], rounds_max: 3}}
lanes: {{implementer: {{runtime: hand}}}}
runtimes: {{hand: {{preset: scripted, env: {{GITORCH_SCRIPT: "{script}"}}}}}}
waits: {{start_seconds: 40, silence_seconds: 60, lease_seconds: {lease}}}
reminders: {{first_seconds: 300, cap_seconds: 600}}
ledger: {{remote: origin}}
"""


@dataclass
class Host(House):
    """A clone as a machine of its own."""

    environ: dict[str, str] = field(default_factory=dict)
    up: subprocess.Popen[bytes] | None = None
    is_dead: bool = False

    @property
    def name(self) -> str:
        return self.path.name

    def __call__(self, *words: str, **how: Any) -> Any:
        return super().__call__(*words, env=self.environ, **how)

    def drive(self) -> None:
        """Begin `gitorch up`, unless this host is dead."""
        if not self.is_dead:
            words = [str(GITORCH), "up", "--no-wait"]
            with (self.path.parent / "up.log").open("ab") as out:
                quiet = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": out}
                self.up = subprocess.Popen(words, cwd=self.path, env=self.environ, **quiet)

    def said(self) -> str:
        """The end of what `up` printed."""
        return (self.path.parent / "up.log").read_text(encoding="utf-8")[-2000:]

    def has_ended(self) -> bool:
        """Whether `up` has ended by itself; one that was killed or found another at work begins again."""
        status = 0 if self.up is None else self.up.poll()
        if status in {KILLED, BUSY} and not self.is_dead:
            self.drive()
            return False
        assert status in {None, KILLED, *LEFT}, f"{self.name}: up ended with {status}\n{self.said()}{self.seen()}"
        return status is not None

    def power_off(self) -> None:
        """Nothing of this host is alive any more: neither `up` nor agents nor their terminals."""
        self.is_dead = True
        until(self._kill_all, every_seconds=0.05, what=f"the end of {self.name}")
        if self.up is not None:
            self.up.wait(LIMIT_SECONDS)

    def _kill_all(self) -> bool:
        found = [int(line.split()[0]) for line in self.processes()]
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return not found

    def close(self) -> None:
        self.power_off()


@contextlib.contextmanager
def four_hosts(folder: Path, forge: Forge) -> Iterator[list[Host]]:
    """Four clones of the forge's project, each below a folder with its own home; all can write to the ledger."""
    hosts: list[Host] = []
    try:
        for name in NAMES:
            hosts.append(_host(folder / name, name, folder / "agents.toml", forge))
        yield hosts
    finally:
        for host in hosts:
            host.close()


def _host(folder: Path, name: str, script: Path, forge: Forge) -> Host:
    home = folder / "home"
    for place in ("run", "tmux", ".config", ".cache"):
        (home / place).mkdir(parents=True, mode=0o700)
    (home / "gitconfig").write_text("[gc]\n\tauto = 0\n[core]\n\tfsync = none\n", encoding="utf-8")
    environ = private_environment(os.environ, home) | {"GIT_ALLOW_PROTOCOL": "file:http"}
    words = ("git", "clone", "--quiet", forge.address_via(name), str(folder / name))
    subprocess.run(words, check=True, env=environ, capture_output=True)
    return Host(Repository(folder / name), script, environ=environ)


class Fleet(Twelve):
    """One seed: what is done from outside, and what the principal says."""

    def __init__(self, seed: int, hosts: list[Host], forge: Forge) -> None:
        super().__init__(seed, hosts[0])
        self.hosts, self.forge = hosts, forge
        self.tips: set[str] = set()
        """Every commit that the ledger at the forge was seen at."""
        self.target = ""
        """The commit of `main` at the forge before the run."""
        self.agenda: list[tuple[float, Callable[[], None]]] = []

    def begin(self) -> str:
        self.house.script.write_text(self.script(), encoding="utf-8")
        tests = self.dice.choice(('""', '"true"'))
        chosen = {"agents": self.dice.randrange(3, 7), "tests": tests, "script": self.house.script}
        self.house.repo.commit({"gitorch.yaml": CONFIG.format(**chosen, lease=LEASE_SECONDS)}, "Configure gitorch")
        self.house.repo.git("push", "--quiet", "origin", "main")
        self.target = self.forge.head("main")
        for host in self.hosts:
            host.repo.git("pull", "--quiet", "origin", "main")
            if host is self.house:
                host("init")
                host("host", "join", "--name", host.name, "--add")
                continue
            joined = host("host", "join", "--name", host.name, "--json")
            self.house("host", "add", host.name, joined.json["key"])
        run = self.house.start(*[Epic(job, needs, f"{job}.txt") for job, needs in NEEDS.items()], title="Twelve")
        strikes = (*[self.kill_up] * 3, self.kill_an_agent, self.kill_a_server, *[self.kill_a_host] * 2)
        strikes += (*[self.cut_off] * 2, self.forge_goes_away, self.forge_is_slow, *[self.lose_answers] * 2)
        now = time.monotonic()
        for _ in range(self.dice.randrange(3, 9)):
            self.agenda.append((now + self.dice.uniform(2, 60), self.dice.choice(strikes)))
        return run

    def script(self) -> str:
        """Agents that take their time and are honest; now and then a reviewer wants more."""
        turns: list[str] = []
        for job in NEEDS:
            rest = [{"sleep": round(self.dice.uniform(0, 4), 1)} for _ in range(3)]
            if self.dice.random() < 0.1:
                keys = {"job": f"{job}.spec", "attempt": 1}
                turns.append(table("turn", keys, of_subject([REVISE], job)))
            turns.append(table("turn", {"job": f"{job}.spec"}, [rest[0], ACCEPT]))
            turns.append(table("turn", {"job": job}, [rest[1], *work(job), rest[2], DONE]))
        return "\n".join(turns)

    def drive(self, began: float) -> int:  # noqa: ARG002  strikes have an agenda of their own
        """`up` on every living host, with what is due from outside, until each has ended by itself."""
        for host in self.hosts:
            host.drive()
        until(self.all_have_ended, DRIVE_SECONDS, 0.25, what=f"the end of seed {self.seed}: {self.strikes}")
        self.forge.latency_seconds, self.forge.answers_lost = 0.0, 0
        self.house = self.living()[0]
        self.house("sync")
        return max(int(host.up.returncode) for host in self.living() if host.up is not None)

    def living(self) -> list[Host]:
        return [host for host in self.hosts if not host.is_dead]

    def all_have_ended(self) -> bool:
        self.tips.add((self.forge.folder / "refs/heads/gitorch/ledger").read_text(encoding="utf-8").strip())
        now = time.monotonic()
        due = [one for one in self.agenda if one[0] <= now]
        for one in due:
            self.agenda.remove(one)
            one[1]()
        ended = [host.has_ended() for host in self.hosts]
        return all(ended) and self.is_whole()

    def is_whole(self) -> bool:
        """Whether nothing keeps a living host from the forge; what has not struck yet strikes no more."""
        if self.forge.is_away or self.forge.cut_off:
            return False
        self.agenda = [one for one in self.agenda if one[1].__name__ == "power_on"]
        return not self.agenda

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        self.agenda.append((time.monotonic() + seconds, act))

    def one(self) -> Host:
        """Any living host."""
        return self.dice.choice(self.living())

    def strike(self, what: str, host: Host | None = None) -> None:
        self.strikes.append(what if host is None else f"{what} {host.name}")

    # From outside

    def kill_up(self) -> None:
        host = self.one()
        self.strike("kill up", host)
        if host.up is not None:
            host.up.kill()

    def kill_an_agent(self, _process: object = None) -> None:
        host = self.one()
        found = sorted(Wired(host.path, host.environ).terminals.pids())
        self.strike("kill agent", host)
        if found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.dice.choice(found), signal.SIGKILL)

    def kill_a_server(self) -> None:
        host = self.one()
        self.strike("kill tmux", host)
        for line in living():
            if "tmux" in line and host.socket in line:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(line.split()[0]), signal.SIGKILL)

    def kill_a_host(self) -> None:
        """Its power goes; two at least live. It comes back after some time, or never."""
        host = self.one()
        if len(self.living()) <= 2:
            return
        self.strike("kill host", host)
        host.power_off()
        if self.dice.random() < 0.5:

            def power_on() -> None:
                self.strike("power on", host)
                host.is_dead = False
                host.drive()

            self.later(self.dice.uniform(3, 40), power_on)

    def cut_off(self) -> None:
        host = self.one()
        self.strike("cut off", host)
        self.forge.cut_off.add(host.name)
        self.later(self.dice.uniform(2, 40), lambda: self.forge.cut_off.discard(host.name))

    def forge_goes_away(self) -> None:
        self.strike("forge away")
        self.forge.is_away = True
        self.later(self.dice.uniform(1, 15), lambda: setattr(self.forge, "is_away", False))

    def forge_is_slow(self) -> None:
        self.strike("forge slow")
        self.forge.latency_seconds = self.dice.uniform(0.1, 0.8)
        self.later(self.dice.uniform(3, 15), lambda: setattr(self.forge, "latency_seconds", 0.0))

    def lose_answers(self) -> None:
        self.strike("lose answers")
        self.forge.answers_lost = self.dice.randrange(1, 4)
