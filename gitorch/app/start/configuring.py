"""`config`: one key of the configuration file, and the settings of a run under way that follow it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.app.executing.execute import execute_verb
from gitorch.app.query.lookup import find_run
from gitorch.app.query.runtime_facts import runtime_facts
from gitorch.app.start.facts import target_fix
from gitorch.app.start.preparing import preparation_of
from gitorch.errors import Malformed, NotFound, Refused, Usage
from gitorch.model import commands
from gitorch.model.plans.allowance import Allowance
from gitorch.model.values import Value, replace
from gitorch.rules.guards.ensure import run_open, run_there
from gitorch.rules.workflows.compile import default_settings, lane_of
from gitorch.text.complaints import nearest
from gitorch.text.config_edit import belonging, key_type, known_keys, read_value, with_value, written_value
from gitorch.text.config_file import parse_config

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from gitorch.app.executing.execute import Caller
    from gitorch.app.services import Services
    from gitorch.errors import Problem
    from gitorch.model.plans.config import Config
    from gitorch.model.plans.workflow import Settings
    from gitorch.model.work.run import Run

SCOPES = ("run", "epic", "lane")
ALLOWANCES = {f"budgets.{scope}": f"{scope}_budget" for scope in SCOPES}
BUDGETS = {f"budgets.{scope}.{part}": f"{scope}_budget" for scope in SCOPES for part in Allowance.__struct_fields__}

RUN_FIELDS: Mapping[str, str] = {
    **ALLOWANCES,
    **BUDGETS,
    "tests.command": "test_command",
    "tests.wait_seconds": "test_wait_seconds",
    "tests.run_on_target": "test_target",
    "worktrees.setup": "preparation",
    "worktrees.setup_seconds": "preparation",
    "worktrees.copy": "preparation",
    "worktrees.link": "preparation",
    "orchestration.max_agents": "max_agents",
    "agents.restarts_max": "restarts_max",
    "waits.start_seconds": "start_wait_seconds",
    "waits.silence_seconds": "silence_seconds",
    "waits.lease_seconds": "lease_seconds",
}
"""The keys that can be corrected in a run under way, each with the field of its settings."""


FOLLOWED = tuple(key for key in RUN_FIELDS if key not in BUDGETS)
"""The same without the keys below an allowance, which stands for them."""


NAMED_KEY = re.compile(r"`([\w.]+)`")
"""A key that a problem is about, or that its fix names."""

EXAMPLES: Mapping[str, str] = {"prices.dated": "DATE"}
"""What stands for the value of a key in a hint, where it is not `VALUE`."""


class Given(Value):
    """What was typed for `config set`."""

    key: str
    value: str
    others: Collection[str]
    """Every other key that can be set."""


class ConfigChange(Value):
    """What `config set` has done."""

    key: str
    value: str
    """As it is written in the file."""
    path: str
    run: str = ""
    """The run whose settings follow; empty when none was named."""
    also: tuple[str, ...] = ()
    """Other keys that changed with it, as `key: value`."""
    notes: tuple[str, ...] = ()
    """What the new value names and is not there yet, each with the command that helps."""


def get_value(
    services: Services,
    template: str,
    key: str,
) -> str:
    """The value of a key as the file writes it, the default where the file does not set it. Raises NotFound for an unknown key."""
    _require_known(template, key)
    text = (services.files.read(config_file(services)) or b"").decode()
    return written_value(text, key) or written_value(template, key)


def set_value(
    services: Services,
    caller: Caller,
    template: str,
    key: str,
    value: str,
    run_name: str | None,
) -> ConfigChange:
    """Write one key into the configuration file, and into the settings of the run that is named; nothing else changes.

    Raises NotFound for an unknown key or run.
    Raises Usage for a value that the key cannot have, and Malformed where the file was malformed before; then nothing is
    changed.
    Raises Refused for a key that a run under way cannot follow, and for a run that is over.
    """
    _require_known(template, key)
    run = _open_run(services, key, run_name)
    path = config_file(services)
    before = (services.files.read(path) or b"").decode()
    typed = read_value(template, key, value)
    new, also = before, belonging(before, key, typed)
    for one, given in {key: typed, **also}.items():
        new = with_value(new, template, one, given)
    config = replace(
        _parsed(path.name, before, new, Given(key, value, {*known_keys(template)} - {key})), path=path.name
    )
    if run is not None:
        settings = _corrected(services, config, run, key)
        execute_verb(services, run.id, caller.actor, commands.ChangeSettings((key,), settings), "config set")
    if new != before:
        services.files.write(path, new.encode())
    changed = tuple(f"{other}: {written_value(new, other)}" for other in also)
    notes = tuple(_missing(services, config, key))
    return ConfigChange(key, written_value(new, key), str(path), "" if run is None else run.id, changed, notes)


def _parsed(path: str, before: str, new: str, given: Given) -> Config:
    """The configuration with the new value.

    Raises Usage for a value that does not fit a file without defects, Malformed for a file that already had some.
    """
    try:
        return parse_config(path, new.encode())
    except Malformed as error:
        if _has_defects(path, before):
            raise

        raise _unfit(given, error.problems[0]) from error


def _has_defects(path: str, text: str) -> bool:
    """Whether a text is no valid configuration."""
    try:
        parse_config(path, text.encode())
    except Malformed:
        return True

    return False


def _unfit(given: Given, problem: Problem) -> Usage:
    """The error for a value that was typed, with what is wrong with it in the words for the file.

    Where it needs another key, the command that sets that is the hint; otherwise the one that prints the value as it is.
    """
    message = f"{given.key} cannot become {given.value[:40]!r}: {problem.message.rstrip('.')}"
    for named in NAMED_KEY.findall(f"{problem.message} {problem.fix}"):
        if named in given.others:
            value = EXAMPLES.get(named, "VALUE")
            return Usage(message, f"gitorch config set {named} {value}")

    return Usage(f"{message}. {problem.fix}".rstrip(". "), f"gitorch config get {given.key}")


def config_file(services: Services) -> Path:
    """At the root of the checkout, or inside the git directory of a repository without one."""
    is_bare = services.root == services.home.parent
    if is_bare:
        return services.home / "gitorch.yaml"

    return services.root / "gitorch.yaml"


def _missing(
    services: Services,
    config: Config,
    key: str,
) -> Iterator[str]:
    """What a key about runtimes, or the merge target, names and is not there (yet)."""
    named: list[str] = []
    if key.endswith(("runtime", "runtimes")):
        named = sorted({config.implementer, *config.reviewers.values()} - {""})

    for name in named:
        facts = runtime_facts(services, lane_of(config, "lane", name))
        if not facts.known:
            yield f"there is no runtime {name} yet: gitorch doctor"

    target = config.merge_target
    if key.endswith("merge_target") and services.git.resolve(target) is None:
        yield f"{target} is not a local branch yet: {target_fix(services)}"


def _require_known(template: str, key: str) -> None:
    """Raises NotFound for a key that the template of the configuration does not have."""
    if key_type(template, key) is not None:
        return

    above = key.rpartition(".")[0]
    while above and key_type(template, above) is not dict:
        above = above.rpartition(".")[0]
    if above:
        raise NotFound(
            f"{key[:60]} is part of {above}: change it in the file, or set all of {above}, a mapping in braces",
            f"gitorch config get {above}",
        )

    raise _unknown(key, known_keys(template))


def _unknown(key: str, known: tuple[str, ...]) -> NotFound:
    """The error for a key that the configuration does not have, with the nearest one that it has."""
    inside = [one for one in known if one.startswith(f"{key}.")]
    if inside:
        return NotFound(f"{key} is a section; its keys are {', '.join(inside)}", f"gitorch config get {inside[0]}")

    message = f"the configuration has no key {key[:60]!r}"
    near = nearest(key[:60], known)
    if near:
        return NotFound(message, f"gitorch config get {near}")

    sections = ", ".join(dict.fromkeys(one.partition(".")[0] for one in known))
    return NotFound(f"{message}; it begins with one of {sections}", f"gitorch config get {known[0]}")


def _open_run(
    services: Services,
    key: str,
    run_name: str | None,
) -> Run | None:
    """The run that is to follow the key; None when none is named."""
    if run_name is None:
        return None

    if key not in RUN_FIELDS:
        message = f"a run keeps the {key} that it was started with; it can follow {', '.join(FOLLOWED)}"
        raise Refused(message, f"gitorch config set {key} VALUE")

    run = find_run(services, run_name)
    return run_open(run_there(services.ledger.state(run.id)))


def _corrected(
    services: Services,
    config: Config,
    run: Run,
    key: str,
) -> Settings:
    """The settings of a run with the field of this key as the configuration has it now."""
    name = RUN_FIELDS[key]
    if name == "preparation":
        return replace(run.settings, preparation=preparation_of(services, config))

    value = getattr(default_settings(config), name)
    if key in BUDGETS:
        part = key.rpartition(".")[2]
        value = replace(getattr(run.settings, name), **{part: getattr(value, part)})
    return replace(run.settings, **{name: value})
