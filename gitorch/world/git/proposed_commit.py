"""Commits that only add files, made without a checkout, and commits as they are stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt, NotFound
from gitorch.model.ids import CommitId
from gitorch.text.records.objects import object_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import Moment
    from gitorch.world.git.runner import GitRunner

SHA1_DIGITS = 40


def commit_files(
    git: GitRunner, base: CommitId | None, files: Mapping[str, bytes], message: str, at: Moment
) -> CommitId:
    """A commit by gitorch that adds these files to `base`; without one, the first commit of a branch.

    No ref names it, and no checkout or index changes. The same arguments always give the same commit.
    """
    import tempfile  # noqa: PLC0415  4 ms that other verbs do not pay

    with tempfile.TemporaryDirectory(prefix="gitorch-commit-") as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        if base is not None:
            git.output("read-tree", base, env=env)
        lines = ""
        for path, data in sorted(files.items()):
            blob = git.output("hash-object", "-w", "--no-filters", "--stdin", given=data).strip()
            lines += f"100644 {blob}\t{path}\n"
        git.output("update-index", "--add", "--index-info", given=lines.encode(), env=env)
        tree = git.output("write-tree", env=env).strip()

    parents = () if base is None else ("-p", base)
    date = f"@{at // 1000} +0000"
    identity: dict[str, str] = {}
    for role in ("AUTHOR", "COMMITTER"):
        identity |= {f"GIT_{role}_NAME": "gitorch", f"GIT_{role}_EMAIL": "gitorch@gitorch.invalid"}
        identity[f"GIT_{role}_DATE"] = date
    return CommitId(git.output("commit-tree", tree, *parents, "-F", "-", given=message.encode(), env=identity).strip())


def commit_body(git: GitRunner, commit: CommitId) -> bytes:
    """A commit as git stores it. Raises NotFound where the repository lacks it, Corrupt where its content is another's."""
    result = git.run("cat-file", "commit", commit)
    if result.status != 0:
        raise NotFound(f"this repository does not have the commit {commit[:12]}", "git fetch --all")

    body = result.out_bytes
    algorithm = "sha256"
    if len(commit) == SHA1_DIGITS:
        algorithm = "sha1"
    if object_id("commit", body, algorithm) == commit:
        return body

    raise Corrupt(f"The commit {commit} was replaced: its content does not match its name.", "git fsck", commit)
