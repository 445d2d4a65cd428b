"""Setting up a repository: a commented configuration and an empty ledger, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.people.keys import adding_command
from gitorch.app.query.lookup import require_intact_ledger
from gitorch.app.start.configuring import config_file
from gitorch.app.start.facts import target_fix
from gitorch.model.path_text import shell_word
from gitorch.model.plans.approval import Grade
from gitorch.model.values import Value
from gitorch.rules.project_guess import guess
from gitorch.text.config_template import Yaml, render

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gitorch.app.executing.execute import Caller
    from gitorch.app.services import Services
    from gitorch.rules.project_guess import Guess

AGENTS = ("claude", "codex", "gemini", "opencode", "aider")
"""Runtimes that `init` chooses where their program is installed, the preferred one first."""

PRACTICE = "gitorch config set lanes.implementer.runtime scripted"

LEDGER_BRANCH = "branch gitorch/ledger"


class InitResult(Value):
    """The result of `init`."""

    created: tuple[str, ...]
    """Names of the things that were made."""
    kept: tuple[str, ...]
    """Names of the things that existed before."""
    notes: tuple[str, ...]
    """Notes for the user about the guessed values."""


class InitOptions(Value):
    """The choices of the user; `init` guesses an empty runtime or target."""

    runtime: str = ""
    target: str = ""
    test_command: str | None = None
    """Empty for a project without tests; None leaves it to a guess."""
    setup: str | None = None
    """Empty for worktrees that need no set-up; None leaves it to a guess."""
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
    config = config_file(services)
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


def init(
    services: Services,
    caller: Caller,
    template: str,
    wishes: InitOptions,
) -> InitResult:
    """Write `gitorch.yaml` and create the ledger, each only where it is missing. `template` is the commented default.

    A second call changes nothing: what exists is kept, and for a wish that it does not fulfil a note says what to edit.
    """
    proposal = propose(services, wishes)
    services.place.remember_root()
    config = config_file(services)
    if (
        LEDGER_BRANCH in proposal.makes
    ):  # first: beside commits of a removed ledger, a configuration shows that one was lost
        services.ledger.create(caller.actor, services.clock.now(), f"L-{services.secrets.nonce()}")
    if str(config) in proposal.makes:
        services.files.write(config, render(template, proposal.values).encode())
    return InitResult(proposal.makes, proposal.keeps, proposal.notes)


def _left_to_edit(services: Services, config: Path, wishes: InitOptions) -> list[str]:
    """What to edit in a configuration that exists, for each wish that it does not fulfil."""
    found = services.config
    wanted = {
        "lanes.implementer.runtime": (wishes.runtime or None, found.implementer),
        "orchestration.merge_target": (wishes.target or None, found.merge_target),
        "tests.command": (wishes.test_command, found.test_command),
        "worktrees.setup": (wishes.setup, found.preparation.command),
    }
    if not found.approval_at_least.reaches(Grade(wishes.approval_at_least or Grade.UNATTENDED)):
        wanted["approval.at_least"] = (wishes.approval_at_least, found.approval_at_least)
    notes: list[str] = []
    for key, (wish, value) in wanted.items():
        if wish not in {None, value}:
            kept = f"{key} `{value}`" if value else f"no {key}"
            notes.append(
                f"{config.name} was kept with {kept}; to change it: gitorch config set {key} {shell_word(wish)}"
            )
    if _wants_no_tests(wishes) and not found.test_command_absent:
        accept = "gitorch config set tests.absent_is_accepted true"
        notes.append(f"{config.name} was kept; to run without a test command: {accept}")
    return notes


def _guessed(services: Services, wishes: InitOptions) -> tuple[Mapping[str, str], list[str]]:
    """The values for `gitorch.yaml`, chosen or guessed, and notes for the user about the guesses."""
    target = wishes.target or _target(services)
    writer, reviewer = _runtimes(services, wishes)
    project = _guess_project(services, target)
    values: dict[str, str] = {
        "approval.at_least": wishes.approval_at_least or "typed",
        "orchestration.merge_target": target,
        "tests.command": _wished(wishes.test_command, project.tests),
        "worktrees.setup": _wished(wishes.setup, project.setup),
        "lanes.implementer.runtime": writer,
        "lanes.reviewer.runtime": reviewer,
    }
    if _wants_no_tests(wishes):
        values["tests.absent_is_accepted"] = Yaml("true")

    return values, [*_notes(services, wishes, target, writer), *_notes_about_project(services, wishes, project)]


def _wants_no_tests(wishes: InitOptions) -> bool:
    """Whether the user chose to have no test command, with `--tests ''`.

    Then `check` accepts that there is none; a command that was only not found is a defect.
    """
    if wishes.test_command is None:
        return False

    return not wishes.test_command.strip()


def _wished(wish: str | None, guess: str) -> str:
    """A command that was wished for, which may be none; without a wish the guess."""
    if wish is None:
        return guess

    return wish.strip()


def _notes(
    services: Services,
    wishes: InitOptions,
    target: str,
    writer: str,
) -> Iterator[str]:
    """The notes about the target, the agents and approvals."""
    if services.git.resolve(target) is None:
        yield f"{target} is not a local branch yet: {target_fix(services)}"
    if not writer:
        yield f"no agent program was found on PATH; the practice agent needs none: {PRACTICE}"
    if not wishes.approval_at_least:
        yield f"approvals are only typed, which a program that runs as you could do: {adding_command(services)}"


def _notes_about_project(
    services: Services,
    wishes: InitOptions,
    project: Guess,
) -> Iterator[str]:
    """The notes about a test command and a set-up that nobody chose."""
    if wishes.test_command is None:
        yield _note_about_tests(project.tests)
    if wishes.setup is None and project.setup:
        yield from _notes_about_setup(services, project)


def _note_about_tests(guess: str) -> str:
    """The note about a test command that nobody chose; an empty guess found none."""
    if guess:
        return f"tests.command is a guess: `{guess}`; change it if it is wrong"
    return "no test command was found: gitorch config set tests.command COMMAND"


def _notes_about_setup(services: Services, project: Guess) -> Iterator[str]:
    """The notes about a set-up that nobody chose: what it is, what suggests it, and whether its program is there."""
    files = ", ".join(project.setup_files)
    yield f"worktrees.setup is a guess from {files}: `{project.setup}`; change it if it is wrong"
    if not services.programs.find(project.program):
        yield f"{project.program} is not on PATH, and worktrees.setup needs it"


def _runtimes(services: Services, wishes: InitOptions) -> tuple[str, str]:
    """Who writes and who reviews: the wished runtime for both, otherwise the first two agents on PATH; empty without any."""
    if wishes.runtime:
        return wishes.runtime, wishes.runtime

    installed = installed_agents(services)
    if not installed:
        return "", ""
    # With a single agent installed, it reviews its own work in a session of its own.
    return installed[0], installed[:2][-1]


def installed_agents(services: Services) -> list[str]:
    """The agent programs on PATH, in the order in which they are proposed."""
    return [name for name in AGENTS if services.programs.find(name)]


def _target(services: Services) -> str:
    """The branch that most repositories of this kind merge to; `main` where none of the usual names exists."""
    branches = services.git.branches()
    for name in (services.git.setting("init.defaultBranch"), "main", "master", "trunk", services.git.current()):
        if name and name in branches:
            return name
    return "main"


def _guess_project(services: Services, target: str) -> Guess:
    """How the project at the root seems to be set up and tested.

    Its files are those of the target's commit, since agents and tests begin with these; none of a target that does not exist.
    """

    def read(name: str) -> str | None:
        data = services.files.read(services.root / name)
        if data is None:
            return None
        return data.decode("utf-8", "replace")

    commit = services.git.resolve(target)
    if commit is None:
        return guess(read)

    paths = frozenset(services.git.paths_at(commit))
    return guess(read, paths)
