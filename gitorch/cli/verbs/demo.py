"""`demo`: a whole run in a scratch repository, with scripted agents that really write the code.

Every step is a verb of gitorch, run as a user would run it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.cli.boundary import TERMINATED
from gitorch.cli.interruption import INTERRUPTED
from gitorch.cli.output import ask
from gitorch.cli.verb_function import verb
from gitorch.errors import Failed, Refused, Waiting
from gitorch.model.values import replace
from gitorch.model.work.question import QuestionKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.cli.call import Call
    from gitorch.model.work.question import Question
    from gitorch.model.work.run import Run

ANSWER = "n/a"
"""The answer of `--yes` to the agents' question; the acceptance examples accept any answer."""

TEST = "python3 -m unittest -q"
EXAMPLES = "python3 -m unittest discover -q -s acceptance"
"""The examples in the plan. The gate runs `TEST`, which includes them once the last epic has added them."""

ROUNDS_MAX = 20

ANSWERED = (0, Refused.exit_status)
"""How the answer of a person may end: one without words is refused, and the question stays open."""

SERVED = (0, INTERRUPTED, TERMINATED)
"""How the web page may end: a person closes it."""


@verb("demo")
def demo(call: Call, folder: str, yes: bool, web: bool) -> None:
    """Play a whole run in FOLDER: three epics, reviews, a revision, a question, your approval, the merge."""
    from gitorch.world.resources import template_path
    from gitorch.world.sample import plant

    if not yes:
        call.must_ask("demo")

    repository = plant(template_path("demo"), (call.folder / folder).absolute(), call.environ)
    stage = Stage(call, repository, yes=yes)
    stage.tell(f"A small repository was created in {repository}. Its tests fail; plan.md describes the work.")
    stage.tests(EXAMPLES, passing=False)

    try:
        stage.play()
    finally:
        stage.leave()

    if web:
        stage.gitorch("serve", expected=SERVED)


class Stage:
    """The demo's repository and the calls made in it."""

    def __init__(self, call: Call, repository: Path, *, yes: bool) -> None:
        self._call = call
        self._repository = repository
        self._yes = yes
        self._services = call.open(repository, call.environ)
        self._is_kept = False
        """Whether the person said no to the cleanup."""

    def play(self) -> None:
        """From the plan to the merged, verified, cleaned-up end."""
        self.gitorch("init")
        self.gitorch("check", "plan.md")
        self.gitorch("start", "plan.md", *self._consent)

        for _ in range(ROUNDS_MAX):
            self._advance()
            if self._is_kept or self._run().cleaned:
                break

        self._ending()

    def _advance(self) -> None:
        """Let the agents work until a question is open, and answer it."""
        if self._open_question() is None:
            self.gitorch("up", "--no-wait", expected=(0, Waiting.exit_status))

        question = self._open_question()
        if question is not None:
            self._answer(question)

    @property
    def _consent(self) -> tuple[str, ...]:
        if self._yes:
            return ("--yes",)

        return ()

    def _run(self) -> Run:
        from gitorch.app.query.lookup import find_run

        return find_run(self._services, None)

    def _open_question(self) -> Question | None:
        for question in self._run().open_questions():
            return question

        return None

    def _answer(self, question: Question) -> None:
        """Approve, clean up or answer, as the question's kind demands. Raises Failed for an unexpected question."""
        if question.kind is QuestionKind.APPROVAL:
            self.gitorch("approve", self._run().id, *self._consent)
        elif question.kind is QuestionKind.CLEANUP:
            status = self.gitorch("cleanup", self._run().id, *self._consent, expected=(0, INTERRUPTED))
            self._is_kept = status == INTERRUPTED
        elif question.options:
            raise Failed(
                f"the demo left its script: {question.text}", f"gitorch -C {_quoted(str(self._repository))} inbox"
            )
        elif self._yes:
            self.gitorch("answer", question.id, ANSWER)
        else:
            self._type_answer(question)

    def _type_answer(self, question: Question) -> None:
        """Ask the person, whose words are the answer whatever they begin with; an answer that is refused is asked for again."""
        from gitorch.cli.arguments import GIVEN

        text = ask(f"\n{question.text}", ANSWER)
        if not text.startswith("-"):
            self.gitorch("answer", question.id, text, expected=ANSWERED)
            return

        # As a word it would be an option, or mean standard input.
        before = GIVEN.set(text.encode("utf-8", "replace"))
        try:
            self.gitorch("answer", question.id, "-", expected=ANSWERED, typed=f"printf %s {_quoted(text)} | ")
        finally:
            GIVEN.reset(before)

    def gitorch(self, *words: str, expected: tuple[int, ...] = (0,), typed: str = "") -> int:
        """Print a command, behind what is `typed` before it, and run it. Raises Failed for an unexpected exit status."""
        from gitorch.cli.boundary import run
        from gitorch.cli.call import Call as NewCall

        self.tell("", f"$ {typed}gitorch {' '.join(_quoted(word) for word in words)}")
        streams = self._call.streams
        if self._yes:
            streams = replace(streams, asks=False)
        call = NewCall(self._call.environ, self._repository, self._call.open, streams)
        status = run(list(words), call)
        if status not in expected:
            raise Failed(
                f"gitorch {words[0]} ended with status {status}", f"gitorch -C {_quoted(str(self._repository))} status"
            )

        return status

    def tests(self, command: str, *, passing: bool) -> None:
        """Run tests in the repository's checkout. Raises Failed for an unexpected result."""
        self.tell("", f"$ {command}")
        status, output = self._services.programs.run_shell(command, self._repository, 60)
        self.tell("\n".join(output.strip().splitlines()[-3:]))
        passed = status == 0
        if passed is not passing:
            result, expected = ("pass", "fail") if passed else ("fail", "pass")
            raise Failed(f"the demo's tests {result}, but should {expected}", command)

    def _ending(self) -> None:
        """Print the result, and the next commands to try."""
        self.tell("", f"$ git log --graph --oneline main\n{self._services.git.graph('main', 20)}")
        self.tests(TEST, passing=True)
        self.tell("", f"$ git log --oneline gitorch/ledger | head\n{self._services.git.graph('gitorch/ledger', 8)}")
        self.gitorch("verify")
        folder, run = self._shown_folder(), self._run().id
        program = _quoted(program_as_typed(sys.argv[0], self._call.environ))
        self.tell(
            "",
            "Four commands to try next:",
            f"  git -C {folder} log --stat gitorch/ledger    every decision is a commit",
            f"  {program} -C {folder} report {run}    the report that was approved",
            f"  {program} -C {folder} log {run}    every record of the run",
            f"  {program} -C {folder} serve    the run as web pages{_before_pages()}",
            "While a run is open, gitorch up shows it as a console, and gitorch serve as a web page.",
        )

    def _shown_folder(self) -> str:
        """The repository's path, quoted for a shell; relative if it is below the current folder."""
        here = self._call.folder.absolute()
        if self._repository.is_relative_to(here):
            return _quoted(str(self._repository.relative_to(here)))

        return _quoted(str(self._repository))

    def leave(self) -> None:
        """Stop the sessions and tests of an interrupted demo; a finished one has none."""
        from gitorch.model.work.session import SessionKey

        ledger = self._services.ledger
        if not ledger.exists() or not ledger.state(None).board.runs:
            return

        run = self._run()
        for session in run.sessions:
            self._services.terminals.stop(SessionKey(run.id, session))

        self._services.checks.clear(self._services.paths.base(run))
        self._services.terminals.close()

    def tell(self, *lines: str) -> None:
        """Print lines for the person who watches."""
        self._call.note("\n".join(lines))


def program_as_typed(called: str, environ: Mapping[str, str]) -> str:
    """The command that starts this gitorch: its name if that is on PATH, else the path that was typed."""
    from shutil import which

    found = which("gitorch", path=environ.get("PATH"))
    here = Path(called)
    if here.name != "gitorch" or not here.exists():  # run by `python -m`, or inside another program
        return "gitorch"

    if found is not None and here.samefile(found):
        return "gitorch"

    return called


def _before_pages() -> str:
    """The command that installs what the web page needs, where it is missing."""
    from importlib.util import find_spec

    from gitorch.cli.verbs.serve import install_command

    if find_spec("starlette") is not None:
        return ""

    return f"; first type: {install_command()}"


def _quoted(word: str) -> str:
    """The word as a shell needs it."""
    from shlex import quote

    return quote(word)
