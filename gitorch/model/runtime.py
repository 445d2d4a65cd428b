"""A runtime preset: everything gitorch knows of one agent program, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.permission import Dialog, RequestPattern


class StateSign(Value):
    """A regular expression that tells a state, and the place where it counts.

    `screen`, `tail` (its last 16 lines that are not blank), `title`, `transcript` (its newest line that any sign matches), or
    `processes` (what the agent has started, one command a line; only as a sign of `busy`).
    """

    place: str
    pattern: str


class Preset(Value):
    """How to start, feed and read one agent program.

    `argv` is followed by `begin_argv`, or by `resume_argv` where a conversation is taken up again, by `model_argv` where the lane
    names a model and has no command of its own, and by the first prompt. `first_prompt` is `argument` (added as it is), `option`
    (after `first_option`), `file` (the path of a file that holds it, after `first_option` where there is one), `stdin` or `paste`.
    `resumed_prompt: paste` says that a conversation which is taken up loses it there. `settle_ms` is the pause before the submit key,
    `warm_ms` how long nothing is typed once the program was first seen ready.
    One-shot, `one_shot_argv` takes the place of both: `{prompt}` in it is the prompt, which
    is given on standard input where it has none. `signs` maps a state's name (`ready busy dialog limited error`) to its signs, read in
    the order `dialog limited busy error ready`. `transcript` is a path, relative to the worktree unless it begins with `~`,
    in which a submitted text appears; it may hold `*`, and `{slug}` for the worktree's path with `-` for every character that
    is no letter or digit. `prompts` are the permission prompts that are known,
    `dialogs` what it may ask at its first run, by name (`trust`, `theme`, `login`, `update`, `key`, or another). `empty_input` matches all that stands left of the cursor when nothing was typed. `files` are
    written before the session starts, below its own folder, or below its worktree's where their name begins with `{place}/`.

    In all words, values and files, `{session}` and `{place}` name these two folders (the second is kept when the session is started
    again), `{cwd}` the worktree, `{git_dir}` and `{common_dir}` its git directories, `{conversation}` the conversation's id, `{model}`
    the lane's model, and `{env.NAME}` a variable that `passes` or the lane lets through (`{env.NAME[-20:]}` its
    last 20 characters). What follows a `|` stands for what is empty: `{model|gpt-5}`.
    """

    name: str
    argv: tuple[str, ...]
    version_argv: tuple[str, ...] = ()
    checked_with: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    passes: tuple[str, ...] = ()
    first_prompt: str = "argument"
    first_option: str = ""
    resumed_prompt: str = ""
    submit_key: str = "Enter"
    settle_ms: int = 300
    warm_ms: int = 0
    signs: Mapping[str, tuple[StateSign, ...]] = field(default_factory=dict)
    transcript: str = ""
    begin_argv: tuple[str, ...] = ()
    resume_argv: tuple[str, ...] = ()
    model_argv: tuple[str, ...] = ()
    one_shot_argv: tuple[str, ...] = ()
    install_hint: str = ""
    empty_input: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    permission_requests: tuple[RequestPattern, ...] = ()
    dialogs: Mapping[str, Dialog] = field(default_factory=dict)

    def takes_prompt(self, *, resuming: bool) -> bool:
        """Whether the first prompt goes with the start; else it is pasted like every other."""
        return "paste" not in {self.first_prompt, self.resumed_prompt if resuming else ""}
