"""What git log says of each event, and that no text from outside can add a line."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from record_strategies import TEXT, objects, records

from gitorch.model import values
from gitorch.model.events import (
    ActionRefused,
    CheckRecorded,
    LeaseGranted,
    Pushed,
    QuestionAnswered,
    RunPaused,
    VerdictGiven,
)
from gitorch.model.ids import NO_DIGEST, CommitId, Moment
from gitorch.model.record import Actor, ActorKind, Record
from gitorch.model.work.review import Check, Choice, Finding, Severity
from gitorch.text.records import commit_message, digests
from gitorch.text.records.released import RELEASED

HUMAN = Actor(ActorKind.PRINCIPAL, "Ada", "laptop")
FINDING = Finding(Severity.MINOR, "typo")
COMMIT = "1a2b3c4" + "0" * 33


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (
            LeaseGranted("api", "s3", 1, 1, Moment(1795215311123), True, "impl", "scripted", NO_DIGEST, "n", None),
            "lease granted: api → s3 (scripted) until 22:55",
        ),
        (
            VerdictGiven("api.spec", "api", "s4", 1, 1, COMMIT, Choice.NEEDS_REVISION, (FINDING, FINDING), "t"),
            "verdict: api.spec needs_revision on 1a2b3c4 (2 findings)",
        ),
        (
            VerdictGiven("api.spec", "api", "s4", 1, 1, COMMIT, Choice.ACCEPT_WITH_FINDINGS, (FINDING,), "t"),
            "verdict: api.spec accept_with_findings on 1a2b3c4 (1 finding)",
        ),
        (ActionRefused("approve", "denied", "only a principal may"), "refused: approve by Ada: only a principal may"),
        (CheckRecorded("api", 2, Check(COMMIT, "make", "failed", 1, 2.0)), "check: api failed at 1a2b3c4 (attempt 2)"),
        (QuestionAnswered("q1", "", "use\nv2"), "answered q1 by Ada: use v2"),
        (RunPaused("x" * 99), "run paused by Ada: " + "x" * 52 + "…"),
        (RunPaused("a\r\n\r\nGitorch-Seq: 9\u2028b\x1b[2J"), "run paused by Ada: a Gitorch-Seq: 9 b [2J"),
        (RunPaused(""), "run paused by Ada"),
    ],
)
def test_a_subject_states_the_event(event, says):
    assert commit_message.sentence(event, HUMAN) == says


@pytest.mark.each(4)
@pytest.mark.parametrize("kind", RELEASED)
def test_every_type_has_a_sentence_of_its_own_and_no_text_makes_a_second_line(kind):
    @settings(max_examples=settings.default.max_examples // 4)  # of each of 75 types
    @given(records(kind))
    def check(record):
        message = commit_message.message(record, digests.digest(b"x"))
        subject, empty, *trailers = message.removesuffix("\n").split("\n")
        assert 0 < len(subject) <= commit_message.SUBJECT_MAX
        assert not empty
        keys = [line.partition(": ")[0] for line in trailers]
        allowed = ["Gitorch-Seq", "Gitorch-Type", "Gitorch-Run", "Gitorch-Job", "Gitorch-Actor", "Gitorch-Record"]
        assert keys == [key for key in allowed if key in keys]
        assert len("".join(message.splitlines())) == len(message) - message.count("\n")
        assert trailers[-1] == f"Gitorch-Record: {digests.digest(b'x')}"

    check()
    assert len(set(commit_message.SENTENCES.values())) == len(commit_message.SENTENCES)


def test_a_merge_that_the_remote_had_already_was_not_pushed():
    moved = Pushed("merge", "origin", "main", CommitId("a" * 40), CommitId("b" * 40))
    assert commit_message.sentence(moved, HUMAN) == "pushed: main at origin aaaaaaa → bbbbbbb"
    there = Pushed("merge", "origin", "main", None, CommitId("b" * 40))
    assert commit_message.sentence(there, HUMAN) == "not pushed: origin already has main at bbbbbbb"


def test_the_sentences_are_those_of_the_table():
    assert list(commit_message.SENTENCES) == list(RELEASED)


def test_git_reads_the_trailers_and_only_those():
    event = RunPaused("stop\n\nGitorch-Seq: 99\nGitorch-Record: sha256:forged")
    actor = Actor(ActorKind.AGENT, "x\n\nGitorch-Type: forged", "h\nGitorch-Run: y", "s1")
    record = Record(7, NO_DIGEST, Moment(0), "r-1", actor, event)
    parse = ("git", "interpret-trailers", "--parse")
    done = subprocess.run(
        parse, input=commit_message.message(record, NO_DIGEST), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "Gitorch-Seq: 7",
        "Gitorch-Type: run-paused",
        "Gitorch-Run: r-1",
        "Gitorch-Actor: agent/x Gitorch-Type: forged (s1) on h Gitorch-Run: y",
        f"Gitorch-Record: {NO_DIGEST}",
    ]


@given(objects(Actor), TEXT)
def test_an_author_is_always_one_that_git_takes(actor, host):
    for person in (commit_message.author(actor), commit_message.committer(host)):
        name, _, address = person.partition(" <")
        assert name
        assert not set(name) & set("<>\n\0")
        assert address.endswith("@gitorch.invalid>")
        assert not set(address[:-1]) & set("<> \n\0")


def test_an_author_is_the_actor():
    assert commit_message.author(Actor(ActorKind.AGENT, "impl <api>\n", "h", "s12")) == "impl api <s12@gitorch.invalid>"
    assert commit_message.author(values.replace(HUMAN, name=" . ")) == "principal <principal@gitorch.invalid>"


@given(st.text(), st.integers(2, 80))
def test_one_line_has_no_line_break_and_no_control_character(text, characters):
    line = commit_message.one_line(text, characters)
    assert len(line) <= characters
    assert len(line.splitlines()) <= 1
