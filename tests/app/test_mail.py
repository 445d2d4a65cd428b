"""Messages between people and agents: to whom they go, who has not read them, and what became of an announced plan."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import CALLER, RUN, Desk
from play import TARGET, digest, workflow

from gitorch.app.executing.execute import execute
from gitorch.app.people import mailbox, messages
from gitorch.app.people.mailbox import Held
from gitorch.app.people.messages import Party
from gitorch.errors import Denied, NotFound, Refused
from gitorch.model import commands as c
from gitorch.model import events
from gitorch.model.ids import Moment, RunId
from gitorch.model.plans.config import Config
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import replace

ADA = Party(CALLER.actor, "@principal")
BOB = Party(CALLER.actor, "@bob")
OTHER = RunId("other-0002")


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path / "s")
    desk.services.config = Config(coordinator="bob")
    return desk


def send(desk, party, *to, text="hi", run=None, folder=None):
    return messages.send(desk.services, party, to, text, folder or desk.services.root, run)


def agent(desk, job="api"):
    actor = Actor(ActorKind.AGENT, job, "desk", desk.session(job).id)
    return Party(actor, job, RUN)


def ids(found):
    return [(held.run, held.message.id) for held in found]


def waiting(desk, name, within=None):
    return ids(mailbox.waiting(desk.services, name, within))


def working(desk, *jobs):
    desk.begin(dict.fromkeys(jobs or ("api",), ())).tick(3)
    return desk


def other_run(desk, job="api"):
    """A second run under way."""
    prepare = c.PrepareRun(OTHER, "Other", "other.md", digest("other"), "main", TARGET, workflow({job: ()}))
    execute(desk.services, OTHER, CALLER.actor, (prepare, c.ConfirmRun(desk.run.settings, "typed")))
    execute(desk.services, OTHER, desk.services.host, c.StartRun())


# Names


@pytest.mark.parametrize(
    ("name", "person"),
    [(None, "@principal"), ("principal", "@principal"), ("@principal", "@principal")],
)
def test_a_person_is_known_by_each_form_of_the_name(desk, name, person):
    assert mailbox.person_named(desk.services, name) == person


@pytest.mark.parametrize("name", ["bob", "@bob", "coordinator", "@coordinator"])
def test_the_coordinator_is_the_configured_person_otherwise_the_principal(desk, name):
    assert mailbox.person_named(desk.services, name) == "@bob"
    assert messages.person(desk.services, CALLER.actor, name) == Party(CALLER.actor, "@bob")
    desk.services.config = Config()
    if "coordinator" in name:
        assert mailbox.person_named(desk.services, name) == "@principal"
    else:
        with pytest.raises(NotFound) as raised:
            mailbox.person_named(desk.services, name)
        assert raised.value.message == "no person is called @bob; there are @principal, @coordinator"


def test_everybody_in_a_message_between_people_is_known_once_the_coordinator_first(desk):
    send(desk, ADA, "@bob")
    desk.services.config = Config(coordinator="carol")
    send(desk, ADA, "@carol")
    assert mailbox.known_people(desk.services) == ("@carol", "@bob")
    desk.services.config = Config()
    assert mailbox.known_people(desk.services) == ("@bob", "@carol")


# Sending


def test_a_message_between_people_belongs_to_no_run(desk):
    (sent,) = send(desk, ADA, "@coordinator", text="Look at this.")
    message = sent.message
    assert sent.run is None
    assert (message.id, message.sender, message.to, message.text) == ("m1", "@principal", ("@bob",), "Look at this.")
    assert (message.plan, message.plan_digest, message.answers) == ("", None, None)


def test_a_message_to_an_agent_belongs_to_its_run(desk):
    working(desk)
    (sent,) = send(desk, ADA, "api")
    assert (sent.run, sent.message.to) == (RUN, ("api",))
    assert desk.run.messages[sent.message.id] == sent.message


def test_a_message_of_an_agent_belongs_to_its_own_run_whatever_others_there_are(desk):
    working(desk)
    other_run(desk)
    (sent,) = send(desk, agent(desk), "@principal")
    assert (sent.run, sent.message.sender) == (RUN, "api")


def test_the_run_with_all_agents_is_found_and_a_named_one_wins(desk):
    working(desk, "api", "ui")
    other_run(desk, "api")
    assert send(desk, ADA, "ui")[0].run == RUN
    assert send(desk, ADA, "api", "ui")[0].run == RUN
    assert send(desk, ADA, "@all", run="play")[0].run == RUN


def test_a_message_to_all_goes_to_the_only_run(desk):
    working(desk, "api", "ui")
    (sent,) = send(desk, ADA, "@all")
    assert (sent.run, set(sent.message.to)) == (RUN, {"api", "ui"})


def test_an_agent_may_not_write_to_all_or_in_another_name(desk):
    working(desk)
    with pytest.raises(Denied):
        send(desk, agent(desk), "@all")
    with pytest.raises(Denied):
        send(desk, replace(agent(desk), name="@principal"), "api")
    assert [one.verb for one in desk.events(events.ActionRefused)] == ["send", "send"]


def test_an_agent_that_nobody_has_is_not_found(desk):
    working(desk)
    with pytest.raises(NotFound, match="db"):
        send(desk, ADA, "db")


@pytest.mark.parametrize("text", ["", "  \n", "x" * 100_001])
def test_a_text_that_is_empty_or_too_long_is_refused(desk, text):
    with pytest.raises(Refused):
        send(desk, ADA, "@bob", text=text)


# Announced plans


def announce(desk, text, folder=None):
    ((run, message),) = [
        (held.run, held.message) for held in send(desk, BOB, "@orchestrator", text=text, folder=folder)
    ]
    assert run is None
    return message


def place(desk, name, data=b"# Plan\n"):
    """A plan on disk, which the fake files read too."""
    path = desk.services.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    desk.files.write(path, data)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "Plan ready at docs/p.md",
        "plan is ready: docs/p.md",
        "PLAN READY docs/p.md",
        "  plan ready at `docs/p.md`.\nPlease start it.",
        "plan ready at 'docs/p.md'",
        'plan ready at "docs/p.md"',
    ],
)
def test_a_plan_is_announced_with_its_path_and_digest(desk, text):
    data = place(desk, "docs/p.md").read_bytes()
    message = announce(desk, text)
    assert (message.plan, message.plan_digest) == ("docs/p.md", f"sha256:{hashlib.sha256(data).hexdigest()}")
    assert message.announces_plan


def test_a_plan_may_be_named_from_where_the_sender_stands(desk):
    path = place(desk, "docs/p.md")
    assert announce(desk, "plan ready at p.md", path.parent).plan == "docs/p.md"
    odd = place(desk, "docs/odd'.")
    assert announce(desk, "plan ready at odd'.", odd.parent).plan == "docs/odd'."


def test_a_plan_outside_of_the_repository_has_its_whole_path(desk, tmp_path):
    path = tmp_path / "p.md"
    path.write_bytes(b"# Plan\n")
    desk.files.write(path, b"# Plan\n")
    assert announce(desk, f"plan ready at {path}").plan == str(path.resolve())


def test_a_plan_announced_to_somebody_else_is_only_text(desk):
    (sent,) = send(desk, ADA, "@bob", text="plan ready at no.md")
    assert (sent.message.plan, sent.message.announces_plan) == ("", False)


# Reading


def test_messages_wait_for_their_readers_oldest_first_until_they_are_read(desk):
    working(desk)
    first, second, third = (send(desk, ADA, to)[0] for to in ("@bob", "api", "@bob"))
    assert waiting(desk, "@bob") == [(None, "m1"), (None, "m3")]
    assert waiting(desk, "api", RUN) == [(RUN, "m2")]
    assert waiting(desk, "@principal") == []
    messages.mark_read(desk.services, BOB, (first, second, third))
    assert (waiting(desk, "@bob"), waiting(desk, "api", RUN)) == ([], [(RUN, "m2")])
    read = [one.record.event for one in desk.ledger.records() if isinstance(one.record.event, events.MessagesRead)]
    assert [(one.reader, one.messages) for one in read] == [("@bob", ("m1", "m3"))]
    other_run(desk)
    assert waiting(desk, "api", OTHER) == []


def test_an_agents_message_waits_for_the_person_in_its_run(desk):
    working(desk)
    (sent,) = send(desk, agent(desk), "@principal")
    assert waiting(desk, "@principal") == [(RUN, sent.message.id)]
    messages.mark_read(desk.services, ADA, (sent,))
    assert waiting(desk, "@principal") == []


def test_an_announced_plan_waits_for_the_principal_until_a_run_is_prepared_from_it(desk):
    path = place(desk, "plan.md")
    sent = Held(None, announce(desk, "plan ready at plan.md"))
    messages.mark_read(desk.services, ADA, (sent,))
    assert waiting(desk, "@principal") == [(None, "m1")], "being shown does not settle it"
    assert waiting(desk, "@bob") == []
    plan_digest = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    desk.clock.moment += 1000
    prepare = c.PrepareRun(RUN, "Play", "plan.md", plan_digest, "main", desk.begun, workflow({"api": ()}))
    execute(desk.services, RUN, CALLER.actor, prepare)
    assert waiting(desk, "@principal") == []


def test_a_run_of_another_plan_leaves_an_announced_one_waiting(desk):
    place(desk, "mine.md")
    announce(desk, "plan ready at mine.md")
    working(desk)
    assert waiting(desk, "@principal") == [(None, "m1")]


def test_an_announced_plan_is_listed_with_what_became_of_its_file(desk):
    path = place(desk, "plan.md")
    held = mailbox.Held(None, announce(desk, "plan ready at plan.md"))
    notes = []
    for change in (lambda: None, lambda: desk.files.write(path, b"x"), lambda: desk.files.remove(path)):
        change()
        (row,) = mailbox.rows(desk.services, (held,))
        notes.append(row.text)
    plain = notes[0]
    assert notes == [plain, f"{plain} (the file has changed since)", f"{plain} (the file does not exist any more)"]
    (row,) = mailbox.rows(desk.services, send(desk, ADA, "@bob", text="Hello"))
    assert "Hello" in row.text


def test_without_a_ledger_nothing_waits(tmp_path):
    from fakes.world import FakeRepository

    assert mailbox.waiting(FakeRepository(tmp_path), "@principal", None) == ()


# Finding one


def test_a_message_is_found_wherever_it_is_kept(desk):
    working(desk)
    between, to_agent = send(desk, ADA, "@bob")[0], send(desk, ADA, "api")[0]
    find = lambda name, within=None: mailbox.find_message(desk.services, within, name)  # noqa: E731 said once
    assert find("m1") == between
    assert find("m2") == find("m2", RUN) == to_agent
    for name in ("m3", "m0", "m-1", "x", "1", "mm1"):
        with pytest.raises(NotFound, match=f"there is no message {name}$"):
            find(name)


def test_a_message_that_everybody_read_is_found_in_the_records_with_its_whole_text(desk):
    text = "First line.\n\nThe rest of it."
    (sent,) = send(desk, ADA, "@bob", text=text)
    messages.mark_read(desk.services, BOB, (sent,))
    found = mailbox.find_message(desk.services, None, "m1")
    assert mailbox.whole(desk.services, found).message.text == text
    full = mailbox.whole(desk.services, Held(None, replace(sent.message, read_by=("@bob",)))).message
    assert full == sent.message
    assert mailbox.whole(desk.services, sent) is sent


# Answering


def reply(desk, party, name, text="Yes."):
    return messages.reply(desk.services, party, name, text)


def test_a_reply_goes_to_the_sender_in_the_same_thread_and_marks_the_message_read(desk):
    working(desk)
    (asked,) = send(desk, agent(desk), "@principal", text="May I?")
    (answer,) = reply(desk, ADA, asked.message.id)
    message = answer.message
    assert (answer.run, message.sender, message.to, message.text) == (RUN, "@principal", ("api",), "Yes.")
    assert (message.answers, message.thread) == (asked.message.id, asked.message.thread or asked.message.id)
    assert waiting(desk, "@principal") == []


def test_a_reply_to_ones_own_message_goes_to_its_readers(desk):
    (sent,) = send(desk, ADA, "@bob")
    (more,) = reply(desk, ADA, sent.message.id, "And another thing.")
    assert (more.message.to, more.run) == (("@bob",), None)
    (back,) = reply(desk, BOB, more.message.id)
    assert back.message.to == ("@principal",)


def test_a_reply_to_an_announced_plan_settles_it(desk):
    place(desk, "plan.md")
    announce(desk, "plan ready at plan.md")
    (answer,) = reply(desk, ADA, "m1", "Not now.")
    assert answer.message.to == ("@bob",)
    assert waiting(desk, "@principal") == []


def test_the_sender_of_a_plan_only_settles_it(desk):
    place(desk, "plan.md")
    (sent,) = send(desk, ADA, "@orchestrator", text="plan ready at plan.md")
    assert reply(desk, ADA, sent.message.id) == ()
    assert waiting(desk, "@principal") == []


# Waiting for one


def test_waiting_ends_with_the_message_that_comes(desk):
    looks = []

    def sleep(seconds):
        looks.append(seconds)
        if len(looks) == 3:
            send(desk, ADA, "@bob")

    desk.clock.sleep = sleep
    assert ids(messages.wait_for(desk.services, BOB, None)) == [(None, "m1")]
    assert looks == [messages.BLINK_SECONDS] * 3
    assert ids(messages.wait_for(desk.services, BOB, None)) == [(None, "m1")], "nothing was marked read"


def test_waiting_ends_empty_at_its_moment(desk):
    slept = []
    desk.clock.sleep = lambda seconds: slept.append(seconds) or setattr(desk.clock, "moment", desk.clock.moment + 100)
    assert messages.wait_for(desk.services, BOB, Moment(desk.clock.now() + 250)) == ()
    assert len(slept) == 3


def test_waiting_goes_on_past_records_and_plans_that_are_no_message(desk):
    place(desk, "plan.md")
    announce(desk, "plan ready at plan.md")
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        desk.clock.moment += 100
        if len(slept) == 1:
            send(desk, ADA, "@bob")

    desk.clock.sleep = sleep
    assert messages.wait_for(desk.services, ADA, Moment(desk.clock.now() + 300)) == ()
    assert len(slept) == 3
