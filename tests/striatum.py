"""The 24 workflows that Striatum's generator makes, written from what is known of it: six shapes, each with four sets of lanes."""

from __future__ import annotations

from typing import Any

ROOT = "docs/flow"

SHAPES: dict[str, tuple[tuple[str, str, str, str, tuple[str, ...]], ...]] = {
    "minimal": (("draft", "draft", "author", "handoff", ()),),
    "review": (
        ("draft", "draft", "author", "handoff", ()),
        ("review", "review", "reviewer", "finding", ("draft",)),
        ("apply", "synthesis", "author", "synthesis", ("review",)),
    ),
    "code_change": (
        ("draft", "draft", "author", "handoff", ()),
        ("review", "review", "reviewer", "finding", ("draft",)),
        ("apply", "synthesis", "author", "synthesis", ("review",)),
    ),
    "human_checkpoint": (
        ("analysis", "draft", "author", "handoff", ()),
        ("checkpoint", "human_checkpoint", "reviewer", "decision", ("analysis",)),
        ("apply", "synthesis", "author", "synthesis", ("checkpoint",)),
    ),
    "evidence_backed": (
        ("draft", "draft", "author", "handoff", ()),
        ("support_ledger", "build", "author", "support_ledger", ("draft",)),
        ("evidence_audit", "review", "reviewer", "finding", ("support_ledger",)),
        ("final_review", "review", "reviewer", "finding", ("evidence_audit",)),
    ),
    "multi_review_synthesis": (
        ("review_1", "review", "reviewer_1", "finding", ()),
        ("review_2", "review", "reviewer_2", "finding", ()),
        ("synthesis", "synthesis", "author", "synthesis", ("review_1", "review_2")),
        ("final_review", "review", "reviewer_1", "finding", ("synthesis",)),
    ),
}
"""The jobs of each shape: id, type, role, kind of its artifact, needs."""

LANE_SETS: dict[str, dict[str, str]] = {
    "local": {"author": "local", "reviewer": "local", "reviewer_1": "local", "reviewer_2": "local"},
    "single_agent": {"author": "agent", "reviewer": "agent", "reviewer_1": "agent", "reviewer_2": "agent"},
    "author_reviewer": {"author": "author", "reviewer": "reviewer", "reviewer_1": "reviewer", "reviewer_2": "reviewer"},
    "multi_review": {
        "author": "author",
        "reviewer": "reviewer_1",
        "reviewer_1": "reviewer_1",
        "reviewer_2": "reviewer_2",
    },
}
"""The lane of each role."""

POSTURES = {"review_1": "devils_advocate", "review_2": "security", "evidence_audit": "devils_advocate"}


def workflow(shape: str, lane_set: str) -> dict[str, Any]:
    """One workflow of the generator, as the value of its JSON file."""
    lanes = LANE_SETS[lane_set]
    jobs = [job(*spec, lane=lanes[spec[2]]) for spec in SHAPES[shape]]
    edges = [{"from": need, "to": name, "on": "completed"} for name, _, _, _, needs in SHAPES[shape] for need in needs]
    made: dict[str, Any] = {
        "schema_version": "striatum.workflow.v1",
        "workflow_id": f"{shape}-{lane_set}",
        "workflow_version": "1",
        "name": f"{shape} {lane_set}",
        "branch": {"mode": "confirm", "suggested_name": f"striatum/{shape}"},
        "coordinator": {"role_id": "author", "lane_id": lanes["author"]},
        "lanes": {name: lane(name) for name in dict.fromkeys(lanes.values())},
        "roles": {role: {"definition_path": f"roles/{role}.md"} for role in lanes},
        "context_docs": ["README.md"],
        "parallelism": {"mode": "declared", "max_active_jobs": 1},
        "jobs": jobs,
        "edges": edges,
        "cycles": [],
    }
    if shape == "code_change":
        cycle = {"from": "review", "to": "draft", "on_verdict": "needs_revision", "max_iterations": 1}
        made["cycles"] = [cycle | {"allow_same_lane": True, "allow_same_model": True}]
    return made


def lane(name: str) -> dict[str, Any]:
    """A lane with a command of its own."""
    return {"adapter": "process", "display_model": f"model of {name}", "command": ["scripted"], "capabilities": []}


def job(name: str, type_: str, role: str, kind: str, needs: tuple[str, ...], *, lane: str) -> dict[str, Any]:
    """A job with its one artifact; a review has a fresh session, as all that are generated."""
    writes = type_ not in {"review", "human_checkpoint"}
    made: dict[str, Any] = {
        "id": name,
        "type": type_,
        "title": name.replace("_", " ").capitalize(),
        "objective": f"Do {name}.",
        "role_id": role,
        "lane_id": lane,
        "task_prompt": {"path": f"prompts/{name}.md"},
        "write_scope": {
            "mode": "repo_write" if writes else "review_only_artifact",
            "repo_write": writes,
            "allowed_paths": [f"{ROOT}/"],
            "forbidden_paths": [],
        },
        "expected_artifacts": [
            {"logical_name": name, "kind": kind, "path": f"{ROOT}/{name.upper()}.md", "required": True}
        ],
        "needs": list(needs),
    }
    if type_ == "review":
        made |= {"reviewer_context_policy": "fresh", "review_posture": POSTURES.get(name, "neutral")}
    return made


def files(shape: str) -> dict[str, str]:
    """The prompts and roles that the workflow names."""
    prompts = {f"prompts/{spec[0]}.md": f"# {spec[0]}\n\nDo it.\n" for spec in SHAPES[shape]}
    return prompts | {f"roles/{role}.md": f"You are the {role}.\n" for role in LANE_SETS["local"]}
