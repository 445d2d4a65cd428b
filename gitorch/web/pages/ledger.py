"""The ledger: its records newest first, searched by words, and one record in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import find_run, require_ledger
from gitorch.app.query.runs import output_of_tests
from gitorch.errors import NotFound, Usage
from gitorch.model.values import asdict
from gitorch.text.records.commit_message import sentence
from gitorch.text.records.released import kind_of
from gitorch.web.pages.run import with_sentences
from gitorch.web.render import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.ids import RunId
    from gitorch.ports.commits import WrittenRecord
    from gitorch.web.answers import Question
    from gitorch.wiring.repository import Repository

ON_A_PAGE = 100
CHUNK = 500
"""How many records a search reads at a time."""

SEARCHED = 1_000
"""How many records one search reads; the page offers to go on with older ones."""


def log(services: Repository, question: Question) -> Page:
    """Records before a number, newest first; with words only those whose sentence has all of them."""
    require_ledger(services)
    run = None
    if question.query.get("run"):
        run = find_run(services, question.query["run"]).id

    words = question.query.get("q", "").strip()
    before = question.number("before", 0)
    chunk = ON_A_PAGE
    if words:
        chunk = CHUNK

    found, older = searched(before_number(services, run, before, chunk), words)
    values = {"here": "/log", "found": found, "older": older, "words": words, "run": run, "before": before}
    return Page("log.html", values)


def before_number(services: Repository, run: RunId | None, before: int, chunk: int) -> Iterator[WrittenRecord]:
    """The records before a number, newest first; all of them for 0. They are read so many at a time: git streams a range.

    Walking back record by record takes 1.3 ms each, and a range of 500 records 0.1 ms each.
    """
    first, last = bounds(services, run)
    if before:
        last = min(last, before - 1)

    while last >= first:
        after = max(first - 1, last - chunk)
        yield from reversed(list(services.ledger.records(run, after, last)))
        last = after


def bounds(services: Repository, run: RunId | None) -> tuple[int, int]:
    """The numbers of the first and the newest record: of a run, or of the ledger."""
    if run is not None:
        return services.ledger.span(run)

    for written in services.ledger.newest():
        return 0, written.record.seq
    return 0, -1


def searched(records: Iterator[WrittenRecord], words: str) -> tuple[list[tuple[WrittenRecord, str]], int]:
    """The records that have all words, each with its sentence, and the number before which the next page begins; 0 at the end."""
    wanted = words.lower().split()
    found: list[tuple[WrittenRecord, str]] = []
    for count, written in enumerate(records):
        if len(found) == ON_A_PAGE or count == SEARCHED:
            return found, written.record.seq + 1
        [pair] = with_sentences((written,))
        if matches(pair, wanted):
            found.append(pair)
    return found, 0


def matches(pair: tuple[WrittenRecord, str], wanted: list[str]) -> bool:
    """Whether a record's sentence, type or author has every word."""
    written, text = pair
    record = written.record
    searched_text = f"{text} {kind_of(record.event)} {record.actor.name} {record.run or ''}".lower()
    return all(word in searched_text for word in wanted)


def record(services: Repository, question: Question) -> Page:
    """One record with all its fields."""
    require_ledger(services)
    number = question["seq"]
    if not number.isascii() or not number.isdecimal() or len(number) > 12:
        raise Usage(f"{number[:40]} is not the number of a record", "gitorch log")

    written = services.ledger.record(int(number))
    fields = asdict(written.record.event)
    values = {
        "written": written,
        "sentence": sentence(written.record.event, written.record.actor),
        "kind": kind_of(written.record.event),
        "prose": fields.pop("text", ""),
        "fields": fields,
        "output": output_of_tests(services, written.record),
        "next": has_next(services, int(number)),
    }
    return Page("record.html", values)


def has_next(services: Repository, number: int) -> bool:
    """Whether the ledger has a record after this one."""
    try:
        services.ledger.record(number + 1)
    except NotFound:
        return False
    return True
