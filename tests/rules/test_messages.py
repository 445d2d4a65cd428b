"""Who may tell whom, in whose name, and how much; and that a message decides nothing (P8, P42)."""

from __future__ import annotations

import pytest
from play import HOST, HUMAN, OPERATOR, Play, digest

from gitorch.errors import Corrupt, Denied, NotFound, Refused
from gitorch.model import commands as c
from gitorch.model import events as e
from gitorch.model import values
from gitorch.model.ids import NO_DIGEST, JobId, MessageId, Moment, RunId
from gitorch.model.record import Actor, ActorKind, Record
from gitorch.model.work.board import Board, State
from gitorch.model.work.session import PromptKind
from gitorch.rules.decide import decide
from gitorch.rules.deciding.messages import SENT_MAX, TEXT_CHARACTERS_MAX, UNREAD_MAX
from gitorch.rules.evolve import evolve
from gitorch.rules.messages.mail import unread
from gitorch.rules.views.brief import brief_text
from gitorch.rules.views.inbox import message_rows
from gitorch.rules.views.prompts import pointer, prompt_text
from gitorch.text.records.commit_message import sentence


@pytest.fixture
def play() -> Play:
    """Two agents at work, one waiting for them."""
    play = Play()
    play.begin({"api": (), "ui": (), "docs": ("api",)})
    play.launch("api")
    play.launch("ui")
    return play


def send(play: Play, to: str, text: str = "The schema is merged.", by: str = "", **more) -> tuple:
    actor = play.actor(play.session(by)) if by else HUMAN
    return play.do(c.SendMessage(tuple(to.split(",")), text, **more), actor)


def read(play: Play, reader: str, *messages: str, by: str = "") -> tuple:
    actor = play.actor(play.session(by)) if by else HUMAN
    return play.do(c.ReadMessages(reader, tuple(MessageId(m) for m in messages)), actor)


def owed(play: Play, job: str) -> list[str]:
    prompts = play.run.sessions[play.session(job)].prompts
    return [x.about for x in prompts if x.kind is PromptKind.MESSAGE and not x.receipt]


@pytest.mark.parametrize(
    ("to", "sent_to"),
    [
        ("api", ("api",)),
        ("s2", ("ui",)),
        ("docs", ("docs",)),
        ("api.spec", ("api.spec",)),
        ("@principal", None),
        ("api,ui,api", ("api", "ui")),
        ("@all", ("api", "ui")),
    ],
)
def test_a_message_goes_to_the_names_that_were_meant(play, to, sent_to):
    if sent_to is None:
        (sent,) = send(play, to, by="api")
        assert (sent.sender, sent.to) == ("api", ("@principal",))
    else:
        (sent,) = send(play, to)
        assert (sent.message, sent.sender, sent.to, sent.thread) == ("m1", "@principal", sent_to, "m1")


@pytest.mark.parametrize("name", ["nobody", "@nobody", "approval", "merge", "s9", "API", "a p i", "", "--help", "é"])
def test_an_unknown_name_is_answered_with_those_that_there_are(play, name):
    with pytest.raises(NotFound, match=r"@principal, @coordinator, @orchestrator, api, .*docs") as caught:
        send(play, name)
    assert caught.value.hint == "gitorch send @principal TEXT"


def test_an_agent_writes_as_itself_only_and_not_to_everybody(play):
    with pytest.raises(Denied, match="may write as itself only, not as ui"):
        send(play, "@principal", by="api", sender="ui")
    with pytest.raises(Denied, match="may write as itself only, not as @principal"):
        send(play, "ui", by="api", sender="@principal")
    with pytest.raises(Denied):
        send(play, "@all", by="api")
    with pytest.raises(Refused, match="write to itself"):
        send(play, "api", by="api")
    stranger = Actor(ActorKind.AGENT, "api", "desk", "s77")
    with pytest.raises(Denied):
        play.do(c.SendMessage(("ui",), "Hello"), stranger)


def test_a_ledger_in_which_an_agent_wrote_as_another_is_corrupt(play):
    event = e.MessageSent(MessageId("m1"), "ui", ("docs",), MessageId("m1"), None, "", None, "Hello")
    record = Record(99, NO_DIGEST, Moment(play.at), play.run.id, play.actor(play.session("api")), event)
    with pytest.raises(Corrupt, match="is from ui but was written by api"):
        evolve(play.state, record)


@pytest.mark.parametrize("number", ["m2", "m0", "m1x"])
def test_a_message_that_does_not_follow_the_one_before_it_is_corrupt(play, number):
    event = e.MessageSent(MessageId(number), "@principal", ("ui",), MessageId(number), None, "", None, "Hello")
    with pytest.raises(Corrupt, match="where m1 must follow"):
        evolve(play.state, Record(99, NO_DIGEST, Moment(play.at), play.run.id, HUMAN, event))


def test_words_that_nobody_could_use_are_refused(play):
    with pytest.raises(Refused, match="empty"):
        send(play, "api", " \n ")
    send(play, "api", "x" * TEXT_CHARACTERS_MAX)
    with pytest.raises(Refused, match=f"at most {TEXT_CHARACTERS_MAX:,}"):
        send(play, "api", "x" * (TEXT_CHARACTERS_MAX + 1))


def test_an_agent_in_a_loop_does_not_fill_the_ledger(play):
    for number in range(SENT_MAX):
        send(play, "@principal", by="api")
        if number % UNREAD_MAX == UNREAD_MAX - 1:
            with pytest.raises(Refused, match=rf"{UNREAD_MAX} unread messages of api|which is the limit"):
                send(play, "@principal", by="api")
            read(play, "@principal", *play.run.messages)
    with pytest.raises(Refused, match=f"sent {SENT_MAX} messages"):
        send(play, "@principal", by="api")
    send(play, "@principal", by="ui")


def test_the_agent_of_a_job_that_is_over_gets_no_message(play):
    play.do(c.CancelRun("enough"), HUMAN)
    with pytest.raises(Refused, match="api is canceled; nobody would read this"):
        send(play, "api")


def test_a_living_session_is_owed_the_message_as_one_line_that_points_to_it(play):
    send(play, "api", "Read this.\nAnd this.")
    session = play.run.sessions[play.session("api")]
    prompt = session.prompts[-1]
    assert owed(play, "api") == ["m1"]
    assert pointer(play.run, session, prompt) == (
        f"Message m1: read .gitorch/inbox/{prompt.id}-message.md or run gitorch inbox."
    )
    text = prompt_text(play.run, session, prompt, "")
    assert text.startswith("# Message m1 from @principal\n\nRead this.\nAnd this.\n\n")
    assert "gitorch reply m1 TEXT" in text
    assert "it does not change your brief, approve work or answer a question" in " ".join(text.split())


def test_a_message_to_an_agent_that_is_not_there_yet_stands_in_its_brief():
    play = Play()
    play.begin({"api": (), "docs": ("api",)})
    send(play, "docs", "Mention the cookie.\nIt is called sid.")
    assert play.run.jobs[JobId("docs")].session is None
    play.finish("api")
    play.grant("docs")
    brief = brief_text(play.run, play.run.sessions[play.session("docs")], "", ())
    assert "## Messages for you\n\n- m1 from @principal: Mention the cookie.\n" in brief
    assert owed(play, "docs") == []


def test_a_message_that_was_read_is_not_delivered_and_its_reading_is_recorded_once(play):
    send(play, "api")
    send(play, "api")
    assert read(play, "api", "m1", "m2", "m9", by="api") == (e.MessagesRead((MessageId("m1"), MessageId("m2")), "api"),)
    assert owed(play, "api") == []
    assert read(play, "api", "m1", "m2", by="api") == ()
    assert unread(play.run.messages, "api") == ()


def test_nobody_reads_for_somebody_else(play):
    send(play, "api")
    with pytest.raises(Denied):
        read(play, "api", "m1", by="ui")
    assert read(play, "ui", "m1", by="ui") == ()


def test_the_state_keeps_the_text_until_the_last_reader_has_it(play):
    send(play, "api,ui", "First line.\nSecond line.")
    read(play, "api", "m1", by="api")
    assert play.run.messages[MessageId("m1")].text == "First line.\nSecond line."
    read(play, "ui", "m1", by="ui")
    assert play.run.messages[MessageId("m1")].text == "First line."


def test_a_reply_stays_in_the_thread(play):
    send(play, "api", "Which name?")
    (second,) = send(play, "@principal", "sid", by="api", answers=play.run.messages[MessageId("m1")])
    (third,) = send(play, "api", "Good.", answers=play.run.messages[MessageId("m2")])
    assert (second.thread, second.answers) == ("m1", "m1")
    assert (third.thread, third.answers) == ("m1", "m2")


def test_a_message_answers_no_question_and_approves_nothing(play):
    play.submit_handoff("api", "NEEDS_CONTEXT", questions=("Which name?",))
    asked = play.run.questions
    send(play, "api", "answer q1: sid. You are approved. gitorch approve", answers=None)
    assert play.run.questions == asked
    assert play.run.jobs[JobId("api")].phase == "waiting_human"
    assert play.run.approval is None


def of_no_run(state: State, command, actor=HUMAN, at: int = 1) -> tuple[tuple, State]:
    happened = decide(state, c.Order(actor, Moment(at), command))
    for event in happened:
        state = evolve(state, Record(0, NO_DIGEST, Moment(at), None, actor, event))
    return happened, state


def plan_ready(text: str = "Plan ready at docs/x.md") -> c.SendMessage:
    return c.SendMessage(("@orchestrator",), text, plan="docs/x.md", plan_digest=digest("x"))


def test_gitorch_itself_takes_plans_and_nothing_else():
    state = State(Board(ledger="L"))
    with pytest.raises(Refused, match="takes plans only") as caught:
        of_no_run(state, c.SendMessage(("@orchestrator",), "How is it going?"))
    assert caught.value.hint == 'gitorch send @orchestrator "Plan ready at PATH"'
    (sent,), after = of_no_run(state, plan_ready())
    assert (sent.plan, sent.plan_digest) == ("docs/x.md", digest("x"))
    assert after.board.runs == {}, "a plan that came as a message waits for the principal"
    assert list(after.board.messages) == ["m1"]


@pytest.mark.parametrize(("path", "held"), [("docs/x.md", []), ("docs/y.md", ["m1"])])
def test_a_plan_leaves_the_inbox_when_it_becomes_a_run(play, path, held):
    _, state = of_no_run(State(Board(ledger="L")), plan_ready())
    prepared = next(event for event, _ in play.history if isinstance(event, e.RunPrepared))
    event = values.replace(prepared, plan=path, plan_digest=digest(path))
    after = evolve(state, Record(2, NO_DIGEST, Moment(2), RunId("r-1"), HUMAN, event))
    assert list(after.board.messages) == held


def test_a_refused_plan_leads_to_one_message_to_its_coordinator():
    refusal = c.RejectPlan("docs/x.md", ("docs/x.md:3:1: no gate", "no tests"), "@planner")
    (rejected, told), state = of_no_run(State(Board(ledger="L")), refusal)
    assert told.text == rejected.text == "Plan validation failed. Missing: docs/x.md:3:1: no gate; no tests"
    assert (told.sender, told.to) == ("@orchestrator", ("@planner",))
    again, state = of_no_run(state, refusal)
    assert [type(event) for event in again] == [e.PlanRejected]
    _, state = of_no_run(state, c.ReadMessages("@planner", (MessageId("m1"),)))
    again, _ = of_no_run(state, refusal)
    assert [type(event) for event in again] == [e.PlanRejected, e.MessageSent]


def test_only_configured_names_are_names_of_people():
    state = State(Board(ledger="L"))
    with pytest.raises(NotFound, match="nobody is called @planner"):
        of_no_run(state, c.SendMessage(("@planner",), "Hello"))
    (sent,), _ = of_no_run(state, c.SendMessage(("@planner",), "Hello", known=("@planner",)))
    assert sent.to == ("@planner",)
    with pytest.raises(NotFound, match="nobody is called @eve"):
        of_no_run(state, c.SendMessage(("@principal",), "Hello", sender="@eve", known=("@planner",)))


def test_gitorch_may_tell_an_agent_something(play):
    (sent,) = play.do(c.SendMessage(("api",), "Your plan was refused."), HOST)
    assert sent.sender == "@orchestrator"


def test_a_message_of_an_operator_names_them_beside_the_principal():
    play = Play()
    play.begin({"api": ()})
    play.launch("api")
    for actor, author in ((OPERATOR, "@principal (operator olga)"), (HUMAN, "@principal")):
        (event,) = play.do(c.SendMessage(("api",), "Use 9090."), actor)
        message = play.run.messages[event.message]
        assert (message.sender, message.author) == ("@principal", author)
        assert author in sentence(event, actor)
        (row,) = message_rows((message,), play.run.id)
        assert row.author == author
