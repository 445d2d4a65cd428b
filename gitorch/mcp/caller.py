"""Who calls through this server: an agent's session, or an operator. Over MCP nobody is the principal."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

OPERATOR_VARIABLE = "GITORCH_OPERATOR"

READ_ONLY = frozenset({"read"})


class Caller(NamedTuple):
    """The caller, as `identify` found it."""

    kind: str = "operator"
    capabilities: frozenset[str] = READ_ONLY
    variables: Mapping[str, str] = {}
    """Variables of the session, where the program that started this server dropped them from its environment."""

    @property
    def is_agent(self) -> bool:
        """Whether an agent's session calls, or anything else that gitorch started."""
        return self.kind == "agent"


def read_caller(printed: bytes) -> Caller:
    """The caller that `identify` printed; one that may only read where it printed none."""
    try:
        found = json.loads(printed)
        return Caller(found["kind"], frozenset(found["capabilities"]), found["variables"])
    except (ValueError, KeyError, TypeError):
        return Caller()


def as_operator(environ: Mapping[str, str], client: str) -> dict[str, str]:
    """The environment for verbs: whoever is no agent's session calls as an operator, named after its program.

    A model speaks here, not the person who started its program; the rules deny an operator what only the principal decides.
    """
    if environ.get(OPERATOR_VARIABLE, "").strip():
        return dict(environ)

    return {**environ, OPERATOR_VARIABLE: client or "mcp"}


def worktree_or(folder: str, environ: Mapping[str, str]) -> str:
    """The worktree of the session, where there is one, else the folder: some programs start their servers elsewhere."""
    worktree = environ.get("GITORCH_WORKTREE", "")
    if os.path.isdir(worktree):  # noqa: PTH112  pathlib costs the start 3 ms
        return worktree

    return folder
