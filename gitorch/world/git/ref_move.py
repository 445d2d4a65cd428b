"""Moving a branch in two steps: everything that could refuse is asked first, then the files follow, then the branch moves.

The branch is locked in between, so that nobody else moves it. A checkout that cannot follow aborts the move; a branch that
moved without its checkout would look as if the user wanted to revert the merge.
"""

from __future__ import annotations

import contextlib
import os
import select
from typing import TYPE_CHECKING

from gitorch.errors import Unavailable
from gitorch.model.values import Value
from gitorch.world.activity import LOOK_SECONDS
from gitorch.world.git.locks import busy, failed_on_lock
from gitorch.world.git.runner import IDLE_SECONDS, LOCK_TRIES
from gitorch.world.program_result import ProgramResult
from gitorch.world.programs import end, ending

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from gitorch.model.ids import CommitId
    from gitorch.world.git.runner import GitRunner

PREPARED = b"prepare: ok\n"
COMMITTED = b"commit: ok\n"


class RefMove(Value):
    """A branch, named in full, and where it moves."""

    ref: str
    new: CommitId
    old: CommitId
    why: str
    """What goes to the reflog."""


@contextlib.contextmanager
def prepared(git: GitRunner, move: RefMove) -> Iterator[PreparedMove]:
    """A move that git and the hooks of the repository agreed to, or its refusal. It is given up unless the block commits it.

    Raises Busy, naming the lock, when one stays taken, and Unavailable when git or a hook hangs.
    """
    message = ""
    for attempt in range(LOCK_TRIES):
        process = git.start("update-ref", "-m", move.why, "--stdin", hooks=True)
        with ending(process):
            one = PreparedMove(git, process)
            one.prepare(move)
            if not failed_on_lock(one.answer):
                try:
                    yield one
                finally:
                    end(process)
                return
        end(process)
        message = one.answer.err
        git.pause(attempt)
    raise busy("update-ref", message, git.directory)


class PreparedMove:
    """A transaction of `git update-ref --stdin`. git aborts it by itself when its input ends."""

    def __init__(self, git: GitRunner, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._watch = git.watch(process, "update-ref")
        self.answer = ProgramResult(0, b"", b"")
        """What git answered last: status 0 as long as it agreed."""

    @property
    def refused(self) -> str:
        """Why git or a hook refused; empty when they agreed."""
        if self.answer.status == 0:
            return ""
        return self.answer.err or "git gave no reason"

    def prepare(self, move: RefMove) -> None:
        """Lock the branch and ask the hooks."""
        self._ask(f"start\nupdate {move.ref} {move.new} {move.old}\nprepare\n", PREPARED)

    def commit(self) -> str:
        """Move the branch. The reason when git refused, or had to be ended; empty when it moved.

        A git that had to be ended can have moved the branch before.
        """
        try:
            self._ask("commit\n", COMMITTED)
        except Unavailable as error:
            end(self._process)
            return error.message
        return self.refused

    def _ask(self, words: str, wanted: bytes) -> None:
        """Send commands and wait until git confirms the last of them, or ends."""
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        assert stdin is not None and stdout is not None and stderr is not None  # noqa: S101, PT018  started with pipes
        with contextlib.suppress(BrokenPipeError):  # git has ended: its reason comes with its output
            stdin.write(words.encode("utf-8", "surrogateescape"))
            stdin.flush()
        printed = b""
        while not printed.endswith(wanted):
            part = self._read(stdout.fileno())
            printed += part
            if not part:
                _, error = self._process.communicate()
                self.answer = ProgramResult(self._process.returncode or 1, printed, error)
                return

    def _read(self, descriptor: int) -> bytes:
        """What git printed next; nothing at the end. Raises Unavailable when it does nothing for long."""
        while not select.select([descriptor], [], [], LOOK_SECONDS)[0]:
            reason = self._watch.stuck(IDLE_SECONDS)
            if reason:
                raise Unavailable(f"git update-ref gave no answer: {reason}", hint="gitorch doctor")
        return os.read(descriptor, 65_536)
