"""The words and defaults of the model: every member of its enumerations and every default of its values, as `words.txt` lists them.

Records of old ledgers lack the fields that came later, so a default is part of the format, as a word is. Run pytest with
--rewrite-transcripts to write the list as it is now, and read the difference; what is new need not be listed at once.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import gitorch.model
from gitorch.model import values
from gitorch.model.words import Words

LIST = Path(__file__).with_name("words.txt")


def modules():
    """Every module of the model."""
    for found in pkgutil.walk_packages(gitorch.model.__path__, "gitorch.model."):
        yield importlib.import_module(found.name)


def told() -> set[str]:
    """One line for each word, default and constant."""
    lines = set()
    for module in modules():
        for name, thing in vars(module).items():
            if isinstance(thing, type) and thing.__module__ == module.__name__:
                lines |= set(members(thing) if issubclass(thing, Words) else defaults(thing))
            elif name.isupper() and name != "TYPE_CHECKING":
                lines.add(f"{module.__name__.removeprefix('gitorch.model.')}.{name} = {plainly(thing)}")
    return {line for line in lines if "<" not in line}  # not what only a running interpreter can name


def members(cls: type[Words]):
    """`ArtifactKind.FINDING = 'finding'`."""
    for member in cls:
        yield f"{cls.__name__}.{member.name} = {member.value!r}"


def defaults(cls: type):
    """`Question.job = None`, for each field that may be left out."""
    if not values.is_value_class(cls):
        return
    for name in values.names_of(cls):
        default = values.default_of(cls, name)
        if default is not values.REQUIRED:
            yield f"{cls.__name__}.{name} = {plainly(default)}"


def plainly(value: object) -> str:
    """A value in the same words each time: members by their names, sets in order."""
    if isinstance(value, Words):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, tuple):
        return f"({', '.join(map(plainly, value))})"
    if isinstance(value, frozenset | set):
        return f"{{{', '.join(sorted(map(plainly, value)))}}}"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{plainly(key)}: {plainly(item)}' for key, item in value.items())}}}"
    return repr(value)


def test_every_word_and_default_is_the_one_that_ledgers_rely_on(request):
    now = told()
    if request.config.getoption("--rewrite-transcripts"):
        LIST.write_text("\n".join(sorted(now)) + "\n", encoding="utf-8")
    listed = set(LIST.read_text(encoding="utf-8").splitlines())
    assert len(listed) > 500
    assert sorted(listed - now) == []
