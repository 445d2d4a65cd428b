"""The report of a bug: command line, versions and traceback, without secrets."""

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
from gitorch.text.visible import safe_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.cli.call import Call

PACKAGES = ("click", "dulwich", "filelock", "libtmux", "markdown-it-py", "rich", "ruamel.yaml")
SECRET_WORDS = ("TOKEN", "SECRET", "KEY", "PASSWORD")
SECRET_LENGTH_MIN = 6
"""A shorter value is no secret, and replacing it would damage ordinary words."""


def write_report(error: BaseException, argv: Sequence[str], call: Call) -> str:
    """Write the report and return its path; an empty string if no folder is writable."""
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
    """The folders to try: gitorch's own in an opened repository, then the one for temporary files."""
    temporary = Path(tempfile.gettempdir())
    if call.opened is None:
        return (temporary,)

    return (Path(call.opened.home) / "bugs", temporary)


def report_text(error: BaseException, argv: Sequence[str]) -> str:
    """The command line, the versions, and the traceback."""
    lines = [
        f"gitorch {__version__} failed on: gitorch {' '.join(argv)}",
        f"Python {sys.version}",
        f"on {platform.platform()}",
    ]
    lines += [f"{package} {_version(package)}" for package in PACKAGES]
    lines.append("")
    lines += [line.rstrip("\n") for line in traceback.format_exception(error)]

    return safe_text("\n".join(lines)) + "\n"


def _version(package: str) -> str:
    """The version of an installed package, or a note that it is missing."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "is missing"


def without_secrets(text: str, environ: Mapping[str, str], argv: Sequence[str] = ()) -> str:
    """The text without the values of environment variables that hold secrets, and without nonces that were typed."""
    secrets = {value for name, value in environ.items() if _names_secret(name)} | _typed_nonces(argv)
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SECRET_LENGTH_MIN:
            text = text.replace(secret, "[left out]")

    return text


def _names_secret(variable: str) -> bool:
    """Whether the name of a variable suggests that its value is a secret."""
    for word in SECRET_WORDS:
        if word in variable.upper():
            return True

    return False


def _typed_nonces(argv: Sequence[str]) -> set[str]:
    """The nonces on a command line, which a report must not repeat."""
    nonces: set[str] = set()
    for place, word in enumerate(argv):
        if word == "--nonce":
            nonces.update(argv[place + 1 : place + 2])
        elif word.startswith("--nonce="):
            nonces.add(word.removeprefix("--nonce="))

    return nonces
