"""A worktree that the jobs of a lane share, with real git and tmux: one after the other in it, each on a branch of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from house import House

FLOW = """\
gitorch: workflow/1
name: Sharing
lanes: {author: {runtime: hand, worktree: shared}, reviewer: {runtime: hand}}
jobs:
  api: {kind: build, lane: author, objective: Do, scope: {allowed: [api.txt]}}
  ui: {kind: build, lane: author, objective: Do, scope: {allowed: [ui.txt]}}
  api-review: {kind: review, lane: reviewer, needs: [api]}
  ui-review: {kind: review, lane: reviewer, needs: [ui]}
  approval: {kind: checkpoint, needs: [api-review, ui-review]}
  merge: {kind: merge, needs: [approval]}
cycles: [{review: api-review, back_to: api, rounds: 2}, {review: ui-review, back_to: ui, rounds: 2}]
"""
SCRIPT = """
[[turn]]
kind = "build"

[[turn.step]]
run = "pwd -P >> PLACES; ls *.txt >> cache.log 2>&1; echo round {attempt} >> {job}.txt"

[[turn.step]]
commit = "Round {attempt} of {job}"

[[turn.step]]
handoff = "DONE"
summary = "written"

[[turn]]
subject = "api"
attempt = 1

[[turn.step]]
verdict = "needs_revision"
findings = [{title = "Once more", severity = "important", path = "api.txt", line = 1}]
"""


@pytest.fixture(scope="module")
def shared(home_of_runs: House, tmp_path_factory) -> House:
    made = home_of_runs
    places = tmp_path_factory.mktemp("places") / "places"
    made.repo.commit({".gitignore": "cache.log\n"})
    made.configure(SCRIPT.replace("PLACES", str(places)))
    made.repo.write({"flow.yaml": FLOW})
    made("start", "flow.yaml", "--yes")
    made.up()
    made.places = places.read_text().splitlines()
    return made


def test_the_jobs_of_the_lane_worked_in_one_folder_and_one_at_a_time(shared: House) -> None:
    assert {place.rsplit("/", 1)[1] for place in shared.places} == {"lane+author"}
    assert len(shared.places) == 3
    leases = [e for e in shared.records() if e["_type"] in {"lease-granted", "handoff-submitted", "session-ended"}]
    work = [(e["_type"], e["job"]) for e in leases if e["job"] in {"api", "ui"}]
    for granted, handed, ended in zip(work[::3], work[1::3], work[2::3], strict=True):
        assert (granted[0], handed[0], ended[0]) == ("lease-granted", "handoff-submitted", "session-ended")
        assert granted[1] == handed[1] == ended[1]


def test_each_job_has_its_own_commits_and_one_was_sent_back_alone(shared: House) -> None:
    changed = {job: shared.repo.git("diff", "--name-only", f"main...{branch(shared, job)}") for job in ("api", "ui")}
    assert changed == {"api": "api.txt", "ui": "ui.txt"}
    assert shared.repo.git("show", f"{branch(shared, 'api')}:api.txt") == "round 1\nround 2"
    assert shared.repo.git("show", f"{branch(shared, 'ui')}:ui.txt") == "round 1"


def test_what_git_ignores_stayed_from_job_to_job_and_nothing_else(shared: House) -> None:
    said = (shared.worktrees / shared.status()["id"] / "lane+author" / "cache.log").read_text()
    assert said.count("\n") == 3, "each job looked for files before it wrote its own"
    assert said.splitlines()[-1] == "api.txt", "the second round found the first"


def test_it_is_merged_and_taken_away_as_any_other(shared: House) -> None:
    shared("approve", "--yes")
    shared.up(status=0)
    shared("answer", shared.question(kind="cleanup"), "branches")
    shared.up(status=0)
    assert json.loads(shared("verify", "--json").out)["ok"]
    removed = shared.records("cleanup-done")[0]["removed"]
    assert "worktree lane+author" in removed
    assert not list(shared.worktrees.glob("*/lane+author"))
    assert shared.repo.git("show", "main:api.txt") == "round 1\nround 2"


def branch(made: House, job: str) -> str:
    return f"gitorch/{made.status()['id']}/{job}"
