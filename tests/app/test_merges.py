"""The merge on real git: whatever is in its way, the target gets all or nothing, and the user is told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from fakes.world import altered
from merge_yard import CALLER, Yard
from play import RUN

from gitorch.app.executing.execute import execute
from gitorch.app.people import decisions
from gitorch.app.query import runs
from gitorch.errors import Refused
from gitorch.model import commands, events

if TYPE_CHECKING:
    from collections.abc import Callable

    from repository import Repository

ONE = {"api": {"api.txt": "api\n"}}
TWO = {"api": {"api.txt": "api\n"}, "ui": {"ui.txt": "ui\n"}}
SHARED = {"api": {"shared.txt": "by api\n"}, "ui": {"shared.txt": "by ui\n", "ui.txt": "ui\n"}}


@pytest.fixture
def yard(repo: Callable[[str], Repository]) -> Yard:
    return Yard(repo("some place").path)


def approved(yard: Yard) -> None:
    """Approve the report that stands, and do nothing about it yet."""
    decisions.approve(yard.services, CALLER, yard.run, yard.run.report.digest, "typed")


def triggers(yard: Yard) -> list[str]:
    return [q.trigger.partition(":")[0] or str(q.kind) for q in yard.open()]


def test_the_first_parents_of_the_target_are_one_merge_for_each_branch(yard):
    yard.begin({"ui": {"ui.txt": "ui\n"}, "api": {"api.txt": "api\n"}}, {"ui": ("api",)})
    yard.settle()
    assert str(yard.approve().phase) == "completed"
    assert yard.story() == ["Begin", "Merge api: Api", "Merge ui: Ui"], "what is needed comes first"
    title, said, trailers = yard.git("log", "-1", "--format=%B", "main").split("\n\n")
    assert (title, said) == ("Merge ui: Ui", "ui is done")
    assert [line.partition(": ")[0] for line in trailers.splitlines()] == [
        *("Gitorch-Run", "Gitorch-Job", "Gitorch-Commit", "Gitorch-Author", "Gitorch-Review", "Gitorch-Review")
    ]
    assert f"Gitorch-Commit: {yard.run.jobs['ui'].handoff.commit}" in trailers
    assert yard.git("show", "main:ui.txt", "main:api.txt").split() == ["ui", "api"]


@pytest.mark.slow
def test_a_target_that_moves_before_the_approval_leads_to_a_new_report(yard):
    yard.begin(ONE)
    old = yard.settle().report.digest
    moved = yard.commit({"mine.txt": "mine\n"})
    yard.settle()
    with pytest.raises(Refused, match="the one that stands"):
        yard.approve(old)
    yard.approve()
    assert yard.git("merge-base", "--is-ancestor", moved, "main") == ""
    assert len(yard.events(events.ReportVoided)) == 1


def test_a_target_that_moves_after_the_approval_voids_it(yard):
    yard.begin(ONE)
    yard.settle()
    approved(yard)
    moved = yard.commit({"mine.txt": "mine\n"})
    run = yard.settle()
    assert (yard.head(), run.approval, run.merged) == (moved, None, None)
    assert triggers(yard) == ["approval"]
    yard.approve()
    assert yard.story() == ["Begin", "Change", "Merge api: Api"]


def test_a_target_that_moves_in_the_last_instant_is_not_overwritten(yard):
    yard.begin(ONE)
    yard.settle()
    real, moved = yard.services.git, []

    class Racing:
        def __getattr__(self, name):
            return getattr(real, name)

        def move(self, *words):
            moved.append(moved or yard.commit({"mine.txt": "mine\n"}))
            return real.move(*words)

    approved(yard)
    yard.services = altered(yard.services, git=Racing())
    run = yard.settle()
    assert (yard.head(), run.merged) == (moved[0], None)
    assert triggers(yard) == ["approval"]


def test_a_branch_that_moves_after_the_approval_goes_back_to_its_gate(yard):
    yard.begin(ONE)
    yard.settle()
    target = yard.head()
    approved(yard)
    yard.commit({"late.txt": "late\n"}, cwd=yard.services.paths.job_worktree(yard.run, "api"))
    yard.work["api"] = {"api.txt": "again\n"}
    run = yard.settle()
    assert (yard.head(), run.merged, run.approval) == (target, None, None)
    assert len(yard.events(events.WorkVoided)) == 1
    yard.approve()
    assert yard.git("show", "main:api.txt", "main:late.txt").split() == ["again", "late"]


def test_a_conflict_in_the_second_branch_leaves_the_target_as_it_was(yard):
    yard.begin(SHARED)
    target = yard.head()
    run = yard.settle()
    assert yard.head() == target
    assert run.report.conflicts == ("ui conflicts in shared.txt",)
    with pytest.raises(Refused, match="cannot be approved"):
        yard.approve()
    yard.work["ui"] = {"ui.txt": "alone\n"}
    yard.git("rm", "-q", "shared.txt", cwd=yard.services.paths.job_worktree(run, "ui"))
    yard.reject("ui")
    yard.approve()
    assert yard.story() == ["Begin", "Merge api: Api", "Merge ui: Ui"]


def test_branches_that_fail_only_together_are_not_merged(yard):
    yard.begin(TWO, test_command="test ! -e api.txt -o ! -e ui.txt")
    target = yard.head()
    run = yard.settle()
    assert [c.outcome for j in ("api", "ui") for c in run.jobs[j].checks] == ["passed", "passed"]
    assert (run.report.conflicts, run.report.combined.outcome) == ((), "failed")
    assert triggers(yard) == ["merge"]
    with pytest.raises(Refused, match="tests of the merged commit failed"):
        yard.approve()
    assert yard.head() == target


HOOK = '#!/bin/sh\n[ "$1" = prepared ] && [ -e "$GIT_DIR/frozen" ] && grep -q refs/heads/main && { echo "main is frozen" >&2; exit 1; }\nexit 0\n'


def hook(yard: Yard, name: str, text: str) -> Path:
    path = Path(yard.git("rev-parse", "--path-format=absolute", "--git-path", "hooks")) / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_a_hook_that_refuses_the_merge_is_quoted_and_asked_about_once(yard):
    hook(yard, "reference-transaction", HOOK)
    yard.begin(ONE)
    yard.settle()
    target, frozen = yard.head(), Path(yard.git("rev-parse", "--path-format=absolute", "--git-path", "frozen"))
    frozen.touch()
    yard.approve()
    assert yard.head() == target
    (question,) = yard.open()
    assert (question.trigger, question.options) == ("move:main", ("retry", "stop_run"))
    assert "main is frozen" in question.evidence
    frozen.unlink()
    assert str(yard.answer("retry").phase) == "completed", "the approval still counts: nothing that it names has moved"
    assert len(yard.events(events.MergeApproved)) == 1


def test_a_deleted_target_is_asked_about_and_never_recreated(yard):
    yard.git("checkout", "-q", "--detach")
    yard.begin(ONE)
    yard.settle()
    approved(yard)
    target = yard.head()
    yard.git("branch", "-qD", "main")
    yard.settle()
    assert (triggers(yard), yard.head()) == (["target"], "")
    yard.git("branch", "main", target)
    yard.answer("retry")
    yard.approve()
    assert yard.story() == ["Begin", "Merge api: Api"]


def test_an_approval_of_an_earlier_report_or_of_another_run_cannot_be_replayed(yard):
    yard.begin(ONE)
    old = yard.settle().report
    approved(yard)
    yard.commit({"mine.txt": "mine\n"})
    yard.settle()
    with pytest.raises(Refused, match="the one that stands"):
        yard.approve(old.digest)
    word = yard.events(events.MergeApproved)[0]
    with pytest.raises(Refused):
        execute(
            yard.services,
            RUN,
            yard.services.host,
            commands.RecordMerge(old.target_commit, old.merged_commit, old.merged_tree),
        )
    assert word.digest == old.digest
    assert yard.run.merged is None


@pytest.mark.slow
def test_a_renamed_file_counts_once_with_the_lines_that_changed_in_it(yard):
    long = "".join(f"line {number}\n" for number in range(40))
    yard.commit({"old.txt": long})
    yard.begin({"api": {"b.txt": "b\n"}})
    run = yard.settle()
    yard.work["api"] = {"new.txt": long + "one more\n"}
    yard.git("rm", "-q", "old.txt", cwd=yard.services.paths.job_worktree(run, "api"))
    yard.reject("api")
    (branch,) = yard.run.report.branches
    assert (branch.files, branch.added, branch.removed) == (2, 2, 0)
    report = runs.report(yard.services, yard.run.id)
    assert "- files: 2 changed files (1 added, 1 renamed), +2 −0 lines" in report
    assert "| 2 | +2 −0 |" in report
