"""What the rules say in a scene, as text: of a command, of a forged record, of an observation, and to people and agents."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from play import RUN, commit
from shown import changes, shown

from gitorch.errors import GitorchError
from gitorch.model.commands import Order
from gitorch.model.ids import NO_DIGEST, Moment
from gitorch.model.observed import AgentState, CheckObservation, CheckPhase, Observed, Overlap, SessionObservation
from gitorch.model.plans.permission import PermissionAnswer
from gitorch.model.record import Record
from gitorch.model.values import names_of
from gitorch.model.work.review import Check
from gitorch.rules.decide import decide
from gitorch.rules.deciding.recovery import remedies
from gitorch.rules.evolve import evolve
from gitorch.rules.outstanding import outstanding
from gitorch.rules.reconcile import reconcile
from gitorch.rules.review.endings import ending
from gitorch.rules.views.brief_values import brief_data
from gitorch.rules.views.finding_lines import finding_line, history_text
from gitorch.rules.views.merge_message import merge_message
from gitorch.rules.views.merge_report import branch_part, epic_report_text
from gitorch.rules.views.notices import due, notice
from gitorch.rules.views.presence import agent_words, session_rows
from gitorch.rules.views.prompts import pointer, prompt_text
from gitorch.rules.views.report_data import report_json
from gitorch.rules.views.run import run_view
from gitorch.rules.waiting import only_people_left

if TYPE_CHECKING:
    from collections.abc import Iterator

    from play import Play

MOMENT = re.compile(r"\b1[78]\d{11}\b")
STEP_MS = 1_000


def relative(text: str, now: int) -> str:
    """Moments as seconds before or after `now`, so that equal answers in two scenes are equal texts."""
    return MOMENT.sub(lambda found: "now" if int(found[0]) == now else f"now{(int(found[0]) - now) / 1000:+g}", text)


def answer(play: Play, command, actor) -> str:
    """The answer to a command: the error, or the events and what they change in the run and on the board."""
    at = Moment(play.at + STEP_MS)
    state = play.state
    try:
        happened = decide(state, Order(actor, at, command))
        for number, event in enumerate(happened, 1):
            state = evolve(state, Record(play.seq + number, NO_DIGEST, at, RUN, actor, event))
    except GitorchError as error:
        return f"{error.code}: {error.message}\n  $ {error.hint}"
    assert state.run.records == play.run.records + len(happened)
    assert state.run.changed_at == (at if happened else play.run.changed_at)
    lines = [f"+ {shown(event)}" for event in happened]
    lines += [f"  {line}" for line in changes(play.run, state.run, "run") if not COUNTED.match(line)]
    lines += [f"  {line}" for line in changes(play.state.board, state.board, "board") if not COUNTED.match(line)]
    return relative("\n".join(lines) or "nothing", at)


COUNTED = re.compile(r"(run|board\.runs\.[^.]+)\.(records|changed_at) = ")
"""What every record changes: asserted for all of them, and not written down."""


def verdict_on(play: Play, event, actor) -> str:
    """Why evolve does not take a record; empty where it does."""
    try:
        evolve(play.state, Record(play.seq + 1, NO_DIGEST, Moment(play.at + STEP_MS), RUN, actor, event))
    except GitorchError as error:
        return relative(f"{error.code}: {error.message}", play.at + STEP_MS)
    return ""


def view(play: Play) -> list[str]:
    """What people see of a run: its view, notices, remedies, findings and reports."""
    run, now = play.run, play.at + STEP_MS
    seen = run_view(run, {session: f"the word for {session}" for session in run.sessions})
    lines = [
        f"{name}: {shown(getattr(seen, name))}" for name in names_of(type(seen)) if name not in {"jobs", "records"}
    ]
    lines += [f"job: {shown(row)}" for row in seen.jobs]
    lines += [f"notice: {shown(notice(run, name))}" for name in due(run)]
    lines += [f"session: {shown(row)}" for row in session_rows(run, None, Moment(now))]
    for at in (now, now + 10_000_000):
        lines += [f"remedy: {shown(remedy)}" for remedy in remedies(run, Moment(at))]
    for job in run.jobs.values():
        lines += [
            f"finding of {job.spec.id}: {finding_line(one)} — {shown(ending(run, job, one))}" for one in job.findings
        ]
        if job.findings:
            lines += history_text(run, job).splitlines()
        if job.cleared:
            lines += merge_message(run, job).splitlines()
    return [relative(line, now) for line in lines if line]


def reports(play: Play) -> list[str]:
    """The reports of work that passed its gate, with the text that an approval signs."""
    run, facts = play.run, play.facts()
    lines: list[str] = []
    for branch in facts.branches:
        lines += epic_report_text(run, run.jobs[branch.job], branch).splitlines()
        lines += branch_part(run, run.jobs[branch.job], branch).splitlines()
    if facts.branches:
        lines += report_json(run, facts).splitlines()
    return [line for line in lines if line]


def prompts(play: Play) -> list[str]:
    """What the agents of living sessions read, word for word."""
    lines: list[str] = []
    for session in play.run.living_sessions:
        data = brief_data(play.run, session, "Build it.\n", ("1a2b3c4 Add rows",))
        text = str(data.pop("text"))
        lines += [
            f"{session.id} values: {json.dumps(data)}",
            *(f"{session.id} brief: {line}" for line in text.splitlines() if line),
        ]
        for prompt in session.prompts:
            lines.append(f"{session.id} typed: {pointer(play.run, session, prompt)}")
            if str(prompt.kind) != "brief":
                whole = prompt_text(play.run, session, prompt, "Build it.\n")
                lines += [f"{session.id} {prompt.kind}: {line}" for line in whole.splitlines() if line]
    return lines


def _looks(now: int) -> dict[str, SessionObservation]:
    """A session as it may look: each state, and what else can be seen of it."""
    seen = {str(state): SessionObservation(True, True, state, 7, evidence="screen: sign") for state in AgentState}
    ready = SessionObservation(True, True, AgentState.WAITING, 7, changed_at=Moment(now), was_ready=True)
    return {
        **seen,
        "unlaunched": SessionObservation(False, False, AgentState.UNKNOWN),
        "lost": SessionObservation(False, True, AgentState.UNKNOWN, conversation="c-1"),
        "lost with its server": SessionObservation(False, True, AgentState.UNKNOWN, server_gone=True),
        "exited 127": SessionObservation(True, True, AgentState.EXITED, 7, 127, screen="not found"),
        "exited 137": SessionObservation(True, True, AgentState.EXITED, 7, 137, screen="Killed"),
        "trust dialog": SessionObservation(
            True, True, AgentState.DIALOG, 7, dialog="trust", asked="/repo", screen="Trust?"
        ),
        "permission": SessionObservation(
            True, True, AgentState.DIALOG, 7, asked="make", was_ready=True, screen="Run make?"
        ),
        "answered": SessionObservation(
            True, True, AgentState.WORKING, 7, answered=(PermissionAnswer("make", "allow", "make"),), was_ready=True
        ),
        "limited until later": SessionObservation(True, True, AgentState.LIMITED, 7, resets_at=Moment(now + 60_000)),
        "past its limit": SessionObservation(
            True, True, AgentState.IDLE, 7, resets_at=Moment(now - 60_000), was_ready=True
        ),
        "ready": ready,
        "silent": SessionObservation(
            True, True, AgentState.WORKING, 7, started_at=Moment(now - 9e6), changed_at=Moment(now - 8e6), screen="> _"
        ),
        "in a loop": SessionObservation(True, True, AgentState.WORKING, 7, requests=10_000, changed_at=Moment(now)),
        "large": SessionObservation(True, True, AgentState.WORKING, 7, memory_mib=900_000, changed_at=Moment(now)),
    }


def observations(play: Play) -> Iterator[tuple[str, Observed]]:
    """What one tick may see."""
    now, run = Moment(play.at + STEP_MS), play.run
    yield "nothing can be seen", Observed(now, None, None)
    for delay in (0, 100_000, 2_000_000):
        later = Moment(now + delay)
        for name, look in _looks(later).items():
            if delay == 0 or name in {"ready", "working", "silent", "dialog", "starting"}:
                yield f"{name} after {delay // 1000} s", Observed(later, dict.fromkeys(run.sessions, look), {})
    yield from _rest(play, now)


def _rest(play: Play, now: Moment) -> Iterator[tuple[str, Observed]]:
    """What else a tick may see beside sessions that are all ready."""
    run = play.run
    ready = dict.fromkeys(run.sessions, _looks(now)["ready"])
    branches = {f"refs/heads/{run.branch_of(job)}": commit("y") for job in run.jobs}
    yield "moved branches", Observed(now, ready, branches)
    yield "moved target", Observed(now, ready, {f"refs/heads/{run.target}": commit("y")})
    yield "merged target", Observed(now, ready, {f"refs/heads/{run.target}": commit("merged")}, merges_found=True)
    handed_in = [job.handoff.commit for job in run.jobs.values() if job.handoff is not None and job.handoff.commit]
    check = Check(commit("api-1"), "make check", "failed", 2, 1.0, tail="tail")
    for phase in CheckPhase:
        checks = dict.fromkeys(
            handed_in, CheckObservation(phase, check if phase is CheckPhase.FINISHED else None, "log")
        )
        yield f"tests {phase}", Observed(now, ready, {}, checks)
    typed = {(session, prompt.id): "delivered" for session in ready for prompt in run.sessions[session].prompts}
    yield "typed prompts", Observed(now, ready, {}, sent=typed)
    yield "refused prompts", Observed(now, ready, {}, sent=dict.fromkeys(typed, "refused: a dialog"))
    pair = ("api", "ui")
    for conflict in (True, False):
        yield f"overlap {conflict}", Observed(now, ready, {}, overlaps=(Overlap(pair, ("b.py",), conflict),))
    yield "closed issue", Observed(now, ready, {}, closed={"t-api": "done"})
    yield "notifier", Observed(now, ready, {}, notified=frozenset())


def ticks(play: Play) -> Iterator[tuple[str, list[str]]]:
    """What the ledger learns and what the world owes after each observation."""
    for name, observed in observations(play):
        lines = [f"learns {shown(command)}" for command in reconcile(play.run, observed)]
        lines += [f"owes {shown(effect)}" for effect in outstanding(play.run, observed)]
        lines += [f"only people are left: {only_people_left(play.run, observed)}"]
        words = agent_words(play.run, observed.sessions)
        for row in session_rows(play.run, observed.sessions, observed.now):
            assert row.agent == words[row.id]
            lines.append(f"{row.id} is {row.presence}, {row.agent}, {row.phase}")
        yield name, [relative(line, play.at + STEP_MS) for line in lines]
