"""Agents that damage every file they can reach do not stop the loop: each run still comes to its approval (K11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house import house

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tmux

DEEP = 'python3 -c \'print("{\\"a\\":" * 3000 + "1" + "}" * 3000)\''
SESSION = '"$(dirname "$GITORCH_SIGNALS")"'
COMMON = '"$(git rev-parse --path-format=absolute --git-common-dir)"'
DAMAGES = {
    "hooks": f"{DEEP} >>$GITORCH_SIGNALS; {DEEP} | gitorch hook claude; printf '\\377\\n[1e999]\\n' >>$GITORCH_SIGNALS",
    "answers": f"cd {SESSION}; {DEEP} >answers.jsonl; {DEEP} >answering.json; {DEEP} >exit; echo 99999999999999 >agent",
    "launch": f"cd {SESSION}; {DEEP} >launch.json",
    "pipes": f"cd {SESSION}; rm -f launch.json signals.jsonl answers.jsonl output.log; mkfifo launch.json signals.jsonl answers.jsonl output.log",
    "folders": f"cd {SESSION}; rm -rf sent output.tail; mkdir -p output.tail answers.jsonl ready; ln -s sent sent",
    "everything": f"rm -rf {COMMON}/gitorch",
    "outbox": f"mkdir -p .gitorch/outbox/x.json; mkfifo .gitorch/outbox/y.json; {DEEP} >.gitorch/outbox/z.json",
    "cache": f"cd {COMMON}/gitorch; for f in $(find . -path ./sessions -prune -o -type f -print | grep -v -e secret -e tip); do {DEEP} >$f; done",
    "worktree": "rm -rf .gitorch; mkfifo .gitorch",
}
TURN = """
[[turn]]
job = "{job}"
kind = "build"
prompt = "brief"
[[turn.step]]
run = '''{damage}'''
exit = 0
[[turn.step]]
write = "{job}.txt"
text = "done"
[[turn.step]]
commit = "Write {job}"
[[turn.step]]
handoff = "DONE"
summary = "done"
"""


@pytest.mark.parametrize(
    "damage", [pytest.param(name, marks=() if name == "hooks" else pytest.mark.slow) for name in DAMAGES]
)
def test_a_run_comes_to_its_approval_whatever_its_agent_damages(tmp_path: Path, damage: str) -> None:
    with house(tmp_path, "repo") as home:
        home.configure(TURN.format(job=damage, damage=DAMAGES[damage]), start=10, silence=5)
        run = home.start(damage)
        home.up(run)
        assert home.question(kind="approval"), home.seen()
        home("approve", run, "--yes")
        assert home.records("merged")
