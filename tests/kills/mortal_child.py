"""Drives a run by short-lived processes, each of which kills itself right before one of its own writes.

`python mortal_child.py REPOSITORY SEED DEATHS [sweep|leave]`. A write is a file opened for writing, renamed, made or removed, a
process started or signalled: Python itself tells of each (PEP 578), so nothing of gitorch is replaced. Seeded, a process
dies at any write; swept, at its first, and each later one a few writes further on until a record is gained, then anew.
With `leave` the run is left after the last death, for others to end.
Prints a line for each death: the number of the write, its kind, and what is written.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.app.executing.execute import Caller
from gitorch.app.people import decisions
from gitorch.app.reconciler.loop import loop
from gitorch.model.record import Actor, ActorKind
from gitorch.model.work.question import QuestionKind
from gitorch.wiring.repository import Repository, open_ledger

if TYPE_CHECKING:
    from gitorch.model.ids import RunId

HUMAN = Caller(Actor(ActorKind.PRINCIPAL, "ada", "desk"))
WRITES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "subprocess.Popen", "os.kill"})
WRITING = os.O_WRONLY | os.O_RDWR
SPAN = 200
"""The writes among which a seeded process dies: about three records' worth."""

STRIDE = 12
"""Up to so many writes lie between the deaths of a sweep: at 1, a whole run would take some 4,000 processes."""


def is_write(event: str, arguments: tuple[object, ...]) -> bool:
    if event == "open":
        return isinstance(arguments[2], int) and bool(arguments[2] & WRITING)
    return event in WRITES


def die_before(number: int) -> None:
    """From now on, this process ends before its write with this number, by SIGKILL and so without any farewell."""
    left = number

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if left > 0 and is_write(event, arguments):
            left -= 1
            if left == 0:
                os.write(1, f"{number} {event} {arguments[:2]}\n"[:300].encode())
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def decide(services, run: RunId) -> None:
    """What the human says, if anything is asked."""
    state = services.ledger.state(run).run
    question = next(iter(state.open_questions()), None)
    if question is None:
        return
    if question.kind is QuestionKind.APPROVAL:
        decisions.approve(services, HUMAN, state, str(state.report.digest), "typed")
        return
    said = {QuestionKind.CLEANUP: "branches"}.get(question.kind, "retry" if question.options else "blue")
    decisions.answer(services, HUMAN, question.id, [said], run)


def live(repository: Path, run: RunId, number: int) -> int:
    """One process: decide, then tick until only people can go on, or until death. Answers its wait status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    status = 1
    try:
        if number:
            die_before(number)
        services = Repository(repository, os.environ)
        decide(services, run)
        loop(services, run, stay=False)
        status = 0
    finally:
        os._exit(status)
    return status


def main() -> int:
    repository, seed, deaths = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    sweep, leave = "sweep" in sys.argv[4:], "leave" in sys.argv[4:]
    chance = random.Random(seed)
    ledger = open_ledger(repository / ".git", os.environ)
    run = next(iter(ledger.state(None).board.runs))
    number, tip = 1, ledger.tip()
    while not (leave and deaths <= 0) and not ledger.state(run).run.cleaned:
        number = number if sweep else chance.randrange(1, SPAN)
        status = live(repository, run, number if deaths > 0 else 0)
        if not os.WIFSIGNALED(status):
            if os.WEXITSTATUS(status):
                return os.WEXITSTATUS(status)
            number = 1
            continue
        deaths -= 1
        gained, tip = ledger.tip() != tip, ledger.tip()
        number = 1 if gained else number + chance.randrange(1, STRIDE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
