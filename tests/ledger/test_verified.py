"""The verified state comes from git's objects alone: no cache, no remembered commit and no index is believed (K5)."""

import shutil
import subprocess
import zlib
from pathlib import Path

import pytest
from ledger_kit import AGENT, AT, ENV, HOST, OTHER, REF, RUN, count, fill, git, new_repo, open_ledger, renewed

from gitorch.errors import Corrupt, NotFound
from gitorch.ledger import files, tip_index
from gitorch.ledger.ledger import GitLedger
from gitorch.ledger.location import common_dir
from gitorch.model.ids import Moment, RunId
from gitorch.world.git.history import GitHistory
from gitorch.world.git.store import GitStore

STORES = ("dulwich", "git")


def opened(repo: Path, store: str) -> GitLedger:
    if store == "dulwich":
        return open_ledger(repo)
    common = common_dir(repo)
    return GitLedger(GitStore(common, ENV), GitHistory(common, ENV), common, count)


def replace_object(repo: Path, identity: str, kind: str, body: bytes) -> None:
    """Put another valid object under this name, as a program with the user's rights can."""
    path = repo / ".git" / "objects" / identity[:2] / identity[2:]
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(zlib.compress(f"{kind} {len(body)}\0".encode() + body))


def body(repo: Path, identity: str) -> bytes:
    kind = git(repo, "cat-file", "-t", identity)
    return subprocess.run(
        ("git", "cat-file", kind, identity), cwd=repo, capture_output=True, env=ENV, check=True
    ).stdout


@pytest.fixture(scope="module", params=STORES)
def store(request):
    return request.param


@pytest.fixture(scope="module")
def whole(tmp_path_factory, store):
    """A repository with a ledger of two runs, which each test copies."""
    folder = new_repo(tmp_path_factory.mktemp("whole") / "r")
    ledger = opened(folder, store)
    ledger.create(HOST, AT, "L-1")
    fill(ledger, 3)
    ledger.append(RUN, AGENT, Moment(AT + 10), lambda _: [renewed(4, brief=b"do it")])
    fill(ledger, 2, OTHER)
    fill(ledger, 1, None)
    return folder


@pytest.fixture
def repo(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "r")


@pytest.mark.parametrize("packed", [False, True], ids=["loose", "packed"])
def test_the_verified_state_is_the_state(repo, store, packed):
    if packed:
        git(repo, "repack", "-qadf")
    ledger = opened(repo, store)
    verified = ledger.verified(RUN)
    assert verified.state == ledger.state(RUN)
    assert [record.seq for record in verified.records] == [1, 2, 3, 4]
    assert list(verified.records) == [written.record for written in ledger.records(RUN)]


def test_a_sha256_repository_is_verified_too(tmp_path):
    folder = new_repo(tmp_path / "r", "--object-format=sha256")
    ledger = open_ledger(folder)
    ledger.create(HOST, AT, "L-1")
    fill(ledger, 2)
    assert ledger.verified(RUN).state.run.records == 2


def test_a_run_that_does_not_exist_is_not_found(repo, store):
    with pytest.raises(NotFound):
        opened(repo, store).verified(RunId("never"))


def test_a_repository_without_a_ledger_says_so(tmp_path, store):
    with pytest.raises(NotFound, match="no ledger"):
        opened(new_repo(tmp_path / "empty"), store).verified(RUN)


def test_a_poisoned_cache_is_not_believed_and_not_kept(repo, store):
    cache = repo / ".git/gitorch/cache"
    shutil.rmtree(cache, ignore_errors=True)
    opened(repo, store).state(RUN)
    (file,) = cache.glob(f"run-{RUN}-*.json")
    files.replace_sealed(file, files.read_sealed(file).replace("title", "forged"))
    ledger = opened(repo, store)
    assert ledger.state(RUN).run.title == "forged", "this is what the cache is for"
    assert ledger.verified(RUN).state.run.title == "title"
    decided = []
    ledger.append(RUN, AGENT, AT, lambda state: decided.append(state.run.title) or [renewed(9)])
    assert decided == ["title"]
    assert opened(repo, store).state(RUN).run.title == "title"


@pytest.mark.each(3)
@pytest.mark.parametrize("what", ["record", "tree", "root", "commit"])
@pytest.mark.parametrize("packed", [False, True], ids=["loose", "packed"])
def test_an_object_rewritten_in_place_is_refused_by_its_name(repo, store, what, packed):
    opened(repo, store).state(RUN)
    path = f"runs/2026-11/{RUN}/00/000002-lease-renewed.yaml"
    spec = {"record": f"{REF}:{path}", "tree": f"{REF}:runs/2026-11/{RUN}/00", "root": f"{REF}^{{tree}}", "commit": REF}
    identity = git(repo, "rev-parse", spec[what])
    kind, data = git(repo, "cat-file", "-t", identity), body(repo, identity)
    if packed:
        git(repo, "repack", "-qad")
        (pack,) = (repo / ".git/objects/pack").glob("*.pack")
        for file in pack.parent.glob(f"{pack.stem}.*"):  # git reads a pack first, so the object is taken out of it
            file.rename(repo / file.name)
        git(repo, "unpack-objects", "-q", stdin=(repo / pack.name).read_bytes())
    changed = data.replace(b"fence: 1", b"fence: 7") if what == "record" else data.replace(b"lease", b"leasf")
    if what == "root":
        changed = data.replace(b"README.md", b"README.me")
    assert changed != data
    replace_object(repo, identity, kind, changed)
    with pytest.raises(Corrupt, match=f"Object {identity} was replaced"):
        opened(repo, store).verified(RUN)
    assert any(identity in fault.message for fault in opened(repo, store).verify().faults)


def test_a_missing_object_is_named(repo, store):
    blob = git(repo, "rev-parse", f"{REF}:runs/2026-11/{RUN}/00/000002-lease-renewed.yaml")
    (repo / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(Corrupt, match=blob):
        opened(repo, store).verified(RUN)


def test_a_forged_commit_graph_changes_nothing(repo, store):
    git(repo, "commit-graph", "write", "--reachable")
    graph = repo / ".git/objects/info/commit-graph"
    graph.chmod(0o644)
    graph.write_bytes(graph.read_bytes()[:-300] + bytes(300))
    assert opened(repo, store).verified(RUN).state.run.records == 4
    assert opened(repo, store).verify().faults == ()


def test_a_replay_that_never_agrees_with_the_objects_is_corrupt(repo, store, monkeypatch):
    asked = []
    monkeypatch.setattr(tip_index, "_agree", lambda *_: asked.append(1))
    with pytest.raises(Corrupt) as caught:
        opened(repo, store).verified(RUN)
    assert caught.value.message == "The ledger's commits do not lead to the records in its tip."
    assert caught.value.hint == "gitorch verify"
    assert len(asked) == tip_index._VERIFY_TRIES
