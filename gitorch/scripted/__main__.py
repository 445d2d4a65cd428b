"""`gitorch-scripted [FIRST PROMPT]`, or `python -m gitorch.scripted`: start the scripted agent in this terminal.

Variables of the environment: `GITORCH_SCRIPT` names the script (without one, every turn is the default one), `GITORCH_JOB`
the job, and `GITORCH_SIGNALS` switches hooks on.
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

USAGE = """usage: gitorch-scripted [FIRST PROMPT]
       gitorch-scripted --check SCRIPT.toml
       gitorch-scripted --version"""

HANGUP = 129
"""What a shell reports for a program that SIGHUP ended."""


def main(arguments: list[str]) -> int:
    """Run the program with these arguments, which do not include its own name.

    Returns the exit status: 0 after an ordinary end, 2 for wrong arguments, a wrong script or no terminal, 129 when the
    terminal was closed, and otherwise the status that a step of the script chose.
    """
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
            if isinstance(found, str):
                return _refuse(found)

            return 0
        case [] | [_]:
            return _start("".join(arguments))
        case _:
            return _refuse(USAGE)


def _start(first_prompt: str) -> int:
    """Start the agent in this terminal and return its exit status.

    The script is read before the terminal is touched, so that its defects are printed to an ordinary terminal. SIGTERM and
    SIGHUP end the program as a shell reports it, with 128 and the number of the signal.
    """
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
            agent = Agent(console, gitorch, Worktree(Path.cwd()), script, os.environ.get("GITORCH_JOB", ""))
            return agent.run(first_prompt)
    except TerminalClosed:
        return HANGUP


def _load(path: str) -> Script | str:
    """The script, an empty one without a path, or a message about its defects."""
    if not path:
        return Script()

    try:
        return parse(Path(path).read_text(encoding="utf-8"), path, ACTS)
    except (OSError, UnicodeDecodeError) as error:
        return f"{path}: {error}"
    except BadScript as error:
        return str(error)


def _refuse(problem: str) -> int:
    """Print the problem on standard error, and return the exit status for a wrong call."""
    print(problem, file=sys.stderr)
    return 2


def program() -> int:
    """The same with the arguments of this process; the program `gitorch-scripted` calls it."""
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(program())
