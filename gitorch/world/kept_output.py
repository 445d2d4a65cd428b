"""Takes secrets out of what is kept of a session's output: `python -m gitorch.world.kept_output FOLDER`, once the session is over.

Output with a secret that only shows without the control sequences in between is kept as plain text.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gitorch.text.redact import redact_secrets
from gitorch.text.secret_signs import is_suspicious
from gitorch.world.files import read_regular, write_own
from gitorch.world.terminal_text import without_sequences

NAMES = ("output.log", "output.tail")
"""The first of a session's output and the last, in its folder."""

BYTES_MAX = 2_000_000


def without_secrets(data: bytes) -> bytes:
    """Terminal output without its secrets; the same bytes where it holds none."""
    text = data.decode("utf-8", "surrogateescape")
    if not is_suspicious(text):
        return data

    redacted = redact_secrets(text)
    plain = without_sequences(redacted)
    plainly_redacted = redact_secrets(plain)
    if plainly_redacted != plain:
        redacted = plainly_redacted
    return redacted.encode("utf-8", "surrogateescape")


def redact_kept_output(folder: Path) -> None:
    """Rewrite the kept output of a session that is over, where it holds a secret. A second call changes nothing."""
    for name in NAMES:
        data = read_regular(folder / name, BYTES_MAX) or b""
        redacted = without_secrets(data)
        if redacted != data:
            write_own(folder / name, redacted)


if __name__ == "__main__":
    redact_kept_output(Path(sys.argv[1]))
