"""Setting up a repository: a commented configuration and an empty ledger, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import require_intact_ledger
from gitorch.model.values import Value
from gitorch.text.config_template import render

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitorch.app.execute import Caller
    from gitorch.app.services import Services

AGENTS = ("claude", "codex", "gemini", "opencode", "aider")
"""Runtimes that `init` chooses where their program is installed, the preferred one first."""

LEDGER_BRANCH = "branch gitorch/ledger"

TESTS: Mapping[str, tuple[str, str]] = {
    "make test": ("Makefile", "test:"),
    "cargo test": ("Cargo.toml", "[package]"),
    "go test ./...": ("go.mod", "module "),
    "npm test": ("package.json", '"test"'),
    "python3 -m pytest": ("pyproject.toml", "pytest"),
    "python3 -m unittest": ("pyproject.toml", "[project]"),
}
"""Test commands, each with the file and the word in it that suggest it; the first match is proposed."""


class InitResult(Value):
    """The result of `init`."""

    created: tuple[str, ...]
    """Names of the things that were made."""
    kept: tuple[str, ...]
    """Names of the things that existed before."""
    notes: tuple[str, ...]
    """Notes for the user about the guessed values."""


class InitOptions(Value):
    """The choices of the user; empty means that `init` guesses."""

    runtime: str = ""
    target: str = ""
    test_command: str = ""
    approval_at_least: str = ""
    """`signed` once a key may sign approvals; empty leaves the default, `typed`."""


class Proposal(Value):
    """The result that `init` would have."""

    makes: tuple[str, ...]
    """Names of the things that would be made."""
    keeps: tuple[str, ...]
    """Names of the things that exist already and stay as they are."""
    values: Mapping[str, str]
    """The values that `gitorch.yaml` would get, by key; empty where it exists."""
    notes: tuple[str, ...]
    """Notes for the user about the guessed values."""


def propose(services: Services, wishes: InitOptions) -> Proposal:
    """What `init` would do, without doing it.

    The values are guessed from PATH, the branches and the files at the root; a choice in `wishes` wins over a guess.
    Raises Corrupt for a ledger that is damaged or gone, with the command that restores it.
    """
    config = _config_file(services)
    makes: list[str] = []
    keeps: list[str] = []
    values: Mapping[str, str] = {}
    notes: list[str] = []
    if services.files.read(config) is None:
        makes.append(str(config))
        values, notes = _guessed(services, wishes)
    else:
        keeps.append(str(config))
        notes = _left_to_edit(services, config, wishes)
    if services.ledger.exists():
        require_intact_ledger(services)
        keeps.append(LEDGER_BRANCH)
    else:
        makes.append(LEDGER_BRANCH)
    return Proposal(tuple(makes), tuple(keeps), values, tuple(notes))


def init(services: Services, caller: Caller, template: str, wishes: InitOptions) -> InitResult:
    """Write `gitorch.yaml` and create the ledger, each only where it is missing. `template` is the commented default.

    A second call changes nothing: what exists is kept, and for a wish that it does not fulfil a note says what to edit.
    """
    proposal = propose(services, wishes)
    services.place.remember_root()
    config = _config_file(services)
    if str(config) in proposal.makes:
        services.files.write(config, render(template, proposal.values).encode())
    if LEDGER_BRANCH in proposal.makes:
        services.ledger.create(caller.actor, services.clock.now(), f"L-{services.secrets.nonce()}")
    return InitResult(proposal.makes, proposal.keeps, proposal.notes)


def _left_to_edit(services: Services, config: Path, wishes: InitOptions) -> list[str]:
    """What to edit in a configuration that exists, for each wish that it does not fulfil."""
    found = services.config
    wanted = {
        "lanes.implementer.runtime": (wishes.runtime, found.implementer),
        "orchestration.merge_target": (wishes.target, found.merge_target),
        "tests.command": (wishes.test_command, found.test_command),
    }
    notes: list[str] = []
    for key, (wish, value) in wanted.items():
        if wish and wish != value:
            notes.append(f"{config.name} was kept, where {key} is `{value}`: set it to `{wish}` there")
    return notes


def _config_file(services: Services) -> Path:
    """At the root of the checkout, or inside the git directory of a repository without one."""
    is_bare = services.root == services.home.parent
    if is_bare:
        return services.home / "gitorch.yaml"
    return services.root / "gitorch.yaml"


def _guessed(services: Services, wishes: InitOptions) -> tuple[Mapping[str, str], list[str]]:
    """The values for `gitorch.yaml`, chosen or guessed, and notes for the user about the guesses."""
    target = wishes.target or _target(services)
    writer, reviewer = _runtimes(services, wishes)
    tests = wishes.test_command or _test_command(services)
    values = {
        "approval.at_least": wishes.approval_at_least or "typed",
        "orchestration.merge_target": target,
        "tests.command": tests,
        "lanes.implementer.runtime": writer,
        "lanes.reviewer.runtime": reviewer,
    }

    notes: list[str] = []
    if services.git.resolve(target) is None:
        notes.append(f"{target} is not a local branch yet; set orchestration.merge_target")
    if not writer:
        notes.append(
            "no agent program was found on PATH; set lanes.implementer.runtime, or try the practice agent `scripted`"
        )
    if not wishes.test_command:
        notes.append(_note_about_tests(tests))
    if not wishes.approval_at_least:
        notes.append("approvals are only typed, which a program that runs as you could do: gitorch keys add --new")
    return values, notes


def _note_about_tests(guess: str) -> str:
    """The note about a test command that nobody chose; an empty guess found none."""
    if guess:
        return f"tests.command is a guess: `{guess}`; change it if it is wrong"
    return "no test command was found; set tests.command, or accept its absence with tests.absent_is_accepted"


def _runtimes(services: Services, wishes: InitOptions) -> tuple[str, str]:
    """Who writes and who reviews: the wished runtime for both, otherwise the first two agents on PATH; empty without any."""
    if wishes.runtime:
        return wishes.runtime, wishes.runtime

    installed = []
    for name in AGENTS:
        if services.programs.find(name):
            installed.append(name)
    if not installed:
        return "", ""
    # With a single agent installed, it reviews its own work in a session of its own.
    return installed[0], installed[:2][-1]


def _target(services: Services) -> str:
    """The branch that most repositories of this kind merge to; `main` where none of the usual names exists."""
    branches = services.git.branches()
    for name in (services.git.setting("init.defaultBranch"), "main", "master", "trunk", services.git.current()):
        if name and name in branches:
            return name
    return "main"


def _test_command(services: Services) -> str:
    """The first test command whose file holds its word; empty where none does."""
    for command, (name, word) in TESTS.items():
        data = services.files.read(services.root / name)
        if data is not None and word in data.decode("utf-8", "replace"):
            return command
    return ""
