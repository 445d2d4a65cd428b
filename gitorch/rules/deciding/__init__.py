"""Decisions by noun: each module names the commands that it decides in its table `DECISIONS`. `rules.decide` looks a command up in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.work.board import State

    Decision = Callable[[State, Order, Any], tuple[Event, ...]]
    Decisions = Mapping[type, Decision]
