"""The world as the app sees it: terminals, git, worktrees, checks, the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from gitorch.model.commands import WorkFacts
    from gitorch.model.ids import CommitId, Moment, PromptId, RunId, SessionId
    from gitorch.model.observed import CheckObservation, SessionObservation
    from gitorch.model.permission import PermissionAnswer
    from gitorch.model.runtime import Preset


class SessionKey(Value):
    """A session across all runs of one repository. `name` is its exact tmux session name."""

    run: RunId
    session: SessionId

    @property
    def name(self) -> str:
        """Only letters, digits, `_` and `-`, whatever the run is called."""
        return f"{self.run}_{self.session}"


class Launch(Value):
    """Everything needed to start one agent. `env` is complete but for what tmux and the preset add.

    `first_line` is the one-line first prompt, and `first_prompt` the text that it stands for; with a preset that
    takes its first prompt as an argument or option, starting the session is what delivers it. `resume` is the conversation
    to take up again. A `one_shot` program gets its prompt with the start, and ends when it has done what it says.
    """

    key: SessionKey
    preset: Preset
    cwd: Path
    env: Mapping[str, str]
    first_line: str
    first_prompt: PromptId | None
    model: str = ""
    resume: str = ""
    one_shot: bool = False


class Terminals(Protocol):
    """Agents in panes of gitorch's own tmux server."""

    def look(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, SessionObservation]:
        """What each of these sessions is doing now; one listing for all. Raises Unavailable when tmux cannot be asked."""
        ...

    def start(self, launch: Launch) -> None:
        """Start the session unless it is there already. Raises Unavailable."""
        ...

    def deliver(self, key: SessionKey, preset: Preset, prompt: PromptId, line: str) -> str:
        """Type one line and submit it, once for each prompt whatever happens in between.

        Answers a graded receipt: `delivered`, `submitted`, `typed`, `unknown`, or `refused: <why>` (it was not submitted;
        call again later, and what stands typed already is not typed twice).
        """
        ...

    def receipts(self, key: SessionKey) -> Mapping[PromptId, str]:
        """The receipts of everything typed into this session so far, from its marks."""
        ...

    def answer(self, key: SessionKey, answer: PermissionAnswer) -> str:
        """Choose an option in the permission prompt that asks exactly this, read again right before the key is pressed.

        Answers `answered`, or `refused: <why>`; what was pressed is in `SessionObservation.answered` from then on.
        """
        ...

    def stop(self, key: SessionKey) -> None:
        """End the whole process tree, then the session; done when nothing of it is left. Harmless when there is none."""
        ...

    def screen(self, key: SessionKey, history: int = 0) -> str:
        """The visible text, with `history` lines before it; of a dead session its kept output. Raises NotFound."""
        ...

    def attach_argv(self, key: SessionKey) -> tuple[str, ...]:
        """The command that shows the session in the caller's terminal. Raises NotFound."""
        ...

    def pids(self) -> Mapping[int, SessionKey]:
        """Process ids of the agents that this repository's marks name, for telling who is calling."""
        ...

    def close(self) -> None:
        """End the tmux server when no session is left on it."""
        ...


class MergeTry(Value):
    """A merge built in memory: the tree, or the paths in conflict."""

    tree: str
    conflicts: tuple[str, ...]


class DiffStat(Value):
    """What lies between two commits."""

    commits: int
    files: int
    added: int
    removed: int
    paths: tuple[str, ...]


class MoveResult(Value):
    """Whether a branch is where it was wanted, and what became of the checkout of it.

    `checkout` is `none` (checked out nowhere), `updated`, or `left`: it holds work of somebody's, so it was not touched
    and now shows the move as changes to undo. `path` is where, and `command` what brings it along, keeping that work.
    `refused` are git's words where the branch is still at its old commit because a hook or git itself said no.
    """

    moved: bool
    checkout: str = "none"
    path: str = ""
    command: str = ""
    refused: str = ""


class PushRef(Value):
    """One branch of a push: `new` goes to `ref` of the remote, if it holds `expected` there (None: is not there yet)."""

    ref: str
    new: CommitId
    expected: CommitId | None


class Git(Protocol):
    """The git command line, for everything but the ledger. Full ids and `--` always; never touches a user's checkout."""

    def resolve(self, name: str) -> CommitId | None:
        """The commit of a local branch, by its short name, or of a full id."""
        ...

    def heads(self, refs: Sequence[str]) -> Mapping[str, CommitId]:
        """The commits of these full ref names; those that do not exist are left out. Raises Unavailable."""
        ...

    def tag(self, name: str) -> CommitId | None:
        """The commit of a tag, by its short name; None where there is no such tag, or it names no commit."""
        ...

    def is_ledger(self, commit: CommitId) -> bool:
        """Whether a commit looks like a record of a ledger: its message ends in the trailers of one."""
        ...

    def branches(self) -> tuple[str, ...]:
        """The short names of all local branches but gitorch's own, sorted; empty where git is silent."""
        ...

    def current(self) -> str:
        """The short name of the branch that is checked out in the main checkout; empty with a detached HEAD."""
        ...

    def setting(self, name: str) -> str:
        """A value of git's configuration; empty where it is not set."""
        ...

    def behind_remote(self, branch: str) -> int:
        """How many commits of its upstream, or else of `origin`'s branch of that name, the branch lacks; 0 without one."""
        ...

    def facts(self, worktree: Path, base: CommitId, expected: Sequence[str] = ()) -> WorkFacts:
        """What a handoff needs to know of a worktree."""
        ...

    def draft(self, worktree: Path, message: str, author: str, at: Moment) -> CommitId | None:
        """A commit of everything that stands in the worktree, on top of its branch but not yet part of it.

        The branch's head where nothing differs from it; None where there is no branch. `author` is a name with its address.
        """
        ...

    def facts_of(self, draft: CommitId, base: CommitId, expected: Sequence[str] = ()) -> WorkFacts:
        """What a handoff would know if this commit were the head of its branch."""
        ...

    def adopt(self, worktree: Path, draft: CommitId) -> None:
        """Make a draft part of the worktree's branch; the files stay as they are. Raises Failed where the branch has moved."""
        ...

    def stat(self, base: CommitId, head: CommitId) -> DiffStat:
        """What `head` has beyond its merge base with `base`."""
        ...

    def try_merge(self, ours: CommitId, theirs: CommitId) -> MergeTry:
        """Merge two commits in memory, touching no checkout."""
        ...

    def commit_merge(self, tree: str, parents: Sequence[CommitId], message: str, at: Moment) -> CommitId:
        """A merge commit; the same arguments give the same commit."""
        ...

    def tree(self, commit: CommitId) -> str:
        """The tree of a commit."""
        ...

    def contains(self, ancestor: CommitId, descendant: CommitId) -> bool:
        """Whether one commit is in the history of the other."""
        ...

    def move(self, branch: str, new: CommitId, old: CommitId, why: str = "merge") -> MoveResult:
        """Move a branch by compare-and-swap; nothing moves when it is neither at `old` nor, from an earlier try, at `new`.

        A clean checkout of it is brought along; one with uncommitted work is left exactly as it is, and named. The
        repository's `reference-transaction` hook is asked, as it is when a user merges. `why` is for the reflog.
        """
        ...

    def has(self, commit: CommitId) -> bool:
        """Whether this commit is in the repository."""
        ...

    def commits_since(self, base: CommitId, head: CommitId) -> tuple[CommitId, ...]:
        """Every commit of `head` that `base` does not have, newest first; empty where one of them is not here."""
        ...

    def subjects(self, base: CommitId, head: CommitId) -> tuple[str, ...]:
        """Short id and subject of each commit after `base` up to `head`, oldest first."""
        ...

    def graph(self, branch: str, most: int) -> str:
        """The newest commits of a branch as git draws them, one a line."""
        ...

    def file_at(self, commit: CommitId, path: str) -> bytes | None:
        """The bytes of a file at that commit; None where there is none, also for a folder or a path that leaves the tree."""
        ...

    def pack(self, loose_min: int) -> bool:
        """Gather loose objects into a pack where there are about that many, and answer whether; nothing is ever lost by it."""
        ...

    def user_name(self) -> str:
        """`user.name` of the repository, or the login name."""
        ...


class Remotes(Protocol):
    """Other repositories that this one knows by name."""

    def names(self) -> tuple[str, ...]:
        """All of them."""
        ...

    def heads(self, remote: str, refs: Sequence[str]) -> Mapping[str, CommitId]:
        """What the remote holds now under these full ref names; those it does not have are left out. Raises Unavailable."""
        ...

    def fetch(self, remote: str, ref: str) -> None:
        """Bring what the remote holds under this ref; no branch and no tracking ref of the user's moves. Raises Unavailable."""
        ...

    def push(self, remote: str, refs: Sequence[PushRef]) -> str:
        """Push all of these or none, each only from where it is expected; empty when done, else why not, in git's words.

        The repository's `pre-push` hook is asked. Raises Unavailable where the remote gives no answer in time.
        """
        ...


class WorktreeEntry(Value):
    """One linked worktree: its branch (empty when detached), its commit, and how many paths in it are not committed."""

    path: Path
    branch: str
    head: CommitId
    uncommitted: int


class Worktrees(Protocol):
    """Linked worktrees below one folder outside the repository."""

    def ensure(self, path: Path, commit: CommitId, branch: str | None, *, shared: bool = False) -> None:
        """Make the worktree unless it is there: on a new or existing branch of ours, or detached. Raises Failed, Unavailable.

        A `shared` one that is there on another branch is brought to this one, and what nobody committed there is kept.
        """
        ...

    def remove(self, path: Path, force: bool = False) -> str:
        """Remove it; answers why not where it holds uncommitted work and `force` is false, else an empty string."""
        ...

    def below(self, folder: Path) -> tuple[WorktreeEntry, ...]:
        """The worktrees that lie below a folder, by path. Raises Unavailable."""
        ...

    def delete_branch(self, branch: str) -> None:
        """Delete a work branch of gitorch's."""
        ...

    def tidy(self, folder: Path) -> None:
        """Forget worktrees whose folders are gone, and remove this folder, and those above it that we made, when empty."""
        ...


class Checks(Protocol):
    """Runs of the project's test command, each at one commit, outliving the process that began them."""

    def look(self, commit: CommitId, command: str) -> CheckObservation:
        """Where the run of this command at this commit stands; one whose process died without a result is absent again."""
        ...

    def log(self, commit: CommitId, command: str) -> bytes:
        """The kept output of a finished run; empty where there is none."""
        ...

    def start(self, commit: CommitId, command: str, wait_seconds: int, worktree: Path) -> None:
        """Begin a run on a clean checkout unless one is there."""
        ...

    def clear(self, under: Path) -> None:
        """End what runs in checkouts below a folder, and forget those checkouts and their results; others go on."""
        ...


class Programs(Protocol):
    """Programs of this machine, to find and to ask for their version."""

    def find(self, name: str) -> str:
        """Where a program is on the caller's PATH; empty where there is none."""
        ...

    def said(self, argv: Sequence[str], wait_seconds: float = 10.0) -> str:
        """The first line that a short command prints; empty where it fails or takes too long."""
        ...

    def tmux_is_at_least(self, version: str) -> bool:
        """Whether tmux answers and is of this version or later; releases, candidates and development builds are understood."""
        ...

    def ran(self, command: str, folder: Path, wait_seconds: float) -> tuple[int, str]:
        """Exit status and output of a shell command. Raises Unavailable where it takes too long."""
        ...


class Secrets(Protocol):
    """Chance, and what must not be guessed."""

    def token(self, key: SessionKey) -> str:
        """The token of a session: the same each time it is asked for on this host, unguessable elsewhere."""
        ...

    def nonce(self) -> str:
        """A fresh random word."""
        ...


class Signatures(Protocol):
    """Signatures that a human makes with a key of their own."""

    def sign(self, text: str, key: str, namespace: str) -> str:
        """The signature of this text with the key that git's `user.signingKey` names. Raises Failed, Unavailable."""
        ...

    def signer(self, text: str, signature: str, allowed: str, namespace: str) -> str:
        """The name that the allowed signers give the key that signed exactly this text; empty where none of them did."""
        ...


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> Moment:
        """This moment."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
