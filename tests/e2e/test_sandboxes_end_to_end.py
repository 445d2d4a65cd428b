"""Agents in sandboxes: a repository that is read-only for them, or not there at all, and still they do everything they owe.

The sandbox is a mount namespace of the agent's own, so that gitorch beside it sees the repository as it always was.
"""

from __future__ import annotations

import json
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest
from house import house

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house import House

CAN = subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode == 0
pytestmark = [pytest.mark.tmux, pytest.mark.skipif(not CAN, reason="a mount namespace needs more rights than these")]

READ_ONLY = "mount --bind {git} {git} && mount -o remount,bind,ro {git}"
HIDDEN = "mount -t tmpfs none {git}"
SANDBOXES = pytest.mark.parametrize("which", ["read_only", pytest.param("hidden", marks=pytest.mark.slow)])
SCRIPT = """
[[turn]]
job = "api"
attempt = 1
[[turn.step]]
run = "git commit --allow-empty -m 'By the agent itself' 2>&1 | tee /dev/stderr | grep -Eq 'Read-only|not a git'"
exit = 0
[[turn.step]]
run = "gitorch handoff DONE --summary 'Nothing yet'"
exit = 4
[[turn.step]]
write = "api.md"
text = "First."
[[turn.step]]
handoff = "DONE"
summary = "Write the page\\n\\nIt has one word."
tests = "looked at it"

[[turn]]
job = "api"
attempt = 2
[[turn.step]]
write = "api.md"
text = "Second."
[[turn.step]]
handoff = "DONE"
summary = "Mend the page"
replies = ["1=fixed:another word"]

[[turn]]
job = "api.spec"
attempt = 1
[[turn.step]]
verdict = "needs_revision"
summary = "One word is wrong."
findings = [{severity = "important", title = "The wrong word", path = "api.md", line = 1}]

[[turn]]
job = "api.spec"
[[turn.step]]
verdict = "accept"

[[turn]]
job = "asks"
[[turn.step]]
ask = "Which word?"
name = "word"
[[turn.step]]
write = "asks.md"
text = "{answer:word}"
[[turn.step]]
handoff = "DONE"

[[turn]]
kind = "review"
[[turn.step]]
verdict = "accept"
"""


def sandboxed(home: House, how: str, *epics: str) -> House:
    """A run of these epics, whose agents see the git directory as the sandbox shows it, driven until people are asked."""
    shut = how.format(git=shlex.quote(str(home.path / ".git")))
    command = ["unshare", "-m", "sh", "-c", f'{shut} && exec "$@"', "sh", "{python}", "-m", "gitorch.scripted"]
    home.configure(SCRIPT, command=json.dumps(command, ensure_ascii=False), commits="host")
    home.start(*epics)
    home.up()
    return home


@pytest.fixture(scope="module")
def read_only(home_of_runs: House) -> House:
    return sandboxed(home_of_runs, READ_ONLY, "api", "asks")


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("hidden")) as made:
        yield sandboxed(made, HIDDEN, "api")


@SANDBOXES
def test_what_an_agent_cannot_commit_is_committed_at_its_handoff_in_its_name(which: str, request) -> None:
    home: House = request.getfixturevalue(which)
    first, second = home.records("handoff-submitted", job="api", status="DONE")
    assert home.repo.git("rev-parse", f"{second['commit']}^") == first["commit"]
    told = home.repo.git("log", "--format=%an <%ae>|%cn|%s", "-2", second["commit"])
    assert told.splitlines() == [
        "api <s1@gitorch.invalid>|gitorch|Mend the page",
        "api <s1@gitorch.invalid>|gitorch|Write the page",
    ]
    assert home.repo.git("ls-tree", "-r", "--name-only", second["commit"]).split() == ["README.md", "api.md"]
    assert home.repo.git("show", f"{second['commit']}:api.md") == "Second."


@SANDBOXES
def test_reports_and_verdicts_come_by_outbox_entries_in_the_name_of_who_left_them(which: str, request) -> None:
    home: House = request.getfixturevalue(which)
    taken = [
        (t["session"], t["entry"].partition("-")[0])
        for t in home.records("outbox-entry-accepted")
        if t["job"][:3] == "api"
    ]
    assert taken == [("s1", "report"), (taken[1][0], "verdict"), ("s1", "report"), (taken[3][0], "verdict")]
    for record in (
        home.records("outbox-entry-accepted") + home.records("handoff-submitted") + home.records("verdict-given")
    ):
        assert (record["_actor"]["kind"], record["_actor"]["session"]) == ("agent", record["session"])
    assert [v["verdict"] for v in home.records("verdict-given", subject="api")] == ["needs_revision", "accept"]


@SANDBOXES
def test_a_report_without_any_change_is_refused_and_the_agent_hears_it(which: str, request) -> None:
    home: House = request.getfixturevalue(which)
    (refused,) = home.records("action-refused", verb="handoff")
    assert "nothing in the worktree differs from the job's base" in refused["reason"]
    shown = home("peek", "api", "--history", "400", status=None).out
    answers = [json.loads(p.read_text()) for p in home.worktrees.glob("*/api/.gitorch/outbox/*.answer")]
    assert sorted(answer["ok"] for answer in answers) == [False, True, True], shown
    assert not list(home.worktrees.glob("*/*/.gitorch/outbox/*.json"))


def test_a_fix_that_the_agent_cannot_name_is_named_by_the_commit_made_of_it(read_only: House) -> None:
    handed = read_only.records("handoff-submitted", job="api", status="DONE")[1]
    (reply,) = handed["replies"]
    assert (reply["disposition"], reply["evidence"]) == ("fixed", f"{handed['commit']} another word")


def test_a_question_from_a_sandbox_is_asked_and_its_answer_reaches_the_agent(read_only: House) -> None:
    read_only("answer", read_only.question(job="asks"), "blue")
    read_only.up()
    handed = read_only.records("handoff-submitted", job="asks", status="DONE")[0]
    assert read_only.repo.git("show", f"{handed['commit']}:asks.md") == "blue"


def test_the_work_of_a_sandbox_is_merged_like_any_other(read_only: House) -> None:
    read_only.up(status=None)
    read_only("approve", "--yes")
    assert read_only.repo.git("show", "main:api.md") == "Second."
    assert read_only("verify").status == 0
