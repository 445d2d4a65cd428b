"""What people decide: each epic, a report whose target moved, branches that do not fit together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house import Epic, house

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tmux

CONFLICT = """
[[turn]]
job = "yours"
prompt = ["brief", "findings"]
attempt = 2
[[turn.step]]
delete = "shared.md"
[[turn.step]]
write = "yours.md"
text = "Mine alone."
[[turn.step]]
commit = "Move out of the way"
[[turn.step]]
handoff = "DONE"

[[turn]]
kind = "build"
[[turn.step]]
write = "shared.md"
text = "By {job}."
[[turn.step]]
run = "echo $GITORCH_JOB > shared.md"
[[turn.step]]
commit = "Write it"
[[turn.step]]
handoff = "DONE"
"""


@pytest.mark.slow
def test_each_epic_waits_for_the_principal_who_may_send_it_back(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.configure()
        home.start("first", Epic("second", ("first",)), options=("--autonomy", "per_epic"))
        home.up()
        assert home.question(job="first", kind="checkpoint") == "q1"
        assert home.phase("second") == "blocked"
        assert "--note" in home("reject", "first", status=2).text
        home("reject", "first", "--note", "It is too short.")
        home.up()
        (listed,) = home.records("findings-listed", job="first")
        assert "It is too short." in listed["findings"][0]["finding"]["title"]
        assert [h["attempt"] for h in home.records("handoff-submitted", job="first")] == [1, 2]
        assert not home.records("gate-passed")
        assert not home.records("lease-granted", job="second")
        home("approve", "first", "--yes")
        home.up()
        assert home.records("gate-passed", job="first")
        home("approve", "second", "--yes")
        home.up()

        target, old = home.target(), home.records("report-issued")[0]["digest"]
        moved = home.repo.commit({"mine.txt": "meanwhile"}, "Work of my own")
        refused = home("approve", "--report", old, "--yes", "--json", status=4).json["error"]
        assert refused["message"].startswith("main has moved since this report was made")
        assert home.target() == moved != target
        home.up()
        (voided,) = home.records("report-voided")
        assert voided["digest"] == old
        home("approve", "--report", old, "--yes", status=4)
        assert home.target() == moved
        home("approve", "--yes")
        assert home.repo.git("merge-base", "--is-ancestor", moved, "main") == ""
        assert home.repo.git("ls-tree", "--name-only", "main").split() == ["README.md", "first", "mine.txt", "second"]
        assert home.repo.git("status", "--porcelain", "--untracked-files=no") == "", (
            "a clean checkout of the target follows"
        )


@pytest.mark.slow  # quick: tests/app/test_merges.py::test_a_conflict_in_the_second_branch_leaves_the_target_as_it_was
def test_branches_that_conflict_are_escalated_and_can_be_sent_back(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.configure(CONFLICT)
        home.start("ours", "yours")
        target = home.target()
        home.up()
        (report,) = home.records("report-issued")
        assert report["conflicts"] == ["yours conflicts in shared.md"]
        assert report["shared_paths"] == ["shared.md"]
        early, late = home.records("escalated")
        assert (early["trigger"], early["evidence"]) == ("overlap:ours:yours", "shared.md")
        assert late["trigger"].startswith("merge:")
        assert "shared.md" in late["evidence"]
        home("approve", "--yes", status=4)
        assert home.target() == target
        assert home("reject", "--rework", "nobody", "--note", "x", status=4).err.count("is not in the report") == 1
        home("reject", "--rework", "yours", "--note", "Stay out of shared.md.")
        home.up()
        assert [h["attempt"] for h in home.records("handoff-submitted", job="yours")] == [1, 2]
        home("approve", "--yes")
        assert home.repo.git("ls-tree", "--name-only", "main").split() == ["README.md", "shared.md", "yours.md"]
        assert home.repo.git("show", "main:shared.md") == "ours"
