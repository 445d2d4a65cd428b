"""The stream of events without a socket: what each page is told, when, and for how long."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

pytest.importorskip("starlette", reason="the extra gitorch[web] is not installed")

from gitorch.errors import Busy
from gitorch.model import commands as c
from gitorch.web import stream


class OneRepository:
    """A desk with one repository, which answers at once."""

    def __init__(self, repository) -> None:
        self.repository = repository
        self.asked = 0

    async def ask(self, work):
        self.asked += 1
        return work(self.repository)


class Turns:
    """The clock of an event loop, that goes on by a second with each rest, and what happens at each of them."""

    def __init__(self, monkeypatch, acts) -> None:
        self.now, self.acts = 100.0, list(acts)
        monkeypatch.setattr(stream.asyncio, "get_running_loop", lambda: self)
        monkeypatch.setattr(stream.asyncio, "sleep", self.rest)

    def time(self) -> float:
        return self.now

    async def rest(self, seconds: float) -> None:
        assert seconds == stream.LOOK_SECONDS
        self.now += 1.0
        if self.acts:
            self.acts.pop(0)()


def run_through(events) -> list[str]:
    """Everything that a stream sends, without an event loop: nothing in it waits but `Turns`."""

    async def all_of() -> list[str]:
        return [one async for one in events]

    task = all_of()
    try:
        task.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits for something else")


def test_a_stream_tells_each_change_once_and_after_a_quiet_spell_that_it_lives(stage, monkeypatch):
    stage.begin_run()
    known = stage.ledger.tip()
    desk = OneRepository(stage.services)
    pause = lambda: stage.do(c.PauseRun("a break"), stage.who().actor)  # noqa: E731  an act of a turn
    turns = Turns(monkeypatch, [lambda: None, pause])
    sent = run_through(stream.Stream(desk, lambda: turns.now >= 140)._events(known))
    tip = stage.ledger.tip()
    assert sent[0] == "retry: 2000\n\n"
    head, data = sent[1].split("data: ")
    assert head == f"id: {tip}\nevent: ledger\n"
    assert data.endswith("\n\n")
    told = json.loads(data)
    assert (told["tip"], len(told["records"])) == (tip, 1)
    assert sent[2:] == [": still here\n\n"] * 2
    assert desk.asked == 41, "one look at the tip with each turn, and one at the records"


def test_a_stream_ends_after_its_life_and_a_page_that_knows_nothing_is_told_the_tip_alone(stage, monkeypatch):
    stage.begin_run()
    turns = Turns(monkeypatch, [])
    sent = run_through(stream.Stream(OneRepository(stage.services), lambda: False)._events(""))
    assert turns.now == 100.0 + stream.LIFE_SECONDS
    assert json.loads(sent[1].split("data: ")[1]) == {"tip": stage.ledger.tip(), "records": []}
    assert set(sent[2:]) == {": still here\n\n"}


def test_many_streams_look_at_the_tip_once_and_one_that_cannot_be_read_is_none(stage, monkeypatch):
    desk = OneRepository(stage.services)
    turns = Turns(monkeypatch, [])
    watched = stream.Stream(desk, lambda: False)
    newest = lambda: run_through(one(watched))  # noqa: E731  said once

    async def one(watched):
        yield await watched._newest()

    assert (newest(), desk.asked) == ([None], 1)
    stage.begin_run()
    assert (newest(), desk.asked) == ([None], 1)
    turns.now += stream.LOOK_SECONDS
    assert (newest(), desk.asked) == ([stage.ledger.tip()], 2)
    stage.ledger.tip = lambda: (_ for _ in ()).throw(Busy("the ledger is locked"))
    turns.now += 1
    assert newest() == [None]


def test_the_newest_twenty_records_are_told_the_newest_last(stage):
    stage.begin_run()
    known = stage.ledger.tip()
    for number in range(12):
        stage.do(c.PauseRun(f"break {number}"), stage.who().actor)
        stage.do(c.ResumeRun(), stage.who().actor)
    told = stream.sentences_since(stage.services, known)
    assert len(told) == stream.SENTENCES_MAX
    assert [line for line in told if "break" in line] == sorted(
        (line for line in told if "break" in line),
        key=lambda line: int(line.rpartition("break ")[2].split()[0].strip(".")),
    )
    assert "break 11" in told[-2]
    assert stream.sentences_since(stage.services, "") == []
    assert stream.sentences_since(stage.services, "f" * 40)[-1:] == told[-1:]


def test_an_open_stream_is_counted_until_it_has_ended(stage):
    watched = stream.Stream(OneRepository(stage.services), lambda: False)
    watched._open = stream.STREAMS_MAX
    refused = run_through(one_of(watched.endpoint(None)))[0]
    assert (refused.status_code, refused.body, refused.headers["retry-after"]) == (
        503,
        b"too many pages are open",
        "30",
    )
    watched._open = 0
    for headers, query, known in (
        ({"last-event-id": "a"}, {"after": "b"}, "a"),
        ({}, {"after": "b"}, "b"),
        ({}, {}, ""),
    ):
        asked = []
        watched._events = asked.append
        made = run_through(one_of(watched.endpoint(SimpleNamespace(headers=headers, query_params=query))))[0]
        assert asked == [known]
        assert made.media_type == "text/event-stream"
        assert {name: made.headers[name] for name in stream.HEADERS} == stream.HEADERS
    assert watched._open == 3
    made._closed()
    assert watched._open == 2


async def one_of(awaited):
    yield await awaited
