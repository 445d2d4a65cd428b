"""A runtime preset: everything gitorch knows of one agent program, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.plans.permission import Dialog, RequestPattern

TERMINAL = "terminal"
"""The name of the last channel."""

CHANNELS = ("acp", "claude", "codex", "opencode")
"""The control channels that a preset may list; each is a module of `gitorch.world.channels`. The terminal is always the last one."""


class StateSign(Value):
    """A regular expression that reveals a state, and where it is matched."""

    place: str
    """`screen`, `tail` (the last 16 rows that are not blank), `title`, `transcript` (the newest line that any sign matches) or `processes` (the commands that the agent started, one a line; only for `busy`)."""
    pattern: str


class Preset(Value):
    """How to start, feed and read one agent program.

    Arguments, environment values and files may contain variables: `{session}` and `{place}` are the session's folder and the
    folder that outlives its restarts, `{cwd}` the worktree, `{git_dir}` and `{common_dir}` its git directories,
    `{git_writable}` the folders of them that the agent writes, as a JSON list, `{conversation}` the conversation's id,
    `{port}` a free port and `{password}` a secret, both new at each start, `{model}` the lane's model, `{env.NAME}` a variable that `passes` or the lane lets through, and `{env.NAME[-20:]}` its
    last 20 characters. `{model|gpt-5}` gives a default for an empty value.
    """

    name: str
    argv: tuple[str, ...]
    """Followed by `begin_argv` or `resume_argv`, by `model_argv`, and by the first prompt."""
    host_argv: tuple[str, ...] = ()
    """A program of gitorch that runs this one as its child. It gets `begin_argv`, `resume_argv` or `one_shot_argv`, then `--` and the program's own words."""
    version_argv: tuple[str, ...] = ()
    checked_with: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    passes: tuple[str, ...] = ()
    first_prompt: str = "argument"
    """`argument`, `option` (after `first_option`), `file` (the path of a file with the prompt, after `first_option` if there is one), `stdin` or `paste`."""
    first_option: str = ""
    resumed_prompt: str = ""
    """`paste` when the program drops a first prompt that it gets together with a conversation to resume."""
    submit_key: str = "Enter"
    settle_ms: int = 300
    """The pause between pasting a text and pressing the submit key."""
    interrupt_keys: tuple[str, ...] = ()
    """The keys that end a turn, pressed with the same pause between them; Escape where there are none."""
    warm_ms: int = 0
    """How long nothing is typed after the program first showed its prompt."""
    signs: Mapping[str, tuple[StateSign, ...]] = field(default_factory=dict)
    """Signs by state (`ready`, `busy`, `dialog`, `limited`, `error`), read in the order dialog, limited, busy, error, ready."""
    transcript: str = ""
    """The file in which a submitted text appears, relative to the worktree unless it begins with `~`. It may contain `*`, and `{slug}` for the worktree's path with `-` for every character that is no letter or digit."""
    usage: str = ""
    """The format in which the program writes down what it used: `claude`, `codex`, `gemini`, `opencode` or `aider`; empty for none."""
    usage_files: tuple[str, ...] = ()
    """The files with it, as absolute patterns or below `~/`, with `{slug}` as in `transcript`."""
    begin_argv: tuple[str, ...] = ()
    resume_argv: tuple[str, ...] = ()
    """Used instead of `begin_argv` when a conversation is resumed."""
    model_argv: tuple[str, ...] = ()
    """Used when the lane names a model and has no command of its own."""
    one_shot_argv: tuple[str, ...] = ()
    """Replaces all of these for a one-shot agent. `{prompt}` in it is the prompt; without it the prompt comes on standard input."""
    server_argv: tuple[str, ...] = ()
    """Words after `argv` with which the program serves its control channel on `{socket}`, beside a program that is no one-shot."""
    client_argv: tuple[str, ...] = ()
    """Takes the place of `argv` for a program with a server beside it."""
    socket_folder: str = ""
    """The folder in which the program makes the socket that `{socket}` is a link to. In a sandbox, each session has one of its own."""
    allow: str = ""
    """How the program's own settings allow one shell command, with `{command}`; the placeholder `{allowed}` in files stands for all that the run allows, each as a JSON string with a comma after it."""
    install_hint: str = ""
    signed_in: tuple[str, ...] = ()
    """Files and variables (`$NAME`) of which one is there once somebody has signed in to the program."""
    sign_in_hint: str = ""
    """The command that signs in; the program itself where it is empty."""
    empty_input: str = ""
    """Matches everything left of the cursor when nothing is typed."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Written before the session starts, below the session's folder, or below `{place}/` when the name begins with it."""
    writable: tuple[str, ...] = ()
    """Files and folders that the program keeps its state in, and must be able to write in a sandbox: `~/.claude`."""
    sandbox_env: Mapping[str, str] = field(default_factory=dict)
    """Further variables in a sandbox only. A value may begin with `~/`."""
    sandbox_copies: Mapping[str, str] = field(default_factory=dict)
    """Files of the program outside its own folders, with the place inside one of them that a newer one is copied to before a start in a sandbox; no place means no copy."""
    sandbox_folders: tuple[str, ...] = ()
    """Folders of the program of which each session in a sandbox has one of its own, because it holds files named by process ids."""
    permission_requests: tuple[RequestPattern, ...] = ()
    channels: tuple[str, ...] = ()
    """The control channels to the program, the most trusted first. Its terminal is the last one and not listed."""
    dialogs: Mapping[str, Dialog] = field(default_factory=dict)
    """Dialogs of the program's first run, by name: `trust`, `theme`, `login`, `update`, `key` or another."""

    def takes_prompt(self, *, resuming: bool) -> bool:
        """Whether the first prompt goes with the start; else it is pasted like every other.

        Some programs take a prompt with a new conversation, but not with one that they resume.
        """
        if self.first_prompt == "paste":
            return False

        return not resuming or self.resumed_prompt != "paste"
