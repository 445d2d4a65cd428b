"""The canonical form: every record reads back to itself, and ruamel.yaml reads it to the same value."""

import io
import math
import re

import pytest
from golden import assert_golden
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from record_strategies import events, records
from ruamel.yaml import YAML

from gitorch.errors import Corrupt, GitorchError, Usage
from gitorch.model import values
from gitorch.model.events import CheckRecorded, LeaseGranted, QuestionAnswered, RunPaused, RunPrepared, RunStarted
from gitorch.model.ids import NO_DIGEST, Digest, Moment
from gitorch.model.plans.workflow import JobKind, JobSpec, Lane, Workflow
from gitorch.model.record import Actor, ActorKind, FileRef, Record
from gitorch.model.work.review import Check
from gitorch.text.records import canonical, timestamps
from gitorch.text.records import record as codec
from gitorch.text.records.record import decode, encode
from gitorch.text.records.released import RELEASED, kind_of_class, suffix_of

AGENT = Actor(ActorKind.AGENT, "impl-api", "laptop", "s12")
LEASE = LeaseGranted(
    *("api", "s12", 1, 1, Moment(1795215311123), True),
    *("implementer", "claude", Digest("sha256:" + "6" * 64), "abcdef", None),
)
RECORD = Record(
    *(42, Digest("sha256:" + "5" * 64), Moment(1795214411123), "auth-7f3a", AGENT, LEASE),
    (FileRef("brief.md", "7" * 64, 812),),
)
TEXT = f"""\
gitorch: "record/1"
seq: 42
prev: "sha256:{"5" * 64}"
at: "2026-11-20T22:40:11.123Z"
run: "auth-7f3a"
type: "lease-granted"
actor: {{"kind": "agent", "name": "impl-api", "host": "laptop", "session": "s12"}}
job: "api"
session: "s12"
fence: 1
attempt: 1
until: "2026-11-20T22:55:11.123Z"
fresh: true
lane: "implementer"
runtime: "claude"
token: "sha256:{"6" * 64}"
nonce: "abcdef"
base: null
files: [{{"name": "brief.md", "sha256": "{"7" * 64}", "size": 812}}]
"""
QUICK = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))


def yaml(text: str):
    return YAML(typ="safe", pure=True).load(io.StringIO(text))


def plain(event) -> dict:
    """What a YAML reader must see of an event, worked out by other means than the codec's."""
    return {name: _plain(getattr(event, name)) for name in values.names_of(type(event))}


def _plain(value):
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, values.Value):
        given = {name: getattr(value, name) for name in values.names_of(type(value))}
        return {name: _plain(one) for name, one in given.items() if one != values.default_of(type(value), name)}
    return str(value) if isinstance(value, str) else value


def test_a_record_has_exactly_this_form():
    assert encode(RECORD) == ("lease-granted.yaml", TEXT.encode())
    assert decode("x/000042-lease-granted.yaml", TEXT.encode()) == RECORD


def test_prose_is_markdown_with_the_fields_as_front_matter():
    record = values.replace(RECORD, run=None, event=QuestionAnswered("q7", "", "Use *v2*.\r\n\r\nDone\r"), files=())
    suffix, data = encode(record)
    assert suffix == "question-answered.md"
    assert data.decode().split("---\n")[1].splitlines()[-2:] == ['question: "q7"', 'option: ""']
    assert data.decode().endswith('option: ""\n---\nUse *v2*.\n\nDone\n\n')
    assert decode(suffix, data).event.text == "Use *v2*.\n\nDone\n"


@pytest.fixture(params=[0, math.inf], ids=["by one pattern", "line by line"])
def _reading(request, monkeypatch):
    """Both ways of reading a record, whatever other tests have read before."""
    monkeypatch.setattr(codec, "READS_WITHOUT_PATTERN", request.param)


def test_writing_a_record_and_reading_a_few_compiles_no_pattern_of_records():
    codec._layout.cache_clear()
    suffix, data = encode(RECORD)
    layout = codec._layout("lease-granted", True, True)
    for _ in range(codec.READS_WITHOUT_PATTERN):
        assert decode(suffix, data) == RECORD
    assert "pattern" not in vars(layout)
    assert decode(suffix, data) == RECORD
    assert "pattern" in vars(layout)


@pytest.mark.each(4)
@pytest.mark.parametrize("kind", RELEASED)
def test_any_record_reads_back_to_itself_and_to_the_same_yaml(kind, monkeypatch):
    @QUICK
    @given(records(kind))
    def check(record):
        suffix, data = encode(record)
        assert suffix == suffix_of(kind)
        for reads in (0, math.inf):
            monkeypatch.setattr(codec, "READS_WITHOUT_PATTERN", reads)
            assert decode(suffix, data) == record
        text = data.decode()
        front = text.split("\n---\n")[0].removeprefix("---\n") if suffix.endswith(".md") else text
        read = yaml(front)
        assert list(read)[:3] == ["gitorch", "seq", "prev"]
        assert read["at"] == timestamps.iso(record.at)
        expected = plain(record.event)
        expected.pop("text", None)
        for key in ("until",):
            if key in expected:
                expected[key] = timestamps.iso(expected[key])
        assert {key: read[key] for key in expected} == expected
        assert read.get("files", []) == _plain(record.files)
        assert _plain(record.actor) == read["actor"]

    check()


@pytest.mark.usefixtures("_reading")
@QUICK
@given(records("check-recorded"), st.data())
def test_a_record_has_exactly_one_form_in_bytes(record, data):
    suffix, good = encode(record)
    place = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.integers(0, 255))
    bad = good[:place] + bytes([byte]) + good[place + 1 :]
    try:
        read = decode(suffix, bad)
    except Corrupt:
        return
    assert encode(read) == (suffix, bad)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("seq: 42", "seq: 042", "seq"),
        ("seq: 42", "seq: 4_2", "seq"),
        ("seq: 42", 'seq: "42"', "a whole number"),
        ("seq: 42", "seq: true", "a whole number"),
        ("seq: 42\n", "", "expected seq"),
        ("seq: 42\n", "seq: 42\nseq: 42\n", "known type"),
        ("fence: 1\n", "", "expected fence"),
        ("fence: 1\n", "fence: 1\nextra: 1\n", "expected attempt"),
        ("fence: 1\nattempt: 1\n", "attempt: 1\nfence: 1\n", "expected fence"),
        ("fence: 1", "fence:  1", "fence"),
        ("fence: 1", "fence: 1 ", "fence"),
        ("fence: 1", "fence: 1 # one", "fence"),
        ("fence: 1", "fence: 1\r", "fence"),
        ("fence: 1", "fence: 1.0", "fence"),
        ("fresh: true", "fresh: yes", "fresh"),
        ("base: null", "base: ~", "base"),
        ("base: null", "", "expected base"),
        ('lane: "implementer"', "lane: implementer", "lane"),
        ('lane: "implementer"', "lane: 'implementer'", "lane"),
        ('lane: "implementer"', r'lane: "\u0069mplementer"', "canonical"),
        ('lane: "implementer"', r'lane: "\ud800"', "lane"),
        ('lane: "implementer"', 'lane: "\x7f"', "lane"),
        ('lane: "implementer"', 'lane: "\u2028"', "lane"),
        ('lane: "implementer"', 'lane: "a", "b"', "more than one value"),
        ("22:55:11.123Z", "22:55:11.123+00:00", "until"),
        ("22:55:11.123Z", "25:55:11.123Z", "until"),
        ('"kind": "agent"', '"kind": "robot"', "robot"),
        ('"kind": "agent", ', "", "actor"),
        (', "session": "s12"}', ', "session": null}', "default"),
        ('"name": "impl-api", "host": "laptop"', '"host": "laptop", "name": "impl-api"', "order"),
        ('"name": "impl-api"', '"name": "impl-api", "name": "x"', "canonical"),
        ('"size": 812', '"size":812', "canonical"),
        ('"size": 812', '"size": NaN', "NaN"),
        ('"lease-granted"', '"lease-given"', "type"),
        ('"lease-granted"', '"question-answered"', "question-answered.md"),
        ('"record/1"', '"record/2"', "record/1"),
        ("812}]\n", "812}]", "end"),
        ("812}]\n", "812}]\n\n", "unknown"),
        ('[{"name"', '[[[{"name"', "files"),
    ],
)
def test_everything_but_the_canonical_form_is_corrupt_and_named(old, new, says):
    assert old in TEXT
    with pytest.raises(Corrupt, match=r"a/b\.yaml") as caught:
        decode("a/b.yaml", TEXT.replace(old, new, 1).encode())
    assert says in caught.value.message


PROSE = Record(4, NO_DIGEST, Moment(1), "r", AGENT, QuestionAnswered("q1", "yes", "Because."))


def spoiled():
    """Files that are no records, each with its path."""
    for old, new, _ in test_everything_but_the_canonical_form_is_corrupt_and_named.pytestmark[0].args[1]:
        yield "a/b.yaml", TEXT.replace(old, new, 1).encode()
    suffix, data = encode(PROSE)
    whole = data.decode()
    for old, new in (
        ("---\n", "--\n"),
        ("Because", "Be\x07cause"),
        ("Because.\n", "Because."),
        ("\n---\n", "\n--\n"),
        ('"q1"', '["q1"]'),
        ("seq: 4", "seq: {}"),
    ):
        assert old in whole
        yield f"a/b{suffix}", whole.replace(old, new, 1).encode()
    yield "a/b.yaml", data
    yield "a/b.md", TEXT.encode()
    yield "a/b.yaml", TEXT.replace(TEXT.splitlines()[-1], "files: []").encode()
    for value in ("{}", "[1]", "7", '[{"name": 7}]', '[{"name": "' + "n" * 300 + '"}]'):
        yield "a/b.yaml", TEXT.replace(TEXT.splitlines()[-1], f"files: {value}").encode()
    for value in ("[]", '"x"', "null"):
        yield "a/b.yaml", re.sub("actor: .*", f"actor: {value}", TEXT).encode()


def refused(act):
    """The error of an act in one line."""
    try:
        return f"accepted: {act()}"
    except GitorchError as error:
        return f"{error.code}: {error.message[:300]} [{error.where}] $ {error.hint}"


@pytest.mark.usefixtures("_reading")
def test_every_refusal_of_a_record_is_told_whole(request):
    unfit = test_text_that_no_file_can_hold_is_refused_before_it_is_written.pytestmark[0].args[1]
    told = [refused(lambda path=path, data=data: decode(path, data)) for path, data in spoiled()]
    told += [refused(lambda event=event: encode(values.replace(RECORD, event=event))) for event in unfit]
    assert not [line for line in told if line.startswith("accepted")]
    assert_golden("refused-records.txt", "".join(f"{line!a}\n" for line in dict.fromkeys(told)), request)


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"\xff\xfe", b"---\n", b"gitorch", b'gitorch: "record/1"\n', b"[" * 100_000, b"\0" * 64]
)
def test_garbage_is_corrupt_in_either_form(data):
    for path in ("a.yaml", "a.md"):
        with pytest.raises(Corrupt):
            decode(path, data)


def test_an_empty_list_of_files_is_never_written():
    bad = TEXT.replace(TEXT.splitlines()[-1], "files: []")
    with pytest.raises(Corrupt, match="there are none"):
        decode("a.yaml", bad.encode())


@pytest.mark.parametrize(
    "event",
    [
        RunPaused("\ud800"),
        QuestionAnswered("q1", "", "\udfff"),
        CheckRecorded("api", 1, Check("c", "true", "passed", 0, math.inf)),
        RunPrepared("t", "p", NO_DIGEST, "main", "c", Workflow("w", "1", "s", {"k" * 300: Lane("l", "r")}, {})),
    ],
)
def test_text_that_no_file_can_hold_is_refused_before_it_is_written(event):
    with pytest.raises(Usage):
        encode(values.replace(RECORD, event=event))


def test_nested_fields_equal_to_their_default_are_left_out():
    spec = JobSpec("api", "API", JobKind.BUILD, "impl", needs=("base",))
    event = RunPrepared("t", "p", NO_DIGEST, "main", "c", Workflow("w", "1", "s", {}, {"api": spec}))
    _, data = encode(values.replace(RECORD, event=event))
    assert b'{"api": {"id": "api", "title": "API", "kind": "build", "lane": "impl", "needs": ["base"]}}' in data


def test_control_characters_leave_prose_but_not_fields():
    assert canonical.normal("a\x1b[31mb\x00\tc\x85") == "a\ufffd[31mb\ufffd\tc\ufffd"
    record = values.replace(RECORD, event=RunPaused("a\x1b\n\u2028\u202e"), files=())
    suffix, data = encode(record)
    assert r'reason: "a\u001b\n\u2028\u202e"' in data.decode()
    assert decode(suffix, data) == record


def test_a_record_knows_its_month_and_a_class_its_released_name():
    assert timestamps.month(RECORD.at) == "2026-11"
    assert {kind_of_class(cls) for cls, _ in RELEASED.values()} == set(RELEASED)
    assert kind_of_class(LeaseGranted) == "lease-granted"


def test_the_table_names_every_event_and_every_field_of_the_model():
    from typing import get_args

    from gitorch.model.events import Event

    assert {cls for cls, _ in RELEASED.values()} == set(get_args(Event))
    for cls, names in RELEASED.values():
        assert names == values.names_of(cls)
        assert "text" not in names[:-1]


def test_released_names_never_change():
    """Adding a line here is a release; changing or removing one breaks every ledger that exists."""
    assert " ".join(RELEASED) == (
        "ledger-created plan-rejected target-confirmed host-added host-removed host-labeled action-refused message-sent messages-read run-prepared "
        "run-confirmed settings-taken run-started run-paused run-resumed run-canceled run-failed run-completed lease-granted "
        "job-claimed lease-renewed lease-ended session-alive session-ended prompt-delivered usage-recorded session-nudged "
        "refusal-reminded channel-silent permission-answered "
        "outbox-entry-accepted "
        "base-built handoff-submitted late-handoff-kept late-handoff-adopted artifact-published decision-made blocker-sorted "
        "check-recorded target-checked settings-changed verdict-given findings-listed gate-passed epic-reported work-voided job-failed "
        "job-canceled job-requeued job-reopened work-sent-back limit-reached turn-failed turn-resumed budget-neared overlap-noted closed-early closing-failed "
        "issues-closed "
        "fault-noted fault-cleared "
        "question-asked escalated question-answered question-withdrawn question-reminded report-issued report-voided "
        "merge-approved merge-approved-at-forge code-merged merge-proposed merge-rejected merged pushed merge-taken-back cleanup-done"
    )


def test_a_record_without_fields_or_run_is_seven_lines():
    _, data = encode(Record(0, NO_DIGEST, Moment(0), None, AGENT, RunStarted()))
    assert data.count(b"\n") == 6
    assert events("run-started") is not None


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T22:40:11.123",
        "2026-11-20 22:40:11.123Z",
        "2026-11-20T22:40:11,123Z",
        "",
        "2026-13-20T22:40:11.123Z",
        "٢026-11-20T22:40:11.123Z",
    ],
)
def test_a_timestamp_is_written_in_one_way_only(text):
    with pytest.raises(ValueError, match=r"timestamp such as 2026-11-20T22:40:11\.123Z$|month|isoformat|Invalid"):
        timestamps.parse(text)


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_timestamps_read_back(at):
    assert timestamps.parse(timestamps.iso(at)) == at


def test_a_timestamp_beyond_the_calendar_is_refused():
    with pytest.raises(Usage, match="is not a timestamp between the years 1 and 9999"):
        encode(values.replace(RECORD, at=Moment(10**18)))
