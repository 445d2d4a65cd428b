"""Remotes through the git command line, which is told what to expect there. Implements `ports.world.Remotes`.

Measured: libraries overwrite another host's branch on a path remote, or claim success for a push that lost a race.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.errors import Unavailable
from gitorch.model.ids import CommitId
from gitorch.world.git.runner import GitRunner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gitorch.ports.world import Clock, PushRef

LOOK_SECONDS, PUSH_SECONDS = 20.0, 120.0
"""Bounds: a loop that waits for a remote does nothing else meanwhile."""

REFUSED = re.compile(r"^!\t[^\t]*\t(.*)$", re.MULTILINE)
NOISE = re.compile(r"hint:|To |error: failed to push some refs")


class GitRemotes:
    """The remotes of one repository."""

    def __init__(self, repo: Path, environ: Mapping[str, str], clock: Clock) -> None:
        self._git = GitRunner(repo, environ, clock)

    def names(self) -> tuple[str, ...]:
        """See the port."""
        return tuple(self._git.tell("remote").splitlines())

    def heads(self, remote: str, refs: Sequence[str]) -> Mapping[str, CommitId]:
        """See the port."""
        done = self._git.ask("ls-remote", "--", remote, *refs, wait_seconds=LOOK_SECONDS)
        if done.status != 0:
            raise Unavailable(f"{remote} cannot be reached: {_said(done.err)}", hint=f"git ls-remote {remote}")
        found = (line.split("\t", 1) for line in done.out.splitlines())
        return {ref: CommitId(commit) for commit, ref in found if ref in refs}

    def fetch(self, remote: str, ref: str) -> None:
        """See the port. A ref of gitorch's own keeps what came from being pruned."""
        kept = f"+{ref}:refs/gitorch/remotes/{remote}/{ref.removeprefix('refs/heads/')}"
        words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no")
        done = self._git.ask(*words, "--", remote, kept, wait_seconds=PUSH_SECONDS)
        if done.status != 0:
            raise Unavailable(f"nothing could be fetched from {remote}: {_said(done.err)}", hint=f"git fetch {remote}")

    def push(self, remote: str, refs: Sequence[PushRef]) -> str:
        """See the port."""
        leases = [f"--force-with-lease={one.ref}:{one.expected or ''}" for one in refs]
        updates = [f"{one.new}:{one.ref}" for one in refs]
        words = ("push", "--porcelain", "--atomic", "--no-follow-tags", "--recurse-submodules=no", *leases)
        done = self._git.ask(*words, "--", remote, *updates, wait_seconds=PUSH_SECONDS, hooks=True)
        if done.status == 0:
            return ""
        return "\n".join([*REFUSED.findall(done.out), _said(done.err)]).strip() or f"git push ended with {done.status}"


def _said(err: str) -> str:
    """Git's own words, without its advice to people who push by hand."""
    return "\n".join(line.rstrip() for line in err.splitlines() if line.strip() and not NOISE.match(line))
