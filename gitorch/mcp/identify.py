"""A program of its own, `python -m gitorch.mcp.identify [VERB]`: who calls, as JSON; with a verb also that it was refused, on record.

Its own process keeps the server small: the ledger and tmux cost it 20 MB.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitorch.app.executing.execute import only_people
from gitorch.errors import Denied, GitorchError
from gitorch.mcp.caller import worktree_or
from gitorch.model.record import ActorKind
from gitorch.rules.guards.capabilities import HOLDS
from gitorch.wiring.callers import leave_denial
from gitorch.wiring.repository import Repository
from gitorch.world import processes

if TYPE_CHECKING:
    from collections.abc import Mapping

SESSION_VARIABLES = (
    "GITORCH_RUN",
    "GITORCH_TOKEN",
    "GITORCH_SESSION",
    "GITORCH_SESSION_KEY",
    "GITORCH_JOB",
    "GITORCH_WORKTREE",
)
"""What names a session. Some programs start their servers without it, so it is looked for in the ancestors' environments."""


def main(words: list[str], environ: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Who calls from this folder, and with a verb why it is denied, which the ledger then has."""
    variables = inherited(environ)
    environ = {**environ, **variables}
    found: dict[str, Any] = {"kind": "operator", "capabilities": ["read"], "variables": variables, "denied": ""}
    try:
        services = Repository(Path(worktree_or(str(folder), environ)), environ)
        caller = services.caller()
        kind = caller.actor.kind
        if kind is ActorKind.PRINCIPAL:
            kind = ActorKind.OPERATOR

        found |= {"kind": kind, "capabilities": sorted(HOLDS[kind])}
        for verb in words:
            only_people(services, caller, verb)
    except Denied as error:
        found["denied"] = error.message
        for verb in words:
            leave_denial(folder, environ, verb)
    except GitorchError as error:
        found["fault"] = error.message

    return found


def inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of the session that the nearest ancestor with a token has, where this environment has no token."""
    if environ.get("GITORCH_TOKEN"):
        return {}

    for pid in processes.ancestors(os.getpid())[1:]:
        theirs = processes.environment(pid, "GITORCH_")
        if theirs.get("GITORCH_TOKEN"):
            return {name: theirs[name] for name in SESSION_VARIABLES if name in theirs}

    return {}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1:], dict(os.environ), Path.cwd())))
