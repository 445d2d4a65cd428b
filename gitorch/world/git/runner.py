"""Running git: one directory, a clean environment, a time limit, and patience for locks.

Callers never pass names that git could read as options or revision expressions: branches go as full ref names, commits
as full ids, paths after `--` or after a colon.
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
"""Why a lock file cannot be created although no process holds it: waiting would not help."""

CONNECTION_VARIABLES = ("GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_ASKPASS")
"""How git reaches a remote as this user: the only GIT_ variables of the caller that git inherits."""

LOCK_TRIES = 8
FIELDS_BEFORE_PATH = {"1": 8, "u": 10, "?": 1}
"""How many fields precede the path in each kind of line of `git status --porcelain=v2`."""

OWN_FOLDER = ".gitorch"
"""The folder of a worktree that holds briefs and the outbox; never part of anybody's work."""


class GitRunner:
    """Runs git in one directory, with an environment free of GIT_*, a time limit, and patience for locks."""

    def __init__(self, directory: Path, environ: Mapping[str, str], clock: Clock) -> None:
        self.directory = directory
        self._environ = environ
        self._clock = clock
        inherited = without(environ, ("GIT_", "GITORCH_"))
        connection = {name: environ[name] for name in CONNECTION_VARIABLES if name in environ}
        fixed = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C.UTF-8", "LANGUAGE": "C"}
        self._env = {**inherited, **connection, **fixed}

    def at(self, directory: Path) -> GitRunner:
        """A runner with the same environment for another directory."""
        return GitRunner(directory, self._environ, self._clock)

    def run(
        self,
        *arguments: str,
        given: bytes = b"",
        env: Mapping[str, str] | None = None,
        wait_seconds: float = 60.0,
        keep: tuple[int, ...] = (),
        hooks: bool = False,
    ) -> ProgramResult:
        """Run one git command and return its result, whatever the exit status.

        `hooks` lets the user's hooks run, for a command that does what the user would do by hand. Raises Busy when a lock
        stays taken, Unavailable when git is missing or exceeds `wait_seconds`.
        """
        hook_setting = () if hooks else ("-c", "core.hooksPath=/dev/null")
        argv = ["git", "-C", str(self.directory), "-c", "gc.auto=0", *hook_setting, *arguments]
        full_env = {**self._env, **(env or {})}
        for attempt in range(LOCK_TRIES):
            result = run(argv, full_env, given=given, wait_seconds=wait_seconds, keep=keep)
            if not _failed_on_lock(result):
                return result
            self._clock.sleep(0.02 * 1.7**attempt)
        raise Busy(f"git {arguments[0]} found a lock that stayed taken for {self.directory}", hint="git status")

    def succeeds(self, *arguments: str, env: Mapping[str, str] | None = None) -> bool:
        """Whether one git command exits with status 0. Raises as `run` does."""
        return self.run(*arguments, env=env).status == 0

    def output(self, *arguments: str, given: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        """The standard output of one git command. Raises Unavailable with git's message when it fails, Busy."""
        result = self.run(*arguments, given=given, env=env)
        if result.status != 0:
            message = f"git {arguments[0]} failed in {self.directory}: {result.err}"
            raise Unavailable(message, hint="gitorch doctor")
        return result.out


def _failed_on_lock(result: ProgramResult) -> bool:
    """Whether git failed because another process held a lock, so that a later try may succeed."""
    if result.status == 0 or FORBIDDEN.search(result.err):
        return False
    return LOCKED.search(result.err) is not None


class WorktreeStatus(Value):
    """The state of a worktree's branch and files."""

    head: CommitId | None
    """The commit of its branch; None when it is on no branch, or the branch has no commit yet."""
    uncommitted: tuple[str, ...]
    """Paths with changes that no commit holds, untracked files included."""


def worktree_status(git: GitRunner) -> WorktreeStatus:
    """The status of the runner's worktree, from one git command."""
    options = ("--porcelain=v2", "--branch", "--no-ahead-behind", "--untracked-files=all", "--no-renames")
    branch: dict[str, str] = {}
    uncommitted: list[str] = []
    for part in split(git.output("status", "-z", *options)):
        if part.startswith("# branch."):
            key, value = part[2:].split(" ", 1)
            branch[key] = value
        elif part[0] in FIELDS_BEFORE_PATH:
            path = part.split(" ", FIELDS_BEFORE_PATH[part[0]])[-1]
            if path != OWN_FOLDER and not path.startswith(f"{OWN_FOLDER}/"):
                uncommitted.append(path)
    head = CommitId(branch["branch.oid"])
    if branch["branch.head"] == "(detached)" or head == "(initial)":
        return WorktreeStatus(None, tuple(uncommitted))
    return WorktreeStatus(head, tuple(uncommitted))


def uncommitted_paths(git: GitRunner) -> tuple[str, ...]:
    """Paths with changes that no commit holds, untracked files included, except gitorch's own folder."""
    return worktree_status(git).uncommitted


def split(text: str) -> tuple[str, ...]:
    """The non-empty parts of git's NUL-terminated output."""
    return tuple(part for part in text.split("\0") if part)


def common_directory(git: GitRunner) -> Path:
    """The git directory that all worktrees of the repository share."""
    return Path(git.output("rev-parse", "--path-format=absolute", "--git-common-dir").rstrip("\n"))
