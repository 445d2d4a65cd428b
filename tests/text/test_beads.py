"""Issues of beads as real repositories hold them."""

import json

import pytest
from fakes.bd import issue, lines
from growth import growth

from gitorch.text.beads import PROBLEMS_MAX, NotJson, dependencies_of, parse_answer, parse_issues

PATH = ".beads/issues.jsonl"


def read(*data):
    return parse_issues(PATH, b"".join(data))


def messages(backlog):
    return [f"{p.line}: {p.message}" for p in backlog.problems]


def test_a_record_as_beads_exports_it():
    backlog = read(
        b'{"_type":"issue","id":"rf2-so3io","title":"Measure\\n it","description":"Both.","status":"in_progress","priority":0,'
        b'"issue_type":"task","owner":"m@example.org","created_at":"2026-07-26T22:37:07Z","labels":["x"],"comments":[{"id":1}],'
        b'"dependencies":[{"issue_id":"rf2-so3io","depends_on_id":"rf2-up","type":"parent-child","metadata":"{}"},'
        b'{"issue_id":"rf2-so3io","depends_on_id":"rf2-a","type":"blocks"},'
        b'{"issue_id":"rf2-so3io","depends_on_id":"rf2-b","type":"related"},'
        b'{"issue_id":"rf2-so3io","depends_on_id":"rf2-c","type":"discovered-from"}],"dependency_count":4}\n'
    )
    found = backlog.issues["rf2-so3io"]
    assert backlog.problems == ()
    assert (found.title, found.kind, found.closed, found.parent, found.blockers, found.text) == (
        "Measure it",
        "task",
        False,
        "rf2-up",
        ("rf2-a",),
        "Both.",
    )


@pytest.mark.parametrize(
    ("status", "closed", "gone"),
    [("open", 0, 0), ("in_progress", 0, 0), ("hooked", 0, 0), ("closed", 1, 0), ("tombstone", 0, 1), ("", 0, 0)],
)
def test_the_status_decides_whether_an_issue_is_closed_or_deleted(status, closed, gone):
    found = read(lines(issue("x-1", status=status))).issues["x-1"]
    assert (found.closed, found.deleted) == (bool(closed), bool(gone))


def test_records_of_other_kinds_and_fields_of_other_types_are_no_defects():
    backlog = read(
        b'\xef\xbb\xbf{"_type":"memory","key":"k","value":"v"}\r\n\r\n',
        b'{"id":"x-1","title":null,"status":7,"issue_type":null,"dependencies":"none","priority":"high"}\r\n',
        b'{"id":"x-2","title":"\\ud83d half","dependencies":[null,{"type":"blocks"},{"type":"blocks","depends_on_id":"--force"}]}',
    )
    assert backlog.problems == ()
    assert [(i.id, i.title, i.kind, i.blockers) for i in backlog.issues.values()] == [
        ("x-1", "x-1", "task", ()),
        ("x-2", "? half", "task", ()),
    ]


BOM = b"\xef\xbb\xbf"
MARKER = "An unresolved merge conflict begins here."


@pytest.mark.parametrize(
    ("data", "ids", "says"),
    [
        (BOM, [], []),
        (BOM + lines(issue("x-1")), ["x-1"], []),
        (BOM + b"<<<<<<< HEAD\n" + lines(issue("x-1")), ["x-1"], [f"1: {MARKER}"]),
        (BOM + b"junk\n", [], ["1: The line is not JSON: junk"]),
        (BOM + b"\n" + lines(issue("x-1")) + b"junk\n", ["x-1"], ["3: The line is not JSON: junk"]),
        (BOM + b"junk", [], ["1: The line is cut off: junk"]),
    ],
)
def test_a_byte_order_mark_at_the_beginning_is_no_part_of_the_first_line(data, ids, says):
    backlog = read(data)
    assert (list(backlog.issues), messages(backlog)) == (ids, says)


def test_of_several_lines_for_one_issue_the_newest_counts():
    old = issue("x-1", "Old", updated_at="2026-01-07T10:52:33.512583507-05:00")
    new = issue("x-1", "New", status="closed", updated_at="2026-01-07T16:00:00Z")
    assert read(lines(old, new)).issues["x-1"].title == "New"
    assert read(lines(new, old)).issues["x-1"].title == "New"
    assert read(lines(issue("x-1", "First"), issue("x-1", "Second"))).issues["x-1"].title == "Second"


def test_an_id_that_extends_another_id_is_its_child_unless_it_has_a_parent():
    backlog = read(lines(issue("x-1", kind="epic"), issue("x-1.1"), issue("x-1.2", parent="x-9"), issue("v1.2-7")))
    assert [i.parent for i in backlog.issues.values()] == ["", "x-1", "x-9", ""]


def test_a_merge_conflict_is_one_problem_and_both_sides_are_read():
    backlog = read(
        lines(issue("x-1")),
        b"<<<<<<< HEAD\n",
        lines(issue("x-2")),
        b"=======\n",
        lines(issue("x-3")),
        b">>>>>>> other\n",
    )
    assert messages(backlog) == ["2: An unresolved merge conflict begins here."]
    assert list(backlog.issues) == ["x-1", "x-2", "x-3"]


def test_a_last_line_that_is_cut_off_has_its_own_message():
    assert messages(read(lines(issue("x-1")), b'{"id":"x-2","title":"Half a')) == [
        '2: The line is cut off: {"id":"x-2","title":"Half a'
    ]
    assert messages(read(b"nonsense\n", lines(issue("x-1")))) == ["1: The line is not JSON: nonsense"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"[1, 2]\n", "The line is not a JSON object: [1, 2]"),
        (b'{"title": "x"}\n', "The issue on this line has no usable `id`."),
        (b'{"id": "--force"}\n', "The issue on this line has no usable `id`."),
        (b'{"id": "a b"}\n', "The issue on this line has no usable `id`."),
        (b'{"id": "x", "title": "\xff"}\n', 'The line is not JSON: {"id": "x", "title": "\ufffd"}'),
        (b"[" * 100_000 + b"\n", "The line is not JSON: …" + "[" * 40),
    ],
)
def test_an_unreadable_line_is_always_a_problem(line, message):
    assert messages(read(line)) == [f"1: {message}"]


def test_the_problems_of_a_file_of_another_kind_are_bounded():
    assert messages(read(b"x\n" * 500))[PROBLEMS_MAX:] == [
        f"{PROBLEMS_MAX + 1}: {500 - PROBLEMS_MAX} more lines are unreadable, from this one on."
    ]


def test_ten_times_the_issues_take_about_ten_times_as_long():
    made = [issue(f"x-{n}", parent="x-0", blockers=("x-1",), description="word " * 150) for n in range(2_000)]
    assert growth(lambda number: read(lines(*made[:number])), 200, 2_000) < 30


@pytest.mark.parametrize(
    ("answer", "ids"),
    [
        ([{"id": "x-1"}, {"id": "x-2"}], ["x-1", "x-2"]),
        ({"id": "x-1", "schema_version": 1}, ["x-1"]),
        ({"schema_version": 1, "data": [{"id": "x-1"}]}, ["x-1"]),
        ({"error": "no issues found"}, []),
        (None, []),
    ],
)
def test_an_answer_of_bd_is_a_list_an_object_or_an_envelope(answer, ids):
    assert [row["id"] for row in parse_answer(json.dumps(answer))] == ids


@pytest.mark.parametrize("answer", ["", "Done.", '["x-1"]', '"x-1"', '[{"id": "x-1"}'])
def test_an_answer_of_bd_that_is_not_json_is_refused(answer):
    with pytest.raises(NotJson):
        parse_answer(answer)


def test_the_issues_that_records_depend_on_are_known_where_their_status_is():
    rows = [{"id": "a", "status": "closed", "title": "A"}, {"id": "b"}, {"id": "--c", "status": "open"}, 7]
    found = dependencies_of([{"id": "x", "dependencies": rows}, {"dependencies": [{"id": "d", "status": "open"}]}, {}])
    assert [(name, one.title, one.closed) for name, one in found.items()] == [("a", "A", True), ("d", "d", False)]


def test_a_mark_of_a_conflict_is_known_with_any_name_behind_it():
    marks = [b"<<<<<<< HEAD", b"=======", b">>>>>>> " + b"x" * 200]
    backlog = read(*[mark + b"\n" for mark in marks], lines(issue("x-1")))
    assert (len(backlog.problems), list(backlog.issues)) == (1, ["x-1"])
