"""What the world owes from the report to the push, and that nothing of it is tried again unasked."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from play import HUMAN
from telling import Telling

from gitorch.errors import Corrupt
from gitorch.model import effects
from gitorch.model.events import JobReopened
from gitorch.model.ids import NO_DIGEST, JobId, Moment
from gitorch.model.observed import Observed
from gitorch.model.record import Record
from gitorch.rules.evolve import evolve
from gitorch.rules.outstanding import outstanding

DONE = "plan api push_remote={}|finish api|reported api|report"
APPROVED = f"{DONE}|approve"
MERGED = f"{APPROVED}|merge"
FAILED = f"{MERGED}|push-fails no"
MERGE = JobId("merge")

OWED = [
    (DONE, "", []),
    (APPROVED, "", [effects.MergeBranches(MERGE)]),
    (MERGED, "", []),
    (APPROVED, "origin", [effects.MergeBranches(MERGE)]),
    (MERGED, "origin", [effects.PushMerge(MERGE)]),
    (f"{MERGED}|pushed", "origin", []),
    (FAILED, "origin", []),
    (f"{FAILED}|answer q2 retry", "origin", [effects.PushMerge(MERGE)]),
    (f"{FAILED}|answer q2 leave", "origin", []),
    (f"{FAILED}|answer q2 take_back", "origin", [effects.TakeBack(MERGE)]),
    (f"{FAILED}|answer q2 take_back|taken-back", "origin", [effects.MakeReport(JobId("approval"))]),
    (f"{FAILED}|answer q2 retry|pause lunch", "origin", []),
]


@pytest.mark.parametrize(("script", "remote", "owed"), OWED)
def test_a_merge_and_its_push_are_owed_once(script: str, remote: str, owed: list[object]) -> None:
    telling = Telling()
    for step in script.format(remote).split("|"):
        said = telling.tell(step)
        assert not any(line.startswith(("refused", "denied")) for line in said), said
    seen = Observed(now=Moment(telling.play.at), sessions=None, heads=None)
    assert list(outstanding(telling.play.run, seen)) == owed


@pytest.mark.parametrize("step", ["reject rework=api 'no tests'", "reject 'no tests'", "approve"])
def test_a_merge_whose_push_is_open_can_neither_be_rejected_nor_approved_again(step: str) -> None:
    telling = Telling()
    for told in FAILED.format("origin").split("|"):
        telling.tell(told)
    before = telling.play.run
    (said, *_) = telling.tell(step)
    assert said.startswith("refused: ")
    assert telling.play.run == before


def test_merged_work_does_not_go_back_by_any_record() -> None:
    telling = Telling()
    for told in FAILED.format("origin").split("|"):
        telling.tell(told)
    play = telling.play
    record = Record(play.seq, NO_DIGEST, Moment(play.at), play.run.id, HUMAN, JobReopened(JobId("api"), "again"))
    with pytest.raises(Corrupt, match="was merged to main and cannot go back to work"):
        evolve(play.state, record)
