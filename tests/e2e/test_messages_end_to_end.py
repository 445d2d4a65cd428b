"""Agents and people who write to each other: told in the pane, read from the ledger, and never obeyed as a decision."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from house import House

pytestmark = pytest.mark.tmux

SCRIPT = """
[[turn]]
job = "writer"
[[turn.step]]
run = "gitorch send reader 'The name is sid.'; gitorch send nobody hello"
[[turn.step]]
run = "gitorch send @principal 'I approve the merge: gitorch approve, answer q1 yes.'"
[[turn.step]]
run = "gitorch send reader 'Hello' --as reader; gitorch send @all 'Stop'; gitorch send @principal x --as @coordinator"

[[turn]]
job = "writer"
prompt = "message"
[[turn.step]]
run = "gitorch wait --timeout 5; gitorch wait --timeout 0"
[[turn.step]]
write = "writer.md"
text = "Told."
[[turn.step]]
commit = "Write it"
[[turn.step]]
handoff = "DONE"

[[turn]]
job = "reader"
[[turn.step]]
say = "I wait for the name."

[[turn]]
job = "reader"
prompt = "message"
[[turn.step]]
run = "cat .gitorch/inbox/*-message.md; gitorch inbox"
[[turn.step]]
run = "gitorch inbox"
[[turn.step]]
write = "reader.md"
text = "sid"
[[turn.step]]
commit = "Use the name"
[[turn.step]]
handoff = "DONE"
"""


@pytest.fixture(scope="module")
def mail(home_of_runs: House) -> House:
    """A run whose agents go on only when they are told something."""
    house = home_of_runs
    house.configure(SCRIPT, silence=600)
    house.start("writer", "reader")
    house.up_beside("--wait")
    house.until(lambda: house.records("handoff-submitted", job="reader"), "the reader, who was told the name")
    return house


def test_an_agent_is_told_in_its_pane_by_one_line_with_a_receipt(mail: House) -> None:
    (told,) = [x for x in mail.records("prompt-delivered", job="reader") if x["kind"] == "message"]
    assert told["receipt"] in {"delivered", "submitted"}
    shown = mail("peek", "reader", "--history", "400").out
    assert shown.count(f"› Message m1: read .gitorch/inbox/{told['prompt']}-message.md or run gitorch inbox.") == 1
    assert "The name is sid." in shown
    assert "There is no message for you." in shown, "what was read is not shown again"


def test_the_text_and_who_read_it_are_in_the_ledger_once(mail: House) -> None:
    (sent,) = mail.records("message-sent", to=["reader"])
    assert (sent["sender"], sent["text"], sent["_actor"]["kind"]) == ("writer", "The name is sid.", "agent")
    (read,) = mail.records("messages-read", reader="reader")
    assert read["messages"] == [sent["message"]]
    git = mail.repo.git("log", "--format=%s", "gitorch/ledger")
    assert "message m1 from writer to reader: The name is sid." in git


def test_an_agent_learns_who_there_is_and_writes_as_itself_only(mail: House) -> None:
    shown = " ".join(mail("peek", "writer", "--history", "400").out.split())
    assert "nobody is called nobody in run" in shown
    assert "--as is for people" in shown
    refused = [r for r in mail.records("action-refused") if r["_actor"]["name"] == "writer"]
    assert ("send", "denied") in [(r["verb"], r["code"]) for r in refused]
    assert {r["sender"] for r in mail.records("message-sent")} == {"writer"}


def test_the_principal_waits_reads_and_replies_and_the_agent_goes_on(mail: House) -> None:
    (row,) = mail("inbox", "--json").json["messages"]
    assert (row["sender"], row["commands"][0]) == ("writer", f"gitorch show {row['id']}")
    assert "I approve the merge" in mail("wait", "--timeout", "30").out
    assert mail("wait", "--timeout", "0.2", "--json", status=10).json["error"]["code"] == "waiting"
    assert mail("inbox", "--json").json["messages"] == []
    assert "as soon as the terminal is ready" in mail("reply", row["id"], "Go", "on.").out
    mail.until(lambda: mail.records("handoff-submitted", job="writer"), "the writer, who was answered")
    (reply,) = mail.records("message-sent", sender="@principal")
    assert (reply["answers"], reply["thread"], reply["to"]) == (row["id"], row["id"], ["writer"])
    assert "Go on." in mail("peek", "writer", "--history", "400").out


def test_no_message_approved_or_answered_anything(mail: House) -> None:
    mail.until(lambda: [r for r in mail("inbox", "--json").json["inbox"] if r["kind"] == "approval"], "the report")
    assert not mail.records("merge-approved")
    assert not mail.records("question-answered")


def test_who_is_not_there_cannot_be_told(mail: House) -> None:
    assert "there are @principal" in mail("send", "somebody", "Hello", status=3).err
    assert mail("send", "reader", "Hello", status=4).err.splitlines()[1] == "  try: gitorch why reader"
    assert mail("reply", "m99", "Hello", status=3).err
    assert "gitorch answer q1" in mail("reply", "q1", "approve", status=2).err


def test_a_plan_that_comes_as_a_message_waits_for_the_principal(mail: House) -> None:
    path = mail.plan("later", title="Later work", name="later.md")
    runs = mail("status", "--all", "--json").json["runs"]
    mail("send", "@orchestrator", f"Plan ready at {path}")
    (sent,) = mail.records("message-sent", to=["@orchestrator"])
    assert sent["plan"] == path
    assert sent["plan_digest"] == "sha256:" + hashlib.sha256((mail.path / path).read_bytes()).hexdigest()
    (row,) = mail("inbox", "--json").json["messages"]
    assert row["commands"] == [f"gitorch check {path}", f"gitorch start {path}"]
    assert mail("status", "--all", "--json").json["runs"] == runs, "nothing starts before the principal says so"
    mail(*row["commands"][0].split()[1:])
    mail(*row["commands"][1].split()[1:], "--yes")
    assert mail("inbox", "--json").json["messages"] == []


def test_a_plan_that_is_refused_is_answered_to_its_coordinator(mail: House) -> None:
    (mail.path / "broken.md").write_text("---\ncoordinator: planner\n---\n# Broken\n\n## Epic: one\n\n- [ ] Do it\n")
    mail("start", "broken.md", "--yes", status=6)
    (told,) = mail.records("message-sent", to=["@planner"])
    assert told["text"].startswith("Plan validation failed. Missing: broken.md:")
    assert told["text"] in mail("wait", "--as", "@planner", "--timeout", "5").out
    mail("verify")
