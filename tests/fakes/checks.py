"""Runs of a test command that end when and how a test says."""

from gitorch.errors import Unavailable
from gitorch.model.observed import CheckObservation, CheckPhase
from gitorch.model.work.review import Check


class FakeChecks:
    """Scriptable: `outcome` decides a run (`(commit, command) -> (outcome, exit status, output)`); with `patient` it goes on
    until `finish` is called, else it is finished at the next look. `die` kills it without a result.
    """

    def __init__(self, outcome=lambda _commit, _command: ("passed", 0, "ok\n"), *, patient=False):
        self.outcome = outcome
        self.patient = patient
        self.silent = False
        self.running = {}
        self.finished = {}
        self.starts = []
        self.places = {}

    def finish(self, commit, command):
        self.running.pop((commit, command))
        self.finished[commit, command] = self.outcome(commit, command)

    def die(self, commit, command):
        self.running.pop((commit, command))

    def observe(self, commit, command):
        self._ask()
        if (commit, command) in self.running:
            if self.patient:
                return CheckObservation(CheckPhase.RUNNING)
            self.finish(commit, command)
        if (commit, command) not in self.finished:
            return CheckObservation(CheckPhase.ABSENT)
        outcome, status, output = self.finished[commit, command]
        check = Check(commit, command, outcome, status, 0.1, tail="\n".join(output.splitlines()[-30:]))
        return CheckObservation(CheckPhase.FINISHED, check)

    def log(self, commit, command):
        return self.finished[commit, command][2].encode() if (commit, command) in self.finished else b""

    def start(self, commit, command, wait_seconds, worktree):
        self._ask()
        if (commit, command) not in self.running and (commit, command) not in self.finished:
            self.starts.append((commit, command))
            self.running[commit, command] = wait_seconds
            self.places[commit, command] = worktree

    def clear(self, under):
        self._ask()
        for key in [key for key, place in self.places.items() if place.is_relative_to(under)]:
            del self.places[key]
            self.running.pop(key, None)
            self.finished.pop(key, None)

    def _ask(self):
        if self.silent:
            raise Unavailable("the test run could not be asked")
