"""A cache whose JSON is of the right shape and holds the wrong types is refused: no verb ever works with such a value."""

from __future__ import annotations

import json
import random
import sys
import types
import typing
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "rules"))
from damage_kit import READS
from ledger_kit import RUN, open_ledger
from scene_book import SCENES, scene

from gitorch.errors import GitorchError
from gitorch.ledger import files, states
from gitorch.model import ids
from gitorch.model.stored import STORED_MODULES
from gitorch.model.values import Value, names_of
from gitorch.model.words import Words

REFUSALS = (ValueError, KeyError, TypeError, IndexError)
"""What `states.load` may raise; its callers expect nothing else."""

ODD = (
    None,
    True,
    0,
    -1,
    10**40,
    1.5,
    "",
    "x",
    [],
    [[]],
    [""],
    ["", "x"],
    ["", 1],
    {},
    {"a": 1},
    ["Nothing", 1],
    ["Run"],
)
ROUNDS, ROUNDS_LONG = 15, 1500


@cache
def hints(cls: type) -> dict[str, object]:
    """The types of a class's fields. Modules import names for annotations only, so those of all are in scope."""
    names = {"Mapping": Mapping}
    for module in (ids, *STORED_MODULES, sys.modules[cls.__module__]):
        names |= vars(module)
    return typing.get_type_hints(cls, globalns=names)


def fits(value, hint) -> bool:
    """Whether a value is of a type, by Python's own reading of annotations."""
    if hint is ids.Moment:
        return type(value) is int and 0 <= value < 253_402_300_800_000
    if isinstance(hint, typing.NewType):
        return type(value) is hint.__supertype__
    if isinstance(hint, type) and issubclass(hint, Value):
        return type(value) is hint and all(fits(getattr(value, name), hints(hint)[name]) for name in names_of(hint))
    if isinstance(hint, type) and not typing.get_args(hint):
        return type(value) is hint
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in {types.UnionType, typing.Union}:
        return any(value is None if part is types.NoneType else fits(value, part) for part in parts)
    if origin is tuple and parts[1:] == (...,):
        return type(value) is tuple and all(fits(item, parts[0]) for item in value)
    if origin is tuple:
        return type(value) is tuple and len(value) == len(parts) and all(map(fits, value, parts))
    assert origin in {Mapping, dict}, hint
    return type(value) is dict and all(fits(key, parts[0]) and fits(item, parts[1]) for key, item in value.items())


def places(value, at=()):
    """The path of each part of a JSON value."""
    yield at
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*at, key))


def changed(text: str, chance: random.Random) -> str:
    """A JSON text with one part replaced by a value of another type, or left out."""
    value = json.loads(text)
    *way, last = chance.choice([place for place in places(value) if place])
    inner = value
    for key in way:
        inner = inner[key]
    if chance.random() < 0.1:
        del inner[last]
    else:
        inner[last] = chance.choice([odd for odd in ODD if type(odd) is not type(inner[last])])
    return json.dumps(value)


@pytest.mark.parametrize("name", SCENES)
def test_every_state_of_a_run_is_read_back_as_it_was(name):
    state = scene(name).state
    assert states.load(states.dump(state.run)) == state.run
    assert states.load(states.dump(state.board)) == state.board
    assert fits(state.run, type(state.run))
    assert fits(state.board, type(state.board))


@pytest.mark.each(3)
@pytest.mark.parametrize("rounds", [ROUNDS, pytest.param(ROUNDS_LONG, marks=pytest.mark.slow)], ids=["a few", "many"])
@pytest.mark.parametrize("name", SCENES)
def test_a_state_with_a_part_of_another_type_is_refused_or_is_sound(name, rounds):
    chance = random.Random(f"{name} {rounds}")
    state = scene(name).state
    refused = 0
    for value in (state.run, state.board):
        text = states.dump(value)
        for _ in range(rounds):
            damaged = changed(text, chance)
            try:
                found = states.load(damaged)
            except REFUSALS:
                refused += 1
                continue
            sound = not isinstance(found, type(value)) or fits(found, type(value))
            assert sound, damaged[:300]
    assert refused > rounds, "else the changes would be harmless"


def test_the_words_of_a_state_are_among_those_of_their_class():
    run = scene("running").state.run
    text = states.dump(run)
    assert isinstance(run.phase, Words)
    with pytest.raises(ValueError, match="not a valid RunPhase"):
        states.load(text.replace('["RunPhase","running"]', '["RunPhase","flying"]'))
    with pytest.raises(TypeError, match="Run holds no such value"):
        states.load(text.replace('["RunPhase","running"]', '"running"'))


@pytest.mark.each(3)
@pytest.mark.parametrize("seed", [*range(12), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(12, 300))])
def test_no_answer_comes_from_a_cache_with_other_types_below_the_right_checksum(repo, seed):
    """Whoever writes the cache can write its checksum, too; nothing is answered or appended that another reader would not."""
    chance = random.Random(seed)
    honest = open_ledger(repo).state(RUN)
    cache = repo / ".git/gitorch/cache"
    path = chance.choice([cache / "board.json", *cache.glob("run-*.json")])
    lines = files.read_sealed(path).split("\n")
    number = chance.choice([number for number, line in enumerate(lines) if line.startswith(("[", "{"))])
    before = lines[number]
    while True:
        lines[number] = changed(before, chance)
        if '"auth-' in lines[number] or number != 1:  # a run that is left out is a state of an older ledger
            break
    files.replace_sealed(path, "\n".join(lines))
    for name, read in READS.items():
        try:
            read(open_ledger(repo))
        except GitorchError as error:
            raise AssertionError(f"{name} after {lines[number][:300]}: {error!r}") from error
    assert open_ledger(repo).state(RUN).run.workflow == honest.run.workflow
    assert open_ledger(repo).verify().faults == ()


@pytest.mark.parametrize("place", [2, 3], ids=["the number", "the digest"])
@pytest.mark.parametrize("packed", [False, True], ids=["loose", "packed"])
def test_a_head_that_its_commit_does_not_name_is_never_continued(repo, place, packed):
    from ledger_kit import git

    honest = open_ledger(repo).state(RUN)
    if packed:
        git(repo, "gc", "-q")
    board = repo / ".git/gitorch/cache/board.json"
    first, rest = files.read_sealed(board).split("\n", 1)
    head = json.loads(first)
    head[place] = {2: head[2] + 3, 3: "sha256:" + "0" * 64}[place]
    files.replace_sealed(board, f"{json.dumps(head)}\n{rest}")
    READS["append"](open_ledger(repo))
    assert open_ledger(repo).verify().faults == ()
    assert open_ledger(repo).state(RUN).run.records == honest.run.records + 1
