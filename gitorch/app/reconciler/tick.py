"""One tick: observe, reconcile, append, perform what is outstanding. A second tick does nothing new."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from gitorch.app.executing.execute import Recording, execute, execute_each
from gitorch.app.executing.merge_turn import merge_turn
from gitorch.app.hosts.here import sessions_here
from gitorch.app.query.host_settings import settings_to_take
from gitorch.app.query.this_host import is_here
from gitorch.app.reconciler.observe import observe
from gitorch.app.reconciler.perform import perform
from gitorch.app.reconciler.recording import attached_files, completed, forget_result
from gitorch.app.reconciler.together import Together
from gitorch.app.reconciler.trouble import sentence, trouble, words_of
from gitorch.app.sessions.teardown import last_usage, take_commits, tear_down
from gitorch.app.work.outbox import collect
from gitorch.errors import Away, Busy, Corrupt, Denied, Refused, Unavailable
from gitorch.model import commands
from gitorch.model.effects import MergeBranches
from gitorch.model.ids import Moment
from gitorch.model.values import Value
from gitorch.model.work.run import RunPhase
from gitorch.rules.guards.ensure import run_there
from gitorch.rules.outstanding import outstanding
from gitorch.rules.reconcile import reconcile
from gitorch.rules.reconciling.faults import is_due
from gitorch.rules.reconciling.steps import bringing_in, collecting, learning_step, publishing, step_of
from gitorch.rules.waiting import only_people_left

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gitorch.app.executing.execute import Attached
    from gitorch.app.reconciler.observe import Observation
    from gitorch.app.reconciler.together import Held
    from gitorch.app.services import Services
    from gitorch.errors import GitorchError
    from gitorch.model.commands import Command
    from gitorch.model.effects import Effect
    from gitorch.model.ids import JobId, RunId, SessionId
    from gitorch.model.observed import Observed
    from gitorch.model.work.board import State
    from gitorch.model.work.fault import Step
    from gitorch.model.work.run import Run
    from gitorch.ports.commits import WrittenRecord

NEVER = Moment(0)


class TickResult(Value):
    """The result of a tick."""

    run: Run
    observed: Observed
    written: tuple[WrittenRecord, ...]
    silent: tuple[str, ...]
    """What failed or could not be asked, and why, in words for people."""
    acted: bool
    """Whether the tick recorded or did anything."""
    waiting: bool
    """Whether only people can go on."""
    over: bool
    """Whether nothing is left to do at all."""
    failure: GitorchError | None = None
    """Why a fault could not be recorded: the ledger itself cannot be written."""
    corrupt: Corrupt | None = None
    """The damage that a step came upon."""


def tick(services: Services, run_id: RunId, began: Moment = NEVER, places: int | None = None) -> TickResult:
    """One tick of one run: everything that its newest state and one observation of the world call for.

    A second tick does nothing new while neither changes; a killed one is made good by the next. Whatever is raised while one
    step is done ends that step alone: it is recorded as a fault, and tried again by a later tick. Faults from before `began`
    are tried at once. `places` is how many more agents this host may start, None for no limit. What cannot be asked is answered in `silent`, and nothing is concluded from it.

    Raises what the ledger raises where it cannot be read, NotFound for an unknown run.
    """
    return _Tick(services, run_id, began, places).result()


class _Tick:
    """The run as it changes during a tick, and everything that was recorded."""

    def __init__(self, services: Services, run_id: RunId, began: Moment, places: int | None) -> None:
        self.services = services
        self.places = places
        self.began = began
        self.run = run_there(services.ledger.state(run_id))
        self.written: list[WrittenRecord] = []
        self.silent: list[str] = []
        self.met: set[str] = set()
        self.acted = False
        self.failure: GitorchError | None = None
        self.corrupt: Corrupt | None = None
        self.facts = Together()

    def result(self) -> TickResult:
        """Do all steps of the tick, in this order."""
        self.start_run()
        self.collect_outboxes()
        observation = observe(self.services, self.run, self.places)
        self.meet(observation)
        with self.together():
            for command in reconcile(self.run, observation.observed):
                self.learn(command)
        self.publish_files()
        with self.together():
            for effect in outstanding(self.run, observation.observed):
                self.perform(effect)
        if not observation.faults:
            self.clear_unneeded()
        acted = self.acted or bool(self.written)
        waiting = not acted and only_people_left(self.run, observation.observed, self.met)
        return TickResult(
            run=self.run,
            observed=observation.observed,
            written=tuple(self.written),
            silent=tuple(dict.fromkeys(self.silent)),
            acted=acted,
            waiting=waiting,
            over=waiting and self.is_over,
            failure=self.failure,
            corrupt=self.corrupt,
        )

    @property
    def is_over(self) -> bool:
        """Whether the run is over and no step of it fails."""
        return self.run.phase.is_over and not self.run.faults

    def step(self, step: Step, work: Callable[[], None]) -> bool:
        """Do one step unless it is too early to try it again; whether it was done. Its failure ends nothing else."""
        self.met.add(step.name)
        if not self.is_due(step):
            self.silent.append(f"{step.doing} failed: {self.run.faults[step.name].first_line}")
            return False

        self.facts.begin(step)
        try:
            work()
        except Exception as error:  # noqa: BLE001  whatever is raised, the other steps go on
            self.facts.drop()
            self.fail(step, trouble(error))
            return False

        if not self.facts.is_holding:
            self.clear(step.name)
        return True

    @contextmanager
    def together(self) -> Iterator[None]:
        """Record what the block finds at its end and at once, where hosts share the ledger."""
        self.facts.is_open = self.services.ledger.is_shared
        yield
        self.facts.is_open = False
        self.record_all(self.facts.take())

    def record_all(self, held: list[Held]) -> None:
        """Append the events of all these facts with one push. Where that fails, each is tried by itself, as a step of its own."""
        if not held:
            return

        recordings = [one.recording for one in held]
        try:
            state, written, failed = execute_each(self.services, self.run.id, self.services.host, recordings)
        except (Away, Busy) as error:
            self.failure = error
            return
        except Exception:  # noqa: BLE001  whatever is raised, one fact can be the cause of it
            for one in held:
                self.step(one.step, partial(self.append_one, one.command, one.recording))
            return

        self.take_up(state, written)
        self.conclude(held, failed)

    def conclude(self, held: list[Held], failed: Mapping[int, Exception]) -> None:
        """What follows for the steps of facts that are recorded now, or that could not be."""
        done: dict[str, bool] = {}
        for number, one in enumerate(held):
            error = failed.get(number)
            if error is None:
                forget_result(self.services, self.run, one.command)
                done.setdefault(one.step.name, True)
            else:
                self.fail(one.step, trouble(error))
                done[one.step.name] = False

        for step, is_done in done.items():
            if is_done:
                self.clear(step)

    def is_due(self, step: Step) -> bool:
        """Whether the step may be tried, or its failure be recorded, by now."""
        return is_due(self.run, step, self.services.clock.now(), self.began)

    def fail(self, step: Step, error: GitorchError) -> None:
        """Record that a step failed; where not even that can be recorded, keep the reason."""
        self.silent.append(sentence(step, error))
        if isinstance(error, Corrupt):
            self.corrupt = error
        self.tell(commands.NoteFault(step, error.code, words_of(error)))

    def clear(self, step: str) -> None:
        """Record that a step does not fail any more, if it did on this host."""
        fault = self.run.faults.get(step)
        if fault is not None and (not self.services.ledger.is_shared or fault.host == self.services.host.host):
            self.tell(commands.ClearFault(step))

    def tell(self, command: Command) -> None:
        """Append the beginning or the end of a fault; keep the reason where that fails too."""
        try:
            self.append(command)
        except Exception as error:  # noqa: BLE001  the loop tells it and goes on with other runs
            self.failure = trouble(error)

    def clear_unneeded(self) -> None:
        """Forget the faults of steps that nothing calls for any more."""
        if self.run.phase is RunPhase.PAUSED:
            return

        for name in tuple(self.run.faults):
            if name not in self.met:
                self.clear(name)

    def append(self, command: Command | tuple[Command, ...], attached: Attached | None = None) -> None:
        """Append the events of a command, and take up the state after them."""
        self.take_up(*execute(self.services, self.run.id, self.services.host, command, attached))

    def take_up(self, state: State, written: tuple[WrittenRecord, ...]) -> None:
        """Go on from the state after these records."""
        self.written.extend(written)
        self.run = run_there(state)

    def start_run(self) -> None:
        """Start a confirmed run."""
        if self.run.phase is RunPhase.READY:
            self.append(commands.StartRun())

    def collect_outboxes(self) -> None:
        """Bring in what agents in sandboxes committed, and execute what agents left in their outboxes; each session by itself."""
        for session in sessions_here(self.services, self.run):
            self.step(bringing_in(self.run, session.id), partial(take_commits, self.services, self.run, session.id))
            self.step(collecting(self.run, session.id), partial(self.collect, session.id))

    def collect(self, session: SessionId) -> None:
        """Execute the outbox entries of one session."""
        if collect(self.services, self.run, session):
            self.acted = True
            self.run = run_there(self.services.ledger.state(self.run.id))

    def meet(self, observation: Observation) -> None:
        """Record which parts of the world could not be asked, each failure at growing intervals, and which can be again."""
        self.silent.extend(observation.silent)
        for part in observation.asked:
            self.met.add(part.name)
            error = observation.faults.get(part.name)
            if error is None:
                self.clear(part.name)
            elif self.is_due(part):
                self.fail(part, error)
            else:
                self.silent.append(sentence(part, error))

    def learn(self, command: Command) -> None:
        """Record a fact, after making it true where a killed process left it half done."""

        def work() -> None:
            self.finish(command)
            self.record(command)

        self.step(learning_step(self.run, command), work)

    def finish(self, command: Command) -> None:
        """Make a fact true before it is recorded: a killed process may have left it half done, or the world did it alone."""
        if isinstance(command, commands.EndSession):
            with suppress(
                Unavailable
            ):  # its last outbox entry may have come since we observed, and none can come later
                take_commits(self.services, self.run, command.session)
                collect(self.services, self.run, command.session)
            tear_down(self.services, self.run, command.session)
            for usage in last_usage(self.services, self.run, command.session):
                self.record(usage)
        elif isinstance(command, commands.RecordMerge):
            self.services.git.move(self.run.target, command.new, command.old)
        elif isinstance(command, commands.RecordCodeMerge) and self.run.report is not None:
            self.services.git.move(self.run.target, command.merges.tip, self.run.report.target_commit)

    def record(self, command: Command) -> None:
        """Append the events of a command. A command that was overtaken is dropped: the next tick decides again."""
        command = completed(self.services, self.run, command)
        attached = attached_files(self.services, self.run, command)
        first: tuple[Command, ...] = ()
        if isinstance(command, commands.GrantLease):
            first = settings_to_take(self.services, self.run)
        recording = Recording((*first, command), attached)
        if not self.facts.hold(command, recording):
            self.append_one(command, recording)

    def append_one(self, command: Command, recording: Recording) -> None:
        """Append the events of one command."""
        try:
            self.append(recording.commands, recording.attach)
        except Refused:
            self.run = run_there(self.services.ledger.state(self.run.id))
        forget_result(self.services, self.run, command)

    def publish_files(self) -> None:
        """Publish the expected files that agents left in their worktrees because they cannot run commands."""
        for job in tuple(self.run.jobs.values()):
            if job.spec.artifacts and job.lease is not None and is_here(self.services, self.run, job.lease.session):
                self.step(publishing(job.spec.id), partial(self.publish_files_of, job.spec.id))

    def publish_files_of(self, job: JobId) -> None:
        """Publish the files of one job."""
        from gitorch.app.work.artifacts import attaching, submitted_as_files  # noqa: PLC0415  only runs with artifacts pay for YAML

        for command, data in submitted_as_files(self.services, self.run, job):
            with suppress(Refused, Denied):
                self.append(command, attaching({command.digest: data}))

    def perform(self, effect: Effect) -> None:
        """Perform an effect and record its results."""
        step = step_of(self.run, effect)
        self.acted = self.acted or self.is_due(step)

        def work() -> None:
            for command in perform(self.services, self.run, effect):
                self.record(command)

        def merge() -> None:
            with merge_turn(self.services), self.facts.closed():  # nobody decides before the merge is recorded
                work()

        self.step(step, merge if isinstance(effect, MergeBranches) else work)
