"""Runs of a test command that end when and how a test says."""

from gitorch.errors import Unavailable
from gitorch.model.observed import CheckObservation, CheckPhase, SetupObservation, SetupPhase
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
        self.preparations = []

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

    def start(self, commit, command, wait_seconds, worktree, preparation=None):
        self._ask()
        self.preparations.append(preparation)
        if (commit, command) not in self.running and (commit, command) not in self.finished:
            self.starts.append((commit, command))
            self.running[commit, command] = wait_seconds
            self.places[commit, command] = worktree

    def forget(self, commit, command):
        self.finished.pop((commit, command), None)

    def clear(self, under):
        self._ask()
        for key in [key for key, place in self.places.items() if place.is_relative_to(under)]:
            del self.places[key]
            self.running.pop(key, None)
            self.finished.pop(key, None)

    def _ask(self):
        if self.silent:
            raise Unavailable("the test run could not be asked")


class FakeSetups:
    """Worktrees that are set up as told: `fails` names the folders whose set-up fails. With `patient` one goes on until `finish`."""

    def __init__(self, *, patient=False):
        self.patient = patient
        self.fails = set()
        self.running, self.finished, self.starts = set(), {}, []

    def finish(self, worktree):
        self.running.remove(worktree)
        self.finished[worktree] = SetupPhase.FAILED if worktree.name in self.fails else SetupPhase.DONE

    def observe(self, worktree, preparation):
        assert not preparation.is_empty
        if worktree in self.running:
            if self.patient:
                return SetupObservation(SetupPhase.RUNNING)
            self.finish(worktree)
        phase = self.finished.get(worktree, SetupPhase.ABSENT)
        failed = phase is SetupPhase.FAILED
        return SetupObservation(phase, 1 if failed else None, "no such module" if failed else "")

    def start(self, worktree, preparation):
        if worktree not in self.running and worktree not in self.finished:
            self.starts.append((worktree, preparation))
            self.running.add(worktree)

    def log(self, worktree):
        return b"no such module\n" if self.finished.get(worktree) is SetupPhase.FAILED else b""

    def forget(self, worktree):
        if self.finished.get(worktree) is SetupPhase.FAILED:
            del self.finished[worktree]

    def variables(self, worktree):
        return {"GITORCH_NAME": worktree.name, "GITORCH_PORT": "20000", "GITORCH_PORTS": "20000-20009"}

    def clear(self, under):
        self.running = {one for one in self.running if one.parent != under}
        self.finished = {one: phase for one, phase in self.finished.items() if one.parent != under}
