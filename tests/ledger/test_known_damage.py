"""A damaged object is reported by every read, also by one that has the whole state in the cache (R11)."""

import shutil

import pytest
from damage_kit import READS, truncate_object
from ledger_kit import REF, RUN, git

from gitorch.errors import Corrupt
from gitorch.ledger import known_damage
from gitorch.ledger.cache import Cache

OLD = f"{REF}:runs/2026-11/{RUN}/00/000002-lease-renewed.yaml"


def remove(repo, identity):
    (repo / ".git/objects" / identity[:2] / identity[2:]).unlink()


def change_a_byte(repo, identity):
    path = repo / ".git/objects" / identity[:2] / identity[2:]
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.unlink()
    path.write_bytes(data)


def newest_record(repo):
    return git(repo, "diff-tree", "-r", "--no-commit-id", REF).split()[3]


NEWEST = {
    "commit": lambda repo: git(repo, "rev-parse", REF),
    "tree": lambda repo: git(repo, "rev-parse", f"{REF}^{{tree}}"),
    "folder": lambda repo: git(repo, "rev-parse", f"{REF}:runs/2026-11/{RUN}/00"),
    "record": newest_record,
}


def damaged(repo, identity, harm):
    """Harms the object; gives what brings it back."""
    path = repo / ".git/objects" / identity[:2] / identity[2:]
    shutil.copy(path, repo / "aside")
    harm(repo, identity)

    def restore():
        path.unlink(missing_ok=True)
        shutil.copy(repo / "aside", path)

    return restore


@pytest.mark.each(5)
@pytest.mark.parametrize("harm", [remove, truncate_object, change_a_byte])
@pytest.mark.parametrize("part", NEWEST)
def test_what_the_newest_record_is_made_of_is_looked_at_before_the_cache_answers(repo, opened, part, harm):
    before = opened(repo).state(RUN)
    assert Cache(repo / ".git").load().head.commit == git(repo, "rev-parse", REF), "the cache holds everything"
    identity = NEWEST[part](repo)
    restore = damaged(repo, identity, harm)
    with pytest.raises(Corrupt, match=f"^Object {identity} ") as caught:
        opened(repo).state(RUN)
    assert (caught.value.hint, caught.value.where, caught.value.exit_status) == ("gitorch recover", identity, 7)
    restore()
    assert opened(repo).state(RUN) == before


MEETING = {
    "records": lambda ledger: list(ledger.records()),
    "one record": lambda ledger: ledger.record(2),
    "verify": lambda ledger: ledger.verify(),
    "damage": lambda ledger: ledger.damage(),
    "verified": lambda ledger: ledger.verified(RUN),
}


def met(meeting, ledger):
    try:
        MEETING[meeting](ledger)
    except Corrupt:
        return


@pytest.mark.parametrize("meeting", MEETING)
def test_an_old_object_that_one_read_found_damaged_is_reported_by_every_read_until_it_is_whole(repo, opened, meeting):
    before = opened(repo).state(RUN)
    identity = git(repo, "rev-parse", OLD)
    restore = damaged(repo, identity, truncate_object)
    assert opened(repo).state(RUN) == before, "nobody has read it since"
    met(meeting, opened(repo))
    for read in ("state", "board", "append"):
        with pytest.raises(Corrupt, match=f"^Object {identity} "):
            READS[read](opened(repo))
    restore()
    assert opened(repo).state(RUN) == before
    assert not known_damage.path(repo / ".git").exists()


@pytest.mark.parametrize("text", ["", "[]", '["x", "y"]', '["0", 1]', "{", "\0"])
def test_a_file_of_damage_that_says_nothing_is_no_damage(repo, opened, text):
    known_damage.path(repo / ".git").write_text(text)
    assert opened(repo).state(RUN).run.records > 0


def test_packed_objects_are_not_read_and_one_that_no_pack_has_is_missing(repo, opened):
    git(repo, "repack", "-adq")
    git(repo, "prune-packed")
    before = opened(repo).state(RUN)
    assert opened(repo).state(RUN) == before, "every object is listed in the index of a pack"
    for pack in (repo / ".git/objects/pack").iterdir():
        pack.unlink()
    with pytest.raises(Corrupt, match=f"^Object {git(repo, 'rev-parse', REF)} of the ledger is missing"):
        opened(repo).state(RUN)


def test_objects_that_another_repository_lends_are_left_to_git(repo, opened, tmp_path):
    before = opened(repo).state(RUN)
    lender = tmp_path / "lender"
    shutil.copytree(repo / ".git/objects", lender)
    identity = newest_record(repo)
    (repo / ".git/objects/info").mkdir(exist_ok=True)
    (repo / ".git/objects/info/alternates").write_text(f"{lender}\n")
    remove(repo, identity)
    assert opened(repo).state(RUN) == before
