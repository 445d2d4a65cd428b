"""Carrying out what is outstanding. Each effect looks first, acts, and answers with what the ledger should learn."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gitorch.app.reconciler.pushing import close_issues
from gitorch.app.sessions.teardown import tear_down
from gitorch.app.work.context import brief_of, ensure_worktree
from gitorch.errors import Failed
from gitorch.model import commands, effects
from gitorch.ports.world import Launch, SessionKey
from gitorch.rules.outstanding import may_begin, next_prompt
from gitorch.rules.views.brief import BRIEF_PATH, BRIEF_VALUES_PATH
from gitorch.rules.views.notices import notice
from gitorch.rules.views.prompts import pointer, prompt_path, prompt_text

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.commands import Command
    from gitorch.model.effects import Effect
    from gitorch.model.ids import JobId, PromptId, SessionId
    from gitorch.model.run import Run
    from gitorch.model.session import Prompt, Session


Acts = Mapping[type, Callable[["Services", "Run", Any], tuple["Command", ...]]]


def perform(services: Services, run: Run, effect: Effect) -> tuple[Command, ...]:
    """Carry out one effect. Raises Unavailable where the world is silent; then nothing is concluded."""
    return (EFFECTS.get(type(effect)) or _merging()[type(effect)])(services, run, effect)


def _start_session(services: Services, run: Run, effect: effects.StartSession) -> tuple[Command, ...]:
    """Worktree, brief, agent, in this order, each only where it is missing."""
    session = run.sessions[effect.session]
    cwd = services.paths.worktree(run, session.id)
    lane = run.workflow.lanes[session.lane]
    preset = services.preset(lane)
    try:
        ensure_worktree(services, run, session, cwd)
        prompt = next_prompt(session)
        resume = run.conversation_to_resume(session)
        with_start = lane.one_shot or preset.takes_prompt(resuming=bool(resume))
        handed = prompt if with_start and may_begin(run, session) else None
        if lane.one_shot and handed is None:
            return ()
        if handed is not None:
            _write_prompt(services, run, session, handed, cwd)
        launch = Launch(
            key=SessionKey(run.id, session.id),
            preset=preset,
            cwd=cwd,
            env=_environment(services, run, session),
            first_line="" if handed is None else pointer(run, session, handed),
            first_prompt=None if handed is None else handed.id,
            model=lane.model,
            resume=resume,
            one_shot=lane.one_shot,
        )
        services.terminals.start(launch)
    except Failed as failure:
        return (commands.EndSession(session.id, "not-started", None, failure.message),)
    return ()


def _environment(services: Services, run: Run, session: Session) -> Mapping[str, str]:
    key = SessionKey(run.id, session.id)
    own = {
        "GITORCH_RUN": run.id,
        "GITORCH_SESSION": session.id,
        "GITORCH_JOB": session.job,
        "GITORCH_TOKEN": services.secrets.token(key),
        "GITORCH_WORKTREE": str(services.paths.worktree(run, session.id)),
    }
    lane = run.workflow.lanes[session.lane]
    model = {"GITORCH_MODEL": lane.model} if lane.model else {}
    return {**services.agent_env, **model, **lane.env, **own}


def _write_prompt(services: Services, run: Run, session: Session, prompt: Prompt, cwd: Path) -> None:
    """Write a prompt where its pointer says, the brief, and a copy of the prompt that no agent can change before it is recorded."""
    brief = brief_of(services, run, session)
    text = prompt_text(run, session, prompt, brief.section, brief.done).encode()
    values = json.dumps(brief.values, ensure_ascii=False).encode("utf-8", "backslashreplace")
    services.files.write(cwd / BRIEF_VALUES_PATH, values)
    services.files.write(kept_prompt(services, run, session.id, prompt.id), text)
    services.files.write(cwd / prompt_path(prompt), text)
    if prompt_path(prompt) != BRIEF_PATH:
        services.files.write(cwd / BRIEF_PATH, brief.text.encode())


def kept_prompt(services: Services, run: Run, session: SessionId, prompt: PromptId) -> Path:
    """Where the copy of a text lies until it is attached to the record of its delivery."""
    return services.home / "prompts" / run.id / f"{session}-{prompt}.md"


def _deliver_prompt(services: Services, run: Run, effect: effects.DeliverPrompt) -> tuple[Command, ...]:
    """Write the file, then type the one line that points to it."""
    session = run.sessions[effect.session]
    prompt = next(x for x in session.prompts if x.id == effect.prompt)
    cwd = services.paths.worktree(run, session.id)
    _write_prompt(services, run, session, prompt, cwd)
    preset = services.preset(run.workflow.lanes[session.lane])
    key = SessionKey(run.id, session.id)
    receipt = services.terminals.deliver(key, preset, prompt.id, pointer(run, session, prompt))
    if receipt.startswith("refused"):
        return ()
    return (commands.RecordDelivery(session.id, prompt.id, receipt),)


def _answer_permission(services: Services, run: Run, effect: effects.AnswerPermission) -> tuple[Command, ...]:
    """What was pressed is told by the next look, which reads it from the session's marks: so it is told though we be killed."""
    services.terminals.answer(SessionKey(run.id, effect.session), effect.answer)
    return ()


def _stop_session(services: Services, run: Run, effect: effects.StopSession) -> tuple[Command, ...]:
    tear_down(services, run, effect.session)
    return (commands.EndSession(effect.session, "stopped"),)


def _start_check(services: Services, run: Run, effect: effects.StartCheck) -> tuple[Command, ...]:
    settings = run.settings
    where = services.paths.check_worktree(run, effect.commit)
    services.checks.start(effect.commit, settings.test_command, settings.test_wait_seconds, where)
    return ()


def _clean_up(services: Services, run: Run, effect: effects.CleanUp) -> tuple[Command, ...]:
    """Remove what is clean and merged, keep and name what is not; the ledger always stays."""
    removed: list[str] = []
    kept: list[str] = []
    for session in run.sessions.values():
        tear_down(services, run, session.id)
        for prompt in session.prompts:
            services.files.remove(kept_prompt(services, run, session.id, prompt.id))
    merged = {j.spec.id for j in run.merge_jobs} if run.merged is not None else set()
    for job in run.jobs.values():
        if job.fence == 0 or not job.writes:
            continue
        if job.spec.id not in merged and run.merged is not None and not run.shares_worktree(job):
            kept.append(f"worktree {job.spec.id}: its work is not merged")
            continue
        _remove_job(services, run, job.spec.id, branch=effect.branches and job.spec.id in merged, said=(removed, kept))
    services.checks.clear(services.paths.base(run))
    services.worktrees.tidy(services.paths.base(run))
    services.terminals.close()
    said = (tuple(dict.fromkeys(lines)) for lines in (removed, kept))  # a worktree that jobs share is met with each
    return (commands.RecordCleanup(*said),)


def _remove_job(services: Services, run: Run, job: JobId, *, branch: bool, said: tuple[list[str], list[str]]) -> None:
    removed, kept = said
    where = services.paths.job_worktree(run, job)
    left = services.worktrees.remove(where)
    if left:
        kept.append(f"worktree {where.name}: {left}")
        return
    removed.append(f"worktree {where.name}")
    name = f"gitorch/{run.id}/{job}"
    if branch:
        services.worktrees.delete_branch(name)
        removed.append(f"branch {name}")
    else:
        kept.append(f"branch {name}")


def _merging() -> Acts:
    """What is owed between cleared work and the remote, imported by the loop when it comes to it: no agent's verb pays for it."""
    from gitorch.app.reconciler import merging, pushing  # noqa: PLC0415  # seven modules, JSON among them

    return {
        effects.BuildBase: merging.build_base,
        effects.MakeReport: merging.make_report,
        effects.MakeEpicReport: merging.make_epic_report,
        effects.MergeBranches: merging.merge_branches,
        effects.PushMerge: pushing.push_merge,
        effects.TakeBack: pushing.take_back,
    }


def _notify(services: Services, run: Run, effect: effects.Notify) -> tuple[Command, ...]:
    """Started, never waited for; what goes wrong with it is said by a later look."""
    services.notices.send(run.id, effect.name, notice(run, effect.name))
    return ()


EFFECTS: Acts = {
    effects.StartSession: _start_session,
    effects.StopSession: _stop_session,
    effects.DeliverPrompt: _deliver_prompt,
    effects.AnswerPermission: _answer_permission,
    effects.StartCheck: _start_check,
    effects.CloseIssues: close_issues,
    effects.Notify: _notify,
    effects.CleanUp: _clean_up,
}
