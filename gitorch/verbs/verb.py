"""What a verb is to every door: its words, what it takes, what it answers, and who may use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value, field
from gitorch.model.words import Words

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(Words):
    """What a parameter takes, or a key of an answer holds."""

    TEXT = "text"
    FLAG = "flag"
    NUMBER = "number"
    SECONDS = "seconds"
    LIST = "list"
    OBJECT = "object"
    ANY = "any"


class Offer(Words):
    """To whom MCP offers a verb as a tool, as far as the caller also has the capability."""

    NOBODY = "nobody"
    OPERATORS = "operators"
    EVERYBODY = "everybody"


class Parameter(Value):
    """One argument or option of a verb."""

    name: str
    help: str
    """One sentence for people and models."""

    spelling: tuple[str, ...] = ()
    """How the option is typed: `--run`, `-n`, `--wait/--no-wait`; empty for an argument, which its place names."""

    metavar: str = ""
    kind: Kind = Kind.TEXT
    required: bool = False
    many: bool = False
    """The option may be repeated; the argument takes all words that are left."""

    default: str | int | None = None
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()
    """The words that it accepts, where they are few and fixed."""

    completes: str = ""
    """What completes it in a shell: `run`, `job`, `question`, `message`, `session`, `id` for all of these, or `file`."""

    typed_only: bool = False
    """It helps only who types: a tool has a better form, or no use for it."""

    content: str = ""
    """Of an option that takes a file of JSON: the name under which a tool takes the content itself, one of `contents`."""

    @property
    def is_option(self) -> bool:
        """Whether it is an option."""
        return bool(self.spelling)


class Verb(Value):
    """One verb: everything that a door needs to offer it."""

    name: str
    """One word, or two for a verb of a group: `session create`."""

    summary: str
    """One sentence, in the imperative."""

    at: str
    """The function that carries it out, below `gitorch.cli.verbs`: `claims:claim`."""

    needs: str
    """The capability that a caller needs, as in `rules.guards.capabilities`."""

    details: str = ""
    """What else to know, in paragraphs that an empty line parts."""

    parameters: tuple[Parameter, ...] = ()
    members: tuple[str, ...] = ()
    """Of a group: the names of its verbs, in order."""

    result: Mapping[str, Kind] = field(default_factory=dict)
    """The keys that its JSON answer may have beside `ok`."""

    changes: bool = False
    """Whether it may change anything."""

    offered: Offer = Offer.NOBODY
    tool_words: tuple[str, ...] = ()
    """Words that a call as a tool always has, before those of its arguments."""

    exits: str = ""
    """The exit statuses to expect beside those of every verb, for the documentation."""

    examples: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """The last word of its name, by which its group knows it."""
        return self.name.rpartition(" ")[2]
