"""The commands that are offered for a decision about a report lead where they say, whatever grade its run asks for."""

from __future__ import annotations

import pytest
from forged_scenes import finished
from play import HUMAN, SETTINGS, Play, commit, digest

from gitorch.errors import Denied, Refused
from gitorch.model import commands as c
from gitorch.model.ids import JobId
from gitorch.model.plans.approval import Grade
from gitorch.model.values import replace
from gitorch.model.work.proposal import Proposal
from gitorch.rules.messages.report_commands import sending_back_command
from gitorch.rules.views.inbox import inbox
from gitorch.rules.views.report_state import report_state

RUN = "play-0001"
AWAITED = f"A pull request is awaited: gitorch/proposals/{RUN} at origin; its merge approves the report. "
PROPOSED = f"It is proposed as a pull request: gitorch/proposals/{RUN} at origin, whose merge approves it. "


def reported(least: Grade, *, is_proposed: bool = False) -> Play:
    unattended = least is Grade.UNATTENDED
    forge = "forge ssh-ed25519 AAAA\n"
    play = finished(replace(SETTINGS, approval_at_least=least, approval_unattended=unattended, forge_keys=forge))
    play.report()
    if is_proposed:
        play.do(c.ProposeMerge(Proposal(digest("report"), "origin", commit("proposal"))), HUMAN)
    return play


@pytest.mark.parametrize("is_proposed", [False, True])
@pytest.mark.parametrize("least", list(Grade))
def test_the_offered_command_leads_to_an_approval_of_the_grade_that_the_run_asks_for(least, is_proposed):
    run = reported(least, is_proposed=is_proposed).run
    (row,) = inbox(run)
    expected = f"gitorch approve {RUN}"
    if least is Grade.FORGE:
        expected = "gitorch sync" if is_proposed else f"gitorch propose {RUN}"
    assert row.command == expected
    assert f"  {expected}\n" in report_state(run)


@pytest.mark.parametrize(
    ("least", "is_proposed", "beginning"),
    [
        (Grade.FORGE, True, AWAITED),
        (Grade.FORGE, False, ""),
        (Grade.TYPED, True, PROPOSED),
        (Grade.TYPED, False, ""),
    ],
)
def test_the_question_says_that_a_pull_request_is_awaited(least, is_proposed, beginning):
    (row,) = inbox(reported(least, is_proposed=is_proposed).run)
    assert row.text == f"{beginning}Approve the merge of 1 branch into main? Read it: gitorch report {RUN}"


def test_the_rejection_that_is_offered_sends_work_back():
    play = reported(Grade.TYPED)
    (row,) = inbox(play.run)
    (api,) = (branch.job for branch in play.run.report.branches)
    assert row.others == (f'gitorch reject {RUN} --rework {api} --note "…"',)


@pytest.mark.parametrize(("times", "epic"), [(0, "EPIC"), (1, "api"), (2, "api")])
def test_the_rejection_that_is_offered_names_the_first_epic_of_the_report(times, epic):
    run = reported(Grade.TYPED).run
    several = replace(run, report=replace(run.report, branches=run.report.branches * times))
    assert sending_back_command(several) == f'gitorch reject {RUN} --rework {epic} --note "…"'


@pytest.mark.parametrize(
    ("rework", "kept"), [((), "--rework api"), (("api",), "--rework api"), (("a", "b"), "--rework a --rework b")]
)
def test_a_rejection_without_a_reason_keeps_the_epics_that_were_named(rework, kept):
    play = reported(Grade.TYPED)
    with pytest.raises(Refused) as refused:
        play.do(c.RejectMerge(tuple(JobId(job) for job in rework), " "), HUMAN)
    assert refused.value.hint == f"gitorch reject {RUN} {kept} --note TEXT"


@pytest.mark.parametrize("signer", ["", "ada"])
@pytest.mark.parametrize("least", [Grade.TYPED, Grade.SIGNED])
def test_nobody_approves_unasked_not_even_with_a_signature(least, signer):
    play = reported(least)
    with pytest.raises(Denied, match="takes no unattended approval"):
        play.do(c.ApproveMerge(digest("report"), "unattended", signer=signer), HUMAN)
    assert play.run.approval is None


@pytest.mark.parametrize("proof", ["unattended", "typed", "signed:ada"])
@pytest.mark.parametrize("is_proposed", [False, True])
def test_where_only_a_pull_request_approves_a_denied_approval_names_the_command_that_leads_to_it(proof, is_proposed):
    play = reported(Grade.FORGE, is_proposed=is_proposed)
    (row,) = inbox(play.run)
    with pytest.raises(Denied) as denied:
        play.do(c.ApproveMerge(digest("report"), proof), HUMAN)
    assert denied.value.hint == row.command
