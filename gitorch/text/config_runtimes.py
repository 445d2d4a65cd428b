"""The runtimes of a configuration: agent programs with this repository's own settings and permissions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.plans.config import RuntimeChoice
from gitorch.model.plans.permission import Option, Rule
from gitorch.model.plans.workflow import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.text.fields import Form

PERMISSIONS = {"allow": Option.ONCE, "reject": Option.REJECT}
"""The words of a rule and the option that each chooses. `allow` always means once."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_runtime(name: str, form: Form) -> RuntimeChoice:
    """A runtime: a preset with this repository's own settings. Without a preset, its name is that of one."""
    choice = RuntimeChoice(
        form.word("preset", name),
        form.argv("command"),
        _env(form),
        _model(form),
        form.flag("one_shot", default=False),
        _permissions(form),
        form.flag("trust", default=False),
        form.choice("sandbox", Sandbox.NONE),
        form.flag("network", default=True),
        form.texts("writable"),
        form.word("takeover"),
    )
    form.done()
    return choice


def _env(form: Form) -> dict[str, str]:
    """The variables of a runtime. A name that no shell accepts is a complaint."""
    env = form.mapping("env")
    for variable in env:
        if not _VARIABLE.fullmatch(variable):
            message = f"contains `{variable}`, which is not the name of a variable."
            form.complain("env", message, "Use letters, digits and _.")

    return env


def _model(form: Form) -> str:
    """The model's name, as the agent program calls it; empty for the program's default.

    It becomes an argument of that program, so an option is refused.
    """
    model = form.text("model")
    if model.startswith("-"):
        form.complain("model", f"`{model}` would be read as an option.", "Name a model as the program calls it.")

    return model


def _permissions(form: Form) -> tuple[Rule, ...]:
    """Rules for permission requests, in the order of the file.

    Each is `allow` or `reject` with a pattern that matches the whole request.
    """
    rules: list[Rule] = []
    for row in form.rows("permissions"):
        rules += _rules(row)
        row.done()

    return tuple(rules)


def _rules(row: Form) -> Iterator[Rule]:
    """The rule of one row. A row with both words, or none of them, is a complaint."""
    actions = []
    for word in row.names():
        if word in PERMISSIONS:
            actions.append(word)

    if len(actions) != 1:
        row.complain("allow", "must stand alone: a rule allows or rejects.", "Write `{allow: 'make test'}`.")

    for action in actions:
        pattern = row.text(action)
        if _is_pattern(row, action, pattern):
            yield Rule(PERMISSIONS[action], pattern)


def _is_pattern(row: Form, key: str, pattern: str) -> bool:
    """Whether this is a regular expression; complains if not."""
    try:
        re.compile(pattern)
    except re.error as error:
        row.complain(key, f"is not a regular expression: {error}.", "Put it in single quotation marks.")
        return False

    return True
