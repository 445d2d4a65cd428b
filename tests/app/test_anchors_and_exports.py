"""The ledger beside a tag or a remote that remembers it, and what an export of it holds."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import CALLER, RUN, Desk
from play import TARGET, digest, workflow

from gitorch.app.executing.execute import execute
from gitorch.app.query import anchors, exporting
from gitorch.app.query.exporting import ExportRequest
from gitorch.app.query.syncing import LEDGER_REF
from gitorch.errors import NotFound, Unavailable
from gitorch.model import commands as c
from gitorch.model.ids import RunId

OTHER = RunId("other-0002")


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "s")


def other_run(desk, run=OTHER, needs=("api",), start=True):
    flow = workflow(dict.fromkeys(needs, ()))
    prepare = c.PrepareRun(run, "Other", "other.md", digest(str(run)), "main", TARGET, flow)
    execute(desk.services, run, CALLER.actor, (prepare, c.ConfirmRun(desk.run.settings, "typed")))
    if start:
        execute(desk.services, run, desk.services.host, c.StartRun())


# Anchors


def anchored(desk, tag=None, is_ledger=True):
    """The records of the ledger as commits of the fake git, in their order; a tag names one of them, by number."""
    commits = [one.commit for one in desk.ledger.records()]
    from fakes.git import FakeCommit

    tree = desk.git.commits[desk.begun].tree
    for number, one in enumerate(commits):
        desk.git.commits[one] = FakeCommit(tuple(commits[number - 1 : number]), tree, f"record {number}")
    desk.git.tag = lambda _: None if tag is None else (commits[tag] if isinstance(tag, int) else tag)
    desk.git.is_ledger = lambda _: is_ledger
    return commits


def test_a_tag_of_a_record_of_this_ledger_is_named_with_its_number(desk):
    desk.begin()
    commits = anchored(desk, 1)
    found = anchors.check_tag(desk.services, len(commits), commits[-1], "v1")
    assert (found.fault, found.note) == (
        None,
        "Tag v1 names record 1, which is part of it; who made it: git verify-tag v1",
    )


def test_a_tag_of_a_record_that_the_ledger_lacks_is_a_fault(desk):
    desk.begin()
    commits = anchored(desk, -1)
    found = anchors.check_tag(desk.services, 2, commits[1], "v1")
    missing = len(commits) - 2
    assert found.note == ""
    assert found.fault.message == (
        "The ledger was shortened or replaced: tag v1 names records that are no part of it, "
        f"{missing} from record 2 on ({commits[2][:7]} record 2)."
    )
    assert (found.fault.hint, found.fault.where) == (f"git log {commits[1]:.12}..{commits[-1]:.12}", commits[-1])


@pytest.mark.parametrize("stand", ["same", "ahead", "behind", "only here", "nowhere", "apart"])
def test_a_remote_is_compared_record_by_record(desk, stand):
    desk.begin()
    commits = anchored(desk)
    tip, older, records = commits[-1], commits[1], len(commits)
    there = {"same": tip, "ahead": older, "behind": tip, "apart": tip}.get(stand)
    here = {"behind": older, "nowhere": None}.get(stand, tip)
    if stand == "apart":
        here = desk.git.write("gitorch/x", {"x": "x\n"}, "forked", start=older)
        records = 3
    if stand == "behind":
        records = 2
    desk.remotes.held["origin"] = {} if there is None else {LEDGER_REF: there}
    desk.ledger.tip = lambda: here
    found = anchors.check_remote(desk.services, records, "")
    missing = f"{len(commits) - 2} from record 2 on ({commits[2][:7]} record 2)"
    note = {
        "ahead": "origin does not have the newest records yet: gitorch sync origin",
        "only here": "origin has no ledger: gitorch sync origin",
        "behind": f"origin has records that this ledger lacks, {missing}: gitorch sync origin",
    }
    assert found.note == note.get(stand, "")
    if stand != "apart":
        assert found.fault is None
        return
    assert found.fault.message == f"origin holds another history: its records differ from those here, {missing}."
    assert found.fault.hint == f"git log --oneline --left-right {here:.12}...{tip:.12}"
    assert found.fault.where == "origin"


def test_a_remote_that_does_not_answer_is_unavailable(desk):
    desk.begin()
    desk.remotes.held["origin"] = {}
    desk.remotes.silent.add("origin")
    with pytest.raises(Unavailable):
        anchors.check_remote(desk.services, 3, "")


# Exports


def test_an_export_of_a_run_keeps_the_chain_and_only_its_own_text(desk, tmp_path):
    desk.begin().tick(3)
    other_run(desk)
    desk.tick()
    desk.submit("api", {"a.txt": "a\n"})
    desk.tick(3)
    made = exporting.export(desk.services, ExportRequest(run=RUN, bodies=True), tmp_path / "x", "x")
    assert sorted(made.files) == sorted(
        str(path.relative_to(tmp_path / "x")) for path in (tmp_path / "x").rglob("*") if path.is_file()
    )
    records = [one.record for one in desk.ledger.records()]
    own = [record.seq for record in records if record.run == RUN]
    result = exporting.verify_export(tmp_path / "x", "x")
    assert (result.first, result.last, result.head) == (own[0], own[-1], made_head(desk))
    assert (result.records, result.links) == (len(own), own[-1] - own[0] + 1 - len(own))
    attached = {ref.sha256 for record in records if record.run == RUN for ref in record.files}
    assert (result.attached, len(attached)) == (len(attached), len(attached))
    assert attached
    manifest = json.loads((tmp_path / "x/manifest.json").read_text())
    assert (manifest["ledger"], manifest["run"]) == ("L", RUN)
    text = (tmp_path / "x/records.jsonl").read_text()
    assert "other.md" not in text
    assert all(one.commit in text for one in desk.ledger.records() if one.record.run == RUN)


def made_head(desk):
    """The digest of the newest record, as the next one would name it."""
    from gitorch.text.records import digests
    from gitorch.text.records.record import encode

    return digests.digest(encode(list(desk.ledger.records())[-1].record)[1])


def test_a_range_is_exported_from_its_first_to_its_last_record(desk, tmp_path):
    desk.begin()
    exporting.export(desk.services, ExportRequest(first=1, last=2), tmp_path / "x", "x")
    assert exporting.verify_export(tmp_path / "x", "x").records == 2
    with pytest.raises(NotFound):
        exporting.export(desk.services, ExportRequest(run=OTHER), tmp_path / "y", "y")
    assert not (tmp_path / "y").exists()
