"""A runtime preset: everything gitorch knows of one agent program, as data."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from gitorch.model.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Sign:
    """A regular expression that tells a state. `place` is `screen`, `tail` (last 16 lines that are not blank) or `title`."""

    place: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Preset:
    """How to start, feed and read one agent program.

    `first_prompt` is `argument`, `option` or `paste`; with `argument` the prompt is added to `argv`, with `option` as
    `first_option` followed by it. `signs` maps a state's name (`ready busy dialog limited error`) to its signs, read in
    the order `dialog limited busy error ready`. `transcript` is a path, relative to the worktree unless it begins with `~`,
    in which a submitted text appears; it may hold `*`, and `{slug}` for the worktree's path with `-` for every character that
    is no letter or digit. `model_argv` is added to `argv` for a lane with a model, `{model}` in it or in a lane's own command being
    that model. `empty_input` matches all that stands left of the cursor when nothing was typed. `files` are
    written beside the session's marks before it starts, and `{session}` in `argv` and `env` names that folder.
    """

    name: str
    argv: tuple[str, ...]
    version_argv: tuple[str, ...] = ()
    checked_with: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    passes: tuple[str, ...] = ()
    first_prompt: str = "argument"
    first_option: str = ""
    submit_key: str = "Enter"
    settle_ms: int = 300
    signs: Mapping[str, tuple[Sign, ...]] = field(default_factory=dict)
    transcript: str = ""
    resume_argv: tuple[str, ...] = ()
    one_shot_argv: tuple[str, ...] = ()
    model_argv: tuple[str, ...] = ()
    install_hint: str = ""
    empty_input: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
