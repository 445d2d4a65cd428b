"""What is asked and said about merge reports: by `approve` at a terminal, by `propose` of a pull request."""

from __future__ import annotations

import pytest
from cli_memory import commit
from cli_stage import RUN, UNATTENDED, Stage

from gitorch.app.people.proposals import Proposed
from gitorch.cli.call import Streams
from gitorch.cli.verbs import approvals
from gitorch.errors import Corrupt, NotFound
from gitorch.model.ids import Digest
from gitorch.model.work.proposal import Proposal

TERMINAL = Streams(asks=True, draws=True, columns=80, lines=24, controls=True)
BRANCH = "gitorch/proposals/auth"
PUSHED = f"The report is proposed: {BRANCH} at origin, to be merged into gitorch/approvals by a merge commit."
ADDRESS = "https://forge.example/pulls/7"


@pytest.mark.parametrize(("epics", "branches"), [(("api",), "1 branch"), (("api", "ui"), "2 branches")])
def test_the_question_before_a_merge_counts_the_branches(tmp_path, epics, branches):
    stage = Stage(folder=tmp_path).begin_run(dict.fromkeys(epics, ()), UNATTENDED)
    for epic in epics:
        stage.finish(epic)
    assert stage.gitorch("up", "--no-wait").status == 10
    stage.streams = TERMINAL
    answer = stage.gitorch("approve", typed="no\n")
    assert (answer.status, stage.run.approval) == (130, None)
    assert f"characters to merge {branches} to main" in answer.out


@pytest.mark.parametrize(
    ("opened", "address", "sentence"),
    [
        ("gh", ADDRESS, f"The pull request (opened by gh): {ADDRESS}"),
        ("push options", "", "The pull request was opened by push options."),
        ("", ADDRESS, f"Open the pull request: {ADDRESS}"),
        ("", "", f"Open a pull request from {BRANCH} into gitorch/approvals there."),
    ],
)
def test_a_proposal_says_where_its_pull_request_is_or_who_opens_it(opened, address, sentence):
    proposal = Proposal(Digest("sha256:d"), "origin", commit("proposal"))
    plain = Proposed(proposal, BRANCH, (), address, opened)
    assert approvals._proposed(plain).splitlines() == [PUSHED, sentence]
    noted = Proposed(proposal, BRANCH, ("main", "gitorch/ledger"), address, opened, "gh: not logged in")
    assert approvals._proposed(noted).splitlines() == [
        PUSHED,
        "Pushed: main, gitorch/ledger.",
        "gh: not logged in.",
        sentence,
    ]


@pytest.mark.parametrize("name", ["main", "refs/heads/main"])
def test_verify_of_a_proposal_reports_a_commit_that_shows_no_report_of_a_run(stage, name):
    stage.until_report()
    answer = stage.gitorch("verify", "--proposal", name)
    assert answer.status == Corrupt.exit_status
    assert f"1 fault in {len(stage.ledger.written)} records" in answer.err
    assert RUN not in answer.err


def test_verify_of_a_proposal_that_is_not_here_names_it(stage):
    stage.until_report()
    answer = stage.gitorch("verify", "--proposal", "origin/nowhere")
    assert answer.status == NotFound.exit_status
    assert "there is no commit or branch origin/nowhere here" in answer.err
