"""`gitorch.yaml`: the configuration of a repository, read into values, and its template filled in for `gitorch init`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from gitorch.errors import Malformed, Problem
from gitorch.model.approval import Grade
from gitorch.model.config import Config, RuntimeChoice
from gitorch.model.permission import Option, Rule
from gitorch.model.values import replace
from gitorch.text.fields import NOWHERE, Complaints, Form
from gitorch.text.plans.front_matter import read_autonomy, read_branch
from gitorch.text.slug import id_fault
from gitorch.text.source import read_source, source_of
from gitorch.text.yaml_file import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.text.yaml_file import YamlValue

BYTES_MAX = 200_000

PERMISSIONS = {"allow": Option.ONCE, "reject": Option.REJECT}
"""The words of a rule, and the option that each chooses: allowing is always for this once."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REMOTE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_NOT_PLAIN = frozenset({"true", "false", "null", "yes", "no", "on", "off"})


class Cleanup(StrEnum):
    """What happens to worktrees and sessions after the merge; nothing is ever removed unasked."""

    ASK = "ask"
    KEEP = "keep"


class TrackerChoice(StrEnum):
    """Where epics that a plan only names are looked up."""

    AUTO = "auto"
    BD = "bd"
    FILE = "file"
    NONE = "none"


def parse_config(path: str, data: bytes) -> Config:
    """Read a configuration; what it does not say has its default. Raises Malformed with every problem found."""
    if not data.strip():
        return Config(path=path)
    source = read_source(path, data, BYTES_MAX)
    if isinstance(source, Problem):
        raise Malformed(f"{path} cannot be read.", (source,))
    complaints = Complaints(path)
    value, problems = read_yaml(source)
    complaints.found += problems
    config = _config(path, Form(complaints, value or NOWHERE), value)
    if complaints.found:
        count = len(complaints.sorted())
        message = f"{path} has {count} problem{'s' if count > 1 else ''}."
        raise Malformed(message, complaints.sorted(), "gitorch doctor")
    return config


def _config(path: str, top: Form, value: YamlValue | None) -> Config:
    default = Config()
    orchestration, worktrees, tests = top.form("orchestration"), top.form("worktrees"), top.form("tests")
    review, lanes, waits = top.form("review"), top.form("lanes"), top.form("waits")
    agents = top.form("agents")
    push, approval = top.form("push"), top.form("approval")
    implementer, reviewer = lanes.form("implementer"), lanes.form("reviewer")
    unattended = approval.flag("unattended", default=default.approval_unattended)
    stages = _stages(review, default.review_stages)
    config = Config(
        path=path,
        default_autonomy=read_autonomy(orchestration, "default_autonomy", default.default_autonomy),
        merge_target=read_branch(orchestration, "merge_target", default.merge_target),
        coordinator=_coordinator(orchestration),
        max_agents=orchestration.number("max_agents", default.max_agents, minimum=1, maximum=1000),
        base_path=worktrees.text("base_path"),
        test_command=tests.text("command"),
        test_command_absent=tests.flag("absent_is_accepted", default=default.test_command_absent),
        test_wait_seconds=tests.number("wait_seconds", default.test_wait_seconds, minimum=1),
        review_mode=review.choice("mode", default.review_mode),
        review_stages=stages,
        rounds_max=review.number("rounds_max", default.rounds_max, minimum=1, maximum=100),
        reviewers=_reviewers(review, reviewer.word("runtime"), stages),
        implementer=implementer.word("runtime"),
        commits=implementer.choice("commits", default.commits),
        runtimes={name: _runtime(name, form) for name, form in top.forms("runtimes").items()},
        start_wait_seconds=waits.number("start_seconds", default.start_wait_seconds, minimum=1),
        silence_seconds=waits.number("silence_seconds", default.silence_seconds, minimum=1),
        lease_seconds=waits.number("lease_seconds", default.lease_seconds, minimum=1),
        restarts_max=agents.number("restarts_max", default.restarts_max, maximum=100),
        push_remote=_remote(push),
        push_ledger=_push_ledger(push),
        approval_unattended=unattended,
        approval_at_least=_least_grade(approval, unattended=unattended),
        approval_signers=approval.text("allowed_signers"),
        cleanup=str(top.choice("cleanup", Cleanup.ASK)),
        tracker=str(top.choice("tracker", TrackerChoice.AUTO)),
        places=dict(_places(value)) if value else {},
    )
    config = _how_people_are_asked(top, config)
    parts = (
        orchestration,
        worktrees,
        tests,
        review,
        lanes,
        implementer,
        reviewer,
        waits,
        agents,
        push,
        approval,
    )
    for form in (top, *parts):
        form.done()
    return config


def _least_grade(approval: Form, *, unattended: bool) -> Grade:
    """The least grade of an approval. Without one, `typed`, or `unattended` where that is allowed."""
    written = approval.has("at_least")
    least = approval.choice("at_least", Grade.UNATTENDED if unattended else Grade.TYPED)
    if written and unattended and least is not Grade.UNATTENDED:
        message = f"cannot be true while `at_least` asks for {least} approvals."
        approval.complain("unattended", message, "Set it to false, or write `at_least: unattended`.")
    if written and least is Grade.UNATTENDED and not unattended:
        message = "is `unattended`, but `unattended` is not true."
        approval.complain("at_least", message, "Write `unattended: true` beside it, or ask for `typed`.")
    if least is Grade.FORGE:
        approval.complain(
            "at_least", "cannot be `forge` yet: no forge is asked for approvals.", "Write `at_least: signed`."
        )
    return least


def _remote(push: Form) -> str:
    """The name of a remote, which git will read as a word of a command: nothing that could be an option or an address."""
    name = push.text("remote")
    if name and not _REMOTE.fullmatch(name):
        push.complain("remote", f"must be the name of a remote, not `{name}`.", "Name one that `git remote` lists.")
        return ""
    return name


def _push_ledger(push: Form) -> bool:
    wanted = push.flag("ledger", default=False)
    if wanted and not push.text("remote"):
        push.complain("ledger", "has no effect without a remote.", "Set `push.remote`, too.")
    return wanted


def _how_people_are_asked(top: Form, default: Config) -> Config:
    """When people are reminded, what they are asked about before more of it is used, and what tells them."""
    reminders, budgets, notify = top.form("reminders"), top.form("budgets"), top.form("notify")
    config = replace(
        default,
        remind_first_seconds=reminders.number("first_seconds", default.remind_first_seconds, minimum=1),
        remind_cap_seconds=reminders.number("cap_seconds", default.remind_cap_seconds, minimum=1),
        escalate_seconds=reminders.number("escalate_seconds", default.escalate_seconds),
        run_seconds_max=budgets.number("run_seconds", default.run_seconds_max),
        job_seconds_max=budgets.number("job_seconds", default.job_seconds_max),
        memory_mib_max=budgets.number("memory_mib", default.memory_mib_max),
        requests_max=budgets.number("requests_per_minute", default.requests_max),
        sessions_max=budgets.number("sessions", default.sessions_max),
        notify_command=_argv(notify),
        notify_wait_seconds=notify.number("wait_seconds", default.notify_wait_seconds, minimum=1, maximum=300),
    )
    for form in (reminders, budgets, notify):
        form.done()
    return config


def _argv(form: Form) -> tuple[str, ...]:
    """A command as a list of words: no shell ever reads it."""
    command = form.texts("command")
    if len(command) == 1 and " " in command[0]:
        form.complain("command", "must be a list of words.", f"Write `command: {json.dumps(command[0].split())}`.")
    return command


def _coordinator(orchestration: Form) -> str:
    name = orchestration.word("coordinator")
    if name and id_fault(name):
        orchestration.complain("coordinator", f"`{name}` {id_fault(name)}.", "Write `coordinator: planner`.")
    return name


def _stages(review: Form, default: tuple[str, ...]) -> tuple[str, ...]:
    if not review.has("stages"):
        review.get("stages")
        return default
    stages = review.texts("stages")
    faults = [f"`{stage}` {id_fault(stage)}" for stage in stages if id_fault(stage)]
    if not stages or len(set(stages)) < len(stages) or faults:
        why = faults[0] if faults else "must name at least one stage, each once"
        review.complain("stages", f"{why}.", "Write `stages: [spec, quality]`.")
        return default
    return stages


def _reviewers(review: Form, everywhere: str, stages: tuple[str, ...]) -> dict[str, str]:
    chosen = dict.fromkeys(stages, everywhere) if everywhere else {}
    runtimes = review.form("runtimes")
    for stage in stages:
        if runtime := runtimes.word(stage):
            chosen[stage] = runtime
    runtimes.done()
    return chosen


def _runtime(name: str, form: Form) -> RuntimeChoice:
    command = _argv(form)
    env = form.mapping("env")
    for variable in env:
        if not _VARIABLE.fullmatch(variable):
            form.complain("env", f"holds `{variable}`, which is no name of a variable.", "Use letters, digits and _.")
    model = form.text("model")
    if model.startswith("-"):
        form.complain("model", f"`{model}` would be read as an option.", "Name a model as the program calls it.")
    choice = RuntimeChoice(
        form.word("preset", name),
        command,
        env,
        model,
        form.flag("one_shot", default=False),
        _permissions(form),
        form.flag("trust", default=False),
    )
    form.done()
    return choice


def _permissions(form: Form) -> tuple[Rule, ...]:
    """Rules for permission prompts: each one `allow` or `reject`, with a pattern for the whole of what is asked."""
    found: list[Rule] = []
    for row in form.rows("permissions"):
        chosen = [name for name in PERMISSIONS if row.has(name)]
        if len(chosen) != 1:
            row.complain("allow", "must stand alone: a rule allows or rejects.", "Write `{allow: 'make test'}`.")
        for name in chosen:
            pattern = row.text(name)
            try:
                re.compile(pattern)
            except re.error as error:
                row.complain(name, f"is no regular expression: {error}.", "Put it in single quotation marks.")
            else:
                found.append(Rule(PERMISSIONS[name], pattern))
        row.done()
    return tuple(found)


def _places(value: YamlValue, prefix: str = "") -> Iterator[tuple[str, tuple[int, int]]]:
    if isinstance(value.data, Mapping):
        for name, entry in value.data.items():
            yield f"{prefix}{name}", (entry.key.line, entry.key.column)
            yield from _places(entry.value, f"{prefix}{name}.")


def render(template: str, values: Mapping[str, str | int | bool]) -> str:
    """The template with other values for some keys (`{"tests.command": "make test"}`), comments and all else untouched.

    Raises KeyError for a key that the template does not have.
    """
    value, _ = read_yaml(source_of("gitorch.yaml", template))
    for key in sorted(values, key=lambda key: -_span(value, key)[0]):
        start, end = _span(value, key)
        template = template[:start] + _written(values[key]) + template[end:]
    return template


def _span(value: YamlValue | None, key: str) -> tuple[int, int]:
    for name in key.split("."):
        if value is None or not isinstance(value.data, Mapping):
            raise KeyError(key)
        value = value.data[name].value
    if value is None:
        raise KeyError(key)
    return value.spot.start, value.spot.end


def _written(value: str | int | bool) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _NOT_PLAIN:
        return value
    return json.dumps(value, ensure_ascii=False)
