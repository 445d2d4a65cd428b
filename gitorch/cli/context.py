"""`gitorch hook context`: how the repository's runs stand, for the model of a program that starts in it."""

from __future__ import annotations

import json

from gitorch.cli.call import from_process
from gitorch.cli.output import write_json
from gitorch.cli.quiet import QuietCall

HEAD = "gitorch runs coding agents in this repository. `gitorch status` says:"


def print_context() -> None:
    """Print what `gitorch status` says in the form that hooks of Claude Code, Codex and Gemini CLI give to their models.

    Nothing is printed for an agent of gitorch, whose brief says what it must know, and where `status` fails.
    """
    call = QuietCall(from_process())
    if "GITORCH_RUN" in call.environ:
        return

    try:
        call.run(["status"])
    except Exception:  # noqa: BLE001  a hook never fails the program that calls it
        return

    text = "\n".join([HEAD, *call.parts])
    write_json(json.dumps({"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": text}}))
