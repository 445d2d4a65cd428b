"""A whole run of agents that gitorch holds in sandboxes: they commit themselves, ask, revise and review, and reach nothing else."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from house import house

from gitorch.world import sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house import House

MISSING = sandbox.fault(dict(os.environ))
pytestmark = [
    pytest.mark.tmux,
    pytest.mark.skipif(bool(MISSING), reason=f"no sandbox can be made on this machine: {MISSING}"),
]

SCRIPT = """
[[turn]]
job = "api"
attempt = 1
[[turn.step]]
ask = "Which word?"
name = "word"
[[turn.step]]
write = "api.md"
text = "{answer:word} first"
[[turn.step]]
run = "git add api.md && git -c user.name=a -c user.email=a@b.invalid commit --quiet --message 'Write the page'\"
exit = 0
[[turn.step]]
run = "git update-ref refs/heads/main HEAD"
exit = 128
[[turn.step]]
run = "git config core.fsmonitor /bin/false"
exit = 255
[[turn.step]]
run = "echo x > $(git rev-parse --git-common-dir)/hooks/post-merge"
exit = 2
[[turn.step]]
run = "gitorch approve --yes"
exit = 5
[[turn.step]]
run = "! env -i $(command -v gitorch) approve --yes"
exit = 0
[[turn.step]]
handoff = "DONE"
summary = "Write the page"

[[turn]]
job = "api"
attempt = 2
[[turn.step]]
write = "api.md"
text = "second"
[[turn.step]]
run = "git add api.md && git -c user.name=a -c user.email=a@b.invalid commit --quiet --message 'Mend the page'\"
exit = 0
[[turn.step]]
handoff = "DONE"
summary = "Mend the page"
replies = ["1=fixed:HEAD"]

[[turn]]
job = "api.spec"
attempt = 1
[[turn.step]]
verdict = "needs_revision"
summary = "One word is wrong."
findings = [{severity = "important", title = "The wrong word", path = "api.md", line = 1}]

[[turn]]
kind = "review"
[[turn.step]]
verdict = "accept"
"""


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("held")) as made:
        made.configure(SCRIPT, command="[]")
        path = made.path / "gitorch.yaml"
        script = json.dumps(str(made.script))
        words = f"preset: scripted, sandbox: bwrap, network: false, writable: [{script}],"
        path.write_text(path.read_text().replace("preset: scripted,", words))
        made.start("api")
        made.up()
        made("answer", made.question(job="api"), "blue")
        made.up()
        yield made


def test_an_agent_in_a_sandbox_commits_and_revises_by_itself(held: House) -> None:
    first, second = held.records("handoff-submitted", job="api", status="DONE")
    assert held.repo.git("show", f"{first['commit']}:api.md") == "blue first"
    assert held.repo.git("show", f"{second['commit']}:api.md") == "second"
    assert held.repo.git("log", "--format=%s", "-2", second["commit"]).splitlines() == [
        "Mend the page",
        "Write the page",
    ]
    assert [v["verdict"] for v in held.records("verdict-given", subject="api")] == ["needs_revision", "accept"]


def test_its_handoffs_came_through_the_outbox(held: House) -> None:
    assert {r["session"] for r in held.records("outbox-entry-accepted", job="api")} == {"s1"}


def test_what_it_tried_changed_nothing(held: House) -> None:
    assert "core.fsmonitor" not in held.repo.git("config", "--list", "--local")
    assert not (held.path / ".git/hooks/post-merge").exists()
    assert held.records("merge-approved") == []


def test_what_it_was_denied_is_recorded_though_it_cannot_write_to_the_ledger(held: House) -> None:
    """The call without its session's token is denied as well, and left by nobody: the gateway into the ledger is the token."""
    tried = [
        (r["verb"], r["code"], r["_actor"]["kind"], r["_actor"]["session"]) for r in held.records("action-refused")
    ]
    assert tried == [("approve", "denied", "agent", "s1")]


def test_its_work_is_approved_and_merged_like_any_other(held: House) -> None:
    held("approve", "--yes")
    assert held.repo.git("show", "main:api.md") == "second"
    assert held("verify").status == 0


def test_without_bwrap_its_lane_is_refused_and_never_run_bare(tmp_path_factory: pytest.TempPathFactory) -> None:
    with house(tmp_path_factory.mktemp("without")) as made:
        made.configure(SCRIPT, command="[]")
        path = made.path / "gitorch.yaml"
        path.write_text(path.read_text().replace("preset: scripted,", "preset: scripted, sandbox: bwrap,"))
        folder = made.path.parent / "programs"
        folder.mkdir()
        broken = folder / "bwrap"
        broken.write_text("#!/bin/sh\necho 'bwrap: no permission' >&2\nexit 1\n")
        broken.chmod(0o755)
        plan = made.plan("api")
        path_with = {"PATH": f"{folder}:{os.environ['PATH']}"}
        refused = made("start", plan, "--yes", status=6, env=path_with)
        assert "bwrap cannot make a sandbox here: bwrap: no permission" in refused.err
        assert "sandbox" in made("doctor", status=8, env=path_with).out


AGAIN = """\
name: again
extends: scripted
argv: [sh, {program}]
begin_argv: [begin, "{{conversation}}"]
resume_argv: [resume, "{{conversation}}"]
"""
PROGRAM = """\
echo "$1 $2" >>{log}
shift 2
exec {python} -m gitorch.scripted "$@"
"""
CUT_SHORT = """
[[turn]]
job = "api"
[[turn.step]]
run = "test -e api.md || {{ echo first >api.md; git add api.md; git -c user.name=a -c user.email=a@b.invalid commit --quiet -m First; }}"
exit = 0
[[turn.step]]
run = "test -e {log}.go || exec sleep 600"
exit = 0
[[turn.step]]
handoff = "DONE"
summary = "Write the page"

[[turn]]
kind = "review"
[[turn.step]]
verdict = "accept"
"""


def put_in_sandbox(home: House, preset: str, *writable: Path | str) -> None:
    """Let the agents of the repository run by this preset in a sandbox that may write there, and to their script."""
    config = (home.path / "gitorch.yaml").read_text()
    places = json.dumps([str(place) for place in (home.script, *writable)])
    words = f"preset: {preset}, sandbox: bwrap, network: false, writable: {places},"
    home.repo.write({"gitorch.yaml": config.replace("preset: scripted,", words)})


@pytest.mark.slow
def test_an_agent_that_was_killed_takes_up_its_conversation_in_a_new_sandbox(tmp_path: Path) -> None:
    log, program = tmp_path / "log", tmp_path / "program.sh"
    log.touch()
    program.write_text(PROGRAM.format(log=log, python=sys.executable))
    with house(tmp_path, "repo") as home:
        home.configure(CUT_SHORT.format(log=log), command="[]")
        put_in_sandbox(home, "again", program, log, f"{log}.go")
        home.repo.write({"gitorch-runtimes/again.yaml": AGAIN.format(program=program)})
        home.start("api")
        looping = home.up_beside("--no-wait")
        views = home.path / ".git/gitorch/views"
        home.until(
            lambda: any(file.read_text().strip() != home.target() for file in views.glob("*/refs/heads/gitorch/*/api"))
        )
        home.until(lambda: home.records("session-alive", job="api"))
        Path(f"{log}.go").touch()
        os.kill(home.records("session-alive", job="api")[-1]["pid"], signal.SIGKILL)
        looping.communicate(timeout=120)

        begun, resumed, *_ = (line.split() for line in log.read_text().splitlines())
        assert (begun[0], resumed[0], begun[1] == resumed[1]) == ("begin", "resume", True)
        (handoff,) = home.records("handoff-submitted", job="api")
        assert home.repo.git("show", f"{handoff['commit']}:api.md") == "first"
        assert home.repo.git("log", "--format=%s", "-1", handoff["commit"]) == "First"


COMMITS_UNSEEN = """
[[turn]]
job = "api"
[[turn.step]]
run = "until test -e {go}; do sleep 0.1; done; echo first >api.md; git add api.md; git -c user.name=a -c user.email=a@b.invalid commit --quiet -m First; touch {done}; exec sleep 600"
exit = 0
"""


@pytest.mark.slow
def test_what_it_committed_while_nobody_looked_is_there_when_it_is_stopped(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    go, done = shared / "go", shared / "done"
    with house(tmp_path, "repo") as home:
        home.configure(COMMITS_UNSEEN.format(go=go, done=done), command="[]")
        put_in_sandbox(home, "scripted", shared)
        home.start("api")
        looping = home.up_beside("--no-wait")
        home.until(lambda: home.records("session-alive", job="api"))
        looping.send_signal(signal.SIGINT)
        looping.communicate(timeout=120)
        go.touch()
        home.until(done.exists)
        home("session", "stop", "api")
        branches = home.repo.git("for-each-ref", "--format=%(refname:short) %(subject)", "refs/heads/gitorch/")
        assert any(line.endswith("/api First") for line in branches.splitlines())
