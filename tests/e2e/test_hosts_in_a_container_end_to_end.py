"""The jobs of examples/hosts as their engines run them: in a container with git, Python, tmux and the wheel, over a forge."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from forge import make_key
from house import House, house
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from forge import Forge

pytestmark = [pytest.mark.tmux, pytest.mark.slow, pytest.mark.xdist_group("wheel")]

EXAMPLES = Path(__file__).parents[2] / "examples/hosts"
HOME = "/home/runner"


def github(secrets: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The step that takes a job, and its variables."""
    step = YAML(typ="safe").load(EXAMPLES / "github-actions.yml")["jobs"]["host"]["steps"][-1]
    known = secrets | {"runner.temp": f"{HOME}/temp"}
    return step["run"], {
        name: re.sub(r"\$\{\{ (.*?) \}\}", lambda m: known.get(m[1], ""), value) for name, value in step["env"].items()
    }


def gitlab(secrets: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The script of the job, and its variables."""
    job = YAML(typ="safe").load(EXAMPLES / "gitlab-ci.yml")["gitorch-host"]
    known = {"$GITORCH_HOST_KEY": f"{HOME}/key", "$GITORCH_LEDGER": secrets["vars.GITORCH_LEDGER"]}
    return "\n".join(job["script"]), {name: known.get(value, value) for name, value in job["variables"].items()}


def container(checkout: Path, key: Path, script: Path, programs: Path, env: dict[str, str]) -> list[str]:
    """The words that run a command in a machine that has nothing of this one but its system and one network."""
    words = [
        "bwrap",
        "--unshare-all",
        "--share-net",
        "--die-with-parent",
        "--clearenv",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
    ]
    words += ["--tmpfs", "/tmp", "--dir", f"{HOME}/temp", "--bind", str(checkout), f"{HOME}/project"]
    places = ["/usr", "/bin", "/lib", "/lib64", "/etc/passwd", "/etc/group", "/etc/alternatives", "/etc/ld.so.cache"]
    places += [sys.base_prefix, sysconfig.get_path("purelib"), str(programs.parent), str(script)]
    for place in places:
        if Path(place).exists():
            words += ["--ro-bind", place, place]
    words += ["--ro-bind", str(key), f"{HOME}/key", "--chdir", f"{HOME}/project"]
    for name, value in (env | {"HOME": HOME, "PATH": f"{programs}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}).items():
        words += ["--setenv", name, value]
    return words


@pytest.fixture
def desk(tmp_path: Path, forge: Forge):
    """The first host of a ledger on the forge, which knows the host `ci`; two epics wait for somebody who takes them."""
    with house(tmp_path / "desk", "desk") as home:
        home.configure(command="[]")
        config = home.path / "gitorch.yaml"
        config.write_text(config.read_text(encoding="utf-8") + "ledger: {remote: origin}\n", encoding="utf-8")
        shutil.copytree(EXAMPLES, home.path / "examples/hosts")
        home.repo.git("add", "-A")
        home.repo.git("commit", "--quiet", "--message", "Configure gitorch")
        home.repo.git("remote", "add", "origin", forge.address)
        home.repo.git("push", "--quiet", "origin", "main")
        home("init")
        home("host", "join", "--name", "desk", "--add")
        public = make_key(tmp_path / "ci", "ci").with_suffix(".pub").read_text(encoding="utf-8")
        home("host", "add", "ci", public.strip())
        home.start("api", "ui")
        yield home


@pytest.mark.parametrize("engine", [github, gitlab])
def test_the_job_of_a_forge_takes_one_job_in_a_container_and_ends(
    engine, desk: House, forge: Forge, installed: Path, tmp_path: Path
) -> None:
    if shutil.which("bwrap") is None:
        pytest.skip("bwrap is not installed")
    key = tmp_path / "ci"
    secrets = {"secrets.GITORCH_HOST_KEY": key.read_text(encoding="utf-8"), "vars.GITORCH_LEDGER": desk.tip()}
    script, env = engine(secrets)
    env["REMOTE"] = forge.address
    words = container(desk.path, key, desk.script, installed, env)
    done = subprocess.run([*words, "sh", "-e", "-c", script], text=True, capture_output=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    desk("sync")
    (lease,) = desk.records("lease-granted")
    assert lease["_actor"]["host"] == "ci"
    assert [record["job"] for record in desk.records("handoff-submitted")] == [lease["job"]]
    assert forge.git("for-each-ref", "--format=%(refname)", "refs/gitorch/commits")
    assert "records verified" in desk("verify").out

    other = {**env, "LEDGER": desk.repo.git("rev-parse", "main")}
    words = container(desk.path, key, desk.script, installed, other)
    refused = subprocess.run([*words, "sh", "-e", "-c", script], text=True, capture_output=True, check=False)
    assert refused.returncode == 7
    assert "does not contain" in refused.stderr
    assert os.path.realpath("/proc/self/root") == "/"
