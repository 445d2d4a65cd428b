"""The issue tracker beads: the program `bd`, or the file that it exports. Both implement `ports.tracker.Tracker`.

gitorch only reads the file. It lies in the user's checkout, and `bd` generates it from a database, so a line written to it
would be lost or would cause a conflict (ADR 13).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.errors import Failed, Unavailable
from gitorch.model.path_text import shell_word
from gitorch.model.tracker import Backlog, Issue, TrackerCommands
from gitorch.model.values import Value
from gitorch.text.beads import NotJson, dependencies_of, issues_of, parse_answer, parse_issues
from gitorch.world.programs import run, without

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from gitorch.model.ids import Moment
    from gitorch.ports.world import Clock
    from gitorch.world.program_result import ProgramResult

PROGRAM = "bd"
FOLDER = ".beads"
FILES = ("issues.jsonl", "beads.jsonl")
"""The file's name, and its name before beads 0.20."""

WAIT_SECONDS = 10.0
"""Limit for one call: a `bd` that must first start its database server answers within a few seconds."""

FRESH_MS = 15_000
"""The maximal age of an answer about closed issues: a loop asks several times a second, and `bd` takes 50 to 300 ms."""

NAMES_PER_CALL = 50
"""Issues per call, well below the length limit of any command line."""

COMMANDS = TrackerCommands(
    make_epic_template="bd update {issue} --type epic",
    reopen_template="bd reopen {issue}",
    create_task_template='bd create "TITLE" --parent {issue}',
    close_template="bd close {issue}",
    remove_blocker_template="bd dep remove {issue} {blocker}",
)
RESTORE = "Restore it: git checkout -- {path}, or bd export -o {path}"

_UNKNOWN = re.compile(r"not found|no issues? found|no matching|no such issue", re.IGNORECASE)
_BROKEN = re.compile(r"database|permission|lock|connect|unknown (?:flag|command)", re.IGNORECASE)


def folder_of(root: Path) -> Path | None:
    """The repository's beads folder, or the one that its file `redirect` names; None when there is none.

    The name in `redirect` is relative to the repository's root.
    """
    folder = root / FOLDER
    redirect = folder / "redirect"
    if redirect.is_file():
        folder = (root / redirect.read_text(encoding="utf-8", errors="replace").strip()).resolve()
    if not folder.is_dir():
        return None
    return folder


def file_of(root: Path) -> Path | None:
    """The repository's file of issues; None when there is none. The present name is tried before the old one."""
    folder = folder_of(root)
    if folder is None:
        return None

    for name in FILES:
        path = folder / name
        if path.is_file():
            return path
    return None


class BeadsFile:
    """The exported issues, read whole: 10 MB take 0.15 s. Nothing is ever written to the file."""

    kind = "file"
    closes = False

    def __init__(self, root: Path) -> None:
        self._root = root
        self._kept: tuple[tuple[int, int], Backlog] | None = None
        """The issues with time and size of the file that held them."""

    def read(self, names: Collection[str]) -> Backlog:
        """All issues of the file, whatever the names. Raises Unavailable when it cannot be read."""
        del names
        return self._read()

    def closed(self, names: Collection[str]) -> Mapping[str, str]:
        """Those of these issues that are closed, each with its reason.

        An issue that the file does not have counts as open.
        Raises Unavailable when the file is missing or cannot be read.
        """
        return _closed_reasons(self._read().issues, names)

    def close(self, names: Sequence[str], reason: str) -> None:
        """Raise Failed when any of these issues is open, since gitorch never writes the file.

        So it succeeds once somebody closed them with `bd`. The hint is the command that does.
        Raises Unavailable when the file is missing or cannot be read.
        """
        del reason
        found = self.closed(names)
        still_open = [name for name in names if name not in found]
        if still_open:
            message = f"gitorch does not write {FOLDER}: {', '.join(still_open)} left open"
            raise Failed(message, hint=f"bd close {' '.join(still_open)}")

    def _read(self) -> Backlog:
        """All issues, parsed again only when the file's time or size changed.

        Raises Unavailable when the file is missing or cannot be read; the hint is a command that shows or restores it.
        """
        path = file_of(self._root)
        if path is None:
            raise Unavailable(f"{FOLDER}/{FILES[0]} is missing", hint="bd export -o .beads/issues.jsonl")
        try:
            stat = path.stat()
            version = (stat.st_mtime_ns, stat.st_size)
            if self._kept is not None and self._kept[0] == version:
                return self._kept[1]
            name = self._shown_name(path)
            backlog = parse_issues(name, path.read_bytes(), RESTORE.format(path=name), COMMANDS)
        except OSError as error:
            raise Unavailable(f"{path} cannot be read: {error.strerror}", hint=f"ls -l {shell_word(path)}") from error

        self._kept = (version, backlog)
        return backlog

    def _shown_name(self, path: Path) -> str:
        """A path as messages show it: relative to the repository when it lies inside."""
        if path.is_relative_to(self._root):
            return str(path.relative_to(self._root))
        return str(path)


def _closed_reasons(issues: Mapping[str, Issue], names: Collection[str]) -> dict[str, str]:
    """Those of these issues that are closed, each with its reason; the reason may be empty."""
    reasons = {}
    for name in names:
        issue = issues.get(name)
        if issue is not None and issue.closed:
            reasons[name] = issue.reason
    return reasons


class _Answer(Value):
    """The last answer of `bd` about one issue."""

    at: Moment
    reason: str | None
    """Why the issue was closed; None while it is open or does not exist."""


class BeadsProgram:
    """The program `bd` on the caller's PATH, run in the repository's root."""

    kind = "bd"
    closes = True

    def __init__(
        self, root: Path, environ: Mapping[str, str], clock: Clock, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self._root = root
        self._env = without(environ, ("GITORCH_", "GIT_", "TMUX")) | {"NO_COLOR": "1", "BD_JSON_ENVELOPE": "0"}
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._kept: dict[str, _Answer] = {}
        self._failure: tuple[Moment, Unavailable] | None = None
        """When `bd` last gave no answer, and the error."""

    def read(self, names: Collection[str]) -> Backlog:
        """These issues, all issues below them, and the issues that those depend on, as far as `bd` shows them.

        Nothing is kept between two calls. A name that `bd` does not know is not in the result.
        Raises Unavailable when `bd` is missing, takes longer than its limit, or does not answer in JSON.
        """
        records = self._show(sorted(names))
        for root in tuple(records):
            records |= self._show(sorted(self._below(root, records) - records.keys()))
        known = dependencies_of(records.values()) | issues_of(records.values())
        return Backlog(PROGRAM, known, commands=COMMANDS)

    def closed(self, names: Collection[str]) -> Mapping[str, str]:
        """Those of these issues that are closed, each with its reason. Raises Unavailable.

        Answers and failures are kept for `FRESH_MS`, so that a `bd` that hangs delays a loop only once.
        """
        now = self._clock.now()
        stale = [name for name in names if not self._is_fresh(name, now)]
        if stale:
            self._refresh(stale, now)

        return self._kept_reasons(names)

    def _kept_reasons(self, names: Collection[str]) -> Mapping[str, str]:
        """The kept reason of each of these issues that is closed."""
        found = {}
        for name in names:
            reason = self._kept[name].reason
            if reason is not None:
                found[name] = reason
        return found

    def _is_fresh(self, name: str, now: Moment) -> bool:
        """Whether the last answer about this issue may still be used."""
        answer = self._kept.get(name)
        if answer is None:
            return False
        return now - answer.at <= FRESH_MS

    def _refresh(self, names: Sequence[str], now: Moment) -> None:
        """Ask `bd` which of these issues are closed. Raises Unavailable, without asking if it failed a moment ago."""
        if self._failure is not None and now - self._failure[0] <= FRESH_MS:
            raise self._failure[1]
        try:
            issues = issues_of(self._show(sorted(names)).values())
        except Unavailable as error:
            self._failure = (self._clock.now(), error)
            raise

        reasons = _closed_reasons(issues, names)
        for name in names:
            self._kept[name] = _Answer(now, reasons.get(name))

    def close(self, names: Sequence[str], reason: str) -> None:
        """Close those of these issues that are open, the last one after all others.

        The last one is usually the epic, which `bd` closes only after its children.
        Issues that are closed or do not exist are passed over, so that a second call is harmless.

        Raises Failed when one of them is still open afterwards, whatever `bd` answered.
        Raises Unavailable when `bd` gives no answer.
        """
        to_close = self._open(names)
        self._forget(names)

        errors = self._close_in_order(reason, to_close)

        still_open = self._open(to_close)
        if still_open:
            why = "; ".join(filter(None, errors)) or "bd reported no error"
            message = f"bd left {', '.join(still_open)} open: {why}"
            raise Failed(message, hint=f"bd close {' '.join(still_open)}")

    def _close_in_order(self, reason: str, to_close: list[str]) -> dict[str, bool]:
        """Close the issues, the last one after all others; every error once, in order."""
        errors = {}  # in order, each message once
        for group in (to_close[:-1], to_close[-1:]):
            if group:
                errors[self._close(group, reason)] = True
        return errors

    def _forget(self, names: Sequence[str]) -> None:
        """Forget the last failure and the answers about these issues, which are about to change."""
        self._failure = None
        for name in names:
            self._kept.pop(name, None)

    def _open(self, names: Sequence[str]) -> list[str]:
        """Those of these issues that exist and are neither closed nor deleted."""
        if not names:
            return []
        found = issues_of(self._show(names).values())
        kept = []
        for name in names:
            if name in found and found[name].is_open:
                kept.append(name)
        return kept

    def _close(self, names: Sequence[str], reason: str) -> str:
        """Close issues in one call; the error message of `bd`, empty when it succeeded."""
        result = self._run("close", *names, "--reason", reason, "--json")
        if result.status == 0:
            return ""
        return _message(result)

    def _below(self, name: str, records: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
        """The issues that may belong to this one: all that depend on it, or its descendants if `bd` has no such tree.

        The tree takes one call, the descendants one call for each issue. An epic without children needs neither.
        """
        tree = self._run("dep", "tree", name, "--direction", "up", "--json")
        if tree.status == 0:
            dependents = frozenset(row["id"] for row in _rows(tree)) - {name}
            if dependents:
                return dependents
        if records[name].get("epic_total_children") == 0:
            return frozenset()
        return self._descendants(name)

    def _descendants(self, name: str) -> frozenset[str]:
        """All issues below this one, with one call for each of them."""
        found: set[str] = set()
        unvisited = [name]
        while unvisited:
            parent = unvisited.pop()
            listed = self._run("list", "--parent", parent, "--all", "--limit", "0", "--json")
            if listed.status != 0:
                continue
            children = {row["id"] for row in _rows(listed)} - found - {name}
            found |= children
            unvisited += sorted(children)
        return frozenset(found)

    def _show(self, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """The records of those of these issues that exist, by id.

        `bd` also completes shortened ids; those records are dropped, since nobody asked for them.
        """
        found: dict[str, Mapping[str, Any]] = {}
        for start in range(0, len(names), NAMES_PER_CALL):
            group = names[start : start + NAMES_PER_CALL]
            for row in self._records(group):
                if row["id"] in group:
                    found[row["id"]] = row
        return found

    def _records(self, names: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """The records that `bd show` prints. It fails as a whole when one issue is unknown: then each is asked alone.

        A broken answer is asked for once more, since a `bd` that starts its server may fail the first time.
        Raises Unavailable when the second answer is broken too.
        """
        result = self._run("show", *names, "--json")
        if _is_broken(result):
            result = self._run("show", *names, "--json")
        if _is_broken(result):
            raise Unavailable(f"bd show failed: {_message(result)}", hint="bd doctor")
        if result.status == 0:
            yield from _rows(result)
        elif len(names) > 1:
            for name in names:
                yield from self._records((name,))

    def _run(self, *arguments: str) -> ProgramResult:
        """Run `bd` in the repository's root. Raises Unavailable when it is missing or takes longer than its limit."""
        return run((PROGRAM, *arguments), self._env, cwd=self._root, wait_seconds=self._wait_seconds)


def _rows(result: ProgramResult) -> tuple[Mapping[str, Any], ...]:
    """The records in the output of `bd`, each with an `id`. Raises Unavailable for an output that is not JSON."""
    try:
        return parse_answer(result.out)
    except NotJson as error:
        raise Unavailable(f"bd did not answer in JSON: {error}", hint="bd doctor") from None


def _is_broken(result: ProgramResult) -> bool:
    """Whether `bd` failed for any other reason than an unknown issue."""
    if result.status == 0:
        return False

    message = _message(result)
    if _BROKEN.search(message):  # first: such a message may also tell that something was not found
        return True
    return _UNKNOWN.search(message) is None


def _message(result: ProgramResult) -> str:
    """The output of a failed program, on one line of at most 300 characters, errors first."""
    text = " ".join(f"{result.err} {result.out}".split())
    return text[:300] or f"status {result.status}"
