"""Outbox entries as agents leave them, by gitorch or by hand, and the answers that they find."""

from __future__ import annotations

import json

import pytest

from gitorch.errors import Denied, Malformed, Refused
from gitorch.model.ids import JobId, RunId
from gitorch.model.submission import OutboxEntry, ReportText, VerdictText
from gitorch.model.work.review import Choice, Disposition, Finding, Reply, ReportStatus, Severity
from gitorch.text.outbox_entry import BYTES_MAX, accepted, decode, encode, read_answer, refused

REPORT = ReportText(
    ReportStatus.DONE_WITH_CONCERNS,
    "Sitzungen ✓",
    JobId("api"),
    concerns=("slow",),
    replies=(Reply(1, Disposition.FIXED, "3f2a91c"),),
)
VERDICT = VerdictText(
    Choice.REJECT, "3f2a91c", "n", "no", findings=(Finding(Severity.NOTE, "t", "a.py", 3, quote="x"),)
)


@pytest.mark.parametrize(
    "entry", [OutboxEntry(RunId("r-1"), "t", "s", REPORT), OutboxEntry(RunId("r-1"), "t", verdict=VERDICT)]
)
def test_an_encoded_outbox_entry_decodes_to_itself(entry: OutboxEntry) -> None:
    assert decode("a.json", encode(entry)) == entry


def test_an_outbox_entry_can_be_written_by_hand() -> None:
    text = '{"gitorch": "outbox/1", "run": "r", "token": "t", "report": {"status": "DONE", "summary": "Done"}}'
    assert decode("a.json", text.encode()) == OutboxEntry(RunId("r"), "t", report=ReportText(ReportStatus.DONE, "Done"))


WRONG = [
    (b"LGTM", "Expecting value"),
    (b"", "Expecting value"),
    (b"[]", 'it does not contain "gitorch": "outbox/1"'),
    (b'{"run": "r", "token": "t"}', 'it does not contain "gitorch": "outbox/1"'),
    (b'{"gitorch": "outbox/2", "run": "r", "token": "t"}', 'it does not contain "gitorch": "outbox/1"'),
    (b'{"gitorch": "outbox/1", "run": "r", "token": "t"}', "neither a report nor a verdict"),
    (b'{"gitorch": "outbox/1", "run": "r"}', "token"),
    (b'{"gitorch": "outbox/1", "run": "r", "token": "t", "approve": true}', "approve"),
    (b'{"gitorch": "outbox/1", "run": "r", "token": "t", "report": {"status": "FINE", "summary": ""}}', "FINE"),
    (
        (
            b'{"gitorch": "outbox/1", "run": "r", "token": "t", "report": {"status": "DONE", "summary": "s"}, '
            b'"verdict": {"choice": "accept", "commit": "c", "nonce": "n", "summary": "s"}}'
        ),
        "more than one report, verdict or denied verb",
    ),
    (b'{"gitorch": "outbox/1", "run": "r", "token": "t", "denied": "%s"}' % (b"x" * 61), "has more than 60 characters"),
    (b"\xff\xfe{", "codec can't decode"),
    (b"[" * 100_000, "recursion"),
    (b" " * (BYTES_MAX + 1), f"larger than {BYTES_MAX:,} bytes"),
]


@pytest.mark.parametrize(("data", "why"), WRONG, ids=[why for _, why in WRONG])
def test_an_invalid_outbox_entry_is_malformed_with_reason_and_example(data: bytes, why: str) -> None:
    with pytest.raises(Malformed) as wrong:
        decode("report-1.json", data)
    assert why in wrong.value.message
    assert "report-1.json is not an outbox entry" in wrong.value.message
    assert "outbox/1" in wrong.value.problems[0].fix


def test_an_answer_equals_the_output_of_the_command() -> None:
    assert read_answer(accepted("api is handed in.", ("handoff-submitted",))) == (
        "api is handed in.",
        ("handoff-submitted",),
    )
    for error in (Refused("not now", "git status"), Denied("not you")):
        answer = read_answer(refused(error))
        assert isinstance(answer, type(error))
        assert (str(answer), answer.hint) == (error.message, error.hint)
        assert json.loads(refused(error))["ok"] is False
    assert accepted("It is handed in.", ("a",)).decode().startswith('{\n "ok": true,\n')
