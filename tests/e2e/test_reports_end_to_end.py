"""What agents say of their work: questions, concerns, reports that are refused, and an approval that is not theirs to give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house import GITORCH, Epic

if TYPE_CHECKING:
    from house import House

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.slow,
]  # quick: tests/app/test_submitting.py, tests/rules/test_refused_reports.py

EPICS = ("asking", "curious", "worried", "pushed", "untidy", "thief")
SCRIPT = """
[[turn]]
job = "asking"
[[turn.step]]
ask = "What shall an empty cell show?"
name = "cell"
[[turn.step]]
write = "asking.md"
text = "It shows {answer:cell}."
[[turn.step]]
commit = "Write it"
[[turn.step]]
handoff = "DONE"

[[turn]]
job = "curious"
[[turn.step]]
handoff = "NEEDS_CONTEXT"
summary = "Two things are open"
questions = ["Which name?", "Which place?"]
[[turn.step]]
write = "curious.md"
text = "Found out."
[[turn.step]]
commit = "Write it"
[[turn.step]]
handoff = "DONE"

[[turn]]
job = "worried"
[[turn.step]]
write = "worried.md"
text = "Probably."
[[turn.step]]
commit = "Write it"
[[turn.step]]
handoff = "DONE_WITH_CONCERNS"
concerns = ["It is slow with many rows"]

[[turn]]
job = "pushed"
attempt = 1
[[turn.step]]
write = "pushed.md"
text = "Probably."
[[turn.step]]
commit = "Write it"
[[turn.step]]
handoff = "DONE_WITH_CONCERNS"
concerns = ["It loses the last row"]

[[turn]]
job = "untidy"
[[turn.step]]
bad_status = "FINISHED"
[[turn.step]]
run = "gitorch handoff DONE --summary 'Nothing yet'"
exit = 4
[[turn.step]]
write = "untidy/kept.md"
text = "Kept."
[[turn.step]]
commit = "Write it"
[[turn.step]]
wrong_job = "worried"
[[turn.step]]
wrong_scope = "elsewhere.md"
[[turn.step]]
leave_uncommitted = "untidy/left.md"
[[turn.step]]
handoff = "DONE"
[[turn.step]]
second_report = "DONE"

[[turn]]
job = "thief"
[[turn.step]]
try_approve = "--yes"
[[turn.step]]
run = "env -i PATH=\\"$PATH\\" {gitorch} approve --yes"
exit = 5
[[turn.step]]
run = "setsid -w env -i PATH=\\"$PATH\\" {gitorch} approve --yes"
exit = 5
[[turn.step]]
run = "cd / && env -i PATH=\\"$PATH\\" {gitorch} -C \\"$OLDPWD\\" approve --yes"
exit = 5
[[turn.step]]
run = "gitorch answer q1 accept"
exit = 5
[[turn.step]]
write = "thief.md"
text = "Honest work."
[[turn.step]]
commit = "Write it"
[[turn.step]]
handoff = "DONE"
"""


@pytest.fixture(scope="module")
def reports(home_of_runs: House) -> House:
    """A run in which every agent has said what it has to say, and people are asked."""
    house = home_of_runs
    house.configure(SCRIPT.replace("{gitorch}", str(GITORCH)), agents=6)
    house.start(*(Epic(name, scope="untidy/**" if name == "untidy" else "") for name in EPICS))
    house.up()
    return house


def test_a_question_waits_for_its_answer_and_the_same_agent_goes_on_with_it(reports: House) -> None:
    assert reports.phase("asking") == "waiting_human"
    assert "q" in reports("why", "asking").out
    reports("answer", reports.question(job="asking"), "a", "long", "dash")
    reports.up()
    first, second = reports.records("handoff-submitted", job="asking")
    assert (first["status"], second["status"]) == ("NEEDS_CONTEXT", "DONE")
    assert first["session"] == second["session"]
    assert reports.repo.git("show", f"{second['commit']}:asking.md") == "It shows a long dash."


def test_an_agent_that_needs_context_goes_on_when_every_question_is_answered(reports: House) -> None:
    name, place = (row["id"] for row in reports("inbox", "--json").json["inbox"] if row["job"] == "curious")
    reports("answer", name, "Ada")
    assert reports.phase("curious") == "waiting_human"
    reports("answer", name, "Bob", status=4)
    reports("answer", place, "here")
    reports.up()
    assert [h["status"] for h in reports.records("handoff-submitted", job="curious")] == ["NEEDS_CONTEXT", "DONE"]


def test_a_gate_stays_shut_until_each_concern_has_its_response(reports: House) -> None:
    assert reports.records("verdict-given", subject="worried", verdict="accept")
    assert not reports.records("gate-passed", job="worried")
    reports("answer", reports.question(job="worried"), "accept")
    reports.up()
    assert len(reports.records("gate-passed", job="worried", round=1)) == 1


def test_a_concern_that_is_pushed_back_is_a_finding_of_the_next_round(reports: House) -> None:
    question = reports.question(job="pushed")
    assert "text" in reports("answer", question, "push_back", status=4).err
    reports("answer", question, "push_back", "No row may be lost.")
    reports.up()
    (listed,) = reports.records("findings-listed", job="pushed")
    assert "No row may be lost." in listed["findings"][0]["finding"]["title"]
    assert len(reports.records("gate-passed", job="pushed", round=2)) == 1


def test_reports_that_are_wrong_are_refused_with_the_reason_and_kept(reports: House) -> None:
    refused = reports.records("action-refused", verb="handoff")
    assert [r["_actor"]["name"] for r in refused] == ["untidy"] * 4
    assert [r["code"] for r in refused] == ["refused", "denied", "refused", "refused"]
    empty, foreign, untidy, second = (r["reason"] for r in refused)
    assert "no commits" in empty
    assert "may not report for worried" in foreign
    assert "uncommitted changes in untidy/left.md" in untidy
    assert "changes outside the write scope" in untidy
    assert "elsewhere.md; take them back" in untidy
    assert "already reported" in second
    (handed,) = reports.records("handoff-submitted", job="untidy")
    assert reports.repo.git("ls-tree", "-r", "--name-only", handed["commit"]).split() == [
        "README.md",
        "untidy/kept.md",
        "untidy/left.md",
    ]


def test_a_word_that_is_no_status_is_answered_with_those_that_are(reports: House) -> None:
    shown = reports("peek", "untidy", "--history", "400").out
    assert "exit 2" in shown
    assert "DONE, DONE_WITH_CONCERNS, NEEDS_CONTEXT, BLOCKED" in shown


def test_an_agents_session_cannot_approve_or_answer_however_it_hides(reports: House) -> None:
    refused = [r for r in reports.records("action-refused") if r["_actor"]["name"] == "thief"]
    assert [(r["verb"], r["code"]) for r in refused] == [("approve", "denied")] * 4 + [("answer", "denied")]
    assert {r["_actor"]["kind"] for r in refused} == {"agent"}
    assert not reports.records("merge-approved")
    assert len(reports.records("handoff-submitted", job="thief")) == 1, "one of its tries did not end with status 5"
