"""What is recorded of a report and of a verdict: the facts, what gitorch commits itself, what citations are worth."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import CALLER, RUN, Desk
from play import workflow

from gitorch.app.work import claims, submissions
from gitorch.app.work.claims import ManualClaim
from gitorch.app.work.outcomes import what_follows, what_happened
from gitorch.app.work.submissions import AgentCredential, Submission, read_brief, submit
from gitorch.errors import Denied, Refused
from gitorch.model import events
from gitorch.model.plans.workflow import Commits, ExpectedArtifact
from gitorch.model.submission import ReportText, VerdictText
from gitorch.model.values import replace
from gitorch.model.work.artifact import EscalationKind
from gitorch.model.work.review import Choice, Disposition, Finding, Reply, ReportStatus, Severity

DONE = ReportText(ReportStatus.DONE, "api is done")
TOKEN = "ghp_" + "a1B2" * 9


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "s")


def refusals(desk):
    return [(one.verb, one.code, one.job) for one in desk.events(events.ActionRefused)]


def by_host(desk, needs=None, **fields):
    """A run whose agents leave their commits to gitorch."""
    flow = workflow(needs or {"api": ()})
    lanes = {**flow.lanes, "implementer": replace(flow.lanes["implementer"], commits=Commits.HOST)}
    jobs = {**flow.jobs, "api": replace(flow.jobs["api"], **fields)}
    desk.begin(flow=replace(flow, lanes=lanes, jobs=jobs)).tick(3)
    return desk


# Reports


def test_a_report_is_recorded_with_everything_that_it_says(desk):
    desk.begin().tick(3)
    head = desk.git.commit_in(desk.worktree("api"), {"a.txt": "a\n"})
    event, *_ = desk.submit(
        "api", status=ReportStatus.DONE_WITH_CONCERNS, concerns=("slow",), tests_claimed="make check passed"
    )
    handoff = desk.run.jobs["api"].handoff
    assert (event.job, event.commit, event.status) == ("api", head, ReportStatus.DONE_WITH_CONCERNS)
    assert (event.text, event.concerns, event.tests_claimed) == ("api is done", ("slow",), "make check passed")
    assert (handoff.commit, desk.run.jobs["api"].attempt) == (head, 1)
    record = list(desk.ledger.records(RUN))[-1].record
    assert (record.actor.kind, record.actor.name, record.actor.session) == ("agent", "api", desk.session("api").id)


def test_a_blocked_report_asks_with_its_kind_and_severity(desk):
    desk.begin().tick(3)
    happened = desk.submit(
        "api",
        status=ReportStatus.BLOCKED,
        blocker="no access",
        clears="give access",
        blocker_kind=EscalationKind.MISSING_AUTHORITY,
        blocker_severity=Severity.IMPORTANT,
    )
    event = happened[0]
    assert (event.blocker, event.clears) == ("no access", "give access")
    (question,) = desk.run.open_questions()
    assert question.job == "api"
    assert (happened[-1].kind, happened[-1].severity) == (EscalationKind.MISSING_AUTHORITY, Severity.IMPORTANT)


def test_a_report_with_questions_waits_for_each_answer(desk):
    desk.begin().tick(3)
    happened = desk.submit("api", status=ReportStatus.NEEDS_CONTEXT, questions=("Which name?", "Which port?"))
    assert [q.text for q in desk.run.open_questions()] == ["Which name?", "Which port?"]
    assert what_follows(happened) == (
        f"{desk.run.open_questions()[-1].id} waits for a human. Stop here; the answer comes to this terminal."
    )
    assert what_happened(happened) == f"{desk.run.open_questions()[-1].id} waits for a human."


def test_a_report_from_a_dirty_worktree_is_refused_and_recorded(desk):
    desk.begin().tick(3)
    desk.git.commit_in(desk.worktree("api"), {"a.txt": "a\n"})
    desk.git.checkouts[desk.worktree("api")].files["b.txt"] = "b\n"
    with pytest.raises(Refused, match=r"b\.txt"):
        desk.submit("api")
    assert [(verb, code) for verb, code, _ in refusals(desk)] == [("handoff", "refused")]


def test_a_report_that_names_another_job_is_refused(desk):
    desk.begin().tick(3)
    with pytest.raises((Refused, Denied)):
        desk.submit("api", {"a.txt": "a\n"}, named="ui")
    assert [verb for verb, _, _ in refusals(desk)] == ["handoff"]


def test_fixes_are_checked_against_the_commits_since_the_last_report(desk):
    desk.begin().tick(3)
    desk.submit("api", {"a.txt": "a\n"})
    desk.tick(3)
    finding = Finding(Severity.BLOCKING, "It is wrong", "a.txt", 1)
    desk.judge("api.spec", Choice.NEEDS_REVISION, findings=(finding,))
    desk.tick(3)
    old = desk.run.jobs["api"].handoff.commit
    with pytest.raises(Refused):
        desk.submit("api", {"a.txt": "b\n"}, replies=(Reply(1, Disposition.FIXED, old),))
    head = desk.git.checkouts[desk.worktree("api")].commit
    desk.submit("api", replies=(Reply(1, Disposition.FIXED, head),))
    assert desk.run.jobs["api"].handoff.commit == head


def test_an_unknown_token_is_denied_and_recorded_as_nobody(desk):
    desk.begin().tick(3)
    credential = AgentCredential(RUN, "guessed")
    with pytest.raises(Denied, match="this token belongs to no session of run play-0001"):
        submissions.submit_handoff(desk.services, credential, DONE)
    record = list(desk.ledger.records(RUN))[-1].record
    assert (record.actor.name, record.actor.host, record.event.verb) == ("unknown", "desk", "handoff")
    before = len(list(desk.ledger.records(RUN)))
    with pytest.raises(Denied):
        read_brief(desk.services, credential)
    assert len(list(desk.ledger.records(RUN))) == before, "reading is not recorded"


def test_somebody_without_a_claim_is_denied_and_recorded_by_name(desk):
    desk.begin().tick(3)
    with pytest.raises(Denied):
        submissions.submit_handoff(desk.services, ManualClaim(CALLER, desk.services.root), DONE)
    record = list(desk.ledger.records(RUN))[-1].record
    assert (record.actor, record.event.verb) == (CALLER.actor, "handoff")


def test_a_brief_is_read_as_text_and_as_values(desk):
    desk.begin().tick(3)
    text, values = read_brief(desk.services, desk.credential("api"))
    assert text == desk.files.held[desk.worktree("api") / ".gitorch/brief.md"].decode()
    assert values["job"] == "api"


# What gitorch commits


def test_gitorch_commits_the_worktree_of_a_finished_report_by_its_author(desk):
    by_host(desk)
    worktree = desk.worktree("api")
    desk.git.checkouts[worktree].files["a.txt"] = "a\n"
    event, *_ = desk.submit("api", summary="Write the API")
    message = desk.git.commits[event.commit].message
    assert message.startswith(f"Write the API\n\nGitorch-Run: {RUN}\nGitorch-Job: api\n by ")
    assert "api" in message.partition(" by ")[2]
    assert desk.git.files(event.commit) == {"README.md": "one\n", "a.txt": "a\n"}
    assert desk.git.tips[f"gitorch/{RUN}/api"] == event.commit


def test_an_empty_summary_leaves_the_title_as_the_message(desk):
    by_host(desk)
    desk.git.checkouts[desk.worktree("api")].files["a.txt"] = "a\n"
    asked = []
    draft = desk.git.draft
    desk.git.draft = lambda worktree, message, author, at: asked.append(message) or draft(worktree, message, author, at)
    desk.submit("api", summary=" ")
    assert asked == [f"Api\n\nGitorch-Run: {RUN}\nGitorch-Job: api\n"]


@pytest.mark.parametrize("status", [ReportStatus.BLOCKED, ReportStatus.NEEDS_CONTEXT])
def test_an_unfinished_report_commits_nothing(desk, status):
    by_host(desk)
    desk.git.checkouts[desk.worktree("api")].files["a.txt"] = "a\n"
    words = {"blocker": "no access", "clears": "x"} if status is ReportStatus.BLOCKED else {"questions": ("Why?",)}
    desk.submit("api", status=status, **words)
    assert desk.git.tips[f"gitorch/{RUN}/api"] == desk.begun


def test_a_worktree_on_no_branch_is_not_committed(desk):
    by_host(desk)
    checkout = desk.git.checkouts[desk.worktree("api")]
    checkout.files["a.txt"] = "a\n"
    checkout.branch = None
    with pytest.raises(Refused):
        desk.submit("api")


def test_a_summary_with_a_secret_is_not_committed(desk):
    by_host(desk)
    desk.git.checkouts[desk.worktree("api")].files["a.txt"] = "a\n"
    with pytest.raises(Refused, match="summary seems to hold a secret"):
        desk.submit("api", summary=f"Use {TOKEN}")
    assert desk.git.tips[f"gitorch/{RUN}/api"] == desk.begun


def test_a_missing_artifact_is_found_in_what_gitorch_would_commit(desk):
    by_host(desk, artifacts=(ExpectedArtifact("plan", "other", "plan.md"),))
    desk.git.checkouts[desk.worktree("api")].files["a.txt"] = "a\n"
    with pytest.raises(Refused, match=r"plan\.md"):
        desk.submit("api")
    worktree = desk.worktree("api")
    desk.git.checkouts[worktree].files["plan.md"] = "# Plan\n"
    desk.files.write(worktree / "plan.md", b"# Plan\n")
    desk.submit("api")
    (artifact,) = desk.run.artifacts
    assert (artifact.name, artifact.path, artifact.size) == ("plan", "plan.md", 7)
    assert desk.ledger.file(RUN, artifact.digest) == b"# Plan\n"
    assert desk.run.jobs["api"].handoff is not None


def test_a_manual_worker_commits_by_hand(desk):
    flow = workflow({"api": ()})
    lanes = {**flow.lanes, "implementer": replace(flow.lanes["implementer"], commits=Commits.HOST)}
    desk.begin(flow=replace(flow, lanes=lanes), manual=True)
    claimed = claims.claim(desk.services, CALLER, "api", None)
    desk.git.checkouts[claimed.worktree].files["a.txt"] = "a\n"
    with pytest.raises(Refused, match=r"a\.txt"):
        submit(desk.services, Submission(ManualClaim(CALLER, claimed.worktree), DONE))


# Verdicts


@pytest.fixture
def reviewing(desk):
    desk.begin().tick(3)
    desk.submit("api", {"a.txt": "one\ntwo\n"})
    desk.tick(3)
    return desk


@pytest.mark.parametrize("length", [7, 12, 40])
def test_a_commit_may_be_abbreviated_to_seven_digits_in_either_case(reviewing, length):
    commit = reviewing.run.jobs["api"].handoff.commit
    happened = reviewing.judge("api.spec", commit=commit[:length].upper() if length < 40 else commit)
    assert what_follows(happened) == "Your verdict on api is recorded: accept. You are done."


@pytest.mark.parametrize("name", ["", "abcdef", "0123456789"])
def test_a_verdict_on_no_commit_or_another_one_is_refused(reviewing, name):
    with pytest.raises(Refused):
        reviewing.judge("api.spec", commit=name)
    assert refusals(reviewing)[-1][0] == "verdict"


def test_an_agents_verdict_without_its_nonce_is_refused(reviewing):
    commit = reviewing.run.jobs["api"].handoff.commit
    verdict = VerdictText(Choice.ACCEPT, commit, "", "fine")
    with pytest.raises((Refused, Denied)):
        submit(reviewing.services, Submission(reviewing.credential("api.spec"), verdict))


def test_a_finding_is_kept_with_a_path_from_the_root_and_a_mark_where_its_quotation_does_not_hold(reviewing):
    worktree = reviewing.worktree("api.spec")
    findings = (
        Finding(Severity.BLOCKING, "First", f"{worktree}/a.txt", 1, quote="one"),
        Finding(Severity.BLOCKING, "Second", "./a.txt", 2, quote="three"),
    )
    happened = reviewing.judge("api.spec", Choice.NEEDS_REVISION, findings=findings)
    (given,) = [event for event in happened if isinstance(event, events.VerdictGiven)]
    assert [finding.path for finding in given.findings] == ["a.txt", "a.txt"]
    first, second = given.findings
    assert first == replace(findings[0], path="a.txt")
    assert second != replace(findings[1], path="a.txt")
    assert what_follows(happened) == "api goes back to its author with 2 findings."


def test_the_last_verdict_clears_the_work(reviewing):
    reviewing.judge("api.spec")
    reviewing.tick(3)
    commit = reviewing.run.jobs["api"].handoff.commit
    assert what_follows(reviewing.judge("api.quality")) == f"api is cleared at {commit[:12]}."


# What follows, in a sentence

COMMIT = "c" * 40


@pytest.mark.parametrize("many", [1, 2])
def test_findings_are_counted(desk, many):
    desk.begin().tick(3)
    desk.submit("api", {"a.txt": "a\n"})
    desk.tick(3)
    found = tuple(Finding(Severity.BLOCKING, f"It is wrong {n}", "a.txt", 1) for n in range(many))
    happened = desk.judge("api.spec", Choice.NEEDS_REVISION, findings=found)
    noun = "finding" if many == 1 else "findings"
    assert what_follows(happened) == f"api goes back to its author with {many} {noun}."


def test_a_report_says_where_to_wait(desk):
    desk.begin().tick(3)
    happened = desk.submit("api", {"a.txt": "a\n"})
    head = desk.run.jobs["api"].handoff.commit
    assert what_follows(happened) == (
        f"api is handed in at {head[:12]}. Stop here; findings or your clearance come to this terminal."
    )
    assert what_happened(happened) == f"api is handed in at {head[:12]}."


def test_nothing_follows_from_nothing():
    assert what_follows(()) == "Nothing changed."


# Manual reviews


def test_a_manual_reviewer_names_neither_commit_nor_nonce_and_leaves_no_checkout(desk):
    desk.begin(manual=True)
    author = claims.claim(desk.services, CALLER, "api", None)
    desk.git.commit_in(author.worktree, {"a.txt": "a\n"})
    submit(desk.services, Submission(ManualClaim(CALLER, author.worktree, fence=author.session.fence), DONE))
    bob = replace(CALLER, actor=replace(CALLER.actor, kind="operator", name="bob"))
    review = claims.claim(desk.services, bob, "api.spec", None)
    assert review.worktree in desk.git.checkouts
    verdict = VerdictText(Choice.ACCEPT, "", "", "fine")
    (given, *_) = submit(desk.services, Submission(ManualClaim(bob, review.worktree), verdict))
    assert (given.commit, given.verdict) == (desk.run.jobs["api"].handoff.commit, Choice.ACCEPT)
    assert review.worktree not in desk.git.checkouts
    assert author.worktree in desk.git.checkouts


def test_a_report_with_an_old_fence_is_refused(desk):
    desk.begin(manual=True)
    claimed = claims.claim(desk.services, CALLER, "api", None)
    desk.git.commit_in(claimed.worktree, {"a.txt": "a\n"})
    with pytest.raises(Refused):
        submit(desk.services, Submission(ManualClaim(CALLER, claimed.worktree, fence=99), DONE))
