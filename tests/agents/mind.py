"""What the stand-in for a model answers: cues, each taken when the newest thing that it hears matches.

Cues carry no position in a story, so that a program which asks again, starts again or resumes gets the same answer again, as long as
it says the same. Where that is not wanted, `times` bounds a cue.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from replies import Call, Reply, smallest

if TYPE_CHECKING:
    from collections.abc import Callable

    from asks import Ask

SHELLS = ("Bash", "bash", "run_shell_command", "exec_command", "shell_command", "shell")
WRITERS = ("Write", "write", "write_file", "create")
NAMES = {
    "command": ("command", "cmd"),
    "path": ("file_path", "filePath", "path"),
    "content": ("content", "text", "file_text"),
    "about": ("description", "instruction"),
}
"""What programs call the arguments of their tools."""


@dataclass(frozen=True)
class Cue:
    """The answer to what matches `hears`: words, then a command to run or a file to write, or a fault.

    `@name@` in `says`, `runs` and `writes` stands for the group of that name. `fault` is a status, with which the request is refused,
    or `never` (no answer at all), `cut` (the stream ends half-way) or `stall` (it stops half-way and stays open). `by` limits the cue
    to programs whose name matches. `seconds` pass before the answer, `slow` while it is streamed.
    """

    hears: str
    says: str = ""
    runs: str = ""
    writes: tuple[str, str] = ("", "")
    fault: str = ""
    message: str = ""
    resets_seconds: int = 0
    """With it, the answer is a usage limit, for all that matches until so much later, and then for nothing."""
    times: int = -1
    by: str = ""
    seconds: float = 0.0
    slow: float = 0.0
    arguments: dict[str, Any] = field(default_factory=dict, hash=False)
    uses: str = ""
    """The name of one of gitorch's tools, which is called with `arguments`."""
    tool: str = ""
    """The same for a tool of the program's own."""


ELSE = Cue("", says="I have nothing more to do.")


class Mind:
    """The cues of one story, in the order in which they are tried."""

    def __init__(self, *cues: Cue) -> None:
        self.cues = cues
        self._taken: Counter[int] = Counter()
        self._limits_end: dict[int, float] = {}
        self._lock = Lock()

    def cue(self, by: str, newest: str) -> tuple[Cue, dict[str, str]]:
        """The first cue that fits, and its named groups."""
        with self._lock:
            for index, cue in enumerate(self.cues):
                found = re.search(cue.hears, newest, re.MULTILINE)
                if found is None or not re.search(cue.by, by) or self._taken[index] == cue.times:
                    continue
                self._taken[index] += 1
                if cue.resets_seconds:
                    now = time.time()
                    rest = self._limits_end.setdefault(index, now + cue.resets_seconds) - now
                    if rest <= 0:
                        continue
                    cue = replace(cue, resets_seconds=int(rest) + 1)  # noqa: PLW2901  the same cue, later
                return cue, {name: text or "" for name, text in found.groupdict().items()}
        return ELSE, {}


def reply_of(cue: Cue, words: dict[str, str], ask: Ask) -> Reply:
    """A cue as a reply that this program understands: in the names of its own tools."""

    def told(text: str) -> str:
        return re.sub(r"@(\w+)@", lambda found: words.get(found[1], found[0]), text)

    if ask.schema is not None:
        import json

        return Reply(json.dumps(smallest(ask.schema)))
    if not ask.services:
        return Reply("\n\n".join(part for part in (told(cue.says), *_blocks(told, cue)) if part))
    calls: list[Call] = []
    if cue.uses or cue.tool:
        filled = {name: told(value) if isinstance(value, str) else value for name, value in cue.arguments.items()}
        calls.append(Call(cue.tool or _own_tool(ask, cue.uses), filled))
    if cue.runs:
        calls.append(_shell(ask, told(cue.runs), cue.arguments))
    if cue.writes[0]:
        calls.append(_write(ask, told(cue.writes[0]), told(cue.writes[1])))
    return Reply(told(cue.says), tuple(calls))


def _own_tool(ask: Ask, name: str) -> str:
    """The name under which this program offers one of gitorch's tools."""
    for offered in ask.services:
        if "gitorch" in offered and offered.endswith(f"_{name}"):
            return offered
    if "ToolSearch" in ask.services:
        return f"mcp__gitorch__{name}"  # Claude Code 2.1.332 shows its model such tools only after it searched for them
    return name


def _blocks(told: Callable[[str], str], cue: Cue) -> tuple[str, ...]:
    """A new file and a command as aider's models write them."""
    path, content = map(told, cue.writes)
    file = f"{path}\n```\n<<<<<<< SEARCH\n=======\n{content.rstrip()}\n>>>>>>> REPLACE\n```" if path else ""
    return file, f"```bash\n{told(cue.runs)}\n```" if cue.runs else ""


def _shell(ask: Ask, command: str, more: dict[str, Any]) -> Call:
    name = next((name for name in SHELLS if name in ask.services), "shell")
    schema = ask.services.get(name, {})
    arguments = _arguments(schema, {"command": command, "about": "Work on the brief"})
    for key, value in arguments.items():
        if value == command and schema.get("properties", {}).get(key, {}).get("type") == "array":
            arguments[key] = ["bash", "-lc", command]
    return Call(name, {**arguments, **{k: v for k, v in more.items() if k in schema.get("properties", {})}})


def _write(ask: Ask, path: str, content: str) -> Call:
    name = next((name for name in WRITERS if name in ask.services), None)
    absolute = name == "write_file" and ask.protocol == "chat"  # Qwen Code takes no relative path
    if name is not None and not absolute:
        return Call(name, _arguments(ask.services[name], {"path": path, "content": content}))
    if "apply_patch" in ask.services:
        added = "".join(f"+{line}\n" for line in content.splitlines())
        patch = f"*** Begin Patch\n*** Add File: {path}\n{added}*** End Patch"
        return Call("apply_patch", patch if "free_form" in ask.services["apply_patch"] else {"input": patch})
    return _shell(ask, f"cat > '{path}' <<'END_OF_FILE'\n{content.rstrip()}\nEND_OF_FILE", {})


def _arguments(schema: dict[str, Any], wanted: dict[str, str]) -> dict[str, Any]:
    properties = schema.get("properties", {})
    found = {name: value for role, value in wanted.items() for name in NAMES[role] if name in properties}
    missing = [name for name in schema.get("required", []) if name not in found]
    return {**found, **{name: smallest(properties.get(name, {})) for name in missing}}
