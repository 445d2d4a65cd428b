"""Two hosts on one remote, for real: clones with tmux servers and keys of their own."""

from __future__ import annotations

import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from house import GITORCH, WAITING, House, house
from waiting import LIMIT_SECONDS, until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.tmux, pytest.mark.slow]

LEASE_SECONDS = 6

BUSY = """
[[turn]]
[[turn.step]]
write = "begun.txt"
text = "begun"
[[turn.step]]
sleep = 600
"""


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[list[House]]:
    """`desk`, which begins the ledger, and `attic`; each has a name and a key."""
    with ExitStack() as stack:
        made = [stack.enter_context(house(tmp_path / name, name)) for name in ("desk", "attic")]
        desk, attic = made
        remote = str(tmp_path / "remote.git")
        desk.repo.git("clone", "--quiet", "--bare", ".", remote)
        for one in made:
            one.repo.git("remote", "add", "origin", remote)
            one.repo.git("fetch", "--quiet", "origin")
            one.repo.git("reset", "--quiet", "--hard", "origin/main")
            one.configure()
            path = one.path / "gitorch.yaml"
            text = path.read_text(encoding="utf-8").replace("lease_seconds: 600", f"lease_seconds: {LEASE_SECONDS}")
            path.write_text(text + "ledger:\n  remote: origin\n", encoding="utf-8")
        desk.run = desk.start("api", "ui")
        desk("host", "join", "--name", "desk", "--add")
        again = desk("host", "join", "--name", "desk", "--add").text
        assert again == "This host is desk, which the ledger knows already. See all hosts: gitorch host list\n"
        key = attic("host", "join", "--name", "attic", "--json").json["key"]
        desk("host", "add", "attic", key)
        yield made


def leased(home: House) -> list[tuple[str, str]]:
    """Each job with the host that took it, in the order of their leases."""
    return [(record["job"], record["_actor"]["host"]) for record in home.records("lease-granted")]


def test_one_host_takes_one_job_and_the_other_the_next(hosts: list[House]) -> None:
    desk, attic = hosts
    assert attic("host", "run", "--once", "--json").json["jobs"][0]["job"] == "api"
    first = desk("host", "run", "--once", "--json").json["jobs"][0]
    assert first["job"] == "api.spec"
    assert leased(desk) == [("api", "attic"), ("api.spec", "desk")]
    rows = {row["name"]: row for row in desk("host", "list", "--json").json["hosts"]}
    assert {name: (row["has_key"], row["is_here"], row["jobs"]) for name, row in rows.items() if row["has_key"]} == {
        "desk": (True, True, []),
        "attic": (True, False, []),
    }
    assert "records verified" in attic("verify").out


def test_two_hosts_bring_a_run_to_its_report_and_one_merges_what_the_other_approved(hosts: list[House]) -> None:
    desk, attic = hosts
    driving = [one.up_beside("--no-wait") for one in hosts]
    assert [process.wait(150) for process in driving] == [WAITING, WAITING], desk.seen()
    assert {host for _, host in leased(desk)} <= {"desk", "attic"}
    assert len({job for job, _ in leased(desk)}) == len(leased(desk)) == 4
    attic("approve", desk.run, "--yes", status=None)
    desk("up", "--no-wait", status=None)
    merged = desk.records("merged")[0]["new"]
    assert desk.repo.git("ls-remote", "origin", "refs/heads/main").split()[0] == merged
    attic("sync", status=None)
    assert desk.repo.git("rev-parse", "gitorch/ledger") == attic.repo.git("rev-parse", "gitorch/ledger")
    for one in hosts:
        assert "records verified" in one("verify").out

    for one in hosts:
        had = one.repo.git(
            "for-each-ref", "--format=branch %(refname:lstrip=2)", f"refs/heads/gitorch/{desk.run}"
        ).split("\n")
        trees = {f"worktree {path.name}" for path in (one.worktrees / desk.run).glob("*")}
        said = one("cleanup", desk.run, "--branches", "--yes", "--json").json
        assert set(said["removed"]) == trees | set(filter(None, had))
        assert not (one.worktrees / desk.run).exists()
        assert one.repo.git("for-each-ref", f"refs/heads/gitorch/{desk.run}") == ""
    assert len(desk.records("cleanup-done")) == 1


def test_the_job_of_a_host_that_is_killed_is_done_by_another(hosts: list[House]) -> None:
    desk, attic = hosts
    desk.script.write_text(BUSY, encoding="utf-8")  # which the settings of the run name for the agents of both hosts
    up = subprocess.Popen([str(GITORCH), "up"], cwd=attic.path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    begun = attic.worktrees / desk.run
    until(lambda: len(list(begun.glob("*/begun.txt"))) == 2, every_seconds=0.5, what="agents at work in the attic")
    up.send_signal(signal.SIGKILL)
    up.wait(LIMIT_SECONDS)
    desk.script.write_text("", encoding="utf-8")
    desk("sync")
    assert leased(desk) == [("api", "attic"), ("ui", "attic")]
    desk("up", "--no-wait", status=WAITING)
    ended = [record for record in desk.records("session-ended") if record["how"] == "unseen"]
    assert {record["_actor"]["host"] for record in ended} == {"desk"}
    assert {job for job, host in leased(desk) if host == "desk"} >= {"api", "ui"}
    assert attic.worktrees.is_dir()
    attic("up", "--no-wait", status=WAITING)
    until(lambda: not attic.processes(), every_seconds=0.2, what="the end of the agents that nobody waits for")


def test_manual_work_while_the_remote_is_away_is_kept_and_counts_once_it_is_back(hosts: list[House]) -> None:
    desk, attic = hosts
    remote = desk.path.parent.parent / "remote.git"
    away = remote.with_name("away.git")

    remote.rename(away)
    kept = desk("claim", "api", "--json").json["kept"]
    assert "Kept, since origin cannot be reached" in desk("claim", "api").out
    away.rename(remote)
    assert "wait for you: gitorch sync" in desk("sync").err
    assert leased(desk) == []
    said = desk("sync", "--yes").out
    told = "claim api, kept while the remote was away: api is yours in "
    first, second = [line for line in said.splitlines() if line.startswith(told)]
    assert first == second
    worktree = first.removeprefix(told).rstrip(".")
    assert Path(kept).is_file()
    assert leased(desk) == []
    assert [record["holder"].partition("@")[2] for record in desk.records("job-claimed")] == ["desk"]

    (Path(worktree) / "api.txt").write_text("by hand\n", encoding="utf-8")
    for words in (("add", "api.txt"), ("commit", "--quiet", "--message", "Write api")):
        subprocess.run(("git", *words), cwd=worktree, check=True)
    remote.rename(away)
    for words in (("heartbeat",), ("handoff", "DONE", "--summary", "Written by hand")):
        assert "Kept, since origin cannot be reached" in desk(*words, "--job", "api").out
    assert desk.records("handoff-submitted") == []
    away.rename(remote)
    assert "handoff api, kept while the remote was away: api is handed in at" in desk("sync", "--yes").out
    (handoff,) = desk.records("handoff-submitted")
    assert (handoff["status"], handoff["_actor"]["kind"]) == ("DONE", "principal")
    attic("sync")
    assert "records verified" in attic("verify").out
