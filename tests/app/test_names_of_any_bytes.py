"""Names that git can hold, from the handoff to the merge: recorded, reported, merged, all byte for byte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from merge_yard import Yard

from gitorch.app.query import runs
from gitorch.errors import Refused
from gitorch.model.path_text import bytes_of, quoted, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from repository import Repository

NAMES = (
    b"caf\xe9.txt",
    b"\xff\xfe/in\xe9/deep.txt",
    b"a\nb.txt",
    b"a\rb\tc.txt",
    b"\x1b[2J.txt",
    b'say "hi".txt',
    b"-rf",
    b"--work-tree=x",
    b":(glob)x",
    b"x" * 251 + b".txt",
    "\u202egnp.txt".encode(),
    b"a -> b.txt",
    b"back\\slash.txt",
    b"back\\xe9.txt",
    b" lead.txt ",
    "nfc-é.txt".encode(),
    b"`tick|pipe`.txt",
    b"$(touch x)",
    b"{a,b}[c]*?",
)


@pytest.fixture
def yard(repo: Callable[[str], Repository]) -> Yard:
    return Yard(repo("some place").path)


def files(names=NAMES, text: str = "hello\n") -> dict[str, str]:
    return {os.fsdecode(name): f"{text}{name!r}\n" for name in names}


def held(yard: Yard, branch: str = "main") -> set[bytes]:
    listed = subprocess.check_output(("git", "ls-tree", "-r", "-z", "--name-only", branch), cwd=yard.path)
    return set(listed.split(b"\0"))


def test_every_name_is_recorded_reported_and_merged(yard: Yard) -> None:
    yard.begin({"api": files()})
    run = yard.settle()
    assert run.report is not None
    assert sorted(map(bytes_of, run.report.branches[0].paths)) == sorted(NAMES)

    report = runs.report(yard.services, run.id)
    data = runs.report_data(yard.services, run)
    (branch,) = data["branches"]
    assert sorted(bytes_of(change["path"]) for change in branch["changes"]) == sorted(NAMES)
    json.dumps(data, ensure_ascii=False).encode()
    part = report.rpartition("\n- files: ")[2].partition("\n- to see them: ")[0]
    assert part.count("\n") == 0, "no name breaks the line"
    assert all(quoted(text_of(name)) in part for name in NAMES)
    assert part.isprintable()

    yard.approve()
    assert set(NAMES) <= held(yard)


@pytest.mark.slow
def test_names_that_were_there_before_can_be_changed_renamed_and_deleted(yard: Yard) -> None:
    twins = (b"Twin.txt", b"twin.txt", b"nfd-e\xcc\x81.txt", b"nfd-\xc3\xa9.txt")
    yard.commit(files((*NAMES, *twins)))
    yard.begin({"api": files((*NAMES[3:], *twins), "changed\n")})
    act = yard._act

    def change_and_act(key) -> None:
        where = yard.services.paths.job_worktree(yard.run, "api")
        gone, moved = where / os.fsdecode(NAMES[0]), where / os.fsdecode(NAMES[2])
        gone.unlink(missing_ok=True)
        if moved.exists():
            moved.rename(where / "plain.txt")
        act(key)

    yard._act = change_and_act
    run = yard.settle()
    (branch,) = runs.report_data(yard.services, run)["branches"]
    changes = {bytes_of(one["path"]): (one["how"], bytes_of(one["before"])) for one in branch["changes"]}
    assert changes[NAMES[0]] == ("deleted", b"")
    assert changes[b"plain.txt"] == ("renamed", NAMES[2])
    assert all(changes[name] == ("modified", b"") for name in (*NAMES[3:], *twins))
    yard.approve()
    assert NAMES[0] not in held(yard)
    assert {*NAMES[3:], *twins, b"plain.txt"} <= held(yard)


@pytest.mark.parametrize("name", [b"README.MD", b".Git\xe2\x80\x8c/x", b"a\\..\\..\\x"])
def test_a_new_name_that_some_system_takes_for_another_is_refused(yard: Yard, name: bytes) -> None:
    yard.commit({"README.md": "x\n"})
    yard.begin({"api": files((name,))})
    with pytest.raises(Refused, match=r"the same path|mistaken"):
        yard.settle()
