"""Every hint of an error is a command that exists: those of gitorch are parsed by its own group."""

from __future__ import annotations

import ast
import shlex
from functools import cache
from pathlib import Path

import click

import gitorch
from gitorch import errors
from gitorch.cli.group import gitorch as group

ROOT = Path(gitorch.__file__).parent
ERRORS = {name for name, cls in vars(errors).items() if isinstance(cls, type) and issubclass(cls, errors.GitorchError)}
PROGRAMS = frozenset({"apt-get", "bd", "df", "echo", "findmnt", "git", "ls", "pip", "ps", "rm", "ssh-keygen", "ulimit"})
PLACEHOLDER = "x1"

NOT_COMMANDS = {
    "try again": "the same command, which only the caller knows",
    "install git": "every system installs programs in its own way",
    "set sandbox: none for the runtime in gitorch.yaml": "a setting, which has no command",
    "write x1/x1, or choose another in x1": "a file to write",
}
"""Hints that are instructions, each with the reason why no command says it."""


@cache
def hints() -> list[tuple[str, str]]:
    """Every hint that is written beside its error, with its place; expressions in it are PLACEHOLDER."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "gitorch.errors" not in text:
            continue
        nodes = list(ast.walk(ast.parse(text)))
        imported = errors_imported(nodes)
        for node in nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in imported:
                place = f"{path.relative_to(ROOT.parent)}:{node.lineno}"
                found += [(place, hint) for hint in texts(hint_of(node, node.func.id))]
    return found


def errors_imported(nodes: list[ast.AST]) -> set[str]:
    """The error classes that a module imports; another class may have the same name."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "gitorch.errors":
            names |= {alias.name for alias in node.names} & ERRORS
    return names


def hint_of(call: ast.Call, name: str) -> ast.expr | None:
    """The hint argument of a call that makes an error; None without one."""
    for keyword in call.keywords:
        if keyword.arg == "hint":
            return keyword.value
    position = 2 if name == "Malformed" else 1
    return call.args[position] if len(call.args) > position else None


def texts(node: ast.expr | None) -> list[str]:
    """The texts that an expression can be; none for an expression that only the running program knows."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return ["".join(part.value if isinstance(part, ast.Constant) else PLACEHOLDER for part in node.values)]
    if isinstance(node, ast.IfExp):
        return [*texts(node.body), *texts(node.orelse)]
    return []


class Caller:
    """Takes the options that every verb has."""

    json = False

    def enter(self, folder):
        """Accept any folder."""


def parse(words: list[str]) -> None:
    """Parse a command line of gitorch without running it. Raises click.UsageError, Usage."""
    caller = Caller()
    context = group.make_context("gitorch", words, obj=caller)
    name, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])
    while isinstance(command, click.Group) and rest:
        context = command.make_context(name, rest, parent=context, obj=caller)
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
    assert command is not None
    if "--help" not in rest:
        command.make_context(name, rest, parent=context, obj=caller)


def test_the_search_finds_the_hints():
    assert len(hints()) > 250
    assert len({place.partition(":")[0] for place, _ in hints()}) > 50


def fault(hint: str) -> str:
    """What is wrong with a hint; empty for a command that exists, and for one of NOT_COMMANDS."""
    if not hint or hint in NOT_COMMANDS:
        return ""
    program, *words = shlex.split(hint)
    if program == PLACEHOLDER:  # a whole command that only the running program knows
        return ""
    if program not in {"gitorch", *PROGRAMS}:
        return f"no program is called {program}"
    if program == "gitorch" and words[:1] != [PLACEHOLDER] and words != ["--help"]:
        try:
            parse(words)
        except (click.UsageError, errors.Usage) as error:
            return str(error)
    return ""


def test_every_hint_is_a_command_that_exists():
    assert [f"{place}: {hint}: {fault(hint)}" for place, hint in hints() if fault(hint)] == []


def test_a_hint_of_an_unknown_program_is_noticed():
    assert fault("frobnicate x1") == "no program is called frobnicate"


def test_a_hint_that_does_not_exist_is_noticed():
    for words in (
        ["frobnicate"],
        ["status", "--frobnicate"],
        ["workflow", "frobnicate"],
        ["recover", "--frobnicate"],
        ["why"],
    ):
        assert fault(shlex.join(["gitorch", *words])), words


def test_the_hints_that_are_no_commands_are_still_there():
    assert NOT_COMMANDS.keys() <= {hint for _, hint in hints()}
