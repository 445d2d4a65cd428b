"""Performing outstanding effects. Each looks first, acts, and returns the commands that record its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gitorch.app.executing.redaction import redact_value
from gitorch.app.reconciler.cleanup import clean_up
from gitorch.app.reconciler.issues import close_issues
from gitorch.app.reconciler.preparing import require_clean_set_up, set_up_worktree
from gitorch.app.reconciler.prompts import write_prompt
from gitorch.app.reconciler.sandboxes import launch_sandbox
from gitorch.app.sessions.teardown import last_usage, tear_down
from gitorch.app.work.context import ensure_worktree
from gitorch.errors import Failed
from gitorch.model import commands, effects
from gitorch.model.work.session import SessionKey
from gitorch.ports.world import Launch
from gitorch.rules.guards.beginning import may_begin
from gitorch.rules.views.notices import notice
from gitorch.rules.views.prompts import pointer

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.commands import Command
    from gitorch.model.effects import Effect
    from gitorch.model.plans.runtime import Preset
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Prompt, Session


Performers = Mapping[type, Callable[["Services", "Run", Any], tuple["Command", ...]]]


def perform(
    services: Services,
    run: Run,
    effect: Effect,
) -> tuple[Command, ...]:
    """Perform one effect. Raises Unavailable where the world cannot be asked; then nothing is concluded."""
    performer = EFFECTS.get(type(effect))
    if performer is None:
        performer = _merging_effects()[type(effect)]
    return performer(services, run, effect)


def _start_session(
    services: Services,
    run: Run,
    effect: effects.StartSession,
) -> tuple[Command, ...]:
    """Make the worktree, write the brief and start the agent, in this order, each only where it is missing."""
    session = run.sessions[effect.session]
    worktree = services.paths.worktree(run, session.id)
    lane = run.workflow.lanes[session.lane]
    preset = services.preset(lane)
    try:
        ensure_worktree(services, run, session, worktree)
        require_clean_set_up(services, run, session, worktree)
        prompt = _prompt_at_start(run, session, preset)
        if prompt is None and lane.one_shot:
            return ()

        if prompt is not None:
            write_prompt(services, run, session, prompt, worktree)
        launch = Launch(
            key=SessionKey(run.id, session.id),
            preset=preset,
            cwd=worktree,
            env=_environment(services, run, session),
            first_line=_first_line(run, prompt, session),
            first_prompt=None if prompt is None else prompt.id,
            model=lane.model,
            resume=run.conversation_to_resume(session),
            one_shot=lane.one_shot,
            sandbox=launch_sandbox(services, run, session),
            allowed=run.commands_allowed(session),
        )
        services.terminals.start(launch)
    except Failed as error:
        return (commands.EndSession(session.id, "not-started", None, error.message),)

    return ()


def _first_line(
    run: Run,
    prompt: Prompt | None,
    session: Session,
) -> str:
    """The line that points to the first prompt; empty without one."""
    if prompt is None:
        return ""

    return pointer(run, session, prompt)


def _prompt_at_start(
    run: Run,
    session: Session,
    preset: Preset,
) -> Prompt | None:
    """The prompt that the agent gets as it starts; None where its program takes none then, or the work may not begin yet."""
    lane = run.workflow.lanes[session.lane]
    resuming = bool(run.conversation_to_resume(session))
    if not lane.one_shot and not preset.takes_prompt(resuming=resuming):
        return None

    if may_begin(run, session):
        return session.next_prompt

    return None


def _environment(
    services: Services,
    run: Run,
    session: Session,
) -> Mapping[str, str]:
    """The variables of an agent; those of its session win over those of its lane."""
    lane = run.workflow.lanes[session.lane]
    worktree = services.paths.worktree(run, session.id)
    environment = {**services.agent_env, **services.setups.variables(worktree)}
    if lane.model:
        environment["GITORCH_MODEL"] = lane.model
    environment.update(lane.env)
    environment["GITORCH_RUN"] = run.id
    environment["GITORCH_SESSION"] = session.id
    environment["GITORCH_JOB"] = session.job
    environment["GITORCH_TOKEN"] = services.secrets.token(SessionKey(run.id, session.id))
    environment["GITORCH_WORKTREE"] = str(worktree)
    return environment


def _deliver_prompt(
    services: Services,
    run: Run,
    effect: effects.DeliverPrompt,
) -> tuple[Command, ...]:
    """Write the file, then type the one line that points to it."""
    session = run.sessions[effect.session]
    prompt = _prompt_of(session, effect)
    write_prompt(services, run, session, prompt, services.paths.worktree(run, session.id))
    preset = services.preset(run.workflow.lanes[session.lane])
    key = SessionKey(run.id, session.id)
    receipt = services.terminals.deliver(key, preset, prompt.id, pointer(run, session, prompt))
    if receipt.startswith("refused"):
        return ()

    return (commands.RecordDelivery(session.id, prompt.id, receipt),)


def _prompt_of(session: Session, effect: effects.DeliverPrompt) -> Prompt:
    return {prompt.id: prompt for prompt in session.prompts}[effect.prompt]


def _answer_permission(
    services: Services,
    run: Run,
    effect: effects.AnswerPermission,
) -> tuple[Command, ...]:
    """Press the answer. The next observation reads from the session's files which it was, also where we are killed now."""
    services.terminals.answer(SessionKey(run.id, effect.session), effect.answer)
    return ()


def _stop_session(
    services: Services,
    run: Run,
    effect: effects.StopSession,
) -> tuple[Command, ...]:
    tear_down(services, run, effect.session)
    return (*last_usage(services, run, effect.session), commands.EndSession(effect.session, "stopped"))


def _start_check(
    services: Services,
    run: Run,
    effect: effects.StartCheck,
) -> tuple[Command, ...]:
    settings = run.settings
    worktree = services.paths.check_worktree(run, effect.commit)
    services.checks.start(
        effect.commit, settings.test_command, settings.test_wait_seconds, worktree, settings.preparation
    )
    return ()


def _notify(
    services: Services,
    run: Run,
    effect: effects.Notify,
) -> tuple[Command, ...]:
    """Start the command and do not wait for it; a later observation reports its failure."""
    values = {name: redact_value(value) for name, value in notice(run, effect.name).items()}
    services.notices.send(run.id, effect.name, values)
    return ()


def _merging_effects() -> Performers:
    """The effects between cleared work and the remote, imported when the loop comes to one: seven modules, JSON among them."""
    from gitorch.app.reconciler import code_pulls, merging, pushing  # noqa: PLC0415  no agent's verb pays for them

    return {
        effects.BuildBase: merging.build_base,
        effects.MakeReport: merging.make_report,
        effects.MakeEpicReport: merging.make_epic_report,
        effects.MergeBranches: merging.merge_branches,
        effects.OpenPulls: code_pulls.open_pulls,
        effects.PushMerge: pushing.push_merge,
        effects.TakeBack: pushing.take_back,
    }


EFFECTS: Performers = {
    effects.StartSession: _start_session,
    effects.SetUpWorktree: set_up_worktree,
    effects.StopSession: _stop_session,
    effects.DeliverPrompt: _deliver_prompt,
    effects.AnswerPermission: _answer_permission,
    effects.StartCheck: _start_check,
    effects.CloseIssues: close_issues,
    effects.Notify: _notify,
    effects.CleanUp: clean_up,
}
