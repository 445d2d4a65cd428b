"""Whether a plan may start (P1, P2, P4 to P7): every problem that `check` prints and for which `start` refuses."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from gitorch.errors import Problem
from gitorch.model.counts import counted
from gitorch.model.path_text import shell_word
from gitorch.model.plans.approval import Grade
from gitorch.rules.scope.patterns import PatternFindings, check_patterns
from gitorch.rules.workflows.compile import reviewer_runtime

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitorch.model.plans.config import Config
    from gitorch.model.plans.plan import Plan
    from gitorch.model.plans.preflight import PreflightFacts, RuntimeFacts

CONFIG_NAME = "gitorch.yaml"

REVIEWER_KEY = "lanes.reviewer.runtime"

NOTHING_COMMITTED = (
    "The repository has no branch with a commit yet, so nothing can be built on one.",
    "git commit --allow-empty --message Begin",
)
"""What is wrong in a new repository, whatever the target is, and how to fix it."""


def check_plan(plan: Plan, config: Config, facts: PreflightFacts) -> tuple[Problem, ...]:
    """Every reason against starting this plan here; empty when it may start.

    The plan's own defects come first, then what is missing around it, each with its file, line and fix.
    """
    return (
        *plan.problems,
        *_check_design(plan, facts),
        *_check_target(plan, config, facts),
        *_check_worktrees(config, facts),
        *_check_runtimes(plan, config, facts),
        *_check_tests(plan, config, facts),
        *_check_signers(config, facts),
        *_check_forge_keys(config, facts),
        *check_remote(config, facts),
        *_check_names(plan, facts),
        *_patterns(plan, facts).problems,
        *_check_epic_runtimes(plan, facts),
    )


def plan_remarks(plan: Plan, facts: PreflightFacts) -> tuple[Problem, ...]:
    """What `check` and the sheet say beside the problems: remarks of the plan, and globs that match nothing yet."""
    return (*plan.remarks, *_patterns(plan, facts).remarks)


def _patterns(plan: Plan, facts: PreflightFacts) -> PatternFindings:
    """The globs of the plan that match nothing; none where the target is unknown."""
    if facts.target_commit is None:
        return PatternFindings()

    return check_patterns(plan.path, plan.patterns, facts.files, plan.announced, facts.target)


def _check_epic_runtimes(plan: Plan, facts: PreflightFacts) -> Iterator[Problem]:
    """Every runtime that an epic chooses must be known and installed, unless people do the work."""
    if facts.by_hand:
        return

    for epic in plan.epics:
        if not epic.runtime:
            continue
        defect = _runtime_defect(epic.runtime, f"Runtime: {epic.runtime}", facts)
        if defect is not None:
            message, fix = defect
            yield Problem(plan.path, epic.runtime_line, 1, message, fix)


def _at_key(config: Config, key: str, message: str, fix: str) -> Problem:
    """A problem with a key of the configuration.

    It stands at the key, or at the top of the file when the file does not set it.
    """
    line, column = config.places.get(key, (1, 1))
    return Problem(config.path or CONFIG_NAME, line, column, message, fix)


def _with_init(config: Config, fix: str) -> str:
    """A fix that begins with writing the configuration, where there is none and `init` would choose another value."""
    if config.path:
        return fix

    return f"gitorch init, which writes {CONFIG_NAME} with what it finds here; or: {fix}"


def _at_setting(plan: Plan, name: str, message: str, fix: str) -> Problem:
    """A problem with a setting of the plan, at the line that sets it."""
    line, column = plan.places.get(name, (1, 1))
    return Problem(plan.path, line, column, message, fix)


def _check_design(plan: Plan, facts: PreflightFacts) -> Iterator[Problem]:
    """The design document that a plan names must exist."""
    if plan.design and not facts.design_exists:
        message = f"The design document `{plan.design}` does not exist."
        yield _at_setting(plan, "design", message, "Write it, correct its path, or remove the line that names it.")


def _check_target(plan: Plan, config: Config, facts: PreflightFacts) -> Iterator[Problem]:
    """The merge target must be a local branch and up to date with its upstream."""
    defect = _target_defect(facts)
    if defect is None:
        return

    message, fix = defect
    if "merge_target" in plan.settings:
        yield _at_setting(plan, "merge_target", message, fix)
    elif facts.target_commit is None:
        yield _at_key(config, "orchestration.merge_target", message, _with_init(config, fix))
    else:
        yield _at_key(config, "orchestration.merge_target", message, fix)


def _target_defect(facts: PreflightFacts) -> tuple[str, str] | None:
    """What is wrong with the merge target and how to fix it; None when nothing is.

    A target without an upstream is never behind.
    """
    target = facts.target
    if facts.has_no_commit:
        return NOTHING_COMMITTED

    if facts.target_commit is None:
        message = f"The merge target `{target}` is not a local branch.{_did_you_mean(target, facts.branches)}"
        return (
            message,
            f"git branch {shell_word(target)} <commit>, or name another branch: gitorch never creates the target.",
        )

    if facts.target_behind:
        message = f"The merge target `{target}` is {counted(facts.target_behind, 'commit')} behind its upstream."
        fix = f"git fetch, then: git switch {shell_word(target)} && git merge --ff @{{upstream}}"
        return message, fix

    return None


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint at the most similar known name, to follow a message; empty when none is similar."""
    near = get_close_matches(name, list(known), n=1)
    if not near:
        return ""

    return f" Did you mean `{near[0]}`?"


def _check_worktrees(config: Config, facts: PreflightFacts) -> Iterator[Problem]:
    """The folder for worktrees must be writable and outside the repository."""
    key = "worktrees.base_path"
    if not facts.base_outside:
        message = f"The folder for worktrees, {facts.base_path}, lies inside the repository."
        yield _at_key(config, key, message, f"Set `{key}` to a folder outside of it, or to nothing for the default.")

    if not facts.base_writable:
        message = f"The folder for worktrees, {facts.base_path}, cannot be written to."
        yield _at_key(
            config, key, message, f"mkdir -p {shell_word(facts.base_path)}, or set `{key}` to another folder."
        )


def missing_tmux(facts: PreflightFacts, path: str) -> tuple[str, str] | None:
    """What is wrong where tmux is missing and the agents of this plan or workflow file need it, and how to fix it; None where nothing is."""
    if facts.tmux_found or facts.by_hand:
        return None

    by_hand = f"gitorch start {shell_word(path)} --by-hand"
    fix = f"Install it, for example: apt-get install tmux. Without it, work by hand: {by_hand}"
    return "tmux is not installed, and agents run in it.", fix


def _check_runtimes(plan: Plan, config: Config, facts: PreflightFacts) -> Iterator[Problem]:
    """Every runtime that a lane uses, and tmux, must be known and installed, unless people do the work."""
    if facts.by_hand:
        return

    missing = missing_tmux(facts, plan.path)
    if missing is not None:
        yield Problem(plan.path, 1, 1, *missing)

    for runtime, key in _lane_runtimes(config).items():
        defect = _runtime_defect(runtime, key, facts)
        if defect is not None:
            message, fix = defect
            is_named = runtime in config.reviewers.values()
            if (key, is_named) == (REVIEWER_KEY, False):
                message += (
                    f" Nothing names the reviewer, so gitorch chose it as another one than `{config.implementer}`."
                )
                fix += f"; or: gitorch config set {key} {shell_word(config.implementer)}"
            yield _at_key(config, key, message, fix)


def _runtime_defect(runtime: str, key: str, facts: PreflightFacts) -> tuple[str, str] | None:
    """What is wrong with a runtime and how to fix it; None when nothing is.

    An empty name means any installed one. `key` is the setting that chooses the runtime.
    """
    if not runtime:
        return _no_runtime(facts)

    found = facts.runtimes.get(runtime)
    if found is None or not found.known:
        known = []
        for name, other in facts.runtimes.items():
            if other.known:
                known.append(name)

        fix = f"Set `{key}` to a runtime that `gitorch doctor` lists, or describe it under `runtimes`."
        return f"The runtime `{runtime}` is not known.{_did_you_mean(runtime, known)}", fix

    return _program_defect(runtime, key, found)


def _program_defect(runtime: str, key: str, found: RuntimeFacts) -> tuple[str, str] | None:
    """What keeps the program of a known runtime from being run, and how to fix it; None when nothing does."""
    if not found.found:
        fix = found.install_hint or f"Install {found.program}, or set `{key}` to another runtime."
        return f"The program `{found.program}` of runtime `{runtime}` is not on PATH.", fix

    if found.sandbox_fault:
        fix = "apt-get install bubblewrap, or set `sandbox: none` for the runtime."
        return f"The runtime `{runtime}` must run in a sandbox, but {found.sandbox_fault}.", fix

    return None


def _no_runtime(facts: PreflightFacts) -> tuple[str, str] | None:
    """The defect of a lane without a runtime: no agent program is installed. None when one is."""
    if any(runtime.found for runtime in facts.runtimes.values()):
        return None

    fix = (
        "Install an agent program that `gitorch doctor` lists, describe your own under `runtimes`, or practise without one: "
        "gitorch config set lanes.implementer.runtime scripted"
    )
    return "No agent program was found on PATH.", fix


def _lane_runtimes(config: Config) -> dict[str, str]:
    """Each runtime that the lanes use, with the first key that chooses it.

    The implementer's comes first, then those of the reviews in the order of their stages.
    """
    runtimes = {config.implementer: "lanes.implementer.runtime"}
    for stage in config.review_stages:
        key = f"review.runtimes.{stage}"
        if key not in config.places:
            key = REVIEWER_KEY

        runtimes.setdefault(reviewer_runtime(config, stage), key)

    for name in tuple(runtimes):
        choice = config.runtimes.get(name)
        if choice is not None and choice.takeover:
            runtimes.setdefault(choice.takeover, f"runtimes.{name}.takeover")

    return runtimes


def _check_tests(plan: Plan, config: Config, facts: PreflightFacts) -> Iterator[Problem]:
    """There must be a test command, unless the configuration accepts that there is none.

    Without a configuration `init` is advised, unless the problem with the target does that.
    """
    command = plan.settings.get("test_command", config.test_command)
    if command.strip() or config.test_command_absent:
        return

    fix = (
        "gitorch config set tests.command COMMAND, or to have nothing tested: "
        "gitorch config set tests.absent_is_accepted true"
    )
    if facts.target_commit is not None:
        fix = _with_init(config, fix)
    yield _at_key(config, "tests.command", "There is no test command.", fix)


def _check_signers(config: Config, facts: PreflightFacts) -> Iterator[Problem]:
    """Signed approvals need a key that may sign them."""
    if config.approval_at_least is Grade.SIGNED and not facts.signers:
        named = config.approval_signers or "neither gitorch-approvers nor gpg.ssh.allowedSignersFile names one"
        message = f"Approvals must be signed, but there is no key that may sign them: {named}."
        fix = "Add one with `gitorch keys add`, or write `approval.at_least: typed`."
        yield _at_key(config, "approval.at_least", message, fix)


def _check_forge_keys(config: Config, facts: PreflightFacts) -> Iterator[Problem]:
    """Approvals by pull request need a key by which the forge signs merges."""
    if config.approval_at_least is Grade.FORGE and not facts.has_forge_keys:
        named = config.approval_forge_keys or "gitorch-forge-keys"
        message = f"Approvals must be merged pull requests, but {named} holds no key by which a forge signs merges."
        fix = "docs/pull-requests.md says where your forge publishes its key; or write `approval.at_least: signed`."
        yield _at_key(config, "approval.at_least", message, fix)


def check_remote(config: Config, facts: PreflightFacts) -> Iterator[Problem]:
    """The remote that merged work is pushed to must be there."""
    remote = config.push_remote
    if remote not in {"", *facts.remotes}:
        message = f"There is no remote `{remote}` to push the merge to."
        fix = f"git remote add {shell_word(remote)} <url>, or set `push.remote` to one that `git remote` lists."
        yield _at_key(config, "push.remote", message, fix)


def _check_names(plan: Plan, facts: PreflightFacts) -> Iterator[Problem]:
    """No other run may work on the plan's epics, and their branches must not exist.

    Branches are never overwritten, because the work on them may be wanted.
    """
    for epic in plan.epics:
        run = facts.busy_epics.get(epic.id)
        if run:
            message = f"Run {run} is working on epic `{epic.id}`."
            fix = f"gitorch cancel {run}, wait for it, or give the epic another id."
            yield Problem(plan.path, epic.line, 1, message, fix)

    for branch in facts.work_branches:
        message = f"The branch `{branch}` already exists, and an agent of this run would need it."
        yield Problem(
            plan.path,
            1,
            1,
            message,
            f"git branch -m {shell_word(branch)} <other name>",
        )
