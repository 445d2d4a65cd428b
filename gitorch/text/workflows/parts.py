"""The parts of a workflow file that stand alone: lanes, policies, expected artifacts, scopes (W2 to W4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.artifact import ArtifactKind
from gitorch.model.ids import JobId
from gitorch.model.values import Value, replace
from gitorch.model.workflow import Commits, ExpectedArtifact, Lane, Settings, Timeouts, WorktreeMode
from gitorch.text.glob_syntax import glob_fault
from gitorch.text.workflows.brief import posture_fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.text.fields import Form

WAIT_MAX = 10_000_000
MEMORY_MAX = 10_000_000

LATER: Mapping[str, Mapping[str, str]] = {
    "review": {"independence": "Choose lanes with different runtimes."},
}
"""Keys that this version does not carry out, with what to do instead: they are refused by name, never ignored."""


class Policies(Value):
    """What a file's policies come to. `postures` must be among the reviews of every build."""

    settings: Settings
    postures: tuple[str, ...] = ()
    disjoint: bool = False


def read_lane(name: str, form: Form) -> Lane:
    """Who does a kind of work."""
    timeouts = form.form("timeouts")
    lane = Lane(
        name,
        form.word("runtime"),
        form.texts("command"),
        model=form.word("model"),
        env=form.mapping("env"),
        worktree=form.choice("worktree", WorktreeMode.PER_JOB),
        commits=form.choice("commits", Commits.AGENT),
        capacity=form.number("capacity", 0, minimum=1, maximum=1000),
        one_shot=form.flag("one_shot", default=False),
        memory_mib=form.number("memory_mib", 0, minimum=1, maximum=MEMORY_MAX),
        constraints=form.texts("constraints"),
        timeouts=Timeouts(
            *(
                timeouts.number(key, 0, minimum=1, maximum=WAIT_MAX)
                for key in ("start_seconds", "silence_seconds", "lease_seconds", "work_seconds")
            )
        ),
    )
    if not lane.runtime and not lane.command:
        form.missing("runtime")
    refuse_later(form, "lane")
    timeouts.done()
    form.done()
    return lane


def read_policies(policies: Form, old: Settings) -> Policies:
    """The given settings with what a file says instead."""
    review, revision = policies.form("review"), policies.form("revision")
    recovery, parallelism = policies.form("recovery"), policies.form("parallelism")
    settings = replace(
        old,
        review_mode=review.choice("mode", old.review_mode),
        reject_fails_run=review.flag("reject_fails_run", default=old.reject_fails_run),
        rounds_max=revision.number("rounds", old.rounds_max, minimum=1, maximum=100),
        restarts_max=recovery.number("restarts_max", old.restarts_max, maximum=100),
        start_wait_seconds=recovery.number("start_seconds", old.start_wait_seconds, minimum=1),
        silence_seconds=recovery.number("silence_seconds", old.silence_seconds, minimum=1),
        lease_seconds=recovery.number("lease_seconds", old.lease_seconds, minimum=1),
        recovery=recovery.choice("stale", old.recovery),
        requeues_max=recovery.number("requeues_max", old.requeues_max, maximum=100),
        independence=review.choice("independence", old.independence),
        max_agents=parallelism.number("max_active_jobs", old.max_agents, minimum=1, maximum=1000),
    )
    found = Policies(
        settings,
        postures(review, "required_postures"),
        parallelism.flag("require_disjoint_scopes", default=False),
    )
    refuse_later(review, "review")
    for form in (policies, review, revision, recovery, parallelism):
        form.done()
    return found


def postures(form: Form, key: str) -> tuple[str, ...]:
    """A list of postures, each a known one or a custom one with its name."""
    for posture, spot in form.placed_texts(key):
        if fault := posture_fault(posture):
            form.complaints.add(spot, f"`{form.at(key)}` {fault}.", f"Write `{key}: [security]`, for example.")
    return tuple(posture for posture in form.texts(key) if not posture_fault(posture))


def read_artifact(row: Form) -> ExpectedArtifact:
    """A file that a job owes."""
    expected = ExpectedArtifact(
        row.word("name", required=True),
        row.word("kind", "other"),
        row.text("path", required=True),
        row.flag("required", default=True),
    )
    if expected.path and (fault := glob_fault(expected.path)):
        row.complain("path", f"is `{expected.path}`, which {fault}.", "Write its path from the repository's root.")
    if expected.kind not in set(ArtifactKind):
        known = ", ".join(ArtifactKind)
        row.complain("kind", f"must be one of {known}, not `{expected.kind}`.", "Write `kind: other`.")
    row.done()
    return expected


def read_globs(form: Form, key: str) -> tuple[str, ...]:
    """The globs of one half of a write scope."""
    for glob, spot in form.placed_texts(key):
        if fault := glob_fault(glob):
            form.complaints.add(spot, f"The glob `{glob}` {fault}.", "Write globs from the repository's root: src/**")
    return form.texts(key)


def read_names(form: Form, key: str) -> tuple[JobId, ...]:
    """Jobs by name, each once."""
    return tuple(dict.fromkeys(JobId(name) for name in form.texts(key)))


def refuse_later(form: Form, place: str) -> None:
    """Refuse what this version does not carry out."""
    for key, instead in LATER.get(place, {}).items():
        form.unsupported(key, instead)
