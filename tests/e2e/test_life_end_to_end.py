"""A run's life beside what machines do: many starts at once, a reboot, a full disk, a repository that only can be read."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from house import GITORCH, Epic, house
from waiting import until

if TYPE_CHECKING:
    from house import House, Said

pytestmark = pytest.mark.tmux

PATIENT = """
[[turn]]
kind = "build"
[[turn.step]]
run = "echo mine > $GITORCH_JOB.md; while [ ! -e GO ]; do sleep 0.05; done"
[[turn.step]]
commit = "Write it"
[[turn.step]]
handoff = "DONE"
"""
STARTS = 8


def test_of_many_starts_at_once_one_makes_the_run_and_all_others_name_it(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.configure()
        plan = home.plan("api", Epic("ui", ("api",)))
        with ThreadPoolExecutor(STARTS) as pool:
            said = list(pool.map(lambda _: home("start", plan, "--yes", "--json", status=None), range(STARTS)))
        assert sorted(one.status for one in said) == [0] + [4] * (STARTS - 1)
        (run,) = [one.json["run"]["id"] for one in said if one.status == 0]
        for one in said:
            error = {} if one.status == 0 else one.json["error"]
            assert one.status == 0 or error["message"].startswith(f"run {run} already works on exactly this plan"), (
                one.out
            )
            assert one.status == 0 or error["hint"] == "gitorch up"
        assert len(home.records("run-prepared")) == len(home.records("run-confirmed")) == 1
        assert len(home.records("ledger-created")) == len(home.records("target-confirmed")) == 1
        assert home.repo.git("for-each-ref", "--format=%(refname)", "refs/heads/gitorch").split() == [
            "refs/heads/gitorch/ledger"
        ]
        again = home("start", plan, "--yes", status=4)
        assert again.err.splitlines()[-2:] == [
            f"gitorch: run {run} already works on exactly this plan and is ready",
            "  try: gitorch up",
        ]


def test_check_names_the_run_as_start_then_makes_it(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.configure()
        plan = home.plan("api")
        shown = [row["branch"] for batch in home("check", plan, "--json").json["sheet"]["batches"] for row in batch]
        run = home("start", plan, "--yes", "--json").json["run"]["id"]
        assert f"gitorch/{run}/api" in shown


def rebooted(home: House) -> None:
    """What is left after the power was gone: the disk, less every process, tmux's sockets and what names this boot."""
    for line in home.processes():
        try:
            os.kill(int(line.split()[0]), signal.SIGKILL)
        except ProcessLookupError:
            continue
    until(lambda: not home.processes(), what="the end of everything")
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    for mark in (home.path / ".git/gitorch").rglob("*"):
        if mark.is_file() and boot.encode() in (held := mark.read_bytes()):
            mark.write_bytes(held.replace(boot.encode(), b"a" * len(boot)))
    shutil.rmtree(Path(os.environ["TMUX_TMPDIR"]) / f"tmux-{os.getuid()}", ignore_errors=True)


def test_a_run_goes_on_after_a_reboot_as_if_there_had_been_none(tmp_path: Path) -> None:
    with house(tmp_path, """it's "odd" $HOME; *""") as home:
        home.configure(PATIENT)
        home.start("api", "web")
        up = home.up_beside()
        home.until(lambda: {home.phase(job) for job in ("api", "web")} == {"running"}, "both at work")
        home.until(lambda: len(list(home.worktrees.rglob("*.md"))) >= 2, "both have written something")
        os.kill(up.pid, signal.SIGKILL)
        rebooted(home)
        for tree in home.worktrees.glob("*/*"):
            (tree / "GO").touch()
            home.repo.git("-C", str(tree), "config", "core.excludesFile", str(tmp_path / "ignored"))
        (tmp_path / "ignored").write_text("GO\n")
        home.up()
        assert {s["how"] for s in home.records("session-ended") if s["job"] in {"api", "web"}} <= {
            "server-gone",
            "stopped",
        }
        for job in ("api", "web"):
            assert len(home.records("handoff-submitted", job=job)) == 1
            assert len(home.records("gate-passed", job=job)) == 1
        home("approve", "--yes")
        assert home.repo.git("ls-tree", "--name-only", "main").split() == ["README.md", "api.md", "web.md"]
        assert home("verify", "--json").json["ok"]


def limited(home: House, *words: str) -> subprocess.CompletedProcess[str]:
    """One verb in a process that may write files of a few bytes only: what a disk that is nearly full says to a long one."""
    small = "import os, resource, signal, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (90, 90)); "
    small += "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    argv = [sys.executable, "-c", small, str(GITORCH), *words]
    return subprocess.run(argv, cwd=home.path, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def test_a_disk_that_fills_up_loses_nothing_and_is_named(tmp_path: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    with house(tmp_path) as home:
        home.configure()
        run = home.start("api")
        tip = home.tip()
        for words in (("cancel", run), ("up", "--once")):
            full = limited(home, *words)
            assert full.returncode == 8, full
            assert "cannot be written" in full.stderr
            assert "df -h" in full.stderr
            assert home.tip() == tip
        assert home("verify", "--json").json["records"] == len(home.records())
        home.up()
        home("approve", "--yes")
        assert home.status(run)["phase"] == "completed"


READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && cd "$1" && shift && exec "$@"'


def read_only(home: House, *words: str) -> Said:
    """One verb where the repository can only be read."""
    argv = ["unshare", "-m", "sh", "-c", READ_ONLY, "sh", str(home.path), str(GITORCH), *words]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return type(home("status"))(words, done.returncode, done.stdout, done.stderr)


@pytest.mark.skipif(
    subprocess.run(("unshare", "-m", "true"), check=False, capture_output=True).returncode != 0,
    reason="mounting needs rights that this user does not have",
)
def test_a_repository_that_can_only_be_read_is_read_and_not_written(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.configure()
        home.start("api")
        tip = home.tip()
        shutil.rmtree(home.path / ".git/gitorch/cache")
        for words in (("status",), ("log",), ("verify",), ("inbox",), ("why", "api"), ("show", "0")):
            said = read_only(home, *words)
            assert (said.status, said.err) == (0, ""), said
        for words in (("cancel",), ("up", "--once"), ("start", "Some work.md", "--yes")):
            said = read_only(home, *words)
            assert said.status in {4, 8}, said
            assert "read-only" in said.err or "already works on" in said.err
        assert home.tip() == tip
        assert json.loads(home("verify", "--json").out)["ok"]


@pytest.mark.slow
def test_a_run_of_forty_epics_in_five_waves_ends_merged(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.configure(agents=6, start=120, silence=600)
        epics = [Epic(f"e{n}", (f"e{n - 8}",) if n >= 8 else ()) for n in range(40)]
        run = home.start(*epics)
        assert home("up", run, "--no-wait", status=10, wait_seconds=1500).status == 10
        home("approve", "--yes")
        merged = home.repo.git("log", "--first-parent", "--format=%s", "main").splitlines()
        assert len([subject for subject in merged if subject.startswith("Merge e")]) == 40
        assert len(home.records("handoff-submitted")) == len(home.records("gate-passed")) == 40
        assert home("verify", "--json").json["ok"]
