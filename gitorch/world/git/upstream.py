"""The remote that the hosts of one ledger share, by the git command line. Implements `ports.ledger.Upstream`.

Commits that a record names are pushed in the same atomic push, each as `refs/gitorch/commits/<commit>`: such a ref never moves,
so that a late host cannot overwrite another's work, and whoever has a record has what it names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt, Refused, Unavailable
from gitorch.model.named_commits import COMMIT_REFS
from gitorch.model.path_text import shell_word
from gitorch.ports.git import PushRef
from gitorch.rules.forges import looks_public
from gitorch.world.git.remotes import GitRemotes, fetched_ref

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from gitorch.model.ids import CommitId
    from gitorch.ports.world import Clock

LEDGER_REF = "refs/heads/gitorch/ledger"
OVERTAKEN = "(stale info)"
"""What git says of a branch that is not at the expected commit. It is the ledger, since no other ref here ever moves."""

DAMAGED = re.compile(
    "tree object|tree entry|not a tree|is a tree, not|bogus commit|bad object|is corrupt|is empty"
    "|[Uu]nable to read [0-9a-f]{40}|[Cc]ould not read [0-9a-f]{40}"
)
"""What git says of objects that are damaged or missing at a remote, and of no network."""


class GitUpstream:
    """One remote of one repository."""

    def __init__(
        self,
        name: str,
        repo: Path,
        environ: Mapping[str, str],
        clock: Clock,
        trusted: Callable[[], Mapping[str, str] | None],
        may_be_public: Callable[[], bool] = lambda: False,
    ) -> None:
        """`may_be_public` says whether the ledger may begin on a remote that anybody might read."""
        self.name = name
        self._may_be_public = may_be_public
        self._remotes = GitRemotes(repo, environ, clock, trusted)

    def tip(self) -> CommitId | None:
        """The commit of the ledger's branch at the remote."""
        return self._remotes.heads(self.name, (LEDGER_REF,)).get(LEDGER_REF)

    def fetch(self) -> CommitId | None:
        """Fetch the ledger, and the commits that its records name; the ledger's commit, None where there is none.

        Raises Corrupt where somebody moved the ref of a named commit; without a hint where an object is damaged there.
        """
        try:
            self._remotes.fetch(self.name, LEDGER_REF, f"+{COMMIT_REFS}*:{COMMIT_REFS}*")
        except Unavailable as error:
            if f"couldn't find remote ref {LEDGER_REF}" in error.message:
                return None
            self._require_sound(error.message)
            raise
        tracking = fetched_ref(self.name, LEDGER_REF)
        refs = self._remotes.refs(COMMIT_REFS, tracking)
        self._require_true_names(refs)
        return refs.get(tracking)

    def _require_sound(self, message: str) -> None:
        """Raise Corrupt where the remote answers, and git says that an object there cannot be read."""
        for line in message.removeprefix(f"nothing could be fetched from {self.name}: ").splitlines():
            if DAMAGED.search(line):
                reason = line.rpartition("remote: ")[2].rpartition("fatal: ")[2].removeprefix("error: ")
                raise Corrupt(f"{self.name} has objects that git cannot read there ({reason}).", where=LEDGER_REF)

    def _require_true_names(self, refs: Mapping[str, CommitId]) -> None:
        """Raise Corrupt for a ref with the name of another commit than its own; all such refs are gone from here then."""
        moved: list[tuple[str, CommitId]] = []
        for ref, commit in refs.items():
            if ref.startswith(COMMIT_REFS) and ref != f"{COMMIT_REFS}{commit}":
                self._remotes.remove(ref, commit)
                moved.append((ref, commit))
        if moved:
            raise self._moved(*moved[0])

    def _moved(self, ref: str, commit: CommitId) -> Corrupt:
        """The error for the ref of a named commit that is at another one. The hint puts it back, or removes it."""
        true = "".join(self._remotes.commits_among((ref.removeprefix(COMMIT_REFS),)))
        message = f"{ref} at {self.name} was moved to {commit:.12}, which no host does; nothing of it is used here."
        return Corrupt(message, f"git push --force {shell_word(self.name)} {true}:{ref}", ref)

    def push(self, old: CommitId | None, new: CommitId, named: Collection[str]) -> bool:
        """Push the ledger and the named commits, all or nothing. The repository's `pre-push` hook does not run."""
        if old is None:
            self._require_consent()
        refs = [PushRef(LEDGER_REF, new, old)]
        for commit in self._remotes.commits_among(named):
            refs.append(PushRef(f"{COMMIT_REFS}{commit}", commit, None))
        reason = self._remotes.push(self.name, refs, hooks=False)
        if not reason:
            return True
        if OVERTAKEN in reason or self.tip() != old:
            return False

        self.fetch()
        message = f"{self.name} did not take the ledger: {_first_reason(reason)}"
        raise Unavailable(message, hint=f"git push --dry-run {shell_word(self.name)} {LEDGER_REF}")

    def _require_consent(self) -> None:
        """Raises Refused where the ledger would begin on a remote that looks public, and nobody said that it may."""
        address = self._remotes.address(self.name)
        if looks_public(address) and not self._may_be_public():
            message = f"{self.name} ({address}) may be public, and the whole ledger would be pushed there"
            raise Refused(message, "gitorch config set ledger.public true")


def _first_reason(output: str) -> str:
    """What a hook of the remote printed, else git's first line."""
    lines = output.splitlines()
    for line in lines:
        printed = line.removeprefix("remote:").strip()
        if line.startswith("remote:") and printed and not printed.startswith("error:"):
            return printed
    return lines[0]
