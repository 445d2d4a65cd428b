"""A repository through the git command line. Implements `ports.world.Git`."""

from __future__ import annotations

import fnmatch
import getpass
import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from gitorch.errors import Failed, Unavailable
from gitorch.model.commands import WorkFacts
from gitorch.model.ids import CommitId
from gitorch.model.values import replace
from gitorch.ports.world import DiffStat, MergeTry, MoveResult
from gitorch.world.git.changes import changes, hazards_of, held_at
from gitorch.world.git.checkout import bring_along, checkout_of
from gitorch.world.git.drafts import adopt, draft
from gitorch.world.git.runner import GitRunner, common_directory, split, worktree_status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gitorch.model.ids import Moment
    from gitorch.ports.world import Clock
    from gitorch.world.git.changes import Held

FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
PACK_SECONDS = 600.0


class GitCommands:
    """One repository, main checkout or linked worktree or bare, through the git command line."""

    def __init__(self, repo: Path, environ: Mapping[str, str], clock: Clock) -> None:
        self._git = GitRunner(repo, environ, clock)
        # What git says of two commits never changes, and a loop asks the same at every tick.
        self._stat = lru_cache(maxsize=1024)(self._counted)
        self._merge = lru_cache(maxsize=1024)(self._merged)

    def resolve(self, name: str) -> CommitId | None:
        """The commit of a local branch, by its short name, or of a full id; None where there is no such commit."""
        if FULL_ID.fullmatch(name):
            done = self._git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
            return CommitId(done.out.strip()) if done.status == 0 else None
        done = self._git.ask("show-ref", "--verify", "--hash", "--", f"refs/heads/{name}")
        return CommitId(done.out.strip()) if done.status == 0 else None

    def tag(self, name: str) -> CommitId | None:
        """The commit of a tag, by its short name; None where there is no such tag, or it names no commit."""
        done = self._git.ask("show-ref", "--verify", "--hash", "--", f"refs/tags/{name}")
        return self.resolve(done.out.strip()) if done.status == 0 else None

    def is_ledger(self, commit: CommitId) -> bool:
        """Whether a commit looks like a record of a ledger: its message ends in the trailers of one."""
        words = ("log", "-1", "--format=%(trailers:key=Gitorch-Record,valueonly)", commit, "--")
        return self._git.tell(*words).startswith("sha256:")

    def heads(self, refs: Sequence[str]) -> Mapping[str, CommitId]:
        """The commits of these full ref names; those that do not exist are left out. Raises Unavailable."""
        if not refs:
            return {}
        wanted = set(refs)
        lines = self._git.tell("for-each-ref", "--format=%(objectname) %(refname)", "--", *refs).splitlines()
        found = (line.split(" ", 1) for line in lines)
        return {ref: CommitId(commit) for commit, ref in found if ref in wanted}

    def branches(self) -> tuple[str, ...]:
        """The short names of all local branches but gitorch's own, sorted; empty where git is silent."""
        done = self._git.ask("for-each-ref", "--sort=refname", "--format=%(refname:short)", "--", "refs/heads/")
        return tuple(name for name in done.out.splitlines() if not name.startswith("gitorch/"))

    def current(self) -> str:
        """The short name of the branch that is checked out in the main checkout; empty with a detached HEAD."""
        done = self._git.ask("symbolic-ref", "--quiet", "--short", "HEAD")
        return done.out.strip() if done.status == 0 else ""

    def setting(self, name: str) -> str:
        """A value of git's configuration; empty where it is not set."""
        done = self._git.ask("config", "--get", name)
        return done.out.strip() if done.status == 0 else ""

    def behind_remote(self, branch: str) -> int:
        """How many commits of its upstream, or else of `origin`'s branch of that name, the branch lacks; 0 without one."""
        ref = f"refs/heads/{branch}"
        lines = self._git.tell("for-each-ref", "--format=%(refname) %(upstream)", "--", ref).splitlines()
        said = [line.split(" ", 1)[1] for line in lines if line.split(" ", 1)[0] == ref]
        upstream = next((one for one in (*said, f"refs/remotes/origin/{branch}") if one), "")
        if not said or upstream not in self.heads([upstream]):
            return 0
        return int(self._git.tell("rev-list", "--count", f"{ref}..{upstream}", "--"))

    def facts(self, worktree: Path, base: CommitId, expected: Sequence[str] = ()) -> WorkFacts:
        """What a handoff needs to know of a worktree: `head` is None where it is on no branch, or the branch has no commit."""
        stands = worktree_status(self._git.at(worktree))
        if stands.head is None:
            return WorkFacts(None, stands.uncommitted, 0, (), tuple(expected))
        return replace(self.facts_of(stands.head, base, expected), uncommitted=stands.uncommitted)

    def facts_of(self, draft: CommitId, base: CommitId, expected: Sequence[str] = ()) -> WorkFacts:
        """What a handoff would know if this commit were the head of its branch."""
        commits = int(self._git.tell("rev-list", "--count", f"{base}..{draft}", "--"))
        changed, held = changes(self._git, base, draft), lru_cache(lambda: held_at(self._git, draft))
        paths, wrong = tuple(change.path for change in changed), hazards_of(self._git, draft, changed, held)
        missing = _missing(held(), expected) if expected else ()
        return WorkFacts(draft, (), commits, paths, missing, hazards=wrong)

    def draft(self, worktree: Path, message: str, author: str, at: Moment) -> CommitId | None:
        """A commit of everything that stands in the worktree; its head where nothing differs from that. None on no branch."""
        return draft(self._git.at(worktree), message, author, at)

    def adopt(self, worktree: Path, draft: CommitId) -> None:
        """Make a draft the head of the worktree's branch; the files stay as they are. Raises Failed where it has moved."""
        adopt(self._git.at(worktree), draft)

    def stat(self, base: CommitId, head: CommitId) -> DiffStat:
        """What `head` has beyond its merge base with `base`; beyond `base` itself where they have no common history."""
        return self._stat(base, head)

    def _counted(self, base: CommitId, head: CommitId) -> DiffStat:
        done = self._git.ask("merge-base", base, head)
        fork = done.out.strip() if done.status == 0 else base
        words = ("diff", "--numstat", "-z", "--no-renames", "--no-ext-diff", fork, head, "--")
        rows = [row.split("\t", 2) for row in split(self._git.tell(*words))]
        commits = int(self._git.tell("rev-list", "--count", f"{base}..{head}", "--"))
        added = sum(int(row[0]) for row in rows if row[0] != "-")
        removed = sum(int(row[1]) for row in rows if row[1] != "-")
        return DiffStat(commits, len(rows), added, removed, tuple(row[2] for row in rows))

    def try_merge(self, ours: CommitId, theirs: CommitId) -> MergeTry:
        """Merge two commits in memory, touching no checkout. Raises Failed where they have no common history."""
        return self._merge(ours, theirs)

    def _merged(self, ours: CommitId, theirs: CommitId) -> MergeTry:
        done = self._git.ask("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs)
        if done.status not in {0, 1}:
            raise Failed(f"git cannot merge {ours[:12]} and {theirs[:12]}: {done.err}")
        tree, *conflicts = split(done.out)
        return MergeTry(tree, tuple(dict.fromkeys(conflicts)))

    def commit_merge(self, tree: str, parents: Sequence[CommitId], message: str, at: Moment) -> CommitId:
        """A merge commit by `gitorch`; the same arguments give the same commit, whoever runs it and when."""
        date = f"@{at // 1000} +0000"
        who = {"NAME": "gitorch", "EMAIL": "gitorch@localhost", "DATE": date}
        env = {f"GIT_{role}_{field}": value for role in ("AUTHOR", "COMMITTER") for field, value in who.items()}
        words = [word for parent in parents for word in ("-p", parent)]
        fixed = ("-c", "i18n.commitEncoding=utf-8", "-c", "commit.gpgSign=false")
        text = message.encode("utf-8", "replace")
        return CommitId(self._git.tell(*fixed, "commit-tree", tree, *words, "-F", "-", given=text, env=env).strip())

    def tree(self, commit: CommitId) -> str:
        """The tree of a commit. Raises Unavailable where the commit is not here."""
        return self._git.tell("rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}").strip()

    def contains(self, ancestor: CommitId, descendant: CommitId) -> bool:
        """Whether one commit is in the history of the other. Raises Unavailable where one of them is not here."""
        done = self._git.ask("merge-base", "--is-ancestor", ancestor, descendant)
        if done.status not in {0, 1}:
            raise Unavailable(f"git cannot compare {ancestor[:12]} and {descendant[:12]}: {done.err}")
        return done.status == 0

    def move(self, branch: str, new: CommitId, old: CommitId, why: str = "merge") -> MoveResult:
        """Move a branch from `old` to `new` by compare-and-swap, and bring a clean checkout of it along.

        A branch that is at `new` already counts as moved: a try that was killed after the swap is finished.
        """
        ref = f"refs/heads/{branch}"
        checkout = checkout_of(self._git, ref)
        git = self._git.at(checkout) if checkout is not None else self._git
        done = git.ask("update-ref", "-m", f"gitorch: {why}", ref, new, old, hooks=True)
        now = new if done.status == 0 else self.heads([ref]).get(ref)
        if now != new:
            return MoveResult(moved=False, refused=done.err or "git gave no reason" if now == old else "")
        return MoveResult(True) if checkout is None else bring_along(git, new, old)

    def has(self, commit: CommitId) -> bool:
        """Whether this commit is in the repository."""
        return self._git.ask("cat-file", "-e", f"{commit}^{{commit}}").status == 0

    def commits_since(self, base: CommitId, head: CommitId) -> tuple[CommitId, ...]:
        """Every commit of `head` that `base` does not have, newest first; empty where one of them is not here."""
        done = self._git.ask("rev-list", "--topo-order", f"{base}..{head}", "--")
        return tuple(CommitId(line) for line in done.out.split()) if done.status == 0 else ()

    def subjects(self, base: CommitId, head: CommitId) -> tuple[str, ...]:
        """Short id and subject of each commit after `base` up to `head`, oldest first."""
        words = ("log", "--reverse", "--topo-order", "--format=%h %s", f"{base}..{head}", "--")
        return tuple(self._git.tell(*words).splitlines())

    def graph(self, branch: str, most: int) -> str:
        """The newest commits of a branch as git draws them, one a line."""
        words = ("log", "--graph", "--oneline", "--no-color", "--no-decorate", f"--max-count={most}")
        return self._git.tell(*words, f"refs/heads/{branch}", "--").rstrip()

    def file_at(self, commit: CommitId, path: str) -> bytes | None:
        """The bytes of a file at that commit; None where there is none, also for a folder or a path that leaves the tree."""
        done = self._git.ask("cat-file", "blob", f"{commit}:{path}") if path else None
        return done.out_bytes if done is not None and done.status == 0 else None

    def pack(self, loose_min: int) -> bool:
        """Gather loose objects into a pack by git's own maintenance, where there are about that many; answers whether.

        It deletes no object but loose copies of packed ones, and those not before it is called again, so that it may run
        beside any writer. Their number is guessed as git does: from one of the 256 folders that they are spread over.
        """
        folder = self._common / "objects" / "17"
        if (len(list(folder.iterdir())) if folder.is_dir() else 0) * 256 < loose_min:
            return False
        words = ("maintenance", "run", "--quiet", "--task=loose-objects")
        return self._git.ask(*words, wait_seconds=PACK_SECONDS).status == 0

    @cached_property
    def _common(self) -> Path:
        return common_directory(self._git)

    def user_name(self) -> str:
        """`user.name` of the repository, or the login name."""
        done = self._git.ask("config", "--get", "user.name")
        return done.out.strip() or getpass.getuser()


def _missing(held: Held, expected: Sequence[str]) -> tuple[str, ...]:
    """Those of the expected paths, folders and patterns that a commit does not hold."""
    paths = (*held.files, *held.folders)
    known = set(paths)
    return tuple(want for want in expected if want.rstrip("/") not in known and not fnmatch.filter(paths, want))
