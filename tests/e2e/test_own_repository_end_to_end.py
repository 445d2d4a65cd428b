"""A whole run in a repository of the user's own, from `init` to `cleanup`, while they are in the middle of something else."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from house import Epic, house
from isolation import living_tmux_servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house import House

pytestmark = pytest.mark.tmux

FORMAT = Path(__file__).parents[2] / "docs" / "ledger-format.md"
EPICS = (Epic("words"), Epic("index", ("words",)), Epic("steps"), Epic("questions", ("steps",)))


@dataclass
class Told:
    """What was seen on the way."""

    house: House
    run: str
    before: dict[str, object]
    refs_checked: tuple[str, str]
    at_report: dict[str, object]
    after: dict[str, object]
    target_before: str
    living_before_cleanup: list[str]
    cleaned: str


def checkout(home: House) -> dict[str, object]:
    """Everything in the user's checkout that is theirs."""
    git = home.repo.git
    files = {p: p.read_bytes() for p in sorted(home.path.rglob("*")) if p.is_file() and ".git" not in p.parts}
    return {
        "head": git("symbolic-ref", "HEAD") + git("rev-parse", "HEAD"),
        "index": git("ls-files", "-s"),
        "status": git("status", "--porcelain=v2", "--branch", "--untracked-files=all"),
        "staged": git("diff", "--cached"),
        "stash": git("stash", "list"),
        "config": (home.path / ".git/config").read_bytes(),
        "branch": git("rev-parse", "feature"),
        "files": files,
        "modes": {p: p.stat().st_mode for p in files},
        "reflog": git("reflog", "show", "HEAD"),
    }


def be_in_the_middle_of_something(home: House) -> None:
    """Another branch, a stash, changes staged and not, a file that git does not know."""
    repo = home.repo
    repo.commit({"a.txt": "one\n", "b.txt": "two\n", "ö ü.txt": "three\n", "gone.txt": "four\n"})
    repo.git("checkout", "--quiet", "-b", "feature")
    repo.commit({"feature.txt": "mine\n"}, "Work of my own")
    repo.write({"a.txt": "stashed\n"})
    repo.git("stash")
    repo.write({"a.txt": "modified\n", "b.txt": "staged\n", "ö ü.txt": "staged and\n", "new 図.txt": "untracked\n"})
    repo.git("add", "b.txt", "ö ü.txt")
    repo.write({"ö ü.txt": "staged and modified\n", "run.sh": "#!/bin/sh\n"})
    (repo.path / "run.sh").chmod(0o755)
    repo.git("rm", "--quiet", "gone.txt")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """One run of four epics in two pairs, with agents that do the default, looked at from all sides."""
    with house(tmp_path_factory.mktemp("house")) as home:
        be_in_the_middle_of_something(home)
        plan = home.plan(*EPICS, title="Four notes")
        home("init", "--runtime", "scripted", "--tests", "test -e README.md")
        home.allow_unattended()
        home.let_agents_be_warm()
        before, target = checkout(home), home.target()
        refs = home.repo.git("for-each-ref")
        home("check", plan)
        checked = (refs, home.repo.git("for-each-ref"))
        run = home("start", plan, "--yes", "--json").json["run"]["id"]
        home.up()
        at_report = checkout(home)
        home("approve", "--yes")
        living = home.processes()
        cleaned = home("cleanup", "--branches", "--yes").out
        yield Told(home, run, before, checked, at_report, checkout(home), target, living, cleaned)


def test_checking_a_plan_changes_nothing(told: Told) -> None:
    before, after = told.refs_checked
    assert before == after


def test_the_users_checkout_stays_exactly_as_it_was(told: Told) -> None:
    for name in told.before:
        assert told.at_report[name] == told.before[name], name
        assert told.after[name] == told.before[name], name


def test_everything_is_merged_by_one_move_of_the_target(told: Told) -> None:
    git = told.house.repo.git
    first_parents = git("rev-list", "--first-parent", f"{told.target_before}..main").split()
    assert len(first_parents) == len(EPICS)
    assert all(len(git("rev-parse", f"{c}^@").split()) == 2 for c in first_parents), "each branch is a merge, --no-ff"
    (merged,) = told.house.records("merged")
    assert (merged["old"], merged["new"]) == (told.target_before, told.house.target())
    for epic in EPICS:
        (passed,) = told.house.records("gate-passed", job=epic.id)
        git("merge-base", "--is-ancestor", passed["commit"], "main")
        git("cat-file", "-e", f"main:{epic.id}/01-write-what-{epic.id}-asks-for.md")


def test_batches_follow_the_dependencies_and_independent_epics_run_at_the_same_time(told: Told) -> None:
    leases = {e["job"]: e["_seq"] for e in told.house.records("lease-granted")}
    handed = {e["job"]: e["_seq"] for e in told.house.records("handoff-submitted")}
    passed = {e["job"]: e["_seq"] for e in told.house.records("gate-passed")}
    assert max(leases["words"], leases["steps"]) < min(handed["words"], handed["steps"])
    assert passed["words"] < leases["index"]
    assert passed["steps"] < leases["questions"]


def test_work_begins_when_every_agent_of_the_batch_is_alive(told: Told) -> None:
    alive = {e["job"]: e["_seq"] for e in told.house.records("session-alive")}
    briefs = {e["job"]: e["_seq"] for e in told.house.records("prompt-delivered", kind="brief")}
    assert max(alive["words"], alive["steps"]) < min(briefs["words"], briefs["steps"])


def test_an_agent_gets_only_its_own_section(told: Told) -> None:
    git = told.house.repo.git
    (delivered,) = told.house.records("prompt-delivered", job="words", kind="brief")
    commit = git("log", "--format=%H", "--grep", f"^Gitorch-Seq: {delivered['_seq']}$", "gitorch/ledger")
    (path,) = [p for p in git("diff-tree", "-r", "--name-only", f"{commit}^", commit).splitlines() if "/files/" in p]
    text = git("show", f"{commit}:{path}")
    assert "Write what words asks for" in text
    assert not re.search("index|steps|questions", text)


def test_nothing_is_left_after_the_cleanup(told: Told) -> None:
    home = told.house
    assert told.living_before_cleanup == [], "agents whose work is cleared are stopped"
    assert home.processes() == []
    assert not home.worktrees.exists()
    assert home.repo.git("worktree", "list", "--porcelain").count("worktree ") == 1
    assert home.repo.git("for-each-ref", "--format=%(refname)", "refs/heads").split() == [
        "refs/heads/feature",
        "refs/heads/gitorch/ledger",
        "refs/heads/main",
    ]
    sockets = socket_folder()
    assert not [s for s in living_tmux_servers((sockets,)) if s.name == home.socket]
    assert not (sockets / home.socket).exists()
    assert "removed  worktree words" in told.cleaned


def socket_folder() -> Path:
    return Path(os.environ["TMUX_TMPDIR"]) / f"tmux-{os.getuid()}"


def test_git_log_alone_tells_the_story(told: Told) -> None:
    git = told.house.repo.git
    records = told.house.records()
    form = "%(trailers:key=Gitorch-Type,valueonly,separator=)|%(trailers:key=Gitorch-Seq,valueonly,separator=)|%s"
    log = [line.split("|", 2) for line in git("log", "--reverse", f"--format={form}", "gitorch/ledger").splitlines()]
    assert [int(seq) for _, seq, _ in log] == list(range(len(records)))
    assert Counter(kind for kind, _, _ in log) == Counter(e["_type"] for e in records)
    assert Counter(kind for kind, _, _ in log) >= Counter(
        {
            "lease-granted": 12,
            "handoff-submitted": 4,
            "verdict-given": 8,
            "gate-passed": 4,
            "merge-approved": 1,
            "merged": 1,
        }
    )
    merged = git("log", "--grep", "Gitorch-Type: merged", "--format=%s|%an", "gitorch/ledger")
    assert merged.startswith(f"merged: main {told.target_before[:7]} → {told.house.target()[:7]}|")
    approved = git("log", "--grep", "Gitorch-Type: merge-approved", "--format=%an", "gitorch/ledger")
    assert approved == told.house.records("merge-approved")[0]["_actor"]["name"]


def test_the_ledger_holds_under_git_and_under_verify(told: Told) -> None:
    assert told.house.repo.git("fsck", "--strict", "--no-dangling") == ""
    assert told.house("verify", "--json").json["records"] == len(told.house.records())


@pytest.mark.slow  # quick, on a ledger with every form of a record: tests/ledger/test_format_page.py
def test_the_ledger_can_be_checked_without_gitorch(told: Told) -> None:
    (recipe,) = re.findall(r"```sh\n(.*?)```", FORMAT.read_text(encoding="utf-8"), re.DOTALL)
    done = subprocess.run(
        ["sh", "-c", recipe, "check-ledger.sh"], cwd=told.house.path, capture_output=True, encoding="utf-8", check=False
    )
    head = told.house("verify", "--json").json["head"]
    assert (done.returncode, done.stderr) == (0, "")
    assert f"ok: {len(told.house.records())} records, the last is {head}" in done.stdout


def test_the_report_says_what_was_measured(told: Told) -> None:
    (issued,) = told.house.records("report-issued")
    assert [b["job"] for b in issued["branches"]] == ["words", "index", "steps", "questions"]
    assert all(b["commits"] == 1 and b["files"] == 1 for b in issued["branches"])
    assert issued["combined"]["outcome"] == "passed"
    assert issued["target_commit"] == told.target_before
    (approved,) = told.house.records("merge-approved")
    assert approved["digest"] == issued["digest"]
    assert approved["commits"] == [b["commit"] for b in issued["branches"]]
    assert approved["proof"] == "unattended"


def test_a_run_that_is_over_answers_up_with_nothing_to_do(told: Told) -> None:
    assert told.house("up", status=0).out.strip() == "No run is open. Start one: gitorch start PLAN"
    assert told.house("cleanup").out.count("there is nothing to remove here") == 1
