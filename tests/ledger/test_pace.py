"""Hosts that push to one branch give way to each other."""

import pytest

from gitorch.ledger import pace


class Clock:
    """Time that passes only in pushes and waits."""

    def __init__(self):
        self.now = 100.0
        self.waited = []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.waited.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(pace, "time", clock)
    return clock


def push(paced, clock, is_pushed, seconds=0.5):
    paced.begin()
    clock.now += seconds
    paced.end(is_pushed)


def test_a_host_that_pushes_without_a_pause_gives_the_others_a_turn_now_and_then(clock):
    paced = pace.Pace()
    for _ in range(pace.STREAK_MAX):
        push(paced, clock, is_pushed=True)
    assert clock.waited == []
    for _ in range(pace.STREAK_MAX):
        push(paced, clock, is_pushed=True)
    assert clock.waited == [2 * 0.5]
    clock.now += 1  # a pause of its own
    for _ in range(pace.STREAK_MAX):
        push(paced, clock, is_pushed=True)
    assert clock.waited == [2 * 0.5]


def test_who_lost_two_races_waits_longer_after_each_and_not_after_it_won(clock, monkeypatch):
    monkeypatch.setattr(pace.os, "urandom", lambda _: b"\x80\x00")  # a half
    paced = pace.Pace()
    for is_pushed in (False, False, False, True, False):
        push(paced, clock, is_pushed)
    assert clock.waited == [1.0, 2.0]


def test_the_wait_is_measured_by_a_push_that_was_taken_and_is_bounded(clock, monkeypatch):
    monkeypatch.setattr(pace.os, "urandom", lambda _: b"\x80\x00")  # a half
    paced = pace.Pace()
    push(paced, clock, is_pushed=True, seconds=0.5)
    for seconds in (0.1, 0.1, 0.1, 0.1):
        push(paced, clock, is_pushed=False, seconds=seconds)
    assert clock.waited == [1.0, 2.0, 2.0], "half of four pushes, and then half of the longest wait"
    push(paced, clock, is_pushed=True, seconds=0.2)
    for _ in range(2):
        push(paced, clock, is_pushed=False, seconds=0.1)
    assert clock.waited[3:] == [pytest.approx(0.4)], "by the newest push"
