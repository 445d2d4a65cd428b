"""The names by which a plan may call its epics: their ids, titles and numbers, in dependencies and gates alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.values import replace
from gitorch.text.plans.line_syntax import bare_name, name_spans
from gitorch.text.slug import slug

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitorch.text.plans.draft import Draft
    from gitorch.text.plans.sections import Reference

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
PARTS_MAX = 20
"""How many parts of a dependency are compared with one title, so that a long line is read in linear time."""


class EpicNames:
    """Finds the epics that a text names: by id, title, number, or text whose slug is an id or a title's."""

    def __init__(self, drafts: Sequence[Draft]) -> None:
        """Of several epics with one name, the first has it. An id wins over a title, and a title over a number."""
        self._long_titles = {_core(title) for title in _split_titles(drafts)}
        self.drafts = tuple(replace(draft, needs=self._split_all(draft.needs)) for draft in drafts)
        """The epics, each dependency with one name."""
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

    def split(self, value: str) -> tuple[str, ...]:
        """The names in the value of a dependency. A title that holds a separator, such as `Search & replace`, is one name."""
        text, spans = name_spans(value)
        names: list[str] = []
        at = 0
        while at < len(spans):
            last = self._last_part(text, spans, at)
            begin = spans[at][0]
            end = spans[last][1]
            names.append(bare_name(text[begin:end]))
            at = last + 1

        return tuple(names)

    def _last_part(self, text: str, spans: Sequence[tuple[int, int]], first: int) -> int:
        """The last part of the longest title that begins with this part; the part itself where none does."""
        if not self._long_titles:
            return first

        begin = spans[first][0]
        after = min(first + PARTS_MAX, len(spans))
        for last in range(after - 1, first, -1):
            end = spans[last][1]
            if _core(text[begin:end]) in self._long_titles:
                return last

        return first

    def _split_all(self, references: Sequence[Reference]) -> tuple[Reference, ...]:
        """The references with one name each.

        They keep their order and their lines, and whether they are certain.
        """
        split: list[Reference] = []
        for reference in references:
            for name in self.split(reference.text):
                one = replace(reference, text=name)
                split.append(one)

        return tuple(split)

    def several(self, text: str) -> tuple[str, ...]:
        """The parts of a name that are names of their own; empty unless all parts are, and for a name of one part."""
        whole, spans = name_spans(text)
        if len(spans) < 2:
            return ()

        parts: list[str] = []
        for begin, end in spans:
            part = whole[begin:end].strip()
            if self._exact(part) is None:
                return ()
            parts.append(part)

        return tuple(parts)

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


def _split_titles(drafts: Sequence[Draft]) -> Iterator[str]:
    """The titles with something in them that separates names elsewhere."""
    for draft in drafts:
        if len(name_spans(draft.title)[1]) > 1:
            yield draft.title


def _core(text: str) -> str:
    """A title without the words and brackets that a dependency may put around it, in lower case."""
    bare = _BRACKETS.sub("", bare_name(text)).strip()
    begun = _BEFORE.sub("", bare, count=1)
    core = _BEHIND.sub("", begun, count=1)
    return core.strip("# .").casefold()


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
