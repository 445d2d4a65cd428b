"""The click group, which imports only the verb that is called, and the options that every verb takes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from gitorch import __version__
from gitorch.cli.catalogue import AGENTS, PEOPLE, VERBS
from gitorch.cli.output import write
from gitorch.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


def _take_json(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Note that the caller wants JSON; the option may stand before or after the verb."""
    context.obj.json = context.obj.json or wanted


def _take_folder(context: click.Context, _: click.Parameter, folder: str | None) -> None:
    """Enter the folder that the caller named, as `git -C` does."""
    if folder is not None:
        context.obj.enter(folder)


def _shared_options() -> list[click.Parameter]:
    """The options that every verb takes, before or after its name."""
    return [
        click.Option(["--json"], is_flag=True, expose_value=False, callback=_take_json, help="Print one JSON object."),
        click.Option(
            ["-C", "--repo"],
            metavar="DIR",
            expose_value=False,
            callback=_take_folder,
            help="Run as if gitorch was started in DIR.",
        ),
    ]


class Verb(click.Command):
    """A command with the shared options and examples below its help."""

    def __init__(self, name: str | None, *, examples: tuple[str, ...] = (), **rest: Any) -> None:
        rest["params"] = [*(rest.get("params") or ()), *_shared_options()]
        super().__init__(name, context_settings=CONTEXT, **rest)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, each on a line of its own."""
        super().format_epilog(ctx, formatter)
        title = "Example"
        if len(self.examples) > 1:
            title = "Examples"

        with formatter.section(title):
            for example in self.examples:
                formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


class VerbGroup(Verb, click.Group):
    """A verb with verbs of its own: `gitorch workflow check`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does. Raises Usage with the known verbs where none is given, in place of a page of help."""
        if not args:
            raise Usage(f"gitorch {self.name} needs a verb: {', '.join(self.commands)}", f"gitorch {self.name} --help")

        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does. Raises Usage with the known verbs for an unknown one."""
        if _is_unknown(args, self.commands):
            raise Usage(
                f"gitorch {self.name} has no verb {args[0]!r}; it has {', '.join(self.commands)}",
                f"gitorch {self.name} --help",
            )

        return super().resolve_command(ctx, args)


def verb(name: str, *examples: str) -> Callable[[Callable[..., Any]], Verb]:
    """Make a function the command of a verb. Its docstring is the help; it returns None or an exit status."""
    return click.command(name, cls=Verb, examples=examples)


class Verbs(click.Group):
    """The verbs of `catalogue.VERBS`, each imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order of the table, which is the order of use."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None for an unknown verb."""
        del ctx
        entry = VERBS.get(cmd_name)
        if entry is None:
            return None

        found = getattr(import_module(f"gitorch.cli.verbs.{entry.module}"), entry.name)
        if isinstance(found, click.Command):
            return found

        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does. Raises Usage with the most similar verbs for an unknown one."""
        if _is_unknown(args, VERBS):
            raise Usage(f"gitorch has no verb {args[0]!r}{_nearest(args[0])}", "gitorch --help")

        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Both lists of verbs; none of them is imported."""
        del ctx
        for title, entries in (("Verbs for people", PEOPLE), ("Verbs for agents and manual work", AGENTS)):
            with formatter.section(title):
                formatter.write_dl([(name, entry.summary) for name, entry in entries.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The first four commands of a new user."""
        super().format_epilog(ctx, formatter)
        with formatter.section("Example"):
            formatter.write("  gitorch init && gitorch check plan.md && gitorch start plan.md && gitorch up\n")


def _is_unknown(args: Sequence[str], known: Container[str]) -> bool:
    """Whether the first word should be a verb and is none."""
    if not args:
        return False

    if args[0].startswith("-"):
        return False

    return args[0] not in known


def _nearest(word: str) -> str:
    """A hint at similar verbs, to follow a message; empty when none is similar."""
    from difflib import get_close_matches

    near = get_close_matches(word, VERBS, n=3)
    if not near:
        return ""

    return f"; did you mean {' or '.join(near)}?"


@click.group(
    "gitorch",
    cls=Verbs,
    invoke_without_command=True,
    context_settings=CONTEXT,
    params=_shared_options(),
    epilog="",
)
@click.version_option(__version__, prog_name="gitorch", message="%(prog)s %(version)s")
@click.pass_context
def gitorch(context: click.Context) -> None:
    """Run terminal coding agents through an approved plan: worktrees, reviews, your approval, the merge."""
    if context.invoked_subcommand is None:
        write(context.get_help())
