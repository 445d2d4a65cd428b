"""OpenPGP signatures of commits, checked by gpg in a folder of its own: the user's keys and trust never count."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.world.programs import run

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = re.compile("-----BEGIN PGP PUBLIC KEY BLOCK-----.*?-----END PGP PUBLIC KEY BLOCK-----\n?", re.DOTALL)
VALID = re.compile(r"^\[GNUPG:\] VALIDSIG [0-9A-F]+ .*?([0-9A-F]{40,})$", re.MULTILINE)
"""gpg's word for a signature that is valid now; the last fingerprint on the line is that of the primary key."""

SPOILED = re.compile(r"^\[GNUPG:\] (?:EXPKEYSIG|REVKEYSIG|EXPSIG|BADSIG|ERRSIG)", re.MULTILINE)


def pgp_signer(text: str, signature: str, keys: str, env: Mapping[str, str]) -> str:
    """The fingerprint of the key that signed exactly this text; empty when none of `keys` did, or it is expired or revoked.

    `keys` holds armored public keys; anything between them does not count. Raises Unavailable when gpg cannot be run.
    """
    blocks = KEY.findall(keys)
    if not blocks:
        return ""

    with tempfile.TemporaryDirectory(prefix="gitorch-gpg-") as home:
        argv = ["gpg", "--batch", "--quiet", "--no-autostart", "--homedir", home]
        run([*argv, "--import"], env, given="".join(blocks).encode())
        file = Path(home) / "commit.sig"
        file.write_text(signature, encoding="utf-8")
        result = run([*argv, "--status-fd", "1", "--verify", str(file), "-"], env, given=text.encode())

    found = VALID.search(result.out)
    if result.status != 0 or found is None or SPOILED.search(result.out):
        return ""
    return found[1]
