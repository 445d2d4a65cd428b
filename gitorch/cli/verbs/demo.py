"""`demo`: the whole job for real, in a scratch repository, with scripted agents that really write the code.

Every step is a verb of gitorch, typed and run as a user would; nothing here reaches around them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitorch.cli.call import open_repository
from gitorch.cli.group import verb
from gitorch.errors import Failed, Waiting
from gitorch.model.question import QuestionKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.cli.call import Call
    from gitorch.model.question import Question
    from gitorch.model.run import Run

ANSWER = "n/a"
"""What `--yes` answers to the agents' question; the acceptance examples were written for any answer."""

TEST = "python3 -m unittest -q"
EXAMPLES = "python3 -m unittest discover -q -s acceptance"
"""What the plan promises; the gate runs `TEST`, which learns of the examples with the last epic."""

ROUNDS_MAX = 20


@verb("demo", "gitorch demo", "gitorch demo my-demo", "gitorch demo --yes")
@click.argument("folder", default="demo", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Answer and approve without asking, and have that recorded.")
@click.pass_obj
def demo(call: Call, folder: Path, yes: bool) -> None:
    """Play a whole run in FOLDER: three epics, reviews, a revision, a question, your approval, the merge.

    The agents are scripted programs in real terminals; they edit, test and commit in a real repository. No model is asked.
    """
    from gitorch.world.resources import template_path
    from gitorch.world.sample import plant

    if not yes:
        call.must_ask("demo")
    repository = plant(template_path("demo"), (call.folder / folder).absolute(), call.environ)
    stage = Stage(call, repository, yes=yes)
    stage.tell(f"A small repository lies in {repository}. Its tests fail, and plan.md says what is to be built.")
    stage.tests(EXAMPLES, passing=False)
    try:
        stage.play()
    finally:
        stage.leave()


class Stage:
    """The demo's repository and the calls made in it."""

    def __init__(self, call: Call, repository: Path, *, yes: bool) -> None:
        self._call = call
        self._repository = repository
        self._yes = yes
        self._services = open_repository(repository, call.environ)

    def play(self) -> None:
        """From the plan to the merged, verified, cleaned-up end."""
        self.gitorch("init")
        self.gitorch("check", "plan.md")
        self.gitorch("start", "plan.md", *self._agreed)
        for _ in range(ROUNDS_MAX):
            if self._open_question() is None:
                self.gitorch("up", "--no-wait", expected=(0, Waiting.exit_status))
            question = self._open_question()
            if question is not None:
                self._answer(question)
            if self._run().cleaned:
                break
        self._ending()

    @property
    def _agreed(self) -> tuple[str, ...]:
        return ("--yes",) if self._yes else ()

    def _run(self) -> Run:
        from gitorch.app.query.lookup import find_run

        return find_run(self._services, None)

    def _open_question(self) -> Question | None:

        return next(iter(self._run().open_questions()), None)

    def _answer(self, question: Question) -> None:
        if question.kind is QuestionKind.APPROVAL:
            self.gitorch("approve", self._run().id, *self._agreed)
        elif question.kind is QuestionKind.CLEANUP:
            self.gitorch("cleanup", self._run().id, *self._agreed)
        elif question.options:
            raise Failed(f"the demo did not go as written: {question.text}", f"gitorch -C {self._repository} inbox")
        else:
            said = ANSWER if self._yes else click.prompt(f"\n{question.text}", default=ANSWER)
            self.gitorch("answer", question.id, said)

    def gitorch(self, *words: str, expected: tuple[int, ...] = (0,)) -> int:
        """Type a verb and run it. Raises Failed for an exit status that was not expected."""
        from gitorch.cli.boundary import run
        from gitorch.cli.call import Call as Made

        self.tell("", f"$ gitorch {' '.join(_quoted(w) for w in words)}")
        made = Made(self._call.environ, self._repository, self._call.open, self._call.streams)
        status = run(list(words), made)
        if status not in expected:
            raise Failed(f"gitorch {words[0]} ended with status {status}", f"gitorch -C {self._repository} status")
        return status

    def tests(self, command: str, *, passing: bool) -> None:
        """Run tests in the repository's checkout. Raises Failed where they do not come out as they must."""
        self.tell("", f"$ {command}")
        status, output = self._services.programs.run_shell(command, self._repository, 60)
        self.tell("\n".join(output.strip().splitlines()[-3:]))
        if (status == 0) is not passing:
            raise Failed(f"the demo's tests {'fail' if passing else 'pass'}, and they should not", command)

    def _ending(self) -> None:
        self.tell("", f"$ git log --graph --oneline main\n{self._services.git.graph('main', 20)}")
        self.tests(TEST, passing=True)
        self.tell("", f"$ git log --oneline gitorch/ledger | head\n{self._services.git.graph('gitorch/ledger', 8)}")
        self.gitorch("verify")
        where, program, run = self._shown(), _quoted(program_as_typed(sys.argv[0], self._call.environ)), self._run().id
        self.tell(
            "",
            "Three commands to try next:",
            f"  git -C {where} log --stat gitorch/ledger    every decision is a commit",
            f"  {program} -C {where} report {run}    what was approved",
            f"  {program} -C {where} log {run}    the whole story",
        )

    def _shown(self) -> str:
        here = self._call.folder.absolute()
        inside = self._repository.is_relative_to(here)
        return _quoted(str(self._repository.relative_to(here) if inside else self._repository))

    def leave(self) -> None:
        """End what a broken-off demo left running; after a whole one there is nothing to end."""
        from gitorch.ports.world import SessionKey

        if not self._services.ledger.exists() or not self._services.ledger.state(None).board.runs:
            return
        run = self._run()
        for session in run.sessions:
            self._services.terminals.stop(SessionKey(run.id, session))
        self._services.checks.clear(self._services.paths.base(run))
        self._services.terminals.close()

    def tell(self, *lines: str) -> None:
        """Something for the person who watches."""
        self._call.note("\n".join(lines))


def program_as_typed(called: str, environ: Mapping[str, str]) -> str:
    """What a person types to call this gitorch: its name where a shell finds it by that, else the path it was called by."""
    from shutil import which

    found = which("gitorch", path=environ.get("PATH"))
    here = Path(called)
    if here.name != "gitorch" or not here.exists():  # run by `python -m`, or inside another program
        return "gitorch"
    return "gitorch" if found is not None and here.samefile(found) else called


def _quoted(word: str) -> str:
    from shlex import quote

    return quote(word)
