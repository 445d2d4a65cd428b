"""Whether a text reached the agent: its own prompt hook says so, or its transcript holds the text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.runtime import Preset
    from gitorch.world.terminal.session_files import DeliveryRecord, SessionFolder

TRANSCRIPT_BYTES_MAX = 4_000_000
"""How much of what a transcript gained is searched; a submitted text stands near its beginning."""


def transcript_sizes(preset: Preset, cwd: Path, home: str) -> dict[str, int]:
    """The files that the preset names as transcripts of this worktree, with their sizes now."""
    if not preset.transcript:
        return {}
    slug = re.sub(r"[^A-Za-z0-9]", "-", str(cwd))
    pattern = preset.transcript.replace("{slug}", slug)
    root = Path(home) if pattern.startswith("~/") else Path("/") if pattern.startswith("/") else cwd
    found = root.glob(pattern.removeprefix("~").removeprefix("/"))
    return {str(path): path.stat().st_size for path in found if path.is_file()}


def reached(folder: SessionFolder, sent: DeliveryRecord, preset: Preset, cwd: Path, home: str) -> bool:
    """Whether a hook or a transcript shows the text after it was typed."""
    wanted = _flat(sent.line)
    for signal in folder.signals():
        if signal.event == "prompt" and signal.at >= sent.at and wanted in _flat(signal.text):
            return True
    return any(_gained(Path(path), sent.transcripts, sent.line) for path in transcript_sizes(preset, cwd, home))


def _gained(path: Path, before: Mapping[str, int], line: str) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(before.get(str(path), 0))
            data = file.read(TRANSCRIPT_BYTES_MAX)
    except OSError:
        return False
    written = (line, json.dumps(line)[1:-1], json.dumps(line, ensure_ascii=False)[1:-1])
    return any(form.encode("utf-8", "surrogateescape") in data for form in written)


def _flat(text: str) -> str:
    return " ".join(text.split())
