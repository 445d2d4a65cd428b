"""Ids of epics and jobs, and names of branches: which are valid, and how a title becomes an id."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

ID_LENGTH_MAX = 39

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,38}")
_TAKEN = re.compile(r"[qspm][0-9]+")
_FOLDS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})

_BRANCH_FAULTS = (
    (re.compile(r"\A\Z"), "is empty"),
    (re.compile(r"\Arefs/"), "must be a branch's short name, such as main"),
    (re.compile(r"[\x00-\x20\x7f~^:?*\[\\]"), "contains a blank or a character that git does not allow"),
    (re.compile(r"\A(?:@|HEAD)\Z"), "is not a valid name of a branch"),
    (re.compile(r"\A[-/.]|[/.]\Z|\.lock\Z|\.\.|@\{|//|/\."), "is not a valid name of a branch"),
)
"""What a branch's name must not contain; the first fault is reported."""

RESERVED = frozenset({"approval", "merge", "none", "nothing", "orchestrator", "principal", "operator", "host"})
"""Words with another meaning in the places where an epic's id may stand."""


def slug(title: str, fallback: str = "") -> str:
    """An id from a title: lower-case ASCII without accents, at most 39 characters, cut between words.

    Gives `fallback` for a title without any ASCII base letters, such as emoji or Chinese. The result may be a reserved word.
    """
    folded = title.casefold().translate(_FOLDS)
    ascii_only = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    words: list[str] = re.findall(r"[a-z0-9]+", ascii_only)
    if not words:
        return fallback

    kept = words[0][:ID_LENGTH_MAX]

    for word in words[1:]:
        longer = f"{kept}-{word}"
        if len(longer) > ID_LENGTH_MAX:
            break
        kept = longer

    return kept


def unused(stem: str, taken: Collection[str]) -> str:
    """The stem, if no taken name equals it.

    Otherwise the stem with the first number from 2 on that makes it differ from all taken names: `api-2`.
    """
    name = stem
    number = 2

    while name in taken:
        name = f"{stem}-{number}"
        number += 1

    return name


def id_fault(name: str) -> str:
    """Why a name is not a valid id of an epic or job, or an empty string when it is.

    The text goes on after the name. Reserved words are valid here.
    """
    if len(name) > ID_LENGTH_MAX:
        return f"is longer than {ID_LENGTH_MAX} characters"
    if not _ID.fullmatch(name):
        return "may contain only a-z, 0-9 and -, and begins with a letter or digit"
    if name.endswith("-"):
        return "must not end with -"
    if _TAKEN.fullmatch(name):
        return "looks like the id of a question, session, prompt or message (q1, s1, p1, m1)"
    return ""


def epic_id_fault(name: str) -> str:
    """Why a name is not a valid id of an epic, or an empty string when it is.

    As `id_fault`, and the words that a compiled plan uses itself are refused, too.
    """
    if name in RESERVED:
        return "is a reserved word"
    return id_fault(name)


def branch_fault(name: str) -> str:
    """Why a name is not the short name of a branch, or an empty string when it is.

    The rules are those of git-check-ref-format, a little stricter. The text goes on after the name: `is empty`.
    """
    for pattern, fault in _BRANCH_FAULTS:
        if pattern.search(name):
            return fault

    return ""
