"""Arguments as values, and the errors for invalid ones."""

from __future__ import annotations

import io
import json

import pytest

from gitorch.cli import arguments
from gitorch.errors import Malformed, NotFound, Usage
from gitorch.model.plans.workflow import Autonomy
from gitorch.model.work.review import Choice, Disposition, Finding, Reply, ReportStatus, Severity


@pytest.mark.parametrize("typed", ["done_with_concerns", "DONE-WITH-CONCERNS", " Done With Concerns "])
def test_a_status_is_read_in_any_case(typed):
    assert arguments.report_status(typed) is ReportStatus.DONE_WITH_CONCERNS


def test_an_unknown_status_names_all_four():
    with pytest.raises(Usage, match="DONE, DONE_WITH_CONCERNS, NEEDS_CONTEXT, BLOCKED"):
        arguments.report_status("finished")


def test_a_verdict_is_read_in_any_case_and_an_unknown_one_names_the_list():
    assert arguments.choice("Needs-Revision") is Choice.NEEDS_REVISION
    with pytest.raises(Usage, match="accept, accept_with_findings, needs_revision, reject"):
        arguments.choice("lgtm")


def test_an_unknown_autonomy_names_both_and_full_auto_the_reason():
    assert arguments.autonomy("Per-Epic") is Autonomy.PER_EPIC
    with pytest.raises(Usage, match="nothing is merged without a human's approval"):
        arguments.autonomy("full_auto")
    with pytest.raises(Usage, match="per_epic, end_only"):
        arguments.autonomy("sometimes")


@pytest.mark.parametrize(
    ("typed", "reply"),
    [
        ("2=fixed:3f2a91c", Reply(2, Disposition.FIXED, "3f2a91c")),
        ("#12=false-positive:see a.py:3 = fine", Reply(12, Disposition.FALSE_POSITIVE, "see a.py:3 = fine")),
        ("1=DEFERRED:", Reply(1, Disposition.DEFERRED, "")),
    ],
)
def test_a_reply_names_number_disposition_and_evidence(typed, reply):
    assert arguments.reply(typed) == reply


@pytest.mark.parametrize("typed", ["", "2", "2=fixed", "x=fixed:a", "2=wontfix:a", "²=fixed:a", "-1=fixed:a"])
def test_an_invalid_reply_names_the_form(typed):
    with pytest.raises(Usage, match="N=DISPOSITION:EVIDENCE"):
        arguments.reply(typed)


@pytest.mark.parametrize(
    ("typed", "finding"),
    [
        (
            "important|src/a.py:12|Dropped|It | stays",
            Finding(Severity.IMPORTANT, "Dropped", "src/a.py", 12, "It | stays"),
        ),
        ("HIGH||No tests", Finding(Severity.BLOCKING, "No tests")),
        ("Critical||It leaks", Finding(Severity.BLOCKING, "It leaks")),
        ("medium||No docs", Finding(Severity.IMPORTANT, "No docs")),
        ("low||A blank", Finding(Severity.MINOR, "A blank")),
        ("note|src/a.py|A name", Finding(Severity.NOTE, "A name", "src/a.py")),
    ],
)
def test_a_finding_on_one_line(typed, finding):
    assert arguments.finding(typed) == finding


@pytest.mark.parametrize("typed", ["", "important", "important|a.py", "grave|a.py|x", "minor|a.py|"])
def test_an_invalid_finding_names_the_form(typed):
    with pytest.raises(Usage, match=r"SEVERITY\|PATH:LINE\|TITLE\|DETAIL"):
        arguments.finding(typed)


def findings(tmp_path, data):
    (tmp_path / "f.json").write_text(data if isinstance(data, str) else json.dumps(data))
    return arguments.findings_file("f.json", tmp_path)


def test_a_file_of_findings_is_a_list_or_an_object_with_one(tmp_path):
    one = {"severity": "medium", "title": "Dropped", "path": "a.py", "line": 3, "detail": "d", "number": 2}
    expected = (Finding(Severity.IMPORTANT, "Dropped", "a.py", 3, "d", 2),)
    assert findings(tmp_path, [one]) == expected
    assert findings(tmp_path, {"findings": [{**one, "path": "a.py:3", "line": None}]}) == expected
    assert findings(tmp_path, []) == ()


def test_every_defect_of_a_file_of_findings_is_named(tmp_path):
    with pytest.raises(Malformed) as caught:
        findings(tmp_path, [{"severity": "grave", "lines": 3}, "x", {"severity": "note", "title": "t", "line": -1}])
    messages = " ".join(problem.message for problem in caught.value.problems)
    for part in (
        "finding 1 has no known severity",
        "finding 1 has no title",
        "lines",
        "finding 2 is not an object",
        "finding 3: line",
    ):
        assert part in messages
    assert all(problem.fix for problem in caught.value.problems)
    with pytest.raises(Malformed, match=r" has 1 defect in its findings$"):
        findings(tmp_path, ["x"])


def test_a_file_that_is_not_json_is_malformed_at_its_line(tmp_path):
    with pytest.raises(Malformed) as caught:
        findings(tmp_path, "[\n{,\n")
    assert caught.value.where == "f.json:2:2"


@pytest.mark.parametrize("data", ['"x"', "{}", "3"])
def test_json_that_holds_no_list_is_malformed(tmp_path, data):
    with pytest.raises(Malformed, match="no list of findings"):
        findings(tmp_path, data)


def test_a_missing_binary_or_large_file_is_named(tmp_path):
    with pytest.raises(NotFound, match=r"gone\.md"):
        arguments.text_of("gone.md", tmp_path)
    (tmp_path / "b.md").write_bytes(b"\xff")
    with pytest.raises(Malformed, match="not UTF-8"):
        arguments.text_of("b.md", tmp_path)
    (tmp_path / "c.md").write_bytes(b"x" * (arguments.INPUT_BYTES_MAX + 1))
    with pytest.raises(Usage, match="larger"):
        arguments.text_of("c.md", tmp_path)


def test_a_summary_is_given_once(tmp_path):
    (tmp_path / "s.md").write_text("from a file")
    assert arguments.summary_of("", "s.md", tmp_path) == "from a file"
    assert arguments.summary_of("here", None, tmp_path) == "here"
    with pytest.raises(Usage, match="once"):
        arguments.summary_of("here", "s.md", tmp_path)


class Keyboard(io.TextIOWrapper):
    """Standard input that is a terminal."""

    def isatty(self):
        return True


def test_a_text_that_is_read_from_a_terminal_is_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", Keyboard(io.BytesIO(b"Not now.\n"), encoding="utf-8"))
    assert arguments.text_of("-", tmp_path) == "Not now.\n"
    assert capsys.readouterr().err == "Type the text; Enter and Ctrl-D end it.\n"
