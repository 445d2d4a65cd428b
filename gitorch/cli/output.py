"""The only way out of the command line: whatever a terminal or a pipe receives as text passes through `write` or a question.

JSON has a way of its own, `pages.plain.to_json`. A test holds that nothing else in `cli` prints. click is imported only where
somebody is asked, or reads in a pager.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.cli.pages.cells import safe_line, safe_page
from gitorch.text.visible import safe_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO


def write(text: str, *, colours: bool = False, to_stderr: bool = False) -> None:
    """Print lines without control characters, except tabs and line feeds; `colours` keeps those of `Page.paint`."""
    stream = sys.stdout
    if to_stderr:
        stream = sys.stderr

    if not colours:
        _print(safe_text(text), stream)
    elif stream.isatty():
        _print(safe_page(text), stream)
    else:
        from click import unstyle

        _print(unstyle(safe_page(text)), stream)


def _print(text: str, stream: TextIO) -> None:
    """Print a text and a line end at once. Not by `click.echo`, since most verbs load no click."""
    stream.write(f"{text}\n")
    stream.flush()


def write_long(pieces: Iterable[str], *, colours: bool = False) -> None:
    """Print lines through the user's pager, `$PAGER` or `less`, as git does; the page ends when the pager is left.

    A pager that is missing, and `PAGER=cat`, leave the lines in the terminal.
    """
    import click

    os.environ.setdefault("LESS", "FRX")  # leave at once what fits on the screen, show colours, keep what was read
    shown = (f"{safe_page(piece) if colours else safe_text(piece)}\n" for piece in pieces)
    click.echo_via_pager(shown, color=colours)


def write_json(line: str) -> None:
    """Print one line that `to_json` made, which has escaped it."""
    _print(line, sys.stdout)


def ask(question: str, default: str) -> str:
    """Ask at the terminal and return the answer; an empty one is the default. The question may have several lines."""
    import click

    return str(click.prompt(safe_text(question), default=safe_line(default)))


def agrees(question: str, *, default: bool = False) -> bool:
    """Ask for yes or no at the terminal; an empty answer is the default."""
    import click

    return bool(click.confirm(safe_text(question), default=default))


def ask_to_go_on(sentence: str) -> None:
    """Wait for Enter at the terminal; Ctrl-C and the end of input go on too."""
    import click

    with suppress(click.Abort):
        click.prompt(safe_text(sentence), default="", show_default=False, prompt_suffix=" ")
