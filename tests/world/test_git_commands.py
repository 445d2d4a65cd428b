"""Every operation on git, with the command lines that it runs and what it answers, told whole.

A git in front of the real one writes down its arguments, without the directories that all calls name. Ids of objects are
numbered in the order in which they come. `pytest --rewrite-transcripts` writes `texts/git-commands.txt` anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from fault_place import Place
from golden import assert_golden
from shown import shown

from gitorch.errors import GitorchError
from gitorch.model.ids import CommitId, RunId, SessionId
from gitorch.model.work.report import FileChange, HowChanged
from gitorch.model.work.session import SessionKey
from gitorch.ports.git import PushRef
from gitorch.world.clock import SystemClock
from gitorch.world.git.checked_history import checked
from gitorch.world.git.history import GitHistory
from gitorch.world.git.object_reader import ObjectReader
from gitorch.world.git.remotes import GitRemotes
from gitorch.world.git.repository import GitCommands
from gitorch.world.git.store import GitStore
from gitorch.world.git.worktrees import GitWorktrees

API, UI = "gitorch/auth-7f3a/api", "gitorch/auth-7f3a/ui"
NOON = 1_800_000_000_000
ID = re.compile(r"\b[0-9a-f]{40}\b")
SHORT_ID = re.compile(r"\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{7,12}\b")
GITS_WORDS = re.compile(r"(fatal|error): .*?(?= \$ )", re.DOTALL)
"""What git says differs between its versions."""

RECORD = """line=
for word; do case $word in --no-pager|--git-dir=*|--work-tree=*) ;; *) line="$line $word";; esac; done
printf '%s\\n' "${{line# }}" >>'{log}'
[ ! -e '{log}.wanted' ] || {{ env; printf '%s\\n' "$@"; }} >'{log}.wanted'"""
"""A script that notes the arguments of a call, and its whole environment where that is wanted."""


@dataclass
class Desk:
    """A repository with two branches and a remote, and everything that works on it through one recording git."""

    folder: Path
    repo: object
    log: Path

    def __post_init__(self) -> None:
        self.repo.environ |= {"GIT_AUTHOR_DATE": "@1700000000 +0000", "GIT_COMMITTER_DATE": "@1700000000 +0000"}
        self.repo.git("commit", "--quiet", "--amend", "--no-edit", "--reset-author")  # equal ids in every run
        place = Place(self.folder, None, self.repo)
        env = place.git("*", RECORD.format(log=self.log))
        clock = SystemClock()
        self.git, self.trees = GitCommands(self.repo.path, env, clock), GitWorktrees(self.repo.path, env, clock)
        self.remotes = GitRemotes(self.repo.path, env, clock)
        self.store = GitStore(place.common, env)
        self.reader, self.history = ObjectReader(place.common, env), GitHistory(place.common, env)
        self.base = place.head
        self.api = CommitId(self.repo.branch(API, {"a.txt": "a\n", "src/b.py": "b = 1\n", "deep/x.bin": "\x00"}))
        self.ui = CommitId(self.repo.branch(UI, {"README.md": "ui\n", "ui.txt": "ui\n"}))
        self.other = CommitId(self.repo.branch("other", {"README.md": "other\n"}))
        self.repo.git("init", "-q", "--bare", str(self.folder / "far.git"))
        self.repo.git("remote", "add", "far", str(self.folder / "far.git"))
        self.repo.git("push", "-q", "far", "main")
        self.repo.git("tag", "-a", "-m", "x", "v1", self.api)
        self.repo.git("config", "branch.main.remote", "far")
        self.repo.git("config", "branch.main.merge", "refs/heads/main")
        self.tree = self.folder / "trees" / "api"
        self.spare = self.folder / "trees" / "spare"

    def edited(self) -> None:
        self.repo.write("new.txt", "new\n", self.tree)


def edit(desk):
    desk.edited()
    return desk.git.facts(desk.tree, desk.base, ("a.txt", "src/", "*.bin", "missing", "src/*.c"))


def draft_and_adopt(desk):
    commit = desk.git.draft(desk.tree, "What was done", "Ann <ann@example.invalid>", NOON)
    desk.git.adopt(desk.tree, commit)
    return commit, desk.repo.git("show", "-s", "--format=%an <%ae> %at %cn <%ce> %ct %s", commit)


def merged(desk):
    tried = desk.git.try_merge(desk.base, desk.ui)
    commit = desk.git.commit_merge(tried.tree, (desk.base, desk.ui), "Merge ui\n", NOON)
    return commit, desk.repo.git("show", "-s", "--format=%an <%ae> %at %cn <%ce> %ct %p %s", commit)


def moved(desk):
    merge = CommitId(merged(desk)[0])
    done = desk.git.move("main", merge, desk.base, "merge of ui")
    return done, desk.repo.git("log", "-g", "-1", "--format=%gs", "main"), desk.repo.git("status", "--porcelain")


OPERATIONS = {
    "resolve a branch": lambda d: d.git.resolve("main"),
    "resolve a branch that is missing": lambda d: d.git.resolve("nothing"),
    "resolve an id": lambda d: d.git.resolve(d.api),
    "resolve an id that is missing": lambda d: d.git.resolve("1" * 40),
    "resolve a tag": lambda d: d.git.tag("v1"),
    "resolve a tag that is missing": lambda d: d.git.tag("v2"),
    "is it a ledger": lambda d: d.git.is_ledger(d.base),
    "heads": lambda d: d.git.heads(["refs/heads/main", "refs/heads/none", "refs/heads/gitorch"]),
    "heads of nothing": lambda d: d.git.heads([]),
    "branches": lambda d: d.git.branches(),
    "current branch": lambda d: d.git.current(),
    "setting": lambda d: d.git.setting("branch.main.remote"),
    "setting that is not set": lambda d: d.git.setting("a.b"),
    "behind a remote": lambda d: d.git.behind_remote("main"),
    "behind no remote": lambda d: d.git.behind_remote("other"),
    "behind a remote without a branch": lambda d: d.git.behind_remote("none"),
    "facts of a commit": lambda d: d.git.facts_of(d.api, d.base, ("a.txt", "missing")),
    "changed settings": lambda d: d.git.changed_settings(),
    "stat": lambda d: d.git.stat(d.base, d.api),
    "stat again": lambda d: d.git.stat(d.base, d.api).paths,
    "file changes": lambda d: d.git.file_changes(d.base, d.api),
    "lost lines": lambda d: d.git.lost_lines(d.base, d.ui, d.git.file_changes(d.base, d.ui)),
    "lost lines of a file that is gone": lambda d: d.git.lost_lines(
        d.api, d.base, [FileChange("src/b.py", HowChanged.DELETED, removed=1)]
    ),
    "patch": lambda d: d.git.patch(d.base, d.ui),
    "merge": lambda d: d.git.try_merge(d.base, d.ui).conflicts,
    "merge with conflicts": lambda d: d.git.try_merge(d.other, d.ui).conflicts,
    "tree of a commit": lambda d: d.git.tree(d.base),
    "tree of a commit that is missing": lambda d: d.git.tree(CommitId("1" * 40)),
    "contains": lambda d: (d.git.contains(d.base, d.api), d.git.contains(d.api, d.base)),
    "contains a commit that is missing": lambda d: d.git.contains(CommitId("1" * 40), d.api),
    "has": lambda d: (d.git.has(d.api), d.git.has(CommitId("1" * 40))),
    "commits since": lambda d: d.git.commits_since(d.base, d.api),
    "commits since one that is missing": lambda d: d.git.commits_since(CommitId("1" * 40), d.api),
    "subjects": lambda d: d.git.subjects(d.base, d.api),
    "describe": lambda d: d.git.describe([d.api, d.base]),
    "describe nothing": lambda d: d.git.describe([]),
    "graph": lambda d: d.git.graph("main", 3),
    "a file at a commit": lambda d: d.git.file_at(d.api, "src/b.py"),
    "a folder at a commit": lambda d: d.git.file_at(d.api, "src"),
    "no file at a commit": lambda d: (
        d.git.file_at(d.api, ""),
        d.git.file_at(d.api, "a\0b"),
        d.git.file_at(d.api, "../x"),
    ),
    "paths at a commit": lambda d: d.git.paths_at(d.api),
    "pack, with few objects": lambda d: d.git.pack(1_000_000),
    "pack": lambda d: d.git.pack(0),
    "work branches": lambda d: d.trees.work_branches("auth-7f3a"),
    "work branches of another run": lambda d: d.trees.work_branches("auth"),
    "make a worktree of a branch": lambda d: d.trees.ensure(d.tree, d.base, API),
    "make a worktree again": lambda d: d.trees.ensure(d.tree, d.base, API),
    "make a worktree of a new branch": lambda d: d.trees.ensure(
        d.folder / "trees" / "new", d.base, "gitorch/auth-7f3a/new"
    ),
    "make a detached worktree": lambda d: d.trees.ensure(d.spare, d.base, None),
    "move a detached worktree": lambda d: d.trees.ensure(d.spare, d.other, None),
    "give a shared worktree another branch": lambda d: d.trees.ensure(
        d.folder / "trees" / "new", d.base, UI, shared=True
    ),
    "worktrees below": lambda d: d.trees.below(d.folder / "trees"),
    "facts of a worktree": edit,
    "remove a worktree with work": lambda d: d.trees.remove(d.tree),
    "draft and adopt": draft_and_adopt,
    "take commits without a sandbox": lambda d: d.trees.take_commits(
        SessionKey(RunId("auth-7f3a"), SessionId("s1")), API
    ),
    "remove a worktree": lambda d: d.trees.remove(d.tree),
    "remove a worktree that is missing": lambda d: d.trees.remove(d.tree),
    "remove a worktree by force": lambda d: d.trees.remove(d.spare, force=True),
    "branches with a commit": lambda d: d.trees.branches_with(d.base),
    "delete a branch that moved": lambda d: d.trees.delete_branch(UI, d.base),
    "delete a branch": lambda d: d.trees.delete_branch("gitorch/auth-7f3a/new", d.base),
    "delete a branch that is missing": lambda d: d.trees.delete_branch("gitorch/auth-7f3a/new", d.base),
    "delete a branch that is checked out": lambda d: d.trees.delete_branch(UI, d.ui),
    "tidy": lambda d: d.trees.tidy(d.folder / "trees"),
    "merge commit": merged,
    "move a branch": moved,
    "move a branch that moved": lambda d: d.git.move("main", d.api, d.base),
    "remotes": lambda d: d.remotes.names(),
    "heads of a remote": lambda d: d.remotes.heads("far", ["refs/heads/main", "refs/heads/none"]),
    "heads of a remote that is missing": lambda d: d.remotes.heads("none", ["refs/heads/main"]),
    "fetch": lambda d: d.remotes.fetch("far", "refs/heads/main"),
    "fetch a branch that is missing": lambda d: d.remotes.fetch("far", "refs/heads/none"),
    "push": lambda d: d.remotes.push(
        "far", [PushRef("refs/heads/main", d.git.resolve("main"), d.base), PushRef("refs/heads/new", d.ui, None)]
    ),
    "push over another commit": lambda d: d.remotes.push(
        "far", [PushRef("refs/heads/main", d.ui, d.base)]
    ).splitlines()[0],
    "the ledger's tip, without a ledger": lambda d: d.store.tip(),
    "move the ledger": lambda d: d.store.forward(None, d.base),
    "move the ledger of others": lambda d: d.store.forward(None, d.base),
    "the ledger's tip": lambda d: d.store.tip(),
    "read a file of the ledger": lambda d: (
        d.store.read(d.base, "README.md"),
        d.store.read(d.base, "src"),
        d.store.read(d.base, "x"),
    ),
    "paths of the ledger": lambda d: (tuple(d.store.paths(d.base, "")), tuple(d.store.paths(d.base, "src"))),
    "records since": lambda d: [one.id for one in d.store.since(None, d.base)],
    "records since another history": lambda d: [one.id for one in d.store.since(d.api, d.base)],
    "records back": lambda d: [one.id for one in d.store.back(d.base)],
    "objects": lambda d: [one.kind for one in d.reader.objects([d.base, d.git.tree(d.base)])],
    "checked history": lambda d: [one.id for one in checked(d.reader, d.base)],
    "commits": lambda d: len(list(d.reader.commits())),
    "refs": lambda d: d.reader.refs(),
}

AT_ONCE = ("records", "checked history", "commits")
"""The operations that run two gits at once."""


@pytest.fixture
def desk(tmp_path, repo):
    return Desk(tmp_path, repo, tmp_path / "commands")


def answer(act, desk) -> str:
    """What an operation answers, or the error that it raises."""
    try:
        return shown(act(desk))
    except GitorchError as error:
        return f"{error.code}: {error.message} $ {error.hint}"


def test_every_operation_on_git_runs_these_commands(desk, request):
    told = []
    for name, act in OPERATIONS.items():
        desk.log.write_text("")
        found = GITS_WORDS.sub(r"\1: …", answer(act, desk))
        lines = desk.log.read_text().splitlines()
        if name.startswith(AT_ONCE):
            lines.sort()
        told.append("\n".join([f"> {name}", *lines, f"= {found}".rstrip(), ""]))
    assert_golden("git-commands.txt", numbered("\n".join(told), desk.folder), request)


def numbered(text: str, folder: Path) -> str:
    """The text without the names of this run: ids become numbers, in the order in which they come."""
    numbers: dict[str, str] = {}

    def short(match: re.Match[str]) -> str:
        return next((named for whole, named in numbers.items() if whole.startswith(match[0])), "<short>")

    text = text.replace(str(folder), "{folder}")
    text = ID.sub(lambda match: numbers.setdefault(match[0], f"<{len(numbers) + 1}>"), text)
    return SHORT_ID.sub(short, text)


ENVIRONMENTS = {
    "in the repository": lambda d: d.git.current(),
    "in a worktree": lambda d: (
        d.trees.ensure(d.tree, d.base, API),
        d.git.facts(d.tree, d.base),
        d.git.draft(d.tree, "x", "A", 0),
    ),
    "at a remote": lambda d: d.remotes.heads("far", ["refs/heads/main"]),
    "with hooks, at a remote": lambda d: d.remotes.push("far", [PushRef("refs/heads/api", d.api, None)]),
    "of the ledger": lambda d: d.store.tip(),
    "of the ledger's history": lambda d: list(d.store.back(d.base)),
    "of the ledger's objects": lambda d: d.reader.refs(),
}


def settled(text: str) -> list[str]:
    """What decides about a call of git: its directories, its variables, and the settings that variables hold, sorted."""
    values = dict(re.findall(r"^([A-Z0-9_]+)=(.*)$", text, re.MULTILINE))
    found = re.findall(r"^--(?:git-dir|work-tree|no-pager).*$", text, re.MULTILINE)
    for number in range(int(values["GIT_CONFIG_COUNT"])):
        found.append(f"{values[f'GIT_CONFIG_KEY_{number}']}={values[f'GIT_CONFIG_VALUE_{number}']}")
    for name, value in values.items():
        if re.match(r"LC_|LANG|GIT_(?!CONFIG_|AUTHOR_|COMMITTER_)", name):
            found.append(f"{name}={value}")
    return sorted(found)


def test_git_gets_these_directories_and_variables(desk, request):
    wanted, told, first = Path(f"{desk.log}.wanted"), [], []
    wanted.touch()
    for name, act in ENVIRONMENTS.items():
        act(desk)
        found = settled(wanted.read_text())
        gone = [f"without {line}" for line in first if line not in found]
        told.append("\n".join([f"> {name}", *(line for line in found if line not in first), *gone, ""]))
        first = first or found
    assert_golden("git-environments.txt", numbered("\n".join(told), desk.folder), request)


def test_the_caller_s_variables_reach_git_only_where_they_say_how_to_reach_a_remote(repo, tmp_path):
    names = (
        "GIT_SSH",
        "GIT_SSH_COMMAND",
        "GIT_SSH_VARIANT",
        "GIT_ASKPASS",
        "GIT_DIR",
        "GIT_TRACE",
        "GITORCH_TOKEN",
        "OTHER",
    )
    place = Place(tmp_path, None, repo)
    env = place.git("*", f"env >{tmp_path}/seen") | dict.fromkeys(names, "given")

    GitCommands(repo.path, env, SystemClock()).current()

    seen = (tmp_path / "seen").read_text().splitlines()
    assert [name for name in names if f"{name}=given" in seen] == [*names[:4], "OTHER"]
