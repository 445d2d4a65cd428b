"""A permission request of a program that speaks the Agent Client Protocol: what it asks to do, and the answers that it offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.model.values import Value
from gitorch.text.acp.messages import object_of, objects_of, text_of

if TYPE_CHECKING:
    from gitorch.text.acp.messages import Id

ALLOW_ONCE, REJECT_ONCE = "allow_once", "reject_once"
CHANGING = frozenset({"edit", "delete", "move"})
"""The kinds of tools that change files and do nothing else."""


class Choice(Value):
    """One answer that a permission request offers."""

    id: str
    name: str
    kind: str
    """One of the protocol's four words, such as `allow_once` (which `ALLOW_ONCE` names), or a word of a later version."""


class Request(Value):
    """A permission request."""

    id: Id
    """The program's own; a program may use it again for a later request."""
    kind: str
    """The kind of the tool, such as `execute` or `edit`; empty where the program does not say."""
    title: str
    command: str
    """The command whole, where it asks to run one."""
    folder: str
    """Where a command would run; empty where the program does not say."""
    paths: tuple[str, ...]
    choices: tuple[Choice, ...]

    @property
    def asked(self) -> str:
        """What it asks to do: the command, else the title and the paths, one a line."""
        return self.command or "\n".join((self.title, *self.paths))

    def choice(self, kind: str) -> Choice | None:
        """The first choice of this kind; None where it offers none."""
        for choice in self.choices:
            if choice.kind == kind:
                return choice

        return None

    @property
    def changes_files(self) -> bool:
        """Whether it asks to change files that it names, and for nothing else."""
        return self.kind in CHANGING and bool(self.paths) and not self.command


def read_request(id_: Id, params: dict[str, Any], known: dict[str, Any]) -> Request:
    """The request in the parameters of `session/request_permission`; `known` is what the program said of the same tool call before."""
    call = {**known, **_given(object_of(params, "toolCall"))}
    given = object_of(call, "rawInput")
    title = text_of(call, "title")
    kind = text_of(call, "kind")
    command = command_of(given)
    if kind == "execute" and not command:
        command = title

    return Request(id_, kind, title, command, text_of(given, "cwd"), paths_of(call), _choices(params))


def _given(call: dict[str, Any]) -> dict[str, Any]:
    """The fields of an update that are set: null means that a field has not changed."""
    fields: dict[str, Any] = {}
    for key, value in call.items():
        if value is not None:
            fields[key] = value

    return fields


def command_of(given: dict[str, Any]) -> str:
    """The shell command in the input of a tool; empty where it has none."""
    command = given.get("command")
    if isinstance(command, list):
        return " ".join(str(word) for word in command)

    return text_of(given, "command")


def paths_of(call: dict[str, Any]) -> tuple[str, ...]:
    """The files that a tool call names in its places and its differences, each once."""
    paths: list[str] = []
    for part in (*objects_of(call, "locations"), *objects_of(call, "content")):
        path = text_of(part, "path")
        if path:
            paths.append(path)

    return tuple(dict.fromkeys(paths))


def _choices(params: dict[str, Any]) -> tuple[Choice, ...]:
    choices: list[Choice] = []
    for option in objects_of(params, "options"):
        id_ = text_of(option, "optionId")
        if id_:
            choices.append(Choice(id_, text_of(option, "name") or id_, text_of(option, "kind")))

    return tuple(choices)
