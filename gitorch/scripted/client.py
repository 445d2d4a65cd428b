"""Calls of gitorch through its command line only, as any agent makes them."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from typing import NamedTuple

from gitorch.scripted.brief import Brief, parse_brief

BUSY = 9
REFUSED = 4
BUSY_TRIES = 5
BUSY_PAUSE_SECONDS = 0.3
CALL_SECONDS = 120
HOOK_SECONDS = 10


class CallResult(NamedTuple):
    """The output of a call, and its exit status."""

    status: int
    text: str

    @property
    def accepted(self) -> bool:
        """Whether the call succeeded: gitorch ended with 0."""
        return self.status == 0

    @property
    def refused(self) -> bool:
        """Whether the rules did not allow the call, so that a correction of the work may help."""
        return self.status == REFUSED


class GitorchClient:
    """The verbs of an agent. Without `signals`, hooks do nothing."""

    def __init__(self, program: str = "gitorch", *, signals: bool = False) -> None:
        self._program = program
        self._signals = signals

    def brief(self) -> Brief | CallResult:
        """The brief of this session's job, or the failed call.

        An answer without a brief in it counts as a failed call, with the status of an internal error.
        """
        result = self.call("brief", "--json")
        if not result.accepted:
            return result

        try:
            answer = json.loads(result.text)
        except ValueError:
            return CallResult(70, f"gitorch brief did not print JSON: {result.text[:200]}")

        if not isinstance(answer, dict) or not isinstance(answer.get("brief"), Mapping):
            return CallResult(70, "gitorch brief printed no brief")

        return parse_brief(answer["brief"])

    def call(self, *words: str) -> CallResult:
        """Run one verb of gitorch and return its result, whatever its status.

        While gitorch is busy the call is repeated, `BUSY_TRIES` times at most, with a pause after each try.
        """
        result = CallResult(BUSY, "")
        for _ in range(BUSY_TRIES):
            result = self._run(words, "", CALL_SECONDS)
            if result.status != BUSY:
                break

            time.sleep(BUSY_PAUSE_SECONDS)

        return result

    def hook(self, event: str, text: str = "") -> None:
        """Report an event and its text, when signals are switched on.

        The result does not matter: a hook that fails never stops the agent.
        """
        if self._signals:
            self._run(("hook", event), text, HOOK_SECONDS)

    def _run(self, words: tuple[str, ...], text: str, seconds: float) -> CallResult:
        """Run gitorch with this text on standard input, for at most this number of seconds.

        With --json only standard output counts, else both streams in their order. A missing program gives the status 127, and
        one that takes too long 124, as a shell and `timeout` report them.
        """
        stderr = subprocess.STDOUT
        if words[-1] == "--json":
            stderr = subprocess.PIPE

        try:
            done = subprocess.run(
                [self._program, *words],
                input=text,
                stdout=subprocess.PIPE,
                stderr=stderr,
                encoding="utf-8",
                errors="replace",
                timeout=seconds,
                check=False,
            )
        except FileNotFoundError:
            return CallResult(127, f"{self._program} is not on PATH")
        except subprocess.TimeoutExpired:
            return CallResult(124, f"{self._program} {words[0]} did not answer within {seconds:.0f} s")

        return CallResult(done.returncode, done.stdout.strip() or (done.stderr or "").strip())
