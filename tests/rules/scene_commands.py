"""Every command, once or more, as it can be asked in a scene: see `test_every_scene`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from play import HOST, HUMAN, OPERATOR, TARGET, Play, commit, digest, finding

from gitorch.model import commands as c
from gitorch.model.ids import JobId
from gitorch.model.plans.permission import PermissionAnswer
from gitorch.model.plans.workflow import JobKind
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import replace
from gitorch.model.work.artifact import ArtifactKind, Document, EscalationKind, Outcome
from gitorch.model.work.code_merge import CodeMerges
from gitorch.model.work.proposal import Proposal
from gitorch.model.work.review import Check, Choice, Disposition, Reply, ReportStatus, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitorch.model.commands import Command

    Asked = Iterator[tuple[str, Command, Actor]]


def agent(play: Play, session: str) -> Actor:
    """The agent of a session, whether or not the run has that session."""
    if session in play.run.sessions:
        return play.actor(session)
    return Actor(ActorKind.AGENT, "api", "desk", session)


FACTS = c.WorkFacts(commit("api-1"), (), 1, ("a.py",))
TOKEN = digest("token s1")


def _runs(play: Play) -> Asked:
    api, ours = JobId("api"), agent(play, "s1")
    fence = max(job.fence for job in play.run.jobs.values())
    yield "start", c.StartRun(), HOST
    yield "confirm", c.ConfirmRun(play.run.settings, "typed"), HUMAN
    yield "pause", c.PauseRun("lunch"), HUMAN
    yield "pause without words", c.PauseRun(""), HUMAN
    yield "resume", c.ResumeRun(), HUMAN
    yield "cancel", c.CancelRun("enough"), HUMAN
    for actor in (OPERATOR, ours):
        yield f"cancel by {actor.kind}", c.CancelRun("enough"), actor
        yield f"pause by {actor.kind}", c.PauseRun("enough"), actor
    for job in play.run.jobs:
        yield "grant", c.GrantLease(job, "s9", True, digest("t9"), "n9"), HOST
    yield "grant by a human", c.GrantLease(api, "s9", True, digest("t9"), "n9"), HUMAN
    yield "grant in the same session", c.GrantLease(api, "s1", False, digest("t1"), "n1"), HOST
    yield "renew", c.RenewLease(api, fence), HOST
    yield "renew an old lease", c.RenewLease(api, 0), HOST
    yield "mark alive", c.MarkAlive("s1", 7, "screen: ready"), HOST
    for how in ("exited", "killed", "server-gone", "missing-program", "dialog", "not-ready", "stopped", "memory"):
        yield f"end: {how}", c.EndSession("s1", how, 3, "Bye", "c-1"), HOST
    yield "end of no session", c.EndSession("s99", "exited"), HOST
    for number in (1, 2):
        yield "deliver", c.RecordDelivery("s1", f"p{number}", "typed"), HOST
    yield "nudge", c.Nudge("s1"), HOST
    yield "failed turn", c.RecordFailedTurn("s1", "API Error: 500", "tail: error"), HOST
    yield "resumed turn", c.RecordResumedTurn("s1"), HOST
    yield "permission", c.RecordPermission("s1", 0, PermissionAnswer("Run make", "allow", "make *")), HOST
    yield "channel", c.NoteSilentChannel("s1", "claude", "it keeps no state file"), HOST
    yield "channel again", c.NoteSilentChannel("s1", "claude", "it keeps no state file"), HOST
    yield "outbox", c.AcceptOutboxEntry("s1", "report.yaml", digest("entry")), HOST
    last = list(play.run.jobs)[-1]
    yield "base", c.RecordBase(last, commit("b"), play.run.base_parents(last)), HOST
    yield "base of other commits", c.RecordBase(api, commit("b"), ()), HOST
    yield "adopt", c.AdoptLateHandoff("h1", FACTS, "it is sound"), HUMAN
    yield "adopt without words", c.AdoptLateHandoff("h1", FACTS, ""), HUMAN
    yield (
        "adopt another head",
        c.AdoptLateHandoff("h1", c.WorkFacts(commit("x"), ("a.py",), 1, ()), "it is sound"),
        HUMAN,
    )
    yield "adopt by an agent", c.AdoptLateHandoff("h1", FACTS, "it is sound"), ours
    for outcome in ("passed", "failed", "timeout", "unknown"):
        yield (
            f"check: {outcome}",
            c.RecordCheck(api, Check(commit("api-1"), "make check", outcome, 0, 1.0, tail="tail")),
            HOST,
        )
    yield "void work", c.VoidWork(api, commit("y")), HOST
    yield "overlap", c.NoteOverlap((api, JobId("ui")), ("a.py",), conflict=True), HOST
    yield "closed early", c.NoteClosedEarly(api), HOST
    yield "closing failure", c.RecordClosingFailure(api, "no network"), HOST
    yield "closing", c.RecordClosing(api, ("t-api",), (), "done"), HOST
    options = ("retry", "stop_epic", "stop_run")
    yield "escalate", c.Escalate("odd", "It broke", "Nothing", "A log", "What now?", options, api, "s1"), HOST
    yield "escalate the run", c.Escalate("odd", "It broke", "Nothing", "A log", "What now?", options), HOST
    for job in play.run.jobs:
        yield "open checkpoint", c.OpenCheckpoint(job), HOST


def _handoffs(play: Play) -> Asked:
    job, ours = JobId("api"), agent(play, "s1")
    fence = max(job.fence for job in play.run.jobs.values())

    def handoff(status: str, **words) -> Command:
        words = {"summary": "It is done", "facts": FACTS, "job": None, **words}
        return c.SubmitHandoff(token=TOKEN, status=ReportStatus(status), **words)

    yield "handoff", handoff("DONE"), ours
    yield "handoff by its fence", handoff("DONE", fence=fence, job=job), ours
    yield "handoff of an old lease", handoff("DONE", fence=77), ours
    yield "handoff for another job", handoff("DONE", job=JobId("ui")), ours
    yield "handoff with an unknown token", c.SubmitHandoff(digest("?"), None, ReportStatus.DONE, "", FACTS), ours
    yield "handoff for another", handoff("DONE"), OPERATOR
    yield "handoff without words", handoff("DONE", summary=" "), ours
    yield "handoff of no commit", handoff("DONE", facts=c.WorkFacts(None, (), 0, ())), ours
    yield "handoff of no work", handoff("DONE", facts=c.WorkFacts(commit("api-1"), (), 0, ())), ours
    yield "handoff of dirty work", handoff("DONE", facts=c.WorkFacts(commit("api-1"), ("b.py", "c.py"), 1, ())), ours
    yield "handoff with missing files", handoff("DONE", facts=c.WorkFacts(commit("api-1"), (), 1, (), ("m.md",))), ours
    yield (
        "handoff with hazards",
        handoff("DONE", facts=c.WorkFacts(commit("api-1"), (), 1, ("a",), hazards=("a: link",))),
        ours,
    )
    yield "concerns", handoff("DONE_WITH_CONCERNS", concerns=("It is slow", "It is long")), ours
    yield "no concerns", handoff("DONE_WITH_CONCERNS"), ours
    yield "questions", handoff("NEEDS_CONTEXT", questions=("tabs?", "which Python?")), ours
    yield "no questions", handoff("NEEDS_CONTEXT"), ours
    yield "blocker", handoff("BLOCKED", blocker="no key", clears="a key"), ours
    yield (
        "policy blocker",
        handoff(
            "BLOCKED",
            blocker="no key",
            clears="a key",
            blocker_kind=EscalationKind.MISSING_AUTHORITY,
            blocker_severity=Severity.MINOR,
        ),
        ours,
    )
    yield "no blocker", handoff("BLOCKED"), ours
    fixed = commit("api-2")
    replies = tuple(Reply(number, Disposition.FIXED, fixed) for number in (1, 2, 3))
    second = c.WorkFacts(fixed, (), 1, ("a.py",), fresh=(fixed,))
    yield "second handoff", handoff("DONE", facts=second, replies=replies), ours
    yield "second handoff, one reply", handoff("DONE", facts=second, replies=replies[:1]), ours
    yield "reply to no finding", handoff("DONE", facts=second, replies=(Reply(9, Disposition.FIXED, fixed),)), ours
    yield "fixed by no commit", handoff("DONE", facts=second, replies=(Reply(1, Disposition.FIXED, "soon"),)), ours
    yield "deferred without words", handoff("DONE", facts=second, replies=(Reply(1, Disposition.DEFERRED, ""),)), ours
    yield "heartbeat", c.Heartbeat(TOKEN), ours
    yield "heartbeat of an old lease", c.Heartbeat(TOKEN, 77), ours
    yield "release", c.ReleaseLease(TOKEN), ours
    yield "release by a human", c.ReleaseLease(TOKEN), HUMAN


def _verdicts(play: Play) -> Asked:
    reviews = [job for job in play.run.jobs.values() if job.lease is not None and not job.writes]
    for review in reviews[:1]:
        token, author = digest(f"token {review.session}"), agent(play, review.session)
        judged = play.run.judged_commit(review)

        def verdict(choice: str, *findings, token=token, review=review, judged=judged, **changes) -> Command:
            given = {"commit": judged, "nonce": review.lease.nonce, "text": "looked at it", **changes}
            return c.GiveVerdict(token=token, job=None, verdict=Choice(choice), findings=tuple(findings), **given)

        for choice in Choice:
            yield f"verdict: {choice}", verdict(choice), author
            yield f"verdict with a finding: {choice}", verdict(choice, finding("minor")), author
            yield f"verdict with a blocking finding: {choice}", verdict(choice, finding("blocking")), author
        yield "verdict of a guessed nonce", verdict("accept", nonce="guess"), author
        yield "verdict on another commit", verdict("accept", commit=commit("elsewhere")), author
        yield "verdict of an old lease", verdict("accept", fence=77), author
        yield "verdict without words", verdict("accept", text=""), author
        yield "restated", verdict("needs_revision", finding("blocking", "Still", number=1)), author
        yield "restated without one", verdict("needs_revision", finding("blocking", "Still", number=9)), author
        yield (
            "withdrawn",
            verdict("accept", finding("note", "Finding 1", "", 0, number=1, detail="no", withdrawn=True)),
            author,
        )
        yield "restated twice", verdict("reject", finding(number=1), finding(number=1)), author
    yield (
        "verdict by an author",
        c.GiveVerdict(TOKEN, None, "n", commit("api-1"), Choice.ACCEPT, (), "good"),
        agent(play, "s1"),
    )


def _answers(play: Play) -> Asked:
    for question in play.run.questions.values():
        for option in question.options:
            yield "answer", c.AnswerQuestion(question.id, option, ""), HUMAN
            yield "answer with words", c.AnswerQuestion(question.id, option, "because"), HUMAN
        yield "answer in words", c.AnswerQuestion(question.id, "", "because"), HUMAN
        yield "answer not offered", c.AnswerQuestion(question.id, "maybe", ""), HUMAN
        yield "empty answer", c.AnswerQuestion(question.id, "", ""), HUMAN
        yield "answer by an operator", c.AnswerQuestion(question.id, "", "because"), OPERATOR
        yield "answer by an agent", c.AnswerQuestion(question.id, "", "because"), agent(play, "s1")
        yield "remind", c.Remind(question.id), HOST
    yield "answer to nothing", c.AnswerQuestion("q99", "", "because"), HUMAN


def _merging(play: Play) -> Asked:
    api = JobId("api")
    yield "report", c.IssueReport(JobId("approval"), digest("report 2"), play.facts(), "the report"), HOST
    yield (
        "report of conflicts",
        c.IssueReport(JobId("approval"), digest("r"), play.facts(conflicts=("a.py",)), "x"),
        HOST,
    )
    yield (
        "report of failed tests",
        c.IssueReport(JobId("approval"), digest("r"), play.facts(outcome="failed"), "x"),
        HOST,
    )
    yield "report about no checkpoint", c.IssueReport(api, digest("r"), play.facts(), "x"), HOST
    yield "epic's report", c.RecordEpicReport(api, commit("api-1"), "What came of api."), HOST
    yield "epic's report of another commit", c.RecordEpicReport(api, commit("x"), "What came of api."), HOST
    yield "void report", c.VoidReport("main moved"), HOST
    yield "approve", c.ApproveMerge(digest("report"), "typed"), HUMAN
    yield "approve with words", c.ApproveMerge(digest("report"), "typed", "Merge it", "ada"), HUMAN
    yield "approve another report", c.ApproveMerge(digest("x"), "typed"), HUMAN
    yield "approve unattended", c.ApproveMerge(digest("report"), "unattended"), HUMAN
    yield "approve by an agent", c.ApproveMerge(digest("report"), "typed"), agent(play, "s1")
    proposal = Proposal(digest("report"), "origin", commit("proposal"))
    yield "propose", c.ProposeMerge(proposal), HUMAN
    yield "propose another report", c.ProposeMerge(replace(proposal, digest=digest("x"))), HUMAN
    yield "propose by an operator", c.ProposeMerge(proposal), OPERATOR
    yield "approve by a pull request", c.ApproveAtForge(commit("proposal"), commit("merged"), "forge"), HOST
    yield "approve by another pull request", c.ApproveAtForge(commit("x"), commit("merged"), "forge"), HOST
    yield "merge at the forge", c.RecordCodeMerge(CodeMerges(commit("merged"), ())), HOST
    yield "reject", c.RejectMerge((), "too big"), HUMAN
    yield "reject for rework", c.RejectMerge((api,), "too big"), HUMAN
    yield "reject for rework of nothing", c.RejectMerge((JobId("db"),), "too big"), HUMAN
    yield "send back", c.SendBack(api, commit("api-1"), (), "too big"), HUMAN
    yield "send back at another commit", c.SendBack(api, commit("x"), (), "too big"), HUMAN
    yield "send back without words", c.SendBack(api, commit("api-1")), HUMAN
    yield "send back by an operator", c.SendBack(api, commit("api-1"), (), "too big"), OPERATOR
    yield "reject without words", c.RejectMerge((api,), ""), HUMAN
    yield "reject by an operator", c.RejectMerge((api,), "too big"), OPERATOR
    yield "merge", c.RecordMerge(TARGET, commit("merged"), "tree"), HOST
    yield "merge of another commit", c.RecordMerge(TARGET, commit("x"), "tree"), HOST
    yield "merge by a human", c.RecordMerge(TARGET, commit("merged"), "tree"), HUMAN
    yield "push", c.RecordPush("origin", TARGET, commit("merged")), HOST
    yield "push elsewhere", c.RecordPush("evil", TARGET, commit("merged")), HOST
    yield "push of another commit", c.RecordPush("origin", TARGET, commit("x")), HOST
    yield "taken back", c.RecordTakenBack(TARGET, commit("merged")), HOST
    yield "cleanup", c.RecordCleanup(("api",), ("ui",)), HOST
    yield "nothing to clean up", c.RecordCleanup((), ()), HOST
    yield "refusal", c.RecordRefusal("approve", "denied", "an agent may not", api), agent(play, "s1")
    yield (
        "refusal of a stranger",
        c.RecordRefusal("approve", "denied", "no"),
        Actor(ActorKind.AGENT, "x", "desk", "s77"),
    )
    yield "refusal of no job", c.RecordRefusal("approve", "denied", "an agent may not", JobId("none")), HOST


def _by_hand(play: Play) -> Asked:
    api, ours = JobId("api"), agent(play, "s1")
    for job in (api, JobId("ui"), JobId("api.spec"), None):
        for actor in (OPERATOR, HUMAN, ours):
            yield f"claim by {actor.kind}", c.ClaimJob(job, _token_of, "nonce", "codex"), actor
    for job in play.run.jobs:
        if play.run.jobs[job].spec.kind in {JobKind.CHECKPOINT, JobKind.MERGE}:
            yield "claim of what nobody works on", c.ClaimJob(job, _token_of, "nonce", ""), OPERATOR
    yield "claim of nothing", c.ClaimJob(JobId("db9"), _token_of, "nonce", ""), OPERATOR
    yield "retry", c.RetryJob(api, "again"), HUMAN
    yield "retry without words", c.RetryJob(api, ""), HUMAN
    yield "retry by an agent", c.RetryJob(api, "again"), ours
    yield "restart", c.RestartAgent(api), HUMAN
    yield "restart by an operator", c.RestartAgent(api), OPERATOR
    yield "stop agent", c.StopAgent(api), HUMAN
    yield "stop agent by an agent", c.StopAgent(api), ours
    yield "expire", c.ExpireLeases(), HOST
    yield "requeue", c.RequeueJob(api, "again"), HUMAN
    yield "requeue by an agent", c.RequeueJob(api, "again"), ours
    yield "give up", c.CancelJob(api, "not now"), HUMAN
    yield "give up without words", c.CancelJob(api, ""), HUMAN
    yield "give up by an operator", c.CancelJob(api, "not now"), OPERATOR
    document = Document(ArtifactKind.OTHER)
    publish = lambda **more: c.PublishArtifact(TOKEN, "notes", ".gitorch/n.md", digest("v2"), 10, document, **more)  # noqa: E731 said often
    yield "publish", publish(), ours
    yield "publish an old lease's", publish(fence=77), ours
    yield "publish in trouble", publish(trouble="it is a link"), ours
    yield "publish secrets", publish(secrets=("line 3: a token",)), ours
    yield "publish secrets in spite of it", publish(secrets=("line 3: a token",), override="a fake"), ours
    yield "publish faults", publish(faults=("line 1: no title",)), ours
    for outcome in Outcome:
        yield f"decide: {outcome}", c.Decide(api, outcome, "It is fine", "and measure it"), HUMAN
    yield "decide without words", c.Decide(api, Outcome.ACCEPTED, ""), HUMAN
    yield "decide by an operator", c.Decide(api, Outcome.ACCEPTED, "It is fine"), OPERATOR
    yield "send", c.SendMessage(("ui",), "Which port?", "api"), ours
    yield "send to the principal", c.SendMessage(("@principal",), "Which port?", "api"), ours
    yield "send to nobody", c.SendMessage(("nobody",), "Which port?", "api"), ours
    yield "send too much", c.SendMessage(("ui",), "x" * 100_000, "api"), ours
    yield "send to everybody", c.SendMessage(("@all",), "Stop", "@principal"), HUMAN
    yield "send to everybody by an agent", c.SendMessage(("@all",), "Stop", "api"), ours
    yield "send in another's name", c.SendMessage(("ui",), "Stop", "ui"), ours
    yield "send in a made-up name", c.SendMessage(("ui",), "Stop", "eve"), HUMAN
    yield "send a plan", c.SendMessage(("@orchestrator",), "Plan", "ada", None, "plan.md", digest("p"), ("ada",)), HUMAN
    yield "send no plan", c.SendMessage(("@orchestrator",), "Plan", "@principal"), HUMAN
    yield "send to a checkpoint", c.SendMessage(("approval",), "Which port?", "api"), ours
    yield "send nothing", c.SendMessage(("ui",), " ", "api"), ours
    yield "send by a human", c.SendMessage(("api",), "Use 8080", "@principal"), HUMAN
    yield "read", c.ReadMessages("api", ("m1", "m2", "m3")), ours
    yield "read for the principal", c.ReadMessages("@principal", ("m2",)), HUMAN


def _token_of(session: str):
    return digest(f"token {session}")


ASKED: dict[str, Callable[[Play], Asked]] = {
    "runs": _runs,
    "handoffs": _handoffs,
    "verdicts": _verdicts,
    "answers": _answers,
    "merging": _merging,
    "by-hand": _by_hand,
}
"""Every command once or more, by noun, each with a label and its actor; an agent's come from api's first session."""
