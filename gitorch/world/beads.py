"""Beads as this machine has it: the program `bd`, or the file that it exports. Both implement `ports.tracker.Tracker`.

The file is only read: it lies in the user's checkout, and where `bd` is at work it is derived from a database, so that a line
written into it would be lost or would come back as a conflict (ADR 13).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.errors import Failed, Unavailable
from gitorch.model.tracker import Backlog
from gitorch.text.beads import NotJson, dependencies_of, issues_of, parse_answer, parse_issues
from gitorch.world.programs import run, without

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from gitorch.ports.world import Clock
    from gitorch.world.programs import ProgramResult

PROGRAM = "bd"
FOLDER = ".beads"
FILES = ("issues.jsonl", "beads.jsonl")
"""The file's name, and the one that it had before beads 0.20."""

WAIT_SECONDS = 10.0
"""For one call: a `bd` that must first start its database server answers within a few seconds."""

FRESH_MS = 15_000
"""How old an answer about closed issues may be: a loop asks several times a second, and `bd` takes 50 to 300 ms."""

AT_ONCE = 50
"""Issues named in one call, well below any limit of a command line."""

_UNKNOWN = re.compile(r"not found|no issues? found|no matching|no such issue", re.IGNORECASE)
_BROKEN = re.compile(r"database|permission|lock|connect|unknown (?:flag|command)", re.IGNORECASE)


def folder_of(root: Path) -> Path | None:
    """The repository's folder of beads, where `redirect` in it points when there is one; None without any."""
    folder = root / FOLDER
    redirect = folder / "redirect"
    if redirect.is_file():
        folder = (root / redirect.read_text(encoding="utf-8", errors="replace").strip()).resolve()
    return folder if folder.is_dir() else None


def file_of(root: Path) -> Path | None:
    """The repository's file of issues; None where there is none."""
    folder = folder_of(root)
    choices = [] if folder is None else [folder / name for name in FILES]
    return next((path for path in choices if path.is_file()), None)


class BeadsFile:
    """The exported issues, read whole: 10 MB take 0.15 s. Nothing is ever written to it."""

    kind = "file"
    closes = False

    def __init__(self, root: Path) -> None:
        self._root = root
        self._kept: tuple[tuple[int, int], Backlog] | None = None

    def look(self, names: Collection[str]) -> Backlog:
        """See the port."""
        del names
        return self._read()

    def closed(self, names: Collection[str]) -> Mapping[str, str]:
        """See the port."""
        issues = self._read().issues
        return {name: issues[name].reason for name in names if name in issues and issues[name].closed}

    def close(self, names: Sequence[str], reason: str) -> None:
        """See the port. Fails where anything is open, since it writes nothing."""
        found = self.closed(names)
        left = [name for name in names if name not in found]
        if left:
            raise Failed(
                f"gitorch does not write {FOLDER}: {', '.join(left)} left open", hint=f"bd close {' '.join(left)}"
            )
        del reason

    def _read(self) -> Backlog:
        path = file_of(self._root)
        if path is None:
            raise Unavailable(f"there is no {FOLDER}/{FILES[0]} any more", hint="bd export -o .beads/issues.jsonl")
        try:
            stat = path.stat()
            mark = (stat.st_mtime_ns, stat.st_size)
            if self._kept is None or self._kept[0] != mark:
                name = str(path.relative_to(self._root)) if path.is_relative_to(self._root) else str(path)
                self._kept = (mark, parse_issues(name, path.read_bytes()))
        except OSError as error:
            raise Unavailable(f"{path} cannot be read: {error.strerror}", hint=f"ls -l {path}") from error
        return self._kept[1]


class BeadsProgram:
    """The program `bd` on the caller's PATH, asked in the repository's root."""

    kind = "bd"
    closes = True

    def __init__(
        self, root: Path, environ: Mapping[str, str], clock: Clock, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self._root = root
        self._env = without(environ, ("GITORCH_", "GIT_", "TMUX")) | {"NO_COLOR": "1", "BD_JSON_ENVELOPE": "0"}
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._kept: dict[str, tuple[int, str | None]] = {}
        self._mute: tuple[int, Unavailable] | None = None

    def look(self, names: Collection[str]) -> Backlog:
        """See the port: the issues themselves, all below them, and what those depend on, as far as `bd` tells."""
        records = self._show(sorted(names))
        for root in tuple(records):
            records |= self._show(sorted(self._below(root, records) - records.keys()))
        known = dependencies_of(records.values()) | issues_of(records.values())
        return Backlog(PROGRAM, known)

    def closed(self, names: Collection[str]) -> Mapping[str, str]:
        """See the port. Answers are kept for `FRESH_MS`, as is that there was none: a `bd` that hangs holds a loop up once."""
        now = self._clock.now()
        stale = [n for n in names if n not in self._kept or now - self._kept[n][0] > FRESH_MS]
        if stale and self._mute is not None and now - self._mute[0] <= FRESH_MS:
            raise self._mute[1]
        try:
            found = issues_of(self._show(sorted(stale)).values()) if stale else {}
        except Unavailable as mute:
            self._mute = (self._clock.now(), mute)
            raise
        self._kept |= {n: (now, found[n].reason if n in found and found[n].closed else None) for n in stale}
        return {n: reason for n in names if (reason := self._kept[n][1]) is not None}

    def close(self, names: Sequence[str], reason: str) -> None:
        """See the port. What is closed already is left alone, and the answer of `bd` is believed only when it shows."""
        left = self._open(names)
        self._mute = None
        for name in names:
            self._kept.pop(name, None)
        said = [self._closing(group, reason) for group in (left[:-1], left[-1:]) if group]
        still = self._open(left)
        if still:
            why = next((words for words in said if words), "bd said nothing")
            raise Failed(f"bd left {', '.join(still)} open: {why}", hint=f"bd close {' '.join(still)}")

    def _open(self, names: Sequence[str]) -> list[str]:
        found = issues_of(self._show(names).values()) if names else {}
        return [n for n in names if n in found and found[n].is_open]

    def _closing(self, names: Sequence[str], reason: str) -> str:
        """Close issues below their epic before the epic itself; what `bd` says where it does not end well."""
        done = self._run("close", *names, "--reason", reason, "--json")
        return "" if done.status == 0 else _said(done)

    def _below(self, name: str, records: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
        """What may belong to an issue: what depends on it, in one call; where that says nothing, its children, call by call."""
        done = self._run("dep", "tree", name, "--direction", "up", "--json")
        found = frozenset(row["id"] for row in _rows(done)) - {name} if done.status == 0 else frozenset()
        if found or records[name].get("epic_total_children") == 0:
            return found
        children: set[str] = set()
        waiting = [name]
        while waiting:
            done = self._run("list", "--parent", waiting.pop(), "--all", "--limit", "0", "--json")
            fresh = {row["id"] for row in _rows(done)} - children - {name} if done.status == 0 else set()
            children |= fresh
            waiting += sorted(fresh)
        return frozenset(children)

    def _show(self, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """The records of those issues that there are. `bd` completes shortened ids, which nobody asked for here."""
        found: dict[str, Mapping[str, Any]] = {}
        for start in range(0, len(names), AT_ONCE):
            group = names[start : start + AT_ONCE]
            found |= {row["id"]: row for row in self._shown(group) if row["id"] in group}
        return found

    def _shown(self, names: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        done = self._run("show", *names, "--json")
        if _fell_over(done):
            done = self._run("show", *names, "--json")
        if _fell_over(done):
            raise Unavailable(f"bd show failed: {_said(done)}", hint="bd doctor")
        if done.status == 0:
            yield from _rows(done)
        elif len(names) > 1:
            for name in names:
                yield from self._shown((name,))

    def _run(self, *words: str) -> ProgramResult:
        return run((PROGRAM, *words), self._env, cwd=self._root, wait_seconds=self._wait_seconds)


def _rows(done: ProgramResult) -> tuple[Mapping[str, Any], ...]:
    try:
        return parse_answer(done.out)
    except NotJson as odd:
        raise Unavailable(f"bd did not answer in JSON: {odd}", hint="bd doctor") from None


def _fell_over(done: ProgramResult) -> bool:
    """Whether the program failed for another reason than that it does not know what it was asked for."""
    return done.status != 0 and (not _UNKNOWN.search(_said(done)) or bool(_BROKEN.search(_said(done))))


def _said(done: ProgramResult) -> str:
    """What a program that failed said, on one line."""
    words = " ".join(f"{done.err} {done.out}".split())
    return words[:300] or f"status {done.status}"
