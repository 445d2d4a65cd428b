"""Which settings of a repository git may use during a run: those of its start still work, and what changed is named."""

from __future__ import annotations

import os
import shutil

import pytest
from world import repos
from world.planted import AT

from gitorch.errors import Unavailable
from gitorch.world import host
from gitorch.world.clock import SystemClock
from gitorch.world.git.directories import worktree_directories
from gitorch.world.git.repository import GitCommands
from gitorch.world.git.settings import DIGESTED_BYTES
from gitorch.world.git.store import GitStore
from gitorch.world.git.worktrees import GitWorktrees


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
    assert hazards == (
        "filter.lfs.clean of this repository changed since the oldest open run began: put it back as it was",
    )


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
        f"{key} of this repository changed since the oldest open run began: put it back as it was",
    )
    with pytest.raises(Unavailable, match=key):
        field.git.try_merge(field.base, head)


def test_a_folder_that_is_no_worktree_of_the_repository_is_unavailable(field, tmp_path):
    other = repos.make(tmp_path / "other")
    for path in (other.path, tmp_path / "nothing"):
        with pytest.raises(Unavailable, match="is not a worktree of this repository"):
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


def test_a_snapshot_of_the_repository_names_all_its_settings_and_hooks(field):
    field.repo.git("config", "--global", "user.email", "me@example.com")
    before = field.git.repository_snapshot()
    common = field.repo.path / ".git"
    elsewhere = field.folder / "elsewhere"
    for path in (common / "hooks/post-merge", common / "hooks/pre-push.sample", elsewhere / "pre-commit"):
        path.parent.mkdir(exist_ok=True)
        path.write_text("exit")
    (common / "info").mkdir(exist_ok=True)
    (common / "info/attributes").write_text("* -text")
    field.repo.git("config", "core.hooksPath", str(elsewhere))
    field.repo.git("config", "alias.st", "status")
    after = field.git.repository_snapshot()
    assert {name for name in after if after[name] != before.get(name)} == {
        "config/alias.st",
        "config/core.hookspath",
        "core.hookspath/pre-commit",
        "hooks/post-merge",
        "info/attributes",
    }
    assert before.items() <= after.items()
    assert "me@example.com" not in str(after)


def test_a_hook_that_is_huge_unreadable_or_missing_does_not_hold_up_a_snapshot(field):
    hook = field.repo.path / ".git/hooks/post-merge"
    hook.parent.mkdir(exist_ok=True)
    digests = set()
    for size in (DIGESTED_BYTES, DIGESTED_BYTES + 1, 1 << 40):
        with hook.open("wb") as file:
            file.truncate(size)
        digests.add(field.git.repository_snapshot()["hooks/post-merge"])
    assert len(digests) == 3
    hook.unlink()
    hook.symlink_to("/proc/self/mem")
    assert field.git.repository_snapshot()["hooks/post-merge"] == "unreadable"
    shutil.rmtree(hook.parent)
    hook.parent.write_text("no folder")
    assert "hooks/post-merge" not in field.git.repository_snapshot()


def test_a_pipe_in_the_place_of_gits_configuration_holds_nobody_up(field):
    config = field.git._git.directories.common / "config"
    config.unlink()
    os.mkfifo(config)
    with pytest.raises(Unavailable, match="is no regular file, and git needs it as one") as caught:
        field.git.resolve("main")
    assert caught.value.hint == f"ls -l {config}"


def test_pipes_in_the_place_of_hooks_and_records_of_worktrees_hold_nobody_up(field):
    common = field.git._git.directories.common
    os.mkfifo(common / "hooks" / "pre-push")
    (common / "worktrees" / "odd").mkdir(parents=True)
    os.mkfifo(common / "worktrees" / "odd" / "gitdir")
    assert "hooks/pre-push" not in field.git.repository_snapshot()  # it is no program that git could run
    assert field.git.resolve("main") is not None
    with pytest.raises(Unavailable):
        worktree_directories(field.repo.path, field.git._git.directories, field.folder / "nowhere")


def test_a_pipe_in_the_place_of_the_secret_is_named(tmp_path):
    os.mkfifo(tmp_path / "secret")
    with pytest.raises(Unavailable, match="secret cannot be read") as caught:
        host.secret(tmp_path)
    assert caught.value.hint == f"mv {tmp_path / 'secret'} {tmp_path / 'secret'}.aside"
