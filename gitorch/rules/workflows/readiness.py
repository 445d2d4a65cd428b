"""Whether a plan may be handed over (P1, P2, P4 to P7): everything that `check` prints and `start` refuses for."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from gitorch.errors import Problem
from gitorch.model.approval import Grade
from gitorch.rules.workflows.compile import reviewer_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.config import Config
    from gitorch.model.plan import Plan
    from gitorch.model.preflight import PreflightFacts

CONFIG_NAME = "gitorch.yaml"


def check_plan(plan: Plan, config: Config, facts: PreflightFacts) -> tuple[Problem, ...]:
    """Every reason against starting this plan here: the plan's own defects first, then what the world lacks."""
    return (
        *plan.problems,
        *_check_design(plan, facts),
        *_check_target(plan, config, facts),
        *_check_worktrees(config, facts),
        *_check_runtimes(config, facts),
        *_check_tests(plan, config),
        *_check_signers(config, facts),
        *_check_names(plan, facts),
    )


def _at_key(config: Config, key: str, message: str, fix: str) -> Problem:
    """A problem with a key of the configuration: at its place, or at the top of the file that does not set it."""
    line, column = config.places.get(key, (1, 1))
    return Problem(config.path or CONFIG_NAME, line, column, message, fix)


def _check_design(plan: Plan, facts: PreflightFacts) -> Iterator[Problem]:
    if plan.design and not facts.design_exists:
        message = f"The design document `{plan.design}` does not exist."
        line, column = plan.places.get("design", (1, 1))
        yield Problem(plan.path, line, column, message, "Write it, correct its path, or remove the line that names it.")


def _check_target(plan: Plan, config: Config, facts: PreflightFacts) -> Iterator[Problem]:
    def problem(message: str, fix: str) -> Problem:
        if "merge_target" in plan.settings:
            line, column = plan.places.get("merge_target", (1, 1))
            return Problem(plan.path, line, column, message, fix)
        return _at_key(config, "orchestration.merge_target", message, fix)

    target = facts.target
    if facts.target_commit is None:
        near = get_close_matches(target, facts.branches, n=1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        fix = f"git branch {target} <commit>, or name another branch: gitorch never creates the target."
        yield problem(f"The merge target `{target}` is no local branch.{hint}", fix)
    elif facts.target_behind:
        commits = "1 commit" if facts.target_behind == 1 else f"{facts.target_behind} commits"
        fix = f"git fetch, then bring {target} up to date: git switch {target} && git merge --ff-only @{{upstream}}"
        yield problem(f"The merge target `{target}` is {commits} behind its upstream.", fix)


def _check_worktrees(config: Config, facts: PreflightFacts) -> Iterator[Problem]:
    key = "worktrees.base_path"
    if not facts.base_outside:
        message = f"The folder for worktrees, {facts.base_path}, lies inside the repository."
        yield _at_key(config, key, message, f"Set `{key}` to a folder outside of it, or to nothing for the default.")
    if not facts.base_writable:
        message = f"The folder for worktrees, {facts.base_path}, cannot be written to."
        yield _at_key(config, key, message, f"mkdir -p {facts.base_path}, or set `{key}` to another folder.")


def _check_runtimes(config: Config, facts: PreflightFacts) -> Iterator[Problem]:
    for runtime, key in _lane_runtimes(config).items():
        found = facts.runtimes.get(runtime)
        if not runtime:
            if not any(known.found for known in facts.runtimes.values()):
                fix = "Install an agent program that `gitorch doctor` lists, or describe your own under `runtimes`."
                yield _at_key(config, key, "No agent program was found on PATH.", fix)
        elif found is None or not found.known:
            near = get_close_matches(runtime, [name for name, known in facts.runtimes.items() if known.known], n=1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            fix = f"Set `{key}` to a runtime that `gitorch doctor` lists, or describe it under `runtimes`."
            yield _at_key(config, key, f"The runtime `{runtime}` is not known.{hint}", fix)
        elif not found.found:
            fix = found.install_hint or f"Install {found.program}, or set `{key}` to another runtime."
            yield _at_key(config, key, f"The program `{found.program}` of runtime `{runtime}` is not on PATH.", fix)


def _lane_runtimes(config: Config) -> dict[str, str]:
    """Each runtime that the lanes use, with the key that chose it first."""
    runtimes = {config.implementer: "lanes.implementer.runtime"}
    for stage in config.review_stages:
        key = f"review.runtimes.{stage}"
        chosen = key if key in config.places else "lanes.reviewer.runtime"
        runtimes.setdefault(reviewer_runtime(config, stage), chosen)
    return runtimes


def _check_tests(plan: Plan, config: Config) -> Iterator[Problem]:
    command = plan.settings.get("test_command", config.test_command)
    if not command.strip() and not config.test_command_absent:
        fix = "Set `tests.command`, or accept that nothing is tested with `tests.absent_is_accepted: true`."
        yield _at_key(config, "tests.command", "There is no test command.", fix)


def _check_signers(config: Config, facts: PreflightFacts) -> Iterator[Problem]:
    if config.approval_at_least is Grade.SIGNED and not facts.signers:
        named = config.approval_signers or "neither gitorch-approvers nor gpg.ssh.allowedSignersFile names one"
        message = f"Approvals must be signed, but there is no key that may sign them: {named}."
        fix = "Add one with `gitorch keys add`, or write `approval.at_least: typed`."
        yield _at_key(config, "approval.at_least", message, fix)


def _check_names(plan: Plan, facts: PreflightFacts) -> Iterator[Problem]:
    for epic in plan.epics:
        if run := facts.busy_epics.get(epic.id):
            message = f"Epic `{epic.id}` is being worked on in run {run}."
            yield Problem(
                plan.path, epic.line, 1, message, f"gitorch cancel {run}, wait for it, or give the epic another id."
            )
    for branch in facts.work_branches:
        message = f"The branch `{branch}` exists already, and an agent of this run would need it."
        yield Problem(plan.path, 1, 1, message, f"git branch -m {branch} <other name>, or git branch -D {branch}")
