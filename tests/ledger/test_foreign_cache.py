"""Any JSON in the place of what the cache holds: a reader answers as without it, or names a fault; nothing else is raised."""

from __future__ import annotations

import json
import random
import shutil

import pytest
from damage_kit import READS
from ledger_kit import RUN, open_ledger

from gitorch.errors import GitorchError

ODD = (None, True, -1, 1e300, 10**40, "", "x", "\ud800", [], [[]], {}, {"a": []}, [None] * 9, ["", "x"], "DEEP")
DEEP = "[" * 100_000
QUICK, MANY = range(8), range(8, 400)


def places(value, at=()):
    """The path of each part of a JSON value."""
    yield at
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*at, key))


def spoiled(line: bytes, chance: random.Random) -> bytes:
    """A line of JSON with one part replaced; anything else is cut short."""
    try:
        value = json.loads(line)
    except ValueError:
        return line[: len(line) // 2]
    odd = chance.choice(ODD)
    at = chance.choice(list(places(value)))
    text = json.dumps("@ODD@")
    if not at:
        value = "@ODD@"
    else:
        inner = value
        for key in at[:-1]:
            inner = inner[key]
        inner[at[-1]] = "@ODD@"
    put = DEEP if odd == "DEEP" else json.dumps(odd)
    return json.dumps(value).replace(text, put).encode()


def spoil(folder, chance: random.Random) -> str:
    """Replace one part of one line of one file; gives the file and the line as they are now."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    path = chance.choice([path for path in paths if "lock" not in path.name])
    lines = path.read_bytes().split(b"\n")
    number = chance.choice([number for number, line in enumerate(lines) if line])
    lines[number] = spoiled(lines[number], chance)
    path.write_bytes(b"\n".join(lines))
    return f"{path.name}:{number}: {lines[number][:200]!r}"


@pytest.mark.each(2)
@pytest.mark.parametrize("seed", [*QUICK, *(pytest.param(seed, marks=pytest.mark.slow) for seed in MANY)])
def test_a_spoiled_cache_changes_no_answer_and_raises_nothing_unexpected(repo, tmp_path, seed):
    chance = random.Random(seed)
    honest = open_ledger(shutil.copytree(repo, tmp_path / "honest")).state(RUN)
    for step in range(6):
        copy = shutil.copytree(repo, tmp_path / f"copy{step}")
        what = spoil(copy / ".git/gitorch", chance)
        name = chance.choice(list(READS))
        try:
            READS[name](open_ledger(copy))
            verified = open_ledger(copy).verified(RUN).state
        except GitorchError:
            continue
        except Exception as error:
            raise AssertionError(f"{name} after {what}: {error!r}") from error
        assert name == "append" or verified == honest, what
    assert open_ledger(repo).state(RUN) == honest
