"""Ids of epics and jobs, and names of branches: what they may look like, and how an id is made from a title."""

from __future__ import annotations

import re
import unicodedata

ID_LENGTH_MAX = 39

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,38}")
_TAKEN = re.compile(r"[qspm][0-9]+")
_FOLDS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})

RESERVED = frozenset({"approval", "merge", "none", "nothing", "orchestrator", "principal", "operator", "host"})
"""Words that name something else wherever an epic's id may stand."""


def slug(title: str, fallback: str = "") -> str:
    """An id from words: lower-case ASCII, accents dropped, at most 39 characters, cut between words.

    `fallback` when nothing of the title can be kept, as with emoji or scripts that have no ASCII base letters.
    """
    plain = unicodedata.normalize("NFKD", title.casefold().translate(_FOLDS)).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain)
    kept = ""
    for word in words:
        longer = f"{kept}-{word}" if kept else word
        if len(longer) > ID_LENGTH_MAX:
            break
        kept = longer
    return kept or (words[0][:ID_LENGTH_MAX] if words else fallback)


def id_fault(name: str) -> str:
    """Why a name is no id of an epic or job, or an empty string when it is one. Says nothing of reserved words."""
    if len(name) > ID_LENGTH_MAX:
        return f"is longer than {ID_LENGTH_MAX} characters"
    if not _ID.fullmatch(name):
        return "may hold only a-z, 0-9 and -, and begins with a letter or digit"
    if name.endswith("-"):
        return "must not end with -"
    if _TAKEN.fullmatch(name):
        return "looks like the id of a question, session, prompt or message (q1, s1, p1, m1)"
    return ""


def epic_id_fault(name: str) -> str:
    """As `id_fault`, and the words that a compiled plan uses itself are refused too."""
    return id_fault(name) or ("is a reserved word" if name in RESERVED else "")


def branch_fault(name: str) -> str:
    """Why a name is no short name of a branch, or an empty string when it is one (git-check-ref-format, a little stricter)."""
    if not name:
        return "is empty"
    if name.startswith("refs/"):
        return "must be a branch's short name, such as main"
    if name[0] in "-/." or name[-1] in "/." or name.endswith(".lock") or name in {"@", "HEAD"}:
        return "is no name of a branch"
    if any(ord(char) <= 32 or ord(char) == 127 or char in "~^:?*[\\" for char in name):
        return "holds a blank or a sign that git does not allow"
    return "is no name of a branch" if any(bad in name for bad in ("..", "@{", "//", "/.")) else ""
