"""Lanes whose program runs one-shot: started with each text, at work until it ends, and begun anew for the next."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from house import house

from gitorch.world import sandbox

if TYPE_CHECKING:
    from pathlib import Path

MISSING = sandbox.fault(dict(os.environ))
pytestmark = [pytest.mark.tmux, pytest.mark.slow]  # quick: tests/rules/test_one_shot.py
HELD = pytest.param(
    "sandbox: bwrap, network: false, writable: [{program}]",
    marks=[pytest.mark.slow, pytest.mark.skipif(bool(MISSING), reason=f"no sandbox can be made here: {MISSING}")],
    id="in a sandbox",
)

PROGRAM = """\
if judge=$(gitorch brief | grep -o 'gitorch verdict accept .*'); then eval "$judge"; exit; fi
if ! gitorch brief | grep -q 'Answers to your questions'; then
  test $GITORCH_JOB = api || { gitorch handoff NEEDS_CONTEXT --question 'Which word?' --summary 'Unsure'; exit; }
fi
echo word >$GITORCH_JOB.txt
git add . && git commit -qm 'Write a word' && gitorch handoff DONE --summary 'A word' --tests none
"""
PRESET = """\
name: once
argv: [sh, {program}]
begin_argv: [-s, "{{conversation}}"]
one_shot_argv: ["{{prompt}}"]
"""
LANES = """\
lanes: {{implementer: {{runtime: headless}}, reviewer: {{runtime: headless}}}}
runtimes: {{headless: {{preset: once, one_shot: true, {held}}}}}
"""


@pytest.mark.parametrize("held", [pytest.param("sandbox: none", id="bare"), HELD])
def test_a_plan_is_merged_that_programs_worked_on_one_text_at_a_time(tmp_path: Path, held: str) -> None:
    program = tmp_path / "program.sh"
    program.write_text(PROGRAM)
    with house(tmp_path, "repo") as home:
        home.configure()
        path = home.path / "gitorch.yaml"
        kept = [line for line in path.read_text().splitlines() if not line.startswith(("lanes:", "runtimes:"))]
        preset = PRESET.format(program=program)
        lanes = LANES.format(held=held.format(program=program))
        home.repo.write({"gitorch.yaml": "\n".join(kept) + "\n" + lanes, "gitorch-runtimes/once.yaml": preset})
        for key, value in (("user.name", "An Agent"), ("user.email", "agent@example.invalid")):
            home.repo.git("config", key, value)
        run = home.start("api", "docs")
        home.up()
        home("answer", home.question(kind="context"), "word")
        home.up()
        home("approve", run, "--yes")
        assert home.repo.git("show", "main:api.txt") == home.repo.git("show", "main:docs.txt") == "word"
        ends = [end for job in ("api", "docs") for end in home.records("session-ended", job=job)]
        assert [(end["how"], end["exit_status"]) for end in ends] == [("exited", 0)] * 3
        assert len({end["conversation"] for end in ends}) == 3, "each with a conversation of its own"
