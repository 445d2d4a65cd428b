"""SSH signatures by `ssh-keygen -Y`, as git makes and checks them. Implements `ports.world.Signatures`.

The program that `gpg.ssh.program` names is never used: anybody who could set it could make any signature verify.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Denied, Failed, NotFound, Unavailable
from gitorch.model.path_text import shell_word
from gitorch.model.plans.approval import Guard
from gitorch.text.security_key import was_touched
from gitorch.world.git.pgp import pgp_signer
from gitorch.world.programs import run
from gitorch.world.ssh_keys import LITERAL, environment, make_key, own_key_path, read_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.plans.approval import SigningKey

SIGN_SECONDS = 300.0
"""How long a human may take to type a passphrase or touch a key."""


def trial_of(key: str) -> str:
    """The command that signs nothing with a key, and shows what ssh-keygen says of it."""
    return f"ssh-keygen -Y sign -n test -f {shell_word(key)} </dev/null"


class SshSignatures:
    """Makes signatures with the user's key and checks them against a list of allowed signers."""

    def __init__(self, environ: Mapping[str, str], terminal: str = "/dev/tty") -> None:
        """`terminal` is the device at which ssh-keygen asks for a passphrase."""
        self._environ = environ
        self._terminal = terminal
        self._env = environment(environ)

    def own_keys(self, named: str) -> tuple[SigningKey, ...]:
        """The key that git names, if it can be read, then the one that gitorch made; empty without either.

        `named` is git's `user.signingKey`; empty when it is not set.
        """
        paths = []
        if named:
            paths.append(named)
        own = own_key_path(self._environ)
        if own.exists():
            paths.append(str(own))
        found: list[SigningKey] = []
        for path in paths:
            with suppress(NotFound):
                found.append(self.read_key(path))
        return tuple(found)

    def read_key(self, named: str) -> SigningKey:
        """The key in a file, or the public key itself, with what guards it.

        Raises NotFound when there is no public key at that path.
        Raises Unavailable when `ssh-keygen` cannot be run.
        """
        return read_key(named, self._environ)

    def make_key(self, comment: str) -> SigningKey:
        """Make gitorch's own key for approvals; ssh-keygen asks for the passphrase."""
        return make_key(self._environ, comment)

    def sign(self, text: str, key: str, namespace: str) -> str:
        """Sign on the terminal: ssh-keygen may ask for a passphrase, or for a touch. No ssh-agent is asked."""
        guard = self.read_key(key).guard
        if guard is Guard.AGENT:
            message = f"the private half of {key[:40]} is only in an ssh-agent, which signs for every program of yours"
            raise Denied(message, "gitorch keys add --new")
        with tempfile.TemporaryDirectory(prefix="gitorch-sign-") as folder:
            message_file = Path(folder) / "text"
            message_file.write_text(text, encoding="utf-8")
            key_file = _key_file(key, Path(folder))
            argv = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", key_file, str(message_file)]
            errors: int | None = subprocess.PIPE
            if guard is Guard.TOUCH:
                errors = None  # what asks for the touch is written there
            try:
                result = subprocess.run(
                    argv, env=self._env, stdout=subprocess.PIPE, stderr=errors, timeout=SIGN_SECONDS, check=False
                )
            except OSError as error:
                raise Unavailable(f"ssh-keygen cannot be run: {error.strerror}", "gitorch doctor") from error
            except subprocess.TimeoutExpired as error:
                raise Unavailable(f"nothing was signed within {SIGN_SECONDS:g} seconds", "gitorch keys list") from error
            signature = message_file.with_suffix(".sig")
            if result.returncode != 0 or not signature.is_file():
                raise self._refusal(key, guard, result.stderr or b"")
            return signature.read_text(encoding="ascii")

    def _refusal(self, key: str, guard: Guard, errors: bytes) -> Failed:
        """The error for a key that signed nothing; `errors` are what ssh-keygen printed."""
        if guard is Guard.PASSPHRASE and not self._has_terminal():
            message = f"{key} signed nothing: its passphrase is typed at a terminal, and there is none"
            return Failed(message, "gitorch approve")

        reason = errors.decode("utf-8", "replace").strip() or "ssh-keygen gave no reason"
        return Failed(f"{key} signed nothing: {reason.splitlines()[-1]}", trial_of(key))

    def _has_terminal(self) -> bool:
        """Whether this process has a terminal at which somebody could be asked."""
        try:
            os.close(os.open(self._terminal, os.O_RDWR | os.O_NOCTTY))
        except OSError:
            return False
        return True

    def signer(self, text: str, signature: str, allowed: str, namespace: str, claimed: str = "") -> str:
        """The allowed signer whose key signed exactly this text; empty when none of them did.

        `allowed` is the text of an allowed signers file. A signature for another namespace does not count.
        The signer `claimed` is tried first. Raises Unavailable when `ssh-keygen` cannot be run.
        """
        with tempfile.TemporaryDirectory(prefix="gitorch-verify-") as folder:
            signature_file, signers_file = Path(folder) / "text.sig", Path(folder) / "allowed"
            signature_file.write_text(signature, encoding="utf-8")
            signers_file.write_text(allowed, encoding="utf-8")
            files = ("-s", str(signature_file), "-f", str(signers_file))
            check = ["ssh-keygen", "-Y", "verify", "-n", namespace, *files, "-I"]
            if claimed and run([*check, claimed], self._env, given=text.encode()).status == 0:
                return claimed
            principals = run(["ssh-keygen", "-Y", "find-principals", *files], self._env)
            if principals.status != 0:
                return ""
            for line in principals.out.splitlines():
                name = line.strip()
                if run([*check, name], self._env, given=text.encode()).status == 0:
                    return name
            return ""

    @staticmethod
    def was_touched(signature: str) -> bool:
        """Whether somebody touched the security key that made a valid signature: `ssh-keygen` does not ask for that."""
        return was_touched(signature)

    def forge_signer(self, text: str, signature: str, keys: str) -> str:
        """Whose key signed exactly this text as git signs commits; empty when none of these keys did.

        `keys` holds lines of an allowed signers file, OpenPGP public keys, or both. The signer of an OpenPGP signature is
        the fingerprint of its key. Raises Unavailable when `ssh-keygen`, or `gpg` for such a signature, cannot be run.
        """
        if signature.startswith("-----BEGIN SSH SIGNATURE-----"):
            return self.signer(text, signature, keys, "git")
        return pgp_signer(text, signature, keys, self._env)


def _key_file(key: str, folder: Path) -> str:
    """The path of the key's file: the user's own, or a new one in `folder` for a literal public key."""
    if not key.startswith(LITERAL):
        return str(Path(key).expanduser())
    path = folder / "key.pub"
    path.write_text(key.removeprefix("key::") + "\n", encoding="utf-8")
    return str(path)
