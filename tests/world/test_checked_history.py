"""A checked history is what git's own log tells of any history, and each object in it that is not what its name says is named."""

from __future__ import annotations

import random
import zlib

import pytest

from gitorch.errors import Corrupt, Unavailable
from gitorch.model.ids import CommitId
from gitorch.ports.commits import StoredObject
from gitorch.world.git import history_process
from gitorch.world.git.history import GitHistory

NAMES = ("a", "b", "runs/x/00/1", "runs/x/00/2", "runs/x/files/3", "runs/y", "runs/y/00/4", "ledger/é")


@pytest.fixture
def history(repo):
    return GitHistory(repo.path / ".git", repo.environ)


def grown(repo, seed, commits=80):
    """A history of files that come, change, go, become executable, and give way to folders."""
    chance = random.Random(seed)
    parts = []
    for number in range(1, commits + 1):
        parts.append(f"commit refs/heads/grown\nmark :{number}\ncommitter é <t@t> {number} +0100\ndata 5\nhéy\n\n")
        if number > 1:
            parts.append(f"from :{number - 1}\n")
        for name in chance.sample(NAMES, chance.randrange(4)):
            if chance.random() < 0.3:
                parts.append(f"D {name}\n")
            else:
                mode = chance.choice(("100644", "100644", "100644", "100755", "120000"))
                parts.append(f"M {mode} inline {name}\ndata 1\n{chance.randrange(5)}\n")
    repo.git("fast-import", "--quiet", given="".join(parts))
    return CommitId(repo.git("rev-parse", "refs/heads/grown"))


@pytest.mark.parametrize("seed", range(4))
def test_it_is_what_git_log_tells(repo, history, seed):
    tip = grown(repo, seed, commits=80 + 40 * seed)
    assert list(history.checked(tip)) == list(history.stream(tip))


def test_what_was_and_comes_again_is_told_again(repo, history):
    for content in ("x", "y", "x", "y"):
        repo.commit({"runs/a": content, "ledger/a": content, "same": "runs"}, "one\n")
    tip = CommitId(repo.git("rev-parse", "HEAD"))
    assert list(history.checked(tip)) == list(history.stream(tip))


@pytest.mark.parametrize("seed", range(3))
def test_a_flipped_bit_in_a_pack_is_found_or_harmless(repo, history, seed):
    tip = grown(repo, seed, commits=150)
    whole = list(history.checked(tip))
    repo.git("repack", "-qadf")
    (pack,) = (repo.path / ".git/objects/pack").glob("*.pack")
    pack.chmod(0o644)
    content, chance = pack.read_bytes(), random.Random(seed)
    for _ in range(10):
        damaged = bytearray(content)
        damaged[chance.randrange(12, len(content) - 20)] ^= 1 << chance.randrange(8)
        pack.write_bytes(damaged)
        commits, odd, error = told(history, tip)
        if odd:
            continue
        assert commits == whole[: len(commits)]
        assert error is not None or len(commits) == len(whole)


def test_a_replaced_object_that_is_read_twice_is_named_once(repo, history):
    for content in ("x", "y", "x", "y"):
        repo.commit({"runs/a": content}, "one\n")
    tree = replace(repo, "HEAD:runs", stored("tree", b""))
    _, odd, _ = told(history, CommitId(repo.git("rev-parse", "HEAD")))
    assert odd == [StoredObject(tree, "tree", b"")]


def stored(kind, body):
    return zlib.compress(f"{kind} {len(body)}\0".encode() + body)


def replace(repo, name, content):
    """Put other content in the place of a loose object."""
    identity = repo.git("rev-parse", name)
    path = repo.path / ".git/objects" / identity[:2] / identity[2:]
    path.chmod(0o644)
    path.write_bytes(content)
    return identity


@pytest.fixture
def tip(repo):
    for number in range(3):
        repo.commit({"runs/a.yaml": "x", f"runs/{number}.yaml": f"{number}\n", "top": "y"}, f"{number}\n")
    return CommitId(repo.git("rev-parse", "HEAD"))


def told(history, tip):
    """The commits, the replaced objects, and the error at the end."""
    commits, odd = [], []
    try:
        for one in history.checked(tip):
            (odd if isinstance(one, StoredObject) else commits).append(one)
    except (Corrupt, Unavailable) as error:
        return commits, odd, error
    return commits, odd, None


def test_an_object_of_other_content_is_named_and_the_rest_is_told(repo, tip, history):
    blob = replace(repo, "HEAD:runs/1.yaml", stored("blob", b"other"))
    commits = repo.git("rev-list", "--reverse", tip).split()
    found, odd, error = told(history, tip)
    assert ([one.id for one in found], odd, error) == (commits, [StoredObject(blob, "blob", b"other")], None)


@pytest.mark.parametrize("name", ["HEAD~1", "HEAD~1^{tree}", "HEAD~1:runs", "HEAD:runs/1.yaml"])
def test_an_object_of_another_kind_is_named_before_the_error(repo, tip, history, name):
    identity = replace(repo, name, stored("tag", b"x"))
    commits, odd, error = told(history, tip)
    assert commits == []
    if name == "HEAD~1":  # git itself finds no commit there
        assert error.message == f"git cannot read every commit up to {tip}."
        return
    assert odd == [StoredObject(identity, "tag", b"x")]
    assert error.message.startswith(f"Object {identity} of the ledger is a tag, not a ")


@pytest.mark.parametrize("name", ["HEAD~1^{tree}", "HEAD~1:runs", "HEAD:runs/1.yaml"])
def test_a_missing_object_is_named(repo, tip, history, name):
    identity = replace(repo, name, b"")
    (repo.path / ".git/objects" / identity[:2] / identity[2:]).unlink()
    error = told(history, tip)[2]
    assert (error.message, error.where) == (f"Object {identity} of the ledger is missing or cannot be read.", identity)


def test_an_object_whose_end_was_lost_is_named(repo, tip, history):
    body = random.Random(7).randbytes(300_000)
    identity = replace(repo, "HEAD:runs/1.yaml", stored("blob", body)[:200_000])
    error = told(history, tip)[2]
    assert (error.message, error.where) == (f"Object {identity} of the ledger cannot be read to its end.", identity)


def test_a_tree_that_names_a_blob_as_a_folder_is_corrupt(repo, tip, history):
    blob = repo.git("rev-parse", "HEAD:top")
    tree = repo.git("hash-object", "-wt", "tree", "--literally", "--stdin-paths", given=write_tree(repo, blob))
    commit = CommitId(repo.git("commit-tree", "-m", "x", tree))
    assert told(history, commit)[2].message == f"Object {blob} of the ledger is a blob, not a tree."


def write_tree(repo, blob):
    """A file with a tree whose one folder is this blob."""
    path = repo.path / "tree"
    path.write_bytes(b"40000 runs\0" + bytes.fromhex(blob))
    return f"{path}\n"


SCENES = {
    "whole": lambda _: None,
    "replaced": lambda repo: replace(repo, "HEAD:runs/1.yaml", stored("blob", b"other")),
    "of another kind": lambda repo: replace(repo, "HEAD~1:runs", stored("tag", b"x")),
}


@pytest.mark.parametrize("scene", SCENES)
def test_a_process_of_its_own_tells_the_same(repo, tip, history, monkeypatch, scene):
    SCENES[scene](repo)
    here = told(history, tip)
    monkeypatch.setattr(history_process, "LONG", 1)
    commits, odd, error = told(history, tip)
    assert (commits, odd, str(error)) == (*here[:2], str(here[2]))


def test_the_process_finds_modules_where_this_one_does(repo, tip, monkeypatch, tmp_path):
    (tmp_path / "nothing_to_tell.py").write_text(
        "import marshal, sys\nframe = marshal.dumps([])\n"
        "sys.stdout.buffer.write(len(frame).to_bytes(4, 'big') + frame)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(history_process, "_MODULE", "nothing_to_tell")
    assert list(history_process.checked_apart(repo.path / ".git", repo.environ, tip)) == []


def test_a_reader_that_is_ended_is_unavailable(repo, tip, monkeypatch):
    monkeypatch.setattr(history_process, "LONG", 1)
    monkeypatch.setattr(history_process, "_MODULE", "gitorch.no_such_module")
    assert told(GitHistory(repo.path / ".git", repo.environ), tip)[2].message == (
        "The process that reads the ledger was ended."
    )
