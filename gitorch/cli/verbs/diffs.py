"""`diff`: what a job or a run changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.verb_function import verb
from gitorch.errors import Usage
from gitorch.model.counts import counted

if TYPE_CHECKING:
    from gitorch.app.query.diffs import Difference
    from gitorch.cli.call import Call
    from gitorch.cli.pages.page import Page

COLOURS = {"+": "green", "-": "red", "@": "cyan"}
"""The colours of the lines of a patch, by their first character."""


@verb("diff")
def diff(call: Call, what: str | None, run: str | None, since_review: bool, stat: bool, difftool: bool) -> None:
    """Show what a job changed, or what a run would merge."""
    from gitorch.app.query.diffs import difference
    from gitorch.cli.pages.plain import plain

    found = difference(call.services, what, run, since_review=since_review)
    if difftool:
        _open_in_difftool(call, found)
        return

    values = plain(found)
    if stat:
        values["patch"] = ""

    call.say_at_length(values, lambda page: _stat_text(found) if stat else _patch_text(found, page))


def _open_in_difftool(call: Call, found: Difference) -> None:
    """Open the change in the user's difftool. Raises Usage where no person could use it."""
    from gitorch.world import difftool

    if call.json or not call.has_reader:
        raise Usage("a difftool needs a terminal of a person", f"gitorch diff {found.job or found.run}")

    git = call.services.git
    difftool.show(
        {path: (git.file_at(found.base, path), git.file_at(found.head, path)) for path in found.stat.paths},
        call.environ,
    )


def _stat_text(found: Difference) -> str:
    """The figures of the change, and its files."""
    stat = found.stat
    head = f"{found.base[:12]}..{found.head[:12]}: {counted(stat.files, 'file')}, +{stat.added} -{stat.removed}"
    return "\n".join([head, *(f"  {path}" for path in stat.paths)])


def _patch_text(found: Difference, page: Page) -> str:
    """The patch with its lines coloured, none of them cut."""
    from gitorch.model.values import replace

    whole = replace(page, width=0)
    if not found.patch:
        return "Nothing was changed."

    return "\n".join(whole.line(line, COLOURS.get(line[:1], "")) for line in found.patch.splitlines())
