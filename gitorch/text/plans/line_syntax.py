"""The words of a plan: what a heading, a line or an item says, if it says anything that a plan understands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.text.markdown import plain

if TYPE_CHECKING:
    from collections.abc import Collection

_NUMBER = r"\W*(?:\d+(?:\.\d+)*[.):]?\s+)?"
"""What may stand before the first word of a heading: signs, and a number such as `2.1`."""

_EPIC = re.compile(rf"{_NUMBER}epic\s*[:：]\s*(?P<body>.*)", re.IGNORECASE)
_EPIC_NAMED = re.compile(
    rf"{_NUMBER}epic\s+(?P<id>\S+?)\s*(?:[:：]|\s(?:—|–|--?)(?=\s|$))\s*(?P<title>.*)", re.IGNORECASE
)
_LEADING_NUMBER = re.compile(_NUMBER)
_ID_AND_TITLE = re.compile(r"(?P<id>\S+)\s+(?:—|–|--?)\s+(?P<title>.+)")
_ID_COLON_TITLE = re.compile(r"(?P<id>\S+?)\s*[:：]\s+(?P<title>.+)")
_CLOSED = re.compile(r"\s*[\[(](?:closed|done|completed?)[\])]\s*$", re.IGNORECASE)
_BRACKETED = re.compile(r"\s[\[(](?:epic:?\s+)?(?P<id>[^\s()\[\]]+)[\])]$", re.IGNORECASE)
_GATE = re.compile(r"Review Gate: (?P<id>\S+)")
_GATE_TYPO = re.compile(rf"{_NUMBER}review[\s_-]*gate\b\s*(?:[:：—–-].*|\S+)?", re.IGNORECASE)
_GATE_LINE = re.compile(r"#+\s*review[\s_-]*gate\b.*|[*_]*review[\s_-]*gate[*_]*\s*[:：][*_]*\s*\S+", re.IGNORECASE)
_TASK = re.compile(
    rf"{_NUMBER}(?P<box>\[[ xX]\]\s*)?task\b\s*(?P<label>[\w.-]*)\s*(?:[:：]|\s(?:—|–|--?)(?=\s))\s*(?P<title>.+)",
    re.IGNORECASE,
)
_TASKS = re.compile(r"[*_]*(?:tasks|checklist)[*_]*\s*:?[*_]*", re.IGNORECASE)
_FIELD = re.compile(
    r"[*_]*(?P<key>depends(?:[ -]on)?|dependencies|blocked[ -]by|scope|not|status|design)(?:[ -]doc(?:ument)?)?[*_]*\s*:[*_]*(?:\s+|$)(?P<value>.*)",
    re.IGNORECASE,
)
_SAME = frozenset({"depends", "blocked by"})
_BOX = re.compile(r"\[(?P<mark>[ xX])\](?:\s+(?P<words>.*))?", re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\((?P<to>[^)\s]+)[^)]*\)")
_NOTHING = frozenset({"", "-", "—", "–", "none", "nothing", "n/a", "no other epic"})


class EpicHeading(Value):
    """An epic's heading: `id` is empty when the heading gives only a title."""

    id: str
    title: str
    closed: bool


class TaskLine(Value):
    """A task's heading or checklist item."""

    title: str
    done: bool


class FieldLine(Value):
    """A line such as `Depends on: a, b`: the key in lower case with blanks, the value as written."""

    key: str
    value: str


def epic_words(heading: str) -> EpicHeading | None:
    """`Epic: <id> — <Title>`, `Epic <id>: <Title>`, `Epic: <Title>`; None for any other heading."""
    closed = bool(_CLOSED.search(heading))
    heading = _CLOSED.sub("", heading)
    if found := _EPIC.fullmatch(heading):
        body = found["body"].strip()
        named = _ID_AND_TITLE.fullmatch(body)
        return EpicHeading(named["id"], named["title"].strip(), closed) if named else EpicHeading("", body, closed)
    if found := _EPIC_NAMED.fullmatch(heading):
        return EpicHeading(found["id"].strip("#"), found["title"].strip() or found["id"], closed)
    return None


def heading_names(words: EpicHeading) -> tuple[str, ...]:
    """Words of an epic's heading that may be its id elsewhere: the one given as id, a title of one word, one in brackets."""
    bracketed = _BRACKETED.search(words.title)
    alone = words.title if words.title and not re.search(r"\s", words.title) else ""
    return tuple(word for word in (words.id, alone, bracketed["id"] if bracketed else "") if word)


def word_among(words: EpicHeading | None, heading: str, known: Collection[str]) -> str | None:
    """The id, of those known, that a heading names without the usual form; None where it names none.

    An epic that is only numbered (`Epic 1 — shop-a1: The shop`) may name it anywhere; another heading at its beginning or in
    brackets at its end, and then only an id that is no plain word.
    """
    if words is not None:
        return next((word for word in _words_of(words.title) if word in known), None) if _counted(words.id) else None
    text = _LEADING_NUMBER.sub("", heading, count=1)
    bracketed = _BRACKETED.search(text)
    choices = (*_words_of(text)[:1], bracketed["id"] if bracketed else "")
    return next((word for word in choices if word in known and not word.isalpha()), None)


def _words_of(text: str) -> list[str]:
    return re.findall(r"[^\s()\[\]`,:;—–]+", text)


def _counted(name: str) -> bool:
    return not name or name.isdigit()


def named_words(heading: str) -> tuple[str, str, bool]:
    """A heading taken apart as `<id> — <Title>` or `<id>: <Title>`: id, title (empty when there is only one part), closed."""
    text = _CLOSED.sub("", heading)
    found = _ID_AND_TITLE.fullmatch(text) or _ID_COLON_TITLE.fullmatch(text)
    closed = text != heading
    return (found["id"], found["title"].strip(), closed) if found else (text.strip(), "", closed)


def gate_id(heading: str, level: int) -> str | None:
    """The id of a heading that is a review gate to the prompt: level 2, `Review Gate: <id>`."""
    found = _GATE.fullmatch(heading)
    return found["id"] if found and level == 2 else None


def almost_gate(heading: str) -> bool:
    """Whether a heading was probably meant as a review gate."""
    return bool(_GATE_TYPO.fullmatch(heading))


def almost_gate_line(line: str) -> bool:
    """Whether a line of running text was probably meant as the heading of a review gate."""
    return bool(_GATE_LINE.fullmatch(line))


def task_words(heading: str) -> TaskLine | None:
    """`Task: …`, `Task 1: …`; None for any other heading."""
    done = bool(_CLOSED.search(heading))
    found = _TASK.fullmatch(_CLOSED.sub("", heading))
    if not found:
        return None
    return TaskLine(found["title"].strip(), done or "x" in (found["box"] or "").lower())


def is_tasks_line(line: str) -> bool:
    """`Tasks:` as a line or heading of its own, after which a list holds the tasks."""
    return bool(_TASKS.fullmatch(line))


def box_words(lines: tuple[str, ...]) -> TaskLine | None:
    """`[ ] …` or `[x] …` at the beginning of a list item."""
    found = _BOX.fullmatch("\n".join(lines))
    return TaskLine(plain(found["words"] or ""), found["mark"] != " ") if found else None


def field_words(line: str) -> FieldLine | None:
    """`Depends on:`, `Scope:`, `Not:`, `Status:`, `Design:` with what follows, however bold; `Blocked by:` says the same."""
    found = _FIELD.fullmatch(line)
    if not found:
        return None
    key = found["key"].lower().replace("-", " ")
    return FieldLine("depends on" if key in _SAME else key, found["value"].strip())


def names_of(value: str) -> tuple[str, ...]:
    """The epics that a `Depends on:` value names; empty for `none`."""
    said = plain(value).rstrip(".")
    if said.strip().lower() in _NOTHING:
        return ()
    pieces = re.split(r"[,;]|\s(?:and|&)\s", said)
    return tuple(re.sub(r"(?i)^epic\s+", "", piece.strip()).lstrip("#") for piece in pieces if piece.strip())


def is_closed_status(value: str) -> bool:
    """Whether a `Status:` value says that there is nothing left to do."""
    return plain(value).strip().rstrip(".").lower() in {"closed", "done", "complete", "completed"}


def path_of(value: str) -> str:
    """A path from a line's value: bare, in backticks, or the target of a link."""
    link = _LINK.search(value)
    return link["to"] if link else value.strip("`*<> ")
