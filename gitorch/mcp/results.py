"""What a verb printed, as the result of a tool or the content of a resource. A refusal is a result, which the model reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gitorch.mcp.messages import INTERNAL_ERROR, Fault

if TYPE_CHECKING:
    from gitorch.world.verb_process import VerbProcess


def text_result(text: str, *, is_error: bool) -> dict[str, Any]:
    """A result of text alone."""
    return {"content": [{"type": "text", "text": text}], "isError": is_error}


def of_verb(name: str, status: int, process: VerbProcess) -> dict[str, Any]:
    """The result of a call of a tool whose verb has ended."""
    if process.is_too_long:
        return text_result(
            f"the answer of {name} is too long for a tool; ask for less, or run gitorch {name}", is_error=True
        )

    values = _values(bytes(process.out))
    if values is None:
        return text_result(f"gitorch {name} ended with {status}\n{process.error_text()}".rstrip(), is_error=True)

    if values.get("ok") is not True:
        return text_result(refusal_text(values.get("error") or {}), is_error=True)

    return {**text_result(json.dumps(values, ensure_ascii=False), is_error=False), "structuredContent": values}


def _values(out: bytes) -> dict[str, Any] | None:
    """The JSON object that a verb printed; None where it printed anything else."""
    try:
        values = json.loads(out)
    except ValueError:
        return None

    if isinstance(values, dict):
        return values

    return None


def refusal_text(error: dict[str, Any]) -> str:
    """An error of a verb as a model reads it: who must act, what is wrong, where, and what to try."""
    lines = [f"{error.get('code')}: {error.get('message')}"]
    for problem in error.get("problems", ()):
        lines.append(f"{problem['where']}: {problem['message']} {problem['fix']}".rstrip())

    if error.get("hint"):
        lines.append(f"try: {error['hint']}")

    return "\n".join(lines)


def of_resource(uri: str, kind: str, status: int, process: VerbProcess) -> dict[str, Any]:
    """The content of a resource whose verb has ended. Raises Fault where it has none now."""
    text = bytes(process.out).decode("utf-8", "replace")
    if status == 0 and not process.is_too_long:
        return {"contents": [{"uri": uri, "mimeType": kind, "text": text}]}

    values = _values(bytes(process.out)) or {}
    error = values.get("error") or {}
    why = error.get("message") or process.error_text() or f"its verb ended with {status}"
    raise Fault(INTERNAL_ERROR, f"{uri} cannot be read: {why}", data={"uri": uri})
