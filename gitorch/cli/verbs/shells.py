"""`completion`, `help`: what a shell and a newcomer ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitorch.cli.group import command_of, gitorch, verb
from gitorch.cli.output import write
from gitorch.errors import NotFound, Usage
from gitorch.verbs.table import TABLE

if TYPE_CHECKING:
    from gitorch.cli.call import Call

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_GITORCH_COMPLETE"


@verb("completion")
def completion(call: Call, shell: str) -> None:
    """Print the script that completes verbs, options and ids in a shell."""
    from click.shell_completion import get_completion_class

    if shell not in SHELLS:
        raise Usage(
            f"{shell!r} is not a shell with completion; use one of: {', '.join(SHELLS)}", "gitorch completion bash"
        )

    found = get_completion_class(shell)
    if found is None:
        raise NotFound(f"click has no completion for {shell}")

    # click's own script for bash starts bash to learn its version; its text is the same without.
    script = str(found.source_template % found(gitorch, {}, "gitorch", VARIABLE).source_vars())
    call.say({"script": script}, script.rstrip())


@verb("help")
def help_(call: Call, topic: tuple[str, ...]) -> None:
    """Show the help of a verb, or the list of all verbs."""
    name = " ".join(topic)
    if not name:
        _show(call, gitorch, "gitorch")
        return

    if name not in TABLE:
        raise NotFound(f"there is no verb {name!r}", "gitorch --help")

    _show(call, command_of(TABLE[name]), f"gitorch {name}")


def _show(call: Call, command: click.Command, path: str) -> None:
    """Print the help of a command."""
    context = click.Context(command, info_name=path, **command.context_settings)
    text = command.get_help(context)
    if call.json:
        call.say({"text": text}, "")
        return

    write(text)
