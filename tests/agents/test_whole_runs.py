"""Whole runs with the vendors' programs: from `start` to the merge, one program writing and another reviewing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house import house
from mind import Mind
from real_runs import REVIEWERS, configure, drive, reviewer_of, told_once
from story import STORY

if TYPE_CHECKING:
    from pathlib import Path

    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]


@pytest.mark.parametrize("writer", REVIEWERS)
def test_a_plan_goes_from_start_to_merge_with_a_round_and_a_question(tmp_path: Path, api: StandIn, writer: str) -> None:
    reviewer = reviewer_of(writer)
    api.mind = Mind(*STORY)
    with house(tmp_path, "repo") as home:
        configure(home, api, writer, reviewer)
        run = home.start("api", "docs")
        drive(home)
        home("answer", home.question(kind="context"), "Ledgers")
        drive(home)
        home("approve", run, "--yes")
        assert home.status(run)["phase"] == "completed"
        assert home.repo.git("show", "main:api-2.txt") == "Two words."
        assert home.repo.git("show", "main:docs.txt") == "One word."
        assert home("verify").status == 0
        told_once(home, api, writer, reviewer)
        home("cleanup", run, "--yes")
