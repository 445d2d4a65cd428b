"""SSH keys of the person who approves: which there are, what guards them, and a new one made by `ssh-keygen`.

gitorch never sees a passphrase: `ssh-keygen` asks for it on the terminal.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Failed, NotFound, Refused, Unavailable
from gitorch.model.path_text import shell_word
from gitorch.model.plans.approval import Guard, SigningKey
from gitorch.text.security_key import HARDWARE, asks_for_touch
from gitorch.world.programs import run, without

if TYPE_CHECKING:
    from collections.abc import Mapping

LITERAL = ("key::", "ssh-", "ecdsa-", "sk-")
"""How git's `user.signingKey` begins where it is a public key itself and not a file."""

MAKING_SECONDS = 600.0
"""How long a human may take to choose a passphrase."""


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of `ssh-keygen`: without an ssh-agent, and without programs that would type a passphrase in a human's place."""
    names = ("GIT_", "GITORCH_", "SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_SK_PROVIDER", "DISPLAY", "WAYLAND_DISPLAY")
    return without(environ, names) | {"SSH_ASKPASS_REQUIRE": "never"}


def read_key(named: str, environ: Mapping[str, str]) -> SigningKey:
    """The key that a file or a public key names, with what guards it.

    `named` is a public key in OpenSSH's format, `key::` before one, or the path of its private or public file.
    A key without a private file is taken for one in an ssh-agent, or in a security key that asks for a touch.

    Raises NotFound when there is no public key at that path.
    Raises Unavailable when `ssh-keygen` cannot be run.
    """
    if named.startswith(LITERAL):
        public = _public_part(named.removeprefix("key::"))
        return SigningKey(named, public, _guard_without_file(public))

    private = Path(named).expanduser()
    if private.suffix == ".pub":
        private = private.with_suffix("")
    public = _read_public(private)
    if not private.is_file():
        return SigningKey(named, public, _guard_without_file(public))
    if public.startswith(HARDWARE):
        return SigningKey(named, public, _guard_of_hardware(private))
    return SigningKey(named, public, _guard_of_file(private, environ))


def own_key_path(environ: Mapping[str, str]) -> Path:
    """The path of the key that gitorch makes for approvals, in the user's configuration folder; it need not exist."""
    home = Path(environ.get("HOME", "~")).expanduser()
    config = environ.get("XDG_CONFIG_HOME") or str(home / ".config")
    return Path(config) / "gitorch" / "approval_key"


def make_key(environ: Mapping[str, str], comment: str) -> SigningKey:
    """Make a key for approvals; `ssh-keygen` asks for its passphrase on the terminal.

    Raises Refused when there is one already; it is never replaced, because approvals in ledgers name it.
    Raises Refused when no passphrase was chosen; the key is removed again.
    Raises Failed when `ssh-keygen` makes no key.
    Raises Unavailable when it cannot be run, or is not answered within `MAKING_SECONDS`.
    """
    path = own_key_path(environ)
    if path.exists():
        message = f"there is a key for approvals already, which serves all of your repositories: {path}"
        raise Refused(message, f"gitorch keys add {shell_word(path)}")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-C", comment, "-f", str(path)]
    try:
        status = subprocess.run(argv, env=environment(environ), timeout=MAKING_SECONDS, check=False).returncode
    except OSError as error:
        raise Unavailable(f"ssh-keygen cannot be run: {error.strerror}", "gitorch doctor") from error
    except subprocess.TimeoutExpired as error:
        raise Unavailable("ssh-keygen was not answered", "gitorch keys add --new") from error
    if status != 0:
        raise Failed(f"ssh-keygen made no key (exit status {status})", "gitorch keys add --new")
    key = read_key(str(path), environ)
    if key.guard is Guard.NONE:
        path.unlink()
        path.with_name(f"{path.name}.pub").unlink(missing_ok=True)
        raise Refused("a key for approvals needs a passphrase; none was made", "gitorch keys add --new")
    return key


def _guard_of_file(private: Path, environ: Mapping[str, str]) -> Guard:
    """Whether a private key opens with an empty passphrase."""
    opened = run(["ssh-keygen", "-y", "-P", "", "-f", str(private)], environment(environ))
    if opened.status == 0:
        return Guard.NONE
    return Guard.PASSPHRASE


def _guard_of_hardware(private: Path) -> Guard:
    """Whether a security key asks for a touch, as the file that stands for its private half says."""
    if asks_for_touch(private.read_text(encoding="utf-8", errors="replace")):
        return Guard.TOUCH
    return Guard.NONE


def _guard_without_file(public: str) -> Guard:
    """The guard of a key of which only the public half is known: a touch for a hardware key, else an ssh-agent."""
    if public.startswith(HARDWARE):
        return Guard.TOUCH
    return Guard.AGENT


def _read_public(private: Path) -> str:
    """The public half beside a private key. Raises NotFound."""
    path = private.with_name(f"{private.name}.pub")
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}", "gitorch keys add --new") from None
    public = _public_part(text)
    if not public:
        raise NotFound(f"{path} holds no public SSH key", "gitorch keys add --new")
    return public


def _public_part(text: str) -> str:
    """Type and base64 text of a public key, without its comment; empty for anything else."""
    fields = text.split()
    if len(fields) < 2:
        return ""
    if not fields[0].startswith(LITERAL):
        return ""
    return " ".join(fields[:2])
