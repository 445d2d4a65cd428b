"""The files of an outbox: an outbox entry as an agent leaves it, and the answer that it finds beside it.

```json
{"gitorch": "outbox/1", "run": "auth-7f3a", "token": "…", "report": {"status": "DONE", "summary": "Sessions rotate"}}
```

`run` and `token` are those of the session's environment. A report takes what `gitorch handoff` takes (`concerns`, `questions`,
`blocker`, `clears`, `tests_claimed`, `replies`), a verdict what `gitorch verdict` takes (`choice`, `commit`, `nonce`,
`summary`, `findings`). The answer is what `--json` would have printed.
"""

from __future__ import annotations

import json
from typing import Any

from gitorch.errors import GitorchError, Malformed, Problem
from gitorch.model.submission import OutboxEntry
from gitorch.text.records.shape import WrongShape, shape

FORMAT = "outbox/1"
BYTES_MAX = 1_000_000
"""Of an outbox entry: what a verb would take on standard input."""


def encode(entry: OutboxEntry) -> bytes:
    """The file."""
    return (
        json.dumps({"gitorch": FORMAT, **shape(OutboxEntry)[0](entry)}, ensure_ascii=False, indent=1) + "\n"
    ).encode()


def decode(name: str, data: bytes) -> OutboxEntry:
    """The outbox entry in a file. Raises Malformed with what is wrong and how it should read."""
    fix = 'write {"gitorch": "outbox/1", "run": …, "token": …, "report": {"status": "DONE", "summary": …}}'
    try:
        if len(data) > BYTES_MAX:
            raise WrongShape(f"it is larger than {BYTES_MAX} bytes")
        value = json.loads(data)
        if not isinstance(value, dict) or value.pop("gitorch", None) != FORMAT:
            raise WrongShape(f'it does not say "gitorch": "{FORMAT}"')
        entry: OutboxEntry = shape(OutboxEntry)[1](value)
        if (entry.report is None) is (entry.verdict is None):
            raise WrongShape("it holds neither a report nor a verdict, or both")
    except (ValueError, RecursionError) as error:
        where = Problem(name, 1, 1, f"this is no outbox entry: {error}", fix)
        raise Malformed(f"{name} is no outbox entry: {error}", (where,), fix) from None
    return entry


def accepted(said: str, recorded: tuple[str, ...]) -> bytes:
    """The answer to an outbox entry that counts."""
    return _written({"ok": True, "said": said, "recorded": list(recorded)})


def refused(error: GitorchError) -> bytes:
    """The answer to an outbox entry that does not."""
    said = {"code": error.code, "message": error.message, "hint": error.hint, "where": error.where}
    return _written({"ok": False, "error": said})


def _written(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "backslashreplace")


def read_answer(data: bytes) -> tuple[str, tuple[str, ...]] | GitorchError:
    """What was said and recorded, or the error that a call would have raised."""
    value = json.loads(data)
    if value["ok"]:
        return value["said"], tuple(value["recorded"])
    error = value["error"]
    kinds = {kind.code: kind for kind in GitorchError.__subclasses__()}
    return kinds.get(error["code"], GitorchError)(error["message"], hint=error["hint"])
