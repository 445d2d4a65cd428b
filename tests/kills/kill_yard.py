"""A small repository and a small real run in it, to be killed at any instant; and what must be true of it at the end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import waiting
import warm

from gitorch.app.executing.execute import record_refusal
from gitorch.errors import Refused
from gitorch.model import events as e
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.review import ReportStatus
from gitorch.wiring import repository as wiring

if TYPE_CHECKING:
    from repository import Repository

GITORCH = str(Path(sys.executable).with_name("gitorch"))
WAITING = 10
"""The exit status of a verb that leaves the rest to people."""

ANSWER = "blue"
ROUNDS_MAX = 60
FIRST = {"README.md": "# Colours\n", "calc.txt": "one\n"}
MERGED = {
    "README.md": "# Colours\n",
    "calc.txt": "one\n",
    "sky.txt": "The sky is blue.\n",
    "sea.txt": "The sea is deep and wide.\n",
    "both.txt": "The sky is blue.\nThe sea is deep and wide.\n",
}
"""What main holds after the run, whatever happened to it meanwhile."""

CONFIG = """\
orchestration: {{merge_target: main, max_agents: 4}}
approval: {{unattended: true}}
worktrees: {{base_path: "{worktrees}"}}
tests: {{command: "test -s README.md", wait_seconds: 60}}
review: {{stages: [quality], rounds_max: 3}}
lanes: {{implementer: {{runtime: tried}}, reviewer: {{runtime: tried}}}}
runtimes: {{tried: {{preset: scripted, command: ["{agent}"], env: {{GITORCH_SCRIPT: "{script}"}}}}}}
waits: {{start_seconds: 60, silence_seconds: 600, lease_seconds: 600}}
reminders: {{first_seconds: 3600}}
agents: {{restarts_max: 50}}
"""

PLAN = """\
# Colours

## Epic: sky — The sky

Scope: `sky.txt`

- [ ] Say in `sky.txt` what the sky is like; ask for its colour

## Review Gate: sky

1. Commit all work for this epic
2. Report with `gitorch handoff`
3. **STOP.** Wait for the review before continuing.

## Epic: sea — The sea

Scope: `sea.txt`

- [ ] Say in `sea.txt` that the sea is deep and wide

## Review Gate: sea

1. Commit all work for this epic
2. Report with `gitorch handoff`
3. **STOP.** Wait for the review before continuing.

## Epic: both — Both

Depends on: sky, sea

Scope: `both.txt`

- [ ] Bring both sentences together in `both.txt`

## Review Gate: both

1. Commit all work for this epic
2. Report with `gitorch handoff`
3. **STOP.** Wait for the review before continuing.
"""

SCRIPT = """\
[[turn]]
job = "sky"
[[turn.step]]
ask = "What colour is the sky?"
name = "colour"
[[turn.step]]
write = "sky.txt"
text = "The sky is {answer:colour}.\\n"
[[turn.step]]
commit = "Say what the sky is like"
[[turn.step]]
handoff = "DONE"

[[turn]]
job = "sea"
attempt = 1
[[turn.step]]
write = "sea.txt"
text = "The sea is deep.\\n"
[[turn.step]]
commit = "Say that the sea is deep"
[[turn.step]]
handoff = "DONE"

[[turn]]
job = "sea"
attempt = 2
[[turn.step]]
replace = "sea.txt"
old = "deep."
new = "deep and wide."
[[turn.step]]
commit = "Say that it is wide, too"
[[turn.step]]
handoff = "DONE"

[[turn]]
job = "both"
[[turn.step]]
run = "cat sky.txt sea.txt >both.txt"
exit = 0
[[turn.step]]
commit = "Bring both together"
[[turn.step]]
handoff = "DONE"

[[turn]]
kind = "review"
subject = "sea"
path = "sea.txt"
matches = "deep[.]"
[[turn.step]]
verdict = "needs_revision"
findings = [{ title = "It is wide, too", path = "sea.txt", line = 1, severity = "important" }]

[[turn]]
kind = "review"
[[turn.step]]
verdict = "accept"
"""


class Yard:
    """One repository with a plan, and every process that was started for it."""

    def __init__(self, folder: Path, start) -> None:
        self.repo: Repository = start("repo", FIRST)
        self.path = self.repo.path
        self.worktrees = folder / "trees"
        script = folder / "agents.toml"
        script.write_text(SCRIPT)
        agent = warm.agents() / "agent"
        config = CONFIG.format(worktrees=self.worktrees, script=script, agent=agent)
        (self.path / "gitorch.yaml").write_text(config)
        (folder / "plan.md").write_text(PLAN)
        self.services = wiring.Repository(self.path, os.environ)
        self.socket = Path("/tmp") / f"tmux-{os.getuid()}" / wiring.socket_name(self.path / ".git")
        self.home = self.path / ".git" / "gitorch"
        self.told: list[str] = []
        self.spawned: list[subprocess.Popen[str]] = []
        self.gitorch("init")
        self.gitorch("start", str(folder / "plan.md"), "--yes")
        self.run_id = next(iter(self.services.ledger.state(None).board.runs))

    # Verbs

    def spawn(self, *words: str) -> subprocess.Popen[str]:
        self.told.append(" ".join(words))
        process = subprocess.Popen(
            (GITORCH, "-C", str(self.path), *words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.spawned.append(process)
        return process

    def gitorch(self, *words: str, expected: tuple[int, ...] = (0,)) -> str:
        process = self.spawn(*words)
        said, _ = process.communicate(timeout=120)
        assert process.returncode in expected, f"gitorch {words}: {process.returncode}\n{said}\n{self.story()}"
        return said

    def run(self):
        return self.services.ledger.state(self.run_id).run

    def next_words(self) -> tuple[str, ...] | None:
        """What the human types next; None when nothing is left to be done at all."""
        run = self.run()
        question = next(iter(run.open_questions()), None)
        if question is None:
            return None if run.cleaned else ("up", "--no-wait")
        if question.kind is QuestionKind.APPROVAL:
            return ("approve", run.id, "--yes")
        if question.kind is QuestionKind.CLEANUP:
            return ("cleanup", run.id, "--branches", "--yes")
        if question.options:
            return ("answer", question.id, "retry")
        return ("answer", question.id, ANSWER)

    def go_on(self) -> None:
        """Drive the run to its end without disturbing it."""
        for _ in range(ROUNDS_MAX):
            self.gitorch("up", "--no-wait", expected=(0, WAITING))
            words = self.next_words()
            if words is None:
                return
            if words[0] != "up":
                self.gitorch(*words)
        raise AssertionError(f"the run does not end\n{self.story()}")

    # What there is to see and to kill

    def records(self) -> int:
        """How many records there are, as far as the last writer came to say so."""
        try:
            return int(json.loads((self.home / "tip").read_text())[0])
        except (OSError, ValueError):
            return 0

    def agents(self) -> list[int]:
        return sorted(self.services.terminals.pids())

    def server(self) -> int | None:
        words = ("tmux", "-S", str(self.socket), "display-message", "-p", "#{pid}")
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        return int(done.stdout) if done.returncode == 0 else None

    def events(self):
        return [w.record.event for w in self.services.ledger.records(self.run_id)]

    def story(self) -> str:
        """What happened, for whoever reads a failure."""
        lines = [f"{w.record.seq} {w.record.event}"[:300] for w in self.services.ledger.records()]
        return "\n".join([*lines, *self.told[-12:]])

    def close(self) -> None:
        """End what a failed test left: first whoever might start more."""
        for process in self.spawned:
            process.kill()
            process.communicate()
        for pid in self.ours():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        subprocess.run(("tmux", "-S", str(self.socket), "kill-server"), check=False, capture_output=True)
        self.socket.unlink(missing_ok=True)

    def ours(self) -> list[int]:
        """Processes of this repository's sessions and test runs, by the environment that they were started with."""
        marks = (f"GITORCH_SESSION_KEY={self.socket.name}/".encode(), f"GITORCH_CHECK={self.home}/".encode())
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    words = (entry / "environ").read_bytes().split(b"\0")
                    if any(word.startswith(marks) for word in words):
                        found.append(int(entry.name))
        return found


# What must be true at the end


def check_all(yard: Yard) -> None:
    """The invariants of a finished and cleaned-up run."""
    check_result(yard)
    check_once(yard)
    check_prompts(yard)
    check_nothing_left(yard)
    assert "records verified" in yard.gitorch("verify")
    fsck = subprocess.run(
        ("git", "-C", str(yard.path), "fsck", "--no-dangling"), check=False, capture_output=True, text=True
    )
    assert (fsck.returncode, fsck.stdout) == (0, ""), fsck.stderr


def check_result(yard: Yard) -> None:
    names = yard.repo.git("ls-tree", "-r", "--name-only", "main").splitlines()
    assert {name: yard.repo.git("show", f"main:{name}") + "\n" for name in names} == MERGED


def repeated(found) -> dict:
    return {what: times for what, times in Counter(found).items() if times != 1}


def check_once(yard: Yard) -> None:
    """No job done twice, nothing judged twice, nothing delivered twice, nothing asked twice."""
    events = yard.events()
    done = [(x.job, x.attempt) for x in events if isinstance(x, e.HandoffSubmitted) and x.status is ReportStatus.DONE]
    assert Counter(done) == {("sky", 1): 1, ("sea", 1): 1, ("sea", 2): 1, ("both", 1): 1}, yard.story()
    verdicts = [(x.job, x.round) for x in events if isinstance(x, e.VerdictGiven)]
    assert len(verdicts) == 4, yard.story()
    assert not repeated(verdicts)
    assert not repeated((x.session, x.prompt) for x in events if isinstance(x, e.PromptDelivered)), yard.story()
    assert not repeated((x.commit, x.job) for x in events if isinstance(x, e.GatePassed))
    assert not repeated((x.job, x.attempt) for x in events if isinstance(x, e.CheckRecorded))
    asked = [x.kind for x in events if isinstance(x, e.QuestionAsked)]
    assert not repeated(asked), yard.story()
    once = (e.RunStarted, e.ReportIssued, e.MergeApproved, e.Merged, e.RunCompleted, e.CleanupDone)
    assert Counter(type(x) for x in events if isinstance(x, once)) == dict.fromkeys(once, 1), yard.story()


def prompts(yard: Yard) -> list[tuple[str, str]]:
    """Every prompt that an agent took up, as it says itself: session and line."""
    found = []
    for path in sorted(yard.home.glob("sessions/*/*/signals.jsonl")):
        said = [json.loads(line) for line in path.read_text().splitlines()]
        found += [(path.parent.name, one["text"]) for one in said if one["event"] == "prompt"]
    return found


def check_prompts(yard: Yard) -> None:
    """No agent was told the same line twice; where it wrote the line on its screen says the same."""
    told = prompts(yard)
    assert not repeated(told), told
    for path in sorted(yard.home.glob("sessions/*/*/output.log")):
        text = path.read_bytes() + path.with_name("output.tail").read_bytes()
        lines = [line.strip() for line in text.decode("utf-8", "replace").splitlines() if line.startswith("› ")]
        assert not repeated(lines), (path.parent.name, lines)


def unfinished(yard: Yard) -> list[Path]:
    """Files that the ledger's writers began and did not finish."""
    return sorted((*yard.home.rglob("*~"), *yard.path.glob(".git/objects/tmp_obj_*")))


def check_unfinished_are_swept(yard: Yard) -> None:
    """The next writer takes them away, once they are old enough to be nobody's."""
    for path in unfinished(yard):
        os.utime(path, (0, 0))
    services = wiring.Repository(yard.path, os.environ)
    record_refusal(services, None, services.host, "sweep", Refused("nothing is to be done"))
    assert unfinished(yard) == []


def check_nothing_left(yard: Yard) -> None:
    with contextlib.suppress(AssertionError):
        waiting.until(lambda: not yard.ours())
    assert [Path(f"/proc/{pid}/cmdline").read_text() for pid in yard.ours()] == []
    assert yard.server() is None
    assert not yard.socket.exists()
    assert not yard.socket.with_name(f"{yard.socket.name}.lock").exists()
    assert yard.repo.git("worktree", "list", "--porcelain").count("worktree ") == 1
    assert not yard.worktrees.exists(), sorted(yard.worktrees.rglob("*"))
    assert sorted((yard.home / "checks").glob("*")) == []
    git = yard.path / ".git"
    locks = [path for path in git.rglob("*.lock") if not path.is_relative_to(yard.home)]
    assert locks == []
    unrenamed = sorted(yard.home.rglob("*.tmp"))
    assert unrenamed == []
    check_unfinished_are_swept(yard)
    assert yard.repo.git("for-each-ref", "--format=%(refname)").splitlines() == [
        "refs/heads/gitorch/ledger",
        "refs/heads/main",
    ]
    assert yard.repo.git("status", "--porcelain") == "?? gitorch.yaml"
