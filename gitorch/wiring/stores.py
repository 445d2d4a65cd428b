"""What a ledger is opened on: its store, its history and its rules, each imported when it is first needed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from gitorch.ledger.location import choose

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from gitorch.ledger.replay import Evolve
    from gitorch.model.ids import CommitId
    from gitorch.model.record import Record
    from gitorch.model.work.board import State
    from gitorch.ports.commits import StoredCommit, StoredObject
    from gitorch.ports.ledger import Store


class LazyHistory:
    """The port `History`, by the git command line, whose module most verbs never import."""

    def __init__(self, common: Path, env: Mapping[str, str]) -> None:
        self._common = common
        self._env = env

    def stream(self, tip: CommitId, after: CommitId | None = None) -> Iterator[StoredCommit]:
        """Every commit after `after` up to `tip`, oldest first."""
        from gitorch.world.git.history import GitHistory

        return GitHistory(self._common, self._env).stream(tip, after)

    def objects(self, ids: Iterable[str]) -> Iterator[StoredObject]:
        """These objects, in this order, unchecked."""
        from gitorch.world.git.object_reader import ObjectReader

        return ObjectReader(self._common, self._env).objects(ids)

    def object_groups(self, groups: Iterable[Iterable[str]]) -> Iterator[StoredObject]:
        """The objects of each group; a group is taken only when those before it were given."""
        from gitorch.world.git.object_reader import ObjectReader

        return ObjectReader(self._common, self._env).object_groups(groups)

    def checked(self, tip: CommitId) -> Iterator[StoredCommit | StoredObject]:
        """Every commit up to `tip`, oldest first, its objects compared with their names."""
        from gitorch.world.git.history import GitHistory

        return GitHistory(self._common, self._env).checked(tip)

    def commits(self) -> Iterator[tuple[CommitId, bytes]]:
        """Every commit of the repository with its body."""
        from gitorch.world.git.object_reader import ObjectReader

        return ObjectReader(self._common, self._env).commits()

    def refs(self) -> tuple[str, ...]:
        """The full names of all refs."""
        from gitorch.world.git.object_reader import ObjectReader

        return ObjectReader(self._common, self._env).refs()


def environment_of_git(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without variables that direct git elsewhere."""
    return {name: value for name, value in environ.items() if not name.startswith("GIT_")}


def open_store(common: Path, env: Mapping[str, str]) -> Store:
    """The store that suits the layout of a repository."""
    if choose(common).store == "git":
        from gitorch.world.git.store import GitStore

        return GitStore(common, env)

    from gitorch.ledger.branch import BranchStore

    return BranchStore(common)


def evolve_lazily(state: State, record: Record) -> State:
    """The rules, imported by the first record that has to be replayed: with a fresh cache there is none."""
    return _rules()(state, record)


@cache
def _rules() -> Evolve:
    from gitorch.rules.evolve import evolve

    return evolve
