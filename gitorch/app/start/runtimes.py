"""Which runtime each lane of a plan gets, where the person who starts it may choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.runtime_facts import runtime_facts
from gitorch.app.start.setup import AGENTS
from gitorch.model.values import replace
from gitorch.rules.workflows.compile import lane_of, reviewer_runtime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.services import Services
    from gitorch.model.plans.config import Config

IMPLEMENTER, REVIEWER = "implementer", "reviewer"


def available_runtimes(services: Services) -> tuple[str, ...]:
    """The runtimes that could do a lane's work here: the configured ones, and known agents, whose program is on PATH.

    Each comes once, the configured implementer first.
    """
    config = services.config
    named = (config.implementer, *config.reviewers.values(), *config.runtimes, *AGENTS)
    available: list[str] = []
    for name in dict.fromkeys(filter(None, named)):
        facts = runtime_facts(services, lane_of(config, "lane", name))
        if facts.found:
            available.append(name)
    return tuple(available)


def preselected_runtimes(config: Config) -> Mapping[str, str]:
    """The runtime that each lane gets when nobody chooses, by lane.

    Reviews of all stages are chosen together: the first stage's runtime stands for them, and an empty one for none.
    """
    reviewer = ""
    if config.review_stages:
        reviewer = reviewer_runtime(config, config.review_stages[0])
    return {IMPLEMENTER: config.implementer, REVIEWER: reviewer}


def with_runtimes(config: Config, chosen: Mapping[str, str]) -> Config:
    """The configuration for one run whose lanes have the chosen runtimes; the file is not touched.

    A lane that is missing or empty in `chosen` keeps its runtime; a chosen reviewer does every stage.
    """
    if chosen.get(IMPLEMENTER):
        config = replace(config, implementer=chosen[IMPLEMENTER])
    if chosen.get(REVIEWER):
        config = replace(config, reviewers=dict.fromkeys(config.review_stages, chosen[REVIEWER]))
    return config
