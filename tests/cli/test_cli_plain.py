"""Values as JSON: every moment of the model is found by its annotation, and nothing is written as Python writes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_stage import Stage

from gitorch.cli.pages.plain import plain, to_json
from gitorch.model import commands, events, observed, record, values, view
from gitorch.model.plans import config, plan, runtime, workflow
from gitorch.model.record import Actor, ActorKind
from gitorch.model.work import board, decision, job, late_handoff, question, report, review, run, session
from gitorch.model.work.job import Lease

MODULES = (
    board,
    job,
    session,
    question,
    report,
    late_handoff,
    decision,
    commands,
    config,
    events,
    observed,
    plan,
    record,
    review,
    run,
    runtime,
    view,
    workflow,
)
FIELDS = [
    (f"{cls.__name__}.{name}", values.annotation_of(cls, name))
    for module in MODULES
    for cls in vars(module).values()
    if values.is_value_class(cls) and cls.__module__ == module.__name__
    for name in values.names_of(cls)
    if "Moment" in values.annotation_of(cls, name)
]


@pytest.mark.parametrize(("name", "annotation"), FIELDS, ids=[name for name, _ in FIELDS])
def test_every_timestamp_of_the_model_has_the_annotation_that_json_looks_for(name, annotation):
    assert annotation in {"Moment", "Moment | None"}


def test_timestamps_are_iso_8601_and_enums_are_their_values():
    assert plain(Lease("s1", 1, 0, 1_700_000_000_123))["until"] == "2023-11-14T22:13:20.123Z"
    assert plain(Actor(ActorKind.AGENT, "api", "desk")) == {
        "kind": "agent",
        "name": "api",
        "host": "desk",
        "session": None,
    }
    assert type(plain(ActorKind.AGENT)) is str


def test_an_optional_timestamp_is_iso_8601_or_null():
    run = Stage().begin_run().run
    assert plain(run)["started_at"].endswith("Z")
    assert plain(run.jobs["api"].closing)["tried_at"] is None


def test_mappings_tuples_and_paths_become_plain():
    assert plain({"a": (Path("b"), frozenset({1}), None, True)}) == {"a": ["b", [1], None, True]}


def test_a_whole_run_is_json_without_any_python_in_it():
    text = to_json({"run": Stage().begin_run().launch("api").run})
    assert json.loads(text)["run"]["jobs"]["api"]["phase"] == "running"
    assert "JobPhase" not in text
    assert "\n" not in text
