"""A repository in memory: commits are trees of text by path, merged path by path."""

import difflib
import hashlib
from collections import Counter, deque
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from gitorch.errors import Failed, Unavailable
from gitorch.model.commands import WorkFacts
from gitorch.model.ids import CommitId
from gitorch.model.values import replace
from gitorch.model.work.report import FileChange, HowChanged
from gitorch.ports.git import DiffStat, MergeTry, MoveResult


@dataclass(frozen=True)
class FakeCommit:
    parents: tuple
    tree: str
    message: str


@dataclass
class Checkout:
    """A worktree: on a branch, or detached at `commit`; `files` are what stands in it, committed or not."""

    branch: str | None
    commit: CommitId
    files: dict = field(default_factory=dict)


class FakeGit:
    """Branches, commits and worktrees in memory. `silent` makes every call Unavailable, `hook` what a hook says that lets no branch move."""

    def __init__(self):
        self.commits = {}
        self.trees = {}
        self.tips = {}
        self.upstreams = {}
        self.tags = {}
        self.settings = {}
        self.checkouts = {}
        self.silent = False
        self.loose = 0
        self.planted = {}
        self.hook = ""

    # What a test does to the world.

    def write(self, branch, files, message="change", start=None):
        """A commit on a branch that changes these files (None removes one); the branch begins at `start` if it is new."""
        parent = self.tips.get(branch, self.tips.get(start, start))
        tree = dict(self.files(parent)) if parent else {}
        tree.update(files)
        commit = self._store((parent,) if parent else (), {k: v for k, v in tree.items() if v is not None}, message)
        self._point(branch, commit)
        return commit

    def commit_in(self, path, files, message="change"):
        """What an agent does: write files in its worktree and commit them."""
        checkout = self.checkouts[Path(path)]
        checkout.files.update(files)
        commit = self._store((checkout.commit,), dict(checkout.files), message)
        checkout.commit = commit
        if checkout.branch is not None:
            self.tips[checkout.branch] = commit
        return commit

    def files(self, commit):
        return self.trees[self.commits[commit].tree]

    def _store(self, parents, tree, message):
        digest = hashlib.sha1(repr(sorted(tree.items())).encode()).hexdigest()
        self.trees[digest] = tree
        words = repr((parents, digest, message)).encode()
        commit = CommitId(hashlib.sha1(words).hexdigest())
        self.commits[commit] = FakeCommit(tuple(parents), digest, message)
        return commit

    def _point(self, branch, commit):
        self.tips[branch] = commit
        for checkout in self.checkouts.values():
            if checkout.branch == branch:
                checkout.commit, checkout.files = commit, dict(self.files(commit))

    def _ask(self):
        if self.silent:
            raise Unavailable("git gave no answer")

    def _history(self, commit):
        found, waiting = {}, deque([commit])
        while waiting:
            one = waiting.popleft()
            if one not in found:
                if one not in self.commits:
                    raise Unavailable(f"git cannot read {one}")
                found[one] = None
                waiting += self.commits[one].parents
        return list(found)

    # The port.

    def resolve(self, name):
        self._ask()
        return CommitId(name) if name in self.commits else self.tips.get(name)

    def tag(self, name):
        self._ask()
        return self.tags.get(name)

    def heads(self, refs):
        self._ask()
        names = {ref: ref.removeprefix("refs/heads/") for ref in refs if ref.startswith("refs/heads/")}
        return {ref: self.tips[name] for ref, name in names.items() if name in self.tips}

    def branches(self):
        self._ask()
        return tuple(sorted(name for name in self.tips if not name.startswith("gitorch/")))

    def current(self):
        return "main"

    def setting(self, name):
        return self.settings.get(name, "")

    def settings_snapshot(self):
        return self.planted

    def repository_snapshot(self):
        self._ask()
        return {f"refs/heads/{name}": commit for name, commit in self.tips.items()}

    def changed_settings(self):
        return ()

    def behind_remote(self, branch):
        self._ask()
        upstream = self.upstreams.get(branch)
        if branch not in self.tips or upstream is None:
            return 0
        return len(set(self._history(upstream)) - set(self._history(self.tips[branch])))

    def facts(self, worktree, base, expected=()):
        self._ask()
        checkout = self.checkouts[Path(worktree)]
        committed = self.files(checkout.commit)
        changed = differences(committed, checkout.files)
        uncommitted = tuple(path for path in changed if not path.startswith(".gitorch/"))
        if checkout.branch is None:
            return WorkFacts(None, uncommitted, 0, (), tuple(expected))
        return replace(self.facts_of(checkout.commit, base, expected), uncommitted=uncommitted)

    def facts_of(self, draft, base, expected=()):
        self._ask()
        commits = len(set(self._history(draft)) - set(self._history(base)))
        committed = self.files(draft)
        missing = tuple(path for path in expected if path not in committed)
        return WorkFacts(draft, (), commits, differences(self.files(base), committed), missing)

    def draft(self, worktree, message, author, at):
        self._ask()
        checkout = self.checkouts[Path(worktree)]
        if checkout.branch is None:
            return None
        worktree_status = {path: text for path, text in checkout.files.items() if not path.startswith(".gitorch/")}
        if worktree_status == self.files(checkout.commit):
            return checkout.commit
        return self._store((checkout.commit,), worktree_status, f"{message} by {author}@{at // 1000}")

    def adopt(self, worktree, draft):
        self._ask()
        checkout = self.checkouts[Path(worktree)]
        if checkout.commit not in {draft, *self.commits[draft].parents}:
            raise Failed("the branch moved while its work was being committed")
        checkout.commit = draft
        self.tips[checkout.branch] = draft

    def stat(self, base, head):
        self._ask()
        before, after = self.files(self._fork(base, head) or base), self.files(head)
        paths = differences(before, after)
        counts = [_lines_changed(before.get(path, ""), after.get(path, "")) for path in paths]
        commits = len(set(self._history(head)) - set(self._history(base)))
        return DiffStat(commits, len(paths), sum(c[0] for c in counts), sum(c[1] for c in counts), paths)

    def file_changes(self, base, head):
        self._ask()
        before, after = self.files(self._fork(base, head) or base), self.files(head)
        return tuple(_change(path, before.get(path), after.get(path)) for path in differences(before, after))

    def lost_lines(self, base, head, changes):
        self._ask()
        counts = Counter()
        for change in changes:
            path = change.old_path
            before, after = self.files(base).get(path, ""), self.files(head).get(change.path, "")
            for row in difflib.ndiff(before.splitlines(), after.splitlines()):
                if row.startswith("- "):
                    counts[self._writer(base, path, row[2:])] += 1
        return dict(counts)

    def _writer(self, commit, path, line):
        """The commit that brought a line, which no parent of it had."""
        for one in self._history(commit):
            had = [line in self.files(parent).get(path, "").splitlines() for parent in self.commits[one].parents]
            if line in self.files(one).get(path, "").splitlines() and not any(had):
                return one
        raise AssertionError(line)

    def patch(self, base, head):
        self._ask()
        before, after = self.files(self._fork(base, head) or base), self.files(head)
        return "".join(_patch(path, before.get(path), after.get(path)) for path in differences(before, after))

    def _fork(self, ours, theirs):
        mine = self._history(ours)
        return next((commit for commit in self._history(theirs) if commit in mine), None)

    def _base(self, ours, theirs):
        """The files that both sides began from; of several last common commits, what they come to together, as git does it."""
        mine, yours = self._history(ours), set(self._history(theirs))
        common = [commit for commit in mine if commit in yours]
        if not common:
            raise Failed(f"git cannot merge {ours[:12]} and {theirs[:12]}")
        older = {old for commit in common for old in self._history(commit)[1:]}
        first, *others = [commit for commit in common if commit not in older]
        files = self.files(first)
        for other in others:
            files, _ = _three_way(self._base(first, other), files, self.files(other))
        return files

    def try_merge(self, ours, theirs):
        self._ask()
        merged, conflicts = _three_way(self._base(ours, theirs), self.files(ours), self.files(theirs))
        digest = hashlib.sha1(repr(sorted(merged.items())).encode()).hexdigest()
        self.trees[digest] = merged
        return MergeTry(digest, tuple(sorted(conflicts)))

    def commit_merge(self, tree, parents, message, at):
        self._ask()
        return self._store(tuple(parents), self.trees[tree], f"{message}@{at // 1000}")

    def commit_files(self, base, files, message, at):
        before = {} if base is None else self.files(base)
        texts = {path: data.decode() for path, data in files.items()}
        return self._store(() if base is None else (base,), {**before, **texts}, f"{message}@{at // 1000}")

    def tree(self, commit):
        self._ask()
        if commit not in self.commits:
            raise Unavailable(f"git cannot read {commit}")
        return self.commits[commit].tree

    def contains(self, ancestor, descendant):
        self._ask()
        if ancestor not in self.commits:
            raise Unavailable(f"git cannot read {ancestor}")
        return ancestor in self._history(descendant)

    def move(self, branch, new, old, why="merge"):  # noqa: ARG002 - the port names it
        self._ask()
        now = self.tips.get(branch)
        if now not in {old, new} or (now == old and self.hook):
            return MoveResult(moved=False, refused=self.hook if now == old else "")
        before, after = self.files(old), self.files(new)
        touched = {path for path in {*before, *after} if before.get(path) != after.get(path)}
        holders = [(path, one) for path, one in self.checkouts.items() if one.branch == branch]
        for path, checkout in holders:
            edited = sorted(x for x in touched if checkout.files.get(x) not in (before.get(x), after.get(x)))
            if edited and now == old:
                reason = f"{path} has uncommitted changes to {', '.join(edited)}"
                return MoveResult(False, path=str(path), refused=reason, command=f"git -C {path} stash push")
            if edited:
                return MoveResult(True, "left", str(path), f"git -C {path} read-tree -m -u {old} {new}", "edited")
        self.tips[branch] = new
        for path, checkout in holders:
            checkout.commit = new
            checkout.files = {x: text for x, text in checkout.files.items() if x not in touched}
            checkout.files |= {x: text for x, text in after.items() if x in touched}
            return MoveResult(True, "updated", str(path))
        return MoveResult(True)

    def checkout_left(self, branch, new, old):
        self._ask()
        if self.tips.get(branch) != new:
            return None
        before, after = self.files(old), self.files(new)
        touched = {path for path in {*before, *after} if before.get(path) != after.get(path)}
        for path, one in self.checkouts.items():
            lags = one.branch == branch and touched and all(one.files.get(x) == before.get(x) for x in touched)
            if lags:
                return MoveResult(True, "left", str(path), f"git -C {path} read-tree -m -u {old} {new}", "it was left")
        return None

    def has(self, commit):
        self._ask()
        return commit in self.commits

    def commits_since(self, base, head):
        self._ask()
        if base not in self.commits or head not in self.commits:
            return ()
        known = set(self._history(base))
        return tuple(commit for commit in self._history(head) if commit not in known)

    def subjects(self, base, head):
        self._ask()
        known = set(self._history(base))
        fresh = [commit for commit in reversed(self._history(head)) if commit not in known]
        return tuple(f"{commit[:7]} {self.commits[commit].message.splitlines()[0]}" for commit in fresh)

    def describe(self, commits):
        self._ask()
        return tuple(f"{commit[:7]} Ann: {self.commits[commit].message.splitlines()[0]}" for commit in commits)

    def file_at(self, commit, path):
        self._ask()
        held = self.files(commit).get(path) if commit in self.commits else None
        return None if held is None else held.encode()

    def paths_at(self, commit):
        self._ask()
        return tuple(sorted(self.files(commit)))

    def pack(self, loose_min):
        if self.loose < loose_min:
            return False
        self.loose = 0
        self.planted = {}
        return True

    def user_name(self):
        return "A"


def _patch(path, before, after):
    """One file of a patch, without the modes and ids that git adds."""
    names = ("/dev/null" if before is None else f"a/{path}", "/dev/null" if after is None else f"b/{path}")
    old, new = ((text or "").splitlines(keepends=True) for text in (before, after))
    return f"diff --git a/{path} b/{path}\n" + "".join(difflib.unified_diff(old, new, *names))


def _change(path, before, after):
    """One changed file; this repository knows no renames, modes or binary files."""
    how = HowChanged.MODIFIED
    if before is None:
        how = HowChanged.ADDED
    elif after is None:
        how = HowChanged.DELETED
    added, removed = _lines_changed(before or "", after or "")
    return FileChange(path, how, added=added, removed=removed, size=len((after or "").encode()))


def _three_way(base, ours, theirs):
    """The merged files, path by path, and the paths that conflict, which stay as ours."""
    merged, conflicts = dict(ours), []
    for path in differences(base, theirs):
        if ours.get(path) not in {base.get(path), theirs.get(path)}:
            conflicts.append(path)
        elif path in theirs:
            merged[path] = theirs[path]
        else:
            merged.pop(path, None)
    return merged, conflicts


def differences(before, after):
    return tuple(sorted(path for path in {*before, *after} if before.get(path) != after.get(path)))


@cache
def _lines_changed(before, after):
    rows = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return sum(row.startswith("+ ") for row in rows), sum(row.startswith("- ") for row in rows)
