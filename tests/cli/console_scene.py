"""A run of six epics that needs everything of a person, in memory and always the same; and pictures of the console that shows it."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from cli_stage import Stage
from console_kit import desk

from gitorch.app.work.context import token_digest
from gitorch.model import commands as c
from gitorch.model.ids import JobId, SessionId
from gitorch.model.plans.workflow import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

TITLES = {
    "cookies": "Name the session cookie",
    "tokens": "Sign the session tokens",
    "logout": "End sessions on every device",
    "audit": "Record who signed in",
    "limits": "Limit attempts to sign in",
    "docs": "Explain sessions to operators",
}

PICTURES = {
    "console-80x24": ((80, 24), ()),
    "console-120x40": ((120, 40), ()),
    "console-200x50": ((200, 50), ()),
    "console-answer": ((80, 24), ("down", "down", "down", "a")),
}
"""Each picture: the size of the terminal, and the keys that were pressed."""


def six_agents() -> Stage:
    """A question, a blocker, a dialog, a failure, a review at work, and an epic that is done."""
    stage = Stage().begin_run(dict.fromkeys(TITLES, ()), Settings(max_agents=6), TITLES)
    stage.finish("docs")
    for name in ("cookies", "tokens", "logout", "limits"):
        stage.launch(name)
    stage.submit_handoff(
        "cookies", "NEEDS_CONTEXT", questions=("Which cookie carries the session: sid or the old one?",)
    )
    stage.submit_handoff(
        "tokens", "BLOCKED", blocker="There is no signing key in the test environment", clears="A key for tests"
    )
    ask_for_permission(stage)
    for _ in range(2):
        fail_to_start(stage, "audit")
    stage.submit_handoff("limits")
    return stage.launch("limits.spec")


def fail_to_start(stage: Stage, job: str) -> None:
    """The program of an agent ends before it shows its prompt."""
    session = SessionId(f"s{len(stage.run.sessions) + 1}")
    stage.do(c.GrantLease(JobId(job), session, True, token_digest(f"token of {session}"), "nonce-one"))
    stage.do(c.EndSession(session, "exited", 3))


def ask_for_permission(stage: Stage) -> None:
    """The agent of logout shows a permission request, and no rule answers it."""
    session = stage.run.jobs[JobId("logout")].session
    happened = f"The agent of logout (session {session}) asks for permission: npm install left-pad"
    question = "Answer it in its terminal (⏎), or start logout again with a new agent?"
    trigger = f"dialog:{session}"
    stage.do(
        c.Escalate(
            trigger,
            happened,
            "Nothing was typed.",
            "npm install left-pad",
            question,
            ("cleared", "retry"),
            JobId("logout"),
            session,
        )
    )


async def _taken(stage: Stage, size: tuple[int, int], keys: Sequence[str]) -> str:
    async with desk(stage, size) as made:
        await made.press(*keys)
        return made.app.export_screenshot(title="gitorch up")


def picture(name: str) -> str:
    """One picture as SVG, without addresses of fonts."""
    size, keys = PICTURES[name]
    drawn = asyncio.run(_taken(six_agents(), size, keys))
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r"<!-- Generated .*? -->\s*", "", drawn)
    drawn = re.sub(r"terminal-\d+", "terminal", drawn)
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"
