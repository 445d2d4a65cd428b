"""With the ledger's branch and gitorch's folder gone, what is left of a run makes every verb say so and name the way back (K9)."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from merge_yard import RUN
from waiting_run import WaitingRun

from gitorch.model.work.session import SessionKey

LEDGER = "refs/heads/gitorch/ledger"

READING = (
    *(("status",), ("status", RUN), ("list",), ("dashboard",), ("why", "api"), ("inbox",), ("report",), ("log",)),
    *(("show", "1"), ("verify",), ("export", "away"), ("up", "--once"), ("up",), ("approve", "--yes"), ("recover",)),
    *(("answer", "q1", "yes"), ("reject", "--note", "no"), ("pause",), ("resume",), ("cancel",), ("cleanup",)),
    *(("init",), ("claim", "api"), ("retry", "api"), ("session", "list"), ("wait",), ("send", "@principal", "hi")),
)

AGENTS = (
    ("brief",),
    ("heartbeat",),
    ("handoff", "DONE"),
    ("verdict", "accept", "--commit", "HEAD", "--nonce", "x"),
    ("ask", "what now?"),
    ("block", "--by", "no network", "--clears", "a network"),
)


def delete_all(run):
    run.yard.git("update-ref", "-d", LEDGER)
    shutil.rmtree(run.yard.path / ".git/gitorch")


def delete_branch(run):
    run.yard.git("update-ref", "-d", LEDGER)


def shorten(run):
    run.yard.git("update-ref", LEDGER, f"{LEDGER}~3")


def replace_branch(run):
    run.yard.git("update-ref", LEDGER, "main")
    shutil.rmtree(run.yard.path / ".git/gitorch/cache")


LOST = (delete_all, delete_branch, shorten, replace_branch)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return WaitingRun(tmp_path_factory.mktemp("lost") / "place")


@pytest.fixture
def run(made):
    made.restore()
    return made


VERBS = {lose: READING[place::3] for place, lose in enumerate(LOST)} | {delete_all: READING}
"""What `make test` tries of each loss: all verbs of one, and a third of them of the others."""


@pytest.mark.parametrize(
    ("lose", "verbs"),
    [*VERBS.items(), *(pytest.param(lose, READING, marks=pytest.mark.slow) for lose in LOST[1:])],
)
def test_every_reading_verb_ends_with_7_and_the_command_that_restores_the_ledger(run, lose, verbs):
    tip = run.yard.services.ledger.tip()
    lose(run)
    for words in verbs:
        said = run.gitorch(*words)
        assert (words, said.status, said.hint) == (words, 7, f"git update-ref {LEDGER} {tip}"), said.message
    subprocess.run(said.hint.split(), cwd=run.yard.path, check=True)
    assert run.gitorch("verify").status == 0
    assert run.gitorch("status").status == 0
    assert run.yard.run.report == run.report


@pytest.mark.each(2)
@pytest.mark.parametrize("lose", [delete_all, shorten])
def test_agents_are_told_to_hold_and_not_how_to_restore(run, lose):
    key = SessionKey(RUN, next(iter(run.yard.run.sessions)))
    environ = {"GITORCH_RUN": RUN, "GITORCH_TOKEN": run.yard.services.secrets.token(key)}
    lose(run)
    for words in AGENTS:
        said = run.gitorch(*words, **environ)
        assert (words, said.status, said.hint) == (words, 7, ""), said.message
        assert "Hold: keep your work as it is" in said.message


def test_init_does_not_pass_a_damaged_ledger_off_as_kept(run):
    (path,) = [p for p in run.yard.git("ls-tree", "-r", "--name-only", LEDGER).splitlines() if "run-prepared" in p]
    identity = run.yard.git("rev-parse", f"{LEDGER}:{path}")
    loose = run.yard.path / ".git/objects" / identity[:2] / identity[2:]
    honest = loose.read_bytes()
    loose.unlink()
    loose.write_bytes(zlib.compress(zlib.decompress(honest).replace(b"Play", b"Pray")))
    said = run.gitorch("init")
    assert (said.status, said.message) == (
        7,
        f"Object {identity} was replaced: its content, a blob, does not match its name.",
    )
    loose.unlink()
    loose.write_bytes(honest)
    assert run.gitorch("init").values["kept"][-1] == "branch gitorch/ledger"
