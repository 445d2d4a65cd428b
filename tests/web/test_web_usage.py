"""What agents used stands on the pages of its run and job, and is summed up under Stats."""

from __future__ import annotations

from web_browser import browser_of, text_of  # first: it says why these tests are left out

from gitorch.model import commands as c
from gitorch.model.work.usage import ModelUsage, UsageReading


def test_a_run_and_a_job_show_what_their_agents_used_and_stats_sum_it_up(stage):
    stage.begin_run({"api": ()}).launch("api")
    usage = ModelUsage("opus", input=51_200, cached=7, output=42, requests=3, cost_micros=120_000)
    stage.do(c.RecordUsage(stage.run.jobs["api"].session, UsageReading("claude", (usage,))))
    browser = browser_of(stage)
    for path in ("/runs/auth-7f3a", "/runs/auth-7f3a/jobs/api"):
        page = browser.get(path).text
        text = text_of(page)
        assert 'id="usage"' in page
        assert "opus" in text
        assert "51200" in text
        assert "$0.12" in text
    assert "used 51.2k tokens" in text_of(browser.get("/runs/auth-7f3a").text)
    stats = text_of(browser.get("/stats").text)
    assert "51242" in stats
    assert "by model" in stats
