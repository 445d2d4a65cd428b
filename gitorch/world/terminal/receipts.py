"""Proof that a text reached the agent: its own prompt hook reports the text, or its transcript holds it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.model.channel import ReceiptGrade
from gitorch.world.files import read_regular

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.plans.runtime import Preset
    from gitorch.world.terminal.session_files import DeliveryRecord, SessionFolder

PROVEN = frozenset({ReceiptGrade.ACKNOWLEDGED, ReceiptGrade.DELIVERED})
"""Grades above which nothing is looked for: the program itself showed the text."""

TRANSCRIPT_BYTES_MAX = 4_000_000
"""The most that is searched of what a transcript gained. A submitted text stands near the beginning of it."""

TRANSCRIPTS_MAX = 1_000
"""The most files that one search lists, so that an agent that makes files without end cannot hold up the others."""


def transcript_sizes(preset: Preset, cwd: Path, home: str) -> dict[str, int]:
    """The files that the preset names as transcripts of this worktree, by path, with their present sizes in bytes.

    Empty when the preset names none; at most `TRANSCRIPTS_MAX` files, in no order.
    """
    if not preset.transcript:
        return {}

    slug = re.sub(r"[^A-Za-z0-9]", "-", str(cwd))
    pattern = preset.transcript.replace("{slug}", slug)
    root = _transcript_root(pattern, cwd, home)
    return _file_sizes(root, pattern)


def _file_sizes(root: Path, pattern: str) -> dict[str, int]:
    """The sizes of the files that match the pattern below the root, at most `TRANSCRIPTS_MAX` of them."""
    sizes: dict[str, int] = {}
    for path in root.glob(pattern.removeprefix("~").removeprefix("/")):
        if len(sizes) == TRANSCRIPTS_MAX:
            break

        try:
            if path.is_file():
                sizes[str(path)] = path.stat().st_size
        except OSError:  # removed meanwhile
            continue

    return sizes


def _transcript_root(pattern: str, cwd: Path, home: str) -> Path:
    """The folder that a pattern starts from."""
    if pattern.startswith("~/"):
        return Path(home)

    if pattern.startswith("/"):
        return Path("/")

    return cwd


def proof(folder: SessionFolder, sent: DeliveryRecord, preset: Preset, cwd: Path, home: str) -> str:
    """The grade that a hook or a transcript gives the text since it was typed; empty without a proof.

    Only hooks that are not older than the typing count, and only what transcripts gained since.
    Hooks come first, because reading them takes one file.
    """
    by_hook = _hook_proof(folder, sent, preset)
    if by_hook:
        return by_hook

    if _transcript_shows(sent, preset, cwd, home):
        return ReceiptGrade.DELIVERED

    return ""


def _hook_proof(folder: SessionFolder, sent: DeliveryRecord, preset: Preset) -> str:
    """The grade by the program's hook that reports a prompt; white space does not count, since programs wrap it differently.

    Of a program with a channel of its own the hook is part of its protocol: exactly this text is acknowledged.
    """
    wanted = _flat(sent.line)
    for signal in folder.signals():
        if signal.event != "prompt" or signal.at < sent.at:
            continue

        if preset.channels and signal.text.strip() == sent.line.strip():
            return ReceiptGrade.ACKNOWLEDGED

        if wanted in _flat(signal.text):
            return ReceiptGrade.DELIVERED

    return ""


def _transcript_shows(sent: DeliveryRecord, preset: Preset, cwd: Path, home: str) -> bool:
    """Whether a transcript gained the text; one that is new since the typing counts from its beginning."""
    for name in transcript_sizes(preset, cwd, home):
        if _gained(Path(name), sent.transcripts, sent.line):
            return True

    return False


def _gained(path: Path, before: Mapping[str, int], line: str) -> bool:
    """Whether the line stands in what this file gained, as it is or as JSON writes it."""
    data = read_regular(path, TRANSCRIPT_BYTES_MAX, before.get(str(path), 0))
    if data is None:
        return False

    forms = (line, json.dumps(line)[1:-1], json.dumps(line, ensure_ascii=False)[1:-1])
    for form in forms:
        if form.encode("utf-8", "surrogateescape") in data:
            return True

    return False


def _flat(text: str) -> str:
    """The text with one blank for white space of any kind."""
    return " ".join(text.split())
