"""Every page of a run can be reached by links, shows what the ledger holds, and is harmless whatever agents wrote."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import cli_hostile
import pytest
from web_browser import browser_of, text_of  # first: it says why these tests are left out

from gitorch.text.records.digests import digest

EVIL = (
    "EVIL\x1b]0;title\x07\x9b2J\u202e\u2028"
    "\"'></pre></code></title></a><script>alert(1)</script><img src=x onerror=alert(2)>"
    "[a link](javascript:alert(3)) ![a picture](http://evil.example/x.png) <http://evil.example/> {{ site }} {% raw %}"
)
"""Ends every element that could be around it, runs scripts, loads pictures, and reads like a template."""


class Harmless(HTMLParser):
    """Collects what a page must not have."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if "id" in found:
            self.ids.append(found["id"])
        if tag in {"img", "iframe", "object", "embed", "base", "style"}:
            self.faults.append(f"<{tag}>")
        if tag == "script" and found != {"src": "/static/page.js", "defer": None}:
            self.faults.append(f"a script {found}")
        for name, value in found.items():
            if name.startswith("on") or name == "style":
                self.faults.append(f"{tag} {name}")
            if name in {"href", "src", "action"} and not re.match(r"/(?!/)|#", value or ""):
                self.outward(tag, found, value)

    def outward(self, tag, found, value):
        keeps_silent = "noopener" in (found.get("rel") or "")
        if tag != "a" or not value.startswith(("http://", "https://")) or not keeps_silent:
            self.faults.append(f"{tag} leads to {value}")


def crawled(browser) -> dict[str, object]:
    """Every page that can be reached by links from the board, by its path."""
    seen: dict[str, object] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen[path] = answer = browser.get(path)
        if answer.headers.get("content-type", "").startswith("text/html"):
            found = re.findall(r'href="([^"]*)"', answer.text)
            waiting += [one.partition("#")[0].replace("&amp;", "&") for one in found if re.match(r"/(?!/)", one)]
    return seen


@pytest.fixture
def evil(stage, monkeypatch):
    """Every page over a ledger in which every text of an agent is EVIL."""
    monkeypatch.setattr(cli_hostile, "HOSTILE", EVIL)
    return crawled(browser_of(cli_hostile.hostile(stage), changes=True))


def test_whatever_agents_write_no_page_runs_loads_or_hides_anything(evil):
    assert len(evil) > 30
    assert [path for path, answer in evil.items() if answer.status_code >= 500] == []
    for path, answer in evil.items():
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        page = Harmless()
        page.feed(answer.text)
        assert page.faults == [], path
        assert cli_hostile.RAW.search(answer.text) is None, path
    shown = [path for path, answer in evil.items() if "EVIL" in answer.text]
    assert len(shown) > 15


def test_no_page_has_two_elements_with_one_id(evil):
    for path, answer in evil.items():
        page = Harmless()
        page.feed(answer.text)
        assert len(page.ids) == len(set(page.ids)), path


def test_a_file_that_an_agent_wrote_is_plain_text_in_a_sandbox(stage):
    from cli_stage import BRIEF

    browser = browser_of(cli_hostile.hostile(stage))
    answer = browser.get(f"/runs/auth-7f3a/files/{digest(BRIEF)}")
    assert answer.status_code == 200
    assert answer.content.startswith(BRIEF)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_every_page_of_the_application_is_reached_by_links(stage):
    stage.begin_run({"api": ()}).finish("api", "DONE_WITH_CONCERNS", concerns=("A concern",))
    stage.gitorch("up", "--no-wait")
    kinds = {pattern_of(path) for path in crawled(browser_of(stage))}
    owed = {"/", "/log", "/sessions", "/workflows", "/workflows/*", "/stats", "/doctor", "/records/*"}
    owed |= {"/runs/*", "/runs/*/jobs/*", "/runs/*/jobs/*/diff", "/runs/*/verdicts/*/*", "/runs/*/questions/*"}
    owed |= {"/runs/*/sessions/*"}
    assert owed <= kinds


def pattern_of(path: str) -> str:
    """The address of a page without its names."""
    parts = path.partition("?")[0].split("/")
    fixed = {"runs", "jobs", "diff", "verdicts", "questions", "sessions", "artifacts", "files", "report", "log"}
    fixed |= {"records", "workflows", "stats", "doctor", "static", ""}
    return "/".join(part if part in fixed or part.endswith((".css", ".js", ".svg")) else "*" for part in parts)


def test_a_run_shows_its_graph_with_links_and_the_same_jobs_as_a_table(stage):
    stage.begin_run().launch("api")
    shown = browser_of(stage).get("/runs/auth-7f3a").text
    drawing = shown[shown.index("<svg") : shown.index("</svg>")]
    table = shown[shown.index("<table") :]
    for job in ("api", "api.spec", "ui", "ui.spec", "approval", "merge"):
        assert f'href="/runs/auth-7f3a/jobs/{job}"' in drawing
        assert f'href="/runs/auth-7f3a/jobs/{job}"' in table
    assert 'class="box running"' in drawing


def test_a_job_shows_its_report_verdict_findings_and_prompts(stage):
    stage.begin_run({"api": ()}).launch("api").submit_handoff("api", tests_claimed="all passed")
    stage.review("api")
    text = text_of(browser_of(stage).get("/runs/auth-7f3a/jobs/api").text)
    assert "api is done" in text
    assert "The agent says about tests: all passed" in text
    assert "api.spec accept" in text
    assert "p1 brief" in text
    assert "delivered" in text
    assert "Rotate the session." in text


def test_a_nonce_is_on_no_page(stage):
    stage.begin_run({"api": ()}).launch("api").submit_handoff("api").launch("api.spec")
    for path, answer in crawled(browser_of(stage)).items():
        if not path.startswith(("/records", "/log")):
            assert "nonce-one" not in answer.text, path


def test_the_log_is_searched_by_words_types_and_names(stage):
    stage.begin_run({"api": ()}).finish("api")
    browser = browser_of(stage)
    everything = text_of(browser.get("/log").text)
    assert "handoff" in everything
    found = browser.get("/log?q=verdict-given").text
    assert found.count('class="number"') == 1
    assert "No record has these words" in text_of(browser.get("/log?q=nothing+has+this").text)


def test_the_log_goes_on_with_older_records(stage, monkeypatch):
    from gitorch.web.pages import ledger

    monkeypatch.setattr(ledger, "ON_A_PAGE", 5)
    stage.begin_run({"api": ()}).finish("api")
    browser, numbers, path = browser_of(stage), [], "/log"
    while path:
        shown = browser.get(path).text
        numbers += [int(one) for one in re.findall(r'href="/records/(\d+)" class="number"', shown)]
        older = re.search(r'href="([^"]*)" rel="next"', shown)
        path = older[1].replace("&amp;", "&") if older else ""
    total = len(list(stage.ledger.records()))
    assert numbers == list(range(total - 1, -1, -1))


def test_a_record_shows_its_fields_and_leads_to_its_neighbours(stage):
    stage.begin_run()
    shown = browser_of(stage).get("/records/2").text
    assert 'href="/records/1" rel="prev"' in shown
    assert 'href="/records/3" rel="next"' in shown
    assert "git show" in shown


@pytest.mark.parametrize(
    "path",
    [
        "/runs/nope",
        "/runs/auth-7f3a/jobs/nope",
        "/runs/auth-7f3a/jobs/ui/diff",
        "/runs/auth-7f3a/jobs/ui/report",
        "/runs/auth-7f3a/questions/q9",
        "/runs/auth-7f3a/sessions/s9",
        "/runs/auth-7f3a/report",
        "/runs/auth-7f3a/verdicts/ui.spec/1",
        "/runs/auth-7f3a/artifacts/..%2f..%2fconfig",
        "/runs/auth-7f3a/files/..%2f..%2f..%2fconfig",
        "/runs/auth-7f3a/files/sha256:%2e%2e",
        "/records/999999",
        "/workflows/nope",
        "/workflows/..%2f..%2fetc%2fpasswd",
    ],
)
def test_what_does_not_exist_is_not_found_and_says_what_there_is(stage, path):
    stage.begin_run()
    answer = browser_of(stage).get(path)
    assert answer.status_code == 404
    assert len(text_of(answer.text)) > 20


@pytest.mark.parametrize("path", ["/records/x", "/records/-1", "/records/99999999999999999999", "/runs/a"])
def test_a_wrong_name_is_no_bug(stage, path):
    stage.begin_run()
    assert browser_of(stage).get(path).status_code in {200, 400, 404}


def test_a_session_shows_its_screen_as_text(stage):
    stage.begin_run().launch("api")
    stage.terminals.screens["s1"] = "> <b>bold</b> \x1b[31mred"
    browser = browser_of(stage)
    shown = browser.get("/runs/auth-7f3a/sessions/s1").text
    assert "&lt;b&gt;bold&lt;/b&gt;" in shown
    assert "\x1b" not in shown
    first = browser.get("/runs/auth-7f3a/sessions/s1").headers["etag"]
    assert browser.get("/runs/auth-7f3a/sessions/s1", headers={"if-none-match": first}).status_code == 304
    stage.terminals.screens["s1"] = "> another screen"
    assert browser.get("/runs/auth-7f3a/sessions/s1", headers={"if-none-match": first}).status_code == 200


@pytest.mark.parametrize("path", ["/runs/auth-7f3a/sessions/s1", "/sessions"])
def test_a_screen_is_shown_without_its_secrets(stage, path):
    secret = "gh" + "p_" + "a1B2" * 9
    stage.begin_run().launch("api")
    stage.terminals.screens["s1"] = f"> export TOKEN={secret}"
    shown = browser_of(stage).get(path).text
    assert secret not in shown
    assert "[redacted: a GitHub token]" in shown


def test_an_unexpected_error_is_a_page_that_names_its_report(stage, monkeypatch):
    from web_browser import client_of

    stage.begin_run()
    reports = []
    client = client_of(lambda: stage.services, report_bug=lambda error: reports.append(error) or "the-report.txt")
    client.cookies.update(browser_of(stage).cookies)
    monkeypatch.setattr("gitorch.web.pages.board.runs.all_inbox", lambda _: 1 / 0)
    answer = client.get("/")
    assert answer.status_code == 500
    assert "the-report.txt" in answer.text
    assert "ZeroDivisionError" in answer.text
    assert "Traceback" not in answer.text
    assert isinstance(reports[0], ZeroDivisionError)
