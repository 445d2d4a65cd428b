"""The brief that `gitorch brief --json` prints, and the prompt that a submitted line stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

POINTER = re.compile(r"\.gitorch/(?:brief\.md|inbox/[\w.]+-(?P<kind>[a-z]+)\.md)")
CLEARED = "APPROVED"
REVIEWING = frozenset({"review", "phase_synthesis"})
"""Kinds of jobs that end with a verdict."""


@dataclass(frozen=True, slots=True)
class Raised:
    """A finding to answer."""

    number: int
    severity: str
    title: str
    path: str
    line: int
    detail: str


@dataclass(frozen=True, slots=True)
class Brief:
    """One job, as far as the agent needs to know it."""

    job: str
    kind: str = "build"
    title: str = ""
    attempt: int = 1
    subject: str = ""
    """The job that a review judges."""

    stage: int = 0
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
    owed: tuple[str, ...] = ()

    @property
    def reviews(self) -> bool:
        """Whether this job ends with a verdict."""
        return self.kind in REVIEWING

    def answer_to(self, question: str) -> str | None:
        """The newest answer to a question, or to one that contains it; None without an answer."""
        asked = _words(question)
        containing: str | None = None
        exact: str | None = None

        for known, answer in self.answers:
            if _words(known) == asked:
                exact = answer

            if asked in _words(known):
                containing = answer

        return containing if exact is None else exact


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt from gitorch, or a line that a person typed: its kind, and its text."""

    kind: str
    text: str


def prompt_of(line: str, worktree: Path) -> Prompt:
    """The prompt in the file that a submitted line names. Without a readable file, the line itself is the prompt."""
    pointer = POINTER.search(line)
    if pointer is None:
        kind = "cleared" if line.startswith(CLEARED) else "other"
        return Prompt(kind, line)

    try:
        text = (worktree / pointer.group()).read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = line

    return Prompt(pointer.group("kind") or "brief", text)


def parse_brief(data: Mapping[str, object]) -> Brief:
    """The brief from decoded JSON; missing fields are empty."""
    scope = _table(data.get("scope"))
    return Brief(
        job=_text(data.get("job")),
        kind=_text(data.get("kind")) or "build",
        title=_text(data.get("title")),
        attempt=_number(data.get("attempt")) or 1,
        subject=_text(data.get("subject")),
        stage=_number(data.get("stage")),
        commit=_text(data.get("commit")),
        base=_text(data.get("base")),
        nonce=_text(data.get("nonce")),
        tasks=tuple(_task(item) for item in _list(data.get("tasks"))),
        text=_text(data.get("text")),
        findings=tuple(_raised(_table(item)) for item in _list(data.get("findings"))),
        answers=tuple(_answer(_table(item)) for item in _list(data.get("answers"))),
        allowed=tuple(_text(item) for item in _list(scope.get("allowed"))),
        forbidden=tuple(_text(item) for item in _list(scope.get("forbidden"))),
        owed=tuple(_text(_table(item).get("path")) for item in _list(data.get("artifacts"))),
    )


def _raised(item: Mapping[str, object]) -> Raised:
    return Raised(
        _number(item.get("number")),
        _text(item.get("severity")),
        _text(item.get("title")),
        _text(item.get("path")),
        _number(item.get("line")),
        _text(item.get("detail")),
    )


def _answer(item: Mapping[str, object]) -> tuple[str, str]:
    return _text(item.get("question")), _text(item.get("answer"))


def _task(item: object) -> str:
    """The title of a task, which may be a plain text."""
    if isinstance(item, dict):
        return _text(item.get("title"))

    return _text(item)


def _words(text: str) -> str:
    """The text with single blanks between its words, so that line breaks do not matter."""
    return " ".join(text.split())


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
