"""A run told as text: lines of input, and below each what happened, in the ledger's own sentences.

A transcript is blocks that begin with `> words`; the words are those of `WORDS` below, split as a shell would. What the
rules refuse is told too, with the hint. Commits are shown by their made-up names (`api-2` is what api handed in second).
Everything else, also comments with `#`, is kept as it stands when a transcript is written anew.
"""

from __future__ import annotations

import itertools
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from play import HUMAN, SETTINGS, TARGET, Play, commit, finding
from telling_by_hand import BY_HAND

from gitorch.errors import GitorchError
from gitorch.model import commands as c
from gitorch.model.ids import CommitId, JobId, Moment, SessionId
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.model.plans.workflow import Autonomy, Independence, JobKind, JobSpec, Lane, Recovery, ReviewMode, Workflow
from gitorch.model.values import replace
from gitorch.model.work.artifact import EscalationKind
from gitorch.model.work.review import Disposition, Reply, Severity
from gitorch.rules.outstanding import outstanding
from gitorch.rules.reconcile import reconcile
from gitorch.rules.review.endings import ending
from gitorch.rules.views.run import run_view
from gitorch.rules.views.why import why
from gitorch.text.records.commit_message import sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEXADECIMAL = re.compile(r"\b[0-9a-f]{7,40}\b")
SETTING_TYPES = {
    "autonomy": Autonomy,
    "review_mode": ReviewMode,
    "test_command": str,
    "cleanup": str,
    "push_remote": str,
    "recovery": Recovery,
    "independence": Independence,
    "manual": lambda said: said == "yes",
    "tracker": str,
    "close_template": str,
}


@dataclass(frozen=True)
class Line:
    """One line of input: its words, and those of the form `name=value` apart; a name may come more than once."""

    words: tuple[str, ...]
    named: tuple[tuple[str, str], ...]

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.named if key == name)

    def one(self, name: str, default: str = "") -> str:
        return next(iter(self.all(name)), default)


def parsed(text: str) -> Line:
    words = shlex.split(text)
    named = [re.fullmatch(r"([a-z_]+)=(.*)", word, re.DOTALL) for word in words]
    plain = tuple(word for word, found in zip(words, named, strict=True) if found is None)
    return Line(plain, tuple((found[1], found[2]) for found in named if found is not None))


class Telling:
    """A run being told: `tell` plays one line and answers with what is written below it."""

    def __init__(self) -> None:
        self.play = Play()
        self.names = {"target", "merged", "later", "elsewhere"}

    def tell(self, text: str) -> list[str]:
        line = parsed(text)
        play, told, said = self.play, len(self.play.history), []
        try:
            said = WORDS[line.words[0]](self, Line(line.words[1:], line.named)) or []
        except GitorchError as error:
            said = [f"{error.code}: {error.message}", *([f"    {error.hint}"] if error.hint else [])]
        happened = [sentence(event, actor) for event, actor in self.play.history[told if self.play is play else 0 :]]
        return [self.readable(one) for one in (*happened, *said)] or ["(nothing)"]

    def readable(self, text: str) -> str:
        """Commits by their names instead of their digits."""
        if not HEXADECIMAL.search(text):
            return text
        jobs = self.play.run.jobs if self.play.state.run else {}
        attempts = (f"{job}-{number}" for job, number in itertools.product(jobs, range(1, 10)))
        known = {commit(name)[:digits]: name for name in (*self.names, *attempts) for digits in (40, 12, 7)}
        return HEXADECIMAL.sub(lambda found: known.get(found[0], found[0]), text)

    def named(self, name: str) -> CommitId:
        self.names.add(name)
        return commit(name)


def _settings(line: Line):
    changes = {name: SETTING_TYPES.get(name, int)(value) for name, value in line.named}
    return replace(SETTINGS, **changes)


def _plan(telling: Telling, line: Line) -> None:
    """A run of epics, `name [after a,b]` each; every plan of a transcript begins in an empty ledger."""
    telling.play = Play()
    needs = {}
    for epic in line.words:
        name, _, before = epic.partition(" after ")
        needs[name] = tuple(before.split(",")) if before else ()
    telling.play.begin(needs, _settings(line))


FLOW_JOB = re.compile(
    r"(?P<kind>\w+) (?P<name>\S+)(?: after (?P<after>\S+))?(?: continue (?P<on>\S+))?(?: cancel (?P<off>\S+))?"
)


def _flow(telling: Telling, line: Line) -> None:
    """A workflow of single jobs: `kind name [after a,b] [continue c] [cancel d]`."""
    telling.play = Play()
    jobs = {}
    for words in line.words:
        found = FLOW_JOB.fullmatch(words)
        assert found is not None, words
        kind, name = JobKind(found["kind"]), JobId(found["name"])
        lane = "" if kind in {JobKind.CHECKPOINT, JobKind.MERGE} else "implementer"
        before, onward, off = (
            tuple(JobId(j) for j in (found[k] or "").split(",") if j) for k in ("after", "on", "off")
        )
        jobs[name] = JobSpec(name, name.title(), kind, lane, before, on_continue=onward, on_cancel=off)
    flow = Workflow("play", "1", "flow.yaml", {"implementer": Lane("implementer", "scripted")}, jobs)
    telling.play.begin({}, _settings(line), flow)


def _hand_in(telling: Telling, line: Line) -> None:
    play, (job, *status) = telling.play, line.words
    attempt = play.run.jobs[JobId(job)].attempt
    head = telling.named(line.one("head", f"{job}-{attempt}"))
    changed, dirty = line.all("changed") or ("a.py",), line.all("dirty")
    play.submit_handoff(
        job,
        status[0] if status else "DONE",
        by=line.one("by"),
        named=line.one("named") or None,
        facts=c.WorkFacts(head, dirty, int(line.one("commits", "1")), changed),
        concerns=line.all("concern"),
        questions=line.all("question"),
        blocker=line.one("blocker"),
        clears=line.one("clears"),
        blocker_kind=EscalationKind(line.one("kind", "ai_self_declared")),
        blocker_severity=Severity(line.one("severity", "blocking")),
        tests_claimed=line.one("tests"),
        summary=line.one("summary", f"{job} is done"),
        replies=tuple(_reply(telling, text) for text in line.all("reply")),
    )


def _reply(telling: Telling, text: str) -> Reply:
    """`2:fixed:api-2` names a commit, `2:false_positive:words` gives a proof in words."""
    number, disposition, evidence = text.split(":", 2)
    fixed = Disposition(disposition) is Disposition.FIXED
    return Reply(int(number), Disposition(disposition), telling.named(evidence) if fixed else evidence)


def _findings(words: tuple[str, ...]) -> Iterator[object]:
    """Findings come as three words each: severity, path:line, title (`#2 title` restates one, `title|detail` has more to say).

    `withdrawn #2 reason` takes one back.
    """
    for severity, place, title in _threes(words):
        if severity == "withdrawn":
            number = int(place.removeprefix("#"))
            yield finding("note", f"Finding {place} is withdrawn", "", 0, number=number, detail=title, withdrawn=True)
            continue
        path, _, at = place.partition(":")
        said, _, detail = title.partition("|")
        found = re.fullmatch(r"#(\d+) (.*)", said)
        number, words_said = (int(found[1]), found[2]) if found else (0, said)
        yield finding(severity, words_said, path, int(at or 0), number=number, detail=detail)


def _threes(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    return (words[place : place + 3] for place in range(0, len(words), 3))


def _judge(telling: Telling, line: Line) -> None:
    changes = {name: value for name, value in line.named if name in {"by", "nonce"}}
    if line.one("commit"):
        changes["commit"] = telling.named(line.one("commit"))
    review, choice, *found = line.words
    telling.play.judge(review, choice, tuple(_findings(tuple(found))), **changes)


def _answer(telling: Telling, line: Line) -> None:
    question, *said = line.words
    open_one = telling.play.run.questions.get(question)
    option = said.pop(0) if open_one is not None and open_one.options and said else ""
    actor = telling.play.actor(line.one("as")) if line.one("as") else HUMAN
    telling.play.answer(question, option, " ".join(said), actor)


def _dies(telling: Telling, line: Line) -> None:
    session, how, *status = line.words
    telling.play.do(c.EndSession(SessionId(session), how, int(status[0]) if status else None, line.one("screen")))


def _report(telling: Telling, line: Line) -> None:
    telling.play.report(
        target=telling.named(line.one("target", "target")),
        conflicts=line.all("conflict"),
        outcome=line.one("tests", "passed"),
    )


def _approve(telling: Telling, line: Line) -> None:
    telling.play.approve(telling.play.actor(line.one("as")) if line.one("as") else HUMAN, line.one("name", "report"))


def _reject(telling: Telling, line: Line) -> None:
    rework = tuple(JobId(job) for job in line.all("rework"))
    telling.play.do(c.RejectMerge(rework, " ".join(line.words)), HUMAN)


def _quiet(telling: Telling, line: Line) -> None:
    """Time passes and a session shows nothing new; what the ledger should learn of that is learned."""
    session, seconds = SessionId(line.words[0]), int(line.words[1])
    before = Moment(telling.play.at)
    telling.play.at += seconds * 1000
    state = AgentState(line.one("shows", "working"))
    observation = SessionObservation(
        True, True, state, 1, changed_at=before, screen=line.one("screen", "> _"), was_ready=True
    )
    seen = Observed(Moment(telling.play.at), {session: observation}, None)
    for command in reconcile(telling.play.run, seen):
        if not isinstance(command, c.RenewLease | c.GrantLease):
            telling.play.do(command)


def _wait(telling: Telling, line: Line) -> None:
    """Time passes and nothing is seen at all: only reminders can follow."""
    telling.play.at += int(line.words[0]) * 1000
    for command in reconcile(telling.play.run, Observed(Moment(telling.play.at), None, None)):
        if isinstance(command, c.Remind):
            telling.play.do(command)


def _tracker(telling: Telling, line: Line) -> None:
    """The tracker is looked at: these issues are closed there, for the reason that `reason=` says."""
    closed = dict.fromkeys(line.words, line.one("reason"))
    for command in reconcile(telling.play.run, Observed(Moment(telling.play.at), None, None, closed=closed)):
        if isinstance(command, c.NoteClosedEarly | c.Escalate):
            telling.play.do(command)


def _closes(telling: Telling, line: Line) -> None:
    job, *closed = line.words
    telling.play.do(c.RecordClosing(JobId(job), tuple(closed), line.all("owed"), line.one("reason")))


def _jobs(telling: Telling, _: Line) -> list[str]:
    rows = run_view(telling.play.run).jobs
    wide = max(len(row.id) for row in rows)
    return [f"{row.id:{wide}}  {row.phase:13}  {row.attempt}  {row.why}" for row in rows]


def _why(telling: Telling, line: Line) -> list[str]:
    return [why(telling.play.run, telling.play.run.jobs[JobId(job)]) for job in line.words]


def _review(telling: Telling, line: Line) -> None:
    """A reviewer comes, looks and judges."""
    telling.play.launch(line.words[0])
    _judge(telling, line)


def _listed(telling: Telling, line: Line) -> list[str]:
    """Every finding of a job by its number, who raised it, and how it ended."""
    run, job = telling.play.run, telling.play.run.jobs[JobId(line.words[0])]
    rows = sorted(job.findings, key=lambda x: x.number)
    names = {x.number: ", ".join((x.review, *x.also)) for x in rows}
    return [
        f"finding {x.number}: {x.finding.severity} {x.finding.path}:{x.finding.line} {x.finding.title} [{names[x.number]}]"
        f" — {ending(run, job, x).sentence}"
        for x in rows
    ]


def _inbox(telling: Telling, _: Line) -> list[str]:
    view = run_view(telling.play.run)
    rows = [
        f"{row.id} {row.kind} {row.job or 'the run'}: {row.text} [{' '.join(row.options) or 'in words'}]"
        for row in view.inbox
    ]
    return [*(rows or ["nothing is asked"]), *(f"$ {command}" for command in view.next_commands)]


def _owed(telling: Telling, line: Line) -> list[str]:
    """What the world still owes, when the sessions named are there and ready, and every other one is not."""
    ready = SessionObservation(True, True, AgentState.WAITING, 1, was_ready=True)
    absent = SessionObservation(False, False, AgentState.UNKNOWN)
    sessions = {s: ready if s in line.words else absent for s in telling.play.run.sessions}
    return [str(effect) for effect in outstanding(telling.play.run, Observed(Moment(telling.play.at), sessions, {}))]


def _base(telling: Telling, line: Line) -> None:
    job = JobId(line.words[0])
    telling.play.do(c.RecordBase(job, telling.named(f"base-{job}"), telling.play.run.base_parents(job)))


def _prepare(telling: Telling, line: Line) -> None:
    telling.play = Play()
    telling.play.prepare(dict.fromkeys(line.words, ()))


WORDS: dict[str, Callable[[Telling, Line], list[str] | None]] = {
    "plan": _plan,
    "prepare": _prepare,
    "confirm": lambda t, line: t.play.do(c.ConfirmRun(_settings(line), "typed"), HUMAN) and None,
    "flow": _flow,
    "grant": lambda t, line: t.play.grant(line.words[0]) and None,
    "alive": lambda t, line: t.play.do(c.MarkAlive(SessionId(line.words[0]), 4242, "session-start")) and None,
    "told": lambda t, line: t.play.told(line.words[0]) and None,
    "launch": lambda t, line: [t.play.launch(job) for job in line.words] and None,
    "finish": lambda t, line: [t.play.finish(job) for job in line.words] and None,
    "handoff": _hand_in,
    "check": lambda t, line: t.play.check(*line.words) and None,
    "judge": _judge,
    "review": _review,
    "findings": _listed,
    "answer": _answer,
    "dies": _dies,
    "quiet": _quiet,
    "wait": _wait,
    "report": _report,
    "approve": _approve,
    "reject": _reject,
    "merge": lambda t, _: t.play.merge() and None,
    "reported": lambda t, line: [t.play.epic_report(job) for job in line.words] and None,
    "pushed": lambda t, _: t.play.do(c.RecordPush(t.play.run.settings.push_remote, TARGET, commit("merged"))) and None,
    "push-fails": lambda t, line: t.play.push_fails(" ".join(line.words)) and None,
    "taken-back": lambda t, _: t.play.do(c.RecordTakenBack(TARGET, commit("merged"))) and None,
    "target-moves": lambda t, _: t.play.do(c.VoidReport(f"{t.play.run.target} moved")) and None,
    "branch-moves": lambda t, line: t.play.do(c.VoidWork(JobId(line.words[0]), t.named(line.words[1]))) and None,
    "overlap": lambda t, line: (
        t.play.do(c.NoteOverlap((JobId(line.words[0]), JobId(line.words[1])), line.words[2:], conflict=False)) and None
    ),
    "base": _base,
    "checkpoint": lambda t, line: t.play.do(c.OpenCheckpoint(JobId(line.words[0]))) and None,
    "pause": lambda t, line: t.play.do(c.PauseRun(" ".join(line.words)), HUMAN) and None,
    "resume": lambda t, _: t.play.do(c.ResumeRun(), HUMAN) and None,
    "cancel": lambda t, line: t.play.do(c.CancelRun(" ".join(line.words)), HUMAN) and None,
    "cleanup": lambda t, line: t.play.do(c.RecordCleanup(line.all("removed"), line.all("kept"))) and None,
    **BY_HAND,
    "tracker": _tracker,
    "closes": _closes,
    "closing-fails": lambda t, line: (
        t.play.do(c.RecordClosingFailure(JobId(line.words[0]), line.one("reason"))) and None
    ),
    "jobs": _jobs,
    "why": _why,
    "inbox": _inbox,
    "owed": _owed,
}


def retold(text: str) -> str:
    """The transcript with everything below its lines of input told anew."""
    telling = Telling()
    kept: list[str] = []
    answering = False
    for line in text.splitlines():
        if line.startswith("> "):
            answering = True
            kept += [line, *telling.tell(line[2:])]
        elif not line.strip() or line.startswith("#"):
            answering = False
            kept.append(line)
        elif not answering:
            kept.append(line)
    return "\n".join(kept) + "\n"
