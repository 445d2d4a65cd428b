"""`completion`, `help`: what a shell, `man` and a newcomer ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitorch.cli.group import command_of, gitorch
from gitorch.cli.verb_function import verb
from gitorch.errors import NotFound, Usage
from gitorch.verbs.table import TABLE
from gitorch.verbs.topics import TOPICS

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
def help_(call: Call, topic: tuple[str, ...], man: bool) -> None:
    """Show the help of a verb, a topic, or the list of all verbs."""
    name = " ".join(topic)
    if man:
        _show_manual(call, name)
    elif not name:
        _show(call, gitorch, "gitorch")
    elif name in TABLE:
        _show(call, command_of(TABLE[name]), f"gitorch {name}")
    elif name in TOPICS:
        text = _page_about(name).rstrip()
        call.say({"text": text}, text)
    else:
        raise NotFound(f"there is no verb and no topic {name!r}; the topics are {', '.join(TOPICS)}", "gitorch --help")


def _show_manual(call: Call, name: str) -> None:
    """Print the source of the manual page. Raises Usage beside a verb, since there is one page for all of them."""
    if name:
        raise Usage("the manual page is about all verbs; leave the verb out", "gitorch help --man")

    from gitorch import __version__
    from gitorch.cli.pages.manual import manual

    text = manual(__version__, _page_about("exit")).rstrip()
    call.say({"text": text}, text)


def _page_about(topic: str) -> str:
    """The page of a topic."""
    from gitorch.world.resources import template_bytes

    return template_bytes("help", f"{topic}.md").decode()


def _show(call: Call, command: click.Command, path: str) -> None:
    """Print the help of a command."""
    context = click.Context(command, info_name=path, **command.context_settings)
    text = command.get_help(context)
    call.say({"text": text}, text)
