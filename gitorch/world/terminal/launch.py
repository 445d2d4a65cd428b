"""The start of an agent in a pane: its environment from a list, and a wrapper that records its process and its end."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import gitorch
from gitorch.model.counts import counted
from gitorch.text.secret_signs import SIGNS
from gitorch.world import companion
from gitorch.world.files import write_own
from gitorch.world.git.runner import USER_VARIABLES
from gitorch.world.safe_writing import write_inside
from gitorch.world.terminal.session_files import LOG_BYTES
from gitorch.world.terminal.session_pane import SESSION_VARIABLE
from gitorch.world.terminal.template import from_home

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.model.plans.runtime import Preset
    from gitorch.ports.world import Launch
    from gitorch.world.terminal.template import Template

MINIMAL = ("PATH", "HOME", "LANG", "TZ", "USER", "LOGNAME", "SHELL", "TMPDIR")
"""Variables that every program may expect.

`LC_*` and the variables of git that say who the user is pass too: an agent commits as the user would.
The preset or the launch must name every other one.
"""

NEVER = ("TMUX", "TMUX_PANE", "TMUX_TMPDIR")

KEPT_OUTPUT = "gitorch.world.kept_output"
"""The module that takes secrets out of kept output."""

PROMPT = "prompt"
"""The file in the session's folder that holds a prompt for standard input, or one that is passed by its path."""

PLACE = "{place}"
"""Where a program keeps its own files of one worktree, and may write them."""

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
    exec "$@"' "$folder" {command}{prompt_input}
  status=$?
else
  status=126
fi
printf '%s\\n' "$status" >"$folder/exit.tmp" && mv "$folder/exit.tmp" "$folder/exit"
exit "$status"
"""


def environment(
    launch: Launch, environ: Mapping[str, str], folder: Path, owner: str, template: Template
) -> dict[str, str]:
    """The whole environment of the agent's process: a minimal list, what the preset passes and sets, what the launch sets.

    It contains no variables of tmux or of other agents, and only the listed ones of the caller.
    """
    chosen = _passed_variables(launch, environ, template)
    if launch.sandbox is not None:
        for name, value in launch.preset.sandbox_env.items():
            chosen[name] = str(from_home(template.fill(value), environ))

    chosen |= launch.env
    chosen |= {SESSION_VARIABLE: owner, SIGNALS_VARIABLE: str(folder / "signals.jsonl")}
    return {name: value for name, value in chosen.items() if _may_export(name, value)}


def _passed_variables(launch: Launch, environ: Mapping[str, str], template: Template) -> dict[str, str]:
    """The variables that the caller passes on, and those that the preset sets."""
    chosen = {"TERM": "xterm-256color"}
    passed = {*MINIMAL, *USER_VARIABLES, *launch.preset.passes}
    for name, value in environ.items():
        if name in passed or name.startswith("LC_"):
            chosen[name] = value

    for name, value in launch.preset.env.items():
        chosen[name] = template.fill(value)

    return chosen


def _may_export(name: str, value: str) -> bool:
    """Whether a shell can export this variable, and an agent may have it."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        return False

    if name in NEVER:
        return False

    return "\0" not in value


def command(launch: Launch, template: Template) -> tuple[str, ...]:
    """The argument vector. It contains the first prompt if the preset passes that on the command line."""
    preset = launch.preset
    words = _program_arguments(launch, preset)
    if launch.model:
        words += preset.model_argv

    program = (*(template.fill(word) for word in words), *_prompt_arguments(launch, template))
    if not has_server(launch):
        return program

    server = [template.fill(word) for word in (*preset.argv, *preset.server_argv)]
    client = [template.fill(word) for word in preset.client_argv]
    beside = (sys.executable, "-I", "-S", companion.__file__, template.fill("{socket}"), str(len(preset.argv)))
    return (*beside, *server, "--", *client, "--", *program)


def has_server(launch: Launch) -> bool:
    """Whether a server of the program runs beside it, for its control channel."""
    return bool(launch.preset.server_argv) and not launch.one_shot


def _program_arguments(launch: Launch, preset: Preset) -> list[str]:
    """The words before those for the model and the prompt. A host stands before the program, with the words that it gets itself."""
    if preset.host_argv:
        return [*preset.host_argv, *_kind_of_start(launch, preset), "--", *preset.argv]

    return [*preset.argv, *_kind_of_start(launch, preset)]


def _kind_of_start(launch: Launch, preset: Preset) -> list[str]:
    """The arguments of a one-shot start, of a conversation that is resumed, or of a new one."""
    if launch.one_shot:
        return [*preset.begin_argv, *preset.one_shot_argv]

    if launch.resume:
        return [*preset.resume_argv]

    return [*preset.begin_argv]


def _prompt_arguments(launch: Launch, template: Template) -> list[str]:
    """The arguments that carry the first prompt; empty where it goes another way."""
    preset = launch.preset
    if not _starts_with_prompt(launch):
        return []

    match preset.first_prompt:
        case "stdin":
            return []
        case "file":
            value = template.fill(f"{{session}}/{PROMPT}")
            takes_option = True
        case "option":
            value = launch.first_line
            takes_option = True
        case _:
            value = launch.first_line
            takes_option = False

    return _with_option(takes_option, preset, value)


def _with_option(takes_option: bool, preset: Preset, value: str) -> list[str]:
    """The value, behind the preset's option where it takes one."""
    if takes_option and preset.first_option:
        return [preset.first_option, value]

    return [value]


def _starts_with_prompt(launch: Launch) -> bool:
    """Whether a program that stays gets its prompt as it starts."""
    if launch.one_shot or not launch.first_line:
        return False

    return launch.preset.takes_prompt(resuming=bool(launch.resume))


def by_input(launch: Launch) -> bool:
    """Whether the prompt goes to standard input: the preset says so, or a one-shot program's arguments have no place for it."""
    if launch.one_shot:
        return not _names_prompt(launch.preset.one_shot_argv)

    if not _starts_with_prompt(launch):
        return False

    return launch.preset.first_prompt == "stdin"


def _names_prompt(words: Sequence[str]) -> bool:
    """Whether one of the words has a place for the prompt."""
    for word in words:
        if "{prompt}" in word:
            return True

    return False


def by_file(launch: Launch) -> bool:
    """Whether the prompt is passed as the path of a file that holds it."""
    if not _starts_with_prompt(launch):
        return False

    return launch.preset.first_prompt == "file"


def delivers_prompt(launch: Launch) -> bool:
    """Whether starting the session delivers its first prompt."""
    if not launch.first_line:
        return False

    if launch.one_shot:
        return True

    return launch.preset.takes_prompt(resuming=bool(launch.resume))


def names_conversation(launch: Launch) -> bool:
    """Whether the program's arguments name the conversation, so that its hooks need not report it."""
    if launch.resume:
        return True

    for word in launch.preset.begin_argv:
        if "{conversation}" in word:
            return True

    return False


def write_files(launch: Launch, folder: Path, template: Template) -> None:
    """Write the preset's files, anew for each session; those below `{place}/` only where the program keeps none there yet.

    The agent may write to its place, so that no link there is followed. Raises OSError.
    """
    for name, text in launch.preset.files.items():
        data = os.fsencode(template.fill(text))
        if not name.startswith(f"{PLACE}/"):
            write_own(folder / name, data)
            continue

        path = Path(template.fill(name))
        if not path.exists():
            write_inside(Path(template.fill(PLACE)), path, data)


def wrapper(
    argv: Sequence[str], env: Mapping[str, str], cwd: Path, folder: Path, *, prompt_file: Path | None = None
) -> str:
    """The script that the pane runs, under `env -i`; `prompt_file` becomes its standard input."""
    exports = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in sorted(env.items()))
    prompt_input = ""
    if prompt_file is not None:
        prompt_input = f" <{shlex.quote(str(prompt_file))}"

    return WRAPPER.format(
        exports=exports,
        folder=shlex.quote(str(folder)),
        cwd=shlex.quote(str(cwd)),
        command=shlex.join(argv),
        prompt_input=prompt_input,
    )


def recorder(folder: Path) -> str:
    """The command for `pipe-pane`: it keeps the first and the last of the output, and takes secrets out at the end.

    Python is only started where `grep` finds a sign of a secret.
    """
    log, last = shlex.quote(str(folder / "output.log")), shlex.quote(str(folder / "output.tail"))
    keep = f"head -c {LOG_BYTES} >{log}; tail -c {LOG_BYTES} >{last}"
    signs = " ".join(f"-e {shlex.quote(sign)}" for sign in SIGNS)
    redact = shlex.join((sys.executable, "-m", KEPT_OUTPUT, str(folder)))
    modules = shlex.quote(str(Path(gitorch.__file__).parent.parent))
    return f"{keep}; grep -aqF {signs} {log} {last} && cd / && PYTHONPATH={modules} exec {redact}"


def one_line(text: str) -> str:
    """Text as it may be typed: without control characters, with one blank for white space of any kind."""
    kept = []
    for char in text:
        if char.isspace():
            kept.append(" ")
        elif not _is_control(char):
            kept.append(char)

    return " ".join("".join(kept).split())


def _is_control(char: str) -> bool:
    """Whether it is a C0 or C1 control character, or half of a surrogate pair."""
    code = ord(char)
    if code < 0x20:
        return True

    if 0x7F <= code <= 0x9F:
        return True

    return 0xD800 <= code <= 0xDFFF


LINE_BYTES_MAX = 500
"""How long a line may be. Programs show a longer paste as a mark, so that nobody can see whether the text stands there.

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

    if len(os.fsencode(line)) > bytes_max:
        return f"the text is longer than {counted(bytes_max, 'byte')}; point to a file"

    return ""
