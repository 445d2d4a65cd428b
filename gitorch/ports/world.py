"""The world as the app sees it: terminals, checks, programs, secrets, the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from gitorch.model.ids import CommitId, Moment, PromptId
    from gitorch.model.observed import CheckObservation, SessionObservation, SetupObservation
    from gitorch.model.plans.approval import SigningKey
    from gitorch.model.plans.permission import PermissionAnswer
    from gitorch.model.plans.preparation import Preparation
    from gitorch.model.plans.runtime import Preset
    from gitorch.model.work.session import SessionKey
    from gitorch.model.work.usage import UsageReading


class LaunchSandbox(Value):
    """What an agent that is held by a sandbox may still do."""

    branch: str
    """The branch that it commits to, without `refs/heads/`; empty for one that only reads."""
    commit: CommitId | None
    """The commit of the branch."""
    network: bool
    writable: tuple[str, ...]
    """Files and folders besides its worktree and its program's own."""


class Launch(Value):
    """Everything needed to start one agent."""

    key: SessionKey
    preset: Preset
    cwd: Path
    env: Mapping[str, str]
    """The agent's environment, without what tmux and the preset add."""
    first_line: str
    """The first prompt as one line. Starting the session delivers it where the preset takes it as an argument or an option."""
    first_prompt: PromptId | None
    """The prompt that `first_line` stands for."""
    model: str = ""
    resume: str = ""
    """The conversation to resume; empty for a new one."""
    one_shot: bool = False
    """Whether the program gets its prompt as it starts, and ends when it has done the work."""
    sandbox: LaunchSandbox | None = None
    allowed: tuple[str, ...] = ()
    """Shell commands that the program may run without a question."""


class Terminals(Protocol):
    """Agents in panes of gitorch's own tmux server."""

    def observe(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, SessionObservation]:
        """What each of these sessions is doing now, from one listing for all. Raises Unavailable when tmux cannot be asked."""
        ...

    def written(self, keys: Collection[SessionKey]) -> object:
        """Equal for two moments only where none of these sessions wrote anything or ended between them; far cheaper than `observe`."""
        ...

    def usage(self, key: SessionKey) -> UsageReading:
        """What a session has used from its start until now, whether it still runs or not. Empty where its program says nothing."""
        ...

    def start(self, launch: Launch) -> None:
        """Start the session unless it runs, or ran before. Raises Refused for a prompt that must not be typed, Busy, Unavailable."""
        ...

    def deliver(self, key: SessionKey, preset: Preset, prompt: PromptId, line: str) -> str:
        """Give the program one text by its best channel, once for each prompt, even when a process is killed in between.

        Returns a receipt of `model.channel.ReceiptGrade`, or `refused: <reason>`. A refused text was not submitted: call again
        later, and a text that stands typed already is not typed twice. Of a text that has to be typed, only one line can be.
        """
        ...

    def receipts(self, key: SessionKey) -> Mapping[PromptId, str]:
        """The receipts of everything typed into this session so far, from its files."""
        ...

    def answer(self, key: SessionKey, answer: PermissionAnswer) -> str:
        """Choose an option in the permission request that asks exactly this. It is read again right before the key.

        Returns `answered` or `refused: <reason>`. Raises Unavailable where no key gives this answer.
        After `answered`, `SessionObservation.answered` has the answer.
        """
        ...

    def interrupt(self, key: SessionKey) -> str:
        """End the turn under way, so that the program waits for its next prompt; `interrupted` or `refused: <reason>`."""
        ...

    def stop(self, key: SessionKey) -> None:
        """End the whole process tree, then the session; harmless when there is none. Raises Failed when something survives, Unavailable."""
        ...

    def screen(self, key: SessionKey, history: int = 0) -> str:
        """The visible text, with `history` lines before it; of a session that ended its kept output. Raises NotFound."""
        ...

    def attach_argv(self, key: SessionKey) -> tuple[str, ...]:
        """The command that shows the session in the caller's terminal. Raises NotFound."""
        ...

    def pids(self) -> Mapping[int, SessionKey]:
        """The process ids of living agents. They identify a caller."""
        ...

    def close(self) -> None:
        """End the tmux server when no session is left on it."""
        ...


class Checks(Protocol):
    """Runs of the project's test command, each at one commit. A run ends with the process that started it."""

    def observe(self, commit: CommitId, command: str) -> CheckObservation:
        """The state of this command's run at this commit; one that ended without a result is absent again."""
        ...

    def log(self, commit: CommitId, command: str) -> bytes:
        """The kept output of a finished run; empty when there is none."""
        ...

    def start(
        self,
        commit: CommitId,
        command: str,
        wait_seconds: int,
        worktree: Path,
        preparation: Preparation | None = None,
    ) -> None:
        """Begin a run on a clean checkout, which is set up first, unless one is running or finished.

        A checkout that cannot be set up gives the outcome `not-set-up`, and the command is not run.
        """
        ...

    def forget(self, commit: CommitId, command: str) -> None:
        """Forget a result, so that the next `start` runs the command again. Nothing while it runs."""
        ...

    def clear(self, under: Path) -> None:
        """End the runs in checkouts below a folder, and forget them with their checkouts and results; others go on."""
        ...


class Setups(Protocol):
    """Makes worktrees ready for work: copies and links files, runs a command. A run ends with the process that started it."""

    def observe(self, worktree: Path, preparation: Preparation) -> SetupObservation:
        """Whether this worktree was set up in this way. It stays set up until it is removed."""
        ...

    def start(self, worktree: Path, preparation: Preparation) -> None:
        """Begin to set up a worktree that exists, unless that is under way, done, or has failed."""
        ...

    def log(self, worktree: Path) -> bytes:
        """What a set-up that failed printed; empty when there is nothing."""
        ...

    def forget(self, worktree: Path) -> None:
        """Forget a failure, so that the next `start` tries again."""
        ...

    def variables(self, worktree: Path) -> Mapping[str, str]:
        """The variables that give programs in a worktree a name and ports of their own: GITORCH_NAME, GITORCH_PORT, GITORCH_PORTS."""
        ...

    def clear(self, under: Path) -> None:
        """End what sets up worktrees below a folder, and forget them."""
        ...


class Programs(Protocol):
    """Programs of this machine, to find and to ask for their version."""

    def find(self, name: str) -> str:
        """The path of a program on the caller's PATH; empty when there is none."""
        ...

    def first_line(self, argv: Sequence[str], wait_seconds: float = 10.0) -> str:
        """The first line that a short command prints; empty when it fails or exceeds `wait_seconds`."""
        ...

    def first_lines(
        self, commands: Collection[tuple[str, ...]], wait_seconds: float = 2.0
    ) -> Mapping[tuple[str, ...], str]:
        """The same for several commands, each asked once and all side by side, so that they take as long as the slowest."""
        ...

    def first_present(self, names: Sequence[str]) -> str:
        """The first of these that is there: a file by its path, which may begin with `~/`, or a variable by `$NAME`; else empty."""
        ...

    def sandbox_fault(self) -> str:
        """Why no sandbox for agents can be made on this machine; empty when one can."""
        ...

    def tmux_is_at_least(self, version: str) -> bool:
        """Whether tmux answers and is of this version or later, releases, candidates and development builds alike."""
        ...

    def run_shell(self, command: str, folder: Path, wait_seconds: float) -> tuple[int, str]:
        """Exit status and output of a shell command. Raises Unavailable when it takes too long."""
        ...

    def run_shell_lately(self, command: str, folder: Path, wait_seconds: float) -> tuple[int, str]:
        """The same, from an answer that is at most a minute old, for a loop that asks again and again. Raises Unavailable."""
        ...


class Secrets(Protocol):
    """Random values that nobody can guess."""

    def token(self, key: SessionKey) -> str:
        """The token of a session: the same on every call on this host, unguessable elsewhere."""
        ...

    def nonce(self) -> str:
        """A new random word."""
        ...


class Signatures(Protocol):
    """Signatures that people make with their own keys."""

    def sign(self, text: str, key: str, namespace: str) -> str:
        """The signature of this text with a key of the user's own.

        Raises Denied for a key that only an ssh-agent holds, Failed, NotFound, Unavailable.
        """
        ...

    def own_keys(self, named: str) -> tuple[SigningKey, ...]:
        """The keys that this person could sign with: the one that git names, if any, then the one that gitorch made."""
        ...

    def read_key(self, named: str) -> SigningKey:
        """The key in a file, or the public key itself. Raises NotFound, Unavailable."""
        ...

    def make_key(self, comment: str) -> SigningKey:
        """Make a key for approvals, with a passphrase typed at the terminal. Raises Refused, Failed, Unavailable."""
        ...

    def signer(self, text: str, signature: str, allowed: str, namespace: str) -> str:
        """The allowed signer whose key signed exactly this text; empty when none of them did."""
        ...

    def was_touched(self, signature: str) -> bool:
        """Whether somebody touched the security key that made a valid signature. True for every other kind of key."""
        ...

    def forge_signer(self, text: str, signature: str, keys: str) -> str:
        """Whose key signed exactly this text as git signs commits; empty when none of these keys did. Raises Unavailable."""
        ...


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> Moment:
        """The current time."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
