"""The files of an outbox: the entry that an agent leaves, and the answer that gitorch puts beside it.

```json
{"gitorch": "outbox/1", "run": "auth-7f3a", "token": "…", "report": {"status": "DONE", "summary": "Sessions rotate"}}
```

`run` and `token` are those of the session's environment. A report has the fields of `gitorch handoff` (`concerns`, `questions`,
`blocker`, `clears`, `tests_claimed`, `replies`), a verdict those of `gitorch verdict` (`choice`, `commit`, `nonce`, `summary`,
`findings`). `denied` is the name of a verb that the agent tried and was denied. The answer equals the output of the command with `--json`.
"""

from __future__ import annotations

import json
from typing import Any

from gitorch.errors import GitorchError, Malformed, Problem
from gitorch.model.submission import OutboxEntry
from gitorch.text.records.shape import WrongShape, shape

FORMAT = "outbox/1"
BYTES_MAX = 1_000_000
"""The largest outbox entry, as for a command that reads standard input."""

VERB_CHARS_MAX = 60

EXAMPLE = '{"gitorch": "outbox/1", "run": …, "token": …, "report": {"status": "DONE", "summary": …}}'


def encode(entry: OutboxEntry) -> bytes:
    """The file of an outbox entry, as an agent writes it. `decode` reads it back."""
    fields: dict[str, Any] = shape(OutboxEntry)[0](entry)
    text = json.dumps({"gitorch": FORMAT, **fields}, ensure_ascii=False, indent=1)
    return f"{text}\n".encode()


def decode(name: str, data: bytes) -> OutboxEntry:
    """The outbox entry in a file.

    `name` is the file's name, for the problem. Raises Malformed with the reason and an example.
    """
    try:
        return _decoded(data)
    except (ValueError, RecursionError) as error:
        fix = f"write {EXAMPLE}"
        problem = Problem(name, 1, 1, f"this is not an outbox entry: {error}", fix)
        raise Malformed(f"{name} is not an outbox entry: {error}", (problem,), fix) from None


def _decoded(data: bytes) -> OutboxEntry:
    """The entry in these bytes.

    Raises ValueError for anything else than one report or one verdict, and RecursionError for JSON that is nested too deeply.
    """
    if len(data) > BYTES_MAX:
        raise WrongShape(f"it is larger than {BYTES_MAX:,} bytes")

    value = json.loads(data)
    if not isinstance(value, dict) or value.pop("gitorch", None) != FORMAT:
        raise WrongShape(f'it does not contain "gitorch": "{FORMAT}"')

    entry: OutboxEntry = shape(OutboxEntry)[1](value)
    _check_contents(entry)
    return entry


def _check_contents(entry: OutboxEntry) -> None:
    """Raises WrongShape unless an entry holds one report, one verdict or one denied verb."""
    found = [part for part in (entry.report, entry.verdict, entry.denied) if part]
    if len(found) > 1:
        raise WrongShape("it contains more than one report, verdict or denied verb")

    if not found:
        raise WrongShape("it contains neither a report nor a verdict")

    if len(entry.denied) > VERB_CHARS_MAX:
        raise WrongShape(f"the denied verb has more than {VERB_CHARS_MAX} characters")


def accepted(sentence: str, recorded: tuple[str, ...]) -> bytes:
    """The answer to an entry that gitorch accepted.

    It holds the command's sentence and the types of the new records, as `read_answer` returns them.
    """
    return _answer({"ok": True, "message": sentence, "recorded": list(recorded)})


def refused(error: GitorchError) -> bytes:
    """The answer to an entry that gitorch refused: the error's code, message, hint and place."""
    fields = {"code": error.code, "message": error.message, "hint": error.hint, "where": error.where}
    return _answer({"ok": False, "error": fields})


def _answer(value: dict[str, Any]) -> bytes:
    """The bytes of an answer. Lone surrogates, which UTF-8 cannot hold, are written as escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return f"{text}\n".encode("utf-8", "backslashreplace")


def read_answer(data: bytes) -> tuple[str, tuple[str, ...]] | GitorchError:
    """The sentence and the record types of an answer, or the error that the command would have raised.

    The error is of the class that has its code; of GitorchError itself for an unknown code.
    Raises ValueError or KeyError for a file that is not an answer.
    """
    value = json.loads(data)
    if value["ok"]:
        return value["message"], tuple(value["recorded"])

    error = value["error"]
    classes = {each.code: each for each in GitorchError.__subclasses__()}
    error_class = classes.get(error["code"], GitorchError)
    return error_class(error["message"], hint=error["hint"])
