"""Functions marked as verbs of the table. None of this needs click, which only some command lines load."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitorch.verbs.verb import Verb as VerbEntry


class VerbFunction(Value):
    """A function that carries out a verb of the table, or stands for a group of verbs."""

    name: str
    """The name of the verb in the table."""

    function: Callable[..., Any]
    """Gets the call and the verb's parameters by name; returns None or an exit status. That of a group gets nothing."""

    is_group: bool = False


def verb(name: str) -> Callable[[Callable[..., Any]], VerbFunction]:
    """Mark the function that carries out a verb of the table."""

    def mark(function: Callable[..., Any]) -> VerbFunction:
        return VerbFunction(name, function)

    return mark


def group(name: str) -> Callable[[Callable[..., Any]], VerbFunction]:
    """Mark the function that stands for a group of verbs of the table."""

    def mark(function: Callable[..., Any]) -> VerbFunction:
        return VerbFunction(name, function, is_group=True)

    return mark


def function_of(entry: VerbEntry) -> VerbFunction:
    """The function of a verb, whose module is imported now."""
    module, _, name = entry.at.partition(":")
    found: VerbFunction = getattr(import_module(f"gitorch.cli.verbs.{module}"), name)
    return found
