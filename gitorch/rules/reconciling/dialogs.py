"""Dialogs of agents: which a lane answers, which a human is asked about, and the choice that the human picked (F16)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model import commands
from gitorch.model.plans.permission import Option, PermissionAnswer
from gitorch.model.work.question import DIALOG, dialog_trigger
from gitorch.rules.agent_state.by_channel import ON_ITS_WAY
from gitorch.rules.agent_state.permission import LIMIT, answer_to
from gitorch.rules.agent_state.requests import CHOICES, OPTIONS, REPORTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.commands import Command
    from gitorch.model.dialog import DialogChoice, ShownDialog
    from gitorch.model.ids import Moment
    from gitorch.model.observed import SessionObservation
    from gitorch.model.plans.workflow import Lane
    from gitorch.model.work.question import Question
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

REQUEST_PAINTS_MS = 4_000
"""How long a permission request may take to appear whole on the screen; its hook reports it earlier."""

CHANNEL_RETURNS_MS = 15_000
"""How long a request may take whose program has a channel that did not answer; it is asked again after ten seconds."""

REQUEST_STAYS_MS = 30_000
"""How long a dialog that was answered may stay on the screen before a human is asked again."""

AROUND_AGENT = ("retry", "stop_epic", "stop_run")
"""What a human may do about any dialog instead of answering it."""

DIALOG_OPTIONS = ("cleared", *AROUND_AGENT)
"""The answers where the choices of the dialog are not known."""

ASKED_CHARACTERS = 300

SIGN_IN = "login"
"""The dialog that no choice settles: it wants a browser or a secret."""

PREFERRED: Mapping[str, str] = {
    "trust": "^(?:yes|trust)\\b",
    "update": "skip",
    "model": "existing",
    "hooks": "trust all",
    "bypass": "accept",
    "key": "yes",
}
"""By the name of a dialog, a pattern of the choice that lets the run go on as it was configured, where it is not the selected one."""

LEAVING = r"(?i)\b(?:exit|quit)\b"
"""What a choice says that ends the program."""


def asks_at_start(observation: SessionObservation) -> bool:
    """Whether a program that is starting shows a dialog that a human can answer by a choice."""
    return observation.offered is not None and observation.dialog != SIGN_IN


def dialog_trouble(run: Run, session: Session, observation: SessionObservation, now: Moment) -> Command | None:
    """The question about a dialog, unless a lane or a human has answered it or may yet."""
    if chosen_answer(run, session, observation) is not None or _was_just_answered(observation, now):
        return None

    # Answered at the end of its limit, however long it has shown.
    if observation.dialog == LIMIT and observation.asked:
        return None

    if _waits_for_channel(run, session, observation, now):
        return None

    if _is_painted_yet(observation, now) and not _lane_answers(run, session, observation, now):
        return _question(session, observation)

    return None


def _was_just_answered(observation: SessionObservation, now: Moment) -> bool:
    """Whether the dialog that shows was answered so short a time ago that it may still close.

    One that is known to be another than the answered one needs only the time to be painted, and none where a channel told it.
    """
    if observation.answered_at is None:
        return False

    patience_ms = REQUEST_STAYS_MS
    if _is_another(observation):
        patience_ms = 0 if observation.request else REQUEST_PAINTS_MS

    return now - observation.answered_at < patience_ms


def _is_another(observation: SessionObservation) -> bool:
    """Whether the dialog that shows is known not to be the one that was answered last."""
    if not observation.answered:
        return False

    last = observation.answered[-1]
    if last.option is not Option.CHOSEN:
        return observation.asked not in {"", last.asked}

    marks = [f"[{shown.mark}]" for shown in observation.dialogs]
    return bool(marks) and not last.asked.endswith(tuple(marks))


def _waits_for_channel(run: Run, session: Session, observation: SessionObservation, now: Moment) -> bool:
    """Whether a human has just answered what a channel reported, and that channel is silent, so that only the screen shows it.

    The answer reaches the program when the channel speaks again. After `REQUEST_STAYS_MS` the human is asked by the screen.
    """
    if observation.request is not None:
        return False

    given = {answer.rule for answer in observation.answered}
    of_channel = f"{DIALOG}{session.id}:{REPORTED}"
    for question in run.questions.values():
        answer = question.answer
        if answer is None or not question.trigger.startswith(of_channel):
            continue

        if answer.option in OPTIONS and question.id not in given and now - answer.at < REQUEST_STAYS_MS:
            return True

    return False


def _is_painted_yet(observation: SessionObservation, now: Moment) -> bool:
    """Whether the choices of the dialog are known, or had the time to show.

    A hook reports a request before the screen shows it, a screen may show the first half of a dialog, and a channel that did not answer
    is asked again.
    """
    if observation.offered is not None:
        return True

    if observation.evidence == ON_ITS_WAY:
        return False

    if observation.asking_at is None:
        return not observation.evidence.startswith("hook")

    patience_ms = REQUEST_PAINTS_MS
    if observation.skipped:
        patience_ms = CHANNEL_RETURNS_MS

    return now - observation.asking_at >= patience_ms


def _lane_answers(run: Run, session: Session, observation: SessionObservation, now: Moment) -> bool:
    """Whether the lane answers this dialog, or may yet: it is being painted, or was answered just now."""
    lane = run.workflow.lanes[session.lane]
    allowed = run.commands_allowed(session)
    if not lane.permissions and not lane.trust and answer_to(lane, observation, allowed) is None:
        return False

    return _within_patience(observation, now, lane, allowed)


def _within_patience(observation: SessionObservation, now: Moment, lane: Lane, allowed: tuple[str, ...]) -> bool:
    """Whether the dialog may still be painted, or may still close after its answer."""
    patience_ms = REQUEST_PAINTS_MS
    if answer_to(lane, observation, allowed):
        patience_ms = REQUEST_STAYS_MS

    moved_at = observation.moved_at or now
    answered_at = observation.answered_at or 0
    return now - max(moved_at, answered_at) < patience_ms


def _question(session: Session, observation: SessionObservation) -> Command:
    """The escalation of a dialog, which no key answers without a human's decision."""
    offered = observation.offered
    return commands.Escalate(
        trigger=dialog_trigger(session.id, offered),
        happened=_happened(session, observation),
        tried="Nothing was typed: no rule of its lane answers it.",
        evidence=_evidence(observation),
        decision=_decision(session, observation.dialog, offered),
        options=_options(observation.dialog, offered),
        job=session.job,
        session=session.id,
    )


def _happened(session: Session, observation: SessionObservation) -> str:
    """What the agent shows; of a request that its program reported, what it wants to do."""
    agent = f"The agent of {session.job} (session {session.id})"
    request = observation.request
    if request is None:
        return f"{agent} shows a {observation.word}; a key would answer it."

    where = ""
    if request.folder:
        where = f" in {request.folder}"

    if request.command:
        return f"{agent} asks whether it may run a command{where} ({request.tool}): {_in_a_line(request.command)}"

    return f"{agent} asks for permission{where}: {_in_a_line(request.text)}"


def _in_a_line(text: str) -> str:
    """A text in one line of at most `ASKED_CHARACTERS`; the evidence of the question has it whole."""
    line = " ".join(text.split())
    if len(line) <= ASKED_CHARACTERS:
        return line

    return f"{line[: ASKED_CHARACTERS - 1]}…"


def _evidence(observation: SessionObservation) -> str:
    """The request whole, where the program reported it; else what its screen shows."""
    if observation.request is not None:
        return observation.request.text

    return observation.screen or observation.evidence or "its screen could not be read"


def _decision(session: Session, name: str, offered: ShownDialog | None) -> str:
    """What a human can decide about a dialog."""
    around = f"start {session.job} again with a new agent (retry), stop it, or stop the run?"
    if offered is None:
        return f"Answer it yourself (gitorch attach {session.job}) and let the agent go on (cleared); or {around}"

    if offered.choices == CHOICES:
        return f"Allow this once (allow), or reject it (reject, with a text for the agent)? Or {around}"

    listed = "; ".join(f"{choice.word} = {choice.text}" for choice in in_order(name, offered))
    return f"Which choice should gitorch pick ({listed})? Or {around}"


def _options(name: str, offered: ShownDialog | None) -> tuple[str, ...]:
    """The answers to a dialog, the right one first."""
    if offered is None:
        return DIALOG_OPTIONS

    return (*(choice.word for choice in in_order(name, offered)), *AROUND_AGENT)


def in_order(name: str, offered: ShownDialog) -> tuple[DialogChoice, ...]:
    """The choices, the one first that lets the run go on: the selected one, but for dialogs where that is another one."""
    wanted = PREFERRED.get(name, "")
    first = min(offered.choices, key=lambda choice: _rank(choice, wanted))
    others = [choice for choice in offered.choices if choice != first]
    return (first, *others)


def _rank(choice: DialogChoice, wanted: str) -> tuple[bool, bool, bool]:
    """What puts a choice behind others: that it ends the program, is not the wanted one, is not the selected one."""
    ends_program = re.search(LEAVING, choice.text) is not None
    is_wanted = re.search(wanted, choice.text, re.IGNORECASE) is not None
    return ends_program, not is_wanted, not choice.is_selected


def owed_answer(run: Run, session: Session, observation: SessionObservation) -> PermissionAnswer | None:
    """The answer to the dialog that shows: the choice of a human, else that of a rule while no human is asked; None without one."""
    chosen = chosen_answer(run, session, observation)
    if chosen is not None or run.is_asked_about(session):
        return chosen

    return answer_to(run.workflow.lanes[session.lane], observation, run.commands_allowed(session))


def chosen_answer(run: Run, session: Session, observation: SessionObservation) -> PermissionAnswer | None:
    """The choice that a human picked for exactly the dialog that shows, until it is pressed; None without one."""
    for shown in observation.dialogs:
        answer = _choice(run, session, observation, shown)
        if answer is not None:
            return answer

    return None


def _choice(run: Run, session: Session, observation: SessionObservation, shown: ShownDialog) -> PermissionAnswer | None:
    """The choice that a human picked for a dialog as one source names it, until it is pressed; None without one."""
    question = _answered(run, dialog_trigger(session.id, shown))
    if question is None or question.answer is None:
        return None

    label = shown.label(question.answer.option)
    if not label or any(given.rule == question.id for given in observation.answered):
        return None

    return PermissionAnswer(label, Option.CHOSEN, question.id, question.answer.text)


def _answered(run: Run, trigger: str) -> Question | None:
    """The last question with this trigger that a human answered."""
    found: Question | None = None
    for question in run.questions.values():
        if question.trigger == trigger and question.answer is not None:
            found = question

    return found
