"""What a shell proposes for a parameter: fixed words, ids of this repository, files. It never fails, and never waits for anybody."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from click.shell_completion import CompletionItem

from gitorch.verbs.table import VERBS
from gitorch.verbs.topics import TOPICS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.cli.call import Call
    from gitorch.verbs.verb import Parameter

HELP_CHARACTERS = 60
"""Of the words beside an id."""


def proposals(call: Call, one: Parameter, begun: str) -> list[CompletionItem]:
    """The values of a parameter that begin like this."""
    if one.completes == "file":
        return [CompletionItem(begun, type="file")]

    found: list[CompletionItem] = []
    for name, words in _names(call, one).items():
        if name.startswith(begun):
            found.append(CompletionItem(name, help=" ".join(words.split())[:HELP_CHARACTERS]))

    return found


def _names(call: Call, one: Parameter) -> Mapping[str, str]:
    """All values that are known, with a word about each; none where the repository cannot say."""
    if one.choices:
        return dict.fromkeys(one.choices, "")

    if one.completes == "verb":
        return {**TOPICS, **{name: verb.summary for name, verb in VERBS.items()}}

    with suppress(Exception):
        from gitorch.app.query.names import names

        return names(call.services, one.completes)

    return {}
