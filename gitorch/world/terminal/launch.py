"""How an agent is started in a pane: its environment from a list, a wrapper that records its process and its end."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.world.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.ports.world import Launch
    from gitorch.world.terminal.template import Template

MINIMAL = ("PATH", "HOME", "LANG", "TZ", "USER", "LOGNAME", "SHELL", "TMPDIR")
"""What every program may expect; `LC_*` passes too. Everything else must be named by the preset or the launch."""

NEVER = ("TMUX", "TMUX_PANE", "TMUX_TMPDIR")
LOG_BYTES = 1_000_000
"""How much output is kept from the beginning, and as much again from the end."""

PROMPT = "prompt"
"""Where in the session's folder a prompt lies that goes in on standard input or as a file."""

SESSION_VARIABLE = "GITORCH_SESSION_KEY"
SIGNALS_VARIABLE = "GITORCH_SIGNALS"

WRAPPER = """\
#!/bin/sh
# Runs one agent in its pane. Signals end the agent, not this wrapper, which has to record how it ended.
trap : HUP INT QUIT TERM
{exports}
folder={folder}
if cd {cwd}; then
  /bin/sh -c '
    read -r stat </proc/$$/stat || stat=
    read -r boot </proc/sys/kernel/random/boot_id || boot=
    printf "%s\\n" "$$" "$stat" "$boot" >"$0/agent.tmp" && mv "$0/agent.tmp" "$0/agent"
    exec "$@"' "$folder" {command}{given}
  status=$?
else
  status=126
fi
printf '%s\\n' "$status" >"$folder/exit.tmp" && mv "$folder/exit.tmp" "$folder/exit"
exit "$status"
"""


def environment(
    launch: Launch, environ: Mapping[str, str], folder: Path, owner: str, template_values: Template
) -> dict[str, str]:
    """All that the agent's process gets: a minimal list, what the preset passes and sets, and what the launch says.

    Nothing of tmux's, nothing of the caller's that nobody named, no other agent's variables.
    """
    named = {name: environ[name] for name in (*MINIMAL, *launch.preset.passes) if name in environ}
    locale = {name: value for name, value in environ.items() if name.startswith("LC_")}
    preset = {name: template_values.fill(value) for name, value in launch.preset.env.items()}
    chosen = {"TERM": "xterm-256color", **locale, **named, **preset, **launch.env}
    chosen |= {SESSION_VARIABLE: owner, SIGNALS_VARIABLE: str(folder / "signals.jsonl")}
    return {
        name: value
        for name, value in chosen.items()
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and name not in NEVER and "\0" not in value
    }


def command(launch: Launch, template_values: Template) -> tuple[str, ...]:
    """The argument vector, with the first prompt where the preset takes one."""
    preset = launch.preset
    words = (*preset.argv, *(preset.resume_argv if launch.resume else preset.begin_argv))
    if launch.one_shot:
        words = (*preset.argv, *preset.begin_argv, *preset.one_shot_argv)
    words = (*words, *(preset.model_argv if launch.model else ()))
    return (*(template_values.fill(word) for word in words), *_prompt(launch, template_values))


def _prompt(launch: Launch, template_values: Template) -> tuple[str, ...]:
    preset = launch.preset
    if not _with_prompt(launch) or preset.first_prompt == "stdin":
        return ()
    option = (preset.first_option,) if preset.first_option and preset.first_prompt in {"option", "file"} else ()
    return (
        *option,
        template_values.fill(f"{{session}}/{PROMPT}") if preset.first_prompt == "file" else launch.first_line,
    )


def _with_prompt(launch: Launch) -> bool:
    """Whether a program that stays is given its prompt as it starts."""
    return bool(launch.first_line) and not launch.one_shot and launch.preset.takes_prompt(resuming=bool(launch.resume))


def by_input(launch: Launch) -> bool:
    """Whether the prompt goes in on standard input: as the preset says, and of a one-shot program where its words have no place for it."""
    if launch.one_shot:
        return not any("{prompt}" in word for word in launch.preset.one_shot_argv)
    return _with_prompt(launch) and launch.preset.first_prompt == "stdin"


def by_file(launch: Launch) -> bool:
    """Whether the prompt goes in as the path of a file that holds it."""
    return _with_prompt(launch) and launch.preset.first_prompt == "file"


def write_files(launch: Launch, folder: Path, template_values: Template) -> None:
    """The preset's files, each anew for the session; those of its place only where the program keeps none there yet."""
    for name, text in launch.preset.files.items():
        kept = name.startswith("{place}/")
        path = Path(template_values.fill(name)) if kept else folder / name
        if not (kept and path.exists()):
            write_whole(path, template_values.fill(text).encode())


def wrapper(argv: Sequence[str], env: Mapping[str, str], cwd: Path, folder: Path, *, given: Path | None = None) -> str:
    """The script that the pane runs, under `env -i`; `given` is a file for its standard input."""
    exports = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in sorted(env.items()))
    return WRAPPER.format(
        exports=exports,
        folder=shlex.quote(str(folder)),
        cwd=shlex.quote(str(cwd)),
        command=shlex.join(argv),
        given="" if given is None else f" <{shlex.quote(str(given))}",
    )


def recorder(folder: Path) -> str:
    """The command that `pipe-pane` feeds: it keeps the first and the last of the output and throws away what lies between."""
    log, last = shlex.quote(str(folder / "output.log")), shlex.quote(str(folder / "output.tail"))
    return f"head -c {LOG_BYTES} >{log}; exec tail -c {LOG_BYTES} >{last}"


def one_line(text: str) -> str:
    """Text as it may be typed: control characters gone, white space of any kind a single blank."""
    kept = (" " if char.isspace() else char for char in text if char.isspace() or not _control(char))
    return " ".join("".join(kept).split())


def _control(char: str) -> bool:
    return ord(char) < 0x20 or 0x7F <= ord(char) <= 0x9F or 0xD800 <= ord(char) <= 0xDFFF


LINE_BYTES_MAX = 500
"""How long a line may be. Programs show a longer paste as a mark, and nobody can see whether the text stands there.

Gemini CLI does so from 501 characters on, the others from about 800.
"""


def unsafe(line: str, bytes_max: int = LINE_BYTES_MAX) -> str:
    """Why a line must not be typed or given as a prompt; empty when it may.

    `/ ! # @` at the beginning are commands in one program or another (`!` runs a shell in four of five), `-` is an option.
    """
    if not line:
        return "the text is empty"
    if line[0] in "/!#@-":
        return f"the text begins with {line[0]!r}, which programs take as a command"
    if len(line.encode()) > bytes_max:
        return f"the text is longer than {bytes_max} bytes; point to a file"
    return ""
