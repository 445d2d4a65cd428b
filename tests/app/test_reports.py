"""Reports on real git: what they measure, that they are kept twice and agree, and what they say that nobody else would."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from merge_yard import Yard
from play import RUN

from gitorch.app.query import runs
from gitorch.model import events
from gitorch.model.plans.workflow import Autonomy

if TYPE_CHECKING:
    from collections.abc import Callable

    from repository import Repository

BUILT_ON = ({"api": {"api.txt": "api\n"}, "ui": {"ui.txt": "ui\n"}}, {"ui": ("api",)})


@pytest.fixture
def yard(repo: Callable[[str], Repository]) -> Yard:
    return Yard(repo("some place").path)


def data(yard: Yard) -> dict:
    found = runs.report_data(yard.services, yard.run)
    assert isinstance(found, dict)
    return found


@pytest.mark.slow
def test_every_pair_of_branches_that_shares_files_is_tried(yard):
    text = "".join(f"{n}\n" for n in range(30))
    yard.commit({"shared.txt": text})
    top, end, clash = (
        text.replace("2\n", f"{new}\n", 1) if new == "top" else text + f"{new}\n" for new in ("top", "end", "x")
    )
    yard.begin({"a": {"shared.txt": top}, "b": {"shared.txt": end}, "c": {"shared.txt": clash}, "d": {"d.txt": "d\n"}})
    run = yard.settle()
    pairs = {tuple(pair["jobs"]): pair["conflicts"] for pair in data(yard)["pairs"]}
    assert pairs == {("a", "b"): [], ("a", "c"): [], ("b", "c"): ["shared.txt"]}
    told = runs.report(yard.services, RUN)
    assert "- a and b both change shared.txt: they merge without conflicts" in told
    assert "- b and c both change shared.txt: they conflict in shared.txt" in told
    assert run.report.conflicts == ("c conflicts in shared.txt",)


def test_the_report_names_work_that_was_built_on_an_outdated_epic(yard):
    yard.begin(*BUILT_ON)
    yard.settle()
    assert [b["built_on_earlier"] for b in data(yard)["branches"]] == [[], []]
    yard.work["api"] = {"api.txt": "better\n"}
    run = yard.reject("api")
    assert [b["built_on_earlier"] for b in data(yard)["branches"]] == [[], ["api"]]
    assert run.report.branches[1].outdated == ("api",)
    assert "built on an earlier commit of api" in runs.report(yard.services, RUN)
    yard.approve()
    assert yard.git("show", "main:api.txt", "main:ui.txt").split() == ["better", "ui"]


def test_the_report_names_a_branch_that_conflicts_with_the_moved_target(yard):
    yard.begin({"api": {"README.md": "api\n"}})
    yard.settle()
    yard.commit({"README.md": "mine\n"})
    yard.settle()
    (branch,) = data(yard)["branches"]
    assert branch["conflicts_with_target"] == ["README.md"]


def test_the_report_is_recorded_as_text_and_as_data(yard):
    yard.begin({"api": {"api.txt": "api\n", "more.txt": "1\n2\n"}}, test_command="test -e api.txt")
    run = yard.settle()
    issued = next(
        w.record for w in yard.services.ledger.records(RUN) if isinstance(w.record.event, events.ReportIssued)
    )
    text = issued.event.text
    assert run.report.digest == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    (ref,) = issued.files
    kept = yard.services.ledger.file(RUN, ref.sha256)
    assert (ref.name, hashlib.sha256(kept).hexdigest()) == ("report.json", ref.sha256)
    assert f"`report.json`, sha256:{ref.sha256}." in text
    found = json.loads(kept)
    (branch,) = found["branches"]
    assert (branch["commits"], branch["files"], branch["lines_added"], branch["paths"]) == (
        1,
        2,
        3,
        ["api.txt", "more.txt"],
    )
    assert (branch["tests"][0]["outcome"], found["tests"]["outcome"]) == ("passed", "passed")
    assert found["merged_commit"] == run.report.merged_commit
    assert yard.services.ledger.verify().faults == ()


@pytest.mark.parametrize("autonomy", list(Autonomy))
def test_a_reviewed_epic_is_reported_once(yard, autonomy):
    yard.begin({"api": {"api.txt": "api\n"}}, autonomy=autonomy)
    yard.settle()
    (report,) = yard.events(events.EpicReported)
    assert (report.job, report.round) == ("api", 1)
    told = runs.epic_report(yard.services, yard.run, "api")
    assert "api.txt" in told
    assert "round 1, api.quality by" in told
    waits = autonomy is Autonomy.PER_EPIC
    assert [str(q.kind) for q in yard.open()] == ["checkpoint" if waits else "approval"]
    if waits:
        yard.work["api"] = {"api.txt": "longer\n"}
        yard.answer("reject", "Too short.")
        assert [e.round for e in yard.events(events.EpicReported)] == [1, 2], "the next round has a report of its own"


def test_the_record_of_a_test_run_comes_with_its_output(yard):
    yard.begin({"api": {"api.txt": "api\n"}}, test_command="printf 'one\\ncaf\\351\\n'")
    yard.settle()
    records = list(yard.services.ledger.records(RUN))
    outputs = [runs.output_of_tests(yard.services, w.record) for w in records if w.record.run is not None]
    assert [output for output in outputs if output] == ["one\ncaf\ufffd"]
    (check,) = [w.record for w in records if isinstance(w.record.event, events.CheckRecorded)]
    said = subprocess.run(
        (Path(sys.executable).parent / "gitorch", "show", str(check.seq)),
        cwd=yard.path,
        capture_output=True,
        check=True,
    )
    assert said.stdout.decode().endswith("\n\none\ncaf\ufffd\n")
