"""A set of words behaves as `enum.StrEnum` does, in everything that gitorch asks of one."""

from __future__ import annotations

import copy
import json
import pickle
from enum import StrEnum

import pytest

from gitorch.model.values import Value, asdict
from gitorch.model.words import Words


class OfEnum(StrEnum):
    READY = "ready"
    WAITING_HUMAN = "waiting_human"

    @property
    def is_over(self) -> bool:
        return self is type(self).READY


class Ours(Words):
    READY = "ready"
    WAITING_HUMAN = "waiting_human"
    """Text below a word is no word."""

    @property
    def is_over(self) -> bool:
        return self is type(self).READY


class Held(Value):
    phase: Ours | OfEnum
    phases: tuple[Ours | OfEnum, ...]
    named: dict[str, Ours | OfEnum]


QUESTIONS = {
    "all words": lambda kind: [str(word) for word in kind],
    "how many": len,
    "names": lambda kind: [word.name for word in kind],
    "texts": lambda kind: [word.value for word in kind],
    "a word by its text": lambda kind: kind("ready") is kind.READY,
    "a method": lambda kind: (kind.READY.is_over, kind.WAITING_HUMAN.is_over),
    "equal to its text": lambda kind: (kind.READY == "ready", kind.READY != "late", {"ready": 1}[kind.READY]),
    "unlike a second word": lambda kind: kind.READY == kind.WAITING_HUMAN,
    "in a sentence": lambda kind: f"{kind.READY} {kind.READY!s} {kind.READY:>8} " + kind.READY,
    "type of its text": lambda kind: (type(str(kind.READY)), type(kind.READY.value), isinstance(kind.READY, kind)),
    "as it is shown": lambda kind: repr(kind.READY).replace(kind.__name__, "X"),
    "as JSON": lambda kind: json.dumps({"phase": kind.READY}),
    "copied": lambda kind: copy.deepcopy((kind.READY,))[0] is kind.READY,
    "pickled": lambda kind: pickle.loads(pickle.dumps(kind.READY)) is kind.READY,
    "in a value": lambda kind: asdict(Held(kind.READY, (kind.READY,), {"ready": kind.READY})),
    "matched": lambda kind: matched(kind, kind("waiting_human")),
}


def matched(kind, word):
    match word:
        case kind.READY:
            return "ready"
        case kind.WAITING_HUMAN:
            return "waiting"


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_set_of_words_answers_as_an_enumeration_does(question):
    assert QUESTIONS[question](Ours) == QUESTIONS[question](OfEnum)


@pytest.mark.parametrize("kind", [OfEnum, Ours])
def test_an_unknown_text_is_no_word(kind):
    with pytest.raises(ValueError, match="'late' is not a valid"):
        kind("late")
