"""Reads a ledger as docs/ledger-format.md describes it, with git and JSON alone: nothing of gitorch is imported here.

A record is a plain dictionary; what its type leaves out is absent.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Record = dict[str, Any]
BRANCH = "refs/heads/gitorch/ledger"


def parse(data: bytes) -> Record:
    """One record from the bytes of its file; of prose, `text` is the body."""
    front, body = data.decode(), None
    if front.startswith("---\n"):
        front, _, body = front[4:].partition("\n---\n")
    lines = (line.partition(": ") for line in front.splitlines())
    record: Record = {key: json.loads(value) for key, _, value in lines}
    return record if body is None else {**record, "text": body.removesuffix("\n")}


def of_repository(path: Path) -> list[Record]:
    """Every record, oldest first. Fails where the chain of commits, numbers or digests does not hold."""
    commits = _git(path, "rev-list", "--reverse", "--parents", BRANCH).decode().splitlines()
    found, before, prev = [], [], "0" * 64
    for seq, line in enumerate(commits):
        commit, *parents = line.split()
        assert parents == before, f"{commit} has other parents than the commit before it"
        data = _record_file(path, commit)
        record = parse(data)
        assert (record["seq"], record["prev"]) == (seq, f"sha256:{prev}"), f"{commit} breaks the chain"
        before, prev = [commit], hashlib.sha256(data).hexdigest()
        found.append(record)
    return found


def _record_file(path: Path, commit: str) -> bytes:
    """The one record that a commit adds; it must do nothing but add."""
    words = ("diff-tree", "--root", "--no-commit-id", "-r", "-z", "--no-renames", commit)
    fields = _git(path, *words).decode().rstrip("\0").split("\0")
    added = [(fields[i].split(), fields[i + 1]) for i in range(0, len(fields), 2)]
    assert all(entry[4] == "A" for entry, _ in added), f"{commit} does more than add files"
    records = [entry[3] for entry, name in added if _is_record(name)]
    assert len(records) == 1, f"{commit} adds {len(records)} records"
    return _git(path, "cat-file", "blob", records[0])


def _is_record(name: str) -> bool:
    return name.startswith(("runs/", "ledger/")) and "/files/" not in name and name.endswith((".yaml", ".md"))


def _git(path: Path, *words: str) -> bytes:
    return subprocess.run(("git", "-C", str(path), *words), check=True, capture_output=True).stdout


def runs_of(records: list[Record]) -> Iterator[list[Record]]:
    """The records of each run by itself."""
    for run in dict.fromkeys(r["run"] for r in records if "run" in r):
        yield [r for r in records if r.get("run") == run]
