"""`python -m gitorch.scripted [FIRST PROMPT]`: start the scripted agent in this terminal.

The environment says the rest: `GITORCH_SCRIPT` names the script (none: everything by default), `GITORCH_JOB` the job,
and `GITORCH_SIGNALS`, where it is set, that hooks are listened to.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from gitorch.scripted.agent import Agent
from gitorch.scripted.catalogue import ACTS
from gitorch.scripted.client import GitorchClient
from gitorch.scripted.console import Console, TerminalClosed
from gitorch.scripted.script import BadScript, Script, parse
from gitorch.scripted.worktree import Worktree

USAGE = """usage: python -m gitorch.scripted [FIRST PROMPT]
       python -m gitorch.scripted --check SCRIPT.toml
       python -m gitorch.scripted --version"""

HANGUP = 129
"""What a shell reports for a program that SIGHUP ended."""


def main(arguments: list[str]) -> int:
    """Run the program; answers its exit status. 2: the words, the script or the terminal are not right."""
    match arguments:
        case ["--version"]:
            from gitorch import __version__  # noqa: PLC0415 - only this asks for it

            print(f"gitorch-scripted {__version__}")
            return 0
        case ["--help"] | ["-h"]:
            print(USAGE)
            return 0
        case ["--check", path]:
            found = _load(path)
            return _refuse(found) if isinstance(found, str) else 0
        case [] | [_]:
            return _start("".join(arguments))
        case _:
            return _refuse(USAGE)


def _start(first_prompt: str) -> int:
    script = _load(os.environ.get("GITORCH_SCRIPT", ""))
    if isinstance(script, str):
        return _refuse(script)
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        return _refuse("the scripted agent needs a terminal")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    gitorch = GitorchClient(signals="GITORCH_SIGNALS" in os.environ)
    try:
        with Console() as console:
            return Agent(console, gitorch, Worktree(Path.cwd()), script, os.environ.get("GITORCH_JOB", "")).run(
                first_prompt
            )
    except TerminalClosed:
        return HANGUP


def _load(path: str) -> Script | str:
    """The script, an empty one without a path, or what is wrong with it."""
    if not path:
        return Script()
    try:
        return parse(Path(path).read_text(encoding="utf-8"), path, ACTS)
    except (OSError, UnicodeDecodeError) as error:
        return f"{path}: {error}"
    except BadScript as error:
        return str(error)


def _refuse(problem: str) -> int:
    print(problem, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
