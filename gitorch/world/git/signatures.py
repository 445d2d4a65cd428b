"""SSH signatures by `ssh-keygen -Y`, as git makes and checks them. Implements `ports.world.Signatures`.

Never the program that `gpg.ssh.program` names: whoever could set it could have anything verified.
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

LITERAL = ("key::", "ssh-", "ecdsa-", "sk-")
"""How git's `user.signingKey` begins where it is a public key itself, whose private half an agent of ssh holds."""


class SshSignatures:
    """Signatures made with the user's key, checked against keys that somebody else chose."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._env = without(environ, ("GIT_", "GITORCH_"))

    def sign(self, text: str, key: str, namespace: str) -> str:
        """See the port. ssh-keygen may ask for a passphrase on the terminal, or for a touch."""
        with tempfile.TemporaryDirectory(prefix="gitorch-sign-") as folder:
            said = Path(folder) / "text"
            said.write_text(text, encoding="utf-8")
            argv = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", _key_file(key, Path(folder)), str(said)]
            try:
                done = subprocess.run(argv, env=self._env, capture_output=True, timeout=SIGN_SECONDS, check=False)
            except OSError as error:
                raise Unavailable(f"ssh-keygen cannot be run: {error.strerror}", "gitorch doctor") from error
            except subprocess.TimeoutExpired as error:
                raise Unavailable(f"nothing was signed within {SIGN_SECONDS:g} seconds", f"ssh-add {key}") from error
            signature = said.with_suffix(".sig")
            if done.returncode != 0 or not signature.is_file():
                why = done.stderr.decode("utf-8", "replace").strip() or "ssh-keygen gave no reason"
                raise Failed(f"{key} signed nothing: {why.splitlines()[-1]}", f"ssh-keygen -Y sign -n test -f {key}")
            return signature.read_text(encoding="ascii")

    def signer(self, text: str, signature: str, allowed: str, namespace: str) -> str:
        """See the port."""
        with tempfile.TemporaryDirectory(prefix="gitorch-verify-") as folder:
            signed, signers = Path(folder) / "text.sig", Path(folder) / "allowed"
            signed.write_text(signature, encoding="utf-8")
            signers.write_text(allowed, encoding="utf-8")
            words = ("-s", str(signed), "-f", str(signers))
            found = run(["ssh-keygen", "-Y", "find-principals", *words], self._env)
            for name in found.out.splitlines() if found.status == 0 else ():
                check = ["ssh-keygen", "-Y", "verify", "-n", namespace, "-I", name.strip(), *words]
                if run(check, self._env, given=text.encode()).status == 0:
                    return name.strip()
            return ""


def _key_file(key: str, folder: Path) -> str:
    """A file that names the key: the user's own, or one made for a public key that is written out."""
    if not key.startswith(LITERAL):
        return str(Path(key).expanduser())
    made = folder / "key.pub"
    made.write_text(key.removeprefix("key::") + "\n", encoding="utf-8")
    return str(made)
