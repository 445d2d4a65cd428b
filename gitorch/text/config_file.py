"""`gitorch.yaml`, the configuration of a repository, read into values. `config_template` writes a new one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.plans.approval import Grade
from gitorch.model.plans.config import Config
from gitorch.model.plans.forge import ForgeKind, PushAs
from gitorch.model.plans.preparation import Preparation
from gitorch.model.values import replace
from gitorch.model.words import Words
from gitorch.text.config_runtimes import read_runtime
from gitorch.text.fields import read_form
from gitorch.text.prices import read_prices
from gitorch.text.run_settings import read_allowance, read_autonomy, read_branch, read_quiet_hours
from gitorch.text.slug import id_fault

if TYPE_CHECKING:
    from gitorch.text.fields import Form

BYTES_MAX = 200_000

_REMOTE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


class Cleanup(Words):
    """Whether gitorch offers to remove worktrees and sessions after the merge; it never removes them without a confirmation."""

    ASK = "ask"
    KEEP = "keep"


class TrackerChoice(Words):
    """Where gitorch looks up epics that a plan only names."""

    AUTO = "auto"
    BD = "bd"
    FILE = "file"
    NONE = "none"


def parse_config(path: str, data: bytes) -> Config:
    """Read a configuration; absent keys have their defaults, and an empty file has nothing but defaults.

    The configuration knows its path and the place of every key. Raises Malformed with every problem found.
    """
    if not data.strip():
        return Config(path=path)

    form = read_form(path, data, BYTES_MAX)
    config = replace(_config(form), path=path, places=form.places())
    form.complaints.raise_if_any()
    return config


def _config(top: Form) -> Config:
    """The configuration, section by section in the order of the template.

    Each section replaces its own fields of the defaults and knows its own keys.
    """
    config = Config()
    for section in (
        _orchestration,
        _worktrees,
        _tests,
        _review,
        _waits,
        _agents,
        _push,
        _ledger,
        _approval,
        _reminders,
        _budgets,
        _notify,
    ):
        config = section(top, config)

    config = replace(
        config,
        runtimes={name: read_runtime(name, form) for name, form in top.forms("runtimes").items()},
        prices=read_prices(top),
        cleanup=str(top.choice("cleanup", Cleanup.ASK)),
        tracker=str(top.choice("tracker", TrackerChoice.AUTO)),
    )
    top.done()
    return config


def _orchestration(top: Form, default: Config) -> Config:
    """The section `orchestration`: autonomy, target, coordinator, number of agents."""
    form = top.form("orchestration")
    config = replace(
        default,
        default_autonomy=read_autonomy(form, "default_autonomy", default.default_autonomy),
        merge_target=read_branch(form, "merge_target", default.merge_target),
        coordinator=_coordinator(form),
        max_agents=form.number("max_agents", default.max_agents, minimum=1, maximum=1000),
    )
    form.done()
    return config


def _coordinator(form: Form) -> str:
    """The name of the coordinator, which must be usable as an id; empty without one."""
    name = form.word("coordinator")
    fault = id_fault(name)
    if name and fault:
        form.complain("coordinator", f"`{name}` {fault}.", "Write `coordinator: planner`.")

    return name


def _worktrees(top: Form, default: Config) -> Config:
    """The section `worktrees`: the folder in which gitorch makes them, and how each is made ready for work."""
    form = top.form("worktrees")
    base_path, given = form.text("base_path"), default.preparation
    preparation = Preparation(
        command=form.text("setup"),
        wait_seconds=form.number("setup_seconds", given.wait_seconds, minimum=1),
        copies=form.texts("copy"),
        links=_links(form),
    )
    config = replace(default, base_path=base_path, preparation=preparation)
    form.done()
    return config


def _links(worktrees: Form) -> tuple[str, ...]:
    """The paths to link to. A path that leads out of the repository is a complaint."""
    paths = worktrees.texts("link")
    for path in paths:
        if path.startswith("/") or ".." in path.split("/"):
            worktrees.complain("link", f"must name paths inside the repository, not `{path}`.", "Write `link: [data]`.")
            return ()

    return tuple(path.rstrip("/") for path in paths)


def _tests(top: Form, default: Config) -> Config:
    """The section `tests`: the command of the project's tests, and how long it may take in seconds."""
    form = top.form("tests")
    config = replace(
        default,
        test_command=form.text("command"),
        test_command_absent=form.flag("absent_is_accepted", default=default.test_command_absent),
        test_wait_seconds=form.number("wait_seconds", default.test_wait_seconds, minimum=1),
        test_target=form.flag("run_on_target", default=default.test_target),
    )
    form.done()
    return config


def _review(top: Form, default: Config) -> Config:
    """The section `review`, and the lanes of implementers and reviewers, which its stages use."""
    review, lanes = top.form("review"), top.form("lanes")
    implementer, reviewer = lanes.form("implementer"), lanes.form("reviewer")
    stages = _stages(review, default.review_stages)
    config = replace(
        default,
        review_mode=review.choice("mode", default.review_mode),
        review_stages=stages,
        rounds_max=review.number("rounds_max", default.rounds_max, minimum=1, maximum=100),
        reviewers=_reviewers(review, reviewer.word("runtime"), stages),
        implementer=implementer.word("runtime"),
        commits=implementer.choice("commits", default.commits),
    )

    for form in (review, lanes, implementer, reviewer):
        form.done()

    return config


def _stages(review: Form, default: tuple[str, ...]) -> tuple[str, ...]:
    """The review stages in order.

    The default when the key is absent or wrong.
    """
    stages = review.texts("stages")
    if not review.has("stages"):
        return default

    fault = _stages_fault(stages)
    if fault:
        review.complain("stages", f"{fault}.", "Write `stages: [spec, quality]`.")
        return default

    return stages


def _stages_fault(stages: tuple[str, ...]) -> str:
    """Why these are not the names of stages, or an empty string when they are.

    Each is an id, none occurs twice, and there is at least one.
    """
    for stage in stages:
        fault = id_fault(stage)
        if fault:
            return f"`{stage}` {fault}"
    if not stages or len(set(stages)) < len(stages):
        return "must name at least one stage, each once"

    return ""


def _reviewers(review: Form, everywhere: str, stages: tuple[str, ...]) -> dict[str, str]:
    """The runtime of each stage: its own, else the one for all stages.

    A stage without either is absent.
    """
    reviewers: dict[str, str] = {}
    runtimes = review.form("runtimes")

    for stage in stages:
        runtime = runtimes.word(stage) or everywhere
        if runtime:
            reviewers[stage] = runtime

    runtimes.done()
    return reviewers


def _waits(top: Form, default: Config) -> Config:
    """The section `waits`: how long a start, silence and a lease may last, in seconds."""
    form = top.form("waits")
    config = replace(
        default,
        start_wait_seconds=form.number("start_seconds", default.start_wait_seconds, minimum=1),
        silence_seconds=form.number("silence_seconds", default.silence_seconds, minimum=1),
        lease_seconds=form.number("lease_seconds", default.lease_seconds, minimum=1),
    )
    form.done()
    return config


def _agents(top: Form, default: Config) -> Config:
    """The section `agents`: how often a job may get a new session after the first."""
    form = top.form("agents")
    config = replace(default, restarts_max=form.number("restarts_max", default.restarts_max, maximum=100))
    form.done()
    return config


def _push(top: Form, default: Config) -> Config:
    """The section `push`: the remote, and whether the ledger is pushed to it, too."""
    form = top.form("push")
    config = replace(
        default,
        push_remote=_remote(form),
        push_ledger=_push_ledger(form),
        push_as=_push_as(form),
        push_forge=form.choice("forge", ForgeKind.AUTO),
    )
    form.done()
    return config


def _ledger(top: Form, default: Config) -> Config:
    """The section `ledger`: the remote over which several hosts share it."""
    form = top.form("ledger")
    config = replace(default, ledger_remote=_remote(form), ledger_public=form.flag("public", default=False))
    form.done()
    return config


def _remote(section: Form) -> str:
    """The name of a remote; empty without one.

    It becomes an argument of git, so an option or address is refused.
    """
    name = section.text("remote")
    if name and not _REMOTE.fullmatch(name):
        section.complain("remote", f"must be the name of a remote, not `{name}`.", "Name one that `git remote` lists.")
        return ""

    return name


def _push_as(push: Form) -> PushAs:
    """How approved work reaches the remote. Pull requests without a remote are a complaint."""
    wanted = push.choice("as", PushAs.BRANCH)
    if wanted is PushAs.PULL_REQUEST and not push.text("remote"):
        push.complain("as", "has no effect without a remote.", "Set `push.remote`, too.")

    return wanted


def _push_ledger(push: Form) -> bool:
    """Whether the ledger is pushed. Without a remote that has no effect, which is a complaint."""
    wanted = push.flag("ledger", default=False)
    if wanted and not push.text("remote"):
        push.complain("ledger", "has no effect without a remote.", "Set `push.remote`, too.")

    return wanted


def _approval(top: Form, default: Config) -> Config:
    """The section `approval`: the least grade of an approval, and who may sign one."""
    form = top.form("approval")
    unattended = form.flag("unattended", default=default.approval_unattended)
    config = replace(
        default,
        approval_unattended=unattended,
        approval_at_least=_least_grade(form, unattended=unattended),
        approval_signers=form.text("allowed_signers"),
        approval_forge_keys=form.text("forge_keys"),
    )
    form.done()
    return config


def _least_grade(approval: Form, *, unattended: bool) -> Grade:
    """The least grade of an approval.

    By default `typed`, or `unattended` if the configuration allows that.
    """
    default = Grade.TYPED
    if unattended:
        default = Grade.UNATTENDED
    least = approval.choice("at_least", default)
    if approval.has("at_least"):
        _check_unattended(approval, least, unattended=unattended)
    return least


def _check_unattended(approval: Form, least: Grade, *, unattended: bool) -> None:
    """`unattended: true` and `at_least: unattended` belong together; one without the other is a complaint."""
    is_least = least is Grade.UNATTENDED

    if unattended and not is_least:
        message = f"cannot be true while `at_least` asks for {least} approvals."
        fix = "Set it to false, or write `at_least: unattended`."
        approval.complain("unattended", message, fix)

    if is_least and not unattended:
        message = "is `unattended`, but `unattended` is not true."
        fix = "Write `unattended: true` beside it, or ask for `typed`."
        approval.complain("at_least", message, fix)


def _reminders(top: Form, default: Config) -> Config:
    """The section `reminders`: when a person hears of an open question again, in seconds."""
    form = top.form("reminders")
    config = replace(
        default,
        remind_first_seconds=form.number("first_seconds", default.remind_first_seconds, minimum=1),
        remind_cap_seconds=form.number("cap_seconds", default.remind_cap_seconds, minimum=1),
        escalate_seconds=form.number("escalate_seconds", default.escalate_seconds),
    )
    form.done()
    return config


def _budgets(top: Form, default: Config) -> Config:
    """The section `budgets`: the bounds of a run, its jobs and its sessions."""
    form = top.form("budgets")
    config = replace(
        default,
        run_seconds_max=form.number("run_seconds", default.run_seconds_max),
        job_seconds_max=form.number("job_seconds", default.job_seconds_max),
        memory_mib_max=form.number("memory_mib", default.memory_mib_max),
        requests_max=form.number("requests_per_minute", default.requests_max),
        sessions_max=form.number("sessions", default.sessions_max),
        run_budget=read_allowance(form.form("run")),
        epic_budget=read_allowance(form.form("epic")),
        lane_budget=read_allowance(form.form("lane")),
    )
    form.done()
    return config


def _notify(top: Form, default: Config) -> Config:
    """The section `notify`: how a person is notified, and when not."""
    form = top.form("notify")
    config = replace(
        default,
        notify_command=form.argv("command"),
        notify_wait_seconds=form.number("wait_seconds", default.notify_wait_seconds, minimum=1, maximum=300),
        notify_quiet=read_quiet_hours(form, default.notify_quiet),
        notify_link=form.text("link", default.notify_link),
        notify_terminal=form.flag("terminal", default=default.notify_terminal),
    )
    form.done()
    return config
