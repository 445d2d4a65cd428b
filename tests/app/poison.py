"""Ways to damage one file of a run that waits for its approval, as a program with the user's rights can."""

from __future__ import annotations

import json
import os
import re
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from pathlib import Path

PLANTED = "planted-program-ran"
"""A file that a planted program makes in its working folder's parent, so that no case can miss it."""


def empty(path: Path, _: random.Random) -> None:
    path.write_bytes(b"")


def truncate(path: Path, chance: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: chance.randrange(len(data) or 1)])


def fill_with_noise(path: Path, chance: random.Random) -> None:
    path.write_bytes(chance.randbytes(chance.randrange(1, 300)))


def remove(path: Path, _: random.Random) -> None:
    path.unlink()


def make_folder(path: Path, _: random.Random) -> None:
    path.unlink()
    path.mkdir()


def make_link(path: Path, _: random.Random) -> None:
    aside = path.with_name(f"{path.name}.aside")
    path.rename(aside)
    path.symlink_to("/nonexistent/place")


def make_link_to_itself(path: Path, _: random.Random) -> None:
    path.unlink()
    path.symlink_to(path.name)


def make_pipe(path: Path, _: random.Random) -> None:
    path.unlink()
    os.mkfifo(path)


def lie(path: Path, chance: random.Random) -> None:
    """Well-formed content that says something else: of an object, a JSON file, a ref, a setting, a script or a text.

    A file below a checksum gets the checksum of what it says now.
    """
    data = path.read_bytes()
    seal, _, text = data.partition(b"\n")
    if seal != b"%08x" % zlib.crc32(text):
        path.write_bytes(_other(path, data, chance))
        return

    lines = text.split(b"\n")
    place = chance.randrange(len(lines))
    lines[place] = _other(path, lines[place], chance)
    text = b"\n".join(lines)
    path.write_bytes(b"%08x\n%s" % (zlib.crc32(text), text))


def _other(path: Path, data: bytes, chance: random.Random) -> bytes:
    if "objects" in path.parts and len(path.name) in {38, 62}:
        return _other_object(data, chance)
    if path.name.startswith("config"):
        return data + f'\n[core]\n\tfsmonitor = "touch ../{PLANTED}"\n\thooksPath = /nonexistent\n'.encode()
    if "hooks" in path.parts:
        return f"#!/bin/sh\ntouch ../{PLANTED}\n".encode()
    found = re.search(rb"[0-9a-f]{40}", data)
    if found is not None:
        return data.replace(found[0], _shuffled(found[0], chance))
    try:
        return json.dumps(_other_value(json.loads(data), chance)).encode()
    except ValueError:
        return data + b"one line more\n"


def _shuffled(digits: bytes, chance: random.Random) -> bytes:
    return bytes(chance.sample(digits, len(digits)))


def _other_object(data: bytes, chance: random.Random) -> bytes:
    """Another object of the same kind and length."""
    head, _, body = zlib.decompress(data).partition(b"\0")
    changed = bytearray(body)
    letters = [place for place, byte in enumerate(body) if chr(byte).isalnum()]
    if letters:
        place = chance.choice(letters)
        changed[place] = ord("7") if changed[place] != ord("7") else ord("8")
    return zlib.compress(head + b"\0" + bytes(changed))


def _other_value(value: object, chance: random.Random) -> object:
    """The same shape with one leaf changed."""
    if isinstance(value, dict) and value:
        key = chance.choice(sorted(value))
        return {**value, key: _other_value(value[key], chance)}
    if isinstance(value, list) and value:
        place = chance.randrange(len(value))
        return [*value[:place], _other_value(value[place], chance), *value[place + 1 :]]
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return value + chance.choice([-1, 1, 10**6])
    return f"{value}x"


KINDS = {
    "emptied": empty,
    "truncated": truncate,
    "noise": fill_with_noise,
    "a lie": lie,
    "removed": remove,
    "a folder": make_folder,
    "a link": make_link,
    "a link to itself": make_link_to_itself,
    "a pipe": make_pipe,
}


def poison(path: Path, kind: str, chance: random.Random) -> None:
    """Damage the file in this way, whatever its permissions are."""
    path.chmod(0o644)
    KINDS[kind](path, chance)
