"""The files of a session on disk: one folder, `<home>/sessions/<run>/<session>/`, that outlives gitorch and tmux.

launch.json    what was started, where, on which server; written before the start and completed after it
run.sh         the wrapper that runs the agent in the pane; readable by the user alone, since it holds the environment
agent          the agent's process: id, start time, boot
exit           the agent's exit status, 128 and the number for a signal
ready          there once the agent was seen ready
signals.jsonl  hook events, appended by the agent's program through `gitorch hook`
sent/*.json    texts typed into it, with their receipts
answers.jsonl  permission requests that rules answered, and `answering.json` while one is being answered
own/           folders of the agent's program that its sandbox shows it instead of the user's
output.log     the first of its output, and `output.tail` the last; without secrets, once the session is over

An agent that runs as the same user can write to every one of them, so a file that makes no sense reads as one that is not there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gitorch.model.ids import Moment, PromptId, RunId, SessionId
from gitorch.model.json_text import parse_json
from gitorch.model.plans.permission import Dialog, RequestPattern
from gitorch.model.plans.runtime import Preset, StateSign
from gitorch.model.values import Value, asdict, field
from gitorch.model.work.session import SessionKey
from gitorch.rules.agent_state.hooks import read_hook
from gitorch.rules.agent_state.screen import Signal
from gitorch.world import processes
from gitorch.world.files import read_json, read_regular, sweep, write_json, write_own
from gitorch.world.terminal_text import without_sequences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MARK_BYTES_MAX = 4_096
SIGNALS_BYTES_MAX = 4_000_000
"""The most that is read of a session's hook events at once, counted from the end."""

OWN_FOLDERS = "own"
"""The folder of a sandboxed session's own folders (`Preset.sandbox_folders`), each by its last name."""

LOG_BYTES = 1_000_000
"""How much is kept of the beginning of a session's output, and as much of its end."""

OUTPUT_BYTES_MAX = 2_000_000
TIMESTAMP_MAX = 1 << 45
"""In milliseconds, more than a thousand years from now: no hook was called later."""


class LaunchRecord(Value):
    """What was started."""

    argv: tuple[str, ...]
    cwd: str
    prompt: str
    """The first prompt, where the start delivers it; else empty."""
    started_at: Moment
    preset: Preset
    server: str = ""
    """Which tmux server, `pid:start`. Empty, as `pane` is, until the start was seen to have happened."""
    pane: str = ""
    pane_pid: int = 0
    pane_started: str = ""
    """The start time of the pane's process, as `Process.started`."""
    conversation: str = ""
    one_shot: bool = False


class DeliveryRecord(Value):
    """One text that was typed."""

    line: str
    at: Moment
    receipt: str = ""
    """Empty while the text is being typed."""
    shown: bool = False
    """Whether it was seen in the input line."""
    blocked: bool = False
    """Whether a dialog stood in place of the input line."""
    lost: int = 0
    """How often it was typed and dropped by the program."""
    transcripts: Mapping[str, int] = field(default_factory=dict)
    """The sizes, before it was typed, of the files in which the text may show up."""
    channel: str = ""
    """The channel that took it, if that is not the terminal."""


class SessionFolder:
    """The files of one session."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.signals_path = path / "signals.jsonl"

    def growth(self, now: Moment) -> tuple[int, ...]:
        """The sizes of the files that grow when the session writes to its screen, calls a hook or ends, -1 for one that is not there.

        With `now` once the output is too long to be kept whole, since its file grows no more.
        """
        sizes = tuple(map(_size, (self.path / "output.log", self.signals_path, self.path / "exit")))
        if sizes[0] < LOG_BYTES:
            return sizes

        return (*sizes, now)

    def launch(self) -> LaunchRecord | None:
        """The record of the start; None when nothing was started here, or when the file makes no sense."""
        value = read_json(self.path / "launch.json")
        if value is None:
            return None

        try:
            return _launch_record(value)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, re.error):
            return None

    def write_launch(self, record: LaunchRecord) -> None:
        """Write or complete the record of the start."""
        write_json(self.path / "launch.json", asdict(record))

    def agent(self) -> tuple[int, str] | None:
        """The agent's process id and start time, as its wrapper wrote them before it became the agent.

        The file has the id, the start time and the id of the boot; on Linux the second line is that of `/proc/<pid>/stat`.
        None when there is no such file yet, or when it makes no sense.
        """
        lines = self._lines("agent")
        if len(lines) != 3:
            return None

        pid = _number(lines[0])
        if pid is None:
            return None

        stat = processes.parse_stat(lines[1], lines[2])
        if stat is None:
            return pid, lines[1]

        return pid, stat.started

    def exit_status(self) -> int | None:
        """The agent's exit status, 128 and the number for a signal; None when none was recorded."""
        lines = self._lines("exit")
        if not lines:
            return None

        return _number(lines[0])

    def tidy(self) -> None:
        """Remove half-written files. Only for a session of which nothing runs any more."""
        for unfinished in ("agent.tmp", "exit.tmp"):  # the wrapper's, which writes no process id into a name
            (self.path / unfinished).unlink(missing_ok=True)

        for place in (self.path, self.path / "sent"):
            sweep(place)

    def _lines(self, name: str) -> list[str]:
        """The whole lines of one of the wrapper's files; a last line without its end is left out, as half-written."""
        data = read_regular(self.path / name, MARK_BYTES_MAX) or b""
        return data.decode("utf-8", "replace").split("\n")[:-1]

    def signals(self) -> list[Signal]:
        """All hook events so far, or the last of very many."""
        return parse_signals(read_regular(self.signals_path, SIGNALS_BYTES_MAX, last=True) or b"")

    def ready_seen(self) -> bool:
        """Whether the agent was ever seen ready."""
        return (self.path / "ready").exists()

    def ready_at(self) -> Moment | None:
        """When the agent was first seen ready; None when it never was."""
        try:
            return Moment((self.path / "ready").stat().st_mtime_ns // 1_000_000)
        except OSError:
            return None

    def mark_ready(self) -> None:
        """Record that the agent was seen ready."""
        write_own(self.path / "ready", b"")

    def sent(self, prompt: PromptId) -> DeliveryRecord | None:
        """The record of one text; None when it was never typed, or when the file makes no sense."""
        value = read_json(self.path / "sent" / f"{prompt}.json")
        if value is None:
            return None

        try:
            return _delivery_record(value)
        except (TypeError, ValueError, AttributeError, OverflowError):
            return None

    def write_sent(self, prompt: PromptId, record: DeliveryRecord) -> None:
        """Write or grade the record of one text."""
        write_json(self.path / "sent" / f"{prompt}.json", asdict(record))

    def forget_sent(self, prompt: PromptId) -> None:
        """Remove the record of a text that was not given."""
        (self.path / "sent" / f"{prompt}.json").unlink(missing_ok=True)

    def prompts(self) -> Iterator[PromptId]:
        """All texts that were typed or begun, sorted by id."""
        for path in sorted((self.path / "sent").glob("*.json")):
            yield PromptId(path.stem)

    def output_tail(self, lines: int) -> str:
        """The last lines of the session's output as text, without control sequences; empty when none was kept.

        Until the session ends, only the beginning of its output is on the disk.
        """
        for name in ("output.tail", "output.log"):
            data = read_regular(self.path / name, OUTPUT_BYTES_MAX)
            if data:
                return "\n".join(readable(data).splitlines()[-lines:])

        return ""


def _size(path: Path) -> int:
    """The size of a file in bytes; -1 where there is none."""
    try:
        return path.lstat().st_size
    except OSError:
        return -1


def _number(text: str) -> int | None:
    """A decimal number of a size that a process id or an exit status can have; None for any other text."""
    if len(text) > 10:
        return None

    if not text.isascii() or not text.isdigit():  # `isdigit` alone also accepts other scripts' digits
        return None

    return int(text)


def _delivery_record(value: dict[str, Any]) -> DeliveryRecord:
    """Read a delivery record. Raises what Python raises for a value that is none."""
    record = DeliveryRecord(**value)
    return DeliveryRecord(
        str(record.line),
        Moment(int(record.at)),
        str(record.receipt),
        shown=bool(record.shown),
        blocked=bool(record.blocked),
        lost=int(record.lost),
        transcripts={str(name): int(size) for name, size in record.transcripts.items()},
        channel=str(record.channel),
    )


LAUNCH_TEXTS = ("cwd", "prompt", "server", "pane", "pane_started", "conversation")


def _launch_record(value: dict[str, Any]) -> LaunchRecord:
    """Read a launch record. Raises what Python raises for a value that is none."""
    fields = {**value, "argv": tuple(map(str, value["argv"])), "preset": _preset(value["preset"])}
    fields["started_at"] = Moment(int(value["started_at"]))
    fields["pane_pid"] = int(value.get("pane_pid", 0))
    for name in LAUNCH_TEXTS:
        if not isinstance(fields.get(name, ""), str):
            raise TypeError(name)

    return LaunchRecord(**fields)


PRESET_LISTS = (
    "argv",
    "version_argv",
    "passes",
    "begin_argv",
    "resume_argv",
    "model_argv",
    "one_shot_argv",
    "writable",
)
CHANNEL_LISTS = ("channels", "server_argv", "client_argv", "host_argv")
LATER_LISTS = (*CHANNEL_LISTS, "signed_in", "usage_files", "interrupt_keys", "sandbox_folders")
"""Those that a session which an older gitorch started does not have."""

PRESET_NUMBERS = ("settle_ms", "warm_ms")


def _preset(value: dict[str, Any]) -> Preset:
    """Read a preset as it was at the start. Raises what Python raises for a value that is none."""
    fields = dict(value)
    for name in PRESET_LISTS:
        fields[name] = tuple(map(str, value[name]))

    for name in LATER_LISTS:
        fields[name] = tuple(map(str, value.get(name, ())))

    for name in PRESET_NUMBERS:
        fields[name] = int(value[name])

    fields["signs"] = {state: tuple(map(_sign, signs)) for state, signs in value["signs"].items()}
    fields["permission_requests"] = tuple(map(_request_pattern, value.get("permission_requests", ())))
    fields["dialogs"] = {name: _dialog(dialog) for name, dialog in value.get("dialogs", {}).items()}
    re.compile(fields.get("empty_input", ""))
    return Preset(**fields)


def _sign(value: dict[str, Any]) -> StateSign:
    """Read a sign of a state. Raises `re.error` for a pattern that is none."""
    re.compile(value["pattern"])
    return StateSign(str(value["place"]), value["pattern"])


def _request_pattern(value: dict[str, Any]) -> RequestPattern:
    """Read the pattern of a permission request. Raises ValueError when it has no group for what is asked."""
    if "asked" not in re.compile(value["pattern"]).groupindex:
        raise ValueError("asked")

    blank_rows = bool(value.get("blank_rows", False))
    return RequestPattern(value["pattern"], tuple(value["once"]), tuple(value["reject"]), blank_rows=blank_rows)


def _dialog(value: dict[str, Any]) -> Dialog:
    """Read a dialog with the keys or the choice that close it. Raises `re.error` for a pattern that is none."""
    re.compile(value["pattern"])
    re.compile(value.get("choice", ""))
    return Dialog(value["pattern"], tuple(value["keys"]), value.get("choice", ""))


def folder_of(home: Path, key: SessionKey) -> SessionFolder:
    """The folder of a session."""
    return SessionFolder(home / "sessions" / key.run / key.session)


def folders(home: Path) -> Iterator[tuple[SessionKey, SessionFolder]]:
    """Every session that has a folder."""
    for path in (home / "sessions").glob("*/*"):
        if path.is_dir():
            yield SessionKey(RunId(path.parent.name), SessionId(path.name)), SessionFolder(path)


READABLE_BYTES_MAX = 65_536


def readable(data: bytes) -> str:
    """Terminal output as text (`terminal_text.without_sequences`), without its secrets; of much output the last 64 KiB."""
    from gitorch.world.kept_output import without_secrets  # noqa: PLC0415  # for sessions that are over

    last = without_secrets(data[-READABLE_BYTES_MAX:])
    return without_sequences(last.decode("utf-8", "replace"))


def parse_signals(data: bytes) -> list[Signal]:
    """Hook events in the order in which they were written; lines that are none, such as a torn last one, are passed over.

    Agents can write to the file, so its content is a hint about a state and never an instruction.
    """
    signals: list[Signal] = []
    for line in filter(None, data.split(b"\n")):
        signal = _parse_signal(line)
        if signal is not None:
            signals.append(signal)

    return signals


def count_broken(data: bytes) -> int:
    """How many lines no call of a hook wrote, whatever they are instead; a call that means nothing to gitorch is whole."""
    lines = list(filter(None, data.split(b"\n")))
    calls = list(filter(None, map(_hook_call, lines)))
    return len(lines) - len(calls)


def _parse_signal(line: bytes) -> Signal | None:
    """One hook event; None for a line that is none, whatever it is instead."""
    call = _hook_call(line)
    if call is None:
        return None

    at, name, payload = call
    hook = read_hook(name, payload)
    if hook is None:
        return None

    event, text, conversation = hook
    return Signal(at, event, text, conversation)


def _hook_call(line: bytes) -> tuple[Moment, str, str] | None:
    """When a hook was called, its name and its payload; None for a line that tells no such call."""
    try:
        value = parse_json(line)
        at, name, payload = Moment(int(value["at"])), str(value["event"]), str(value.get("text", ""))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None

    if not 0 <= at < TIMESTAMP_MAX:
        return None

    return at, name, payload
