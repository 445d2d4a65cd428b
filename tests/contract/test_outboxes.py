"""What every `ports.files.Outboxes` promises, and what only the real one can: an agent may plant links in its worktree."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from fakes.world import FakeOutboxes

from gitorch.text.outbox_entry import BYTES_MAX
from gitorch.world.outbox import WorktreeOutboxes


@pytest.fixture(params=[FakeOutboxes, WorktreeOutboxes])
def outboxes(request):
    return request.param()


def test_an_entry_waits_until_it_is_answered(outboxes, tmp_path):
    assert outboxes.waiting(tmp_path) == ()
    outboxes.post(tmp_path, "a.json", b"one")
    (posted,) = outboxes.waiting(tmp_path)
    assert (posted.name, posted.data) == ("a.json", b"one")
    assert outboxes.answered(tmp_path, "a.json") is None
    outboxes.answer(tmp_path, "a.json", b"yes")
    assert outboxes.waiting(tmp_path) == ()
    assert outboxes.answered(tmp_path, "a.json") == b"yes"


def test_the_oldest_entry_comes_first(outboxes, tmp_path):
    for name in ("z.json", "a.json", "m.json"):
        outboxes.post(tmp_path, name, b"x")
    assert [posted.name for posted in outboxes.waiting(tmp_path)] == ["z.json", "a.json", "m.json"]


def test_an_entry_that_is_posted_again_has_another_digest_and_one_that_is_read_again_has_the_same(outboxes, tmp_path):
    outboxes.post(tmp_path, "a.json", b"x")
    first, again = outboxes.waiting(tmp_path), outboxes.waiting(tmp_path)
    assert first == again
    outboxes.answer(tmp_path, "a.json", b"no")
    outboxes.post(tmp_path, "a.json", b"x")
    assert outboxes.waiting(tmp_path)[0].digest != first[0].digest


@pytest.fixture
def real(tmp_path):
    (tmp_path / "work/.gitorch").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    return WorktreeOutboxes(), tmp_path / "work", tmp_path / "elsewhere"


def test_an_outbox_that_is_a_link_is_ignored(real):
    outboxes, work, elsewhere = real
    (elsewhere / "a.json").write_bytes(b"x")
    (work / ".gitorch/outbox").symlink_to(elsewhere)
    assert outboxes.waiting(work) == ()
    with pytest.raises(OSError, match="outbox"):
        outboxes.answer(work, "a.json", b"y")
    assert sorted(path.name for path in elsewhere.iterdir()) == ["a.json"]


def test_links_pipes_folders_and_other_names_are_no_entries(real):
    outboxes, work, elsewhere = real
    folder = work / ".gitorch/outbox"
    folder.mkdir()
    (elsewhere / "secret").write_bytes(b"x")
    (folder / "link.json").symlink_to(elsewhere / "secret")
    os.mkfifo(folder / "pipe.json")
    (folder / "folder.json").mkdir()
    for name in (".hidden.json", "a.txt", "a.json.tmp", "ü.json", "a b.json"):
        (folder / name).write_bytes(b"x")
    assert outboxes.waiting(work) == ()


def test_an_answer_replaces_a_link_without_following_it(real):
    outboxes, work, elsewhere = real
    outboxes.post(work, "a.json", b"x")
    (elsewhere / "mine").write_bytes(b"kept")
    (work / ".gitorch/outbox/a.answer").symlink_to(elsewhere / "mine")
    outboxes.answer(work, "a.json", b"yes")
    assert (elsewhere / "mine").read_bytes() == b"kept"
    assert outboxes.answered(work, "a.json") == b"yes"


def test_only_the_beginning_of_a_large_entry_is_read(real):
    outboxes, work, _ = real
    outboxes.post(work, "a.json", b" " * (BYTES_MAX + 5000))
    assert len(outboxes.waiting(work)[0].data) == BYTES_MAX + 1


def test_only_the_user_may_read_an_entry(real):
    outboxes, work, _ = real
    outboxes.post(work, "a.json", b"x")
    assert (work / ".gitorch/outbox/a.json").stat().st_mode & 0o077 == 0
