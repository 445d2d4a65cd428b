"""The names by which a plan may call its epics: their ids, titles and numbers, in dependencies and gates alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.text.slug import slug

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitorch.text.plans.draft import Draft

_ALL = re.compile(r"(?:all|every|everything)(?:\s+of\s+the)?(?:\s+other)?(?:\s+(?:epics?|others))?", re.IGNORECASE)
_ALL_BEFORE = re.compile(
    r"(?:all|every|everything)(?:\s+of\s+the)?\s+(?:previous|prior|preceding|earlier|above)(?:\s+epics?)?"
    r"|(?:all|every)\s+epics?\s+(?:above|before)",
    re.IGNORECASE,
)
_ONE_BEFORE = re.compile(r"(?:the\s+)?(?:previous|preceding|prior)\s+epic", re.IGNORECASE)
_RANGE = re.compile(r"#?(?P<first>\d{1,4})\s*(?:-|–|—|to|through)\s*#?(?P<last>\d{1,4})", re.IGNORECASE)
_BRACKETS = re.compile(r"\s*[(\[（](?P<inside>[^)\]）]*)[)\]）]")
_BEFORE = re.compile(r"(?:the\s+)?(?:completion\s+of\s+|after\s+)?(?:the\s+)?(?:epics?\b[\s:#-]*)?", re.IGNORECASE)
_BEHIND = re.compile(
    r"(?:'s)?\s+(?:(?:is|are|has|have|must|should|be|been)\s+)*"
    r"(?:completion|completed?|done|finished|merged|passed|ready|closed|first|gate|epic)\W*",
    re.IGNORECASE,
)
_TAIL = re.compile(r"\s*(?:[:：]|\s(?:—|–|--?))\s.*", re.DOTALL)
RANGE_MAX = 100


class EpicNames:
    """Finds the epics that a text names: by id, title, number, or text whose slug is an id or a title's."""

    def __init__(self, drafts: Sequence[Draft]) -> None:
        """Of several epics with one name, the first has it. An id wins over a title, and a title over a number."""
        self.drafts = tuple(drafts)
        self.order: list[str] = []
        for draft in drafts:
            self.order.append(draft.id)

        self._names: dict[str, str] = {}
        for names in (_ids, _titles, _aliases, _slugs):
            for draft in drafts:
                for name in names(draft):
                    self._names.setdefault(name, draft.id)

    def resolve(self, text: str) -> str | None:
        """The id of the epic that a text names; None when it names none. Words around the name may be there."""
        for choice in _choices(text):
            found = self._exact(choice)
            if found is not None:
                return found

        return None

    def resolve_all(self, text: str, own: str) -> tuple[str, ...]:
        """The ids of all epics that a dependency of the epic `own` names: one, a range, or all before it."""
        bare = _BRACKETS.sub("", text).strip()
        several = self._range(bare)
        if several and self._exact(bare) is None:
            return several

        one = self.resolve(text)
        if one is not None:
            return (one,)

        return self._by_place(bare, own)

    def _by_place(self, text: str, own: str) -> tuple[str, ...]:
        """The epics that words such as `all previous epics` mean; empty for other words."""
        if _ALL_BEFORE.fullmatch(text):
            return self._before(own)
        if _ONE_BEFORE.fullmatch(text):
            return self._before(own)[-1:]
        if _ALL.fullmatch(text) is None:
            return ()

        others = list(self.order)
        others.remove(own)
        return tuple(others)

    def known(self) -> tuple[str, ...]:
        """Every name, in the order in which names win."""
        return tuple(self._names)

    def suggestion(self, text: str) -> str:
        """The epic that a number may mean by its place in the plan; empty for any other text."""
        digits = _BEFORE.sub("", text, count=1).strip("# ")
        if not digits.isascii() or not digits.isdigit():
            return ""

        place = int(digits[:6])
        if not 0 < place <= len(self.order):
            return ""

        return self.order[place - 1]

    def _exact(self, text: str) -> str | None:
        """The epic with exactly this name, whatever its case, or with this slug."""
        made = slug(text)
        for name in (text, text.casefold(), made):
            found = self._names.get(name)
            if found is not None:
                return found

        return None

    def _before(self, own: str) -> tuple[str, ...]:
        """The epics that stand before this one."""
        return tuple(self.order[: self.order.index(own)])

    def _range(self, text: str) -> tuple[str, ...]:
        """The epics of a range of numbers, such as `1-3`; empty unless every number of it names an epic."""
        found = _RANGE.fullmatch(_BEFORE.sub("", text, count=1).strip())
        if found is None:
            return ()

        first, last = int(found["first"]), int(found["last"])
        if last - first > RANGE_MAX:
            return ()

        epics: list[str] = []
        for number in range(first, last + 1):
            name = self._exact(str(number))
            if name is None:
                return ()
            epics.append(name)

        return tuple(epics)


def _ids(draft: Draft) -> tuple[str, ...]:
    """The id, and the id in lower case."""
    return (draft.id, draft.id.casefold())


def _titles(draft: Draft) -> tuple[str, ...]:
    """The title in lower case; none for an epic without a title."""
    if not draft.title:
        return ()
    return (draft.title.casefold(),)


def _aliases(draft: Draft) -> tuple[str, ...]:
    """The numbers that the plan gives to an epic."""
    return draft.aliases


def _slugs(draft: Draft) -> tuple[str, ...]:
    """The id that the title would give; none for a title without ASCII letters."""
    made = slug(draft.title)
    if not made:
        return ()
    return (made,)


def _choices(text: str) -> Iterator[str]:
    """The text, then the texts that may be left of it once the words around a name are removed, the most certain first."""
    yield text

    bare = _BRACKETS.sub("", text).strip()
    yield bare

    core = _BEHIND.sub("", _BEFORE.sub("", bare, count=1), count=1).strip("# .")
    if core:
        yield core
        yield _TAIL.sub("", core, count=1)

    for found in _BRACKETS.finditer(text):
        yield _BEFORE.sub("", found["inside"], count=1).strip("# ")
