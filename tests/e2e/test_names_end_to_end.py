"""The command line in a repository, with a plan and files whose names are no text: claim, handoff, findings, report, merge, export."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitorch.model.path_text import bytes_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from repository import Repository

pytestmark = pytest.mark.slow
GITORCH = os.fsencode(Path(sys.executable).parent / "gitorch")
NAMES = (b"caf\xe9.txt", b"\xff/in\xe9.txt", b"a\nb.txt", b'say "hi".txt', b"-rf", b"a -> b", b"back\\xe9", b" a ")
CONFIG = """\
orchestration: {merge_target: main}
tests: {command: "true"}
review: {stages: [spec]}
lanes: {implementer: {runtime: scripted}}
approval: {unattended: true, at_least: unattended}
"""
PLAN = "# Some work\n\n## Epic: api — Work\n\nDepends on: none\n\n- [ ] Write\n\n## Review Gate: api\n\n"


class Place:
    """A repository whose path is no UTF-8."""

    def __init__(self, path: bytes) -> None:
        self.path = path

    def git(self, *words: str | bytes, cwd: bytes = b"") -> bytes:
        return subprocess.check_output(("git", *words), cwd=cwd or self.path)

    def __call__(self, *words: str | bytes, cwd: bytes = b"", status: int = 0) -> str:
        """Type one verb; whatever it is told, it prints UTF-8 without a control character or a traceback."""
        done = subprocess.run((GITORCH, *words), cwd=cwd or self.path, capture_output=True, check=False)
        said = (done.stdout + done.stderr).decode()
        assert (done.returncode, "Traceback" in said) == (status, False), f"{words!r}: {done.returncode}\n{said}"
        assert not {"\r", "\x1b", "\u202e"} & set(said)
        return said


@pytest.fixture
def place(repo: Callable[[str], Repository]) -> Place:
    made = repo("repo")
    path = os.fsencode(made.path.parent) + b"/r\xe9 po\n"
    made.path.rename(os.fsdecode(path))
    place = Place(path)
    Path(os.fsdecode(path + b"/gitorch.yaml")).write_text(CONFIG, encoding="utf-8")
    Path(os.fsdecode(path + b"/pl\xe9n.md")).write_text(PLAN, encoding="utf-8")
    place.git("add", "-A")
    place.git("commit", "-qm", "Plan")
    place.git("branch", b"br\xe9")
    return place


def test_a_run_goes_from_its_plan_to_its_export_whatever_bytes_names_have(place: Place) -> None:
    place("init")
    place("check", b"pl\xe9n.md")
    run = json.loads(place("start", b"pl\xe9n.md", "--by-hand", "--yes", "--json"))["run"]["id"]
    place("claim", "api")
    listed = place.git("worktree", "list", "--porcelain", "-z").split(b"\0")
    where = next(line[9:] for line in listed if line.startswith(b"worktree ") and line.endswith(b"/api"))
    for name in NAMES:
        path = Path(os.fsdecode(where + b"/" + name))
        path.parent.mkdir(exist_ok=True)
        path.write_text("hello\n")
    assert '"a\\nb.txt"' in place("handoff", "DONE", "--summary", "x", cwd=where, status=4)

    place.git("add", "-A", cwd=where)
    place.git("commit", "-qm", b"Add caf\xe9", cwd=where)
    place("publish", b"caf\xe9.txt", "--name", b"n\xe9", cwd=where)
    place("publish", r"\xff/in\xe9.txt", cwd=where)
    place("handoff", "DONE", "--summary", b"caf\xe9", "--tests", b"\xe9", cwd=where)
    place("claim", "api.spec")
    shown = [{"severity": "minor", "title": f"t{n}", "path": _escaped(one), "line": 1} for n, one in enumerate(NAMES)]
    Path(os.fsdecode(place.path + b"/f\xe9.json")).write_text(json.dumps(shown), encoding="utf-8")
    typed = b"minor|caf\xe9.txt:1|typed|d\xe9tail"
    judged = ("--job", "api.spec", "--summary", "ok", "--findings-file", b"f\xe9.json", "--finding", typed)
    place("verdict", "accept_with_findings", *judged)
    Path(os.fsdecode(place.path + b"/f\xe9.json")).unlink()

    place.git("branch", b"new\xe9")
    for words in (("status",), ("log",), ("list", "findings"), ("list", "artifacts"), ("worktree", "list"), ("inbox",)):
        place(*words)
        json.loads(place(*words, "--json"))
    for words in (("show", "api"), ("show", "s1"), ("show", run), ("why", "api")):
        place(*words)
        json.loads(place(*words, "--json"))

    place("report")
    (branch,) = json.loads(place("report", "--json"))["data"]["branches"]
    assert sorted(bytes_of(one["path"]) for one in branch["changes"]) == sorted(NAMES)
    assert {bytes_of(one["path"]) for one in branch["findings"]} == set(NAMES)
    approved = place("approve", "--yes")
    assert "Merged" in approved, approved
    assert set(NAMES) <= set(place.git("ls-tree", "-r", "-z", "--name-only", "main").split(b"\0"))
    place("verify")
    place("export", b"../exp\xe9")
    place("export", "--verify", b"../exp\xe9")
    place("cleanup", "--yes")


def _escaped(name: bytes) -> str:
    """A name as an agent types what it was shown; a backslash of its own is escaped where it would be misread."""
    return name.replace(b"\\xe9", b"\\x5cxe9").decode("utf-8", "backslashreplace")
