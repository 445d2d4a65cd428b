"""The world as the app sees it: terminals, git, worktrees, checks, the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from gitorch.model.approval import SigningKey
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


class Terminals(Protocol):
    """Agents in panes of gitorch's own tmux server."""

    def observe(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, SessionObservation]:
        """What each of these sessions is doing now, from one listing for all. Raises Unavailable when tmux cannot be asked."""
        ...

    def start(self, launch: Launch) -> None:
        """Start the session unless it runs, or ran before. Raises Refused for a prompt that must not be typed, Busy, Unavailable."""
        ...

    def deliver(self, key: SessionKey, preset: Preset, prompt: PromptId, line: str) -> str:
        """Type one line and submit it, once for each prompt, even when a process is killed in between.

        Returns a graded receipt: `delivered`, `submitted`, `typed`, `unknown`, or `refused: <reason>`. A refused text was not
        submitted: call again later, and a text that stands typed already is not typed twice.
        """
        ...

    def receipts(self, key: SessionKey) -> Mapping[PromptId, str]:
        """The receipts of everything typed into this session so far, from its files."""
        ...

    def answer(self, key: SessionKey, answer: PermissionAnswer) -> str:
        """Choose an option in the permission request that asks exactly this. It is read again right before the key.

        Returns `answered` or `refused: <reason>`. From then on `SessionObservation.answered` has the answer.
        """
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


class MergeTry(Value):
    """The result of a merge in memory."""

    tree: str
    """The merged tree, with conflict markers when there are conflicts."""
    conflicts: tuple[str, ...]
    """The paths in conflict; empty when the merge is clean."""


class DiffStat(Value):
    """The size of the change between two commits."""

    commits: int
    files: int
    added: int
    """Lines added; binary files count none."""
    removed: int
    """Lines removed; binary files count none."""
    paths: tuple[str, ...]


class MoveResult(Value):
    """The result of moving a branch."""

    moved: bool
    """Whether the branch is at the new commit."""
    checkout: str = "none"
    """`none` (no worktree has it checked out), `updated`, or `left`: the checkout holds work and was not touched."""
    path: str = ""
    """The path of the checkout."""
    command: str = ""
    """The command that updates a checkout that was left, and keeps the work in it."""
    refused: str = ""
    """Git's message when a hook or git itself refused the move."""


class PushRef(Value):
    """One branch of a push."""

    ref: str
    """Its full name on the remote."""
    new: CommitId
    expected: CommitId | None
    """The commit that the remote must hold there before the push; None when the ref must not exist yet."""


class Git(Protocol):
    """The git command line, for everything but the ledger. Commits are full ids; a user's checkout is never touched."""

    def resolve(self, name: str) -> CommitId | None:
        """The commit of a local branch, by its short name, or of a full id; None when there is no such commit."""
        ...

    def heads(self, refs: Sequence[str]) -> Mapping[str, CommitId]:
        """The commits of these full ref names, without those that do not exist. Raises Unavailable."""
        ...

    def tag(self, name: str) -> CommitId | None:
        """The commit of a tag, by its short name; None when there is no such tag, or it names no commit."""
        ...

    def is_ledger(self, commit: CommitId) -> bool:
        """Whether a commit looks like a ledger record: its message ends in the trailers of one."""
        ...

    def branches(self) -> tuple[str, ...]:
        """The short names of all local branches except gitorch's own, sorted; empty when git fails."""
        ...

    def current(self) -> str:
        """The short name of the branch that the main checkout is on; empty with a detached HEAD."""
        ...

    def setting(self, name: str) -> str:
        """A value of git's configuration; empty when it is not set."""
        ...

    def settings_snapshot(self) -> Mapping[str, str]:
        """The digests of the settings, hooks and attributes that could make git run a program, by their names."""
        ...

    def changed_settings(self) -> tuple[str, ...]:
        """The names of settings, hooks and attributes that changed since the open runs began, sorted."""
        ...

    def behind_remote(self, branch: str) -> int:
        """How many commits of its upstream the branch lacks, or of `origin`'s branch of that name; 0 without either."""
        ...

    def facts(self, worktree: Path, base: CommitId, expected: Sequence[str] = ()) -> WorkFacts:
        """What the rules need to know of a worktree to accept a handoff."""
        ...

    def draft(self, worktree: Path, message: str, author: str, at: Moment) -> CommitId | None:
        """A commit of all files in the worktree on top of its head, on no branch; the head itself when nothing differs.

        None when the worktree is on no branch. `author` is a name with an address, `Ann <a@b.c>`.
        """
        ...

    def facts_of(self, draft: CommitId, base: CommitId, expected: Sequence[str] = ()) -> WorkFacts:
        """The facts of a handoff if this commit were the head of its branch."""
        ...

    def adopt(self, worktree: Path, draft: CommitId) -> None:
        """Make a draft the head of the worktree's branch; files stay as they are. Raises Failed when the branch moved."""
        ...

    def stat(self, base: CommitId, head: CommitId) -> DiffStat:
        """What `head` adds to its merge base with `base`."""
        ...

    def try_merge(self, ours: CommitId, theirs: CommitId) -> MergeTry:
        """Merge two commits in memory; no checkout changes."""
        ...

    def commit_merge(self, tree: str, parents: Sequence[CommitId], message: str, at: Moment) -> CommitId:
        """A merge commit; the same arguments always give the same commit."""
        ...

    def tree(self, commit: CommitId) -> str:
        """The id of a commit's tree."""
        ...

    def contains(self, ancestor: CommitId, descendant: CommitId) -> bool:
        """Whether one commit is in the history of the other."""
        ...

    def move(self, branch: str, new: CommitId, old: CommitId, why: str = "merge") -> MoveResult:
        """Move a branch by compare-and-swap. Nothing moves unless it is at `old`, or at `new` from an earlier try.

        A clean checkout of it is updated; one with uncommitted work stays as it is, and the result names it. The
        repository's `reference-transaction` hook runs, as it does when a user merges. `why` goes to the reflog.
        """
        ...

    def has(self, commit: CommitId) -> bool:
        """Whether the repository has this commit."""
        ...

    def commits_since(self, base: CommitId, head: CommitId) -> tuple[CommitId, ...]:
        """Every commit of `head` that `base` does not have, newest first; empty when the repository lacks one of them."""
        ...

    def subjects(self, base: CommitId, head: CommitId) -> tuple[str, ...]:
        """Short id and subject of each commit after `base` up to `head`, oldest first."""
        ...

    def graph(self, branch: str, most: int) -> str:
        """The newest commits of a branch as `git log --graph` draws them, one per line."""
        ...

    def file_at(self, commit: CommitId, path: str) -> bytes | None:
        """The bytes of a file at that commit; None when there is none, or the path names a folder or leaves the tree."""
        ...

    def pack(self, loose_min: int) -> bool:
        """Let git pack loose objects when there are at least about `loose_min`; returns whether it did. Loses nothing."""
        ...

    def user_name(self) -> str:
        """`user.name` of the repository, or the login name."""
        ...


class Remotes(Protocol):
    """The repository's remotes, by name."""

    def names(self) -> tuple[str, ...]:
        """The names of all remotes."""
        ...

    def heads(self, remote: str, refs: Sequence[str]) -> Mapping[str, CommitId]:
        """The remote's commits under these full ref names, without those it does not have. Raises Unavailable."""
        ...

    def fetch(self, remote: str, ref: str) -> None:
        """Fetch what the remote holds under this ref; no branch or tracking ref of the user's moves. Raises Unavailable."""
        ...

    def push(self, remote: str, refs: Sequence[PushRef]) -> str:
        """Push all of these refs or none, each only over its expected value; returns git's reason when it did not.

        The result is empty after a successful push. The repository's `pre-push` hook runs. Raises Unavailable when the
        remote gives no answer in time.
        """
        ...


class WorktreeEntry(Value):
    """One linked worktree."""

    path: Path
    branch: str
    """The short name of its branch; empty with a detached HEAD."""
    head: CommitId
    uncommitted: int
    """How many paths have changes that no commit holds."""


class Worktrees(Protocol):
    """Linked worktrees below one folder outside the repository."""

    def ensure(self, path: Path, commit: CommitId, branch: str | None, *, shared: bool = False) -> None:
        """Create the worktree unless it exists: on a new or existing branch of ours, or detached. Raises Failed, Unavailable.

        A `shared` worktree on another branch switches to this one; uncommitted work in it goes to a branch of its own.
        """
        ...

    def take_commits(self, session: SessionKey, branch: str) -> CommitId | None:
        """Bring a work branch up to what an agent in a sandbox committed; the new commit, None where there is none.

        Raises Failed for commits that git does not accept, Busy, Unavailable.
        """
        ...

    def remove(self, path: Path, force: bool = False) -> str:
        """Remove the worktree and return an empty string.

        Without `force`, a worktree with work that exists nowhere else stays, and the result says why.
        """
        ...

    def below(self, folder: Path) -> tuple[WorktreeEntry, ...]:
        """The worktrees below a folder, sorted by path. Raises Unavailable."""
        ...

    def delete_branch(self, branch: str) -> None:
        """Delete one of gitorch's work branches. Raises Failed while it is checked out, Refused for any other branch."""
        ...

    def tidy(self, folder: Path) -> None:
        """Unregister missing worktrees below this folder, then remove it, and folders above it that we made, when empty."""
        ...


class Checks(Protocol):
    """Runs of the project's test command, each at one commit. A run ends with the process that started it."""

    def observe(self, commit: CommitId, command: str) -> CheckObservation:
        """The state of this command's run at this commit; one that ended without a result is absent again."""
        ...

    def log(self, commit: CommitId, command: str) -> bytes:
        """The kept output of a finished run; empty when there is none."""
        ...

    def any_running(self) -> bool:
        """Whether a run that this process started goes on, and would end with it."""
        ...

    def start(self, commit: CommitId, command: str, wait_seconds: int, worktree: Path) -> None:
        """Begin a run on a clean checkout unless one is running or finished."""
        ...

    def clear(self, under: Path) -> None:
        """End the runs in checkouts below a folder, and forget them with their checkouts and results; others go on."""
        ...


class Programs(Protocol):
    """Programs of this machine, to find and to ask for their version."""

    def find(self, name: str) -> str:
        """The path of a program on the caller's PATH; empty when there is none."""
        ...

    def first_line(self, argv: Sequence[str], wait_seconds: float = 10.0) -> str:
        """The first line that a short command prints; empty when it fails or exceeds `wait_seconds`."""
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


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> Moment:
        """The current time."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
