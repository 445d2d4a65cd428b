"""Running git: one directory, a clean environment, and patience for locks and for long work.

Callers never pass names that git could read as options or revision expressions: branches go as full ref names, commits
as full ids, paths after `--` or after a colon.
"""

from __future__ import annotations

import copy
import re
import shlex
from typing import TYPE_CHECKING

from gitorch.errors import Unavailable
from gitorch.model.ids import CommitId
from gitorch.model.path_text import text_of
from gitorch.world.activity import Watch
from gitorch.world.git.directories import (
    GitDirectories,
    repository_directories,
    submodule_directories,
    worktree_directories,
)
from gitorch.world.git.judgement import NOTHING_JUDGED, Judgement, judge, trust_nothing
from gitorch.world.git.known_file import KnownFile
from gitorch.world.git.locks import busy, failed_on_lock
from gitorch.world.git.ref_files import RefFiles
from gitorch.world.git.settings import (
    ATTRIBUTES,
    FIXED,
    HOOKS_PATH,
    NEEDLES,
    NO_HOOKS,
    PROTOCOLS,
    GitSetting,
    full_snapshot,
    hooks_directory,
    key_of,
    snapshot,
)
from gitorch.world.git.settings_files import SettingsFiles
from gitorch.world.programs import ending, run, run_patiently, start, without
from gitorch.world.system_names import system_name

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from gitorch.ports.world import Clock
    from gitorch.world.program_result import ProgramResult

CONNECTION_VARIABLES = ("GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_ASKPASS")
"""How git reaches a remote as this user."""

USER_VARIABLES = (
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
)
"""Where this user's configuration is, and who the user is. git inherits these and CONNECTION_VARIABLES, and no other GIT_ variable."""

PLUMBING = {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": "/dev/null", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
"""No replaced objects, no grafts: history as it was written. Messages in English, so that failures can be told apart."""

COMPARING = frozenset({"diff", "diff-index", "log"})
"""Commands that could run programs of `diff.*`."""

LOCK_TRIES = 8
IDLE_SECONDS = 300.0
"""How long git may do nothing before it is ended. Filters and hooks of the project run inside of it."""

OWN_FOLDER = ".gitorch"
"""The folder of a worktree that holds briefs and the outbox; never part of anybody's work."""


def say_nothing(_: str) -> None:
    """Nobody wants to hear that a call of git takes long."""


def nothing_recorded() -> Mapping[str, str] | None:
    """No snapshot: the repository's settings stand as they are."""
    return None


class CommandLine:
    """Builds every command line and environment of git, so that no setting that an agent changed makes git run a program.

    `trusted` is a function that returns the snapshot of settings from the start of the run, or None before there is one.
    When no function is given, git uses no program of the repository's settings.
    """

    def __init__(
        self,
        repository: GitDirectories,
        environ: Mapping[str, str],
        trusted: Callable[[], Mapping[str, str] | None] | None = None,
    ) -> None:
        self.repository = repository
        self._trusted = trusted
        inherited = without(environ, ("GIT_", "GITORCH_"))
        kept = {name: environ[name] for name in (*CONNECTION_VARIABLES, *USER_VARIABLES) if name in environ}
        fixed = {
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OPTIONAL_LOCKS": "0",
            "LC_ALL": "C.UTF-8",
            "LANGUAGE": "C",
        }
        self._env = {**inherited, **kept, **fixed}
        self._files = SettingsFiles(self._env)
        self._harmless = KnownFile(repository.common / "config", lambda data: re.search(NEEDLES, data) is None)

    def command(
        self, directories: GitDirectories, arguments: Sequence[str], *, hooks: bool = False, remote: str = ""
    ) -> tuple[list[str], dict[str, str]]:
        """The argument vector and the environment for one git command.

        `hooks` lets the target's hooks run, `remote` is the remote that the command contacts. Raises Unavailable, naming
        the setting, when one that the command needs changed since the start of the run.
        """
        judgement = self.judgement(directories, always=hooks or bool(remote))
        settings = dict(FIXED)
        settings.update(judgement.overrides)
        settings[HOOKS_PATH] = NO_HOOKS
        if hooks:
            _require_unchanged(judgement.changed_hooks())
            settings[HOOKS_PATH] = self._hooks_path(directories)
        protocols = ""
        if remote:
            _require_unchanged(judgement.changed_for_remote(remote))
            protocols = PROTOCOLS
        elif judgement.lazy_fetch:
            protocols = PROTOCOLS
        env = {**self._env, "GIT_ALLOW_PROTOCOL": protocols, **_as_environment(settings)}
        if not judgement.lazy_fetch:
            env["GIT_NO_LAZY_FETCH"] = "1"
        return [*_program(directories), *_without_helpers(arguments)], env | _common_directory(directories)

    def judgement(self, directories: GitDirectories, *, always: bool = True) -> Judgement:
        """Which of the repository's settings git may use. Unless `always`, a configuration without programs is not read."""
        if not always and self._is_harmless(directories):
            return NOTHING_JUDGED
        if self._trusted is None:
            return trust_nothing(self.snapshot(directories))
        trusted = self._trusted()
        hooks_path = None
        if trusted is not None:
            hooks_path = trusted.get(HOOKS_PATH, "")
        return judge(snapshot(self.settings(directories), directories, hooks_path), trusted)

    def snapshot(self, directories: GitDirectories) -> dict[str, str]:
        """The digests of the repository's settings that could make git run a program. Raises Unavailable."""
        return snapshot(self.settings(directories), directories)

    def full_snapshot(self, directories: GitDirectories) -> dict[str, str]:
        """The digests of all settings of the repository, its hooks and its `info/attributes`. Raises Unavailable."""
        return full_snapshot(self.settings(directories), directories.common)

    def settings(self, directories: GitDirectories) -> tuple[GitSetting, ...]:
        """The settings that git has by itself, in its order: a later value overrides an earlier one. Raises Unavailable."""
        _require_readable(directories.common / "config")
        env = self._env | _common_directory(directories)
        return self._files.read(directories, lambda words: run([*_program(directories), *words], env))

    def _is_harmless(self, directories: GitDirectories) -> bool:
        """Whether the repository's configuration cannot matter to a command that contacts no remote."""
        path = directories.common / "config"
        _require_readable(path)
        attributes = directories.common / ATTRIBUTES
        try:
            return self._harmless.content() and not attributes.exists()
        except OSError:
            return False

    def _hooks_path(self, directories: GitDirectories) -> str:
        """The path of the hooks with which the run began; the present one when nothing is recorded."""
        begun_with = None
        if self._trusted is not None:
            begun_with = self._trusted()
        if begun_with is None:
            begun_with = self.snapshot(directories)
        return str(hooks_directory(begun_with.get(HOOKS_PATH, ""), directories.common))


def _require_readable(path: Path) -> None:
    """Raise Unavailable for a named pipe or a device in the place of git's configuration: git would wait for it for ever."""
    if path.exists() and not path.is_file():
        raise Unavailable(f"{path} is no regular file, and git needs it as one", hint=f"ls -l {shlex.quote(str(path))}")


def _require_unchanged(keys: Sequence[str]) -> None:
    """Raise Unavailable when a setting that the command needs changed since the start of the run."""
    if keys:
        message = f"{keys[0]} of this repository changed since the oldest open run began, so gitorch does not use it"
        raise Unavailable(message, hint=f"git config --show-origin --get-all {keys[0]}")


def _program(directories: GitDirectories) -> list[str]:
    """Git with its directories named, so that it neither searches for them nor believes a `.git` file."""
    argv = ["git", "--no-pager", f"--git-dir={directories.git_dir}"]
    if directories.work_tree is not None:
        argv.append(f"--work-tree={directories.work_tree}")
    return argv


def _common_directory(directories: GitDirectories) -> dict[str, str]:
    """The environment variable that makes git ignore the `commondir` file of a linked worktree."""
    if directories.git_dir == directories.common:
        return {}
    return {"GIT_COMMON_DIR": str(directories.common)}


def _as_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings as variables, which override every file, and which allow any character in a key."""
    env = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        env[f"GIT_CONFIG_KEY_{number}"] = key
        env[f"GIT_CONFIG_VALUE_{number}"] = value
    return env


def _without_helpers(arguments: Sequence[str]) -> tuple[str, ...]:
    """The arguments, with external diff and text conversion programs switched off."""
    if arguments[0] in COMPARING:
        return (arguments[0], "--no-ext-diff", "--no-textconv", *arguments[1:])
    return tuple(arguments)


class GitRunner:
    """Runs git in one directory, with an environment free of GIT_*, and patience for locks and for long work.

    `say` gets a sentence about each call that takes long, at growing intervals.
    """

    def __init__(
        self,
        directory: Path,
        environ: Mapping[str, str],
        clock: Clock,
        trusted: Callable[[], Mapping[str, str] | None] = nothing_recorded,
        say: Callable[[str], None] = say_nothing,
    ) -> None:
        self.directory = directory
        self.directories = repository_directories(directory)
        self._root = directory
        self._environ = environ
        self.line = CommandLine(self.directories, environ, trusted)
        self.refs = RefFiles(self.common)
        self._clock = clock
        self._say = say

    @property
    def common(self) -> Path:
        """The git directory that all worktrees of the repository share."""
        return self.directories.common

    def at(self, path: Path) -> GitRunner:
        """A runner for one worktree of the repository.

        Raises Unavailable when the worktree's `.git` file names another git directory, and for any other folder.
        """
        directories = worktree_directories(self._root, self.line.repository, path)
        runner = copy.copy(self)
        runner.directory, runner.directories = directories.work_tree or path, directories
        return runner

    def in_submodule(self, path: str) -> GitRunner | None:
        """A runner for a checked-out submodule, which uses no program of the submodule's settings.

        None when its git directory is not one that this repository keeps for a submodule.
        """
        place = self.directory / path
        directories = submodule_directories(self.directories, place)
        if directories is None:
            return None
        runner = GitRunner(place, self._environ, self._clock)
        runner.directories, runner.refs = directories, RefFiles(directories.common)
        runner.line = CommandLine(directories, self._environ)
        return runner

    def judgement(self, *, always: bool = False) -> Judgement:
        """Which of the repository's settings git may use.

        Unless `always`, a configuration without any that matter to a local command is not read, and what is missing from
        it is not noticed.
        """
        return self.line.judgement(self.directories, always=always)

    def setting(self, name: str) -> str:
        """The value that git has by itself for a setting, empty without one. Raises Unavailable."""
        key = key_of(name)
        value = ""
        for setting in self.line.settings(self.directories):
            if setting.key == key:
                value = setting.value
        return value

    def commit_of(self, ref: str) -> CommitId | None:
        """What a ref points to, by its full name; None where it does not exist, or its object is missing."""
        commit = self.refs.existing(ref)
        if commit is None:
            commit = CommitId(self.run("show-ref", "--verify", "--hash", "--", ref).out.strip())
        return commit or None

    def snapshot(self) -> dict[str, str]:
        """The digests of the repository's settings that could make git run a program."""
        return self.line.snapshot(self.directories)

    def full_snapshot(self) -> dict[str, str]:
        """The digests of all settings of the repository, its hooks and its `info/attributes`."""
        return self.line.full_snapshot(self.directories)

    def run(
        self,
        *arguments: str,
        given: bytes = b"",
        env: Mapping[str, str] | None = None,
        wait_seconds: float = IDLE_SECONDS,
        keep: tuple[int, ...] = (),
        hooks: bool = False,
        remote: str = "",
    ) -> ProgramResult:
        """Run one git command and return its result, whatever the exit status.

        An argument that is no absolute path may hold escaped bytes (`model.path_text`), which git gets as bytes.
        git goes on for as long as it gets on: it is ended once nothing in its process tree has moved for `wait_seconds`.
        `hooks` lets the user's hooks run, for a command that does what the user would do by hand; `remote` names the
        remote that the command contacts. Raises Busy, naming the lock, when one stays taken, Unavailable when git is missing
        or was ended, or when a setting that the command needs changed since the start of the run.
        """
        message = ""
        for attempt in range(LOCK_TRIES):
            process = self.start(*arguments, env=env, keep=keep, hooks=hooks, remote=remote)
            with ending(process):
                result = self._finish(process, given, wait_seconds, arguments[0])
            if not failed_on_lock(result):
                return result
            message = result.err
            self.pause(attempt)
        raise busy(arguments[0], message, self.directory)

    def start(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        keep: tuple[int, ...] = (),
        hooks: bool = False,
        remote: str = "",
    ) -> subprocess.Popen[bytes]:
        """Start one git command with pipes. Raises Unavailable as `run` does; the caller ends it."""
        given_names = [_with_bytes(argument) for argument in arguments]
        argv, own_env = self.line.command(self.directories, given_names, hooks=hooks, remote=remote)
        return start(argv, {**own_env, **(env or {})}, cwd=self.directory, keep=keep)

    def pause(self, attempt: int) -> None:
        """Wait for somebody's lock: longer at each attempt, some 2 s in all."""
        self._clock.sleep(0.02 * 1.7**attempt)

    def watch(self, process: subprocess.Popen[bytes], verb: str) -> Watch:
        """A watch over a git that was started here."""
        return Watch(process.pid, f"git {verb} in {self.directory}", self._say)

    def _finish(self, process: subprocess.Popen[bytes], given: bytes, idle_seconds: float, verb: str) -> ProgramResult:
        """The result of a started git. Raises Unavailable when nothing of it has moved for `idle_seconds`."""
        try:
            return run_patiently(process, given, idle_seconds, self.watch(process, verb))
        except TimeoutError as error:
            message = f"git {verb} gave no answer: {error}, so it was ended"
            raise Unavailable(message, hint="gitorch doctor") from error

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


def _with_bytes(argument: str) -> str:
    """An argument as git gets it. Absolute paths come from the system and are never escaped."""
    if argument.startswith("/"):
        return argument
    return system_name(argument)


def split(text: str) -> tuple[str, ...]:
    """The non-empty parts of git's NUL-terminated output, with the bytes of paths escaped (`model.path_text`)."""
    if "\\" in text or not text.isascii():
        text = text_of(text.encode("utf-8", "surrogateescape"))
    return tuple(part for part in text.split("\0") if part)
