"""Why a first run would fail, before it does: the four usual reasons first, then what is worth knowing."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from gitorch.app.people.keys import GUARDED, GUARDS, approvers, approvers_file
from gitorch.app.start.preflight import runtime_facts
from gitorch.errors import GitorchError, Unavailable
from gitorch.model.approval import Grade
from gitorch.model.values import Value
from gitorch.model.workflow import Commits
from gitorch.rules.workflows.compile import lane_of, reviewer_runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitorch.app.services import Services
    from gitorch.model.runtime import Preset

OLDEST = {"git": "2.38", "tmux": "3.2"}
"""git 2.38 brought `merge-tree --write-tree`; tmux 3.2 brought `-e` for new sessions and `if-shell -F` as it is used here."""

INSTALL = {"git": "apt-get install git", "tmux": "apt-get install tmux"}


class HealthCheck(Value):
    """One thing looked at. `ok` None is a note; `fix` is a command or an edit that helps."""

    name: str
    ok: bool | None
    said: str
    fix: str = ""


def examine(services: Services) -> tuple[HealthCheck, ...]:
    """Everything, the usual first-run failures first. Nothing is changed but an empty folder made and removed."""
    looks: tuple[Callable[[], Iterator[HealthCheck]], ...] = (
        lambda: _agents(services),
        lambda: _asking_git("merge target", _target(services)),
        lambda: _versions(services),
        lambda: _worktrees(services),
        lambda: _sandboxes(services),
        lambda: _tests(services),
        lambda: _ledger(services),
        lambda: _asking_git("push", _push(services)),
        lambda: _asking_git("approval", _approval(services)),
        lambda: _asking_git("git settings", _pruning(services)),
        lambda: _others(services),
    )
    return tuple(sign for look in looks for sign in look())


def _asking_git(name: str, signs: Iterator[HealthCheck]) -> Iterator[HealthCheck]:
    """What git was asked; a git that is missing or silent is one more sign, and keeps nothing else from being looked at."""
    try:
        yield from signs
    except Unavailable as mute:
        yield HealthCheck(name, False, f"it could not be looked at: {mute.message}", INSTALL["git"])


def _agents(services: Services) -> Iterator[HealthCheck]:
    config = services.config
    chosen = {config.implementer: "lanes.implementer.runtime"}
    chosen.update({reviewer_runtime(config, s): "lanes.reviewer.runtime" for s in config.review_stages})
    for runtime, key in chosen.items():
        if not runtime:
            yield HealthCheck(
                "agents", False, "no runtime is chosen", f"set {key} in gitorch.yaml, for example to claude"
            )
            continue
        facts = runtime_facts(services, lane_of(config, "lane", runtime))
        if not facts.known:
            yield HealthCheck(
                "agents", False, f"there is no runtime {runtime}", f"set {key} to one that is listed below"
            )
        elif not facts.found:
            fix = facts.install_hint or f"install {facts.program}"
            yield HealthCheck("agents", False, f"{facts.program} of runtime {runtime} is not on PATH", fix)
        else:
            yield HealthCheck("agents", True, f"{runtime}: {services.programs.find(facts.program)}")


def _target(services: Services) -> Iterator[HealthCheck]:
    target = services.config.merge_target
    commit = services.git.resolve(target)
    if commit is None:
        others = ", ".join(services.git.branches()[:8]) or "none yet: commit something first"
        fix = f"git branch {shlex.quote(target)}, or set orchestration.merge_target to one of: {others}"
        yield HealthCheck("merge target", False, f"{target} is no local branch", fix)
        return
    behind = services.git.behind_remote(target)
    if behind:
        yield HealthCheck(
            "merge target",
            False,
            f"{target} is {behind} commits behind its upstream",
            "git fetch && git merge --ff-only",
        )
    else:
        yield HealthCheck("merge target", True, f"{target} at {commit[:12]}")


def _versions(services: Services) -> Iterator[HealthCheck]:
    git, tmux = services.programs.first_line(("git", "--version")), services.programs.first_line(("tmux", "-V"))
    yield _version("git", git, enough=_git_version(git) >= _git_version(OLDEST["git"]))
    yield _version("tmux", tmux, enough=services.programs.tmux_is_at_least(OLDEST["tmux"]))


def _git_version(said: str) -> tuple[int, int]:
    found = re.search(r"(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found is not None else (0, 0)


def _version(program: str, said: str, *, enough: bool) -> HealthCheck:
    if not said:
        return HealthCheck(program, False, f"{program} is not installed, or does not answer", INSTALL[program])
    if not enough:
        return HealthCheck(program, False, f"{said} is too old; {OLDEST[program]} is needed", INSTALL[program])
    return HealthCheck(program, True, said)


def _worktrees(services: Services) -> Iterator[HealthCheck]:
    base = services.paths.folder(services.config.base_path)
    if base.resolve().is_relative_to(services.root.resolve()):
        yield HealthCheck(
            "worktrees", False, f"{base} lies inside the repository", "set worktrees.base_path to a folder outside"
        )
        return
    probe = base / ".probe"
    try:
        services.files.write(probe, b"")
        services.files.remove(probe)
    except OSError as error:
        blocked = isinstance(error, FileExistsError | NotADirectoryError)
        why = "a file is in its way" if blocked else str(error.strerror).lower()
        fix = f"{'ls -ld' if blocked else 'mkdir -p'} {shlex.quote(str(base))}, or set worktrees.base_path"
        yield HealthCheck("worktrees", False, f"{base} cannot be written to: {why}", fix)
        return
    yield HealthCheck("worktrees", True, str(base))


def _sandboxes(services: Services) -> Iterator[HealthCheck]:
    """What a sandbox around an agent must leave open, as paths to copy into its configuration."""
    if services.config.commits is Commits.HOST:
        yield HealthCheck(
            "sandboxes", None, "gitorch commits for its agents, so that they need nothing but their worktrees"
        )
        return
    yield HealthCheck(
        "sandboxes", None, "an agent that commits from inside a sandbox must be able to write below these:"
    )
    yield HealthCheck("", None, str(services.paths.folder(services.config.base_path)))
    yield HealthCheck("", None, str(services.home.parent))


def _tests(services: Services) -> Iterator[HealthCheck]:
    if services.config.test_command:
        yield HealthCheck("tests", True, f"`{services.config.test_command}`")
    elif services.config.test_command_absent:
        yield HealthCheck("tests", None, "no test command, accepted in gitorch.yaml")
    else:
        yield HealthCheck(
            "tests", False, "there is no test command", "set tests.command, or tests.absent_is_accepted: true"
        )


def _ledger(services: Services) -> Iterator[HealthCheck]:
    try:
        if not services.ledger.exists():
            yield HealthCheck("ledger", None, f"none yet; it will be kept by {services.store}", "gitorch init")
            return
        runs = len(services.ledger.state(None).board.runs)
    except GitorchError as error:
        yield HealthCheck("ledger", False, error.message, error.hint or "gitorch verify")
        return
    yield HealthCheck("ledger", True, f"{runs} {'run' if runs == 1 else 'runs'}, kept by {services.store}")


def _push(services: Services) -> Iterator[HealthCheck]:
    """Only where something is to be pushed; a remote that is away now may be there later."""
    remote, target = services.config.push_remote, services.config.merge_target
    if not remote:
        return
    if remote not in services.remotes.names():
        yield HealthCheck(
            "push", False, f"there is no remote {remote}", f"git remote add {remote} URL, or set push.remote"
        )
        return
    ref = f"refs/heads/{target}"
    try:
        there = services.remotes.heads(remote, (ref,)).get(ref)
    except Unavailable as mute:
        yield HealthCheck("push", False, mute.message, mute.hint)
        return
    if there is None:
        yield HealthCheck("push", False, f"{remote} has no branch {target}", f"git push {remote} {target}")
    else:
        yield HealthCheck("push", True, f"{remote} has {target} at {there[:12]}")


def _approval(services: Services) -> Iterator[HealthCheck]:
    """How an approval of a merge is proven here, and whether this person can give one."""
    least = services.config.approval_at_least
    if least is not Grade.SIGNED:
        text = f"{least}: a program that runs as you could approve as well"
        yield HealthCheck("approval", None, text, "gitorch keys add --new, then approval.at_least: signed")
        return
    own = [one for one in approvers(services) if one.own is not None]
    if not own:
        path = approvers_file(services)
        yield HealthCheck(
            "approval", False, f"signed, but none of your keys is in {path.name}", "gitorch keys add --new"
        )
        return
    for one in own:
        if one.own is not None:
            good = one.own.guard in GUARDED
            fix = "" if good else "gitorch keys add --new"
            yield HealthCheck("approval", good, f"signed by {one.name}: the key {GUARDS[one.own.guard]}", fix)


def _pruning(services: Services) -> Iterator[HealthCheck]:
    """Pruning without grace beside a writer destroys objects that no ref names yet."""
    for key in ("gc.pruneExpire", "gc.worktreePruneExpire"):
        value = services.git.setting(key)
        if value in {"now", "all"}:
            said = f"{key} is {value}: git may delete what is being written"
            yield HealthCheck("git settings", False, said, f"git config --unset {key}")


def _others(services: Services) -> Iterator[HealthCheck]:
    """Each preset's program: its version beside the one that the preset was checked with, or how to get it."""
    missing: dict[str, str] = {}
    for name in services.preset_names:
        lane = lane_of(services.config, "lane", name)
        try:
            facts, preset = runtime_facts(services, lane), services.preset(lane)
        except GitorchError as error:
            yield HealthCheck("runtime", False, f"{name}: {error.message}", error.hint)
            continue
        if facts.found:
            yield HealthCheck("runtime", None, f"{name}: {said_version(services, preset, facts.program)}")
        elif preset.install_hint:
            missing.setdefault(facts.program, preset.install_hint)
    for program, hint in missing.items():
        yield HealthCheck("runtime", None, f"{program} is not installed", hint)


def said_version(services: Services, preset: Preset, program: str) -> str:
    """What a program says of its version, beside the one that its preset was checked with."""
    said = services.programs.first_line(preset.version_argv)
    if not said:
        return f"{program}, which does not say its version" if preset.version_argv else program
    found = re.search(r"\d+\.\d+\.\d+\S*", said)
    if not preset.checked_with:
        return said
    if found is not None and found[0] == preset.checked_with:
        return f"{said}, with which the preset was checked"
    return f"{said}; the preset was checked with {preset.checked_with}: signs on its screen may differ"
