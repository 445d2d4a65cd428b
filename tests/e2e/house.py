"""Drives the installed command line as a user does: a repository of one's own, verbs, and what is left afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import warm
from isolation import tmux
from repository import Repository
from waiting import LIMIT_SECONDS, until

from gitorch.wiring.repository import socket_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

GITORCH = Path(sys.executable).parent / "gitorch"
CALL_SECONDS = 150
WAITING = 10

CONFIG = """\
orchestration: {{merge_target: main, max_agents: {agents}}}
approval: {{unattended: true}}
tests: {{command: {tests}, absent_is_accepted: true, wait_seconds: 60, run_on_target: false}}
review: {{stages: {stages}, mode: {mode}, rounds_max: {rounds}}}
lanes: {{implementer: {{runtime: hand, commits: {commits}}}}}
runtimes: {{hand: {{preset: scripted, command: {command}, env: {{GITORCH_SCRIPT: {script}}}}}{more}}}
waits: {{start_seconds: {start}, silence_seconds: {silence}, lease_seconds: 600}}
reminders: {{first_seconds: {remind}, cap_seconds: 600}}
"""


@dataclass(frozen=True)
class Epic:
    """An epic of a plan, with one task; without a scope it may change everything."""

    id: str
    needs: tuple[str, ...] = ()
    scope: str = ""
    title: str = ""

    @property
    def section(self) -> str:
        scope = f"Scope: {self.scope}\n" if self.scope else ""
        needs = f"Depends on: {', '.join(self.needs) or 'none'}\n"
        task = f"- [ ] Write what {self.id} asks for\n"
        title = self.title or f"Work on {self.id}"
        return f"## Epic: {self.id} — {title}\n\n{needs}{scope}\n{task}\n## Review Gate: {self.id}\n\n"


@dataclass(frozen=True)
class Said:
    """How one verb ended and what it said."""

    words: tuple[str, ...]
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def text(self) -> str:
        return self.out + self.err


@dataclass
class House:
    """A repository with gitorch at work in it. `script` is what its agents do; without one they do the default."""

    repo: Repository
    script: Path
    driving: list[subprocess.Popen[str]] = field(default_factory=list)
    read: tuple[str, list[dict[str, Any]]] = ("none", [])

    @property
    def path(self) -> Path:
        return self.repo.path

    @property
    def worktrees(self) -> Path:
        return self.path.parent / f"{self.path.name}.worktrees"

    @property
    def socket(self) -> str:
        return socket_name(self.path / ".git")

    def allow_unattended(self) -> None:
        """Let `approve --yes` approve runs that are prepared from now on, in a configuration that `init` wrote."""
        path = self.path / "gitorch.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace("  at_least: typed", "  at_least: unattended").replace(
                "  unattended: false", "  unattended: true"
            )
        )

    def let_agents_be_warm(self) -> None:
        """Let scripted agents call the `warm` gitorch, in a configuration that has no runtimes of its own."""
        path = self.path / "gitorch.yaml"
        lines = path.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if not line.startswith("runtimes: ")]
        runtimes = json.dumps({"scripted": {"command": [str(warm.agents() / "agent")]}})
        path.write_text("\n".join((*kept, f"runtimes: {runtimes}", "")), encoding="utf-8")

    def configure(self, script: str = "", **chosen: object) -> None:
        """Write gitorch.yaml and the agents' script.

        Agents call the `warm` gitorch; with `command="[]"` the installed one, as those must that hide who they are or are in a
        sandbox: a verb that another process carries out shows neither.
        """
        words = {"agents": 4, "tests": '""', "stages": "[spec]", "rounds": 3, "start": 40, "silence": 60}
        words |= {
            "commits": "agent",
            "mode": "sequential",
            "more": "",
            "remind": 300,
            "command": json.dumps([str(warm.agents() / "agent")]),
            "script": json.dumps(str(self.script)),
        }
        self.script.write_text(script, encoding="utf-8")
        self.repo.write({"gitorch.yaml": CONFIG.format(**words | chosen)})

    def plan(self, *epics: Epic | str, title: str = "Some work", name: str = "plan.md") -> str:
        """Write a plan of these epics, and give its name."""
        made = [epic if isinstance(epic, Epic) else Epic(epic) for epic in epics]
        self.repo.write({name: f"# {title}\n\n" + "".join(epic.section for epic in made)})
        return name

    def start(self, *epics: Epic | str, title: str = "Some work", options: tuple[str, ...] = ()) -> str:
        """Start a run of these epics without being asked, and give its id."""
        said = self("start", self.plan(*epics, title=title, name=f"{title}.md"), "--yes", "--json", *options)
        return str(said.json["run"]["id"])

    def __call__(
        self,
        *words: str,
        status: int | None = 0,
        env: Mapping[str, str] | None = None,
        cwd: str = "",
        wait_seconds: float = CALL_SECONDS,
    ) -> Said:
        """Type one verb, without a terminal; fails when it ends with another status (None: any)."""
        done = warm.call(words, cwd or self.path, {**os.environ, **(env or {})}, wait_seconds)
        said = Said(words, done.returncode, done.stdout, done.stderr)
        assert status is None or said.status == status, f"{words} ended with {said.status}:\n{said.text}{self.seen()}"
        return said

    def up(self, run: str = "", status: int = WAITING) -> Said:
        """Drive until only people can go on, or until everything is settled (status 0)."""
        return self("up", *([run] if run else []), "--no-wait", status=status)

    def up_beside(self, *words: str) -> subprocess.Popen[str]:
        """Drive in the background; ended when the house is left."""
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        beside = subprocess.Popen([str(GITORCH), "up", *words], cwd=self.path, encoding="utf-8", **quiet)  # type: ignore[call-overload] # keywords from a dict
        self.driving.append(beside)
        return beside

    def status(self, run: str = "") -> Any:
        """The run as `gitorch status --json` shows it."""
        return self("status", *([run] if run else []), "--json").json["run"]

    def phase(self, job: str, run: str = "") -> str:
        return next(str(row["phase"]) for row in self.status(run)["jobs"] if row["id"] == job)

    def until(self, condition: Callable[[], object], what: str = "") -> object:
        """Wait for something that a `gitorch up` beside us brings about."""
        return until(condition, wait_seconds=120, every_seconds=0.1, what=what)

    def records(self, type_: str = "", /, **fields: object) -> list[dict[str, Any]]:
        """The events of all records, oldest first: of one type, and with these fields, where they are given."""
        tip = self.tip()
        if self.read[0] != tip:
            self.read = (tip, self("log", "-n", "0", "--json").json["records"])
        chosen = [r for r in self.read[1] if type_ in {"", r["type"]}]
        events = [{**r["event"], "_type": r["type"], "_actor": r["actor"], "_seq": r["seq"]} for r in chosen]
        return [e for e in events if all(e.get(name) == value for name, value in fields.items())]

    def kinds(self, job: str) -> list[str]:
        """What happened to a job, as the types of its records, sessions and deliveries aside."""
        quiet = {"prompt-delivered", "session-alive", "session-ended", "lease-renewed"}
        return [e["_type"] for e in self.records(job=job) if e["_type"] not in quiet]

    def question(self, run: str = "", **fields: object) -> str:
        """The id of the one open question with these fields."""
        rows = self("inbox", *(["--run", run] if run else []), "--json").json["inbox"]
        found = [row["id"] for row in rows if all(row[name] == value for name, value in fields.items())]
        assert len(found) == 1, f"{fields}: {rows}"
        return str(found[0])

    def tip(self) -> str:
        """The newest commit of the ledger; empty where there is none."""
        with suppress(FileNotFoundError, NotADirectoryError):  # a packed ref, none, or a linked worktree
            return (self.path / ".git/refs/heads/gitorch/ledger").read_text(encoding="utf-8").strip()
        return self.repo.git("for-each-ref", "--format=%(objectname)", "refs/heads/gitorch/ledger")

    def target(self) -> str:
        return self.repo.head("refs/heads/main")

    def seen(self) -> str:
        """What a failed test wants to know: the log."""
        log = subprocess.run([GITORCH, "log"], cwd=self.path, capture_output=True, encoding="utf-8", check=False)
        return f"\n--- log\n{log.stdout}"

    def processes(self) -> list[str]:
        """Every living process that works below this house or was started for one of its sessions.

        Not the tests' own that carry out a verb of an agent (`warm`): they end by themselves when the agent's process was killed.
        """
        ours = [line for line in living() if str(self.path.parent) in line or self.socket in line]
        return [line for line in ours if warm.__file__ not in line]

    def close(self) -> None:
        """End what a failed test may have left: only what belongs to this house."""
        for beside in self.driving:
            if beside.poll() is None:
                beside.terminate()
            beside.communicate(timeout=LIMIT_SECONDS)
        if (self.path / ".git/refs/heads/gitorch").exists():
            for line in self("status", "--all", "--json", status=None).json.get("runs", []):
                self("cancel", line["id"], status=None)
        tmux("-L", self.socket, "kill-server")


def living() -> Iterator[str]:
    """One line for each process but this one: its id, folder, words, and what its environment says of a session."""
    for folder in Path("/proc").glob("[0-9]*"):
        if folder.name == str(os.getpid()):
            continue
        try:
            cwd = str((folder / "cwd").readlink())
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        session = [v.decode(errors="replace") for v in variables if v.startswith(b"GITORCH_S")]
        yield " ".join((folder.name, cwd, words, *session))


@contextmanager
def house(folder: Path, name: str = "Größe 図 1") -> Iterator[House]:
    """A fresh repository whose path has blanks and prompts of other scripts; nothing of it is alive afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.mkdir()
    repo = Repository(path)
    repo.git("init", "--quiet", "--initial-branch=main", "--template=")
    repo.commit({"README.md": "# Example\n"}, "Begin")
    made = House(repo, folder / "agents.toml")
    try:
        yield made
    finally:
        made.close()
    until(lambda: not made.processes(), what=f"the end of every process: {made.processes()}")
