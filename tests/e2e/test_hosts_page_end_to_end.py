"""docs/hosts.md, followed word for word in two clones, and the script of examples/hosts in a third."""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest
from house import GITORCH, House, house

pytestmark = [pytest.mark.tmux, pytest.mark.slow]

TOP = Path(__file__).parents[2]
BLOCK = re.compile(r"<!-- follow: (\w+) -->\n```sh\n(.*?)```", re.DOTALL)


def typed(folder: Path, block: str, **env: str) -> str:
    """What a block of the page prints; each command has to succeed."""
    path = f"{GITORCH.parent}:{os.environ['PATH']}"
    words = ("sh", "-e", "-c", block)
    env = {**os.environ, "PATH": path, **env}
    done = subprocess.run(words, cwd=folder, env=env, text=True, capture_output=True, check=False)
    assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
    return done.stdout


def two_clones(stack: ExitStack, folder: Path) -> tuple[House, House]:
    desk, attic = (stack.enter_context(house(folder / name, name)) for name in ("desk", "attic"))
    desk.configure(tests="'true'")
    config = (desk.path / "gitorch.yaml").read_text(encoding="utf-8")
    (desk.path / "gitorch.yaml").write_text(
        config.replace("run_on_target: false", "run_on_target: true"), encoding="utf-8"
    )
    desk("init")
    desk.plan("api", "ui")
    desk.repo.git("add", "-A")
    desk.repo.git("commit", "--quiet", "--message", "Configure gitorch")
    desk.repo.git("clone", "--quiet", "--bare", ".", str(folder / "remote.git"))
    for one in (desk, attic):
        one.repo.git("remote", "add", "origin", str(folder / "remote.git"))
    return desk, attic


def test_the_page_is_followed_word_for_word_and_hosts_share_the_jobs(
    tmp_path: Path,
) -> None:
    blocks = dict(BLOCK.findall((TOP / "docs/hosts.md").read_text(encoding="utf-8")))
    assert list(blocks) == ["share", "join", "start", "second", "work", "look"]
    with ExitStack() as stack:
        desk, attic = two_clones(stack, tmp_path)
        for name in ("share", "join", "start"):
            typed(desk.path, blocks[name])
        attic.repo.git("fetch", "--quiet", "origin")
        attic.repo.git("reset", "--quiet", "--hard", "origin/main")
        said = typed(attic.path, blocks["second"])
        typed(desk.path, said[said.index("gitorch host add") :])
        assert "is led by desk, which runs the tests of main" in typed(attic.path, blocks["work"])
        assert typed(desk.path, blocks["work"]) == "api is submitted\n"
        assert typed(attic.path, blocks["work"]) == "api.spec is completed\n"
        key = str(desk.path / ".git/gitorch/host-key")
        script = f"sh {TOP / 'examples/hosts/in-a-clone.sh'}"
        remote = str(tmp_path / "remote.git")
        typed(tmp_path, script, REMOTE=remote, HOST_NAME="desk", HOST_KEY=key, LEDGER=attic.tip())
        shown = typed(desk.path, "gitorch sync\n" + blocks["look"])
        assert re.search(r"attic +seen .* ago +has a key", shown), shown
        assert [record["_actor"]["host"] for record in desk.records("lease-granted")] == ["desk", "attic", "desk"]
