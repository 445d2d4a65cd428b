"""Making a repository ready: a commented configuration and an empty ledger, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.text.config_file import render

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitorch.app.people.decisions import Caller
    from gitorch.app.services import Services

AGENTS = ("claude", "codex", "gemini", "opencode", "aider")
"""Runtimes that are chosen by themselves where their program is there, in this order."""

TESTS: Mapping[str, tuple[str, str]] = {
    "make test": ("Makefile", "test:"),
    "cargo test": ("Cargo.toml", "[package]"),
    "go test ./...": ("go.mod", "module "),
    "npm test": ("package.json", '"test"'),
    "python3 -m pytest": ("pyproject.toml", "pytest"),
    "python3 -m unittest": ("pyproject.toml", "[project]"),
}
"""A test command is guessed from a file that holds a word; the first that fits is proposed, and said."""


class InitResult(Value):
    """What was made, what was there already, and what the user should know."""

    created: tuple[str, ...]
    kept: tuple[str, ...]
    notes: tuple[str, ...]


class InitOptions(Value):
    """What the user said instead of having it guessed; empty means guess."""

    runtime: str = ""
    target: str = ""
    test_command: str = ""
    approval_at_least: str = ""
    """`signed` once a key may sign approvals; empty leaves the default, `typed`."""


class Proposal(Value):
    """What `init` would make and keep, with the values that it would write and what they rest on."""

    makes: tuple[str, ...]
    keeps: tuple[str, ...]
    values: Mapping[str, str]
    notes: tuple[str, ...]


def propose(services: Services, wishes: InitOptions) -> Proposal:
    """What `init` would do, without doing it."""
    config = _config_file(services)
    there = {str(config): config.exists(), "branch gitorch/ledger": services.ledger.exists()}
    values, notes = ({}, []) if config.exists() else _guessed(services, wishes)
    makes = tuple(name for name, exists in there.items() if not exists)
    return Proposal(makes, tuple(name for name, exists in there.items() if exists), values, tuple(notes))


def init(services: Services, caller: Caller, template: str, wishes: InitOptions) -> InitResult:
    """Write `gitorch.yaml` and begin the ledger, each only where it is missing. `template` is the commented default."""
    created: list[str] = []
    kept: list[str] = []
    notes: list[str] = []
    path = _config_file(services)
    if path.exists():
        kept.append(str(path))
    else:
        values, notes = _guessed(services, wishes)
        services.files.write(path, render(template, values).encode())
        created.append(str(path))
    if services.ledger.exists():
        kept.append("branch gitorch/ledger")
    else:
        services.ledger.create(caller.actor, services.clock.now(), f"L-{services.secrets.nonce()}")
        created.append("branch gitorch/ledger")
    return InitResult(tuple(created), tuple(kept), tuple(notes))


def _config_file(services: Services) -> Path:
    """At the root of the checkout, or inside the git directory of a repository without one."""
    bare = services.root == services.home.parent
    return (services.home if bare else services.root) / "gitorch.yaml"


def _guessed(services: Services, wishes: InitOptions) -> tuple[Mapping[str, str], list[str]]:
    notes: list[str] = []
    target = wishes.target or _target(services)
    if services.git.resolve(target) is None:
        notes.append(f"the merge target {target} is no local branch yet; set orchestration.merge_target")
    found = [wishes.runtime] if wishes.runtime else [name for name in AGENTS if services.programs.find(name)]
    runtime, reviewer = (found[0], found[-1] if len(found) < 2 else found[1]) if found else ("", "")
    if not runtime:
        notes.append(
            "no agent program was found on PATH; set lanes.implementer.runtime, or try it with the practice agent: scripted"
        )
    tests = wishes.test_command or _test_command(services)
    if tests and not wishes.test_command:
        notes.append(f"the tests are taken to be run with `{tests}`; change tests.command if that is wrong")
    if not tests:
        notes.append(
            "no test command was found; set tests.command, or accept its absence with tests.absent_is_accepted"
        )
    least = wishes.approval_at_least
    if not least:
        notes.append("approvals are only typed, which a program that runs as you could do: gitorch keys add --new")
    values = {
        "approval.at_least": least or "typed",
        "orchestration.merge_target": target,
        "tests.command": tests,
        "lanes.implementer.runtime": runtime,
        "lanes.reviewer.runtime": reviewer,
    }
    return values, notes


def _target(services: Services) -> str:
    branches = services.git.branches()
    head = services.git.setting("init.defaultBranch")
    return next((b for b in (head, "main", "master", "trunk", services.git.current()) if b and b in branches), "main")


def _test_command(services: Services) -> str:
    for command, (name, word) in TESTS.items():
        data = services.files.read(services.root / name)
        if data is not None and word in data.decode("utf-8", "replace"):
            return command
    return ""
