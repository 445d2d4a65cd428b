"""The file of the newest records: followers read it instead of commits, and never believe what the tip does not vouch for."""

from __future__ import annotations

import json
import os

import pytest
from ledger_kit import AGENT, AT, HOST, OTHER, RUN, count, fill, new_repo, open_ledger, renewed

from gitorch.ledger import recent
from gitorch.ledger.branch import BranchStore
from gitorch.ledger.ledger import GitLedger
from gitorch.ledger.location import common_dir
from gitorch.model.events import RunPaused
from gitorch.ports.commits import Draft
from gitorch.world.git.history import GitHistory


class CountingStore(BranchStore):
    """Counts the objects that are read from disk, and the commits that are followed one by one."""

    objects = commits = 0

    def _stored_body(self, identity):
        self.objects += 1
        return super()._stored_body(identity)

    def since(self, old, new):
        for commit in super().since(old, new):
            self.commits += 1
            yield commit


class CountingHistory(GitHistory):
    """Counts how often git is started to read history."""

    streams = 0

    def stream(self, tip, after=None):
        self.streams += 1
        yield from super().stream(tip, after)


@pytest.fixture
def repo(tmp_path):
    folder = new_repo(tmp_path / "r")
    ledger = open_ledger(folder)
    ledger.create(HOST, AT, "L-1")
    fill(ledger, 3)
    return folder


@pytest.fixture
def path(repo):
    return repo / ".git" / "gitorch" / "cache" / "recent"


@pytest.fixture
def follower(repo):
    """A ledger in memory that is behind by whatever the test writes next, with its counters."""
    store, history = CountingStore(common_dir(repo)), CountingHistory(common_dir(repo), {})
    ledger = GitLedger(store, history, common_dir(repo), count)
    ledger.state(RUN)
    history.streams = store.objects = 0
    ledger.counted = store, history
    return ledger


def cost(follower) -> tuple[int, int, int]:
    store, history = follower.counted
    return store.objects, store.commits, history.streams


@pytest.mark.parametrize("number", [1, 7, 40])
def test_following_any_number_of_records_reads_one_object(repo, follower, number):
    fill(open_ledger(repo), number)
    assert follower.state(RUN).run.records == 3 + number
    assert cost(follower) == (1, 0, 0)


def test_a_batch_with_prose_and_files_is_followed(repo, follower):
    writer = open_ledger(repo)
    writer.append(RUN, AGENT, AT, lambda _: [renewed(one, note=b"\xff\n" * one) for one in range(4)])
    writer.append(OTHER, AGENT, AT, lambda _: [renewed(9)])
    writer.append(RUN, AGENT, AT, lambda _: [Draft(RunPaused("one\u2028two\x85\nthree \U0001f600"), {})])
    assert follower.state(RUN) == open_ledger(repo).state(RUN)
    assert follower.state(OTHER).run.records == 1
    assert cost(follower)[1:] == (0, 0)


def test_a_long_file_begins_anew(repo, path, monkeypatch):
    monkeypatch.setattr(recent, "BYTES_MAX", 2000)
    ledger, sizes = open_ledger(repo), []
    for _ in range(12):
        fill(ledger, 1)
        sizes.append(path.stat().st_size)
    assert max(sizes) < 4000
    assert sizes != sorted(sizes)
    assert open_ledger(repo).state(RUN).run.records == 15


def test_a_file_beyond_its_size_holds_what_is_added_next(tmp_path, monkeypatch):
    monkeypatch.setattr(recent, "BYTES_MAX", 10)
    (tmp_path / "gitorch/cache").mkdir(parents=True)
    made = recent.Recent(None, tmp_path)
    texts = []
    for lines in (b"\n012345678", b"\n9", b"\nabc", b"\nd"):
        made._write(lines)
        texts.append((tmp_path / "gitorch/cache/recent").read_bytes())
    assert texts == [b"\n012345678", b"\n012345678\n9", b"\nabc", b"\nabc\nd"]


def test_a_record_that_is_too_long_for_the_file_is_followed_by_its_commit(repo, follower, monkeypatch):
    monkeypatch.setattr(recent, "_LINE_MAX", 10)
    fill(open_ledger(repo), 2)
    assert follower.state(RUN).run.records == 5
    assert cost(follower)[1] == 2


def lines_of(path) -> list[list[str]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line]


def written(lines) -> str:
    return "".join(f"\n{json.dumps(line)}" for line in lines)


DAMAGE = {
    "another record": lambda lines: written([[*line[:3], line[3].replace('"api"', '"ape"')] for line in lines]),
    "a record of the middle": lambda lines: written(
        [*lines[:-2], [*lines[-2][:3], lines[-2][3].replace('"api"', '"ape"')], lines[-1]]
    ),
    "another order": lambda lines: written(lines[::-1]),
    "a missing line": lambda lines: written([*lines[:-2], lines[-1]]),
    "no last line": lambda lines: written(lines[:-1]),
    "half a line": lambda lines: written(lines)[:-30],
    "no JSON": lambda _: '\n["x',
    "other JSON": lambda lines: "".join(f'\n["{line[0]}", 1, 2, 3]' for line in lines),
    "nothing": lambda _: "",
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_or_forged_file_costs_time_only(repo, path, follower, name):
    fill(open_ledger(repo), 4)
    path.write_text(DAMAGE[name](lines_of(path)))
    assert follower.state(RUN).run.records == 7
    fill(follower, 1)
    assert follower.verify().faults == ()
    assert open_ledger(repo).state(RUN) == follower.state(RUN)


@pytest.mark.parametrize("kind", ["pipe", "folder", "link to nothing"])
def test_anything_else_in_the_place_of_the_file_is_passed_over(repo, path, follower, kind):
    path.unlink()
    make = {"pipe": os.mkfifo, "folder": os.mkdir, "link to nothing": lambda place: place.symlink_to("/nowhere/x")}
    make[kind](path)
    fill(open_ledger(repo), 2)
    assert follower.state(RUN).run.records == 5
    fill(follower, 1)
