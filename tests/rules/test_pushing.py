"""What the world owes from the report to the push, and that nothing of it is tried again unasked."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from telling import Telling

from gitorch.model import effects
from gitorch.model.ids import JobId, Moment
from gitorch.model.observed import Observed
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
    (f"{FAILED}|answer q2 retry|cancel enough", "origin", []),
]


@pytest.mark.parametrize(("script", "remote", "owed"), OWED)
def test_a_merge_and_its_push_are_owed_once(script: str, remote: str, owed: list[object]) -> None:
    telling = Telling()
    for step in script.format(remote).split("|"):
        said = telling.tell(step)
        assert not any(line.startswith(("refused", "denied")) for line in said), said
    seen = Observed(now=Moment(telling.play.at), sessions=None, heads=None)
    assert list(outstanding(telling.play.run, seen)) == owed
