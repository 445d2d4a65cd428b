"""The line syntax of a plan: what a heading, a line or a list item means, if it means anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.values import Value, replace
from gitorch.text.markdown import plain

if TYPE_CHECKING:
    from collections.abc import Collection

_NUMBER = r"\W*(?:\d+(?:\.\d+)*[.):]?\s+)?"
"""What a heading may begin with: punctuation, and a number such as `2.1`."""

_EPIC = re.compile(rf"{_NUMBER}epic\s*[:：]\s*(?P<body>.*)", re.IGNORECASE)
_EPIC_NAMED = re.compile(
    rf"{_NUMBER}epic\s+(?P<id>\S+?)\s*(?:[:：]|\s(?:—|–|--?)(?=\s|$))\s*(?P<title>.*)", re.IGNORECASE
)
_EPIC_NUMBERED = re.compile(
    rf"{_NUMBER}epic[\s#_-]*(?P<id>\d+)(?:\s*[:：.)]|\s+(?:—|–|--?)(?=\s)|(?=\s)|$)\s*(?P<title>.*)", re.IGNORECASE
)
"""`Epic 1`, `Epic #1 The shop`, `EPIC-1. The shop`."""

_LEADING_NUMBER = re.compile(_NUMBER)
_ID_AND_TITLE = re.compile(r"(?P<id>\S+)\s+(?:—|–|--?)\s+(?P<title>.+)")
_ID_COLON_TITLE = re.compile(r"(?P<id>\S+?)\s*[:：]\s+(?P<title>.+)")
_CLOSED = re.compile(r"\s*[\[(](?:closed|done|completed?)[\])]\s*$", re.IGNORECASE)
_BRACKETED = re.compile(r"\s[\[(](?:epic:?\s+)?(?P<id>[^\s()\[\]]+)[\])]$", re.IGNORECASE)
_GATE = re.compile(r"Review Gate: (?P<id>\S.*)")
_GATE_TYPO = re.compile(rf"{_NUMBER}review[\s_-]*gate\b\s*(?:[:：—–-].*|\S+)?", re.IGNORECASE)
_GATE_LINE = re.compile(r"#+\s*review[\s_-]*gate\b.*|[*_]*review[\s_-]*gate[*_]*\s*[:：][*_]*\s*\S+", re.IGNORECASE)
_TASK = re.compile(
    rf"{_NUMBER}(?P<box>\[[^\[\]]?\]\s*)?task\b\s*(?P<label>[\w.-]*)\s*(?:[:：]|\s(?:—|–|--?)(?=\s))\s*(?P<title>.+)",
    re.IGNORECASE,
)
_TASKS = re.compile(r"[*_]*(?:tasks|checklist)[*_]*\s*:?[*_]*", re.IGNORECASE)
_FIELD = re.compile(
    r"[*_]*(?P<key>depends(?:[ -]on)?|dependencies|blocked[ -]by|scope|not|status|runtime|hosts|design)(?:[ -]doc(?:ument)?)?[*_]*\s*:[*_]*(?:\s+|$)(?P<value>.*)",
    re.IGNORECASE,
)
_STATES_NEED = re.compile(
    r"(?i)\b(?:depend(?:s|ing|ent)?\s+(?:up)?on|requires?|prerequisites?|blocked\s+by|waits?\s+for|builds?\s+(?:up)?on"
    r"|must\s+follow|follows|needs|after|once)\b"
)
_NAMING = frozenset({"depends on", "dependencies", "scope", "not"})
"""The keys of the fields that name epics or files, which may stand in a list below them."""

_SYNONYMS = frozenset({"depends", "blocked by"})
_BOX = re.compile(r"\[\s*(?P<mark>[^\[\]\s\d]?)\ufe0f?\s*\](?P<optional>\*?)(?:\s+(?P<words>.*))?", re.DOTALL)
"""A box with at most one mark in it. A number in brackets is a citation."""

_TICKS = frozenset("xX✓✔")
"""The marks of a finished task; any other mark leaves it open."""
_LINK = re.compile(r"\[[^\]]*\]\((?P<to>[^)\s]+)[^)]*\)")
_SEPARATORS = re.compile(r"(?:[,;、，]|\s(?:and|&|\+)\s)(?![^()]*\))")
_COMMENT = re.compile(r"\s*\([^()]*\)\s*$")
_NOTHING = frozenset({"", "-", "—", "–", "none", "nothing", "n/a", "no other epic"})


class EpicHeading(Value):
    """An epic's heading."""

    id: str
    """Empty when the heading gives only a title."""
    title: str
    closed: bool
    alias: str = ""
    """The number before the word `Epic`, or the id in the heading where a list or table gives the epic another one."""

    def names(self) -> tuple[str, ...]:
        """The words that other places may use as the epic's id, the most certain first.

        The id, a title of one word, a word in brackets at the end.
        """
        names: list[str] = []
        if self.id:
            names.append(self.id)
        if self.title and not re.search(r"\s", self.title):
            names.append(self.title)

        bracketed = _BRACKETED.search(self.title)
        if bracketed:
            names.append(bracketed["id"])

        return tuple(names)

    @property
    def is_numbered(self) -> bool:
        """Whether the title may name the epic.

        True for a heading without an id, or with only a number for one: `Epic 1: The shop`.
        """
        return not self.id or self.id.isdigit()


class TaskLine(Value):
    """A task's heading or checklist item."""

    title: str
    done: bool
    optional: bool = False
    """Whether it is marked `[ ]*`: the epic is done without it, too."""


class Field(Value):
    """A line such as `Depends on: a, b`."""

    key: str
    """In lower case, with blanks between words; synonyms are replaced by `depends on`."""
    value: str


def parse_epic_heading(heading: str) -> EpicHeading | None:
    """Read the heading of an epic; None for any other heading.

    Accepts `Epic: <id> — <Title>`, `Epic <id>: <Title>` and `Epic: <Title>`, each with `[closed]` or `(done)` at its end.
    A number and punctuation may stand before the word `Epic`; the number is another name of the epic.
    """
    read = _epic_heading(heading)
    if read is None:
        return None

    before, _, _ = heading.casefold().partition("epic")
    return replace(read, alias=re.sub(r"[^0-9.]", "", before).strip("."))


def _epic_heading(heading: str) -> EpicHeading | None:
    """The heading of an epic without the number before it; None for any other heading."""
    closed = bool(_CLOSED.search(heading))
    heading = _CLOSED.sub("", heading)
    found = _EPIC.fullmatch(heading)
    if found:
        return _behind_epic(found, closed=closed)

    found = _EPIC_NAMED.fullmatch(heading)
    if found:
        return EpicHeading(found["id"].strip("#"), found["title"].strip() or found["id"], closed)

    found = _EPIC_NUMBERED.fullmatch(heading)
    if found:
        return EpicHeading(found["id"], found["title"].strip() or heading.strip(), closed)

    return None


def _behind_epic(found: re.Match[str], *, closed: bool) -> EpicHeading:
    """The heading of an epic from the text behind `Epic`, with an id where it has one."""
    body = found["body"].strip()
    named = _ID_AND_TITLE.fullmatch(body)
    if named:
        return EpicHeading(named["id"], named["title"].strip(), closed)

    return EpicHeading("", body, closed)


def known_id_in(heading: str, epic: EpicHeading | None, known: Collection[str]) -> str | None:
    """The known id that a heading names without the usual form; None when it names none.

    `epic` is the heading as `parse_epic_heading` read it. A numbered epic (`Epic 1 — shop-a1: The shop`) may name the id
    anywhere in its title.
    """
    if epic is None:
        return _known_id_in_plain_heading(heading, known)
    if not epic.is_numbered:
        return None

    return _first_known(epic, known)


def _first_known(epic: EpicHeading, known: Collection[str]) -> str | None:
    """The first of the title's words that is a known id; None where none is."""
    for word in _words(epic.title):
        if word in known:
            return word

    return None


def _known_id_in_plain_heading(heading: str, known: Collection[str]) -> str | None:
    """The known id that a heading without `Epic` names by its first word, or in brackets at its end.

    A purely alphabetic id is not accepted: it may be an ordinary word.
    """
    text = _LEADING_NUMBER.sub("", heading, count=1)
    choices = _words(text)[:1]
    bracketed = _BRACKETED.search(text)
    if bracketed:
        choices.append(bracketed["id"])

    for word in choices:
        if word in known and not word.isalpha():
            return word

    return None


def _words(text: str) -> list[str]:
    """The words of a heading, without the punctuation around them."""
    return re.findall(r"[^\s()\[\]`,:;—–]+", text)


def split_heading(heading: str) -> EpicHeading:
    """A heading without the word `Epic`, read as `<id> — <Title>` or `<id>: <Title>`.

    In any other form, all of it is the id.
    """
    text = _CLOSED.sub("", heading)
    closed = text != heading
    found = _ID_AND_TITLE.fullmatch(text) or _ID_COLON_TITLE.fullmatch(text)
    if found:
        return EpicHeading(found["id"], found["title"].strip(), closed)

    return EpicHeading(text.strip(), "", closed)


def parse_gate_heading(heading: str, level: int) -> str | None:
    """The id or title in a review gate; None for any other heading.

    A gate is exactly `Review Gate: <id>`, level 2. `looks_like_gate` finds those that are misspelt.
    """
    found = _GATE.fullmatch(heading)
    if found and level == 2:
        return found["id"].strip()

    return None


def looks_like_gate(heading: str) -> bool:
    """Whether a heading was probably meant as a review gate: `Review-Gate api`, `2. review gate: api`."""
    return bool(_GATE_TYPO.fullmatch(heading))


def line_looks_like_gate(line: str) -> bool:
    """Whether a line of running text was probably meant as the heading of a review gate: `**Review Gate:** api`."""
    return bool(_GATE_LINE.fullmatch(line))


def parse_task(text: str) -> TaskLine | None:
    """Read a task in a heading or list item; None for any other text.

    Accepts `Task: …` and `Task 1: …`, each with a checkbox before it or `[done]` behind it.
    """
    closed = bool(_CLOSED.search(text))
    found = _TASK.fullmatch(_CLOSED.sub("", text))
    if not found:
        return None

    ticked = bool(_TICKS.intersection(found["box"] or ""))
    return TaskLine(found["title"].strip(), closed or ticked)


def announces_tasks(line: str) -> bool:
    """Whether this is `Tasks:` or `Checklist:`, a line or heading of its own whose list holds the tasks."""
    return bool(_TASKS.fullmatch(line))


def stands_apart(line: str) -> bool:
    """Whether a line means something by itself, also directly below a list item or text: a field, `Tasks:`, a misspelt gate.

    The word `Tasks` without a colon may be the end of a sentence.
    """
    if parse_field(line) is not None:
        return True
    if line_looks_like_gate(line):
        return True

    has_colon = line.rstrip("*_").endswith(":")
    return has_colon and announces_tasks(line)


def field_in_heading(heading: str) -> Field | None:
    """A field that was written as a heading, `### Depends on: api` or `### Scope`; None for any other heading.

    Without a colon, words such as `Design` and `Status` are ordinary headings.
    """
    field = parse_field(heading)
    if field is not None:
        return field

    bare = parse_field(f"{heading}:")
    if bare is None:
        return None
    if bare.key not in _NAMING:
        return None

    return bare


def parse_checkbox(lines: tuple[str, ...]) -> TaskLine | None:
    """Read `[ ] …` or `[x] …` at the beginning of a list item; None for any other item.

    `lines` are those of the item's first paragraph. The title is without markup, and may be empty. A mark that is no tick
    leaves the task open, and `[ ]* …` is an optional task.
    """
    found = _BOX.fullmatch("\n".join(lines))
    if not found:
        return None

    return TaskLine(plain(found["words"] or ""), found["mark"] in _TICKS, bool(found["optional"]))


def may_state_need(line: str) -> bool:
    """Whether a line of running text may state a dependency: as `Requires Epic 1` does."""
    return bool(_STATES_NEED.search(line))


def parse_field(line: str) -> Field | None:
    """Read a field with its value; None for any other line.

    Accepts `Depends on:`, `Scope:`, `Not:`, `Status:`, `Runtime:`, `Hosts:` and `Design:`, in any case, bold or not. The value may be empty.
    """
    found = _FIELD.fullmatch(line)
    if not found:
        return None

    key = found["key"].lower().replace("-", " ")
    if key in _SYNONYMS:
        key = "depends on"

    return Field(key, found["value"].strip())


def split_names(value: str) -> tuple[str, ...]:
    """The parts of a `Depends on:` value, in its order; empty for `none`.

    Parts are separated by commas, semicolons, `and`, `&` or `+`: `api, #shop and Epic web`. A separator in brackets
    belongs to a comment.
    """
    text, spans = name_spans(value)
    return tuple(bare_name(text[begin:end]) for begin, end in spans)


def name_spans(value: str) -> tuple[str, list[tuple[int, int]]]:
    """A `Depends on:` value without markup, and where each of its parts begins and ends in it; no parts for `none`."""
    text = plain(value).rstrip(".")
    if _COMMENT.sub("", text).strip().lower() in _NOTHING:
        return text, []

    spans: list[tuple[int, int]] = []
    begin = 0
    for separator in _SEPARATORS.finditer(text):
        spans.append((begin, separator.start()))
        begin = separator.end()
    spans.append((begin, len(text)))

    return text, [span for span in spans if text[slice(*span)].strip()]


def bare_name(text: str) -> str:
    """A name without the word `Epic` and the `#` that may stand before it."""
    return re.sub(r"(?i)^epics?\s+", "", text.strip()).lstrip("#")


def is_closed_status(value: str) -> bool:
    """Whether a `Status:` value says that nothing is left to do: `closed`, `done`, `complete` or `completed`."""
    return plain(value).strip().rstrip(".").lower() in {"closed", "done", "complete", "completed"}


def path_in(value: str) -> str:
    """The path in a line's value.

    It stands there bare, in backticks, or as the target of a link: `[the design](docs/design.md)`.
    """
    link = _LINK.search(value)
    if link:
        return link["to"]

    return value.strip("`*<> ")
