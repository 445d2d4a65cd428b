"""Objects in packs are read as git reads them, whatever form the packs have, and a damaged pack ends in an error that says so."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import zlib
from typing import TYPE_CHECKING

import pytest

from gitorch.ledger import packs
from gitorch.ledger.branch import BranchStore
from gitorch.ledger.packs import Packs, place_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DAMAGED = (OSError, zlib.error, ValueError, IndexError)
VERSIONS = 30


def git(repo: Path, *words: str, given: bytes = b"") -> bytes:
    done = subprocess.run(("git", "-C", str(repo), *words), input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def history() -> bytes:
    """A history for `git fast-import`: a small and a large file that change a little, in a folder of many files."""
    numbers = random.Random(7)
    noise = numbers.randbytes(150_000)
    parts: list[bytes] = []
    for version in range(VERSIONS):
        lines = "".join(f"line {number} {numbers.random()}\n" for number in range(3)).encode()
        large = noise + lines + noise[:70_000]
        files = {b"small": b"same\n" * 400 + lines, b"large": large, b"empty": b""}
        files |= {b"folder/%d" % (version + number): lines for number in range(5)}
        parts.append(b"commit refs/heads/main\ncommitter A <a@b> %d +0000\ndata 1\nx\n" % (1_700_000_000 + version))
        for name, data in files.items():
            parts.append(b"M 100644 inline %s\ndata %d\n%s\n" % (name, len(data), data))
    return b"".join(parts)


@pytest.fixture(scope="module")
def loose(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository with that history."""
    repo = tmp_path_factory.mktemp("packs") / "repo"
    repo.mkdir()
    git(repo, "init", "--quiet", "--bare")
    git(repo, "fast-import", "--quiet", given=history())
    return repo


def packed(loose: Path, folder: Path, *settings: str, depth: int = 50) -> Path:
    repo = folder / "repo"
    shutil.copytree(loose, repo)
    git(repo, *settings, "repack", "-adfq", f"--depth={depth}", "--window=20")
    return repo


def with_bases_by_place(loose: Path, folder: Path) -> Path:
    return packed(loose, folder)


def with_bases_by_name(loose: Path, folder: Path) -> Path:
    return packed(loose, folder, "-c", "repack.useDeltaBaseOffset=false")


def without_differences(loose: Path, folder: Path) -> Path:
    return packed(loose, folder, depth=0)


def with_wide_places(loose: Path, folder: Path) -> Path:
    repo = packed(loose, folder)
    indexed(repo, "--index-version=2,100")
    return repo


def in_two_packs(loose: Path, folder: Path) -> Path:
    repo = packed(loose, folder)
    git(repo, "fast-import", "--quiet", "--force", given=history().replace(b"same", b"mesa"))
    git(repo, "repack", "-dq")
    assert len(list(repo.glob("objects/pack/*.pack"))) > 1
    return repo


FORMS = (with_bases_by_place, with_bases_by_name, without_differences, with_wide_places, in_two_packs)


def indexed(repo: Path, version: str) -> None:
    """Write the index of the only pack anew."""
    (pack,) = repo.glob("objects/pack/*.pack")
    index = pack.with_suffix(".idx")
    index.unlink()
    git(repo, "index-pack", version, "-o", str(index), str(pack))


def bodies(repo: Path) -> Mapping[str, bytes]:
    """Every object of the repository as git reads it."""
    ids = git(repo, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)").decode().split()
    rest = git(repo, "cat-file", "--batch", given="\n".join(ids).encode() + b"\n")
    found: dict[str, bytes] = {}
    while rest:
        head, _, rest = rest.partition(b"\n")
        identity, _, size = head.decode().split()
        found[identity], rest = rest[: int(size)], rest[int(size) + 1 :]
    return found


@pytest.mark.each(2)
@pytest.mark.parametrize("form", FORMS)
def test_every_object_is_read_as_git_reads_it(loose, tmp_path, form):
    repo = form(loose, tmp_path)
    expected = bodies(repo)
    assert len(expected) > 5 * VERSIONS
    packs = Packs(str(repo / "objects"))
    for identity, body in expected.items():
        assert Packs(str(repo / "objects")).body(identity) == body  # with nothing in memory
        assert packs.body(identity) == body
    assert packs.body("1" * 40) is None


def test_the_packs_of_these_tests_have_what_they_are_called(loose, tmp_path):
    def chains(repo: Path) -> int:
        (index,) = repo.glob("objects/pack/*.idx")
        return git(repo, "verify-pack", "-v", str(index)).count(b"chain length")

    places = with_bases_by_place(loose, tmp_path / "a")
    assert chains(places) > 5
    names = with_bases_by_name(loose, tmp_path / "b")
    assert chains(names) > 5
    sizes = [next(repo.glob("objects/pack/*.pack")).stat().st_size for repo in (places, names)]
    assert sizes[0] < sizes[1]  # a name takes 20 bytes, a distance two or three
    assert chains(without_differences(loose, tmp_path / "c")) <= 1
    wide = with_wide_places(loose, tmp_path / "d")
    widths = [next(repo.glob("objects/pack/*.idx")).stat().st_size for repo in (places, wide)]
    assert widths[1] - widths[0] > 8 * VERSIONS


def test_an_index_of_another_version_is_left_to_dulwich(loose, tmp_path):
    repo = packed(loose, tmp_path)
    expected = bodies(repo)
    indexed(repo, "--index-version=1")
    packs, store = Packs(str(repo / "objects")), BranchStore(repo)
    for identity, body in list(expected.items())[:20]:
        assert packs.body(identity) is None
        assert store._body(identity) == body


def names_of(count: int, *, after: bytes, seed: int) -> list[bytes]:
    """So many names that begin with these bytes, in their order."""
    rng = random.Random(seed)
    return sorted(after + rng.randbytes(20 - len(after)) for _ in range(count))


def index_of(folder: Path, names: list[bytes]) -> Path:
    """The index of a pack with objects of these names."""
    path = folder / "index"
    counts = b"".join(sum(name[0] <= byte for name in names).to_bytes(4) for byte in range(256))
    path.write_bytes(packs.MAGIC + counts + b"".join(names) + bytes(8 * len(names)))
    return path


@pytest.mark.parametrize(
    "names",
    [
        names_of(1, after=b"", seed=1),
        names_of(5000, after=b"", seed=2),
        names_of(3000, after=b"\x80", seed=3),
        names_of(700, after=b"\0", seed=4) + names_of(700, after=b"\xff", seed=5),
        names_of(900, after=b"\x80\0", seed=6) + names_of(5, after=b"\x80\xff", seed=7),
    ],
    ids=["one", "spread", "one first byte", "both ends", "crowded"],
)
def test_each_name_of_an_index_is_found_and_no_other(tmp_path, names):
    descriptor = os.open(index_of(tmp_path, names), os.O_RDONLY)
    try:
        assert [packs.number_of(descriptor, name) for name in names] == list(range(len(names)))
        strangers = {name[:-1] + bytes([name[-1] ^ 1]) for name in names} - set(names)
        assert {packs.number_of(descriptor, name) for name in strangers} == {None}
    finally:
        os.close(descriptor)


def test_a_long_index_is_read_only_near_the_expected_place(tmp_path, monkeypatch):
    path, sizes = index_of(tmp_path, names_of(3000, after=b"\x80", seed=3)), []
    read = os.pread

    def counted(descriptor, size, at):
        sizes.append(size)
        return read(descriptor, size, at)

    monkeypatch.setattr(packs.os, "pread", counted)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        for name in names_of(3000, after=b"\x80", seed=3)[::100]:
            packs.number_of(descriptor, name)
    finally:
        os.close(descriptor)
    assert max(sizes) == 256 * 20


@pytest.mark.parametrize("was_read", [False, True])
def test_a_pack_that_git_replaces_is_read_from_its_successor(loose, tmp_path, was_read):
    repo = packed(loose, tmp_path)
    packs = Packs(str(repo / "objects"))
    (identity, body), (other, other_body), *_ = bodies(repo).items()
    assert not was_read or packs.body(other) == other_body
    (before,) = repo.glob("objects/pack/*.pack")
    git(repo, "repack", "-adfq", "--depth=1")
    assert not before.exists()
    assert packs.body(identity) == body


@pytest.mark.parametrize("form", [with_bases_by_place, with_bases_by_name])
@pytest.mark.parametrize("suffix", [".pack", ".idx"])
def test_a_damaged_pack_never_ends_in_another_error(loose, tmp_path, form, suffix):
    repo = form(loose, tmp_path)
    ids = list(bodies(repo))
    (file,) = repo.glob(f"objects/pack/*{suffix}")
    file.chmod(0o644)
    whole, numbers, failed = file.read_bytes(), random.Random(11), 0
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(20):
            damaged[numbers.randrange(8, len(damaged))] = numbers.randrange(256)
        file.write_bytes(bytes(damaged[: numbers.choice((len(damaged), numbers.randrange(len(damaged))))]))
        packs = Packs(str(repo / "objects"))
        for identity in numbers.sample(ids, 10):
            try:
                failed += packs.body(identity) is None
            except DAMAGED:
                failed += 1
    assert failed > 60


def test_bases_that_form_a_circle_are_noticed(tmp_path):
    """Two differences that name each other as their base."""
    names = [b"\x01" * 20, b"\x02" * 20]
    entries = [bytes([7 << 4 | 2]) + base + zlib.compress(b"\0\0") for base in reversed(names)]
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "pack-1.pack").write_bytes(b"".join(entries))
    fanout = [0, 1] + [2] * 254
    tables = [b"\xfftOc\0\0\0\x02", *(count.to_bytes(4) for count in fanout), *names, bytes(8)]
    places = [(0).to_bytes(4), len(entries[0]).to_bytes(4)]
    (folder / "pack-1.idx").write_bytes(b"".join([*tables, *places]))
    assert place_of(f"{folder}/pack-1.idx", names[1]) == len(entries[0])
    with pytest.raises(ValueError, match="circle"):
        Packs(str(tmp_path)).body(names[0].hex())


def test_an_object_that_is_larger_than_any_of_a_ledger_is_damaged(loose, tmp_path, monkeypatch):
    repo = without_differences(loose, tmp_path)
    found = bodies(repo)
    size = max(map(len, found.values())) - 1
    monkeypatch.setattr(packs, "OBJECT_BYTES_MAX", size)
    for identity, body in found.items():
        reader = Packs(str(repo / "objects"))
        if len(body) <= size:
            assert reader.body(identity) is not None
        else:
            with pytest.raises(ValueError, match="larger than any object"):
                reader.body(identity)


def test_a_difference_to_an_object_that_is_too_large_is_damaged(loose, tmp_path, monkeypatch):
    repo = with_bases_by_place(loose, tmp_path)
    monkeypatch.setattr(packs, "OBJECT_BYTES_MAX", 200_000)
    large = [identity for identity, body in bodies(repo).items() if len(body) > 200_000]
    assert len(large) == VERSIONS
    for identity in large:
        with pytest.raises(ValueError, match="larger than any object"):
            Packs(str(repo / "objects")).body(identity)


def test_a_difference_that_copies_for_ever_ends_at_the_size_in_its_header():
    endless = (
        bytes((5, 10)) + b"\x91\x00\x05" * 1_000_000
    )  # a base of 5 bytes, a result of 10: the base again and again
    with pytest.raises(ValueError, match="longer than its header says"):
        packs._applied(endless, b"12345")
