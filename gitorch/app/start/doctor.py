"""Checks for the reasons why a first run would fail, the four usual ones first, with notes after them."""

from __future__ import annotations

import errno
import re
import shlex
from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.app.people.keys import GUARDED, GUARDS, adding_command, approvers, approvers_file
from gitorch.app.query.notifying import notification_trouble
from gitorch.app.query.runtime_facts import runtime_facts
from gitorch.app.start.doctor_runs import examine_runs
from gitorch.app.start.facts import target_fix
from gitorch.app.start.health import HealthCheck
from gitorch.app.start.setup import installed_agents
from gitorch.app.start.versions import version_text
from gitorch.errors import GitorchError, Unavailable
from gitorch.model.counts import counted
from gitorch.model.path_text import shell_word
from gitorch.model.plans.approval import Grade
from gitorch.model.plans.workflow import Commits
from gitorch.rules.workflows.compile import lane_of, reviewer_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.plans.approval import Guard, SigningKey
    from gitorch.model.plans.preflight import RuntimeFacts
    from gitorch.model.plans.runtime import Preset

OLDEST = {"git": "2.38", "tmux": "3.2"}
"""git 2.38 brought `merge-tree --write-tree`; tmux 3.2 brought `-e` for new sessions and `if-shell -F` as it is used here."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

PROBE_BYTES = 65_536
"""More than a file system keeps beside the name of a file, so that a full one refuses it."""

INSTALL = {"git": "apt-get install git", "tmux": "apt-get install tmux"}

FAULT = "; it can crash when a person leaves an agent that has ended, which gitorch avoids: a newer one is better"
SIGN = "gitorch config set approval.at_least signed"
WITHOUT_KEYS = {Grade.FORGE: ("forge: a merged pull request approves, and nothing that is typed here", "")}
KNOWN_FAULTS = {"tmux 3.3": FAULT, "tmux 3.3a": FAULT}
"""Versions with a known fault, by the line that they print."""


def examine(services: Services) -> tuple[HealthCheck, ...]:
    """All checks, the usual reasons of a failed first run first, each with a command or an edit that helps.

    A check that cannot ask git is a failed check: none keeps the others from being made.
    Nothing is changed but a file made and removed again. Raises Malformed for a configuration with defects.
    """
    checks: list[HealthCheck] = []
    checks.extend(_agents(services))
    checks.extend(_with_git("merge target", _target(services)))
    checks.extend(_versions(services))
    checks.extend(_place(services))
    checks.append(_worktrees(services))
    checks.extend(_sandboxes(services))
    checks.append(_tests(services))
    checks.append(_ledger(services))
    checks.extend(examine_runs(services))
    checks.extend(_notices(services))
    checks.extend(_with_git("push", _push(services)))
    checks.extend(_with_git("approval", _approval(services)))
    checks.extend(_with_git("git settings", _pruning(services)))
    checks.extend(_others(services))
    return tuple(checks)


def _with_git(name: str, checks: Iterator[HealthCheck]) -> Iterator[HealthCheck]:
    """Checks that ask git; where git is missing or does not answer, that is one more result, and the next checks go on."""
    try:
        yield from checks
    except Unavailable as error:
        yield HealthCheck(name, False, f"git could not be asked: {error.message}", INSTALL["git"])


def _agents(services: Services) -> Iterator[HealthCheck]:
    """The runtimes that the configuration chooses for writing and reviewing, each once."""
    config = services.config
    keys = {config.implementer: "lanes.implementer.runtime"}
    for stage in config.review_stages:
        keys.setdefault(reviewer_runtime(config, stage), "lanes.reviewer.runtime")
    for runtime, key in keys.items():
        yield _agent(services, runtime, key)


def _agent(services: Services, runtime: str, key: str) -> HealthCheck:
    """Whether the program of a configured runtime is there; `key` is where the configuration names it."""
    if not runtime:
        return HealthCheck("agents", False, "no runtime is chosen", f"gitorch config set {key} {_suggested(services)}")
    facts = runtime_facts(services, lane_of(services.config, "lane", runtime))
    if not facts.known:
        fix = f"gitorch config set {key} {_suggested(services)}"
        return HealthCheck("agents", False, f"there is no runtime {runtime}", fix)
    return _program_check(services, runtime, facts)


def _suggested(services: Services) -> str:
    """The first agent program that is there, otherwise the practice agent."""
    return next(iter(installed_agents(services)), "scripted")


def _program_check(services: Services, runtime: str, facts: RuntimeFacts) -> HealthCheck:
    """Whether the runtime's program is there, and can be put into its sandbox."""
    if not facts.found:
        fix = facts.install_hint or f"install {facts.program}"
        return HealthCheck("agents", False, f"{facts.program} of runtime {runtime} is not on PATH", fix)
    if facts.sandbox_fault:
        return HealthCheck("sandbox", False, f"{runtime}: {facts.sandbox_fault}", "apt-get install bubblewrap")
    return HealthCheck("agents", True, f"{runtime}: {services.programs.find(facts.program)}")


def _target(services: Services) -> Iterator[HealthCheck]:
    """Whether the merge target is a local branch and not behind its upstream."""
    target = services.config.merge_target
    commit = services.git.resolve(target)
    if commit is None:
        yield HealthCheck("merge target", False, f"{target} is not a local branch", target_fix(services))
        return
    behind = services.git.behind_remote(target)
    if behind:
        text = f"{target} is {counted(behind, 'commit')} behind its upstream"
        fix = f"git fetch && git switch {shell_word(target)} && git merge --ff @{{upstream}}"
        yield HealthCheck("merge target", False, text, fix)
    else:
        yield HealthCheck("merge target", True, f"{target} at {commit[:12]}")


def _versions(services: Services) -> Iterator[HealthCheck]:
    """Whether git and tmux are there and new enough."""
    git = services.programs.first_line(("git", "--version"))
    tmux = services.programs.first_line(("tmux", "-V"))
    yield _version("git", git, enough=_git_version(git) >= _git_version(OLDEST["git"]))
    yield _version("tmux", tmux, enough=services.programs.tmux_is_at_least(OLDEST["tmux"]))


def _git_version(line: str) -> tuple[int, int]:
    """Major and minor version in a line that git prints; zeros where it has none."""
    found = re.search(r"(\d+)\.(\d+)", line)
    if found is None:
        return 0, 0
    return int(found[1]), int(found[2])


def _version(program: str, line: str, *, enough: bool) -> HealthCheck:
    """The check of one program; `line` is what it prints as its version, empty where it does not answer."""
    if not line:
        return HealthCheck(program, False, f"{program} is not installed, or does not answer", INSTALL[program])
    if not enough:
        return HealthCheck(program, False, f"{line} is too old; {OLDEST[program]} is needed", INSTALL[program])
    return HealthCheck(program, True, f"{line}{KNOWN_FAULTS.get(line, '')}")


def _place(services: Services) -> Iterator[HealthCheck]:
    """Whether the repository lies where gitorch last worked on it."""
    relocation = services.place.relocation()
    if relocation is not None:
        text = f"{relocation.sentence}: its worktrees and agents have to follow"
        yield HealthCheck("place", False, text, "gitorch up --once")


def _worktrees(services: Services) -> HealthCheck:
    """Whether worktrees can be made where they are configured to lie."""
    base = services.paths.folder(services.config.base_path)
    if base.resolve().is_relative_to(services.root.resolve()):
        fix = "gitorch config set worktrees.base_path ../worktrees"
        return HealthCheck("worktrees", False, f"{base} lies inside the repository", fix)

    quoted = shlex.quote(str(base))
    try:
        _write_probe(services, base)
    except (FileExistsError, NotADirectoryError):
        fix = f"ls -ld {quoted}"
        return HealthCheck("worktrees", False, f"{base} cannot be written to: a file is in its way", fix)
    except OSError as error:
        fix = f"mkdir -p {quoted}"
        if error.errno in FULL:
            fix = "df -h"
        reason = str(error.strerror).lower()
        return HealthCheck("worktrees", False, f"{base} cannot be written to: {reason}", fix)
    return HealthCheck("worktrees", True, str(base))


def _write_probe(services: Services, folder: Path) -> None:
    """Write a small file into a folder, made where it is missing, and remove it again. Raises OSError, also on a full disk."""
    probe = folder / ".probe"
    services.files.write(probe, bytes(PROBE_BYTES))
    services.files.remove(probe)


def _sandboxes(services: Services) -> Iterator[HealthCheck]:
    """What a sandbox around an agent must leave open, as paths to copy into its configuration."""
    if services.config.commits is Commits.HOST:
        text = "gitorch commits for its agents, so that they need nothing but their worktrees"
        yield HealthCheck("sandboxes", None, text)
        return
    text = "an agent that commits from inside a sandbox must be able to write below these:"
    yield HealthCheck("sandboxes", None, text)
    yield HealthCheck("", None, str(services.paths.folder(services.config.base_path)))
    yield HealthCheck("", None, str(services.home.parent))


def _tests(services: Services) -> HealthCheck:
    """Whether there is a test command, or its absence is accepted."""
    if services.config.test_command:
        return HealthCheck("tests", True, f"`{services.config.test_command}`")
    if services.config.test_command_absent:
        return HealthCheck("tests", None, "no test command, accepted in gitorch.yaml")
    return HealthCheck(
        "tests",
        False,
        "there is no test command, and tests.absent_is_accepted is false",
        "gitorch config set tests.command COMMAND",
    )


def _ledger(services: Services) -> HealthCheck:
    """Whether the ledger can be read, and how many runs it has; one that is not there yet is a note."""
    try:
        if not services.ledger.exists():
            return HealthCheck("ledger", None, f"none yet; it will be kept by {services.store}", "gitorch init")
        count = len(services.ledger.state(None).board.runs)
        damage = services.ledger.damage()
    except GitorchError as error:
        return HealthCheck("ledger", False, error.message, error.hint or "gitorch verify")

    if damage is not None:
        return HealthCheck("ledger", False, damage.message, damage.hint or "gitorch verify")
    try:
        _write_probe(services, services.home)
    except OSError as error:
        return HealthCheck(
            "ledger", False, f"{services.home} cannot be written to: {str(error.strerror).lower()}", "df -h"
        )
    return _ledger_found(services, count)


def _ledger_found(services: Services, count: int) -> HealthCheck:
    """The note of a ledger with this number of runs."""
    return HealthCheck("ledger", True, f"{counted(count, 'run')}, kept by {services.store}")


def _notices(services: Services) -> Iterator[HealthCheck]:
    """The notification command, if it failed the last time it ran."""
    trouble = notification_trouble(services)
    if trouble:
        yield HealthCheck("notifications", False, trouble, "edit notify.command in gitorch.yaml, and run it by hand")


def _push(services: Services) -> Iterator[HealthCheck]:
    """Whether the configured remote has the target; a remote that does not answer now may do so later."""
    remote, target = services.config.push_remote, services.config.merge_target
    if not remote:
        return
    if remote not in services.remotes.names():
        fix = f"git remote add {shell_word(remote)} URL, or set push.remote"
        yield HealthCheck("push", False, f"there is no remote {remote}", fix)
        return
    yield from _push_target(services, target, remote)


def _push_target(services: Services, target: str, remote: str) -> Iterator[HealthCheck]:
    """Whether the remote has the target branch."""
    ref = f"refs/heads/{target}"
    try:
        commit = services.remotes.heads(remote, (ref,)).get(ref)
    except Unavailable as error:
        yield HealthCheck("push", False, error.message, error.hint)
        return
    if commit is None:
        yield HealthCheck(
            "push", False, f"{remote} has no branch {target}", f"git push {shell_word(remote)} {shell_word(target)}"
        )
    else:
        yield HealthCheck("push", True, f"{remote} has {target} at {commit[:12]}")


def _approval(services: Services) -> Iterator[HealthCheck]:
    """How an approval of a merge is proven here, and whether this person can give one."""
    least = services.config.approval_at_least
    if least is not Grade.SIGNED:
        typed = f"{least}: a program that runs as you could approve as well", _signing_command(services)
        text, fix = WITHOUT_KEYS.get(least, typed)
        yield HealthCheck("approval", not fix or None, text, fix)
        return

    own = list(_own_approvers(services))
    for name, key in own:
        yield _key(name, key.guard)
    if not own:
        text = f"signed, but none of your keys is in {approvers_file(services).name}"
        yield HealthCheck("approval", False, text, adding_command(services))


def _signing_command(services: Services) -> str:
    """What makes approvals signed here; a key that may approve already is not added again.

    Where git does not answer nothing is known of keys; another check says that.
    """
    adding = "gitorch keys add --new"
    with suppress(Unavailable):
        adding = adding_command(services)
        for _, key in _own_approvers(services):
            if key.guard in GUARDED:
                return SIGN

    return f"{adding} && {SIGN}"


def _own_approvers(services: Services) -> Iterator[tuple[str, SigningKey]]:
    """The keys of this person that may sign approvals, with the names they are allowed under."""
    for approver in approvers(services):
        if approver.own is not None:
            yield approver.name, approver.own


def _key(name: str, guard: Guard) -> HealthCheck:
    """Whether a key of this person is guarded against their own programs."""
    text = f"signed by {name}: the key {GUARDS[guard]}"
    if guard in GUARDED:
        return HealthCheck("approval", True, text)
    return HealthCheck("approval", False, text, "gitorch keys add --new")


def _pruning(services: Services) -> Iterator[HealthCheck]:
    """Settings by which git prunes at once: beside a writer that destroys objects which no ref names yet."""
    for key in ("gc.pruneExpire", "gc.worktreePruneExpire"):
        value = services.git.setting(key)
        if value in {"now", "all"}:
            text = f"{key} is {value}: git may delete what is being written"
            yield HealthCheck("git settings", False, text, f"git config --unset {key}")


def _others(services: Services) -> Iterator[HealthCheck]:
    """The program of each preset: its version beside the one that the preset was checked with, or how to install it.

    What is not installed comes last, each program once: several presets may start the same one.
    """
    found: dict[str, Preset] = {}
    missing: dict[str, str] = {}
    for name in services.preset_names:
        lane = lane_of(services.config, "lane", name)
        try:
            facts, preset = runtime_facts(services, lane), services.preset(lane)
        except GitorchError as error:
            yield HealthCheck("runtime", False, f"{name}: {error.message}", error.hint)
            continue
        if facts.found:
            found[name] = preset
        elif preset.install_hint:
            missing.setdefault(facts.program, preset.install_hint)

    yield from _installed(services, found)
    for program, hint in missing.items():
        yield HealthCheck("runtime", None, f"{program} is not installed", hint)


def _installed(services: Services, presets: Mapping[str, Preset]) -> Iterator[HealthCheck]:
    """The version of each program that is installed, and whether somebody signed in; all programs are asked side by side."""
    lines = services.programs.first_lines([preset.version_argv for preset in presets.values() if preset.version_argv])
    for name, preset in presets.items():
        version = version_text(preset, lines.get(preset.version_argv, ""))
        sign_in, fix = _sign_in(services, preset)
        yield HealthCheck("runtime", None, f"{name}: {version}{sign_in}", fix)


def _sign_in(services: Services, preset: Preset) -> tuple[str, str]:
    """How a program is signed in, or that no sign-in was found and the command to sign in; both empty where it needs none."""
    if not preset.signed_in:
        return "", ""
    present = services.programs.first_present(preset.signed_in)
    if present:
        return f"; signed in by {present}", ""
    return "; installed, but no sign-in was found", preset.sign_in_hint or preset.argv[0]
