"""The file of a verb that a person typed while the ledger's remote was away."""

from __future__ import annotations

import json
from typing import Any

from gitorch.errors import Malformed
from gitorch.model.submission import KeptVerb
from gitorch.text.records.shape import WrongShape, shape

FORMAT = "kept/1"

VERBS = frozenset({"claim", "heartbeat", "release", "handoff", "verdict"})


def encode(kept: KeptVerb) -> bytes:
    """The bytes of the file. `decode` reads them back."""
    fields: dict[str, Any] = shape(KeptVerb)[0](kept)
    text = json.dumps({"gitorch": FORMAT, **fields}, ensure_ascii=False, indent=1)
    return f"{text}\n".encode()


def decode(name: str, data: bytes) -> KeptVerb:
    """The verb in a file of this name. Raises Malformed for anything else."""
    try:
        value = json.loads(data)
        if not isinstance(value, dict) or value.pop("gitorch", None) != FORMAT:
            raise WrongShape(f'it does not contain "gitorch": "{FORMAT}"')
        kept: KeptVerb = shape(KeptVerb)[1](value)
        if kept.verb not in VERBS:
            raise WrongShape(f"{kept.verb} is no verb that is kept")
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{name} is not a kept verb: {error}", (), "gitorch status") from None
    return kept
