"""Terminals without tmux: sessions that do what a test says, under the same contract as the real ones."""

from dataclasses import dataclass, field

from gitorch.errors import NotFound, Unavailable
from gitorch.model.observed import AT_PROMPT, READY, AgentState, SessionObservation
from gitorch.model.work.usage import NOTHING_READ, UsageReading
from gitorch.world.terminal.launch import one_line, unsafe


@dataclass
class FakeSession:
    """One session: `turns` are the lines its agent got, `sent` the receipts by prompt."""

    launch: object
    server: int
    pid: int
    state: AgentState
    started_at: int
    changed_at: int
    present: bool = True
    ready_seen: bool = False
    exit_status: int | None = None
    screen: str = ""
    turns: list = field(default_factory=list)
    sent: dict = field(default_factory=dict)
    usage: UsageReading = NOTHING_READ


class FakeTerminals:
    """Scriptable: `silent` makes every call Unavailable; `begin_as` is the state of a fresh agent; `next_receipts` are given
    out before anything is really typed (`refused: …` types nothing, anything else does).
    """

    def __init__(self, clock):
        self.clock = clock
        self.sessions = {}
        self.silent = False
        self.begin_as = AgentState.IDLE
        self.next_receipts = []
        self.server = 1
        self.starts = 0

    # What a test does to the world.

    def become(self, key, state, screen=""):
        """The agent's state changes, and its screen with it."""
        session = self.sessions[key]
        session.state, session.screen, session.changed_at = state, screen, self.clock.now()
        session.ready_seen = session.ready_seen or state in READY

    def exits(self, key, status=0):
        """The agent's program ends; its dead pane stays."""
        self.become(key, AgentState.EXITED)
        self.sessions[key].exit_status = status

    def server_dies(self):
        """The whole server is killed, and every session with it."""
        for session in self.sessions.values():
            session.present = False
            session.state = AgentState.EXITED
        self.server += 1

    # The port.

    def observe(self, keys):
        self._ask()
        return {key: self._seen(key) for key in keys}

    def _seen(self, key):
        session = self.sessions.get(key)
        if session is None:
            return SessionObservation(present=False, started=False, state=AgentState.UNKNOWN, evidence="never started")
        shown = session.state in {AgentState.EXITED, AgentState.DIALOG, AgentState.ERROR}
        return SessionObservation(
            present=session.present,
            started=True,
            state=session.state,
            pid=session.pid if session.present else 0,
            exit_status=session.exit_status,
            server_gone=session.server != self.server,
            started_at=session.started_at,
            changed_at=session.changed_at if session.present else None,
            evidence="fake",
            screen=session.screen if shown else "",
            was_ready=session.ready_seen,
            usage=session.usage,
        )

    def usage(self, key):
        session = self.sessions.get(key)
        return session.usage if session is not None else NOTHING_READ

    def start(self, launch):
        self._ask()
        if launch.key in self.sessions:
            return
        self.starts += 1
        now = self.clock.now()
        session = FakeSession(launch, self.server, 1000 + self.starts, self.begin_as, now, now)
        session.ready_seen = self.begin_as in READY
        self.sessions[launch.key] = session
        if launch.first_line and launch.preset.takes_prompt(resuming=bool(launch.resume)):
            session.turns.append(one_line(launch.first_line))
            if launch.first_prompt is not None:
                session.sent[launch.first_prompt] = "submitted"

    def deliver(self, key, preset, prompt, line):  # noqa: ARG002 - the port names it
        self._ask()
        text = one_line(line)
        if why := unsafe(text):
            return f"refused: {why}"
        session = self.sessions.get(key)
        if session is None:
            return "refused: the session was not started"
        if prompt in session.sent:
            return session.sent[prompt]
        if not session.present:
            return "refused: the session has ended"
        if session.state not in AT_PROMPT:
            return f"refused: the agent's state is {session.state}"
        receipt = self.next_receipts.pop(0) if self.next_receipts else "delivered"
        if not receipt.startswith("refused"):
            session.turns.append(text)
            session.sent[prompt] = receipt
        return receipt

    def receipts(self, key):
        session = self.sessions.get(key)
        return dict(session.sent) if session is not None else {}

    def interrupt(self, key):
        self._ask()
        session = self.sessions.get(key)
        if session is None or not session.present:
            return "refused: the session has ended"
        if session.state is not AgentState.WORKING:
            return "refused: no turn is under way"
        self.become(key, AgentState.WAITING)
        return "interrupted"

    def stop(self, key):
        session = self.sessions.get(key)
        if session is not None:
            session.present = False
            session.state = AgentState.EXITED
        self._ask()

    def screen(self, key, history=0):  # noqa: ARG002 - the port names it
        self._ask()
        if key not in self.sessions:
            raise NotFound(
                f"Session {key.session} of run {key.run} has no terminal: it has not started yet, or is over"
            )
        return self.sessions[key].screen

    def attach_argv(self, key):
        self._ask()
        if key not in self.sessions or not self.sessions[key].present:
            raise NotFound(
                f"Session {key.session} of run {key.run} has no terminal: it has not started yet, or is over"
            )
        return ("fake-attach", key.name)

    def written(self, keys):
        return [repr(self.sessions.get(key)) for key in keys]

    def pids(self):
        living = ((key, session) for key, session in self.sessions.items() if session.present)
        return {session.pid: key for key, session in living if session.state is not AgentState.EXITED}

    def close(self):
        self._ask()

    def _ask(self):
        if self.silent:
            raise Unavailable("tmux gave no answer")
