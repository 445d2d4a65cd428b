"""What the page changes, by whom, and what it never does."""

from __future__ import annotations

import re

import pytest
from cli_stage import HUMAN
from web_browser import HOME, browser_of, text_of

from gitorch.app.executing.execute import Caller
from gitorch.model import events
from gitorch.model.commands import ProposeMerge
from gitorch.model.ids import CommitId
from gitorch.model.plans.workflow import Settings
from gitorch.model.record import Actor, ActorKind
from gitorch.model.work.proposal import Proposal
from gitorch.model.work.run import RunPhase
from gitorch.web.changes import CHANGES

OWN = {"origin": HOME, "sec-fetch-site": "same-origin"}
RUN = "/runs/auth-7f3a"


def send(browser, path, fields, **headers):
    from urllib.parse import urlencode

    body = urlencode(fields, doseq=True)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return browser.post(path, content=body, headers=OWN | kind | headers)


@pytest.fixture
def browser(stage):
    return browser_of(stage, changes=True)


def test_a_question_is_answered_by_the_form_that_the_page_shows(stage, browser):
    stage.begin_run().launch("api").submit_handoff("api", "NEEDS_CONTEXT", questions=("Which cookie?",))
    action = re.search(r'action="([^"]*/answer)"', browser.get("/").text)[1]
    answer = send(browser, action, {"text": "The session cookie."})
    assert (answer.status_code, answer.headers["location"]) == (303, RUN)
    assert stage.run.questions["q1"].answer.text == "The session cookie."
    assert stage.run.questions["q1"].answer.by == "ada"


def test_an_answer_that_is_refused_says_why_and_records_nothing(stage, browser):
    stage.begin_run().launch("api").submit_handoff("api", "NEEDS_CONTEXT", questions=("Which cookie?",))
    answer = send(browser, f"{RUN}/questions/q1/answer", {"text": " "})
    assert answer.status_code == 409
    assert "needs an answer in words" in text_of(answer.text)
    assert stage.run.questions["q1"].answer is None


def test_a_run_is_paused_and_resumed(stage, browser):
    stage.begin_run()
    assert send(browser, f"{RUN}/pause", {"reason": "release freeze"}).status_code == 303
    assert (stage.run.phase, stage.run.reason) == (RunPhase.PAUSED, "release freeze")
    assert f'action="{RUN}/resume"' in browser.get(RUN).text
    assert send(browser, f"{RUN}/resume", {}).status_code == 303
    assert stage.run.phase is RunPhase.RUNNING


def test_a_report_is_rejected_with_the_epics_to_send_back(stage, browser):
    stage.until_report()
    shown = browser.get(f"{RUN}/report").text
    assert 'name="rework" value="api"' in shown
    answer = send(browser, f"{RUN}/reject", {"note": "No tests.", "rework": ["api"]})
    assert answer.status_code == 303
    assert stage.run.report is None
    assert [listed.finding.title for listed in stage.run.jobs["api"].findings] == [
        "The principal sent this back: No tests."
    ]


def test_a_report_shows_its_pull_request_where_there_is_one(stage, browser):
    stage.until_report(Settings(forge_keys="forge ssh-ed25519 AAAA\n"))
    assert "pull request" not in browser.get(f"{RUN}/report").text
    stage.do(ProposeMerge(Proposal(stage.run.report.digest, "origin", CommitId("5" * 40))), HUMAN)
    shown = browser.get(f"{RUN}/report").text
    assert "proposed as a pull request: <code>gitorch/proposals/auth-7f3a</code> at <code>origin</code>" in shown


def test_abandoned_work_is_recovered_and_a_job_retried(stage, browser):
    stage.begin_run().launch("api")
    assert send(browser, f"{RUN}/recover", {"apply_all": "on"}).status_code == 303
    assert send(browser, f"{RUN}/jobs/api/retry", {"note": "again"}).status_code == 303
    assert stage.run.jobs["api"].phase == "queued"


def test_comments_on_lines_become_findings_and_the_work_goes_back_with_them(stage, browser):
    stage.begin_run({"api": ()}, Settings()).launch("api").submit_handoff("api")
    commit = stage.run.jobs["api"].handoff.commit
    fields = {
        "commit": commit,
        "note": "Look again.",
        "path": ["a.py", "src/a.py", "a.py"],
        "line": ["3", "7", ""],
        "severity": ["blocking", "minor", "note"],
        "comment": ["The error is dropped.\nIt must be raised.", "Rename it.", ""],
    }
    answer = send(browser, f"{RUN}/jobs/api/reject", fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{RUN}/jobs/api"), text_of(answer.text)
    job = stage.run.jobs["api"]
    found = [(str(one.finding.severity), one.finding.place, one.finding.title) for one in job.findings]
    assert found == [
        ("blocking", "", "The principal sent this back: Look again."),
        ("blocking", "a.py:3", "The error is dropped."),
        ("minor", "src/a.py:7", "Rename it."),
    ]
    assert job.findings[1].finding.detail == "It must be raised."
    assert (job.phase, job.attempt) == ("queued", 2)
    [sent] = [one.record for one in stage.ledger.newest(None, (events.WorkSentBack,))]
    assert (sent.actor.kind, sent.event.commit) == (ActorKind.PRINCIPAL, commit)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"commit": "f" * 40}, "handed in"),
        ({"path": "nowhere.py"}, "there is no such file"),
        ({"line": "100000"}, "the file has 99 lines"),
        ({"line": "-1"}, "line and number are whole numbers"),
        ({"line": "٣"}, "line and number are whole numbers"),
        ({"severity": "huge"}, "finding 1 has no known severity"),
        ({"line": ["1", "2"]}, "each comment has a file"),
        ({"comment": "", "note": ""}, "say what is wrong"),
        ({"path": "../../etc/passwd"}, "there is no such file"),
    ],
)
def test_a_comment_that_cannot_stand_changes_nothing_and_says_why(stage, browser, change, words):
    stage.begin_run({"api": ()}, Settings()).launch("api").submit_handoff("api")
    commit = stage.run.jobs["api"].handoff.commit
    fields = {"commit": commit, "note": "", "path": "a.py", "line": "3", "severity": "minor", "comment": "Why?"}
    before = stage.ledger.tip()
    answer = send(browser, f"{RUN}/jobs/api/reject", fields | change)
    assert answer.status_code in {400, 409, 422}
    assert words in text_of(answer.text)
    assert stage.ledger.tip() == before


def test_no_change_of_the_page_approves_and_the_page_only_shows_the_command(stage, browser):
    stage.until_report()
    [approval] = stage.run.open_questions()
    assert not [path for path in CHANGES if "approve" in path]
    assert send(browser, f"{RUN}/questions/{approval.id}/answer", {"option": "approve"}).status_code == 409
    for path in ("/", RUN, f"{RUN}/report", f"{RUN}/questions/{approval.id}"):
        shown = browser.get(path).text
        assert "gitorch approve auth-7f3a" in shown, path
        assert f"/questions/{approval.id}/answer" not in shown, path
    assert stage.run.approval is None


NAMES = {"run": "auth-7f3a", "what": "auth-7f3a", "job": "api", "question": "q1"}
FIELDS = {
    "answer": {"option": "approve", "text": "x"},
    "reject": {"note": "x", "rework": "api"},
    "pause": {"reason": "x"},
    "resume": {},
    "recover": {"apply_all": "on"},
    "retry": {"note": "x"},
}
"""What a browser sends for each verb."""


def place_of(path: str) -> tuple[str, dict]:
    """An address of the run on the stage, and the fields of its form."""
    names = NAMES | ({"what": "api"} if "/jobs/" in path else {})
    return path.format(**names), FIELDS[path.rpartition("/")[2]]


@pytest.mark.parametrize("path", CHANGES)
def test_every_change_is_denied_to_an_agent_that_has_the_cookie_and_the_attempt_is_recorded(
    stage, browser, path, monkeypatch
):
    stage.until_report()
    agent = Caller(Actor(ActorKind.AGENT, "agent", "desk"), None, "the request came from process 7")
    monkeypatch.setattr("gitorch.web.answers.caller_behind", lambda *_: agent)
    phase = stage.run.phase
    assert send(browser, *place_of(path)).status_code == 403
    assert stage.run.phase is phase
    assert list(stage.ledger.newest(None, (events.ActionRefused,)))


@pytest.mark.parametrize("path", CHANGES)
def test_every_field_of_a_form_is_a_parameter_of_its_verb_in_the_table(stage, browser, path):
    place, fields = place_of(path)
    answer = send(browser, place, fields | {"yes": "on"})
    assert answer.status_code == 400
    assert "takes no 'yes'; it takes" in text_of(answer.text)


def test_an_answer_is_never_read_from_the_input_of_the_server(stage, browser):
    stage.begin_run().launch("api").submit_handoff("api", "NEEDS_CONTEXT", questions=("Which cookie?",))
    assert send(browser, f"{RUN}/questions/q1/answer", {"text": "-"}).status_code == 409
    assert stage.run.questions["q1"].answer is None


@pytest.mark.parametrize("path", CHANGES)
def test_a_server_that_only_shows_has_no_forms_and_refuses_every_change(stage, path):
    stage.until_report()
    browser = browser_of(stage)
    for page in ("/", RUN, f"{RUN}/jobs/api", f"{RUN}/jobs/api/diff", f"{RUN}/report"):
        assert 'method="post"' not in browser.get(page).text, page
    before = stage.ledger.tip()
    answer = send(browser, *place_of(path))
    assert answer.status_code == 403
    assert "--allow-changes" in answer.text
    assert stage.ledger.tip() == before


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b"text=x"),
        ("application/json", b'{"text": "x"}'),
        ("multipart/form-data; boundary=a", b"--a"),
        ("application/x-www-form-urlencoded", b"text=" + b"x" * 600_000),
        ("application/x-www-form-urlencoded", b"&".join(b"a=b" for _ in range(3_000))),
        ("application/x-www-form-urlencoded", b"\xff\xfe"),
    ],
)
def test_what_is_no_form_of_the_page_is_refused(stage, browser, kind, body):
    stage.begin_run()
    answer = browser.post(f"{RUN}/pause", content=body, headers=OWN | {"content-type": kind})
    assert answer.status_code == 400
    assert stage.run.phase is RunPhase.RUNNING
