"""Twelve epics for real: scripted agents in tmux, git, the installed command, kills from outside, and a seeded principal."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from house import GITORCH, WAITING, Epic, House
from mischief import script_of
from twelve import NEEDS
from waiting import until

from gitorch.wiring.repository import Repository

CONFIG = """\
orchestration: {{merge_target: main, max_agents: {agents}, default_autonomy: {autonomy}}}
approval: {{unattended: true}}
tests: {{command: {tests}, absent_is_accepted: true, wait_seconds: 60}}
review: {{stages: [spec, quality], rounds_max: {rounds}, mode: {mode}}}
lanes: {{implementer: {{runtime: hand}}}}
runtimes: {{hand: {{preset: scripted, env: {{GITORCH_SCRIPT: {script}}}}}}}
waits: {{start_seconds: 8, silence_seconds: 8, lease_seconds: 60}}
reminders: {{first_seconds: 5, cap_seconds: 600}}
agents: {{restarts_max: 2}}
"""
UP_MAX = 60
"""How often `up` is called before a run counts as one that does not end."""

REFUSED_MAX = 2
LEFT = (WAITING, 0)
KILLED = -signal.SIGKILL
BUSY = 9


@dataclass
class Twelve:
    """One seed: what its agents and its principal will do, and what was done from outside."""

    seed: int
    house: House
    strikes: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    deeds: list[str] = field(default_factory=list)
    refused: int = 0

    def __post_init__(self) -> None:
        self.dice = random.Random(f"real {self.seed}")
        self.left_share = self.dice.choice((0.0, 0.0, 0.15, 0.4))
        self.due = sorted(self.dice.uniform(2, 40) for _ in range(self.dice.randrange(0, 4)))

    def begin(self) -> str:
        script, self.deeds = script_of(self.seed, self.house.path.parent / "flags")
        self.house.script.write_text(script, encoding="utf-8")
        tests = self.dice.choice(("", "! grep -q broken *.txt", "! grep -q broken *.txt"))
        chosen = {
            "agents": self.dice.randrange(2, 7),
            "autonomy": self.dice.choice(("end_only", "end_only", "per_epic")),
            "tests": json.dumps(tests),
            "rounds": self.dice.randrange(2, 4),
            "mode": self.dice.choice(("sequential", "parallel")),
            "script": json.dumps(str(self.house.script)),
        }
        self.house.repo.write({"gitorch.yaml": CONFIG.format(**chosen)})
        epics = [Epic(job, needs, f"{job}.txt, shared.txt") for job, needs in NEEDS.items()]
        return self.house.start(*epics, title="Twelve")

    def play(self) -> None:
        """Drive, strike from outside, and let the principal decide, until the run is settled or waits for what is left."""
        began = time.monotonic()
        for _ in range(UP_MAX):
            status = self.drive(began)
            if status == 0 or (status == WAITING and not self.decide()):
                return
        raise AssertionError(f"seed {self.seed} does not end{self.house.seen()}")

    def drive(self, began: float) -> int:
        """One `gitorch up`, with what is due from outside meanwhile."""
        words = [str(GITORCH), "up", "--no-wait"]
        process = subprocess.Popen(
            words, cwd=self.house.path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        try:
            while self.due and self.is_due(process, began + self.due[0]):
                self.due.pop(0)
                strike = self.dice.choice(
                    (self.kill_gitorch, self.kill_gitorch, self.kill_an_agent, self.kill_the_server)
                )
                self.strikes.append(strike.__name__)
                strike(process)
            out, _ = process.communicate(timeout=240)
        finally:
            process.kill()
        assert process.returncode in {*LEFT, KILLED, BUSY}, f"{process.returncode}: {out.decode()}{self.house.seen()}"
        return process.returncode

    def is_due(self, process: subprocess.Popen[bytes], moment: float) -> bool:
        until(lambda: process.poll() is not None or time.monotonic() > moment, 240, 0.05)
        return process.poll() is None

    # From outside

    def kill_gitorch(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()

    def kill_an_agent(self, _process: subprocess.Popen[bytes]) -> None:
        found = sorted(Repository(self.house.path, os.environ).terminals.pids())
        if found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.dice.choice(found), signal.SIGKILL)

    def kill_the_server(self, _process: subprocess.Popen[bytes]) -> None:
        self.tmux("kill-server")

    def tmux(self, *words: str) -> str:
        socket = f"/tmp/tmux-{os.getuid()}/{self.house.socket}"  # not in the folder that this suite has for its own
        done = subprocess.run(("tmux", "-S", socket, *words), check=False, capture_output=True, text=True)
        return done.stdout

    # The principal

    def leaves(self, row: dict[str, Any]) -> bool:
        """Whether the principal never comes round to this; the same each time it is looked at."""
        if row["kind"] == "escalation" and "merge" in row["text"].lower() and self.refused >= REFUSED_MAX:
            return True
        return random.Random(f"{self.seed} {row['kind']} {row['job']}").random() < self.left_share

    def decide(self) -> bool:
        """Answer everything that is not left; whether there was anything."""
        due = [row for row in self.house("inbox", "--json").json["inbox"] if not self.leaves(row)]
        for row in due:
            self.said.append(self.answer(row))
        return bool(due)

    def answer(self, row: dict[str, Any]) -> str:
        kind, run = row["kind"], row["run"]
        if kind == "cleanup":
            options = self.dice.choice(([], ["--branches"]))
            self.typed("cleanup", run, *options, "--yes")
        elif kind == "approval" and (self.refused or self.dice.random() < 0.9):
            self.typed("approve", run, "--yes")
        elif kind == "approval" or set(row["options"]) == {"retry", "stop_run"}:
            report = self.house("report", run, "--json").json["report"]
            if report is None:  # voided since, by an answer just given: what was asked about it is asked anew
                return f"{kind}:{self.choose(row)}"
            self.refused += 1
            branches = report["branches"]
            self.typed("reject", run, "--rework", self.dice.choice(branches)["job"], "--note", "Not yet.")
            return f"{kind}:rework"
        else:
            return f"{kind}:{self.choose(row)}"
        return kind

    def choose(self, row: dict[str, Any]) -> str:
        options = [o for o in row["options"] if o != "stop_run" and (o != "stop_epic" or self.dice.random() < 0.1)]
        option = self.dice.choice(options) if options else ""
        if row["kind"] == "escalation" and "dialog" in row["text"]:
            self.press_enter(row["job"])
        self.typed("answer", row["id"], *([option] if option else []), "because I say so", "--run", row["run"])
        return option or "words"

    def typed(self, *words: str) -> None:
        """A verb that the principal types; an earlier answer of the same moment may have made it needless."""
        self.house(*words, status=None)

    def press_enter(self, job: str) -> None:
        """Answer the dialog of a job's agent as a person does who attached to it."""
        run = self.house.status()
        session = next(row["session"] for row in run["jobs"] if row["id"] == job)
        mark = self.house.path / ".git/gitorch/sessions" / run["id"] / str(session) / "launch.json"
        if mark.exists():
            self.tmux("send-keys", "-t", json.loads(mark.read_text())["pane"], "Enter")

    # What is to be said of it

    def line(self, end: str, owed: Counter[str], records: int) -> str:
        return (
            f"seed {self.seed}: {end} {dict(owed)}, {records} records; struck: {', '.join(self.strikes) or 'nothing'}; "
            f"misdeeds: {' '.join(self.deeds)}; said: {dict(Counter(self.said))}"
        )
