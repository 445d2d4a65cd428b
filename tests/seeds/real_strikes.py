"""Three runs for real, in tmux and git with scripted agents, and a strike on some call that is made for one of them."""

from __future__ import annotations

import os
from contextlib import suppress

from house import Epic, House
from struck import CALLER, LIKED, Port, Storm

from gitorch.app.people import decisions
from gitorch.app.reconciler.loop import loop
from gitorch.errors import Refused
from gitorch.model.work.question import QuestionKind
from gitorch.wiring.repository import Repository

LOOPS_MAX = 30
PORTS = frozenset(
    {"ledger", "terminals", "git", "remotes", "worktrees", "checks", "files", "outboxes", "secrets", "notices"}
)


class Stormy:
    """A repository, each call of whose ports goes through the storm."""

    def __init__(self, repository, storm):
        self._repository, self._storm = repository, storm
        self._ports = {}

    def __getattr__(self, name):
        found = getattr(self._repository, name)
        if name not in PORTS:
            return found
        return self._ports.setdefault(name, Port(name, found, self._storm))


class RealThree:
    """A house with three runs of two epics each; its people answer everything but what fails."""

    def __init__(self, house: House):
        self.house = house
        house.configure(agents=2, tests='"true"', start=20)
        text = (house.path / "gitorch.yaml").read_text(encoding="utf-8")
        house.repo.write({"gitorch.yaml": text})
        self.runs = [self.begin(name) for name in ("one", "two", "six")]
        self.calm = Repository(house.path, os.environ)
        self.storm = Storm(self.calm.clock, slow_seconds=3, struck=self.runs[1])
        self.answered = {}
        self.ended = None

    def begin(self, name):
        """A run of one epic, and of one that needs it."""
        first, second = f"{name}-sky", f"{name}-sea"
        return self.house.start(Epic(first), Epic(second, (first,)), title=name)

    def run(self, name):
        return Repository(self.house.path, os.environ).ledger.state(name).run

    def drive(self):
        """`up --no-wait` in this process, answered by people, until they have nothing more to say; how it ended."""
        for _ in range(LOOPS_MAX):
            self.storm.current = None
            services = Stormy(Repository(self.house.path, os.environ), self.storm)
            self.ended = loop(services, None, stay=False)
            if not self.people_answer():
                return self.ended
        raise AssertionError(self.house.seen())

    def people_answer(self):
        before = self.house.tip()
        for name in self.runs:
            for question in self.run(name).open_questions():
                if not question.is_fault:
                    self.answer(name, question)
        return self.house.tip() != before

    def answer(self, name, question):
        """The same question is answered at most three times; one that an answer before it has settled is left."""
        key = (name, question.trigger or question.kind, question.job)
        self.answered[key] = self.answered.get(key, 0) + 1
        run = self.run(name)
        if question.trigger and self.answered[key] > 3:
            return
        services = Repository(self.house.path, os.environ)
        with suppress(Refused):
            if question.kind is QuestionKind.APPROVAL:
                decisions.approve(services, CALLER, run, run.report.digest, "typed")
                return
            options = [o for o in LIKED if o in question.options]
            decisions.answer(services, CALLER, question.id, [*options[:1], "because"], name)
