"""A repository through the git command line. Implements `ports.git.Git`."""

from __future__ import annotations

import fnmatch
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from gitorch.errors import Failed, Unavailable
from gitorch.model.commands import WorkFacts
from gitorch.model.ids import CommitId
from gitorch.model.path_text import without_surrogates
from gitorch.model.values import replace
from gitorch.ports.git import DiffStat, MergeTry
from gitorch.world.git.changes import changes, hazards_of, tree_paths
from gitorch.world.git.drafts import adopt, draft
from gitorch.world.git.every_ref import every_ref
from gitorch.world.git.file_changes import file_changes, fork, patch
from gitorch.world.git.lost_lines import lost_lines
from gitorch.world.git.merge_commit import merge_commit
from gitorch.world.git.moving import checkout_left, move_branch
from gitorch.world.git.proposed_commit import commit_body, commit_files
from gitorch.world.git.ref_move import RefMove
from gitorch.world.git.runner import GitRunner, nothing_recorded, say_nothing, split
from gitorch.world.git.status import worktree_status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from gitorch.model.ids import Moment
    from gitorch.model.work.report import FileChange
    from gitorch.ports.git import MoveResult
    from gitorch.ports.world import Clock
    from gitorch.world.git.changes import TreePaths

FULL_ID = r"[0-9a-f]{40}|[0-9a-f]{64}"
PACK_SECONDS = 600.0


class GitCommands:
    """One repository, main checkout or linked worktree or bare, through the git command line."""

    def __init__(
        self,
        repo: Path,
        environ: Mapping[str, str],
        clock: Clock,
        trusted: Callable[[], Mapping[str, str] | None] = nothing_recorded,
        say: Callable[[str], None] = say_nothing,
    ) -> None:
        self._git = GitRunner(repo, environ, clock, trusted, say)
        # Answers about two commits never change, and a loop asks the same questions in every tick.
        self._stat = lru_cache(maxsize=1024)(self._count_changes)
        self._fork = lru_cache(maxsize=1024)(lambda base, head: fork(self._git, base, head))
        self._files = lru_cache(maxsize=256)(lambda base, head: file_changes(self._git, self._fork(base, head), head))
        self._merge = lru_cache(maxsize=1024)(self._merge_in_memory)

    def resolve(self, name: str) -> CommitId | None:
        """The commit of a local branch, by its short name, or of a full id; None when there is no such commit.

        A name that looks like a full id is never read as a branch. Other revisions, such as `HEAD~1`, are not understood.
        """
        if not re.fullmatch(FULL_ID, name):
            return self._git.commit_of(f"refs/heads/{name}")

        result = self._git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        if result.status != 0:
            return None
        return CommitId(result.out.strip())

    def tag(self, name: str) -> CommitId | None:
        """The commit of a tag, by its short name; None when there is no such tag, or it names no commit."""
        target = self._git.commit_of(f"refs/tags/{name}")
        if target is None:
            return None
        return self.resolve(target)

    def is_ledger(self, commit: CommitId) -> bool:
        """Whether a commit looks like a ledger record: its message ends in the trailers of one."""
        trailer = self._git.output("log", "-1", "--format=%(trailers:key=Gitorch-Record,valueonly)", commit, "--")
        return trailer.startswith("sha256:")

    def heads(self, refs: Sequence[str]) -> Mapping[str, CommitId]:
        """The commits of these full ref names, without those that do not exist.

        Read from git's files where they can say it, else by one git command. git also lists the refs below a name, which are
        dropped here.
        Raises Unavailable when git fails.
        """
        known = self._git.refs.read(refs)
        if known is not None:
            return known
        wanted = set(refs)
        found = {}
        listed = self._git.output("for-each-ref", "--format=%(objectname) %(refname)", "--", *refs)
        for line in _lines(listed):
            commit, ref = line.split(" ", 1)
            if ref in wanted:
                found[ref] = CommitId(commit)
        return found

    def branches(self) -> tuple[str, ...]:
        """The short names of all local branches except gitorch's own, sorted; empty when git fails."""
        result = self._git.run("for-each-ref", "--sort=refname", "--format=%(refname:short)", "--", "refs/heads/")
        return tuple(name for name in _lines(result.out) if not name.startswith("gitorch/"))

    def current(self) -> str:
        """The short name of the branch that the main checkout is on; empty with a detached HEAD."""
        return without_surrogates(self._git.run("symbolic-ref", "--quiet", "--short", "HEAD").out).strip()

    def setting(self, name: str) -> str:
        """A value of git's configuration; empty when it is not set. Raises Unavailable where git cannot read it."""
        return without_surrogates(self._git.setting(name)).strip()

    def behind_remote(self, branch: str) -> int:
        """How many commits of its upstream the branch lacks, or of `origin`'s branch of that name; 0 without either.

        The upstream counts as of the last fetch: no remote is contacted.
        """
        ref = f"refs/heads/{branch}"
        listed = self._git.output("for-each-ref", "--format=%(refname) %(upstream)", "--", ref)
        upstream = ""
        for line in _lines(listed):
            name, configured = line.split(" ", 1)
            if name == ref:
                upstream = configured or f"refs/remotes/origin/{branch}"

        if not upstream:  # there is no such branch
            return 0
        if upstream not in self.heads([upstream]):
            return 0
        return int(self._git.output("rev-list", "--count", f"{ref}..{upstream}", "--"))

    def facts(self, worktree: Path, base: CommitId, expected: Sequence[str] = ()) -> WorkFacts:
        """What the rules need to know of a worktree to accept a handoff.

        `base` is the commit that the work began with; `expected` are paths, folders and patterns that it must contain.
        `head` is None when the worktree is on no branch, or the branch has no commit; then all of `expected` is missing.
        Raises Unavailable when the worktree's `.git` file was changed.
        """
        status = worktree_status(self._git.at(worktree))
        if status.head is None:
            facts = WorkFacts(None, (), 0, (), tuple(expected))
        else:
            facts = self.facts_of(status.head, base, expected)
        return replace(
            facts,
            uncommitted=status.uncommitted,
            branch=status.branch,
            checked_out=status.checked_out,
        )

    def facts_of(self, draft: CommitId, base: CommitId, expected: Sequence[str] = ()) -> WorkFacts:
        """The facts of a handoff if this commit were the head of its branch.

        The changes are those between `base` and the commit, whether or not `base` is in its history.
        A rule about the content of files that changed since the run began is one of the hazards.
        """
        commits = 0
        if draft != base:
            commits = int(self._git.output("rev-list", "--count", f"{base}..{draft}", "--"))
        changed = changes(self._git, base, draft)
        paths = lru_cache(lambda: tree_paths(self._git, draft))
        wrong = (*self._changed_rules(), *hazards_of(self._git, draft, changed, paths))
        missing: tuple[str, ...] = ()
        if expected:
            missing = _missing(paths(), expected)
        return WorkFacts(draft, (), commits, tuple(change.path for change in changed), missing, hazards=wrong)

    def _changed_rules(self) -> tuple[str, ...]:
        """A sentence for each setting that decides about files and merges, and that changed since the run began."""
        keys = self._git.judgement(always=True).changed_content_rules()
        return tuple(
            f"{key} of this repository changed since the oldest open run began: put it back as it was" for key in keys
        )

    def settings_snapshot(self) -> Mapping[str, str]:
        """The digests of the settings, hooks and attributes that could make git run a program, by their names."""
        return self._git.snapshot()

    def repository_snapshot(self) -> Mapping[str, str]:
        """Every ref with its commit, and every setting, hook and `info/attributes` of the repository with its digest."""
        every = {**every_ref(self._git), **self._git.full_snapshot()}
        return {without_surrogates(name): digest for name, digest in every.items()}

    def changed_settings(self) -> tuple[str, ...]:
        """The names of settings, hooks and attributes that changed since the open runs began, sorted."""
        return self._git.judgement(always=True).changed

    def draft(self, worktree: Path, message: str, author: str, at: Moment) -> CommitId | None:
        """A commit of all files in the worktree on top of its head; the head itself when nothing differs from it.

        The commit is on no branch, and neither files nor index of the worktree change.
        `author` is a name with an address, `Ann <a@b.c>`.
        None when the worktree is on no branch.
        """
        return draft(self._git.at(worktree), message, author, at)

    def adopt(self, worktree: Path, draft: CommitId) -> None:
        """Make a draft the head of the worktree's branch; files stay as they are. Raises Failed when the branch moved."""
        adopt(self._git.at(worktree), draft)

    def stat(self, base: CommitId, head: CommitId) -> DiffStat:
        """What `head` adds to its merge base with `base`; to `base` itself when they have no common history.

        Binary files count as paths, and with no lines. Answers are kept in memory, since they never change.
        """
        return self._stat(base, head)

    def file_changes(self, base: CommitId, head: CommitId) -> tuple[FileChange, ...]:
        """How each file changed between the merge base of two commits (or `base`) and `head`, by path. Raises Unavailable."""
        return self._files(base, head)

    def lost_lines(self, base: CommitId, head: CommitId, changes: Sequence[FileChange]) -> Mapping[CommitId, int]:
        """How many lines of `base` each commit wrote that these changes of `head` take away or replace. Raises Unavailable."""
        return lost_lines(self._git, base, head, changes)

    def patch(self, base: CommitId, head: CommitId) -> str:
        """The change between the merge base of two commits and `head`, as `git diff` prints it. Raises Unavailable."""
        return patch(self._git, self._fork(base, head), head)

    def _count_changes(self, base: CommitId, head: CommitId) -> DiffStat:
        """What `stat` promises, from three git commands."""
        begin = self._fork(base, head)
        commits = int(self._git.output("rev-list", "--count", f"{base}..{head}", "--"))

        added = 0
        removed = 0
        paths = []
        numbers = self._git.output("diff", "--numstat", "-z", "--no-renames", begin, head, "--")
        for row in split(numbers):
            lines_added, lines_removed, path = row.split("\t", 2)
            paths.append(path)
            if lines_added != "-":  # git shows a dash for binary files
                added += int(lines_added)
                removed += int(lines_removed)
        return DiffStat(commits, len(paths), added, removed, tuple(paths))

    def try_merge(self, ours: CommitId, theirs: CommitId) -> MergeTry:
        """Merge two commits in memory; no checkout changes.

        The result has the id of the merged tree and the paths in conflict, each once; the tree is written even then.
        Answers are kept in memory, since they never change.

        Raises Failed when they have no common history.
        Raises Unavailable, naming it, when a setting that decides about merges changed since the run began.
        """
        return self._merge(ours, theirs)

    def _merge_in_memory(self, ours: CommitId, theirs: CommitId) -> MergeTry:
        """What `try_merge` promises. git exits with 1 when there are conflicts, and with other numbers when it fails."""
        for sentence in self._changed_rules():
            raise Unavailable(sentence, hint="git config --list --show-origin")

        result = self._git.run("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs)
        if result.status not in {0, 1}:
            raise Failed(f"git cannot merge {ours[:12]} and {theirs[:12]}: {result.err}")

        tree, *conflicts = split(result.out)
        return MergeTry(tree, tuple(dict.fromkeys(conflicts)))

    def commit_merge(self, tree: str, parents: Sequence[CommitId], message: str, at: Moment) -> CommitId:
        """A merge commit that no ref names yet; the same arguments and the same user always give the same commit.

        `tree` is the id of a tree, as `try_merge` returns it. `at` is the time of author and committer, in whole seconds.
        Raises Unavailable when the tree or a parent is missing.
        """
        return merge_commit(self._git, tree, parents, message, at)

    def tree(self, commit: CommitId) -> str:
        """The id of a commit's tree. Raises Unavailable when the repository does not have the commit."""
        return self._git.output("rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}").strip()

    def commit_files(self, base: CommitId | None, files: Mapping[str, bytes], message: str, at: Moment) -> CommitId:
        """A commit by gitorch that adds these files to `base`; see `world.git.proposed_commit`."""
        return commit_files(self._git, base, files, message, at)

    def commit_body(self, commit: CommitId) -> bytes:
        """A commit as git stores it, compared with its id. Raises NotFound, Corrupt."""
        return commit_body(self._git, commit)

    def contains(self, ancestor: CommitId, descendant: CommitId) -> bool:
        """Whether one commit is in the history of the other; a commit is in its own.

        Raises Unavailable when the repository lacks one of them.
        """
        result = self._git.run("merge-base", "--is-ancestor", ancestor, descendant)
        if result.status not in {0, 1}:
            raise Unavailable(f"git cannot compare {ancestor[:12]} and {descendant[:12]}: {result.err}")
        return result.status == 0

    def move(self, branch: str, new: CommitId, old: CommitId, why: str = "merge") -> MoveResult:
        """Move a branch from `old` to `new` by compare-and-swap, together with its checkout; see `world.git.moving`.

        A branch at `new` counts as moved, and its checkout is brought along; one at a third commit does not move, without a reason.
        Raises Busy, naming the lock, when one stays taken.
        """
        return move_branch(self._git, RefMove(f"refs/heads/{branch}", new, old, f"gitorch: {why}"))

    def checkout_left(self, branch: str, new: CommitId, old: CommitId) -> MoveResult | None:
        """The checkout that did not follow a branch from `old` to `new`, as long as the branch is there; None without one."""
        return checkout_left(self._git, RefMove(f"refs/heads/{branch}", new, old, ""))

    def has(self, commit: CommitId) -> bool:
        """Whether the repository has this commit."""
        return self._git.succeeds("cat-file", "-e", f"{commit}^{{commit}}")

    def commits_since(self, base: CommitId, head: CommitId) -> tuple[CommitId, ...]:
        """Every commit of `head` that `base` does not have, newest first; empty when the repository lacks one of them."""
        result = self._git.run("rev-list", "--topo-order", f"{base}..{head}", "--")
        if result.status != 0:
            return ()
        return tuple(CommitId(line) for line in result.out.split())

    def subjects(self, base: CommitId, head: CommitId) -> tuple[str, ...]:
        """Short id and subject of each commit after `base` up to `head`, oldest first. Raises Unavailable when it lacks one."""
        options = ("--reverse", "--topo-order", "--format=%h %s")
        return _lines(self._git.output("log", *options, f"{base}..{head}", "--"))

    def describe(self, commits: Sequence[CommitId]) -> tuple[str, ...]:
        """Short id, author and subject of each of these commits, in this order."""
        if not commits:
            return ()
        options = ("--no-walk=unsorted", "--format=%h %an: %s", "--stdin")
        return _lines(self._git.output("log", *options, given="\n".join(commits).encode()))

    def graph(self, branch: str, most: int) -> str:
        """The newest commits of a branch as `git log --graph` draws them; lines of the graph alone come between them.

        At most `most` commits, each with short id and subject. Raises Unavailable when there is no such branch.
        """
        options = ("--graph", "--oneline", "--no-color", "--no-decorate", f"--max-count={most}")
        return without_surrogates(self._git.output("log", *options, f"refs/heads/{branch}", "--")).rstrip()

    def file_at(self, commit: CommitId, path: str) -> bytes | None:
        """The bytes of a file at that commit; None when there is none, or the path names a folder or leaves the tree."""
        if not path or "\0" in path:
            return None
        result = self._git.run("cat-file", "blob", f"{commit}:{path}")
        if result.status != 0:
            return None
        return result.out_bytes

    def paths_at(self, commit: CommitId) -> tuple[str, ...]:
        """The paths of all files of a commit, submodules included, in the order of git. Raises Unavailable."""
        return tree_paths(self._git, commit).files

    def pack(self, loose_min: int) -> bool:
        """Let git pack loose objects when there are at least about `loose_min` of them; returns whether it did.

        git deletes a loose object only if it is already in a pack, and only on the next call, so other processes may write
        at the same time. The number is estimated as git does: from one of the 256 folders that hold loose objects.
        A failure to pack is ignored, because no object is lost.
        """
        sample = list((self._git.common / "objects" / "17").glob("*"))  # empty where there is no such folder
        if len(sample) * 256 < loose_min:
            return False
        arguments = ("maintenance", "run", "--quiet", "--task=loose-objects")
        return self._git.run(*arguments, wait_seconds=PACK_SECONDS).status == 0

    def user_name(self) -> str:
        """`user.name` of the repository, or the login name."""
        import getpass  # noqa: PLC0415  with termios, 1 million instructions for a verb that names nobody

        return self.setting("user.name") or getpass.getuser()


def _lines(output: str) -> tuple[str, ...]:
    """The lines of git's output, which hold names and subjects in any encoding."""
    return tuple(without_surrogates(output).split("\n"))[:-1]


def _missing(paths: TreePaths, expected: Sequence[str]) -> tuple[str, ...]:
    """Those of the expected paths, folders and patterns that a commit does not hold, in their order.

    A folder may end in a slash. A `*` also matches across slashes.
    """
    known = {*paths.files, *paths.folders}
    missing = []
    for wanted in expected:
        if wanted.rstrip("/") in known:
            continue
        if not fnmatch.filter(known, wanted):
            missing.append(wanted)

    return tuple(missing)
