"""What is known of a session on disk: one folder, `<home>/sessions/<run>/<session>/`, that outlives gitorch and tmux.

launch.json    what was started, where, on which server; written before the start and completed after it
run.sh         the wrapper that runs the agent in the pane; readable by the user alone, since it holds the environment
agent          the agent's process: id, start time, boot
exit           the agent's exit status, 128 and the number for a signal
ready          there once the agent was seen ready
signals.jsonl  hook events, appended by the agent's program through `gitorch hook`
sent/*.json    texts typed into it, with their receipts
answers.jsonl  permission prompts that rules answered, and `answering.json` while one is being
output.log     the first of what it wrote, and `output.tail` the last
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gitorch.model.ids import Moment, PromptId, RunId, SessionId
from gitorch.model.permission import Dialog, RequestPattern
from gitorch.model.runtime import Preset, StateSign
from gitorch.model.values import Value, asdict, field
from gitorch.ports.world import SessionKey
from gitorch.rules.agent_state.hooks import read_hook
from gitorch.rules.agent_state.screen import Signal
from gitorch.world import processes
from gitorch.world.files import append_line, read_json, sweep, write_json, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class LaunchRecord(Value):
    """What was started. `pane` and `server` are empty until the start was seen to have happened."""

    argv: tuple[str, ...]
    cwd: str
    prompt: str
    started_at: Moment
    preset: Preset
    server: str = ""
    pane: str = ""
    pane_pid: int = 0
    pane_started: str = ""
    conversation: str = ""
    one_shot: bool = False


class DeliveryRecord(Value):
    """One text that was typed, or is just being typed as long as `receipt` is empty.

    `shown` says that it was seen in the input line, `blocked` that a dialog stood there instead, `lost` how often it was typed for
    nothing. `transcripts` are the sizes of the files in which the text may show up, from before it was typed.
    """

    line: str
    at: Moment
    receipt: str = ""
    shown: bool = False
    blocked: bool = False
    lost: int = 0
    transcripts: Mapping[str, int] = field(default_factory=dict)


class SessionFolder:
    """The marks of one session."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.signals_path = path / "signals.jsonl"

    def launch(self) -> LaunchRecord | None:
        """The launch mark, or None when nothing was started here."""
        value = read_json(self.path / "launch.json")
        if value is None:
            return None
        value["argv"] = tuple(value["argv"])
        return LaunchRecord(**{**value, "preset": _preset(value["preset"])})

    def write_launch(self, mark: LaunchRecord) -> None:
        """Leave or complete the launch mark."""
        write_json(self.path / "launch.json", asdict(mark))

    def agent(self) -> tuple[int, str] | None:
        """The agent's process id and start time, as its wrapper wrote them before it became the agent."""
        lines = self._lines("agent")
        if len(lines) != 3 or not lines[0].isdigit():
            return None
        stat = processes.parse_stat(lines[1], lines[2])
        return int(lines[0]), stat.started if stat is not None else lines[1]

    def exit_status(self) -> int | None:
        """How the agent ended, or None when nothing says that it did."""
        lines = self._lines("exit")
        return int(lines[0]) if lines and lines[0].isdigit() else None

    def tidy(self) -> None:
        """Remove half-written marks. To be called when nothing of the session runs any more."""
        for unfinished in ("agent.tmp", "exit.tmp"):  # its wrapper's, which writes no process id into a name
            (self.path / unfinished).unlink(missing_ok=True)
        for place in (self.path, self.path / "sent"):
            sweep(place)

    def _lines(self, name: str) -> list[str]:
        try:
            return (self.path / name).read_text(errors="replace").split("\n")[:-1]
        except OSError:
            return []

    def signals(self) -> list[Signal]:
        """All hook events so far."""
        try:
            return parse_signals(self.signals_path.read_bytes())
        except OSError:
            return []

    def ready_seen(self) -> bool:
        """Whether the agent was ever seen ready."""
        return (self.path / "ready").exists()

    def ready_at(self) -> Moment | None:
        """When the agent was first seen ready."""
        try:
            return Moment((self.path / "ready").stat().st_mtime_ns // 1_000_000)
        except OSError:
            return None

    def mark_ready(self) -> None:
        """Keep that the agent was seen ready."""
        write_whole(self.path / "ready", b"")

    def sent(self, prompt: PromptId) -> DeliveryRecord | None:
        """The mark of one text."""
        value = read_json(self.path / "sent" / f"{prompt}.json")
        return None if value is None else DeliveryRecord(**value)

    def write_sent(self, prompt: PromptId, mark: DeliveryRecord) -> None:
        """Leave or grade the mark of one text."""
        write_json(self.path / "sent" / f"{prompt}.json", asdict(mark))

    def prompts(self) -> Iterator[PromptId]:
        """All texts that were typed or begun."""
        for path in sorted((self.path / "sent").glob("*.json")):
            yield PromptId(path.stem)

    def output_tail(self, lines: int) -> str:
        """The last lines that the session wrote, as far as they are text: control sequences are left out."""
        for name in ("output.tail", "output.log"):
            try:
                data = (self.path / name).read_bytes()
            except OSError:
                continue
            if data:
                return "\n".join(readable(data).splitlines()[-lines:])
        return ""


PRESET_LISTS = ("argv", "version_argv", "passes", "begin_argv", "resume_argv", "model_argv", "one_shot_argv")


def _preset(value: dict[str, Any]) -> Preset:
    for name in PRESET_LISTS:
        value[name] = tuple(value[name])
    value["signs"] = {state: tuple(StateSign(**sign) for sign in signs) for state, signs in value["signs"].items()}
    value["permission_requests"] = tuple(
        RequestPattern(
            prompt["pattern"],
            tuple(prompt["once"]),
            tuple(prompt["reject"]),
            blank_rows=prompt.get("blank_rows", False),
        )
        for prompt in value.get("permission_requests", ())
    )
    value["dialogs"] = {
        name: Dialog(dialog["pattern"], tuple(dialog["keys"])) for name, dialog in value.get("dialogs", {}).items()
    }
    return Preset(**value)


def folder_of(home: Path, key: SessionKey) -> SessionFolder:
    """The folder of a session."""
    return SessionFolder(home / "sessions" / key.run / key.session)


def folders(home: Path) -> Iterator[tuple[SessionKey, SessionFolder]]:
    """Every session that left marks."""
    for path in (home / "sessions").glob("*/*"):
        if path.is_dir():
            yield SessionKey(RunId(path.parent.name), SessionId(path.name)), SessionFolder(path)


def readable(data: bytes) -> str:
    """Terminal output without escape sequences and control characters, empty lines dropped.

    A move to another column stands for blanks that were not written, a move to another place for a new line.
    """
    import re  # noqa: PLC0415 - only a dead session's output needs it

    text = data[-65_536:].decode("utf-8", "replace")
    text = re.sub(r"\x1b\[\d*[CG]", " ", text)
    text = re.sub(r"\x1b\[\d*(?:;\d*)?[BEHf]", "\n", text)
    text = re.sub(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[\[()][0-?]*[ -/]*[@-~]?|\x1b.", "", text)
    text = re.sub(r"\r+\n|\r", "\n", text)
    text = re.sub(r"[^\S\n]+$|[\x00-\x08\x0b-\x1f\x7f-\x9f]", "", text, flags=re.MULTILINE)
    return "\n".join(line for line in text.split("\n") if line.strip())


def parse_signals(data: bytes) -> list[Signal]:
    """Hook events in the order in which they were written; a line that is none, such as a torn last one, is passed over.

    The file belongs to the agent's side: whatever stands in it is a hint about a state and never an instruction.
    """
    found: list[Signal] = []
    for line in data.split(b"\n"):
        try:
            value = json.loads(line)
            told = read_hook(str(value["event"]), str(value.get("text", "")))
            if told is not None:
                event, text, conversation = told
                found.append(Signal(Moment(int(value["at"])), event, text, conversation))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def append_signal(path: Path, signal: Signal) -> None:
    """Append a hook event to a session's `signals.jsonl`, whose path the agent finds in GITORCH_SIGNALS."""
    append_line(path, json.dumps(asdict(signal), ensure_ascii=False).encode())
