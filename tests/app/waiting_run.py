"""A run that waits for the approval of its report, made once and put back before every case: folders, and calls of verbs on them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
from merge_yard import CALLER, Yard
from put_back import put_back
from repository import make_seed

from gitorch.cli.boundary import run
from gitorch.cli.call import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.wiring.repository import Repository

ONE = {"api": {"api.txt": "api\n"}}


class Said(NamedTuple):
    """What a verb did: its exit status and its JSON."""

    status: int
    values: Mapping[str, object]

    @property
    def hint(self) -> str:
        return str(self.values.get("error", {}).get("hint", ""))

    @property
    def message(self) -> str:
        return str(self.values.get("error", {}).get("message", ""))


class WaitingRun:
    """`place` holds the repository `r` and its worktrees; `restore` puts it back to the waiting run."""

    caller = CALLER

    def __init__(self, place: Path, **settings: object) -> None:
        self.place, self.saved = place, place.with_name(f"{place.name}.saved")
        self.place.mkdir(parents=True)
        make_seed(place / "r")
        (place / "r" / "gitorch.yaml").write_text("orchestration:\n  merge_target: main\n")
        self.yard = Yard(place / "r")
        self.prepare(self.yard)
        self.yard.begin(ONE, **settings)
        self.yard.settle()
        assert self.yard.run.report is not None
        self.report, self.target = self.yard.run.report, self.yard.head()
        self.keep()

    def prepare(self, yard: Yard) -> None:
        """What must stand before the run begins."""

    def keep(self) -> None:
        """Make this the state that `restore` puts back."""
        shutil.copytree(self.place, self.saved, symlinks=True)

    def restore(self) -> Yard:
        put_back(self.saved, self.place)
        self.yard.reopen()
        return self.yard

    def open(self, *_: object) -> Repository:
        """The repository as a new process opens it, with the terminals of the yard."""
        self.yard.reopen()
        return self.yard.services

    def gitorch(self, *words: str, **environ: str) -> Said:
        """One call in this process, by a person unless the environment names a session."""
        out, err = io.StringIO(), io.StringIO()
        call = Call({**os.environ, **environ}, self.yard.path, open=self.open)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run([*words, "--json"], call)
        lines = out.getvalue().strip().splitlines()
        return Said(status, json.loads(lines[-1]) if lines else {})
