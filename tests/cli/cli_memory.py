"""The fakes of the stage: those of the contract suites, with scenes and faults that a test can set."""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent))

from fakes.clock import FakeClock
from fakes.git import FakeGit
from fakes.ledger import FakeLedger
from fakes.terminals import FakeTerminals
from fakes.world import FakeSecrets

from gitorch.model.ids import CommitId, Moment
from gitorch.model.observed import AgentState, SessionObservation
from gitorch.model.plans.runtime import Preset
from gitorch.model.values import replace
from gitorch.ports.git import MoveResult
from gitorch.ports.world import Launch
from gitorch.rules.evolve import evolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitorch.errors import Corrupt
    from gitorch.model.work.session import SessionKey

START = 1_700_000_000_000


def commit(name: str) -> CommitId:
    return CommitId(hashlib.sha1(name.encode()).hexdigest())


TARGET = commit("target")


class MemoryLedger(FakeLedger):
    """The one that the contract holds, with the faults that a test sets."""

    def __init__(self, rules=evolve) -> None:
        super().__init__(rules)
        self.faults: tuple[Corrupt, ...] = ()

    def verify(self, now=None, judge=None):
        return replace(super().verify(now, judge), faults=self.faults, warnings=("the remote lags by 2",))


class MemoryTerminals(FakeTerminals):
    """Those of the contract, in which an agent that a scene launched is at work.

    `seen` and `screens` replace what a session shows, by its id; `stopped` lists the sessions in the order of their ends.
    """

    def __init__(self, clock=None):
        super().__init__(clock or FakeClock(START))
        self.begin_as = AgentState.WORKING
        self.seen: dict[str, SessionObservation] = {}
        self.stopped: list[str] = []
        self.screens: dict[str, str] = {}

    def launch(self, key, folder) -> int:
        """Start a session that the ledger already knows; the id of its process."""
        if key not in self.sessions:
            self.start(Launch(key, Preset("scripted", ("scripted",)), folder, {}, "", None))
            self.become(key, AgentState.WORKING, "> working on it")
        return self.sessions[key].pid

    def observe(self, keys):
        return {key: self.seen.get(key.session, seen) for key, seen in super().observe(keys).items()}

    def stop(self, key) -> None:
        super().stop(key)
        self.stopped.append(key.session)

    def screen(self, key, history=0) -> str:
        shown = super().screen(key, history)
        return self.screens.get(key.session, shown)


class MemoryGit(FakeGit):
    """The one of the contract, with a target, and with made-up commits whose ids a test can foretell.

    A tip that a scene sets is such a commit: on the target, with files of 99 lines.
    """

    def __init__(self) -> None:
        super().__init__()
        self.left = False
        """Whether a checkout of the target cannot be updated."""
        self._plant("target", TARGET, ())
        self._point("main", TARGET)

    def _plant(self, name, commit_id, parents) -> None:
        files = {"README.md": "# Sign in\n"}
        if parents:
            files |= dict.fromkeys(("a.py", "src/a.py"), "a line\n" * 99)
        self.commits[commit_id] = self.commits[self._store(parents, files, name)]

    def _ask(self) -> None:
        super()._ask()
        for name, tip in self.tips.items():
            if tip not in self.commits:
                self._plant(f"Work on {name}", tip, (TARGET,))

    def follow(self, branch) -> None:
        """Bring the checkouts of a branch up to the tip that a scene has set."""
        self._ask()
        self._point(branch, self.tips[branch])

    def checkout_left(self, branch, new, old):
        if self.left and self.tips.get(branch) == new:
            reason = "a rebase is under way in checkout"
            return MoveResult(True, "left", "checkout", "git stash && git merge main", reason)
        return super().checkout_left(branch, new, old)

    def user_name(self) -> str:
        return "Ada Lovelace"


class MemorySecrets(FakeSecrets):
    """Those of the contract, with the nonce that the scenes give to every session."""

    def token(self, key: SessionKey) -> str:
        return f"token of {key.session}"


class MemoryClock(FakeClock):
    """The one of the contract: a second passes with every call on the stage, however often the code reads the clock.

    A shorter sleep takes a second, too: a loop that looks every 20 ms would turn 180,000 times in an hour.
    """

    def __init__(self) -> None:
        super().__init__(START)
        self.on_sleep: Callable[[], object] | None = None

    def step(self) -> None:
        """Let the second of a call pass."""
        self.moment += 1000

    def sleep(self, seconds: float) -> None:
        super().sleep(max(seconds, 1.0))
        if self.on_sleep is not None:
            self.on_sleep()


class RealClock:
    """Time as it passes, for calls in processes of their own."""

    def now(self) -> Moment:
        return Moment(time.time_ns() // 1_000_000)

    def sleep(self, seconds: float) -> None:
        threading.Event().wait(seconds)
