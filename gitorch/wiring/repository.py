"""One repository with everything that gitorch does to it: ledger, git, terminals, trackers, each made when it is first used."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.app.worktree_paths import WorktreePaths
from gitorch.ledger.ledger import GitLedger
from gitorch.ledger.location import choose, common_dir
from gitorch.model.hashes import hex_hash
from gitorch.model.record import Actor, ActorKind
from gitorch.wiring.host import host_name
from gitorch.wiring.stores import LazyHistory, environment_of_git, evolve_lazily, open_store
from gitorch.world.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitorch.app.executing.execute import Caller
    from gitorch.model.plans.config import Config
    from gitorch.model.plans.runtime import Preset
    from gitorch.model.plans.workflow import Lane
    from gitorch.ports.files import Files, Outboxes
    from gitorch.ports.git import Git, Remotes, Worktrees
    from gitorch.ports.ledger import Upstream
    from gitorch.ports.notices import Notices
    from gitorch.ports.place import Place
    from gitorch.ports.tracker import Tracker
    from gitorch.ports.world import Checks, Programs, Secrets, Setups, Signatures, Terminals


class Repository:
    """One git repository on this host. Satisfies `app.services.Services`.

    Together its parts cost 70 ms, and no verb needs all of them: each is imported and made when it is first used.
    """

    def __init__(self, start: Path, environ: Mapping[str, str]) -> None:
        """Open the repository around the folder `start`. Raises NotFound outside of one."""
        common = common_dir(start, environ)
        self.root = root_around(start, common)
        """The folder that configuration and relative paths belong to, the same from wherever it is asked for."""
        self.home = common / "gitorch"
        """The folder of derived files in the common git directory."""
        self.clock = SystemClock()
        self.host = Actor(ActorKind.HOST, "gitorch", host_name(self.home))
        self.paths = WorktreePaths(self.root, folder_of_worktrees(common))
        self._common = common
        self._environ = environ
        self._trackers: dict[str, Tracker | None] = {}
        self._show_slow: Callable[[str], None] | None = None

    def take_name(self, name: str) -> None:
        """Call this host by another name from now on."""
        self.host = Actor(ActorKind.HOST, "gitorch", name)
        vars(self).pop("ledger", None)

    def watch_slow_calls(self, show: Callable[[str], None]) -> None:
        """Have a sentence shown about each call of git that takes long, at growing intervals while it runs."""
        self._show_slow = show

    def _say_slow(self, sentence: str) -> None:
        """Show that a call of git takes long, where somebody wants to know."""
        if self._show_slow is not None:
            self._show_slow(sentence)

    @cached_property
    def ledger(self) -> GitLedger:
        """The ledger, on the store that suits the repository's layout."""
        from gitorch.wiring.shared_remote import shared_remote

        remote = shared_remote(self.root, self.home)
        if not remote:
            return open_ledger(self._common, self._environ)

        from gitorch.wiring.sharing import open_shared_ledger  # few repositories share their ledger

        return open_shared_ledger(self._common, self._environ, self._upstream(remote))

    def _upstream(self, remote: str) -> Upstream:
        """The ledger's branch at a remote."""
        from gitorch.world.git.upstream import GitUpstream

        return GitUpstream(
            remote, self.root, self._environ, self.clock, self._settings_while_shared, self._may_be_public
        )

    def _may_be_public(self) -> bool:
        """Whether the ledger may go to a remote that anybody might read."""
        return self.config.ledger_public

    def _settings_while_shared(self) -> Mapping[str, str] | None:
        """The snapshot of git settings; None also before the first record is pushed, which is no lost ledger."""
        if self.ledger.tip() is None:
            return None
        return self._git_settings()

    @cached_property
    def config(self) -> Config:
        """The configuration with every default filled in. Raises Malformed with all its defects."""
        from gitorch.wiring.configuration import load_config

        return load_config(self.root, self.home)

    @cached_property
    def terminals(self) -> Terminals:
        """The tmux server of this repository."""
        from gitorch.world.terminal.terminals import TmuxTerminals

        return TmuxTerminals(self.home, socket_name(self._common), self.clock, self._environ)

    def _git_settings(self) -> Mapping[str, str] | None:
        """The snapshot of git settings that all open runs began with; None while no run is open."""
        from gitorch.app.query.settings import trusted_settings

        return trusted_settings(self)

    @cached_property
    def git(self) -> Git:
        """Branches, commits, merges and settings, by the git command line."""
        from gitorch.world.git.repository import GitCommands

        return GitCommands(self.root, self._environ, self.clock, self._git_settings, self._say_slow)

    @cached_property
    def remotes(self) -> Remotes:
        """Fetch and push, by the git command line."""
        from gitorch.world.git.remotes import GitRemotes

        return GitRemotes(self.root, self._environ, self.clock, self._git_settings, self._say_slow)

    @cached_property
    def worktrees(self) -> Worktrees:
        """The linked worktrees of the repository."""
        from gitorch.world.git.worktrees import GitWorktrees

        return GitWorktrees(self.root, self._environ, self.clock, self._git_settings, self._say_slow)

    @cached_property
    def checks(self) -> Checks:
        """Runs of the project's test command."""
        from gitorch.world.checks import ProjectChecks

        return ProjectChecks(self.home, self.worktrees, self._environ, self.clock, self.root, self._ignored_files)

    @cached_property
    def setups(self) -> Setups:
        """Worktrees that are made ready for work."""
        from gitorch.world.setups import WorktreeSetups

        return WorktreeSetups(self.home, self.root, self._environ, self.clock, self._ignored_files, self._exclude_links)

    def _exclude_links(self, links: Sequence[str]) -> None:
        """Keep links to ignored paths of the root out of all commits: a pattern such as `data/` matches no link."""
        from gitorch.world.git.exclusions import exclude_links
        from gitorch.world.git.runner import GitRunner

        if not links or not (self.root / ".git").exists():
            return
        git = GitRunner(self.root, self._environ, self.clock, self._git_settings, self._say_slow)
        exclude_links(git.at(self.root), links)

    def _ignored_files(self, patterns: Sequence[str]) -> tuple[str, ...]:
        """The ignored files of the root that match; none without a checkout there."""
        from gitorch.world.git.ignored import ignored_files
        from gitorch.world.git.runner import GitRunner

        if not patterns or not (self.root / ".git").exists():
            return ()
        git = GitRunner(self.root, self._environ, self.clock, self._git_settings, self._say_slow)
        return ignored_files(git.at(self.root), patterns)

    @cached_property
    def files(self) -> Files:
        """Small files, written whole or not at all."""
        from gitorch.world.files import LocalFiles

        return LocalFiles(self.home)

    @cached_property
    def outboxes(self) -> Outboxes:
        """The outboxes of agents that cannot write to the ledger."""
        from gitorch.world.outbox import WorktreeOutboxes

        return WorktreeOutboxes()

    @cached_property
    def programs(self) -> Programs:
        """Programs on the caller's PATH."""
        from gitorch.world.local_programs import LocalPrograms

        return LocalPrograms(self._environ)

    @cached_property
    def secrets(self) -> Secrets:
        """Tokens of sessions, and nonces."""
        from gitorch.world.host import HostSecrets

        return HostSecrets(self.home)

    @cached_property
    def signatures(self) -> Signatures:
        """SSH signatures, by `ssh-keygen`."""
        from gitorch.world.git.signatures import SshSignatures

        return SshSignatures(self._environ)

    @cached_property
    def notices(self) -> Notices:
        """Notices by the configured command. Without one, or while the configuration is malformed, nobody is notified."""
        from gitorch.errors import Malformed
        from gitorch.world.notices import CommandNotices

        try:
            config = self.config
        except Malformed:
            return CommandNotices(self.home, (), 0, self._environ)
        settings = (config.notify_quiet, config.notify_link)
        notices = (self.home, config.notify_command, config.notify_wait_seconds, self._environ, *settings)
        if not config.notify_terminal:
            return CommandNotices(*notices)
        return CommandNotices(*notices, self._ring)

    def _ring(self, text: str) -> None:
        """Ring the terminals that are attached to agents."""
        from gitorch.world.terminal.ringing import ring_clients
        from gitorch.world.terminal.tmux import Tmux

        ring_clients(Tmux(socket_name(self._common), self._environ, self.clock), text)

    @cached_property
    def place(self) -> Place:
        """Where the repository lies, and lay before."""
        from gitorch.world.git.runner import GitRunner
        from gitorch.world.place import RepositoryPlace

        git = GitRunner(self.root, self._environ, self.clock, self._git_settings, self._say_slow)
        return RepositoryPlace(self.home, self.root, git, self._terminals_at)

    def _terminals_at(self, common: Path) -> Terminals:
        """The tmux server of this repository when its git directory lay there."""
        from gitorch.world.terminal.terminals import TmuxTerminals

        return TmuxTerminals(self.home, socket_name(common), self.clock, self._environ)

    @property
    def agent_env(self) -> Mapping[str, str]:
        """The variables that every agent's environment begins with."""
        return {"PATH": agent_path(self._environ)}

    @property
    def store(self) -> str:
        """Which store keeps the ledger here, and why, in words for people."""
        choice = choose(self._common)
        return f"{choice.store} ({choice.why})"

    @property
    def preset_names(self) -> tuple[str, ...]:
        """All presets that a lane can name here."""
        from gitorch.wiring.presets import preset_names

        return preset_names(self.root)

    def preset(self, lane: Lane) -> Preset:
        """A lane's preset, with the lane's own command where it has one. Raises NotFound for an unknown runtime."""
        from gitorch.wiring.presets import preset_for

        return preset_for(lane, self.root)

    def tracker(self, kind: str) -> Tracker | None:
        """The issue tracker of a kind (`auto`, `bd`, `file`); None where the repository has none of that kind."""
        if kind not in self._trackers:
            from gitorch.wiring.trackers import find_tracker

            self._trackers[kind] = find_tracker(kind, self.root, self._environ, self.clock)
        return self._trackers[kind]

    def caller(self) -> Caller:
        """Who typed the verb: the agent's session that any trace gives away, otherwise the human at the keyboard."""
        from gitorch.wiring.callers import find_caller

        return find_caller(self, self._environ)

    @property
    def holder(self) -> str:
        """The name under which the caller holds manual claims."""
        return self.caller().actor.holder

    def with_config(self, config: Config) -> Repository:
        """The same repository, read with another configuration; its file is not touched."""
        import copy  # most verbs copy nothing

        other = copy.copy(self)
        other.__dict__["config"] = config
        return other


def open_ledger(common: Path, environ: Mapping[str, str]) -> GitLedger:
    """The ledger of a repository, on the store that suits its layout."""
    env = environment_of_git(environ)
    return GitLedger(open_store(common, env), LazyHistory(common, env), common, evolve_lazily)


def root_around(start: Path, common: Path) -> Path:
    """The root of the repository with this common git directory. `start` tells only where its layout and its files do not."""
    if common.name == ".git":
        return common.parent

    from gitorch.world.git.roots import root_of  # other layouts are rare

    return root_of(common, start)


def folder_of_worktrees(common: Path) -> Path:
    """Where worktrees lie unless the configuration says otherwise."""
    if common.name == ".git":
        return common.parent.parent / f"{common.parent.name}.worktrees"

    from gitorch.world.git.roots import worktrees_folder  # other layouts are rare

    return worktrees_folder(common)


def socket_name(common: Path) -> str:
    """The name of this repository's own tmux server."""
    return f"gitorch-{hex_hash('sha256', os.fsencode(common))[:12]}"


def agent_path(environ: Mapping[str, str]) -> str:
    """The caller's PATH with the folder of this gitorch in front, so that agents find the same one."""
    own = str(Path(sys.executable).parent)
    return os.pathsep.join((own, environ.get("PATH", os.defpath)))
