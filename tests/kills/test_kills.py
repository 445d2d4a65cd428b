"""`kill -9` at any instant: of gitorch itself, of an agent, of the tmux server. The run ends as if nothing had happened."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time

import pytest
import waiting
from kill_yard import ROUNDS_MAX, WAITING, check_all
from test_mortal import live_and_die

pytestmark = pytest.mark.tmux

RECORDS = (4, 60)
"""The span of records over which kills are spread: from the beginning of the run to its cleaning up."""

JITTER_SECONDS = 0.7
BUSY, REFUSED = 9, 4


def kill_gitorch(_yard, process, _chance) -> None:
    process.kill()


def kill_agent(yard, _process, chance) -> None:
    agents = yard.agents()
    if agents:
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(agents), signal.SIGKILL)


def kill_server(yard, _process, _chance) -> None:
    server = yard.server()
    if server is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(server, signal.SIGKILL)


def kill_anything(yard, process, chance) -> None:
    kill(yard, process, chance, chance.choice((kill_gitorch, kill_gitorch, kill_agent, kill_server)))


def kill_in_turn(yard, process, chance) -> None:
    """The next of the three kinds."""
    kill(yard, process, chance, (kill_server, kill_gitorch, kill_agent)[len(killed(yard)) % 3])


def kill(yard, process, chance, chosen) -> None:
    yard.told.append(f"{chosen.__name__} at record {yard.records()}")
    chosen(yard, process, chance)


def killed(yard) -> list[str]:
    """Which kinds were killed so far, by the names of those that did it."""
    ways = {"kill_gitorch", "kill_agent", "kill_server"}
    return [word for told in yard.told if (word := told.split()[0]) in ways]


def play(yard, seed: int, kills: int, strike) -> int:
    """Drive the run to its end and strike at seeded instants; answers how often it did."""
    chance = random.Random(seed)
    due = sorted(chance.randrange(*RECORDS) for _ in range(kills))
    struck = 0
    for _ in range(kills + ROUNDS_MAX):
        words = yard.next_words()
        if words is None:
            return struck
        process = yard.spawn(*words)
        while due and reached(yard, process, due[0], chance):
            due.pop(0)
            struck += 1
            strike(yard, process, chance)
        said, _ = process.communicate(timeout=120)
        assert process.returncode in {0, WAITING, BUSY, REFUSED, -signal.SIGKILL}, f"{said}\n{yard.story()}"
    raise AssertionError(f"the run does not end\n{yard.story()}")


def reached(yard, process, record: int, chance) -> bool:
    """Wait until a process came to this record and a little further; false when it ended before."""
    waiting.until(lambda: process.poll() is not None or yard.records() >= record, 120, 0.005)
    then = time.monotonic() + chance.random() * JITTER_SECONDS
    waiting.until(lambda: process.poll() is not None or time.monotonic() > then, every_seconds=0.002)
    return process.poll() is None


KINDS = (kill_gitorch, kill_agent, kill_server, kill_anything)


def test_anything_killed_at_any_instant(yard):
    """At first between two writes of gitorch's own, then from outside: each way once or more, since one run pays for all."""
    assert len(live_and_die(yard, 1, 6, "leave")) == 6
    assert play(yard, 2, 4, kill_in_turn) >= 3
    assert {*killed(yard)} == {"kill_gitorch", "kill_agent", "kill_server"}
    check_all(yard)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(10, 15))
def test_many_more_kills(yard, seed, kind):
    assert play(yard, seed, 14, kind) >= 8
    check_all(yard)
