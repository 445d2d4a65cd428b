"""Remotes through the git command line, with the expected old value in every push. Implements `ports.git.Remotes`.

Measured: libraries overwrite another host's branch on a path remote, or claim success for a push that lost a race.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.errors import Unavailable
from gitorch.model.ids import CommitId
from gitorch.model.path_text import shell_word
from gitorch.world.git.runner import GitRunner, nothing_recorded, say_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from gitorch.model.ids import Moment
    from gitorch.ports.git import PushRef
    from gitorch.ports.world import Clock

LIST_SECONDS, TRANSFER_SECONDS = 20.0, 120.0
"""How long a call may do nothing: a loop that waits for a remote does nothing else meanwhile."""

RECENT_MS = 10_000
"""How old an answer may be that a loop is given: forges allow some thousand requests an hour."""

FETCHED = "refs/gitorch/remotes/"
"""Where fetched branches are kept, each below the name of its remote."""

REFUSED = re.compile(r"^!\t[^\t]*\t(.*)$", re.MULTILINE)
NOISE = re.compile(r"hint:|To |error: failed to push some refs")


class GitRemotes:
    """The remotes of one repository."""

    def __init__(
        self,
        repo: Path,
        environ: Mapping[str, str],
        clock: Clock,
        trusted: Callable[[], Mapping[str, str] | None] = nothing_recorded,
        say: Callable[[str], None] = say_nothing,
    ) -> None:
        self._git = GitRunner(repo, environ, clock, trusted, say)
        self._clock = clock
        self._recent: dict[tuple[str, ...], tuple[Moment, Mapping[str, CommitId]]] = {}

    def names(self) -> tuple[str, ...]:
        """The names of all configured remotes, sorted; empty without one. No remote is contacted."""
        return tuple(self._git.output("remote").splitlines())

    def heads(self, remote: str, refs: Sequence[str]) -> Mapping[str, CommitId]:
        """The remote's commits under these full ref names, without those it does not have.

        An annotated tag counts with the id of its tag object.
        Raises Unavailable when the remote does nothing for `LIST_SECONDS`, or refuses one.
        Raises Unavailable when a setting that decides how git reaches the remote changed since the run began.
        """
        result = self._git.run("ls-remote", "--", remote, *refs, wait_seconds=LIST_SECONDS, remote=remote)
        if result.status != 0:
            message = f"{remote} cannot be reached: {_without_advice(result.err)}"
            raise Unavailable(message, hint=f"git ls-remote {shell_word(remote)}")
        found = {}
        for line in result.out.split("\n")[:-1]:
            commit, ref = line.split("\t", 1)
            if ref in refs:
                found[ref] = CommitId(commit)
        return found

    def recent_heads(self, remote: str, refs: Sequence[str]) -> Mapping[str, CommitId]:
        """The same, from an answer that is at most `RECENT_MS` old: a loop looks again at every tick."""
        asked = (remote, *refs)
        at, found = self._recent.get(asked, (None, {}))
        now = self._clock.now()
        if at is None or now - at > RECENT_MS:
            found = self.heads(remote, refs)
            self._recent[asked] = (now, found)
        return found

    def address(self, remote: str) -> str:
        """The address that git pushes to; empty for an unknown remote. No remote is contacted."""
        result = self._git.run("remote", "get-url", "--push", "--", remote)
        if result.status != 0:
            return ""
        return result.out.strip()

    def fetch(self, remote: str, ref: str, *others: str) -> None:
        """Fetch what the remote holds under this ref, a full ref name, and under the refspecs `others`.

        A ref below `refs/gitorch/remotes/` keeps the commits from being pruned; no branch or tracking ref moves.
        That ref follows the remote even when the remote's history was rewritten.
        Raises Unavailable when the remote has no such ref, or the fetch does nothing for `TRANSFER_SECONDS`.
        """
        refspec = f"+{ref}:{fetched_ref(remote, ref)}"
        # Without `--refmap=` git moves the remote-tracking branch as well, also where a refspec is given.
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", "--recurse-submodules=no")
        arguments = ("fetch", *options, "--", remote, refspec, *others)
        result = self._git.run(*arguments, wait_seconds=TRANSFER_SECONDS, remote=remote)

        if result.status != 0:
            message = f"nothing could be fetched from {remote}: {_without_advice(result.err)}"
            raise Unavailable(message, hint=f"git fetch {shell_word(remote)}")

    def refs(self, *names: str) -> Mapping[str, CommitId]:
        """The commits of this clone's refs with these full names, or below these folders. No remote is contacted."""
        found: dict[str, CommitId] = {}
        listed = self._git.output("for-each-ref", "--format=%(refname) %(objectname)", "--", *names)
        for line in listed.splitlines():
            ref, commit = line.split(" ")
            found[ref] = CommitId(commit)
        return found

    def remove(self, ref: str, commit: CommitId) -> None:
        """Remove a ref of this clone that is at this commit."""
        self._git.output("update-ref", "-d", ref, commit)

    def commits_among(self, ids: Collection[str]) -> list[CommitId]:
        """Those of these full ids that are commits of this repository, each once."""
        wanted = dict.fromkeys(ids)
        if not wanted:
            return []
        listed = self._git.output("cat-file", "--batch-check", given="".join(f"{one}\n" for one in wanted).encode())
        return [CommitId(line.split(" ")[0]) for line in listed.splitlines() if line.split(" ")[1] == "commit"]

    def push(self, remote: str, refs: Sequence[PushRef], options: Sequence[str] = (), *, hooks: bool = True) -> str:
        """Push all of these refs or none, each only over its expected value; returns git's reason when it did not.

        The result is empty after a push that the remote accepted.
        An expected value of None demands that the remote does not have the ref yet; a new value of None removes the ref.
        `options` are given to the hooks of the remote; one that takes none refuses the push.
        The repository's `pre-push` hook runs, unless `hooks` is false.
        Raises Unavailable when the remote does nothing for `TRANSFER_SECONDS`; the push may have arrived then.
        """
        leases = [f"--force-with-lease={one.ref}:{one.expected or ''}" for one in refs]
        updates = [f"{one.new or ''}:{one.ref}" for one in refs]
        flags = ("--porcelain", "--atomic", "--no-follow-tags", "--recurse-submodules=no")
        given = [f"--push-option={option}" for option in options]

        result = self._git.run(
            "push",
            *flags,
            *given,
            *leases,
            "--",
            remote,
            *updates,
            wait_seconds=TRANSFER_SECONDS,
            hooks=hooks,
            remote=remote,
        )
        if result.status == 0:
            return ""

        reasons = "\n".join([*REFUSED.findall(result.out), _without_advice(result.err)]).strip()
        return reasons or f"git push ended with {result.status}"


def fetched_ref(remote: str, ref: str) -> str:
    """The ref of this clone that keeps what `GitRemotes.fetch` brought."""
    return f"{FETCHED}{remote}/{ref.removeprefix('refs/heads/')}"


def _without_advice(message: str) -> str:
    """Git's error message without empty lines and without its advice to people who push by hand."""
    kept = []
    for line in message.splitlines():
        if line.strip() and not NOISE.match(line):
            kept.append(line.rstrip())
    return "\n".join(kept)
