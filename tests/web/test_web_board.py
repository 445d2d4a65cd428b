"""The board: what waits for the principal first, then runs."""

from __future__ import annotations

from web_browser import text_of


def test_without_a_ledger_the_board_says_how_to_begin(browser):
    answer = browser.get("/")
    assert answer.status_code == 200
    assert "gitorch init" in text_of(answer.text)


def test_an_open_question_stands_first_with_its_text_and_the_command_that_answers_it(stage, browser):
    stage.begin_run().launch("api")
    stage.submit_handoff("api", "NEEDS_CONTEXT", questions=("Which <b>cookie</b>?",))
    shown = browser.get("/").text
    text = text_of(shown)
    assert "Waiting for you 1" in text
    assert "Which <b>cookie</b>?" in text
    assert "<b>cookie" not in shown
    assert 'gitorch answer q1 "…"' in text
    assert text.index("Waiting for you") < text.index("Open runs")
    assert "Sign in" in text


def test_an_open_run_is_shown_with_its_epics_in_plain_states(stage, browser):
    stage.begin_run().launch("api")
    shown = browser.get("/").text
    assert '<a href="/runs/auth-7f3a/jobs/api" class="chip working"' in shown
    assert '<a href="/runs/auth-7f3a/jobs/ui" class="chip queued"' in shown
    assert "Nothing waits for you." in shown
