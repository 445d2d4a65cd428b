"""Whether the program of a lane could be started here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import NotFound
from gitorch.model.plans.preflight import RuntimeFacts
from gitorch.model.plans.workflow import Sandbox

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.plans.workflow import Lane


def runtime_facts(services: Services, lane: Lane) -> RuntimeFacts:
    """Whether a lane's preset is known, its program is on PATH, and its sandbox could be made.

    An unknown preset is a fact, not an error. Raises Malformed for a preset with defects.
    """
    try:
        preset = services.preset(lane)
    except NotFound:
        return RuntimeFacts(known=False)

    program = ""
    if preset.argv:
        program = preset.argv[0]
    fault = ""
    if lane.sandbox is not Sandbox.NONE:
        fault = services.programs.sandbox_fault()
    found = bool(services.programs.find(program))
    return RuntimeFacts(True, program, found, preset.install_hint, fault)
