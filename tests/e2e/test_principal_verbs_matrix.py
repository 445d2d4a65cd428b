"""Every verb of the principal is denied to whatever gitorch started, in whatever way it calls, from any repository (K1, K2).

One repository waits for an approval. A live agent of another one calls its verbs in every way that the table names, and so do tests,
hooks, commands and daemons that gitorch started. Each call ends with status 5, and leaves a record that names the evidence.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from house import GITORCH, House, house
from principal_verbs import APPROVE, VERBS
from waiting import until

import gitorch
from gitorch.rules.deciding.runs import STRANGER_REFUSALS_KEPT
from gitorch.world import processes
from gitorch.world.clock import SystemClock
from gitorch.world.git.runner import GitRunner
from gitorch.world.local_programs import LocalPrograms
from gitorch.world.programs import run

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.skipif(not processes.LINUX, reason="ancestors and limits are read as Linux shows them"),
]

DRIVER = """\
while [ ! -e {folder}/stop ]; do
  for way in {folder}/*.way; do
    [ -e "$way" ] || continue
    mv "$way" "$way.begun"
    sh "$way.begun" </dev/null >"$way.log" 2>&1
  done
  sleep 0.05
done
"""
DAEMON = """\
import os, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
os.chdir("/")
for stream in range(3): os.dup2(os.open(os.devnull, os.O_RDWR), stream)
while len(sys.argv) > 2 and not os.path.exists(sys.argv[2]): time.sleep(0.05)
os.execve("/bin/sh", ["sh", sys.argv[1]], {"PATH": os.defpath, "HOME": "/"})
"""
TMUX = "tmux -L {socket}"

# Each is a shell script that the live agent of another repository runs; {job} is a script that calls the verbs.
WAYS = {
    "directly": "sh {job}",
    "with an empty environment": "env -i sh {job}",
    "without gitorch's variables": "unset $(env | grep -o '^GITORCH_[A-Z_]*'); sh {job}",
    "as an operator": "env -i GITORCH_OPERATOR=ada sh {job}",
    "with a token that it made up": "env -i GITORCH_TOKEN=0000 GITORCH_RUN=x sh {job}",
    "in a new session": "setsid -w sh {job}",
    "in a new session with an empty environment": "setsid -w env -i sh {job}",
    "with nohup": "nohup env -i sh {job} & wait",
    "from the root folder": "cd / && env -i sh {job}",
    "by a renamed program": "cp /bin/sh {folder}/harmless && env -i {folder}/harmless {job}",
    "without a name": "env -i bash -c 'exec -a \"\" sh {job}'",
    "by a chain of shells": "env -i sh -c 'sh -c \"sh {job}; :\"; :'",
    "by xargs": "echo {job} | env -i xargs sh",
    "by find": "env -i find {job} -exec sh {{}} ';'",
    "at a terminal of its own": "env -i TERM=dumb script -qec 'sh {job}' /dev/null",
    "by a daemon": "{python} {daemon} {job}",
    "by a daemon of a daemon": "{python} {daemon} {folder}/again",
    "by a git alias": "cd {folder}/repo && env -i git -c alias.x='!sh {job}' x",
    "by a git hook": "cd {folder}/repo && env -i git -c user.name=a -c user.email=b -c core.hooksPath={folder}/hooks commit -qm x --allow-empty",
    "by git's editor": "cd {folder}/repo && env -i GIT_EDITOR='sh {job}; false' git -c user.name=a -c user.email=b commit --allow-empty",
    "by git's file system monitor": "cd {folder}/repo && env -i git -c core.fsmonitor='sh {job}; false' status",
    "by make": "printf 'all:\\n\\t/bin/sh {job}\\n' >{folder}/Makefile; env -i make -f {folder}/Makefile",
    "by tmux run-shell": "{tmux} run-shell 'sh {job}'",
    "by tmux if-shell": "{tmux} if-shell 'sh {job}' ''",
    "by tmux run-shell in the background": "{tmux} run-shell -b 'env -i sh {job}'",
    "in a new tmux session": "{tmux} new-session -d 'env -i sh {job}'",
    "in a new tmux window": "{tmux} new-window -d 'env -i sh {job}'",
    "in a split tmux pane": "{tmux} split-window -d 'env -i sh {job}'",
    "by tmux pipe-pane": "{tmux} pipe-pane -o -t $({tmux} new-session -dP -F '#{{pane_id}}' 'sleep 5; ls; sleep 5') 'env -i sh {job}'",
    "by a tmux hook": "{tmux} set-hook -g after-rename-window 'run-shell \"env -i sh {job}\"' ';' rename-window x ';' set-hook -gu after-rename-window",
    # A client stays attached, since tmux ends the job of a format with the client that asked for it.
    "by a tmux format": "(echo \"display-message -p '#(env -i sh {job})'\"; until test -e {job}.ended; do sleep 0.2; done) | {tmux} -C attach",
    "typed into a shell of its tmux": "p=$({tmux} new-session -dP -F '#{{pane_id}}' 'env -i sh'); {tmux} send-keys -t $p 'sh {job}' Enter",
    "by a tmux server of its own": "env -i tmux -S {folder}/own new-session -d 'env -i sh {job}'",
    "from its own worktree of the other repository": "git -C {target} worktree add -q --detach {folder}/taken && cd {folder}/taken && env -i sh {job}",
}
QUICK = (
    "directly",
    "with a token that it made up",
    "in a new session with an empty environment",
    "by a daemon",
    "by a git hook",
    "by tmux run-shell",
    "in a new tmux session",
)


class Matrix:
    """A repository whose approval is wanted, and a live agent of another one."""

    def __init__(self, target: House, other: House, folder: Path) -> None:
        self.target = target
        self.other = other
        self.folder = folder
        self.jobs = 0
        (folder / "daemon.py").write_text(DAEMON)
        subprocess.run(["git", "init", "-q", folder / "repo"], check=True)

    def job(self, verbs: tuple[str, ...]) -> tuple[Path, Path]:
        """A script that calls these verbs, and the file that then holds their exit statuses."""
        self.jobs += 1
        script, out = self.folder / f"job{self.jobs}", self.folder / f"out{self.jobs}"
        calls = [f"{GITORCH} {verb} >>{out}.log 2>&1; echo $? {verb} >>{out}.part" for verb in verbs]
        lines = [f"test -e {out}.begun && exit; : >{out}.begun", f"cd '{self.target.path}'", *calls]
        script.write_text("\n".join((*lines, f"mv {out}.part {out}; : >{script}.ended", "")))
        return script, out

    def command(self, way: str, job: Path) -> str:
        """The script of a way."""
        (self.folder / "again").write_text(f"exec {sys.executable} {self.folder}/daemon.py {job}\n")
        hooks = self.folder / "hooks"
        hooks.mkdir(exist_ok=True)
        (hooks / "pre-commit").write_text(f"#!/bin/sh\nsh {job}\n")
        (hooks / "pre-commit").chmod(0o755)
        return WAYS[way].format(
            job=job,
            folder=self.folder,
            target=f"'{self.target.path}'",
            python=sys.executable,
            daemon=self.folder / "daemon.py",
            tmux=TMUX.format(socket=self.other.socket),
        )

    def by_agent(self, command: str) -> None:
        """Let the live agent run a script."""
        way = self.folder / f"{self.jobs}.way"
        way.with_suffix(".new").write_text(command)
        way.with_suffix(".new").rename(way)

    def expect_denied(self, verbs: tuple[str, ...], out: Path, before: int) -> list[str]:
        """Wait until every verb was called: each was denied and recorded. Gives the recorded reasons."""
        until(out.exists, every_seconds=0.05, what=f"{out}: {self.log(out)}")
        assert out.read_text().splitlines() == [f"5 {verb}" for verb in verbs], self.log(out)
        kept = self.target.records("action-refused")[before:]
        assert len(kept) == len(verbs), self.log(out)
        assert {refused["_actor"]["kind"] for refused in kept} == {"agent"}
        assert not self.target.records("merge-approved")
        return [refused["reason"] for refused in kept]

    def log(self, out: Path) -> str:
        """What a failed test wants to know."""
        logs = (*self.folder.glob(f"{out.name}*"), *self.folder.glob("*.way.log"))
        return "\n".join(f"{path.name}: {path.read_text(errors='replace')}" for path in logs if path.is_file())

    def denied(self) -> int:
        return len(self.target.records("action-refused"))


def waiting_house(made: House) -> House:
    made.configure(command="[]")
    made.start("only")
    made.up()
    assert made.question(kind="approval") == "q1"
    return made


class Matrices:
    """The matrices of this file: a repository keeps no more than so many refusals, and then another takes its place."""

    def __init__(self, factory: pytest.TempPathFactory, stack: ExitStack, target: House) -> None:
        self.factory, self.stack = factory, stack
        self.newest = self.made(waiting_house(target))

    def made(self, target: House) -> Matrix:
        folder = self.factory.mktemp("ways")
        other = self.stack.enter_context(house(self.factory.mktemp("other"), "other"))
        made = Matrix(target, other, folder)
        self.stack.callback(kill_server, other)  # with the sessions that the ways made
        self.stack.callback(kill_up, other)
        self.stack.callback((folder / "stop").touch)
        begin_agent(made)
        return made

    def with_room(self) -> Matrix:
        """One whose repository still records what every verb in one way is refused."""
        if self.newest.denied() + 2 * len(VERBS) > STRANGER_REFUSALS_KEPT:
            target = self.stack.enter_context(house(self.factory.mktemp("more"), "more"))
            self.newest = self.made(waiting_house(target))
        return self.newest


@pytest.fixture(scope="module")
def matrices(home_of_runs: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrices]:
    with ExitStack() as stack:
        yield Matrices(tmp_path_factory, stack, home_of_runs)


@pytest.fixture
def matrix(matrices: Matrices) -> Matrix:
    return matrices.with_room()


def begin_agent(made: Matrix) -> None:
    """Start a run of the other repository whose agent runs the driver."""
    driver = made.folder / "driver"
    driver.write_text(DRIVER.format(folder=made.folder))
    made.other.configure(f'[[turn]]\n[[turn.step]]\nrun = "sh {driver}"\n', silence=600, start=120, command="[]")
    made.other.start("e")
    made.other.up_beside()


@pytest.mark.parametrize("way", QUICK)
def test_an_agent_of_another_repository_cannot_approve(matrix: Matrix, way: str) -> None:
    check_way(matrix, way, APPROVE)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_calling_is_denied_every_verb(matrix: Matrix, way: str) -> None:
    check_way(matrix, way, VERBS)


def check_way(matrix: Matrix, way: str, verbs: tuple[str, ...]) -> None:
    before = matrix.denied()
    job, out = matrix.job(verbs)
    matrix.by_agent(matrix.command(way, job))
    reasons = matrix.expect_denied(verbs, out, before)
    assert all(re.search(r"\((?:its |it |recognised)", reason) for reason in reasons), reasons


@pytest.mark.slow
@pytest.mark.parametrize(
    "environment",
    [
        {"GITORCH_TOKEN": "0" * 64},
        {"GITORCH_TOKEN": "other's"},
        {"GITORCH_TOKEN": "own, expired"},
        {"GITORCH_RUN": "nothing"},
        {"GITORCH_SESSION_KEY": "gitorch-x/nobody"},
        {"GITORCH_STARTED_FOR": "x", "GITORCH_OPERATOR": "ada"},
    ],
    ids=lambda environment: " ".join(f"{name}={value[:12]}" for name, value in environment.items()),
)
def test_a_variable_of_gitorchs_is_never_a_persons(matrix: Matrix, environment: dict[str, str]) -> None:
    sessions = {"other's": matrix.other, "own, expired": matrix.target}
    if environment.get("GITORCH_TOKEN") in sessions:
        environment = {"GITORCH_TOKEN": token_of(sessions[environment["GITORCH_TOKEN"]])}
    before = matrix.denied()
    for verb in VERBS:
        matrix.target(*verb.split(), status=5, env=environment)
    # Of a session of its own a repository records ten refusals and no more.
    assert matrix.denied() in {before + len(VERBS), before + 10}


def token_of(of: House) -> str:
    scripts = sorted((of.path / ".git/gitorch/sessions").glob("*/*/run.sh"))
    return re.findall(r"export GITORCH_TOKEN=(\w+)", scripts[0].read_text())[0]


@pytest.mark.parametrize("program", ["a tracker", "git", "a set-up command"])
def test_a_program_that_gitorch_runs_cannot_approve(matrix: Matrix, program: str) -> None:
    before = matrix.denied()
    job, out = matrix.job(APPROVE)
    if program == "git":
        environ = {**os.environ, "GITORCH_X": ""}
        GitRunner(matrix.folder / "repo", environ, SystemClock()).run("-c", f"alias.x=!sh {job}", "x")
    elif program == "a tracker":
        run(["sh", str(job)], os.environ)
    else:
        LocalPrograms(os.environ).run_shell(f"{sys.executable} {matrix.folder}/daemon.py {job}", matrix.folder, 60)
    matrix.expect_denied(APPROVE, out, before)


@pytest.mark.slow
def test_tests_reviewers_and_notices_of_a_run_cannot_approve_another(
    matrix: Matrix, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = matrix.denied()
    tests, tests_out = matrix.job(APPROVE)
    notice, notice_out = matrix.job(APPROVE)
    review, review_out = matrix.job(APPROVE)
    script = f'[[turn]]\nkind = "review"\n[[turn.step]]\nrun = "sh {review}"\n[[turn.step]]\nverdict = "accept"\n'
    with house(tmp_path_factory.mktemp("third"), "third") as third:
        third.configure(script, tests=json.dumps(f"setsid env -i sh {tests}"), remind=1, command="[]")
        config = third.path / "gitorch.yaml"
        config.write_text(config.read_text() + f"notify: {{command: [sh, {notice}]}}\n")
        third.start("one")
        third.up()
        for out in (tests_out, review_out, notice_out):
            until(out.exists, what=matrix.log(out))
            assert out.read_text() == "5 approve --yes\n", matrix.log(out)
    assert matrix.denied() == before + 3


def kill_up(other: House) -> None:
    for up in other.driving:
        up.kill()
        up.wait()


def kill_server(other: House) -> None:
    subprocess.run(["env", "-u", "TMUX_TMPDIR", "tmux", "-L", other.socket, "kill-server"], check=False)


def kill_reaper(other: House) -> None:
    kill_up(other)
    for pid in processes.table():
        words = processes.command(pid)
        if "reaper.py" in words and other.socket in words:
            os.kill(pid, signal.SIGKILL)
    kill_server(other)


LATER = {
    "after its session was stopped": lambda other: other("session", "stop", "e"),
    "after up was killed": kill_up,
    "after its tmux server was killed": kill_server,
    "after the server's parent was killed": kill_reaper,
}


@pytest.mark.slow
@pytest.mark.parametrize("later", LATER)
def test_a_daemon_that_an_agent_left_cannot_approve(
    matrix: Matrix, later: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("later")
    with house(tmp_path_factory.mktemp("fourth"), "fourth") as fourth:
        made = Matrix(matrix.target, fourth, folder)
        begin_agent(made)
        before = made.denied()
        job, out = made.job(APPROVE)
        go = folder / "go"
        made.by_agent(f"env -i {sys.executable} {folder}/daemon.py {job} {go}")
        pid = until(lambda: daemon(job))
        LATER[later](fourth)
        assert processes.process(pid) is not None, "it survives what ends its session"
        go.touch()
        made.expect_denied(APPROVE, out, before)
        (folder / "stop").touch()


def daemon(job: Path) -> int:
    """The daemon that waits to run this job, once its parents have ended."""
    for pid, one in processes.table().items():
        if f"daemon.py {job}" in processes.command(pid) and "reaper.py" in processes.command(one.parent):
            return pid
    return 0


def test_a_person_at_a_shell_may_still_approve(matrix: Matrix) -> None:
    """The matrix would prove nothing if nobody could: the last test of this module."""
    assert shutil.which("env")
    run_id = matrix.target.status()["id"]
    matrix.target("approve", run_id, "--yes", env={"GITORCH_SCRIPT": "x"})


def test_every_verb_that_the_command_line_denies_to_agents_is_in_the_matrix() -> None:
    source = Path(gitorch.__file__).parent / "cli" / "verbs"
    denied = set()
    for path in source.glob("*.py"):
        denied.update(re.findall(r'people_only\((?:call, )?"([^"]+)"', path.read_text(encoding="utf-8")))
    assert "config set" in denied
    named = [set(verb.split()) for verb in VERBS]
    assert [verb for verb in denied if not any(set(verb.split()) <= words for words in named)] == []
