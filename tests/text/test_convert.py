"""Workflows of the other format become workflow files; every field is carried over or named as left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gitorch.errors import Malformed
from gitorch.model.plans.workflow import Cycle, ExpectedArtifact, JobKind, Scope
from gitorch.text.workflows.convert import convert
from gitorch.text.workflows.convert_terms import NOT_CARRIED, TOP
from gitorch.text.workflows.file import parse_workflow

FULL = (Path(__file__).parent / "striatum.json").read_bytes()


def read(text: str):
    return parse_workflow("w.yaml", text.encode(), lambda path: f"The file {path}.".encode())


def paths(data: bytes) -> set[str]:
    """Every field of the file, by its path, as a walk over plain JSON finds them."""

    def walk(value, path):
        if isinstance(value, dict):
            for key, inner in value.items():
                at = f"{path}.{key}" if path else key
                yield at
                yield from walk(inner, at)
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                yield from walk(inner, f"{path}[{number}]")

    return set(walk(json.loads(data), ""))


def left_out(data: bytes) -> set[str]:
    return {problem.message.split("`")[1] for problem in convert("w.json", data).dropped}


WHOLE = (Path(__file__).parent / "striatum-whole.json").read_bytes()
"""With every field of the format, also those that do not go together in one that works."""


def test_the_whole_format_is_converted_and_every_field_of_it_is_carried_over_or_named():
    done = convert("w.json", WHOLE)
    named, text = left_out(WHOLE), done.text

    assert len(read(text).workflow.jobs) == 7
    assert done.fields == len(paths(WHOLE))
    for path in (
        "coordinator",
        "harness_profiles",
        "recovery_policy",
        "jobs[0].objective",
        "mystery",
        "phases[0].color",
    ):
        assert path in named
    for word in ("per_repo_max_active_jobs", "sealed_patch_provider", "require_attested_lane", "apply_gate"):
        assert any(path.endswith(word) for path in named), word


def test_converted_fields_are_in_the_new_file():
    source = read(convert("w.json", FULL).text.replace("    required_postures", "    # required_postures"))
    flow = source.workflow

    assert (flow.name, flow.version, flow.phases, source.context) == (
        *("Login rework", "2", ("design", "build")),
        ("docs/SPEC.md", "docs/PRD.md"),
    )
    lane = flow.lanes["codex_main"]
    assert (lane.runtime, lane.command, lane.model, lane.env) == (
        "codex",
        ("codex", "--full-auto"),
        "gpt-5-codex",
        {"LEVEL": "3"},
    )
    assert (lane.constraints, lane.timeouts.work_seconds) == (("Network: forbidden.", "Repo scope: local_only."), 3600)
    assert (flow.lanes["own"].runtime, flow.lanes["own"].command) == ("generic", ("/opt/agents/judge",))
    draft = flow.jobs["draft-it"]
    assert (draft.kind, draft.lane, draft.role, draft.group, draft.fresh) == (
        JobKind.DRAFT,
        "codex_main",
        "author",
        "drafts",
        True,
    )
    assert draft.scope == Scope(("docs/",), ("docs/adr/",))
    assert draft.artifacts == (ExpectedArtifact("draft", "handoff", "docs/draft.md", required=False),)
    assert "Write it.\nWell." in source.briefs["draft-it"]
    assert "The file roles/author.md." in source.briefs["draft-it"]
    review = flow.jobs["review"]
    assert (review.subject, review.posture, review.lane) == ("draft-it", "security", "own")
    assert flow.jobs["ask"].kind is JobKind.CHECKPOINT
    assert (flow.jobs["apply"].needs, flow.jobs["apply"].attempts_max) == (("ask",), 3)
    assert "The file prompts/apply.md." in source.briefs["apply"]
    assert flow.cycles == (Cycle("review", "draft-it", 2),)
    assert source.settings.max_agents == 2


def test_fields_that_are_not_converted_are_reported_at_their_places():
    dropped = {p.message.split("`")[1]: (p.line, p.column, p.message) for p in convert("w.json", FULL).dropped}

    assert dropped["branch"][:2] == (6, 3)
    assert dropped["lanes.codex_main.supervision"][2].endswith(
        "every agent is a program in a terminal of gitorch's own tmux server."
    )
    assert dropped["jobs[4].colour"][2] == "`jobs[4].colour` is not carried over: gitorch has no such field."
    assert dropped["context_docs[1].note"][0] == 19


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.slow) for part in (1, 2, 3))])
def test_every_field_is_carried_over_or_named(part: int):
    """A field that is dropped in silence changes nothing when it is gone; here each one is taken away in turn."""
    data, out = json.loads(FULL), left_out(FULL)
    text = convert("w.json", FULL).text
    silent = []
    for path in sorted(paths(FULL))[part::4]:
        inside_left = any(path == key or path.startswith((f"{key}.", f"{key}[")) for key in out)
        if not inside_left and convert_without(data, path) == text and path not in SAID_ELSEWHERE:
            silent.append(path)

    assert silent == []


SAID_ELSEWHERE = {
    # These fields state how gitorch works anyway, or repeat another field that is carried over.
    *(f"edges[{n}].on" for n in range(5)),
    *("cycles[0].on_verdict", "phases[0].synthesis_job_id", "phases[1].synthesis_job_id", "schema_version"),
    *("jobs[1].reviewer_context_policy", "jobs[4].title", "lanes.own.display_model"),
    *("edges[0].to", "jobs[0].lane_id", "jobs[4].lane_id"),
}


def convert_without(data, path: str) -> str:
    copy = json.loads(json.dumps(data))
    inner = copy
    words = path.replace("[", ".[").split(".")
    for word in words[:-1]:
        inner = inner[int(word[1:-1])] if word.startswith("[") else inner[word]
    del inner[words[-1]]
    try:
        return convert("w.json", json.dumps(copy).encode()).text
    except Malformed:
        return "cannot be converted"


def test_reviews_of_nothing_become_drafts_and_work_stays_work():
    data = {
        "schema_version": "striatum.workflow.v1",
        "name": "x",
        "lanes": {"a": {"command": ["claude"]}},
        "jobs": [
            {"id": "r1", "type": "review", "lane_id": "a", "title": "First"},
            {"id": "s", "type": "synthesis", "lane_id": "a", "title": "Both"},
            {"id": "end", "type": "review", "lane_id": "a", "title": "End"},
        ],
        "edges": [{"from": "r1", "to": "s"}, {"from": "s", "to": "end"}],
        "cycles": [{"from": "r1", "to": "s", "max_iterations": 1}],
    }
    data["cycles"] = []
    done = convert("w.json", json.dumps(data).encode())
    flow = read(done.text).workflow

    assert [(job, str(spec.kind), spec.subject) for job, spec in flow.jobs.items()] == [
        ("r1", "draft", None),
        ("s", "synthesis", None),
        ("end", "review", "s"),
    ]
    assert any("became a draft" in change for change in done.changed)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{}", "This is not a workflow to convert"),
        (b'{"schema_version": "striatum.workflow.v1"}', "This is not a workflow to convert"),
        (b"[1]", "This is not a workflow to convert"),
        (b"{", "This is not YAML"),
        (b"", "cannot be read"),
    ],
)
def test_a_file_that_is_not_a_workflow_is_refused(data, message):
    with pytest.raises(Malformed) as caught:
        convert("w.json", data)
    assert message in caught.value.message + "".join(p.message for p in caught.value.problems)


def test_every_known_field_has_a_reason_or_is_carried():
    for reasons in (TOP, *NOT_CARRIED.values()):
        assert all(why == "" or why.endswith(".") for why in reasons.values())
