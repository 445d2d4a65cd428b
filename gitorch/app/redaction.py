"""Secrets on their way into the ledger, which keeps everything for ever: refused to whoever says them, blotted out of what was seen.

What somebody hands in can be said again without the secret. A screen, the output of a test or a refusal cannot, and has to be kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gitorch.errors import Problem, Refused
from gitorch.model import commands
from gitorch.model.commands import PublishArtifact
from gitorch.model.record import ActorKind
from gitorch.model.values import Value, names_of, replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.commands import Command
    from gitorch.model.record import Actor

SIGNS = (
    *("PRIVATE KEY", "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox"),
    *("AIza", "sk-", "_live_", "npm_", "pypi-", "://"),
)
"""One of these is in every secret of `text.secret_words`, whose expressions take 6 ms to compile: most verbs never need them."""

FOR_EVER, SAY_WHERE = "the ledger keeps everything for ever", "say where it lies instead of what it is"

OBSERVED = (
    commands.EndSession,
    commands.Escalate,
    commands.RecordPermission,
    commands.RecordCheck,
    commands.RecordClosingFailure,
    commands.RecordRefusal,
)
"""Commands that hold what gitorch saw or what others said, and no digest of it."""


def discreet(actor: Actor, command: Command, attached: Mapping[type, Mapping[str, bytes]] | None) -> Command:
    """The command, fit to be kept. Raises Refused for words and files of a person's or an agent's that seem to hold a secret.

    Documents that are published have a rule of their own, with the principal's leave.
    """
    if isinstance(command, OBSERVED):
        blotted_one: Command = _blotted(command)
        return blotted_one
    if actor.kind is ActorKind.HOST or isinstance(command, PublishArtifact):
        return command
    files = ((name, data.decode("utf-8", "replace")) for by in (attached or {}).values() for name, data in by.items())
    for place, text in (*_texts(command, ""), *files):
        if _suspicious(text):
            _refuse(place, text)
    return command


def without_secrets(data: bytes) -> bytes:
    """Output that is attached to a record, with its secrets blotted out; the same bytes where there is none."""
    text = data.decode("utf-8", "surrogateescape")
    return _blot(text).encode("utf-8", "surrogateescape") if _suspicious(text) else data


def revealed(path: str, files: Mapping[str, bytes]) -> tuple[Problem, ...]:
    """Secrets in the files that a run would begin with: the plan's own first, at their places; of the others what it does not hold."""
    (_, own), *others = ((name, data.decode("utf-8", "replace")) for name, data in files.items())
    here = ((line, column, f"This line seems to hold {what}") for line, column, what in _secrets(own))
    there = (
        (1, 1, f"Line {line} of its {name} seems to hold {what}")
        for name, text in others
        if text not in own
        for line, _, what in _secrets(text)
    )
    return tuple(
        Problem(path, line, column, f"{said}; {FOR_EVER}.", SAY_WHERE) for line, column, said in (*here, *there)
    )


def revealed_by(path: str, value: object, called: str) -> tuple[Problem, ...]:
    """Secrets in what a run would begin with, as it was put together from its plan and the configuration."""
    told = ((place, secret) for place, text in _texts(value, called) for secret in _secrets(text))
    return tuple(Problem(path, 1, 1, f"`{p}` seems to hold {what}; {FOR_EVER}.", SAY_WHERE) for p, (_, _, what) in told)


def _secrets(text: str) -> tuple[tuple[int, int, str], ...]:
    if not _suspicious(text):
        return ()
    from gitorch.text.redact import secret_places  # noqa: PLC0415  # see SIGNS

    return secret_places(text)


def _refuse(place: str, text: str) -> None:
    from gitorch.text.redact import secrets_in  # noqa: PLC0415  # see SIGNS

    found = secrets_in(text)
    if found:
        raise Refused(f"{place} seems to hold a secret ({found[0]}); {FOR_EVER}, so {SAY_WHERE}")


def _suspicious(text: str) -> bool:
    return any(sign in text for sign in SIGNS)


def _texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Every text in a command with the words that lead to it: `summary`, `findings 1 detail`."""
    if isinstance(value, str):
        yield place, value
    for name, one in _parts(value):
        yield from _texts(one, f"{place} {name}".strip())


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((str(key), one) for key, one in value.items())
    elif isinstance(value, tuple):
        yield from ((str(number), one) for number, one in enumerate(value, 1))
    elif isinstance(value, Value):
        yield from ((name, getattr(value, name)) for name in names_of(type(value)))


def _blotted(value: Any) -> Any:
    """The same value with its secrets blotted out; the very same where it holds none."""
    if isinstance(value, str):
        return _blot(value) if _suspicious(value) else value
    if isinstance(value, tuple):
        return tuple(_blotted(one) for one in value)
    changed = {name: after for name, one in _parts(value) if (after := _blotted(one)) is not one}
    return replace(value, **changed) if changed and isinstance(value, Value) else value


def _blot(text: str) -> str:
    from gitorch.text.redact import blotted  # noqa: PLC0415  # see SIGNS

    return blotted(text)
