"""Hand-ins on unusual ways, with real git and tmux: by an agent that was given up for dead, and as a file that names its job."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from house import House

pytestmark = [pytest.mark.tmux, pytest.mark.slow]  # quick: tests/app/test_publishing.py, tests/app/test_redaction.py

FLOW = """\
gitorch: workflow/1
name: Unusual
lanes: {author: {runtime: hand}, reviewer: {runtime: hand}}
jobs:
  late: {kind: build, lane: author, objective: Do}
  late-review: {kind: review, lane: reviewer, needs: [late]}
  page:
    kind: draft
    lane: author
    objective: Do
    scope: {allowed: ["docs/**"]}
    artifacts: [{name: page, kind: prompt, path: docs/page.md}]
"""
SCRIPT = """
[[turn]]
job = "late"

[[turn.step]]
run = "env | grep ^GITORCH_ > PLACE/$GITORCH_SESSION; echo done > late.txt"

[[turn.step]]
commit = "Do it"

[[turn.step]]
crash = "KILL"
once = true

[[turn.step]]
hang = true

[[turn]]
job = "page"

[[turn.step]]
run = "mkdir -p docs; printf -- '---\\ntitle: A page\\njob: page\\nattempt: {attempt}\\nnonce: guessed\\n---\\n' > docs/page.md"

[[turn.step]]
sleep = 3

[[turn.step]]
run = "printf -- '---\\ntitle: A page\\njob: page\\nattempt: {attempt}\\nnonce: {nonce}\\n---\\n' > docs/page.md"

[[turn.step]]
hang = true
"""


@pytest.fixture(scope="module")
def home(home_of_runs: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    made, place = home_of_runs, tmp_path_factory.mktemp("agents")
    made.configure(SCRIPT.replace("PLACE", str(place)).replace("\\n", "\\\\n"))
    made.repo.write({"flow.yaml": FLOW, "agents": str(place)})
    made("start", "flow.yaml", "--yes")
    made.up_beside()
    return made


def test_a_file_that_names_job_attempt_and_nonce_is_published_for_its_agent(home: House) -> None:
    home.until(lambda: home.records("artifact-published", job="page"), "the page")
    (page,) = home.records("artifact-published", job="page")
    assert (page["name"], page["via"], page["byline"], page["version"]) == ("page", "file", "agent/page", 1)
    assert page["_actor"]["kind"] == "host"
    assert home.phase("page") == "running", "a document is no report: nobody said that the work is done"
    text = next(home.worktrees.glob("*/page/docs/page.md")).read_text()
    assert "guessed" not in text
    assert f"sha256:{digest(text)}" == page["digest"]


def test_what_a_replaced_agent_hands_in_is_kept_and_adopted_over_the_one_that_does_it_again(home: House) -> None:
    home.until(lambda: len(home.records("lease-granted", job="late")) == 2, "another agent")
    home.until(lambda: home.phase("late") == "running", "that it was told")
    first, second = (lease["session"] for lease in home.records("lease-granted", job="late"))
    survivor = dict(line.split("=", 1) for line in variables(home, first).splitlines())
    where = survivor["GITORCH_WORKTREE"]
    said = home("handoff", "DONE", "--summary", "It is done", env=survivor, cwd=where, status=4).err
    assert f"the lease of session {first} on late is over, so this does not count; it is kept as h1" in said
    assert f"late handoff h1 of session {first} was kept" in home("why", "late").out
    home("recover", "--apply")
    assert not home.records("late-handoff-adopted"), "an agent is at work on it: nobody ends that unasked"
    home("recover", "late", "--adopt", "h1", "--reason", "it is all there")
    home.until(lambda: home.phase("late") == "completed", "its review")
    (adopted,) = home.records("late-handoff-adopted", job="late")
    assert (adopted["late_handoff"], adopted["_actor"]["kind"]) == ("h1", "principal")
    assert [end["how"] for end in home.records("session-ended", session=second)] == ["stopped"]
    assert home.repo.git("show", f"{home.records('gate-passed', job='late')[0]['commit']}:late.txt") == "done"


def test_a_report_with_a_secret_is_refused_by_its_place_and_the_secret_is_nowhere(home: House) -> None:
    token = "ghp_" + "Zz09" * 9
    survivor = dict(line.split("=", 1) for line in variables(home, "s1").splitlines())
    said = home("handoff", "DONE", "--summary", f"It logs in\nwith {token}", env=survivor, status=4).err
    assert "summary seems to hold a secret (line 2: a GitHub token)" in said
    refused = home.records("action-refused", verb="handoff")[-1]
    assert "summary seems to hold a secret" in refused["reason"]
    assert token not in home.repo.git("log", "--all", "--patch", "--format=%B")


def variables(home: House, session: str) -> str:
    return (Path((home.path / "agents").read_text()) / session).read_text()


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
