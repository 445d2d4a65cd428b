"""Git as the app sees it: branches and commits, remotes, worktrees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gitorch.model.commands import WorkFacts
    from gitorch.model.ids import CommitId, Moment
    from gitorch.model.work.report import FileChange
    from gitorch.model.work.session import SessionKey


class MergeTry(Value):
    """The result of a merge in memory."""

    tree: str
    """The merged tree, with conflict markers when there are conflicts."""
    conflicts: tuple[str, ...]
    """The paths in conflict; empty when the merge is clean."""


class DiffStat(Value):
    """The size of the change between two commits."""

    commits: int
    files: int
    added: int
    """Lines added; binary files count none."""
    removed: int
    """Lines removed; binary files count none."""
    paths: tuple[str, ...]


class MoveResult(Value):
    """The result of moving a branch."""

    moved: bool
    """Whether the branch is at the new commit."""
    checkout: str = "none"
    """`none` (no worktree has it checked out), `updated`, or `left`: a branch that was moved before, and whose checkout
    could not follow now."""
    path: str = ""
    """The path of the checkout."""
    command: str = ""
    """The command that clears what keeps the checkout from following; of one that was left also the one that updates it."""
    refused: str = ""
    """Why the move was refused, or the checkout left: what is in the way there, or the message of git or of a hook."""


class PushRef(Value):
    """One branch of a push."""

    ref: str
    """Its full name on the remote."""
    new: CommitId | None
    """The commit that it gets; None removes it."""
    expected: CommitId | None
    """The commit that the remote must hold there before the push; None when the ref must not exist yet."""


class Git(Protocol):
    """The git command line, for everything but the ledger. Commits are full ids; a user's checkout is never touched."""

    def resolve(self, name: str) -> CommitId | None:
        """The commit of a local branch, by its short name, or of a full id; None when there is no such commit."""
        ...

    def heads(self, refs: Sequence[str]) -> Mapping[str, CommitId]:
        """The commits of these full ref names, without those that do not exist. Raises Unavailable."""
        ...

    def tag(self, name: str) -> CommitId | None:
        """The commit of a tag, by its short name; None when there is no such tag, or it names no commit."""
        ...

    def is_ledger(self, commit: CommitId) -> bool:
        """Whether a commit looks like a ledger record: its message ends in the trailers of one."""
        ...

    def branches(self) -> tuple[str, ...]:
        """The short names of all local branches except gitorch's own, sorted; empty when git fails."""
        ...

    def current(self) -> str:
        """The short name of the branch that the main checkout is on; empty with a detached HEAD."""
        ...

    def setting(self, name: str) -> str:
        """A value of git's configuration; empty when it is not set."""
        ...

    def settings_snapshot(self) -> Mapping[str, str]:
        """The digests of the settings, hooks and attributes that could make git run a program, by their names."""
        ...

    def changed_settings(self) -> tuple[str, ...]:
        """The names of settings, hooks and attributes that changed since the open runs began, sorted."""
        ...

    def repository_snapshot(self) -> Mapping[str, str]:
        """Every ref with its commit, and every setting, hook and `info/attributes` of the repository with its digest.

        The names are those of `OutsideChange.name`.
        """
        ...

    def behind_remote(self, branch: str) -> int:
        """How many commits of its upstream the branch lacks, or of `origin`'s branch of that name; 0 without either."""
        ...

    def facts(self, worktree: Path, base: CommitId, expected: Sequence[str] = ()) -> WorkFacts:
        """What the rules need to know of a worktree to accept a handoff."""
        ...

    def draft(self, worktree: Path, message: str, author: str, at: Moment) -> CommitId | None:
        """A commit of all files in the worktree on top of its head, on no branch; the head itself when nothing differs.

        None when the worktree is on no branch. `author` is a name with an address, `Ann <a@b.c>`.
        """
        ...

    def facts_of(self, draft: CommitId, base: CommitId, expected: Sequence[str] = ()) -> WorkFacts:
        """The facts of a handoff if this commit were the head of its branch."""
        ...

    def adopt(self, worktree: Path, draft: CommitId) -> None:
        """Make a draft the head of the worktree's branch; files stay as they are. Raises Failed when the branch moved."""
        ...

    def stat(self, base: CommitId, head: CommitId) -> DiffStat:
        """What `head` adds to its merge base with `base`."""
        ...

    def file_changes(self, base: CommitId, head: CommitId) -> tuple[FileChange, ...]:
        """How each file changed between the merge base of two commits and `head`, sorted by path. Raises Unavailable."""
        ...

    def lost_lines(self, base: CommitId, head: CommitId, changes: Sequence[FileChange]) -> Mapping[CommitId, int]:
        """How many lines of `base` each commit wrote that these changes of `head` take away or replace.

        The changes are some of those between the two. Raises Unavailable.
        """
        ...

    def patch(self, base: CommitId, head: CommitId) -> str:
        """The change between the merge base of two commits and `head`, as `git diff` prints it without any user's settings.

        Empty when nothing differs. Raises Unavailable.
        """
        ...

    def try_merge(self, ours: CommitId, theirs: CommitId) -> MergeTry:
        """Merge two commits in memory; no checkout changes."""
        ...

    def commit_merge(self, tree: str, parents: Sequence[CommitId], message: str, at: Moment) -> CommitId:
        """A merge commit; the same arguments always give the same commit."""
        ...

    def tree(self, commit: CommitId) -> str:
        """The id of a commit's tree."""
        ...

    def commit_files(self, base: CommitId | None, files: Mapping[str, bytes], message: str, at: Moment) -> CommitId:
        """A commit that adds these files to `base`, or is the first of a branch; no ref names it.

        The same arguments always give the same commit.
        """
        ...

    def commit_body(self, commit: CommitId) -> bytes:
        """A commit as git stores it, compared with its id. Raises NotFound where there is none, Corrupt where it was replaced."""
        ...

    def contains(self, ancestor: CommitId, descendant: CommitId) -> bool:
        """Whether one commit is in the history of the other."""
        ...

    def move(self, branch: str, new: CommitId, old: CommitId, why: str = "merge") -> MoveResult:
        """Move a branch by compare-and-swap. Nothing moves unless it is at `old`, or at `new` from an earlier try.

        A checkout of it follows, with uncommitted changes to other files kept. One that cannot follow refuses the move, and
        the result names what is in the way. The repository's `reference-transaction` hook runs, as it does when a user
        merges. `why` goes to the reflog. Raises Busy, naming the lock, when one stays taken.
        """
        ...

    def checkout_left(self, branch: str, new: CommitId, old: CommitId) -> MoveResult | None:
        """The checkout that did not follow a branch from `old` to `new`; None without one, or once the branch went on.

        It has every file from before the move, with the reason and the command that updates it. Changes nothing.
        """
        ...

    def has(self, commit: CommitId) -> bool:
        """Whether the repository has this commit."""
        ...

    def commits_since(self, base: CommitId, head: CommitId) -> tuple[CommitId, ...]:
        """Every commit of `head` that `base` does not have, newest first; empty when the repository lacks one of them."""
        ...

    def subjects(self, base: CommitId, head: CommitId) -> tuple[str, ...]:
        """Short id and subject of each commit after `base` up to `head`, oldest first."""
        ...

    def describe(self, commits: Sequence[CommitId]) -> tuple[str, ...]:
        """Short id, author and subject of each of these commits, in this order."""
        ...

    def graph(self, branch: str, most: int) -> str:
        """The newest commits of a branch as `git log --graph` draws them, one per line."""
        ...

    def file_at(self, commit: CommitId, path: str) -> bytes | None:
        """The bytes of a file at that commit; None when there is none, or the path names a folder or leaves the tree."""
        ...

    def paths_at(self, commit: CommitId) -> tuple[str, ...]:
        """The paths of all files of a commit, submodules included, in the order of git. Raises Unavailable."""
        ...

    def pack(self, loose_min: int) -> bool:
        """Let git pack loose objects when there are at least about `loose_min`; returns whether it did. Loses nothing."""
        ...

    def user_name(self) -> str:
        """`user.name` of the repository, or the login name."""
        ...


class Remotes(Protocol):
    """The repository's remotes, by name."""

    def names(self) -> tuple[str, ...]:
        """The names of all remotes."""
        ...

    def heads(self, remote: str, refs: Sequence[str]) -> Mapping[str, CommitId]:
        """The remote's commits under these full ref names, without those it does not have. Raises Unavailable."""
        ...

    def recent_heads(self, remote: str, refs: Sequence[str]) -> Mapping[str, CommitId]:
        """The same, from an answer that is at most some seconds old, for a loop that asks again and again. Raises Unavailable."""
        ...

    def address(self, remote: str) -> str:
        """The address that git pushes to; empty for an unknown remote."""
        ...

    def fetch(self, remote: str, ref: str) -> None:
        """Fetch what the remote holds under this ref; no branch or tracking ref of the user's moves. Raises Unavailable."""
        ...

    def push(self, remote: str, refs: Sequence[PushRef], options: Sequence[str] = ()) -> str:
        """Push all of these refs or none, each only over its expected value; returns git's reason when it did not.

        The result is empty after a successful push. The repository's `pre-push` hook runs. Raises Unavailable when the
        remote gives no answer in time.
        """
        ...


class WorktreeEntry(Value):
    """One linked worktree."""

    path: Path
    branch: str
    """The short name of its branch; empty with a detached HEAD."""
    head: CommitId
    uncommitted: int
    """How many paths have changes that no commit holds."""


class Worktrees(Protocol):
    """Linked worktrees below one folder outside the repository."""

    def ensure(self, path: Path, commit: CommitId, branch: str | None, *, shared: bool = False) -> None:
        """Create the worktree unless it exists: on a new or existing branch of ours, or detached. Raises Failed, Unavailable.

        A `shared` worktree on another branch switches to this one; uncommitted work in it goes to a branch of its own.
        """
        ...

    def take_commits(self, session: SessionKey, branch: str) -> CommitId | None:
        """Bring a work branch up to what an agent in a sandbox committed; the new commit, None where there is none.

        Raises Failed for commits that git does not accept, Busy, Unavailable.
        """
        ...

    def remove(self, path: Path, force: bool = False) -> str:
        """Remove the worktree and return an empty string.

        Without `force`, a worktree with work that exists nowhere else stays, and the result says why. One that a person
        locked, switched to a branch of their own or works in stays even with `force`.
        """
        ...

    def below(self, folder: Path) -> tuple[WorktreeEntry, ...]:
        """The worktrees below a folder, sorted by path. Raises Unavailable."""
        ...

    def branches_with(self, commit: CommitId) -> tuple[str, ...]:
        """The full names of the branches that have a commit, of this clone and as last fetched from remotes.

        None where the repository lacks the commit. Raises Unavailable.
        """
        ...

    def delete_branch(self, branch: str, tip: CommitId) -> None:
        """Delete one of gitorch's work branches while it is at `tip`; harmless where it is gone.

        Raises Failed where it is at another commit or checked out, Refused for any other branch.
        """
        ...

    def work_branches(self, run: str) -> tuple[str, ...]:
        """The short names of gitorch's work branches of a run, sorted. Raises Unavailable."""
        ...

    def tidy(self, folder: Path) -> tuple[Path, ...]:
        """Unregister missing worktrees below this folder, then remove it, and folders above it that we made, when empty.

        The result is what lies in the folder still, sorted.
        """
        ...
