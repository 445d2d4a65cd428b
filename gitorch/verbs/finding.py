"""One verb by its name, without the table of all: a call then makes the entries of a few modules only."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.verbs.verb import Verb

MODULES = (
    *("watching", "claiming", "submitting", "answering", "beginning"),
    *("planning", "managing", "recorded", "sharing", "connecting"),
)
"""The modules that list verbs, those first that agents and people call most often."""


def verb_named(name: str) -> Verb | None:
    """The verb with this whole name, as `session create`; None where there is none."""
    for module in MODULES:
        for verb in import_module(f"gitorch.verbs.{module}").VERBS:
            if verb.name == name:
                found: Verb = verb
                return found

    return None
