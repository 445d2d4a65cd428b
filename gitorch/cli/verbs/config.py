"""`config`: read and set one key of the configuration, also for a run under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.verb_function import group, verb

if TYPE_CHECKING:
    from gitorch.cli.call import Call


@group("config")
def config() -> None:
    """Read or set one key of the configuration: get, set."""


@verb("config get")
def get(call: Call, key: str) -> None:
    """Print the value of a key, as the file writes it."""
    from gitorch.app.start.configuring import get_value

    value = get_value(call.services, _template(), key)
    call.say({"key": key, "value": value}, value)


@verb("config set")
def set_(call: Call, key: str, value: str, run: str | None) -> None:
    """Set a key of the configuration; with --run, correct a run under way, too."""
    from gitorch.app.start.configuring import set_value

    caller = call.people_only("config set")
    done = set_value(call.services, caller, _template(), key, value, run)
    lines = [f"{done.key}: {done.value}  ({done.path})"]
    lines += done.also
    lines += done.notes
    if done.run:
        lines.append(f"Run {done.run} follows it from now on. Next: gitorch up")
    document = {"key": done.key, "value": done.value, "path": done.path, "run": done.run, "notes": list(done.notes)}
    call.say(document, "\n".join(lines))


def _template() -> str:
    """The commented default of the configuration."""
    from gitorch.world.resources import template_bytes

    return template_bytes("gitorch.yaml").decode()
