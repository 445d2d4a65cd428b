"""What a session's program wrote down of its own usage, followed as its files grow (C10)."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.model.ids import Moment
from gitorch.model.work.usage import NOTHING_READ, UsageReading
from gitorch.text.records import timestamps
from gitorch.text.usage.aider import read_aider
from gitorch.text.usage.lines import LINES, LineReader, opencode_message
from gitorch.text.usage.served import Served, add, totals
from gitorch.world.files import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.world.terminal.session_files import LaunchRecord

SEARCH_MS = 3_000
"""How often new files are searched for: a conversation may begin a new one, and a subagent has its own."""

WHOLE_SEARCH_MS = 60_000
"""How often old folders are searched, too, for files that grow again. Some programs keep thousands of files for years."""

CHUNK_BYTES = 1_000_000
"""The most that one call reads of each file, so that a conversation that was resumed never holds up the loop."""

FILES_MAX = 200
HISTORY_BYTES_MAX = 4_000_000
"""The most that is read of a history that is read whole."""


class UsageReader:
    """The usage of one session, from the files that its preset names. A new reader comes to the same totals."""

    def __init__(self, launch: LaunchRecord, user_home: str) -> None:
        self._launch = launch
        self._home = user_home
        self._since = timestamps.iso(launch.started_at)
        self._files: dict[Path, _File] = {}
        self._searched_at = Moment(0)
        self._searched_all_at = Moment(0)
        self._seen: dict[str, Served] = {}
        self._reading = NOTHING_READ

    def follow(self, now: Moment) -> UsageReading:
        """The usage so far. Reads what the files gained since the last call, of each at most `CHUNK_BYTES`."""
        if now - self._searched_all_at >= WHOLE_SEARCH_MS:
            self._search(Moment(0))
            self._searched_at = self._searched_all_at = now

        if now - self._searched_at >= SEARCH_MS:
            self._search(self._launch.started_at)
            self._searched_at = now

        if self._read_files():
            self._reading = UsageReading(self._launch.preset.usage, totals(self._seen))

        return self._reading

    def read_all(self) -> UsageReading:
        """The usage by now, everything read to its end."""
        self._search(Moment(0))
        while self._read_files():
            pass

        return UsageReading(self._launch.preset.usage, totals(self._seen))

    def _read_files(self) -> bool:
        """Read what the files gained; whether any gained something."""
        gained = False
        for path, file in self._files.items():
            for served in file.answers(path):
                add(self._seen, served)

            gained = gained or file.gained

        return gained

    def _search(self, folders_since: Moment) -> None:
        """Find the files that were written since the session began, in folders that got a file since then."""
        for path in self._written_since(folders_since):
            if path not in self._files and len(self._files) < FILES_MAX:
                self._files[path] = self._new_file()

    def _new_file(self) -> _File:
        """A file of the preset's format, of which nothing was read yet."""
        name = self._launch.preset.usage
        if name in LINES:
            return _Lines(LineReader(name, self._since, self._launch.cwd))

        if name == "aider":
            return _Aider(self._launch.started_at)

        return _Database(self._launch)

    def _written_since(self, folders_since: Moment) -> Iterator[Path]:
        """The regular files that the preset names, if they were written since the session began."""
        slug = re.sub(r"[^A-Za-z0-9]", "-", self._launch.cwd)
        for pattern in self._launch.preset.usage_files:
            root, folders, name = _split(pattern.replace("{slug}", slug), self._home)
            for folder in _folders(root, folders):
                if _written_at(folder) >= folders_since:
                    yield from self._files_in(folder, name)

    def _files_in(self, folder: Path, name: str) -> Iterator[Path]:
        """The regular files of this name in a folder, if they were written since the session began."""
        for path in folder.glob(name):
            if path.is_file() and _written_at(path) >= self._launch.started_at:
                yield path


def _split(pattern: str, home: str) -> tuple[Path, str, str]:
    """A pattern as the folder that it starts from, the folders below it, and the name of a file."""
    folders, _, name = pattern.rpartition("/")
    if pattern.startswith("~/"):
        return Path(home), folders[2:], name

    return Path("/"), folders.lstrip("/"), name


def _folders(root: Path, pattern: str) -> Iterator[Path]:
    """The folders of a pattern; the root itself for an empty one."""
    if not pattern:
        yield root
        return

    yield from root.glob(pattern)


def _written_at(path: Path) -> int:
    """When a file was last written, in milliseconds; 0 when that cannot be told."""
    try:
        return path.stat().st_mtime_ns // 1_000_000
    except OSError:
        return 0


class _File:
    """One file; `gained` is whether the last call read anything."""

    gained = False

    def answers(self, path: Path) -> Iterator[Served]:
        """The answers in what the file gained."""
        raise NotImplementedError


class _Lines(_File):
    """A file of JSON lines, which only grows."""

    def __init__(self, reader: LineReader) -> None:
        self._reader = reader
        self._offset = 0

    def answers(self, path: Path) -> Iterator[Served]:
        """The answers in the next whole lines. A line longer than a chunk is passed over."""
        data = read_regular(path, CHUNK_BYTES, self._offset) or b""
        end = data.rfind(b"\n") + 1
        if not end and len(data) == CHUNK_BYTES:
            end = CHUNK_BYTES

        self._offset += end
        self.gained = bool(end)
        for line in data[:end].splitlines():
            served = self._reader.read(line)
            if served is not None:
                yield served


class _Whole(_File):
    """A file that is read whole whenever it changed."""

    def __init__(self) -> None:
        self._stamp: object = None

    def answers(self, path: Path) -> Iterator[Served]:
        """All answers, if the file changed since the last call."""
        stamp = self.stamp(path)
        self.gained = stamp != self._stamp
        self._stamp = stamp
        if self.gained:
            yield from self.all_answers(path)

    def stamp(self, path: Path) -> object:
        """What changes with the file."""
        return _written_at(path)

    def all_answers(self, path: Path) -> Iterator[Served]:
        """All answers in the file."""
        raise NotImplementedError


class _Aider(_Whole):
    """aider's chat history."""

    def __init__(self, started_at: Moment) -> None:
        super().__init__()
        # aider writes the local time.
        self._since = datetime.fromtimestamp(started_at // 1000).strftime("%Y-%m-%d %H:%M:%S")

    def all_answers(self, path: Path) -> Iterator[Served]:
        """The answers of the chats that began since the session did."""
        data = read_regular(path, HISTORY_BYTES_MAX) or b""
        yield from read_aider(data.decode("utf-8", "replace"), self._since)


class _Database(_Whole):
    """OpenCode's database: the messages of all conversations in the session's worktree, those of subagents among them."""

    def __init__(self, launch: LaunchRecord) -> None:
        super().__init__()
        self._folder = launch.cwd
        self._since = launch.started_at

    def stamp(self, path: Path) -> object:
        """New messages are in the journal beside the file."""
        return _written_at(path), _written_at(path.with_name(f"{path.name}-wal"))

    def all_answers(self, path: Path) -> Iterator[Served]:
        """The messages since the session began; none while the database cannot be read."""
        import sqlite3  # noqa: PLC0415  5 ms, for OpenCode alone

        query = (
            "select message.id, message.data from message join session on session.id = message.session_id"
            " where session.directory = ? and message.time_created >= ?"
        )
        try:
            database = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=0.2)
            with database:
                rows = database.execute(query, (self._folder, self._since)).fetchall()
            database.close()
        except sqlite3.Error:
            return

        for id_, data in rows:
            served = opencode_message(str(id_), str(data))
            if served is not None:
                yield served
