"""The fields of the other format, each with the reason why a conversion does not carry it over."""

from __future__ import annotations

CARRIED = ""
"""The reason of a field that is carried over."""

_ALWAYS = "gitorch always does this."
_TMUX = "every agent is a program in a terminal of gitorch's own tmux server."
_ONE = "a run works in one repository."
_LEDGER = "the ledger always has every record."
_UNUSED = "it had no effect at run time."

TOP: dict[str, str] = {
    **dict.fromkeys(
        ("schema_version", "workflow_id", "workflow_version", "name", "lanes", "roles", "context_docs", "parallelism"),
        CARRIED,
    ),
    **dict.fromkeys(("jobs", "edges", "cycles", "phases"), CARRIED),
    "branch": "each job works on a branch gitorch/<run>/<job>, and `gitorch start` asks for the branch to merge to.",
    "coordinator": f"{_UNUSED} `gitorch up` drives the run.",
    "harness_profiles": "runtime presets hold what a program needs.",
    "review_revision_policy": "a review without a cycle asks a human, with one it goes back.",
    "recovery_policy": "waits and restarts are set under `policies.recovery`, notifications in gitorch.yaml.",
    "recovery": "only a handoff completes work.",
    "auto_finalize": "only a handoff completes work.",
    "provenance_mode": _LEDGER,
    "sealed_patch_provider": _LEDGER,
    "protected_paths": "name them in `scope.forbidden` of the jobs.",
    "operator_writable_paths": "scopes bind agents, not people.",
    "require_daemon": "there is no daemon.",
    "repositories": _ONE,
    "primary_repository": _ONE,
}

NOT_CARRIED: dict[str, dict[str, str]] = {
    "lane": {
        **dict.fromkeys(("display_model", "command", "env", "constraints", "adapter_timeout_seconds"), CARRIED),
        "adapter": _TMUX,
        "capabilities": _UNUSED,
        "required_enforcement": "constraints are sentences of the brief.",
        "worktree_isolation": "every job has a worktree of its own.",
        "supervision": _TMUX,
        "harness_profile_id": "runtime presets hold what a program needs.",
    },
    "parallelism": {
        **dict.fromkeys(("max_active_jobs", "require_disjoint_write_scopes"), CARRIED),
        "mode": "jobs that do not wait for each other run side by side.",
        "per_repo_max_active_jobs": _ONE,
    },
    "edge": dict.fromkeys(("from", "to", "on"), CARRIED),
    "cycle": {
        **dict.fromkeys(("from", "to", "max_iterations", "on_verdict"), CARRIED),
        "allow_same_lane": "lint reports reviews by the runtime that wrote the work.",
        "allow_same_model": "lint reports reviews by the model that wrote the work.",
        "cross_repo_cycle": _ONE,
    },
    "phase": {
        **dict.fromkeys(("id", "synthesis_job_id"), CARRIED),
        "name": "phases are named by their ids.",
        "color": "the state of a job decides its colour.",
        "description": "say it in the objective of the synthesis.",
    },
    "job": {
        **dict.fromkeys(
            (
                "id",
                "type",
                "title",
                "objective",
                "role_id",
                "lane_id",
                "task_prompt",
                "write_scope",
                "expected_artifacts",
            ),
            CARRIED,
        ),
        **dict.fromkeys(
            ("needs", "parallel_group", "fresh_session_required", "review_posture", "required_review_postures"), CARRIED
        ),
        **dict.fromkeys(("max_attempts", "phase", "phase_id", "reviewer_context_policy"), CARRIED),
        "inputs": "name the files in the objective, or for all jobs under `context`.",
        "reviewer_access_scope": "a reviewer has the whole repository at the commit under review.",
        "require_attested_lane": _ALWAYS,
        "apply_gate": "nothing is merged without a checkpoint and an approval.",
        "repository": _ONE,
    },
    "scope": {
        **dict.fromkeys(("allowed_paths", "forbidden_paths"), CARRIED),
        "mode": "the kind of a job decides whether it writes.",
        "repo_write": "the kind of a job decides whether it writes.",
    },
}
