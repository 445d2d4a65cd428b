"""A session: one agent process on one job, and its prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.channel import ReceiptGrade
from gitorch.model.values import Value, field
from gitorch.model.words import Words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import Digest, JobId, Moment, PromptId, RunId, SessionId
    from gitorch.model.work.usage import Spent


class SessionKey(Value):
    """A session across all runs of one repository. `name` is its exact tmux session name."""

    run: RunId
    session: SessionId

    @property
    def name(self) -> str:
        """Only letters, digits, `_` and `-`, whatever the run is called."""
        return f"{self.run}_{self.session}"


class SessionPhase(Words):
    """The phase of a session in the ledger, which does not follow what the screen shows."""

    STARTING = "starting"
    ALIVE = "alive"
    ENDED = "ended"


class PromptKind(Words):
    """The purpose of a prompt."""

    BRIEF = "brief"
    FINDINGS = "findings"
    ANSWER = "answer"
    CLEARED = "cleared"
    NUDGE = "nudge"
    MESSAGE = "message"


ASSIGNING = frozenset({PromptKind.BRIEF, PromptKind.FINDINGS, PromptKind.ANSWER, PromptKind.CLEARED})
"""The prompts after which an agent has something else to do, or nothing more."""

UNSEEN = "unseen"
"""How a session ended whose lease another host saw no renewal of."""

REFUSAL = "refusal"
"""What a nudge is about that reminds an agent of its refused report; any other nudge is about its silence."""


class Prompt(Value):
    """A text that gitorch delivers to a session. A session gets its prompts in order."""

    id: PromptId
    kind: PromptKind
    about: str = ""
    """The id of a question or message, or the attempt that a brief or a list of findings begins."""
    receipt: str = ""
    """How the delivery was confirmed; empty before the delivery."""


class Session(Value):
    """One agent process in one terminal and one worktree, working on one job; or a manual claim."""

    id: SessionId
    job: JobId
    lane: str
    runtime: str
    token: Digest
    """The digest of the session's secret."""
    phase: SessionPhase
    started_at: Moment
    ended: str = ""
    """How it ended; empty before."""
    conversation: str = ""
    """The runtime's id of the conversation, known once the session has ended."""
    permissions_answered: int = 0
    """How many permission requests rules have answered."""
    prompts: tuple[Prompt, ...] = ()
    refusals: int = 0
    """How many of its calls were refused."""
    holder: str = ""
    """Who made the manual claim, and alone may use the lease; empty for a process that gitorch started."""
    fence: int = 0
    """The number of its first lease."""
    entries: tuple[Digest, ...] = ()
    """Digests of the outbox entries that were accepted."""
    host: str = ""
    """The host that it lives on; empty in records from before sessions had one."""
    spent: tuple[Spent, ...] = ()
    """What it has used, by attempt and model, each pair once."""
    limits: int = 0
    """How often its program reached a usage limit."""
    limited_until: Moment | None = None
    """When it is nudged after a usage limit; None while it waits for none."""
    resumed_at: Moment | None = None
    """When it was last nudged after a limit."""
    prompted_at: Moment | None = None
    """When a prompt was last delivered to it."""
    failed_at: Moment | None = None
    """Since when its failed turn is recorded; None while no turn stands as failed."""
    failure: str = ""
    """What its program said when its turn last failed, in one line."""
    usage_at: Moment | None = None
    """When that was last recorded; None before the first time."""
    silent_channels: Mapping[str, str] = field(default_factory=dict)
    """The control channels that did not answer at some time, with the first reason of each."""

    @property
    def is_manual(self) -> bool:
        """Whether the session is a manual claim, for which gitorch started no process.

        A person or a program of their own works on its job; there is no terminal to observe.
        """
        return bool(self.holder)

    @property
    def unsent_prompts(self) -> tuple[Prompt, ...]:
        """The prompts that were not delivered, in the order in which they were written.

        A nudge that other work follows is not among them: its agent has reported since, and needs it no more.
        """
        unsent: list[Prompt] = []
        for prompt in self.prompts:
            if prompt.kind in ASSIGNING:
                unsent = [one for one in unsent if one.kind is not PromptKind.NUDGE]

            if not prompt.receipt:
                unsent.append(prompt)

        return tuple(unsent)

    @property
    def doubtful_prompt(self) -> Prompt | None:
        """The newest prompt, if it was typed and nothing shows that it arrived; otherwise None."""
        for prompt in self.prompts[-1:]:
            if prompt.receipt == ReceiptGrade.UNKNOWN:
                return prompt

        return None

    @property
    def next_prompt(self) -> Prompt | None:
        """The first prompt that was not delivered; None if all were delivered.

        Prompts are delivered one at a time.
        """
        return next(iter(self.unsent_prompts), None)
