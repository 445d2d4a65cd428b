"""One run: what waits, its graph with a table beneath, questions, sessions, artifacts and the newest records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from gitorch.app.query import runs
from gitorch.app.query.lookup import find_run
from gitorch.rules.views.diagram import run_diagram
from gitorch.text.diagrams.svg import linked_svg
from gitorch.text.records.commit_message import sentence
from gitorch.web.render import Page, link

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitorch.model.work.run import Run
    from gitorch.ports.commits import WrittenRecord
    from gitorch.web.answers import Question
    from gitorch.wiring.repository import Repository

RECORDS = 12
"""How many of its newest records a run shows; the log has all of them."""


def run(services: Repository, question: Question) -> Page:
    """A run as it stands in the ledger."""
    found = find_run(services, question["run"])
    view = runs.view_of(services, found)
    values = {
        "run": found,
        "view": view,
        "graph": graph(found),
        "records": with_sentences(runs.newest_records(services, found.id, RECORDS)[::-1]),
    }
    return Page("run.html", values)


def graph(run: Run) -> Markup:
    """The jobs of a run as a drawing in which each box leads to the page of its job."""
    drawn = linked_svg(run_diagram(run), lambda job: link("runs", run.id, "jobs", job))
    return Markup(drawn)  # noqa: S704  `linked_svg` escapes every text


def with_sentences(records: Iterable[WrittenRecord]) -> list[tuple[WrittenRecord, str]]:
    """Records, each with its sentence."""
    found: list[tuple[WrittenRecord, str]] = []
    for written in records:
        record = written.record
        found.append((written, sentence(record.event, record.actor)))
    return found
