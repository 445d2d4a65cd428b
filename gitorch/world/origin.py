"""Whether gitorch started this process, itself or through others: then an agent, a test or a hook is calling, and not a person.

What counts is evidence, each piece enough by itself: variables that only gitorch sets, in the caller's environment or in that of any
ancestor; the limit that `reaper` sets; a tmux server or a reaper of gitorch's among the ancestors, whatever repository it serves.
Nothing is read from a file, because every file of ours can be removed by an agent. ADR 17 lists what this cannot see.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from gitorch.world import processes
from gitorch.world.reaper import STARTED_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

AGENT_VARIABLES = (
    "GITORCH_TOKEN",
    "GITORCH_SESSION_KEY",
    "GITORCH_SESSION",
    "GITORCH_RUN",
    "GITORCH_JOB",
    "GITORCH_WORKTREE",
    "GITORCH_SIGNALS",
    "GITORCH_CHECK",
    STARTED_VARIABLE,
)
"""Variables that no person sets. Whose token it is does not matter: one that is unknown, expired or of another repository denies too."""

LIMIT_MIN = 3_600_000_000
"""An hour, in microseconds. Programs with real-time threads set limits below a second, and their children inherit them."""

OUR_SERVER = re.compile(r"(?:^|/)tmux(?:: server)? .*-L ?(gitorch-\S+)")
OUR_RUNNER = re.compile(r" -I (?:-S )?.*gitorch/world/(?:reaper|notice_runner)\.py |-m gitorch\.world\.check_runner ")


def evidence(environ: Mapping[str, str]) -> str:
    """Why the caller is not a person, as a clause that names the evidence; empty when there is none.

    `environ` is the environment of this process. Processes that the system does not show are no evidence.
    The cheapest evidence comes first: reading the ancestors takes a few files for each of them.
    """
    variable = _variable(environ)
    if variable:
        return f"its environment has {variable}"
    if _has_limit():
        return "it inherited the limit that gitorch sets for the programs it starts (ulimit -R)"

    return _evidence_above(processes.ancestors(os.getpid())[1:])


def is_ours(pid: int) -> bool:
    """Whether gitorch started this process, itself or through others, as its environment and its ancestors show."""
    if _variable(processes.environment(pid, "GITORCH_")):
        return True
    return bool(_evidence_above(processes.ancestors(pid)))


def _variable(environ: Mapping[str, str]) -> str:
    """The first variable that only gitorch sets; empty without one. A variable with an empty value does not count."""
    for name in AGENT_VARIABLES:
        if environ.get(name):
            return name
    return ""


def _has_limit() -> bool:
    """Whether this process inherited the limit that `reaper` sets; false on systems without such a limit.

    Only the hard limit counts, because a program may lower the soft one, and nobody but root can raise the hard one.
    """
    import resource  # noqa: PLC0415  only verbs for people ask

    if not hasattr(resource, "RLIMIT_RTTIME"):
        return False
    _, hard = resource.getrlimit(resource.RLIMIT_RTTIME)
    if hard == resource.RLIM_INFINITY:
        return False
    return hard >= LIMIT_MIN


def _evidence_above(ancestors: Sequence[int]) -> str:
    """The evidence that the caller's ancestors give, nearest first, as a clause; empty when none gives any."""
    for pid in ancestors:
        variable = _variable(processes.environment(pid, "GITORCH_"))
        if variable:
            return f"its ancestor {pid} has {variable} in its environment"
        server = server_of(processes.command(pid))
        if server:
            return f"its ancestor {pid} is {server}"
    return ""


def server_of(command: str) -> str:
    """What a process of gitorch's is, by its command line; empty for any other process.

    A tmux server is recognised by the name of its socket, whatever repository it serves.
    """
    found = OUR_SERVER.search(command)
    if found is not None:
        return f"the tmux server {found[1]}"
    if OUR_RUNNER.search(command):
        return "a process that runs programs for gitorch"
    return ""
