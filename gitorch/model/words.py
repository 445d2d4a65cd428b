"""`Words`: a closed set of words, such as the phases of a job. To a type checker it is `enum.StrEnum`, and it behaves as one.

Making a class of `enum` takes four times as long as this one, and a verb imports 35 of them: 0.1 × the import of click.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from enum import StrEnum as Words
else:

    class _Members(type):
        """What a set of words itself can be asked."""

        def __iter__(cls) -> Iterator[Words]:
            """Its words, in the order of their definition."""
            return iter(cls._by_text.values())

        def __len__(cls) -> int:
            return len(cls._by_text)

    class Words(str, metaclass=_Members):  # noqa: SLOT000  a str cannot have slots, and a word has its name
        """Each class attribute is a word. A word equals its text; `Phase("ready")` is the word itself, or raises ValueError."""

        _by_text: Mapping[str, Words] = {}

        def __init_subclass__(cls) -> None:
            cls._by_text = {}
            for name, text in tuple(vars(cls).items()):
                if type(text) is str and not name.startswith("_"):
                    word = str.__new__(cls, text)
                    word.name, word.value = name, text
                    cls._by_text[text] = word
                    setattr(cls, name, word)

        def __new__(cls, text: str) -> Self:
            """The word with this text. Raises ValueError where there is none."""
            try:
                return cls._by_text[text]
            except KeyError:
                raise ValueError(f"{text!r} is not a valid {cls.__name__}") from None

        def __repr__(self) -> str:
            return f"<{type(self).__name__}.{self.name}: {self.value!r}>"


__all__ = ["Words"]
