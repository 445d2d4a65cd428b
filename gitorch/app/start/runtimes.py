"""Which runtime each lane of a plan is given: asked where there is a choice, said where there is none (P9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.start.preflight import runtime_facts
from gitorch.app.start.setup import AGENTS
from gitorch.model.config import Config
from gitorch.model.values import names_of, replace
from gitorch.rules.workflows.compile import lane_of, reviewer_runtime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.services import Services

IMPLEMENTER, REVIEWER = "implementer", "reviewer"


def runtimes_there(services: Services) -> tuple[str, ...]:
    """The runtimes that could do a lane's work here: those of the configuration, and known agents whose program is on PATH."""
    config = services.config
    named = (config.implementer, *config.reviewers.values(), *config.runtimes, *AGENTS)
    found = (name for name in dict.fromkeys(named) if name)
    return tuple(name for name in found if runtime_facts(services, lane_of(config, "lane", name)).found)


def preselected(services: Services) -> Mapping[str, str]:
    """What each lane gets when nobody chooses."""
    config = services.config
    stages = config.review_stages
    return {IMPLEMENTER: config.implementer, REVIEWER: reviewer_runtime(config, stages[0]) if stages else ""}


def with_runtimes(services: Services, chosen: Mapping[str, str]) -> Services:
    """The same tools, for one run whose lanes have these runtimes; the configuration's own file is not touched."""
    config = services.config
    everything = {name: getattr(config, name) for name in names_of(Config)}  # it may be read only when it is needed
    if chosen.get(IMPLEMENTER):
        everything["implementer"] = chosen[IMPLEMENTER]
    if chosen.get(REVIEWER):
        everything["reviewers"] = dict.fromkeys(config.review_stages, chosen[REVIEWER])
    return replace(services, config=Config(**everything))
