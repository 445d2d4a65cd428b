"""The report of a bug: what happened, with which versions, without anything secret."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
import traceback
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.cli.call import Call

PACKAGES = ("click", "dulwich", "filelock", "libtmux", "markdown-it-py", "rich", "ruamel.yaml")
SECRET_WORDS = ("TOKEN", "SECRET", "KEY", "PASSWORD")
SECRET_LENGTH_MIN = 6
"""A shorter value hides nothing, and blotting it out would eat ordinary words."""


def write_report(error: BaseException, argv: Sequence[str], call: Call) -> str:
    """Write the report and answer with its path; an empty string where it can be written nowhere."""
    text = without_secrets(report_text(error, argv), call.environ, argv)
    name = f"bug-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{os.getpid()}.txt"
    for folder in _folders(call):
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600, exist_ok=False)
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
        return str(path)
    return ""


def _folders(call: Call) -> tuple[Path, ...]:
    """In the repository where the call came that far, else in the folder for temporary files."""
    temporary = Path(tempfile.gettempdir())
    opened = call.opened
    return (temporary,) if opened is None else (Path(opened.home) / "bugs", temporary)


def report_text(error: BaseException, argv: Sequence[str]) -> str:
    """What was typed, the versions, and where it failed."""
    lines = [
        f"gitorch {__version__} failed on: gitorch {' '.join(argv)}",
        f"Python {sys.version}",
        f"on {platform.platform()}",
        *(f"{package} {_version(package)}" for package in PACKAGES),
        "",
        *(line.rstrip("\n") for line in traceback.format_exception(error)),
    ]
    return "\n".join(lines) + "\n"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "is missing"


def without_secrets(text: str, environ: Mapping[str, str], argv: Sequence[str] = ()) -> str:
    """The text without the values of environment variables that hold secrets, and without nonces that were typed."""
    secrets = {value for name, value in environ.items() if any(word in name.upper() for word in SECRET_WORDS)}
    for place, word in enumerate(argv):
        if word == "--nonce" and place + 1 < len(argv):
            secrets.add(argv[place + 1])
        elif word.startswith("--nonce="):
            secrets.add(word.removeprefix("--nonce="))
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SECRET_LENGTH_MIN:
            text = text.replace(secret, "[left out]")
    return text
