"""Claude Code in its own sandbox, as the preset `claude-sandboxed` starts it: it does a whole run, and its commands reach nothing else."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from house import house
from mind import Cue, Mind
from programs import PROGRAMS
from real_runs import configure, drive
from story import STORY, WRITTEN
from user import sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stand_in import StandIn

MISSING = [name for name in ("bwrap", "socat") if shutil.which(name) is None]
pytestmark = [
    pytest.mark.tmux,
    pytest.mark.agents,
    pytest.mark.skipif(not PROGRAMS["claude"].installed, reason="Claude Code is not installed: make agents"),
    pytest.mark.skipif(bool(MISSING), reason=f"its sandbox needs programs that are missing: {' '.join(MISSING)}"),
]

PROBE = """\
reached=
attempt() {
  name=$1
  shift
  if "$@" >/dev/null 2>&1; then reached="$reached $name"; fi
}
attempt home touch "$HOME/probe"
attempt sibling touch ../probe
attempt checkout touch "$(git rev-parse --git-common-dir)/../probe"
attempt configuration git config core.fsmonitor false
attempt hook sh -c 'mkdir -p "$0/hooks" && echo x >"$0/hooks/post-merge"' "$(git rev-parse --git-common-dir)"
attempt system touch /usr/probe
attempt network python3 -c 'import socket; socket.create_connection(("127.0.0.1", @port@), 5)'
echo "The probe reached:${reached:- nothing}"
"""
PROBING = (
    Cue(r"The probe reached:[\s\S]*\nafter .*probe\.sh (?P<file>[\w-]+\.txt)", runs=WRITTEN.runs),
    Cue(r"\nafter (?!.*(probe\.sh|rev-parse)).*?(?P<file>\b(api|docs)(-2)?\.txt)", runs="sh probe.sh @file@"),
)
"""After each file the agent tries what the sandbox forbids, and then commits."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder outside `/tmp`, which the sandbox leaves writable."""
    made = Path(tempfile.mkdtemp(prefix="gitorch-agents-", dir="/var/tmp"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.parametrize("one_shot", [False, True], ids=["in a terminal", "one-shot"])
def test_a_plan_goes_from_start_to_merge_in_the_sandbox_of_claude_code_itself(
    folder: Path, api: StandIn, monkeypatch: pytest.MonkeyPatch, one_shot: bool
) -> None:
    probing = () if one_shot else PROBING  # headless, nobody is asked whether the probe may run
    api.mind = Mind(*STORY[: STORY.index(WRITTEN)], *probing, *STORY[STORY.index(WRITTEN) :])
    monkeypatch.setenv("HOME", str(folder / "user"))
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))  # not in /dev/shm, which its commands do not have
    (folder / "tmp").mkdir()
    probed = {"preset": "claude-sandboxed", "permissions": [{"allow": r"sh probe\.sh [\w.-]+"}]}
    with house(folder, "repo") as home:
        sign_in(folder / "user", [home.path], api, {"claude": "claude-writer"})
        port = api.url("").split(":")[2].strip("/")
        # What is not there, the sandbox hides by a mount that may vanish when another agent's command ends.
        (home.path / ".git/hooks").mkdir(exist_ok=True)
        home.repo.commit({"probe.sh": PROBE.replace("@port@", port)}, "Add a probe")
        configure(home, api, "claude", "claude", one_shot=one_shot, own={"claude": probed})
        run = home.start("api", "docs")
        drive(home)
        home("answer", home.question(kind="context"), "Ledgers")
        drive(home)

        heard = [text for one in api.heard("claude-writer") if one.ask is not None for text in one.ask.results]
        probes = {found[0] for text in heard for found in re.finditer(r"The probe reached:.*", text)}
        assert probes == (set() if one_shot else {"The probe reached: nothing"})
        assert [one["kind"] for one in home.records("question-asked")] == ["context", "approval"], home("log").out
        home("approve", run, "--yes")
        assert home.status(run)["phase"] == "completed"
        assert home.repo.git("show", "main:api-2.txt") == "Two words."
        assert home.repo.git("show", "main:docs.txt") == "One word."
        assert home("verify").status == 0
        home("cleanup", run, "--yes")
