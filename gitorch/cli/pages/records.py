"""Records as sentences for people and as values for programs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from gitorch.cli.pages.cells import safe_line
from gitorch.cli.pages.plain import plain
from gitorch.text.records.commit_message import sentence
from gitorch.text.records.released import kind_of

if TYPE_CHECKING:
    from gitorch.model.ids import Moment
    from gitorch.ports.commits import WrittenRecord


def sentence_of(written: WrittenRecord) -> str:
    """One safe sentence."""
    return safe_line(sentence(written.record.event, written.record.actor))


def clock_time(at: Moment) -> str:
    """`HH:MM:SS` in local time."""
    return datetime.fromtimestamp(at / 1000).strftime("%H:%M:%S")


def day_and_time(at: Moment) -> str:
    """`2026-11-20 22:40:11` in local time."""
    return datetime.fromtimestamp(at / 1000).strftime("%Y-%m-%d %H:%M:%S")


def plain_line(written: WrittenRecord) -> str:
    """One line for one new record, for output that is not a terminal."""
    return f"{clock_time(written.record.at)}  {sentence_of(written)}"


def values_of(written: WrittenRecord) -> dict[str, Any]:
    """A record for programs, with its commit, its type's released name and the sentence."""
    record = written.record
    return {
        "seq": record.seq,
        "at": plain(record)["at"],
        "run": record.run,
        "type": kind_of(record.event),
        "actor": plain(record.actor),
        "commit": written.commit,
        "sentence": sentence_of(written),
        "event": plain(record.event),
        "files": plain(record.files),
        "prev": record.prev,
    }
