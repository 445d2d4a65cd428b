"""The only module that knows every concrete class: what a repository, an environment and a configuration come to.

Imports stand inside functions, since a verb pays for each at its start: the tmux side alone costs 15 ms.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from gitorch.app.services import Services
from gitorch.errors import Denied, NotFound
from gitorch.ledger.ledger import GitLedger
from gitorch.ledger.location import choose, common_dir
from gitorch.model.ids import RunId
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import replace
from gitorch.world.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.app.people.decisions import Caller
    from gitorch.app.work.outbox import Sandbox
    from gitorch.app.work.submissions import AgentCredential
    from gitorch.ledger.replay import Evolve
    from gitorch.model.board import State
    from gitorch.model.config import Config
    from gitorch.model.record import Record
    from gitorch.model.runtime import Preset
    from gitorch.model.workflow import Lane
    from gitorch.ports.files import Files, Outboxes
    from gitorch.ports.ledger import History, Store
    from gitorch.ports.notices import Notices
    from gitorch.ports.tracker import Tracker
    from gitorch.ports.world import (
        Checks,
        Clock,
        Git,
        Programs,
        Remotes,
        Secrets,
        Signatures,
        Terminals,
        Worktrees,
    )

T = TypeVar("T")

CONFIG_NAME = "gitorch.yaml"
OPERATOR_VARIABLE = "GITORCH_OPERATOR"
"""The name of whoever drives without deciding: set it for an agent, or for a script, that is to work by hand."""

PRESETS_FOLDER = "gitorch-runtimes"


def root_of(start: Path, common: Path) -> Path:
    """The folder that configuration and relative paths belong to: the main checkout, or the git directory of a bare one."""
    if common.name == ".git":
        return common.parent
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / ".git").exists():
            return folder
    return common


def config_path(root: Path, common: Path) -> Path | None:
    """The configuration that counts: the repository's own file, else one kept in the git directory; None without either."""
    choices = (root / CONFIG_NAME, common / "gitorch" / CONFIG_NAME)
    return next((path for path in choices if path.is_file()), None)


def load_config(root: Path, common: Path) -> Config:
    """The configuration with every default filled in. Raises Malformed with all its defects."""
    from gitorch.model.config import Config

    path = config_path(root, common)
    if path is None:
        return Config()
    from gitorch.text.config_file import parse_config

    name = path.name if path.parent == root else str(path)
    return replace(parse_config(name, path.read_bytes()), path=name)


class _Later:
    """Stands in for a tool and makes it when it is first used: together they cost 70 ms, and no verb needs all of them."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> object:
        return self._make()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)


def _later(make: Callable[[], T]) -> T:
    return cast("T", _Later(make))


def open_ledger(common: Path, environ: Mapping[str, str]) -> GitLedger:
    """The ledger of a repository, on the store that suits its layout."""
    env = {k: v for k, v in environ.items() if not k.startswith("GIT_")}
    store: Store
    if choose(common).store == "git":
        from gitorch.world.git.store import GitStore

        store = GitStore(common, env)
    else:
        from gitorch.ledger.branch import BranchStore

        store = BranchStore(common)
    return GitLedger(store, _later(lambda: _history(common, env)), common, _evolve)


def _history(common: Path, env: Mapping[str, str]) -> History:
    from gitorch.world.git.history import GitHistory

    return GitHistory(common, env)


def _evolve(state: State, record: Record) -> State:
    """The rules, imported by the first record that has to be replayed: with a fresh cache there is none."""
    return _rules()(state, record)


@cache
def _rules() -> Evolve:
    from gitorch.rules.evolve import evolve

    return evolve


def services(start: Path, environ: Mapping[str, str]) -> Services:
    """Everything for the repository around `start`, each made when it is first used. Raises NotFound outside of one.

    The first use of `config` raises Malformed where the repository's file is not in order.
    """
    common = common_dir(start)
    root = root_of(start, common)
    home = common / "gitorch"
    clock = SystemClock()
    worktrees = _later(lambda: _worktrees(root, environ, clock))
    return Services(
        ledger=open_ledger(common, environ),
        terminals=_later(lambda: _terminals(home, socket_name(common), clock, environ)),
        git=_later(lambda: _git(root, environ, clock)),
        remotes=_later(lambda: _remotes(root, environ, clock)),
        worktrees=worktrees,
        checks=_later(lambda: _checks(home, worktrees, environ, clock)),
        files=_later(_files),
        outboxes=_later(_outboxes),
        programs=_later(lambda: _programs(environ)),
        secrets=_later(lambda: _secrets(home)),
        signatures=_later(lambda: _signatures(environ)),
        clock=clock,
        config=_later(lambda: load_config(root, common)),
        preset=lambda lane: preset_for(lane, root),
        host=Actor(ActorKind.HOST, "gitorch", os.uname().nodename),
        home=home,
        root=root,
        default_base=root.parent / f"{root.name}.worktrees",
        agent_env={"PATH": agent_path(environ)},
        notices=_later(lambda: _notices(home, root, common, environ)),
        tracker=cache(lambda kind: tracker(kind, root, environ, clock)),
    )


def _terminals(home: Path, name: str, clock: Clock, environ: Mapping[str, str]) -> Terminals:
    from gitorch.world.terminal.terminals import TmuxTerminals

    return TmuxTerminals(home, name, clock, environ)


def _git(root: Path, environ: Mapping[str, str], clock: Clock) -> Git:
    from gitorch.world.git.repository import GitCommands

    return GitCommands(root, environ, clock)


def _remotes(root: Path, environ: Mapping[str, str], clock: Clock) -> Remotes:
    from gitorch.world.git.remotes import GitRemotes

    return GitRemotes(root, environ, clock)


def _worktrees(root: Path, environ: Mapping[str, str], clock: Clock) -> Worktrees:
    from gitorch.world.git.worktrees import GitWorktrees

    return GitWorktrees(root, environ, clock)


def _checks(home: Path, worktrees: Worktrees, environ: Mapping[str, str], clock: Clock) -> Checks:
    from gitorch.world.checks import ProjectChecks

    return ProjectChecks(home, worktrees, environ, clock)


def _notices(home: Path, root: Path, common: Path, environ: Mapping[str, str]) -> Notices:
    """By the configured command; without one, or while the file is not in order, nobody is told, and nothing else suffers."""
    from gitorch.errors import Malformed
    from gitorch.world.notices import CommandNotices

    try:
        config = load_config(root, common)
    except Malformed:
        return CommandNotices(home, (), 0, environ)
    return CommandNotices(home, config.notify_command, config.notify_wait_seconds, environ)


def _files() -> Files:
    from gitorch.world.files import LocalFiles

    return LocalFiles()


def _outboxes() -> Outboxes:
    from gitorch.world.outbox import WorktreeOutboxes

    return WorktreeOutboxes()


def sandbox(start: Path, environ: Mapping[str, str]) -> Sandbox | None:
    """The sandbox that an agent's session is in; None where it may write to the repository, or is in no worktree of ours."""
    from gitorch.app.work.outbox import Sandbox
    from gitorch.ledger.location import cannot_write

    folders = (Path(environ.get("GITORCH_WORKTREE", start)), start.absolute(), *start.absolute().parents)
    worktree = next((folder for folder in folders if (folder / ".gitorch").is_dir()), None)
    why = cannot_write(start)
    if worktree is None or not why:
        return None
    return Sandbox(_outboxes(), SystemClock(), worktree, why)


def _programs(environ: Mapping[str, str]) -> Programs:
    from gitorch.world.programs import LocalPrograms

    return LocalPrograms(environ)


def _secrets(home: Path) -> Secrets:
    from gitorch.world.host import HostSecrets

    return HostSecrets(home)


def tracker(kind: str, root: Path, environ: Mapping[str, str], clock: Clock) -> Tracker | None:
    """The tracker of a kind; `auto` is `bd` where the repository has beads and the program, else the file where there is one."""
    import shutil

    from gitorch.world.beads import PROGRAM, BeadsFile, BeadsProgram, file_of, folder_of

    found = shutil.which(PROGRAM, path=environ.get("PATH")) is not None
    if kind == "bd" or (kind == "auto" and found and folder_of(root) is not None):
        return BeadsProgram(root, environ, clock) if found or kind == "bd" else None
    return BeadsFile(root) if kind == "file" or (kind == "auto" and file_of(root) is not None) else None


def _signatures(environ: Mapping[str, str]) -> Signatures:
    from gitorch.world.git.signatures import SshSignatures

    return SshSignatures(environ)


def socket_name(common: Path) -> str:
    """The name of this repository's own tmux server."""
    import hashlib  # 3 ms that verbs without terminals do not pay

    return f"gitorch-{hashlib.sha256(str(common).encode()).hexdigest()[:12]}"


def agent_path(environ: Mapping[str, str]) -> str:
    """The caller's PATH with the folder of this gitorch in front, so that agents find the same one."""
    own = str(Path(sys.executable).parent)
    return os.pathsep.join((own, environ.get("PATH", os.defpath)))


def preset_for(lane: Lane, root: Path) -> Preset:
    """A lane's preset, with the lane's own command where it has one. Raises NotFound for a name that nobody defines."""
    preset = find_preset(lane.runtime, root)
    argv = tuple(word.replace("{python}", sys.executable) for word in lane.command or preset.argv)
    return replace(preset, argv=argv, model_argv=() if lane.command else preset.model_argv)


def find_preset(name: str, root: Path, extending: tuple[str, ...] = ()) -> Preset:
    """A preset by its name: the repository's own first, unless it is one of `extending`, then those that ship."""
    from gitorch.text.preset import parse_preset
    from gitorch.world.resources import template_bytes, template_names

    def extended(base: str) -> Preset | None:
        with suppress(NotFound):
            return find_preset(base, root, (*extending, name))
        return None

    own = root / PRESETS_FOLDER / f"{name}.yaml"
    if name not in extending and own.is_file():
        return parse_preset(f"{PRESETS_FOLDER}/{name}.yaml", own.read_bytes(), extended)
    if f"{name}.yaml" not in template_names("runtimes"):
        known = ", ".join(preset_names(root))
        message = f"there is no runtime {name}; there are {known}"
        raise NotFound(message, f"write {PRESETS_FOLDER}/{name}.yaml, or choose another in {CONFIG_NAME}")
    return parse_preset(f"{name}.yaml", template_bytes("runtimes", f"{name}.yaml"), extended)


def preset_names(root: Path) -> tuple[str, ...]:
    """All presets that can be named here."""
    from gitorch.world.resources import template_names

    own = (path.stem for path in sorted((root / PRESETS_FOLDER).glob("*.yaml")))
    shipped = (name.removesuffix(".yaml") for name in template_names("runtimes") if name.endswith(".yaml"))
    return tuple(dict.fromkeys((*own, *shipped)))


def caller(given: Services, environ: Mapping[str, str]) -> Caller:
    """Who typed the verb: the agent's session that any trace gives away, or else the human at the keyboard."""
    from gitorch.app.people.decisions import Caller
    from gitorch.world.host import caller as recognised

    key = recognised(environ, given.home, given.terminals.pids(), Path.cwd())
    if key is None:
        operator = environ.get(OPERATOR_VARIABLE, "").strip()
        if operator:
            return Caller(Actor(ActorKind.OPERATOR, operator, given.host.host), None, f"{OPERATOR_VARIABLE} is set")
        return Caller(Actor(ActorKind.PRINCIPAL, person(given.git), given.host.host))
    state = given.ledger.state(None) if given.ledger.exists() else None
    run = given.ledger.state(key.run).run if state is not None and key.run in state.board.runs else None
    session = run.sessions.get(key.session) if run is not None else None
    name = session.job if session is not None else "agent"
    how = f"recognised as session {key.session} of run {key.run}"
    return Caller(Actor(ActorKind.AGENT, name, given.host.host, key.session), None if run is None else key.run, how)


def person(git: Git) -> str:
    """The human's name as git knows it."""
    return git.user_name()


def credential(environ: Mapping[str, str]) -> AgentCredential:
    """The token of the session that an agent's environment names. Raises Denied outside of one."""
    from gitorch.app.work.submissions import AgentCredential

    run, token = environ.get("GITORCH_RUN", ""), environ.get("GITORCH_TOKEN", "")
    if not run or not token:
        message = "this verb is for agents: the environment names no session (GITORCH_RUN, GITORCH_TOKEN)"
        raise Denied(message, "gitorch inbox")
    return AgentCredential(RunId(run), token)


def plant_demo(folder: Path, environ: Mapping[str, str]) -> Path:
    """Make the demo's repository in a folder of its own, anew where an earlier demo lies there."""
    from gitorch.world.resources import template_path
    from gitorch.world.sample import plant

    return plant(template_path("demo"), folder, environ)


def template(*names: str) -> bytes:
    """One file of those that ship with gitorch. Raises NotFound."""
    from gitorch.world.resources import template_bytes

    return template_bytes(*names)


def template_config() -> str:
    """The commented default configuration."""
    from gitorch.world.resources import template_bytes

    return template_bytes("gitorch.yaml").decode()


def store_of(given: Services) -> str:
    """Which store keeps the ledger here, and why, in words."""
    choice = choose(given.home.parent)
    return f"{choice.store} ({choice.why})"
