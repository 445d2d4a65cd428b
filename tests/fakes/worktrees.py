"""Worktrees of a `FakeGit`."""

import shutil

from fakes.git import Checkout, differences

from gitorch.errors import Failed, Refused
from gitorch.ports.git import WorktreeEntry
from gitorch.world.git.worktrees import own_branch


class FakeWorktrees:
    """Worktrees of a `FakeGit`: the folders exist for real, so that briefs can be written into them, the files in memory."""

    def __init__(self, git):
        self.git = git

    @staticmethod
    def take_commits(_session, _branch):
        return None

    def ensure(self, path, commit, branch, *, shared=False):
        self.git._ask()
        if branch is not None:
            own_branch(branch)
        if not path.is_absolute() or ".." in path.parts:
            raise Refused(f"{path} is not an absolute path of a worktree")
        if path in self.git.checkouts:
            if branch is None:
                self._check_out(path, commit, None)
            elif shared and self.git.checkouts[path].branch != branch:
                self._take_over(path, commit, branch)
            return
        if branch is not None:
            commit = self.git.tips.setdefault(branch, commit)
        if commit not in self.git.commits:
            raise Failed(f"git worktree add failed: {commit}")
        self._check_out(path, commit, branch)

    def _take_over(self, path, commit, branch):
        before = self.git.checkouts[path]
        left = {name: text for name, text in before.files.items() if not name.startswith(".gitorch/")}
        if left != self.git.files(before.commit):
            number = next(n for n in range(1, 99) if f"{before.branch}.left-{n}" not in self.git.tips)
            self.git.tips[f"{before.branch}.left-{number}"] = self.git._store((before.commit,), left, "left")
        shutil.rmtree(path / ".gitorch", ignore_errors=True)
        self._check_out(path, self.git.tips.setdefault(branch, commit), branch)

    def _check_out(self, path, commit, branch):
        path.mkdir(parents=True, exist_ok=True)
        self.git.checkouts[path] = Checkout(branch, commit, dict(self.git.files(commit)))

    def remove(self, path, force=False):
        self.git._ask()
        checkout = self.git.checkouts.get(path)
        if checkout is None:
            return ""
        uncommitted = differences(self.git.files(checkout.commit), checkout.files)
        if not force and uncommitted:
            return f"{path} holds uncommitted work: {', '.join(uncommitted)}"
        if not force and checkout.branch is None and not self._held(checkout.commit):
            return f"{path} holds commits that no branch has: {checkout.commit}"
        del self.git.checkouts[path]
        shutil.rmtree(path, ignore_errors=True)
        return ""

    def below(self, folder):
        self.git._ask()
        return tuple(
            WorktreeEntry(
                path,
                checkout.branch or "",
                checkout.commit,
                len(differences(self.git.files(checkout.commit), checkout.files)),
            )
            for path, checkout in sorted(self.git.checkouts.items())
            if folder in path.parents
        )

    def _held(self, commit):
        return any(commit in self.git._history(head) for head in self.git.tips.values())

    def branches_with(self, commit):
        self.git._ask()
        return tuple(sorted(f"refs/heads/{x}" for x, tip in self.git.tips.items() if commit in self.git._history(tip)))

    def delete_branch(self, branch, tip):
        self.git._ask()
        own_branch(branch)
        if self.git.tips.get(branch, tip) != tip:
            raise Failed(f"branch {branch} moved to {self.git.tips[branch][:12]}")
        if any(checkout.branch == branch for checkout in self.git.checkouts.values()):
            raise Failed(f"git cannot delete branch {branch}")
        self.git.tips.pop(branch, None)

    def tidy(self, folder):
        self.git._ask()
        for path in [path for path in self.git.checkouts if folder in path.parents and not path.exists()]:
            del self.git.checkouts[path]
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        return tuple(sorted(folder.iterdir())) if folder.is_dir() else ()

    def work_branches(self, run):
        return tuple(sorted(name for name in self.git.tips if name.startswith(f"gitorch/{run}/")))
