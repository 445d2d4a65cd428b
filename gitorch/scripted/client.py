"""Talking to gitorch, through its command line only, as any agent would."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass

from gitorch.scripted.brief import Brief, parse_brief

BUSY = 9
REFUSED = 4
BUSY_TRIES = 5
BUSY_PAUSE_SECONDS = 0.3
CALL_SECONDS = 120
HOOK_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call said and how it ended."""

    status: int
    text: str

    @property
    def accepted(self) -> bool:
        """Whether gitorch took it."""
        return self.status == 0

    @property
    def refused(self) -> bool:
        """Whether the rules did not allow it, so that something can be corrected."""
        return self.status == REFUSED


class GitorchClient:
    """The verbs an agent has. `signals` says whether this session's hooks are listened to."""

    def __init__(self, program: str = "gitorch", *, signals: bool = False) -> None:
        self._program = program
        self._signals = signals

    def brief(self) -> Brief | Reply:
        """The brief of this session's job, or the reply that says why there is none."""
        reply = self.call("brief", "--json")
        if not reply.accepted:
            return reply
        try:
            answer = json.loads(reply.text)
        except ValueError:
            return Reply(70, f"gitorch brief did not answer with JSON: {reply.text[:200]}")
        found = answer.get("brief") if isinstance(answer, dict) else None
        return parse_brief(found) if isinstance(found, Mapping) else Reply(70, "gitorch brief answered without a brief")

    def call(self, *words: str) -> Reply:
        """Run one verb; tried again while gitorch is busy."""
        reply = Reply(BUSY, "")
        for _ in range(BUSY_TRIES):
            reply = self._run(words, "", CALL_SECONDS)
            if reply.status != BUSY:
                break
            time.sleep(BUSY_PAUSE_SECONDS)
        return reply

    def hook(self, event: str, text: str = "") -> None:
        """Tell what just happened, where somebody listens; a hook that fails never stops the agent."""
        if self._signals:
            self._run(("hook", event), text, HOOK_SECONDS)

    def _run(self, words: tuple[str, ...], text: str, seconds: float) -> Reply:
        try:
            done = subprocess.run(
                [self._program, *words],
                input=text,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if words[-1] != "--json" else subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                timeout=seconds,
                check=False,
            )
        except FileNotFoundError:
            return Reply(127, f"{self._program} is not on PATH")
        except subprocess.TimeoutExpired:
            return Reply(124, f"{self._program} {words[0]} did not answer within {seconds:.0f} s")
        return Reply(done.returncode, done.stdout.strip() or (done.stderr or "").strip())
