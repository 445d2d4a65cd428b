"""What git shows of each changed file: renames, modes, links, binary files, submodules, and names of any bytes."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from gitorch.model.path_text import text_of
from gitorch.model.work.report import FileChange, HowChanged
from gitorch.world.clock import SystemClock
from gitorch.world.git.repository import GitCommands

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from repos import Repo

LINES = "".join(f"line {number}\n" for number in range(20))


def head(path: Path) -> str:
    subprocess.run(("git", "add", "-A"), cwd=path, check=True)
    subprocess.run(("git", "commit", "-qm", "x"), cwd=path, check=True)
    return subprocess.check_output(("git", "rev-parse", "HEAD"), cwd=path, text=True).strip()


def changes_of(repo: Repo, before: dict, change: Callable[[Path], None]) -> tuple[FileChange, ...]:
    for name, data in before.items():
        (repo.path / name).write_bytes(data)
    base = head(repo.path)
    change(repo.path)
    git = GitCommands(repo.path, os.environ, SystemClock())
    return git.file_changes(base, head(repo.path))


def test_a_renamed_file_is_one_change(repo):
    def rename(path):
        (path / "old.txt").rename(path / "new.txt")
        (path / "new.txt").write_text(LINES + "more\n")

    subprocess.run(("git", "config", "diff.renames", "false"), cwd=repo.path, check=True)
    (change,) = changes_of(repo, {"old.txt": LINES.encode()}, rename)
    assert change == FileChange("new.txt", HowChanged.RENAMED, "old.txt", 1, size=len(LINES) + 5)


def test_modes_links_and_binary_files_are_told(repo):
    def change(path):
        (path / "run").chmod(0o755)
        (path / "link").symlink_to("run")
        (path / "tool").write_text("x\n")
        (path / "tool").chmod(0o755)
        (path / "image").write_bytes(b"\0" * 3000)

    found = {one.path: one for one in changes_of(repo, {"run": b"x\n"}, change)}
    assert found["run"] == FileChange("run", HowChanged.MODIFIED, mode="100644 → 100755", size=2)
    assert found["link"].mode == "000000 → 120000"
    assert found["tool"] == FileChange("tool", HowChanged.ADDED, added=1, mode="000000 → 100755", size=2)
    assert found["image"] == FileChange("image", HowChanged.ADDED, binary=True, size=3000)


def test_a_submodule_has_no_size(repo):
    def change(path):
        subprocess.run(("git", "init", "-q", "inner"), cwd=path, check=True)
        (path / "inner" / "a").write_text("a\n")
        head(path / "inner")

    (found,) = changes_of(repo, {"x": b"x\n"}, change)
    assert (found.path, found.mode, found.size) == ("inner", "000000 → 160000", 0)


NAMES = [
    b"caf\xe9.txt",
    b"a\nb",
    b"a\tb",
    b'say "hi"',
    b"-rf",
    b"a -> b",
    b"back\\slash",
    b"x" * 255,
    "n\u0303".encode(),
]


def test_every_name_is_told_exactly(repo):
    def change(path):
        for name in NAMES:
            (path / os.fsdecode(name)).write_bytes(b"x\n")

    found = changes_of(repo, {"x": b"x\n"}, change)
    assert sorted(one.path for one in found) == sorted(map(text_of, NAMES))
    assert {one.size for one in found} == {2}


def test_no_setting_of_a_user_changes_the_form_of_a_patch(repo):
    (repo.path / "a b.txt").write_text(LINES)
    base = head(repo.path)
    (repo.path / "a b.txt").write_text(LINES.replace("line 3\n", "line three\n"))
    new = head(repo.path)
    git = GitCommands(repo.path, os.environ, SystemClock())
    plain = git.patch(base, new)
    forms = (
        "diff.noprefix true",
        "color.ui always",
        "diff.context 0",
        "diff.mnemonicPrefix true",
        "diff.algorithm patience",
    )
    for form in (*forms, "diff.renames false", "color.diff always"):
        subprocess.run(("git", "config", *form.split()), cwd=repo.path, check=True)
    assert GitCommands(repo.path, os.environ, SystemClock()).patch(base, new) == plain
    assert plain.startswith("diff --git a/a b.txt b/a b.txt\n")
    assert "\n-line 3\n+line three\n" in plain
