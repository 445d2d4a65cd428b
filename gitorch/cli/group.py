"""The click group, which imports only the verb that is called, and the options that every verb takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gitorch import __version__
from gitorch.cli.output import write
from gitorch.cli.verb_function import function_of
from gitorch.errors import Usage
from gitorch.verbs.finding import verb_named
from gitorch.verbs.verb import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import ModuleType

    from click.shell_completion import CompletionItem

    from gitorch.verbs.verb import Parameter
    from gitorch.verbs.verb import Verb as VerbEntry

CONTEXT = {"max_content_width": 110}


def _take_json(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Note that the caller wants JSON; the option may stand before or after the verb."""
    context.obj.json = context.obj.json or wanted


def _take_folder(context: click.Context, _: click.Parameter, folder: str | None) -> None:
    """Enter the folder that the caller named, as `git -C` does."""
    if folder is not None:
        context.obj.enter(folder)


def _shared_options(*own: click.Parameter) -> list[click.Parameter]:
    """The options that every verb takes, before or after its name; help, which is the last, follows the `own` ones."""
    return [
        click.Option(["--json"], is_flag=True, expose_value=False, callback=_take_json, help="Print one JSON object."),
        click.Option(
            ["-C", "--repo"],
            metavar="DIR",
            expose_value=False,
            callback=_take_folder,
            help="Run as if gitorch was started in DIR.",
        ),
        *own,
        # Not those that click adds: it looks for a translation of their help, which takes each verb 2 ms.
        _flag(["-h", "--help"], _show_help, "Show this message and exit."),
    ]


def _flag(
    names: Sequence[str], callback: Callable[[click.Context, click.Parameter, bool], None], text: str
) -> click.Option:
    """An option that is carried out before all others are looked at."""
    return click.Option(names, is_flag=True, is_eager=True, expose_value=False, callback=callback, help=text)


def _show_help(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the help of a verb, and nothing else."""
    if wanted:
        write(context.get_help())
        context.exit()


def _show_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the version, and nothing else."""
    if wanted:
        write(f"gitorch {__version__}")
        context.exit()


class Verb(click.Command):
    """A command with the shared options and examples below its help."""

    def __init__(self, name: str | None, *, examples: tuple[str, ...] = (), **rest: Any) -> None:
        rest["params"] = [*(rest.get("params") or ()), *_shared_options()]
        super().__init__(name, context_settings=CONTEXT, **rest)
        self.examples = examples

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, and an error names this verb: click forgets it where an option lacks its value."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = ctx
            raise

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
    """A verb with verbs of its own, each imported when it is called: `gitorch workflow check`."""

    @property
    def members(self) -> Mapping[str, VerbEntry]:
        """Its verbs by the word that follows its own name, in the order of the table."""
        members: dict[str, VerbEntry] = {}
        for name in _entry(self.name or "").members:
            entry = _entry(name)
            members[entry.word] = entry

        return members

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order of the table."""
        del ctx
        return list(self.members)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None for an unknown verb."""
        del ctx
        entry = self.members.get(cmd_name)
        if entry is None:
            return None

        return command_of(entry)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does. Raises Usage with the known verbs where none is given, in place of a page of help."""
        if not args and not ctx.resilient_parsing:
            raise Usage(f"gitorch {self.name} needs a verb: {', '.join(self.members)}", f"gitorch {self.name} --help")

        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does. Raises Usage with the known verbs for an unknown one."""
        if not ctx.resilient_parsing and _begins_with_word(args) and args[0] not in self.members:
            raise Usage(
                f"gitorch {self.name} has no verb {args[0]!r}; it has {', '.join(self.members)}",
                f"gitorch {self.name} --help",
            )

        return super().resolve_command(ctx, args)


def command_of(entry: VerbEntry) -> Verb:
    """The command of a verb with its words from the table; its module is imported now."""
    function = function_of(entry)
    if function.is_group:
        return VerbGroup(callback=function.function, **_words(entry))

    return Verb(callback=click.pass_obj(function.function), **_words(entry))


def _entry(name: str) -> VerbEntry:
    """What the table says of a verb that it has."""
    entry = verb_named(name)
    if entry is None:
        raise KeyError(name)

    return entry


def _words(entry: VerbEntry) -> dict[str, Any]:
    """What the table says of a verb, as click takes it."""
    return {
        "name": entry.word,
        "help": f"{entry.summary}\n\n{entry.details}".rstrip(),
        "params": [_parameter(one) for one in entry.parameters],
        "examples": entry.examples,
    }


def _parameter(one: Parameter) -> click.Parameter:
    """One argument or option of the table, as click takes it."""
    if not one.is_option:
        return click.Argument(
            [one.name],
            metavar=one.metavar or None,
            type=_type(one),
            required=one.required,
            nargs=-1 if one.many else 1,
            shell_complete=_completer(one),
            **_default(one),
        )

    return click.Option(
        [*one.spelling, one.name],
        metavar=one.metavar or None,
        type=_type(one),
        required=one.required,
        multiple=one.many,
        is_flag=one.kind is Kind.FLAG or None,  # False would make click refuse values that begin with a dash
        help=one.help,
        shell_complete=_completer(one),
        **_default(one),
    )


def _completer(one: Parameter) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]] | None:
    """What completes a parameter in a shell; None leaves it to click."""
    if not one.choices and not one.completes:
        return None

    def complete(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
        from gitorch.cli.completing import proposals

        return proposals(context.find_root().obj, one, begun)

    return complete


def _default(one: Parameter) -> dict[str, Any]:
    """The default, only where there is one: click tells a missing one from None. Of a pair of flags, neither is given."""
    if one.default is not None:
        return {"default": one.default}

    if any("/" in spelled for spelled in one.spelling):
        return {"default": None}

    return {}


def _type(one: Parameter) -> click.ParamType[Any] | None:
    """The type of click for what a parameter takes; None leaves it to click."""
    if one.kind is Kind.SECONDS:
        return click.FloatRange(one.least, one.most)

    if one.kind is not Kind.NUMBER:
        return None

    if one.least is None and one.most is None:
        return click.INT

    return click.IntRange(one.least, one.most)


class Verbs(click.Group):
    """The verbs of the table, each imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order of the table, which is the order of use."""
        del ctx
        return list(_table().VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None for an unknown verb."""
        del ctx
        entry = _called(cmd_name)
        if entry is None:
            return None

        return command_of(entry)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does. Raises Usage with the most similar verbs for an unknown one."""
        if not ctx.resilient_parsing and _begins_with_word(args) and _called(args[0]) is None:
            raise _unknown(args[0])

        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs by what one wants to do; none of them is imported."""
        del ctx
        table = _table()
        for title, entries in table.GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(entry.name, entry.summary) for entry in entries if entry.name in table.VERBS])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The first four commands of a new user."""
        super().format_epilog(ctx, formatter)
        with formatter.section("Example"):
            formatter.write("  gitorch init && gitorch check plan.md && gitorch start plan.md && gitorch up\n")


def _begins_with_word(args: Sequence[str]) -> bool:
    """Whether the first argument should be a verb: it is no option."""
    return bool(args) and not args[0].startswith("-")


def _called(word: str) -> VerbEntry | None:
    """The verb that follows `gitorch` as this word; None for another word, and for the whole name of a group's verb."""
    if " " in word:
        return None

    return verb_named(word)


def _table() -> ModuleType:
    """The table of all verbs, which only help and slips need."""
    from gitorch.verbs import table

    return table


def _unknown(word: str) -> Usage:
    """The error for a word that is no verb: with the verb that does what it means elsewhere, or with similar ones."""
    from gitorch.verbs.synonyms import SYNONYMS

    verb_meant = SYNONYMS.get(word)
    if verb_meant is None:
        return Usage(f"gitorch has no verb {word!r}{_nearest(word)}", "gitorch --help")

    summary = _entry(verb_meant).summary
    return Usage(f"gitorch has no verb {word!r}; {verb_meant} does this: {summary}", f"gitorch {verb_meant} --help")


def _nearest(word: str) -> str:
    """A hint at similar verbs, to follow a message; empty when none is similar."""
    from difflib import get_close_matches

    near = get_close_matches(word, _table().VERBS, n=3)
    if not near:
        return ""

    return f"; did you mean {' or '.join(near)}?"


@click.group(
    "gitorch",
    cls=Verbs,
    invoke_without_command=True,
    context_settings=CONTEXT,
    params=_shared_options(_flag(["--version"], _show_version, "Show the version and exit.")),
    epilog="",
)
@click.pass_context
def gitorch(context: click.Context) -> None:
    """Run terminal coding agents through an approved plan: worktrees, reviews, your approval, the merge."""
    if context.invoked_subcommand is None:
        write(context.get_help())
