"""SSH signatures by `ssh-keygen -Y`, as git makes and checks them. Implements `ports.world.Signatures`.

The program that `gpg.ssh.program` names is never used: anybody who could set it could make any signature verify.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Failed, Unavailable
from gitorch.world.programs import run, without

if TYPE_CHECKING:
    from collections.abc import Mapping

SIGN_SECONDS = 300.0
"""How long a human may take to type a passphrase or touch a key."""

PUBLIC_KEY_PREFIXES = ("key::", "ssh-", "ecdsa-", "sk-")
"""How git's `user.signingKey` begins when it is a public key itself, whose private half an ssh-agent holds."""


class SshSignatures:
    """Makes signatures with the user's key and checks them against a list of allowed signers."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._env = without(environ, ("GIT_", "GITORCH_"))

    def sign(self, text: str, key: str, namespace: str) -> str:
        """The signature of a text with the key that git's `user.signingKey` names. Raises Failed, Unavailable.

        ssh-keygen may ask for a passphrase on the terminal, or for a touch of the key.
        """
        with tempfile.TemporaryDirectory(prefix="gitorch-sign-") as folder:
            text_file = Path(folder) / "text"
            text_file.write_text(text, encoding="utf-8")
            key_file = _key_file(key, Path(folder))
            argv = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", key_file, str(text_file)]
            try:
                result = subprocess.run(argv, env=self._env, capture_output=True, timeout=SIGN_SECONDS, check=False)
            except OSError as error:
                raise Unavailable(f"ssh-keygen cannot be run: {error.strerror}", "gitorch doctor") from error
            except subprocess.TimeoutExpired as error:
                raise Unavailable(f"nothing was signed within {SIGN_SECONDS:g} seconds", f"ssh-add {key}") from error
            signature = text_file.with_suffix(".sig")
            if result.returncode != 0 or not signature.is_file():
                reason = result.stderr.decode("utf-8", "replace").strip() or "ssh-keygen gave no reason"
                message = f"{key} signed nothing: {reason.splitlines()[-1]}"
                raise Failed(message, f"ssh-keygen -Y sign -n test -f {key}")
            return signature.read_text(encoding="ascii")

    def signer(self, text: str, signature: str, allowed: str, namespace: str) -> str:
        """The allowed signer whose key signed exactly this text; empty when none of them did."""
        with tempfile.TemporaryDirectory(prefix="gitorch-verify-") as folder:
            signature_file, signers_file = Path(folder) / "text.sig", Path(folder) / "allowed"
            signature_file.write_text(signature, encoding="utf-8")
            signers_file.write_text(allowed, encoding="utf-8")
            files = ("-s", str(signature_file), "-f", str(signers_file))
            principals = run(["ssh-keygen", "-Y", "find-principals", *files], self._env)
            if principals.status != 0:
                return ""
            for line in principals.out.splitlines():
                name = line.strip()
                argv = ["ssh-keygen", "-Y", "verify", "-n", namespace, "-I", name, *files]
                if run(argv, self._env, given=text.encode()).status == 0:
                    return name
            return ""


def _key_file(key: str, folder: Path) -> str:
    """The path of the key's file: the user's own, or a new one in `folder` for a literal public key."""
    if not key.startswith(PUBLIC_KEY_PREFIXES):
        return str(Path(key).expanduser())
    path = folder / "key.pub"
    path.write_text(key.removeprefix("key::") + "\n", encoding="utf-8")
    return str(path)
