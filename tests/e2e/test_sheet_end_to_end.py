"""The question sheet at a real terminal: everything is shown before anything exists, and an answer is given once."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from house import GITORCH, Epic
from waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house import House

pytestmark = pytest.mark.tmux

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A terminal of 100 columns with one verb in it; `shown` is all that was written to it, without escapes."""

    def __init__(self, descriptor: int, process: subprocess.Popen[bytes]) -> None:
        self._descriptor, self.process = descriptor, process
        os.set_blocking(descriptor, False)
        self._read = b""

    @property
    def shown(self) -> str:
        try:
            while more := os.read(self._descriptor, 65_536):
                self._read += more
        except (BlockingIOError, OSError):  # EIO: the verb has ended
            pass
        return ESCAPES.sub("", self._read.decode("utf-8", "replace")).replace("\r", "")

    def sees(self, text: str) -> str:
        """All that was shown as soon as this text was; fails with it where the verb ends before."""
        until(lambda: text in self.shown or self.process.poll() is not None, what=f"{text!r} on the terminal")
        assert text in self.shown
        return self.shown

    def types(self, line: str) -> None:
        os.write(self._descriptor, f"{line}\n".encode())

    def ends(self) -> int:
        until(lambda: (self.shown, self.process.poll())[1] is not None, what="the end of the verb")
        return self.process.returncode


@contextmanager
def terminal(house: House, *words: str) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
    with subprocess.Popen(
        [str(GITORCH), *words], cwd=house.path, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        try:
            yield Terminal(ours, process)
        finally:
            process.kill()
            os.close(ours)


def traces(house: House) -> tuple[list[str], bool, list[str]]:
    """What a run would leave: branches and ledger, worktrees, processes."""
    refs = house.repo.git("for-each-ref", "--format=%(refname)").splitlines()
    return refs, house.worktrees.exists(), [line for line in house.processes() if str(GITORCH) not in line]


def sheet_of(home: House) -> str:
    home.configure()
    return home.plan(Epic("api"), Epic("ui", needs=("api",)), title="Rotate keys")


def test_what_no_sheet_offers_is_refused_with_the_reason_and_the_end_of_input_leaves_nothing(
    home_of_runs: House,
) -> None:
    plan, before = sheet_of(home_of_runs), traces(home_of_runs)
    with terminal(home_of_runs, "start", plan) as at:
        at.sees("Autonomy [end_only]:")
        at.types("full_auto")
        at.sees("full_auto does not exist in gitorch: nothing is merged without a human's approval")
        at.types("\x04")
        assert at.ends() == 130
        assert at.shown.endswith("gitorch: interrupted\n")
    assert traces(home_of_runs) == before


def test_nothing_exists_before_the_answer_and_what_was_shown_is_what_is_made(home_of_runs: House) -> None:
    home = home_of_runs
    plan, before = sheet_of(home), traces(home)
    with terminal(home, "start", plan) as at:
        sheet = at.sees("Autonomy [end_only]:")
        assert f"main at {home.target()[:12]}" in sheet
        assert "2 epics in 2 batches" in sheet
        at.types("per_epic")
        at.sees("Start this run and confirm main as a merge target of this repository with autonomy per_epic?")
        assert traces(home) == before
        at.types("y")
        assert at.ends() == 0
    rows = re.findall(r"^  (\S+) +by \S+(?:: \S+)? +on (\S+) +in (\S+)$", sheet, re.MULTILINE)
    assert [row[0] for row in rows] == ["api", "ui"]
    (folder,) = re.findall(r"^  worktrees  (/.+)/$", sheet, re.MULTILINE)
    (confirmed,) = home.records("run-confirmed")
    assert (confirmed["_actor"]["kind"], confirmed["proof"]) == ("principal", "typed")
    home.up()
    _, branch, name = rows[0]
    assert home.repo.git("for-each-ref", "--format=%(refname:short)", f"refs/heads/{branch}") == branch
    assert home.repo.git("-C", f"{folder}/{name}", "rev-parse", "--abbrev-ref", "HEAD") == branch
    assert home.question(kind="checkpoint", job="api")
