"""The prompts that an agent gets: the file that holds each one, and the line typed to point to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from gitorch.model.work.session import REFUSAL, PromptKind
from gitorch.rules.messages.mail import message_text
from gitorch.rules.views.brief import BRIEF_PATH, answered_questions, answers_text, brief_text
from gitorch.rules.views.finding_lines import findings_text

if TYPE_CHECKING:
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Prompt, Session


def prompt_path(prompt: Prompt) -> str:
    """The path of a prompt's file in the worktree of its session."""
    if prompt.kind is PromptKind.BRIEF:
        return BRIEF_PATH

    return f".gitorch/inbox/{prompt.id}-{prompt.kind}.md"


def pointer(run: Run, session: Session, prompt: Prompt) -> str:
    """The one line that is typed: it names the file to read. A clearance is short enough to be the line itself."""
    job = run.jobs[session.job]
    if prompt.kind is PromptKind.CLEARED and job.cleared is not None:
        return f"APPROVED {session.job} at {job.cleared}. Nothing more is needed. ({prompt.id})"

    if prompt.kind is PromptKind.MESSAGE:
        return f"Message {prompt.about}: read {prompt_path(prompt)} or run gitorch inbox."

    return f"Read {prompt_path(prompt)} and do what it says."


def prompt_text(
    run: Run,
    session: Session,
    prompt: Prompt,
    section: str,
    done: tuple[str, ...] = (),
) -> str:
    """The text of a prompt as Markdown, made anew from the run each time.

    `section` and `done` are for a brief: see `brief_text`.
    """
    job = run.jobs[session.job]
    match prompt.kind:
        case PromptKind.BRIEF:
            return brief_text(run, session, section, done)
        case PromptKind.FINDINGS:
            return findings_text(run, job)
        case PromptKind.ANSWER:
            return _answers(run, job)
        case PromptKind.MESSAGE:
            return message_text(run, prompt)
        case PromptKind.CLEARED:
            return f"# APPROVED {session.job} at {job.cleared}\n\nNothing more is needed from you. Stop here.\n"
        case PromptKind.NUDGE:
            return _nudge(job, prompt)
        case _:
            assert_never(prompt.kind)


def _answers(run: Run, job: JobState) -> str:
    """The prompt that brings answers."""
    answers = answers_text(answered_questions(run, job))
    return f"# Answers for {job.spec.id}\n\n{answers}\n\nContinue your work, then report as your brief says.\n"


def _nudge(job: JobState, prompt: Prompt) -> str:
    """The prompt for an agent that has been silent, or whose report was refused."""
    if prompt.about == REFUSAL:
        return (
            f"# Your report on {job.spec.id} was refused\n\n{job.refusal}\n\n"
            f"Correct what it names, then report again as `{BRIEF_PATH}` says.\n"
        )

    return (
        f"# Are you still working on {job.spec.id}?\n\n"
        f"gitorch has seen no activity from you for a while. Continue with `{BRIEF_PATH}`,\n"
        "or report: `gitorch handoff`, `gitorch ask`, `gitorch block`.\n"
    )
