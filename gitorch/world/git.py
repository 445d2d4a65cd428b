"""The git command line. Implements `ports.world.Git`.

Names never reach git as words it could read as options or expressions: branches go as full ref names, commits as full
ids, paths behind `--` or after a colon. Hooks of the user do not run for gitorch's own plumbing.
"""

from __future__ import annotations

import fnmatch
import getpass
import re
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Busy, Failed, Unavailable
from gitorch.model.commands import WorkFacts
from gitorch.model.ids import CommitId
from gitorch.ports.world import DiffStat, MergeTry, MoveResult
from gitorch.world.checkout import bring_along, checkout_of
from gitorch.world.programs import Done, run, without

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.model.ids import Moment
    from gitorch.ports.world import Clock

FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
LOCKED = re.compile(
    r"Unable to create '.*\.lock'|index file.*lock|another git process seems to be running", re.IGNORECASE
)
LOCK_TRIES = 8
PACK_SECONDS = 600.0
OWN_FOLDER = ".gitorch"
"""Where briefs and outboxes lie in a worktree; never part of anybody's work."""


class GitRunner:
    """Runs git in one directory, with an environment free of GIT_*, a time limit, and patience for locks."""

    def __init__(self, where: Path, environ: Mapping[str, str], clock: Clock) -> None:
        self.where = where
        self._environ = environ
        self._clock = clock
        kept = without(environ, ("GIT_", "GITORCH_"))
        quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C.UTF-8", "LANGUAGE": "C"}
        self._env = {**kept, **quiet}

    def at(self, where: Path) -> GitRunner:
        """The same for another directory."""
        return GitRunner(where, self._environ, self._clock)

    def ask(
        self,
        *words: str,
        given: bytes = b"",
        env: Mapping[str, str] | None = None,
        wait_seconds: float = 60.0,
        keep: tuple[int, ...] = (),
    ) -> Done:
        """One git command; any exit status is an answer. Raises Busy when a lock stays taken, Unavailable without git."""
        argv = ["git", "-C", str(self.where), "-c", "gc.auto=0", "-c", "core.hooksPath=/dev/null", *words]
        for attempt in range(LOCK_TRIES):
            done = run(argv, {**self._env, **(env or {})}, given=given, wait_seconds=wait_seconds, keep=keep)
            if done.status == 0 or not LOCKED.search(done.err):
                return done
            self._clock.sleep(0.02 * 1.7**attempt)
        raise Busy(f"git {words[0]} found a lock that stayed taken for {self.where}", hint="git status")

    def tell(self, *words: str, given: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        """One git command that must succeed; its output. Raises Unavailable with git's own words."""
        done = self.ask(*words, given=given, env=env)
        if done.status != 0:
            raise Unavailable(f"git {words[0]} failed in {self.where}: {done.err}", hint="gitorch doctor")
        return done.out


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
        """How many commits of its upstream the branch lacks; 0 without an upstream."""
        ref = f"refs/heads/{branch}"
        lines = self._git.tell("for-each-ref", "--format=%(refname) %(upstream)", "--", ref).splitlines()
        upstreams = [line.split(" ", 1)[1] for line in lines if line.split(" ", 1)[0] == ref]
        if not upstreams or not upstreams[0] or upstreams[0] not in self.heads(upstreams):
            return 0
        return int(self._git.tell("rev-list", "--count", f"{ref}..{upstreams[0]}", "--"))

    def facts(self, worktree: Path, base: CommitId, expected: Sequence[str] = ()) -> WorkFacts:
        """What a handoff needs to know of a worktree: `head` is None where it is on no branch, or the branch has no commit."""
        git = self._git.at(worktree)
        uncommitted = tuple(uncommitted_paths(git))
        on_branch = git.ask("symbolic-ref", "--quiet", "HEAD").status == 0
        found = git.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        if not on_branch or found.status != 0:
            return WorkFacts(None, uncommitted, 0, (), tuple(expected))
        head = CommitId(found.out.strip())
        commits = int(git.tell("rev-list", "--count", f"{base}..{head}", "--"))
        changed = _split(git.tell("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", base, head, "--"))
        return WorkFacts(head, uncommitted, commits, changed, self._missing(head, expected))

    def _missing(self, head: CommitId, expected: Sequence[str]) -> tuple[str, ...]:
        if not expected:
            return ()
        paths = _split(self._git.tell("ls-tree", "-r", "-t", "-z", "--name-only", "--full-tree", head))
        held = set(paths)
        return tuple(want for want in expected if want.rstrip("/") not in held and not fnmatch.filter(paths, want))

    def stat(self, base: CommitId, head: CommitId) -> DiffStat:
        """What `head` has beyond its merge base with `base`; beyond `base` itself where they have no common history."""
        return self._stat(base, head)

    def _counted(self, base: CommitId, head: CommitId) -> DiffStat:
        done = self._git.ask("merge-base", base, head)
        fork = done.out.strip() if done.status == 0 else base
        words = ("diff", "--numstat", "-z", "--no-renames", "--no-ext-diff", fork, head, "--")
        rows = [row.split("\t", 2) for row in _split(self._git.tell(*words))]
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
        tree, *conflicts = _split(done.out)
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

    def move(self, branch: str, new: CommitId, old: CommitId) -> MoveResult:
        """Move a branch from `old` to `new` by compare-and-swap, and bring a clean checkout of it along.

        A branch that is at `new` already counts as moved: a try that was killed after the swap is finished.
        """
        ref = f"refs/heads/{branch}"
        checkout = checkout_of(self._git, ref)
        git = self._git.at(checkout) if checkout is not None else self._git
        done = git.ask("update-ref", "-m", "gitorch: merge", ref, new, old)
        if done.status != 0 and self.heads([ref]).get(ref) != new:
            return MoveResult(moved=False)
        return MoveResult(True) if checkout is None else bring_along(git, new, old)

    def subjects(self, base: CommitId, head: CommitId) -> tuple[str, ...]:
        """Short id and subject of each commit after `base` up to `head`, oldest first."""
        words = ("log", "--reverse", "--topo-order", "--format=%h %s", f"{base}..{head}", "--")
        return tuple(self._git.tell(*words).splitlines())

    def graph(self, branch: str, most: int) -> str:
        """The newest commits of a branch as git draws them, one a line."""
        words = ("log", "--graph", "--oneline", "--no-color", "--no-decorate", f"--max-count={most}")
        return self._git.tell(*words, f"refs/heads/{branch}", "--").rstrip()

    def line_exists(self, commit: CommitId, path: str, line: int) -> bool:
        """Whether a file has that line at that commit; line 0 asks for the file alone."""
        done = self._git.ask("cat-file", "blob", f"{commit}:{path.removeprefix('./')}")
        if done.status != 0 or not path:
            return False
        data = done.out_bytes
        return 0 <= line <= data.count(b"\n") + (not data.endswith(b"\n") and bool(data))

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


def uncommitted_paths(git: GitRunner) -> list[str]:
    """Paths with changes that no commit holds, untracked files included, less what is gitorch's own."""
    entries = iter(_split(git.tell("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")))
    return [entry[3:] for entry in entries if entry[3:] != OWN_FOLDER and not entry[3:].startswith(f"{OWN_FOLDER}/")]


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("\0") if part)


def common_directory(git: GitRunner) -> Path:
    """The directory that all worktrees of the repository share."""
    return Path(git.tell("rev-parse", "--path-format=absolute", "--git-common-dir").rstrip("\n"))
