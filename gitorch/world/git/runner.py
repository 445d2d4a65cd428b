"""Running git: one directory, a clean environment, a time limit, patience for locks; and what every caller asks of a worktree.

Names never reach git as words it could read as options or expressions: branches go as full ref names, commits as full
ids, paths behind `--` or after a colon. Hooks of the user do not run for gitorch's own plumbing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Busy, Unavailable
from gitorch.model.ids import CommitId
from gitorch.model.values import Value
from gitorch.world.programs import ProgramResult, run, without

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.ports.world import Clock

LOCKED = re.compile(
    r"Unable to create '.*\.lock'|index file.*lock|another git process seems to be running", re.IGNORECASE
)
FORBIDDEN = re.compile(r"Permission denied|Read-only file system|No space left on device", re.IGNORECASE)
"""Why a lock file cannot be made although nobody holds it: waiting would not help."""

ASKING = ("GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_ASKPASS")
"""How git reaches a remote as this user: the only variables of git's own that are left in its environment."""

LOCK_TRIES = 8
FIELDS_BEFORE_PATH = {"1": 8, "u": 10, "?": 1}
"""How many words stand before the path in each kind of line of `git status --porcelain=v2`."""

OWN_FOLDER = ".gitorch"
"""Where briefs and outboxes lie in a worktree; never part of anybody's work."""


class GitRunner:
    """Runs git in one directory, with an environment free of GIT_*, a time limit, and patience for locks."""

    def __init__(self, where: Path, environ: Mapping[str, str], clock: Clock) -> None:
        self.where = where
        self._environ = environ
        self._clock = clock
        kept = without(environ, ("GIT_", "GITORCH_")) | {name: environ[name] for name in ASKING if name in environ}
        quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C.UTF-8", "LANGUAGE": "C"}
        self._env = {**kept, **quiet}

    def at(self, where: Path) -> GitRunner:
        """The same for another directory."""
        return GitRunner(where, self._environ, self._clock)

    def ask(
        self,
        *words: str,
        given: bytes = b"",
        env: Mapping[str, str] | None = None,
        wait_seconds: float = 60.0,
        keep: tuple[int, ...] = (),
        hooks: bool = False,
    ) -> ProgramResult:
        """One git command; any exit status is an answer. Raises Busy when a lock stays taken, Unavailable without git.

        `hooks` says that it does what a user would do by hand, so that the user's own hooks are asked.
        """
        quiet = () if hooks else ("-c", "core.hooksPath=/dev/null")
        argv = ["git", "-C", str(self.where), "-c", "gc.auto=0", *quiet, *words]
        for attempt in range(LOCK_TRIES):
            done = run(argv, {**self._env, **(env or {})}, given=given, wait_seconds=wait_seconds, keep=keep)
            if done.status == 0 or not LOCKED.search(done.err) or FORBIDDEN.search(done.err):
                return done
            self._clock.sleep(0.02 * 1.7**attempt)
        raise Busy(f"git {words[0]} found a lock that stayed taken for {self.where}", hint="git status")

    def tell(self, *words: str, given: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        """One git command that must succeed; its output. Raises Unavailable with git's own words."""
        done = self.ask(*words, given=given, env=env)
        if done.status != 0:
            raise Unavailable(f"git {words[0]} failed in {self.where}: {done.err}", hint="gitorch doctor")
        return done.out


class WorktreeStatus(Value):
    """How a worktree stands: the commit of its branch, None on no branch or before its first commit; what no commit holds."""

    head: CommitId | None
    uncommitted: tuple[str, ...]


def worktree_status(git: GitRunner) -> WorktreeStatus:
    """All that a handoff asks of a worktree itself, in one call of git; files that are not tracked count as uncommitted."""
    words = ("--porcelain=v2", "--branch", "--no-ahead-behind", "--untracked-files=all", "--no-renames")
    parts = split(git.tell("status", "-z", *words))
    told = dict(part[2:].split(" ", 1) for part in parts if part.startswith("# branch."))
    born = told["branch.head"] != "(detached)" and told["branch.oid"] != "(initial)"
    paths = (part.split(" ", FIELDS_BEFORE_PATH[part[0]])[-1] for part in parts if part[0] in FIELDS_BEFORE_PATH)
    mine = tuple(path for path in paths if path != OWN_FOLDER and not path.startswith(f"{OWN_FOLDER}/"))
    return WorktreeStatus(CommitId(told["branch.oid"]) if born else None, mine)


def uncommitted_paths(git: GitRunner) -> tuple[str, ...]:
    """Paths with changes that no commit holds, untracked files included, less what is gitorch's own."""
    return worktree_status(git).uncommitted


def split(text: str) -> tuple[str, ...]:
    """The parts of what git ended with NULs, less empty ones."""
    return tuple(part for part in text.split("\0") if part)


def common_directory(git: GitRunner) -> Path:
    """The directory that all worktrees of the repository share."""
    return Path(git.tell("rev-parse", "--path-format=absolute", "--git-common-dir").rstrip("\n"))
