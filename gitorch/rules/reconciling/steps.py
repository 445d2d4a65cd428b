"""Names of the steps of a tick, as error reports show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.model import commands, effects
from gitorch.model.work.fault import CLEANUP_STEP, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.model.commands import Command
    from gitorch.model.effects import Effect
    from gitorch.model.ids import CommitId, JobId, SessionId
    from gitorch.model.work.run import Run


def step_of(run: Run, effect: Effect) -> Step:
    """The step that carries out an effect."""
    step: Step = STEPS[type(effect)](run, effect)
    return step


def learning_step(run: Run, command: Command) -> Step:
    """The step that records what was observed, after making it true."""
    session: SessionId | None = getattr(command, "session", None)
    if isinstance(command, commands.EndSession):
        return of_session(run, "end-session", command.session, "recording the end of")

    job: JobId | None = getattr(command, "job", None)
    name = f"record-{type(command).__name__}"
    for part in (job, session, getattr(command, "question", None)):
        if part is not None:
            name += f":{part}"

    return Step(name, "recording what was observed", job, session)


def of_session(run: Run, name: str, session: SessionId, doing: str) -> Step:
    """The step of this name that acts on a session and its job; `doing` begins its description."""
    job = run.sessions[session].job
    return Step(f"{name}:{session}", f"{doing} session {session} of {job}", job, session)


def collecting(run: Run, session: SessionId) -> Step:
    """The step that reads what a session left in its outbox."""
    return of_session(run, "collect", session, "reading the outbox of")


def bringing_in(run: Run, session: SessionId) -> Step:
    """The step that brings in what an agent in a sandbox committed."""
    return of_session(run, "take-commits", session, "bringing in the commits of")


def publishing(job: JobId) -> Step:
    """The step that publishes the files that an agent left in its worktree."""
    return Step(f"publish-files:{job}", f"publishing the files of {job}", job)


def looking(part: str, doing: str, job: JobId | None = None) -> Step:
    """The step that asks one part of the world."""
    return Step(f"observe-{part}", doing, job)


TERMINALS = looking("terminals", "asking tmux what the agents are doing")


def _started(run: Run, effect: effects.StartSession) -> Step:
    return of_session(run, "start-session", effect.session, "starting")


def _set_up(run: Run, effect: effects.SetUpWorktree) -> Step:
    return of_session(run, "set-up", effect.session, "setting up the worktree of")


def _stopped(run: Run, effect: effects.StopSession) -> Step:
    return of_session(run, "stop-session", effect.session, "ending")


def _delivered(run: Run, effect: effects.DeliverPrompt) -> Step:
    return of_session(run, "deliver-prompt", effect.session, f"delivering {effect.prompt} to")


def _permitted(run: Run, effect: effects.AnswerPermission) -> Step:
    return of_session(run, "answer-permission", effect.session, "answering the permission request of")


def _checked(run: Run, effect: effects.StartCheck) -> Step:
    name = _job_at(run, effect.commit)
    doing = f"starting the tests of {name or effect.commit[:12]}"
    return Step(f"start-check:{effect.commit[:12]}", doing, name)


def _job_at(run: Run, commit: CommitId) -> JobId | None:
    """The job whose handoff at this commit is to be tested; None without one."""
    for job, handed_in in run.untested_handoffs():
        if handed_in == commit:
            return job.spec.id

    return None


def _of_job(name: str, doing: str) -> Callable[[Run, Any], Step]:
    """Steps for effects that name a job; a phrase of what is done may end with the job."""

    def step(_: Run, effect: Any) -> Step:
        return Step(f"{name}:{effect.job}", doing.format(job=effect.job), effect.job)

    return step


def _reported(_: Run, effect: effects.MakeReport) -> Step:
    return Step(f"make-report:{effect.checkpoint}", "making the merge report", effect.checkpoint)


def _notified(_: Run, effect: effects.Notify) -> Step:
    return Step("notify", f"notifying you of {effect.name}")


def _cleaned(_: Run, __: effects.CleanUp) -> Step:
    return Step(CLEANUP_STEP, "cleaning up")


STEPS: Mapping[type, Callable[[Run, Any], Step]] = {
    effects.StartSession: _started,
    effects.SetUpWorktree: _set_up,
    effects.StopSession: _stopped,
    effects.DeliverPrompt: _delivered,
    effects.AnswerPermission: _permitted,
    effects.StartCheck: _checked,
    effects.BuildBase: _of_job("build-base", "merging the dependencies of {job}"),
    effects.MakeReport: _reported,
    effects.MakeEpicReport: _of_job("make-epic-report", "making the report of {job}"),
    effects.MergeBranches: _of_job("merge-branches", "making the approved merge"),
    effects.OpenPulls: _of_job("open-pulls", "opening the pull requests of the approved branches"),
    effects.PushMerge: _of_job("push-merge", "pushing the merge"),
    effects.TakeBack: _of_job("take-back", "taking back the merge"),
    effects.CloseIssues: _of_job("close-issues", "closing the issues of {job}"),
    effects.Notify: _notified,
    effects.CleanUp: _cleaned,
}
