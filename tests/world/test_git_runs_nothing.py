"""Programs that an agent plants wherever it can write, and every git call of gitorch's: none of the programs ever runs."""

from __future__ import annotations

import shutil

import pytest
from world import repos
from world.planted import ATTRIBUTES, plant, plant_hooks

from gitorch.errors import Unavailable

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
KEYS = {"always off": ALWAYS_OFF, "off when new": LATER}
PLACES = ["config", "config.worktree", "include", "includeIf"]
QUICK = {
    ("config", "always off"),
    ("config", "off when new"),
    ("config.worktree", "off when new"),
    ("include", "always off"),
    ("includeIf", "off when new"),
}
"""Both kinds of keys in the file that is read first, and one in each other place."""


@pytest.mark.each(2)
@pytest.mark.parametrize(
    ("place", "keys"),
    [
        pytest.param(place, KEYS[kind], id=f"{kind}-{place}", marks=() if (place, kind) in QUICK else pytest.mark.slow)
        for kind in KEYS
        for place in PLACES
    ],
)
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
    assert any(error.startswith("hooks/") and "changed since the oldest open run began" in error for error in errors)
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


@pytest.mark.each(2)
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
        assert any("changed since the oldest open run began" in error for error in errors)
