"""Whole runs whose programs gitorch holds in sandboxes: they work as outside, and reach nothing but their worktree and their branch."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from house import house
from mind import Cue, Mind
from programs import PROGRAMS
from real_runs import configure, drive, told_once
from story import STORY, WRITTEN
from user import sign_in

from gitorch.world import sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stand_in import StandIn

MISSING = sandbox.fault(dict(os.environ))
pytestmark = [
    pytest.mark.tmux,
    pytest.mark.agents,
    pytest.mark.skipif(bool(MISSING), reason=f"no sandbox can be made on this machine: {MISSING}"),
]

REVIEWERS = {"claude": "codex", "codex": "claude"}

PROBE = """\
common=$(git rev-parse --git-common-dir)
written=
attempt() {
  name=$1
  shift
  if "$@" >/dev/null 2>&1; then written="$written $name"; fi
}
attempt target git update-ref refs/heads/main HEAD
attempt target-file sh -c 'echo x >"$0/refs/heads/main"' "$common"
attempt ledger sh -c 'echo x >"$0/refs/heads/gitorch/ledger"' "$common"
attempt tag git tag probe
attempt configuration git config core.fsmonitor false
attempt hook sh -c 'mkdir -p "$0/hooks" && echo x >"$0/hooks/post-merge"' "$common"
attempt gitorch mkdir "$common/gitorch/probe"
attempt checkout touch "$common/../probe"
attempt sibling touch ../probe
attempt worktrees mkdir "$common/worktrees/probe"
attempt link sh -c 'echo x >.git'
attempt system mkdir /usr/probe
echo "The probe wrote:${written:- nothing}"
"""
"""Tries what the sandbox forbids. Codex's own sandbox would let it write branches and gitorch's folder."""

PROBING = (
    Cue(
        r"The probe wrote:[\s\S]*\nafter .*probe\.sh (?P<file>[\w-]+\.txt)",
        runs=WRITTEN.runs,
    ),
    Cue(r"\nafter (?!.*(probe\.sh|rev-parse)).*?(?P<file>\b(api|docs)(-2)?\.txt)", runs="sh probe.sh @file@"),
)
"""After each file the agent probes the sandbox before it commits."""


def runtime(name: str) -> dict[str, object]:
    """What a runtime says of a program in a sandbox."""
    chosen: dict[str, object] = {"sandbox": "bwrap", "network": True}
    chosen["permissions"] = [{"allow": r"sh probe\.sh [\w.-]+"}]
    folder = PROGRAMS[name].folder.resolve()
    if folder.is_relative_to("/tmp"):
        chosen["writable"] = [str(folder)]
    return chosen


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder outside `/tmp`, because Codex 0.171.0 could start no command in its own sandbox with its home below `/tmp`."""
    made = Path(tempfile.mkdtemp(prefix="gitorch-agents-", dir="/var/tmp"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.parametrize("writer", REVIEWERS)
def test_a_plan_goes_from_start_to_merge_in_sandboxes(folder: Path, api: StandIn, writer: str) -> None:
    reviewer = REVIEWERS[writer]
    for name in (writer, reviewer):
        if not PROGRAMS[name].installed:
            pytest.skip(f"{name} is not installed: make agents")
    api.mind = Mind(*STORY[: STORY.index(WRITTEN)], *PROBING, *STORY[STORY.index(WRITTEN) :])
    with house(folder, "repo") as home:
        home.repo.commit({"probe.sh": PROBE}, "Add a probe")
        configure(home, api, writer, reviewer, own={name: runtime(name) for name in (writer, reviewer)})
        before = home.target()
        run = home.start("api", "docs")
        drive(home)
        home("answer", home.question(kind="context"), "Ledgers")
        drive(home)

        heard = [text for one in api.heard(f"{writer}-writer") if one.ask is not None for text in one.ask.results]
        probes = {found[0] for text in heard for found in re.finditer(r"The probe wrote:.*", text)}
        assert probes == {"The probe wrote: nothing"}
        assert home.target() == before
        assert home.repo.git("tag") == ""
        assert not (home.path / ".git/hooks/post-merge").exists()
        assert {one["session"] for one in home.records("outbox-entry-accepted")} >= {"s1", "s2"}

        home("approve", run, "--yes")
        assert home.status(run)["phase"] == "completed"
        assert home.repo.git("show", "main:api-2.txt") == "Two words."
        assert home.repo.git("show", "main:docs.txt") == "One word."
        assert home("verify").status == 0
        told_once(home, api, writer, reviewer)
        home("cleanup", run, "--yes")


@pytest.mark.parametrize("one_shot", [False, True], ids=["in a terminal", "one-shot"])
@pytest.mark.parametrize("writer", REVIEWERS)
def test_programs_that_a_user_has_set_up_work_in_sandboxes(
    folder: Path, api: StandIn, monkeypatch: pytest.MonkeyPatch, writer: str, one_shot: bool
) -> None:
    reviewer = REVIEWERS[writer]
    for name in (writer, reviewer):
        if not PROGRAMS[name].installed:
            pytest.skip(f"{name} is not installed: make agents")
    api.mind = Mind(*STORY)
    user = folder / "user"
    monkeypatch.setenv("HOME", str(user))
    with house(folder, "repo") as home:
        sign_in(
            user, [home.path], api, {writer: f"{writer}-writer", REVIEWERS[writer]: f"{REVIEWERS[writer]}-reviewer"}
        )
        own = {name: {**runtime(name), "preset": name} for name in (writer, reviewer)}
        configure(home, api, writer, reviewer, one_shot=one_shot, own=own)
        before = (user / ".claude.json").read_bytes()
        run = home.start("api", "docs")
        drive(home)
        home("answer", home.question(kind="context"), "Ledgers")
        drive(home)
        home("approve", run, "--yes")
        assert home.status(run)["phase"] == "completed"
        assert home.repo.git("show", "main:api-2.txt") == "Two words."

        assert (user / ".claude.json").read_bytes() == before
        kept = json.loads((user / ".claude/.claude.json").read_text())
        assert kept["hasCompletedOnboarding"], "the copy of the user's own"
        assert kept["machineID"], "and what Claude Code added to it inside"
        assert list((user / ".codex/sessions").glob("*/*/*/rollout-*.jsonl")), "Codex keeps its conversations"
        home("cleanup", run, "--yes")
