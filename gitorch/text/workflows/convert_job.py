"""One job of the other format as a job of a workflow file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.model.plans.workflow import JobKind
from gitorch.text.workflows.conversion import JUDGES, KINDS, json_line, json_of, list_of
from gitorch.text.workflows.convert_terms import NOT_CARRIED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.text.workflows.conversion import Conversion

    Job = Mapping[str, Any]

WITHOUT_EFFECT = "it has no effect on a job of this kind."

_NOT_OF_CHECKPOINTS = (
    "role_id",
    "lane_id",
    "objective",
    "task_prompt",
    "write_scope",
    "expected_artifacts",
    "fresh_session_required",
    "max_attempts",
    "parallel_group",
)
_ARTIFACT_FIELDS = frozenset({"logical_name", "kind", "path", "required"})


def convert_job(work: Conversion, number: int, job: Job) -> list[str]:
    """The lines of one job; `number` is its index in the old file's list.

    Adds to `work` every field of the job that is not carried over, and every change of meaning.
    """
    path, name = f"jobs[{number}]", str(job.get("id", ""))
    work.drop(job, path, NOT_CARRIED["job"])
    kind = _kind(work, path, job)
    needs = work.needs(name)
    lines = [f"  {work.renamed(name)}:", f"    kind: {kind}"]

    if job.get("title"):
        lines.append(f"    title: {json_line(job['title'])}")

    if kind == "checkpoint":
        _drop_all(work, path, job, _NOT_OF_CHECKPOINTS)
    else:
        lines += _claimed(work, path, job, kind, needs)

    phase = job.get("phase") or job.get("phase_id")
    if phase:
        lines.append(f"    phase: {json_line(phase)}")

    if needs:
        names = [work.renamed(need) for need in needs]
        lines.append(f"    needs: [{', '.join(names)}]")

    return lines


def _claimed(work: Conversion, path: str, job: Job, kind: str, needs: list[str]) -> list[str]:
    """The lines of a job that an agent claims. A review may add its subject to `needs`."""
    lines = _lane_and_role(work, path, job)
    lines += _brief(work, path, job)

    if kind in JUDGES:
        lines += _judge(work, path, job, needs)
    else:
        lines += _work(work, path, job)

    return lines


def _kind(work: Conversion, path: str, job: Job) -> str:
    """The kind of the new job; each change of it is reported.

    A review that judges no job of the workflow becomes a draft.
    """
    old = str(job.get("type", "generic"))
    kind = KINDS.get(old, old)
    if kind not in set(JobKind):
        work.changed.append(f"`{path}.type` is `{old}`, which is generic work here.")
        return "generic"

    if kind == "review" and not work.subject(str(job.get("id", ""))):
        work.drafts.add(work.renamed(job.get("id")))
        work.changed.append(f"`{path}` reviews no job of this workflow; it became a draft, which writes its findings.")
        return "draft"

    if kind != old:
        work.changed.append(f"`{path}.type` is called {kind} here.")

    return kind


def _drop_all(work: Conversion, path: str, job: Job, keys: tuple[str, ...]) -> None:
    """Name the fields of a job that have no effect on its kind."""
    for key in keys:
        if key in job:
            work.dropped[f"{path}.{key}"] = WITHOUT_EFFECT


def _lane_and_role(work: Conversion, path: str, job: Job) -> list[str]:
    """The lines `lane` and `role`.

    A job without a lane gets the first one, which is reported.
    """
    lane = job.get("lane_id")
    if lane is None:
        lane = _first_lane(work)
        work.changed.append(f"`{path}` names no lane; `{lane}` does it.")

    lines = [f"    lane: {json_line(lane)}"]
    if job.get("role_id"):
        lines.append(f"    role: {json_line(job['role_id'])}")

    return lines


def _first_lane(work: Conversion) -> str:
    """The first lane of the file; `author` when it has none."""
    for name, _ in work.named("lanes"):
        return name

    return "author"


def _brief(work: Conversion, path: str, job: Job) -> list[str]:
    """The line `brief` for a brief file, else the lines `objective`.

    An objective beside a brief file is not carried over, since a job has only one of the two.
    """
    file = _brief_file(work, path, job)
    if not file:
        return _objective(job)

    if job.get("objective"):
        work.dropped[f"{path}.objective"] = "the brief is the file of `task_prompt`; add it there."

    return [f"    brief: {json_line(file)}"]


def _objective(job: Job) -> list[str]:
    """The objective, else the title, else the id, as a text of one line or as a block of lines."""
    objective = str(job.get("objective") or job.get("title") or job.get("id")).strip()
    if "\n" not in objective:
        return [f"    objective: {json_line(objective)}"]

    lines = [f"      {line}".rstrip() for line in objective.splitlines()]
    return ["    objective: |-", *lines]


def _brief_file(work: Conversion, path: str, job: Job) -> object:
    """The path in `task_prompt`, which is a path itself, or a mapping with one; None without it."""
    prompt = job.get("task_prompt")
    if not isinstance(prompt, dict):
        return prompt

    work.drop(prompt, f"{path}.task_prompt", {}, frozenset({"path"}))
    return prompt.get("path")


def _judge(work: Conversion, path: str, job: Job, needs: list[str]) -> list[str]:
    """The fields of reviews and syntheses.

    They read everything, write nothing, and always run in a fresh session. A review gets its subject into `needs`.
    """
    _drop_for_judges(work, path, job)

    lines: list[str] = []
    if job.get("review_posture"):
        lines.append(f"    posture: {json_line(job['review_posture'])}")
    if str(job.get("type")) == "review":
        lines.append(_subject(work, path, job, needs))

    return lines


def _drop_for_judges(work: Conversion, path: str, job: Job) -> None:
    """Report the fields that reviews and syntheses do not keep."""
    _drop_all(work, path, job, ("write_scope", "max_attempts"))
    if job.get("expected_artifacts"):
        work.dropped[f"{path}.expected_artifacts"] = "findings come with the verdict, and the ledger keeps them."
    policy = job.get("reviewer_context_policy")
    if policy is not None and policy != "fresh":
        work.dropped[f"{path}.reviewer_context_policy"] = "every review runs in a fresh session."
    if job.get("parallel_group"):
        work.parallel_reviews = True


def _subject(work: Conversion, path: str, job: Job, needs: list[str]) -> str:
    """The line `subject` of a review. The subject is added to `needs` when it is not among them, which is reported."""
    subject = work.subject(str(job.get("id", "")))

    if subject not in needs:
        needs.append(subject)
        work.changed.append(f"`{path}` needs `{work.renamed(subject)}`, the job that it reviews.")

    return f"    subject: {work.renamed(subject)}"


def _work(work: Conversion, path: str, job: Job) -> list[str]:
    """The fields of jobs that change files.

    The two fields that only reviews use are reported as without effect.
    """
    lines = _scope(work, path, job)
    lines += _artifacts(work, path, job)
    if job.get("parallel_group"):
        lines.append(f"    group: {json_line(job['parallel_group'])}")
    if job.get("fresh_session_required") is True:
        lines.append("    fresh: true")

    lines += _attempts(work, path, job)
    postures = work.texts(job.get("required_review_postures"), f"{path}.required_review_postures")
    if postures:
        lines.append(f"    required_postures: {json_of(postures)}")

    _drop_all(work, path, job, ("review_posture", "reviewer_context_policy"))
    return lines


def _scope(work: Conversion, path: str, job: Job) -> list[str]:
    """The line `scope` with the globs of both halves; no line when both are empty."""
    scope = job.get("write_scope")
    if not isinstance(scope, dict):
        return []

    work.drop(scope, f"{path}.write_scope", NOT_CARRIED["scope"])
    halves = _scope_halves(work, path, scope)
    if not halves:
        return []

    return [f"    scope: {{{', '.join(halves)}}}"]


def _scope_halves(work: Conversion, path: str, scope: dict[Any, Any]) -> list[str]:
    """The globs of both halves, as far as there are any."""
    halves: list[str] = []

    for half in ("allowed", "forbidden"):
        globs = work.texts(scope.get(f"{half}_paths"), f"{path}.write_scope.{half}_paths")
        if globs:
            halves.append(f"{half}: {json_of(globs)}")
    return halves


def _artifacts(work: Conversion, path: str, job: Job) -> list[str]:
    """The section `artifacts` of a job; empty when it expects none."""
    lines: list[str] = []
    for number, row in enumerate(list_of(job.get("expected_artifacts"))):
        if not isinstance(row, dict):
            continue
        work.drop(row, f"{path}.expected_artifacts[{number}]", {}, _ARTIFACT_FIELDS)
        lines.append(f"      - {json_of(_artifact(row))}")
    if not lines:
        return []

    return ["    artifacts:", *lines]


def _artifact(row: Mapping[str, Any]) -> dict[str, Any]:
    """An expected artifact with the keys that it has here. It is required unless the old file says otherwise."""
    artifact: dict[str, Any] = {}
    for new, old in (("name", "logical_name"), ("kind", "kind"), ("path", "path")):
        if row.get(old) is not None:
            artifact[new] = row[old]
    if row.get("required") is False:
        artifact["required"] = False

    return artifact


def _attempts(work: Conversion, path: str, job: Job) -> list[str]:
    """The line `attempts`; no line for a single attempt, which would forbid the rounds of a cycle."""
    if "max_attempts" not in job:
        return []

    attempts = job["max_attempts"]
    if isinstance(attempts, int) and attempts > 1:
        return [f"    attempts: {attempts}"]

    reason = "one attempt would forbid the rounds of a cycle; set `attempts` if you mean that."
    work.dropped[f"{path}.max_attempts"] = reason
    return []
