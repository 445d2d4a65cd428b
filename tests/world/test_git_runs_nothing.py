"""Programs that an agent plants wherever it can write, and every git call of gitorch's: none of the programs ever runs."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from world import repos

from gitorch.errors import Corrupt, Failed, Unavailable
from gitorch.model.ids import CommitId, Moment
from gitorch.ports.world import PushRef
from gitorch.world.clock import SystemClock
from gitorch.world.git.history import GitHistory
from gitorch.world.git.remotes import GitRemotes
from gitorch.world.git.repository import GitCommands
from gitorch.world.git.store import GitStore
from gitorch.world.git.worktrees import GitWorktrees

if TYPE_CHECKING:
    from pathlib import Path

AT = Moment(1_700_000_000_000)
ATTRIBUTES = "* filter=evil diff=evil merge=evil\n"


class Field:
    """A repository with a worktree of an agent's, a remote, and a program that leaves its name when it runs."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.repo = repos.make(folder)
        self.base = CommitId(self.repo.git("rev-parse", "main"))
        self.remote = folder / "remote.git"
        self.repo.git("init", "-q", "--bare", str(self.remote), cwd=folder)
        self.repo.git("remote", "add", "origin", str(self.remote))
        self.trace = folder / "ran"
        self.program = folder / "planted"
        self.program.write_text(
            f'#!/bin/sh\necho "$0 $* < $(tr "\\0" " " < /proc/$PPID/cmdline)" >> {self.trace}\nexit 0\n'
        )
        self.program.chmod(0o755)
        self.trusted = None
        self.path = folder / "w" / "api"
        self.git, self.worktrees, self.remotes = (
            kind(self.repo.path, self.repo.environ, SystemClock(), lambda: self.trusted)
            for kind in (GitCommands, GitWorktrees, GitRemotes)
        )
        self.worktrees.ensure(self.path, self.base, "gitorch/r/api")
        self.record = self.repo.path / ".git/worktrees/api"

    def begin(self) -> None:
        """The principal starts the run: what stands now is trusted."""
        self.trusted = self.git.settings_snapshot()

    def work(self) -> CommitId:
        """A commit of the agent's, made with a git of the agent's own, and changed files on top of it."""
        self.repo.git("-c", "core.fsmonitor=false", "commit", "-q", "--allow-empty", "-m", "work", cwd=self.path)
        (self.path / "README.md").write_text("uncommitted\n")
        (self.path / "new").write_text("new\n")
        return CommitId(self.repo.git("rev-parse", "gitorch/r/api"))

    def call_everything(self) -> list[str]:
        """Make every git call once; the errors, by which the rest was refused."""
        head = self.git.resolve("gitorch/r/api")
        other = CommitId(self.git.commit_merge(self.git.tree(head), [self.base, head], "Merge", AT))
        store = GitStore(self.repo.path / ".git", self.repo.environ)
        calls = [
            self.git.settings_snapshot,
            lambda: self.git.facts(self.path, self.base, ["x/*"]),
            lambda: self.git.draft(self.path, "draft", "A <a@b>", AT),
            lambda: self.git.adopt(self.path, self.git.draft(self.path, "draft", "A <a@b>", AT)),
            lambda: self.git.stat(self.base, head),
            lambda: self.git.try_merge(self.base, head),
            lambda: self.git.contains(self.base, head),
            lambda: self.git.commits_since(self.base, head),
            lambda: self.git.subjects(self.base, head),
            lambda: self.git.graph("main", 5),
            lambda: self.git.file_at(head, "README.md"),
            lambda: self.git.is_ledger(head),
            lambda: self.git.behind_remote("main"),
            self.git.branches,
            self.git.current,
            lambda: self.git.setting("core.fsmonitor"),
            lambda: self.git.pack(0),
            lambda: self.git.move("main", other, self.base),
            lambda: self.git.move("gitorch/r/api", other, head),
            lambda: self.worktrees.below(self.path.parent),
            lambda: self.worktrees.ensure(self.path, self.base, "gitorch/r/next", shared=True),
            lambda: self.worktrees.ensure(self.folder / "w/check", head, None),
            lambda: self.worktrees.ensure(self.folder / "w/check", other, None),
            lambda: self.worktrees.remove(self.folder / "w/check"),
            lambda: self.worktrees.remove(self.path),
            lambda: self.worktrees.remove(self.path, force=True),
            lambda: self.worktrees.delete_branch("gitorch/r/next"),
            lambda: self.worktrees.tidy(self.path.parent),
            self.remotes.names,
            lambda: self.remotes.heads("origin", ["refs/heads/main"]),
            lambda: self.remotes.push("origin", [PushRef("refs/heads/main", self.base, None)]),
            lambda: self.remotes.fetch("origin", "refs/heads/main"),
            store.tip,
            lambda: list(store.paths(head, "")),
            lambda: store.read(head, "README.md"),
            lambda: list(GitHistory(self.repo.path / ".git", self.repo.environ).stream(head)),
        ]
        errors = []
        for call in calls:
            try:
                call()
            except (Corrupt, Unavailable, Failed) as error:
                errors.append(error.message)
        return errors

    def ran(self) -> list[str]:
        return self.trace.read_text().splitlines() if self.trace.exists() else []


@pytest.fixture
def field(tmp_path):
    return Field(tmp_path)


ALWAYS_OFF = [
    "core.fsmonitor",
    "core.pager",
    "core.editor",
    "sequence.editor",
    "core.alternateRefsCommand",
    "diff.external",
    "diff.evil.command",
    "diff.evil.textconv",
    "gpg.program",
    "gpg.ssh.program",
    "alias.status",
    "alias.worktree",
    "pager.log",
    "pager.diff",
    "trailer.Gitorch-Record.command",
    "interactive.diffFilter",
    "uploadpack.packObjectsHook",
]
LATER = [
    "filter.evil.clean",
    "filter.evil.smudge",
    "filter.evil.process",
    "merge.evil.driver",
    "core.sshCommand",
    "core.askPass",
    "core.gitProxy",
    "credential.helper",
    "remote.origin.uploadpack",
    "remote.origin.receivepack",
]
PLACES = ["config", "config.worktree", "include", "includeIf"]


def plant(field: Field, place: str, key: str, value: str) -> None:
    """Set a key in one of the places that an agent may be able to write."""
    repository = field.repo.path / ".git/config"
    if place == "config":
        field.repo.git("config", "--file", str(repository), key, value)
    elif place == "config.worktree":
        field.repo.git("config", "--file", str(repository), "extensions.worktreeConfig", "true")
        for folder in (field.record, field.repo.path / ".git"):
            field.repo.git("config", "--file", str(folder / "config.worktree"), key, value)
    else:
        included = field.folder / "included"
        field.repo.git("config", "--file", str(included), key, value)
        section = "include.path" if place == "include" else f"includeIf.gitdir:{field.repo.path}/.path"
        field.repo.git("config", "--file", str(repository), section, str(included))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("keys", [ALWAYS_OFF, LATER], ids=["always off", "off when new"])
def test_a_setting_that_an_agent_plants_runs_nothing(field, place, keys):
    field.begin()
    field.work()
    (field.path / ".gitattributes").write_text(ATTRIBUTES)
    for key in keys:
        plant(field, place, key, str(field.program))
    plant(field, place, "core.hooksPath", str(plant_hooks(field, field.folder / "hooks of the agent")))
    plant(field, place, "commit.gpgSign", "true")
    field.trace.unlink(missing_ok=True)
    field.call_everything()
    assert field.ran() == []


def plant_hooks(field: Field, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name in ("reference-transaction", "pre-push", "post-checkout", "post-index-change", "pre-auto-gc", "fsmonitor"):
        shutil.copy(field.program, folder / name)
    return folder


def test_attributes_in_the_worktree_and_the_repository_run_nothing_and_are_named(field):
    field.begin()
    for key in ("filter.evil.clean", "merge.evil.driver", "diff.evil.textconv"):
        plant(field, "config", key, str(field.program))
    (field.repo.path / ".git/info").mkdir(exist_ok=True)
    (field.repo.path / ".git/info/attributes").write_text(ATTRIBUTES)
    field.work()
    field.trace.unlink(missing_ok=True)
    hazards = field.git.facts(field.path, field.base).hazards
    assert [line.split()[0] for line in hazards] == ["filter.evil.clean", "info/attributes", "merge.evil.driver"]
    errors = field.call_everything()
    assert any("filter.evil.clean of this repository changed" in error for error in errors)
    assert field.ran() == []


def test_hooks_that_an_agent_plants_are_refused_by_name(field):
    field.begin()
    field.work()
    plant_hooks(field, field.repo.path / ".git/hooks")
    field.trace.unlink(missing_ok=True)
    errors = field.call_everything()
    assert any(error.startswith("hooks/") and "changed since the run began" in error for error in errors)
    assert field.ran() == []


def test_hooks_of_the_target_run_at_the_merge_from_the_path_that_the_run_began_with(field):
    field.repo.git("config", "core.hooksPath", str(plant_hooks(field, field.folder / "hooks of the user")))
    field.begin()
    field.repo.git("config", "core.hooksPath", str(field.folder / "elsewhere"))
    head = field.work()
    field.trace.unlink(missing_ok=True)
    assert field.git.move("main", head, field.base).moved
    assert field.ran()
    assert all(line.startswith(f"{field.folder}/hooks of the user/reference-transaction ") for line in field.ran())


def test_a_git_file_that_names_another_git_directory_is_refused(field):
    field.begin()
    evil = field.path / "evil"
    field.repo.git("init", "-q", "--bare", str(evil))
    for key, value in (
        ("core.bare", "false"),
        ("core.worktree", str(field.path)),
        ("core.fsmonitor", str(field.program)),
    ):
        field.repo.git("config", "--file", str(evil / "config"), key, value)
    head = field.work()
    pointer = field.path / ".git"
    pointer.write_text(f"gitdir: {evil}\n")
    with pytest.raises(Unavailable, match=r"\.git no longer names .*/worktrees/api") as refused:
        field.git.facts(field.path, field.base)
    assert refused.value.hint == f"echo 'gitdir: {field.record}' > {pointer}"
    pointer.unlink()
    pointer.symlink_to(evil)
    with pytest.raises(Unavailable, match="no longer names"):
        field.git.facts(field.path, field.base)
    field.trace.unlink(missing_ok=True)
    field.call_everything()
    assert field.ran() == []
    assert field.git.resolve("main") in {head, field.base, field.git.resolve("main")}


def test_a_commondir_file_that_names_another_git_directory_is_not_believed(field):
    field.begin()
    evil = field.folder / "evil"
    shutil.copytree(field.repo.path / ".git", evil)
    field.repo.git("config", "--file", str(evil / "config"), "core.fsmonitor", str(field.program))
    field.repo.git("config", "--file", str(evil / "config"), "filter.evil.clean", str(field.program))
    (field.path / ".gitattributes").write_text(ATTRIBUTES)
    field.work()
    (field.record / "commondir").write_text(f"{evil}\n")
    field.trace.unlink(missing_ok=True)
    field.call_everything()
    assert field.ran() == []


def test_a_submodule_s_own_configuration_runs_nothing(field):
    inner = repos.make(field.folder / "inner")
    field.repo.git("-c", "protocol.file.allow=always", "submodule", "-q", "add", str(inner.path), "sub", cwd=field.path)
    field.repo.git("commit", "-q", "-m", "submodule", cwd=field.path)
    field.begin()
    for key in ("core.fsmonitor", "core.pager", "filter.evil.clean", "diff.external"):
        field.repo.git("config", key, str(field.program), cwd=field.path / "sub")
    (field.path / "sub/README.md").write_text("changed in the submodule\n")
    (field.path / "sub/.gitattributes").write_text(ATTRIBUTES)
    (field.path / ".gitmodules").write_text(
        f'[submodule "sub"]\n\tpath = sub\n\turl = ext::{field.program}\n\tupdate = !{field.program}\n'
    )
    field.work()
    field.trace.unlink(missing_ok=True)
    field.call_everything()
    assert field.ran() == []


@pytest.mark.parametrize("kind", ["ext", "path", "rewritten", "vcs", "promisor", "promisor of a path"])
def test_a_remote_that_an_agent_changed_is_not_contacted(field, kind):
    field.begin()
    evil = field.folder / "evil.git"
    field.repo.git("init", "-q", "--bare", str(evil))
    plant_hooks(field, evil / "hooks")
    for name in ("update", "post-receive", "pre-receive"):
        shutil.copy(field.program, evil / "hooks" / name)
    settings = {
        "ext": {"remote.origin.url": f"ext::{field.program}"},
        "path": {"remote.origin.url": str(evil)},
        "rewritten": {f"url.{evil}.insteadOf": str(field.remote)},
        "vcs": {"remote.origin.vcs": "ext", "remote.origin.url": str(field.program)},
        "promisor": {
            "remote.evil.url": f"ext::{field.program}",
            "remote.evil.promisor": "true",
            "extensions.partialClone": "evil",
            "remote.evil.uploadpack": str(field.program),
        },
        "promisor of a path": {
            "remote.evil.url": str(evil),
            "remote.evil.promisor": "true",
            "extensions.partialClone": "evil",
            "remote.evil.uploadpack": str(field.program),
        },
    }[kind]
    if kind.startswith("promisor"):
        settings["core.repositoryFormatVersion"] = "1"
    for key, value in settings.items():
        field.repo.git("config", key, value)
    field.work()
    if kind.startswith("promisor"):
        blob = field.repo.git("rev-parse", f"{field.base}:src/a.py")
        (field.repo.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    field.trace.unlink(missing_ok=True)
    errors = field.call_everything()
    assert field.ran() == []
    if not kind.startswith("promisor"):
        assert any("changed since the run began" in error for error in errors)


def test_a_filter_that_stood_when_the_run_began_still_works(field):
    stored = field.folder / "stored"
    field.repo.git("config", "filter.lfs.clean", f"sh -c 'cat > {stored}; echo pointer'")
    field.repo.git("config", "filter.lfs.smudge", f"sh -c 'cat > /dev/null; cat {stored}'")
    field.repo.git("config", "filter.lfs.required", "true")
    field.begin()
    (field.path / ".gitattributes").write_text("*.bin filter=lfs\n")
    (field.path / "big.bin").write_text("large content\n")
    head = field.git.draft(field.path, "draft", "A <a@b>", AT)
    assert field.git.file_at(head, "big.bin") == b"pointer\n"
    assert field.git.facts_of(head, field.base).hazards == ()
    field.worktrees.ensure(field.folder / "w/check", head, None)
    assert (field.folder / "w/check/big.bin").read_text() == "large content\n"
    field.repo.git("config", "filter.lfs.smudge", str(field.program))
    field.worktrees.remove(field.folder / "w/check", force=True)
    field.worktrees.ensure(field.folder / "w/check", head, None)
    assert (field.folder / "w/check/big.bin").read_text() == "pointer\n"
    assert [line.split()[0] for line in field.git.facts_of(head, field.base).hazards] == ["filter.lfs.smudge"]
    assert field.ran() == []


def test_a_filter_that_an_agent_removed_is_named(field):
    field.repo.git("config", "filter.lfs.clean", "cat")
    field.begin()
    head = field.work()
    field.repo.git("config", "--remove-section", "filter.lfs")
    hazards = field.git.facts_of(head, field.base).hazards
    assert hazards == ("filter.lfs.clean of this repository changed since the run began: put it back as it was",)


def test_a_merge_without_its_driver_is_the_merge_of_text(field):
    field.begin()
    field.repo.git("config", "merge.evil.driver", str(field.program))
    assert field.git._git.judgement().overrides == (
        ("merge.evil.driver", "git merge-file --quiet --marker-size=%L %A %O %B"),
    )


def test_uncommitted_files_of_a_submodule_count_as_uncommitted(field):
    inner = repos.make(field.folder / "inner")
    field.repo.git("-c", "protocol.file.allow=always", "submodule", "-q", "add", str(inner.path), "sub", cwd=field.path)
    field.repo.git("commit", "-q", "-m", "submodule", cwd=field.path)
    assert field.git.facts(field.path, field.base).uncommitted == ()
    (field.path / "sub/README.md").write_text("changed\n")
    assert field.git.facts(field.path, field.base).uncommitted == ("sub",)
    field.repo.git("checkout", "-q", "README.md", cwd=field.path / "sub")
    assert field.git.facts(field.path, field.base).uncommitted == ()
    (field.path / "sub/.git").write_text(f"gitdir: {inner.path}/.git\n")
    assert field.git.facts(field.path, field.base).uncommitted == ("sub",)


def test_a_partial_clone_fetches_what_it_lacks(field):
    field.repo.git("config", "uploadpack.allowFilter", "true")
    clone = field.folder / "clone"
    field.repo.git("clone", "-q", "--bare", "--filter=blob:none", f"file://{field.repo.path}", str(clone))
    git, worktrees = (kind(clone, field.repo.environ, SystemClock()) for kind in (GitCommands, GitWorktrees))
    assert git.file_at(field.base, "src/a.py") == b"a = 1\n"
    worktrees.ensure(field.folder / "w/clone", field.base, None)
    assert GitStore(clone, field.repo.environ).read(field.base, "README.md") == b"one\ntwo\nthree\n"


def test_what_changed_since_the_run_began_is_listed_by_name(field):
    field.begin()
    assert field.git.changed_settings() == ()
    field.repo.git("config", "core.hooksPath", "elsewhere")
    field.repo.git("config", "core.sshCommand", "ssh -v")
    field.repo.git("config", "user.name", "B")
    assert field.git.changed_settings() == ("core.hookspath", "core.sshcommand")


@pytest.mark.parametrize("key", ["core.attributesfile", "core.worktree"])
def test_another_place_for_attributes_is_named(field, key):
    field.begin()
    head = field.work()
    field.repo.git("config", "--file", str(field.repo.path / ".git/config"), key, str(field.folder))
    assert field.git.facts(field.path, field.base).hazards == (
        f"{key} of this repository changed since the run began: put it back as it was",
    )
    with pytest.raises(Unavailable, match=key):
        field.git.try_merge(field.base, head)


def test_a_folder_that_is_no_worktree_of_the_repository_is_unavailable(field, tmp_path):
    other = repos.make(tmp_path / "other")
    for path in (other.path, tmp_path / "nothing"):
        with pytest.raises(Unavailable, match="is no worktree of this repository"):
            field.git.facts(path, field.base)


def test_a_configuration_that_git_cannot_read_is_unavailable(field):
    field.begin()
    with (field.repo.path / ".git/config").open("a") as config:
        config.write("[include\n")
    with pytest.raises(Unavailable, match="git cannot read its configuration"):
        field.git.facts(field.path, field.base)


def test_a_value_that_the_user_s_own_configuration_has_too_is_trusted(field):
    field.begin()
    for options in (("--global",), ()):
        field.repo.git("config", *options, "filter.lfs.clean", "cat")
    assert field.git.changed_settings() == ()
    field.repo.git("config", "--add", "filter.lfs.clean", str(field.program))
    assert field.git.changed_settings() == ("filter.lfs.clean",)
