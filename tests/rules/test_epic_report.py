"""What the report of an epic says of findings while only its approval is left: as the merge report says it afterwards."""

from __future__ import annotations

import pytest
from play import PER_EPIC, RUN, Play, commit, finding

from gitorch.model.ids import JobId
from gitorch.model.values import replace
from gitorch.model.work.report import BranchFacts
from gitorch.model.work.review import Severity
from gitorch.rules.views.merge_report import branch_part, epic_report_text

API = JobId("api")
ASKED = finding(title="not like this")


def sent_back(*, by: str) -> Play:
    """An epic in its second round, whose author says that the finding of the first one is fixed."""
    play = Play()
    play.begin({"api": ()}, PER_EPIC)
    play.launch("api")
    play.submit_handoff("api")
    play.check("api")
    if by == "a person":
        play.review("api.spec")
        play.review("api.quality")
        play.answer("q1", "reject", "not like this")
    else:
        play.review("api.spec", "needs_revision", (ASKED,))

    play.launch("api")
    play.submit_handoff("api", replies=play.fixed("api"))
    play.check("api")
    return play


def texts(play: Play) -> tuple[str, str]:
    """The report of the epic, and its part in the merge report."""
    job = play.run.jobs[API]
    facts = BranchFacts(API, f"gitorch/{RUN}/api", commit("api-2"), 1, 1, 3, 1, ("a.py",))
    return epic_report_text(play.run, job, facts), branch_part(play.run, job, facts)


def endings(text: str) -> list[str]:
    """How each finding ended, by a report."""
    lines = [line for line in text.splitlines() if line.startswith("- finding #")]
    return [line.partition(" — ")[2] for line in lines]


@pytest.mark.parametrize("by", ["a person", "a reviewer"])
def test_what_the_reviews_let_through_is_fixed_in_the_report_that_a_person_approves(by):
    play = sent_back(by=by)
    assert "open; api says fixed" in texts(play)[0], "no review has seen the second round"
    play.review("api.spec")
    assert "open; api says fixed" in texts(play)[0], "one review is left"
    play.review("api.quality")

    report, _ = texts(play)
    ends = endings(report)
    assert f"fixed in {commit('api-2')[:7]}" in report
    assert "1 fixed" in report
    assert "open" not in report
    play.answer(next(iter(play.run.open_questions())).id, "approve")
    assert endings(texts(play)[1]) == ends


def test_a_finding_that_a_reviewer_raises_again_and_accepts_is_not_called_fixed():
    play = sent_back(by="a reviewer")
    again = replace(ASKED, number=play.run.jobs[API].findings[0].number)
    play.review("api.spec", "accept_with_findings", (replace(again, severity=Severity.MINOR),))
    play.review("api.quality")

    assert "fixed in" not in texts(play)[0]
    ends = endings(texts(play)[0])
    assert ends == ["left as it is, accepted by api.spec (s3)"]
    play.answer(next(iter(play.run.open_questions())).id, "approve")
    assert endings(texts(play)[1]) == ends
