"""What a control channel says of an agent program: its state, the permission that it asks for, what it used, and its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.model.words import Words

if TYPE_CHECKING:
    from gitorch.model.dialog import PermissionRequest
    from gitorch.model.ids import Moment
    from gitorch.model.observed import AgentState


class ReceiptGrade(Words):
    """The evidence for the delivery of a prompt, strongest first."""

    ACKNOWLEDGED = "acknowledged"
    """The program's own protocol says that a turn has begun with exactly this text."""
    DELIVERED = "delivered"
    """A hook or the transcript of the program shows the text."""
    SUBMITTED = "submitted"
    """Something changed that only a submission explains."""
    TYPED = "typed"
    """The text stands in the program's input."""
    UNKNOWN = "unknown"


REFUSED = "refused: "
"""How the answer of a channel begins that did nothing; the reason follows."""


NOT_YET = f"{REFUSED}the program has not begun with it yet"
"""The answer of a channel that has given a text to the program, which has not shown yet that it begins with it."""


class ChannelObservation(Value):
    """The state of an agent as a channel knows it at this moment."""

    state: AgentState
    evidence: str
    """The sign of the state, such as `claude: waiting, permission prompt`."""
    request: PermissionRequest | None = None
    """What it asks a person for, if its state is `dialog` and the channel knows."""
    resets_at: Moment | None = None
    """When its usage limit ends, if its state is `limited` and the channel knows."""
    request_follows: bool = False
    """Whether a permission request shows whose text the program is about to report."""


class TokenUsage(Value):
    """The tokens that one answer of a model cost, or all answers of one conversation together."""

    id: str
    """The id of the answer or of the conversation, by which it is counted once."""
    source: str
    """The channel that told."""
    model: str
    """The model as the program names it."""
    at: Moment
    input: int = 0
    """Fresh input, without what came from a cache."""
    cached: int = 0
    cache_write: int = 0
    output: int = 0
    """All output, reasoning included."""
    reasoning: int = 0
    cost_usd: float | None = None
    """The program's own figure; None where it has none."""
    requests: int = 1
    """How many answers these tokens are of."""


class UsageLimit(Value):
    """A limit of the user's account with the maker of a program."""

    name: str
    """The limit as the program names it."""
    used_percent: float
    resets_at: Moment | None = None
