"""Why a first run would fail, before it does: the four usual reasons first, then what is worth knowing."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from gitorch.app.people.signing import signers
from gitorch.app.start.preflight import runtime_facts
from gitorch.errors import GitorchError, Unavailable
from gitorch.model.values import Value
from gitorch.model.workflow import Commits
from gitorch.rules.workflows.compile import lane_of, reviewer_runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitorch.app.services import Tools
    from gitorch.model.runtime import Preset

OLDEST = {"git": "2.38", "tmux": "3.2"}
"""git 2.38 brought `merge-tree --write-tree`; tmux 3.2 brought `-e` for new sessions and `if-shell -F` as it is used here."""

INSTALL = {"git": "apt-get install git", "tmux": "apt-get install tmux"}


class Sign(Value):
    """One thing looked at. `ok` None is a note; `fix` is a command or an edit that helps."""

    name: str
    ok: bool | None
    said: str
    fix: str = ""


def examine(tools: Tools, presets: tuple[str, ...], store: str) -> tuple[Sign, ...]:
    """Everything, the usual first-run failures first. Nothing is changed but an empty folder made and removed."""
    looks: tuple[Callable[[], Iterator[Sign]], ...] = (
        lambda: _agents(tools),
        lambda: _asking_git("merge target", _target(tools)),
        lambda: _versions(tools),
        lambda: _worktrees(tools),
        lambda: _sandboxes(tools),
        lambda: _tests(tools),
        lambda: _ledger(tools, store),
        lambda: _asking_git("push", _push(tools)),
        lambda: _asking_git("approval", _approval(tools)),
        lambda: _asking_git("git settings", _pruning(tools)),
        lambda: _others(tools, presets),
    )
    return tuple(sign for look in looks for sign in look())


def _asking_git(name: str, signs: Iterator[Sign]) -> Iterator[Sign]:
    """What git was asked; a git that is missing or silent is one more sign, and keeps nothing else from being looked at."""
    try:
        yield from signs
    except Unavailable as mute:
        yield Sign(name, False, f"it could not be looked at: {mute.message}", INSTALL["git"])


def _agents(tools: Tools) -> Iterator[Sign]:
    config = tools.config
    chosen = {config.implementer: "lanes.implementer.runtime"}
    chosen.update({reviewer_runtime(config, s): "lanes.reviewer.runtime" for s in config.review_stages})
    for runtime, key in chosen.items():
        if not runtime:
            yield Sign("agents", False, "no runtime is chosen", f"set {key} in gitorch.yaml, for example to claude")
            continue
        facts = runtime_facts(tools, lane_of(config, "lane", runtime))
        if not facts.known:
            yield Sign("agents", False, f"there is no runtime {runtime}", f"set {key} to one that is listed below")
        elif not facts.found:
            fix = facts.install_hint or f"install {facts.program}"
            yield Sign("agents", False, f"{facts.program} of runtime {runtime} is not on PATH", fix)
        else:
            yield Sign("agents", True, f"{runtime}: {tools.programs.find(facts.program)}")


def _target(tools: Tools) -> Iterator[Sign]:
    target = tools.config.merge_target
    commit = tools.git.resolve(target)
    if commit is None:
        others = ", ".join(tools.git.branches()[:8]) or "none yet: commit something first"
        fix = f"git branch {shlex.quote(target)}, or set orchestration.merge_target to one of: {others}"
        yield Sign("merge target", False, f"{target} is no local branch", fix)
        return
    behind = tools.git.behind_remote(target)
    if behind:
        yield Sign(
            "merge target",
            False,
            f"{target} is {behind} commits behind its upstream",
            "git fetch && git merge --ff-only",
        )
    else:
        yield Sign("merge target", True, f"{target} at {commit[:12]}")


def _versions(tools: Tools) -> Iterator[Sign]:
    git, tmux = tools.programs.said(("git", "--version")), tools.programs.said(("tmux", "-V"))
    yield _version("git", git, enough=_git_version(git) >= _git_version(OLDEST["git"]))
    yield _version("tmux", tmux, enough=tools.programs.tmux_is_at_least(OLDEST["tmux"]))


def _git_version(said: str) -> tuple[int, int]:
    found = re.search(r"(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found is not None else (0, 0)


def _version(program: str, said: str, *, enough: bool) -> Sign:
    if not said:
        return Sign(program, False, f"{program} is not installed, or does not answer", INSTALL[program])
    if not enough:
        return Sign(program, False, f"{said} is too old; {OLDEST[program]} is needed", INSTALL[program])
    return Sign(program, True, said)


def _worktrees(tools: Tools) -> Iterator[Sign]:
    base = tools.folder(tools.config.base_path)
    if base.resolve().is_relative_to(tools.root.resolve()):
        yield Sign(
            "worktrees", False, f"{base} lies inside the repository", "set worktrees.base_path to a folder outside"
        )
        return
    probe = base / ".probe"
    try:
        tools.files.write(probe, b"")
        tools.files.remove(probe)
    except OSError as error:
        blocked = isinstance(error, FileExistsError | NotADirectoryError)
        why = "a file is in its way" if blocked else str(error.strerror).lower()
        fix = f"{'ls -ld' if blocked else 'mkdir -p'} {shlex.quote(str(base))}, or set worktrees.base_path"
        yield Sign("worktrees", False, f"{base} cannot be written to: {why}", fix)
        return
    yield Sign("worktrees", True, str(base))


def _sandboxes(tools: Tools) -> Iterator[Sign]:
    """What a sandbox around an agent must leave open, as paths to copy into its configuration."""
    if tools.config.commits is Commits.HOST:
        yield Sign("sandboxes", None, "gitorch commits for its agents, so that they need nothing but their worktrees")
        return
    yield Sign("sandboxes", None, "an agent that commits from inside a sandbox must be able to write below these:")
    yield Sign("", None, str(tools.folder(tools.config.base_path)))
    yield Sign("", None, str(tools.home.parent))


def _tests(tools: Tools) -> Iterator[Sign]:
    if tools.config.test_command:
        yield Sign("tests", True, f"`{tools.config.test_command}`")
    elif tools.config.test_command_absent:
        yield Sign("tests", None, "no test command, accepted in gitorch.yaml")
    else:
        yield Sign("tests", False, "there is no test command", "set tests.command, or tests.absent_is_accepted: true")


def _ledger(tools: Tools, store: str) -> Iterator[Sign]:
    try:
        if not tools.ledger.exists():
            yield Sign("ledger", None, f"none yet; it will be kept by {store}", "gitorch init")
            return
        runs = len(tools.ledger.state(None).board.runs)
    except GitorchError as error:
        yield Sign("ledger", False, error.message, error.hint or "gitorch verify")
        return
    yield Sign("ledger", True, f"{runs} {'run' if runs == 1 else 'runs'}, kept by {store}")


def _push(tools: Tools) -> Iterator[Sign]:
    """Only where something is to be pushed; a remote that is away now may be there later."""
    remote, target = tools.config.push_remote, tools.config.merge_target
    if not remote:
        return
    if remote not in tools.remotes.names():
        yield Sign("push", False, f"there is no remote {remote}", f"git remote add {remote} URL, or set push.remote")
        return
    ref = f"refs/heads/{target}"
    try:
        there = tools.remotes.heads(remote, (ref,)).get(ref)
    except Unavailable as mute:
        yield Sign("push", False, mute.message, mute.hint)
        return
    if there is None:
        yield Sign("push", False, f"{remote} has no branch {target}", f"git push {remote} {target}")
    else:
        yield Sign("push", True, f"{remote} has {target} at {there[:12]}")


def _approval(tools: Tools) -> Iterator[Sign]:
    """Only where approvals are to be signed."""
    if tools.config.approval_signature == "none":
        return
    if not signers(tools):
        fix = "git config gpg.ssh.allowedSignersFile FILE, or set approval.allowed_signers"
        yield Sign("approval", False, "approvals must be signed, but no key is allowed to", fix)
    elif not tools.git.setting("user.signingKey"):
        fix = "git config user.signingKey ~/.ssh/id_ed25519.pub"
        yield Sign("approval", False, "approvals must be signed, but git knows no key of yours", fix)
    else:
        yield Sign("approval", True, f"signed with {tools.git.setting('user.signingKey')}")


def _pruning(tools: Tools) -> Iterator[Sign]:
    """Pruning without grace beside a writer destroys objects that no ref names yet."""
    for key in ("gc.pruneExpire", "gc.worktreePruneExpire"):
        value = tools.git.setting(key)
        if value in {"now", "all"}:
            said = f"{key} is {value}: git may delete what is being written"
            yield Sign("git settings", False, said, f"git config --unset {key}")


def _others(tools: Tools, presets: tuple[str, ...]) -> Iterator[Sign]:
    """Each preset's program: its version beside the one that the preset was checked with, or how to get it."""
    missing: dict[str, str] = {}
    for name in presets:
        lane = lane_of(tools.config, "lane", name)
        try:
            facts, preset = runtime_facts(tools, lane), tools.preset(lane)
        except GitorchError as error:
            yield Sign("runtime", False, f"{name}: {error.message}", error.hint)
            continue
        if facts.found:
            yield Sign("runtime", None, f"{name}: {said_version(tools, preset, facts.program)}")
        elif preset.install_hint:
            missing.setdefault(facts.program, preset.install_hint)
    for program, hint in missing.items():
        yield Sign("runtime", None, f"{program} is not installed", hint)


def said_version(tools: Tools, preset: Preset, program: str) -> str:
    """What a program says of its version, beside the one that its preset was checked with."""
    said = tools.programs.said(preset.version_argv)
    if not said:
        return f"{program}, which does not say its version" if preset.version_argv else program
    found = re.search(r"\d+\.\d+\.\d+\S*", said)
    if not preset.checked_with:
        return said
    if found is not None and found[0] == preset.checked_with:
        return f"{said}, with which the preset was checked"
    return f"{said}; the preset was checked with {preset.checked_with}: signs on its screen may differ"
