"""This host's own SSH key, and the check of what other hosts signed. Implements `ports.ledger.HostKeys`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitorch.errors import Failed, Refused
from gitorch.world.git.signatures import SshSignatures, trial_of
from gitorch.world.programs import run
from gitorch.world.ssh_keys import environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAMESPACE = "git"
"""Git's own, so that `git verify-commit` checks the same signatures."""


def make_host_key(path: Path, comment: str) -> str:
    """The public key of a pair at this path, which is made without a passphrase where there is none.

    Raises Unavailable where `ssh-keygen` cannot be run, Failed where it makes no key.
    """
    if not path.is_file():
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)]
        result = run(argv, os.environ)
        if result.status != 0:
            raise Failed(f"ssh-keygen made no key: {result.err}", "gitorch doctor")
    public = path.with_suffix(".pub").read_text(encoding="utf-8")
    return " ".join(public.split()[:2])


class SshHostKeys:
    """The key in a file, empty where this host has none."""

    def __init__(self, key: str, environ: Mapping[str, str]) -> None:
        self._key, self._env = key, environment(environ)
        self._signatures = SshSignatures(environ)

    def sign(self, text: str) -> str:
        """The signature of git's own kind. Raises Refused where this host has no key."""
        if not self._key:
            raise Refused("this ledger takes signed records alone, and this host has no key", "gitorch host join")
        result = run(
            ["ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE, "-f", self._key], self._env, given=text.encode()
        )
        if result.status != 0:
            raise Failed(f"{self._key} signed nothing: {result.err}", trial_of(self._key))
        return result.out

    def signer(self, text: str, signature: str, hosts: Mapping[str, str], claimed: str) -> str:
        """The host that signed this text, or an empty string."""
        allowed = "".join(f"{name} {key}\n" for name, key in hosts.items())
        return self._signatures.signer(text, signature, allowed, NAMESPACE, claimed)
