"""The brief that `gitorch brief --json` prints, and the prompt that a submitted line stands for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

POINTER = re.compile(r"\.gitorch/(?:brief\.md|inbox/[\w.]+-(?P<kind>[a-z]+)\.md)")
CLEARED = "APPROVED"
REVIEWING = frozenset({"review", "phase_synthesis"})
"""Kinds of jobs that end with a verdict."""


class Raised(NamedTuple):
    """A finding to answer."""

    number: int
    severity: str
    title: str
    path: str
    line: int
    detail: str


class Owed(NamedTuple):
    """A document that the job must leave: its path, and the kind that decides its fields."""

    path: str
    kind: str = "other"


class Entry(NamedTuple):
    """A finding of the reviews that the job needs: to list in a ledger, or to answer in a synthesis."""

    number: int
    source: str
    severity: str
    title: str
    disposition: str
    path: str
    line: int
    detail: str

    @property
    def place(self) -> str:
        """The path, with the line where one is named."""
        if not self.line:
            return self.path

        return f"{self.path}:{self.line}"


class Brief(NamedTuple):
    """One job, as far as the agent needs to know it."""

    job: str
    kind: str = "build"
    title: str = ""
    attempt: int = 1
    subject: str = ""
    """The job that a review judges."""

    stage: int = 0
    """The place of a review in the order of reviews, from 1; 0 for other work."""

    commit: str = ""
    """The full id of the commit under review, or empty."""

    base: str = ""
    """The full id of the commit that the work starts from, or empty."""

    nonce: str = ""
    tasks: tuple[str, ...] = ()
    text: str = ""
    findings: tuple[Raised, ...] = ()
    answers: tuple[tuple[str, str], ...] = ()
    allowed: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    owed: tuple[Owed, ...] = ()
    entries: tuple[Entry, ...] = ()
    test_command: str = ""

    @property
    def reviews(self) -> bool:
        """Whether this job ends with a verdict."""
        return self.kind in REVIEWING

    def answer_to(self, question: str) -> str | None:
        """The newest answer to a question; None without an answer.

        White space does not matter. The same question counts before a longer one that contains it, because gitorch may put
        words around what the agent asked.
        """
        asked = _words(question)
        containing: str | None = None
        exact: str | None = None

        for known, answer in self.answers:
            if _words(known) == asked:
                exact = answer

            if asked in _words(known):
                containing = answer

        if exact is not None:
            return exact

        return containing


class Prompt(NamedTuple):
    """A prompt from gitorch, or a line that a person typed: its kind, and its text."""

    kind: str
    text: str


def prompt_of(line: str, worktree: Path) -> Prompt:
    """The prompt in the file that a submitted line names.

    Without a readable file, the line itself is the prompt. A line that names no file is a clearance if it begins like one,
    and otherwise what a person typed.
    """
    pointer = POINTER.search(line)
    if pointer is None:
        kind = "other"
        if line.startswith(CLEARED):
            kind = "cleared"

        return Prompt(kind, line)

    try:
        text = (worktree / pointer.group()).read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = line

    return Prompt(pointer.group("kind") or "brief", text)


def parse_brief(data: Mapping[str, object]) -> Brief:
    """The brief from decoded JSON, as `gitorch brief --json` prints it under `brief`.

    Missing fields, and fields of another type, are empty, so that an agent works with an older gitorch, too.
    """
    scope = _table(data.get("scope"))
    return Brief(
        job=_text(data.get("job")),
        kind=_text(data.get("kind")) or "build",
        title=_text(data.get("title")),
        attempt=_number(data.get("attempt")) or 1,
        subject=_text(data.get("subject")),
        stage=_number(data.get("stage_number")),
        commit=_text(data.get("commit")),
        base=_text(data.get("base")),
        nonce=_text(data.get("nonce")),
        tasks=tuple(_task(item) for item in _list(data.get("tasks"))),
        text=_text(data.get("text")),
        findings=tuple(_raised(_table(item)) for item in _list(data.get("findings"))),
        answers=tuple(_answer(_table(item)) for item in _list(data.get("answers"))),
        allowed=tuple(_text(item) for item in _list(scope.get("allowed"))),
        forbidden=tuple(_text(item) for item in _list(scope.get("forbidden"))),
        owed=tuple(_owed(_table(item)) for item in _list(data.get("artifacts"))),
        entries=tuple(_entry(_table(item)) for item in _list(data.get("entries"))),
        test_command=_text(data.get("test_command")),
    )


def _owed(item: Mapping[str, object]) -> Owed:
    """A document that the job must leave, from its table."""
    return Owed(_text(item.get("path")), _text(item.get("kind")) or "other")


def _entry(item: Mapping[str, object]) -> Entry:
    """A finding of another review, from its table."""
    return Entry(
        _number(item.get("number")),
        _text(item.get("source")),
        _text(item.get("severity")),
        _text(item.get("title")),
        _text(item.get("disposition")),
        _text(item.get("path")),
        _number(item.get("line")),
        _text(item.get("detail")),
    )


def _raised(item: Mapping[str, object]) -> Raised:
    """A finding to answer, from its table."""
    return Raised(
        _number(item.get("number")),
        _text(item.get("severity")),
        _text(item.get("title")),
        _text(item.get("path")),
        _number(item.get("line")),
        _text(item.get("detail")),
    )


def _answer(item: Mapping[str, object]) -> tuple[str, str]:
    """The question and its answer, from their table."""
    return _text(item.get("question")), _text(item.get("answer"))


def _task(item: object) -> str:
    """The title of a task, which may be a plain text."""
    if isinstance(item, dict):
        return _text(item.get("title"))

    return _text(item)


def _words(text: str) -> str:
    """The text with single blanks between its words.

    Two texts that differ only in line breaks or indentation compare as equal.
    """
    return " ".join(text.split())


def _text(value: object) -> str:
    """The value, if it is a text; empty for a missing value and for one of another type."""
    if not isinstance(value, str):
        return ""

    return value


def _number(value: object) -> int:
    """The value, if it is a whole number; 0 for a missing value and for one of another type."""
    if not isinstance(value, int):
        return 0

    return value


def _list(value: object) -> list[object]:
    """The value, if it is a list; empty for a missing value and for one of another type."""
    if not isinstance(value, list):
        return []

    return value


def _table(value: object) -> Mapping[str, object]:
    """The value, if it is a JSON object; empty for a missing value and for one of another type."""
    if not isinstance(value, dict):
        return {}

    return value
