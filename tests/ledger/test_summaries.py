"""What was worked out from each run is kept until the run has a newer record, and a spoiled file costs only time."""

from __future__ import annotations

import pytest
from ledger_kit import AGENT, AT, HOST, OTHER, RUN, fill, new_repo, open_ledger, renewed

from gitorch.errors import NotFound


@pytest.fixture
def repo(tmp_path):
    made = new_repo(tmp_path / "r")
    ledger = open_ledger(made)
    ledger.create(HOST, AT, "L-1")
    fill(ledger, 3)
    fill(ledger, 2, OTHER)
    return made


def summed(repo, name="records"):
    """The summaries as a new process finds them, and the runs whose state it read for them."""
    read = []

    def summarize(run):
        read.append(run.id)
        return [run.records]

    return open_ledger(repo).summaries(name, summarize), read


def test_only_runs_with_newer_records_are_read_again(repo):
    assert summed(repo) == ({RUN: [3], OTHER: [2]}, [RUN, OTHER])
    assert summed(repo) == ({RUN: [3], OTHER: [2]}, [])
    open_ledger(repo).append(OTHER, AGENT, AT, lambda _: [renewed(9)])
    assert summed(repo) == ({RUN: [3], OTHER: [3]}, [OTHER])
    assert summed(repo, "others") == ({RUN: [3], OTHER: [3]}, [RUN, OTHER])


def of_other_code(text):
    return f"1.0 {text}"


def damaged(text):
    return text.replace("[3]", "[4]")


def cut_short(text):
    return text[:-1]


@pytest.mark.parametrize("spoil", [of_other_code, damaged, cut_short, lambda _: "", lambda _: "\ufffd"])
def test_a_file_of_other_code_or_with_damage_counts_as_absent(repo, spoil):
    whole = summed(repo)
    path = repo / ".git/gitorch/cache/summaries-records.json"
    path.write_text(spoil(path.read_text()))
    assert summed(repo) == whole
    assert summed(repo) == (whole[0], [])


def test_a_folder_that_cannot_be_written_is_no_error(repo):
    summed(repo)
    path = repo / ".git/gitorch/cache/summaries-records.json"
    path.unlink()
    path.mkdir()
    assert summed(repo)[0] == {RUN: [3], OTHER: [2]}


def test_a_repository_without_a_ledger_has_none(tmp_path):
    with pytest.raises(NotFound):
        open_ledger(new_repo(tmp_path / "r")).summaries("records", str)
