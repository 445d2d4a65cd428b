"""What OpenSSH's files say about the touch of a security key, which `ssh-keygen -Y verify` does not ask for."""

from __future__ import annotations

import base64
from contextlib import suppress

HARDWARE = "sk-"
"""How the type of a key begins that lives in a security key (`sk-ssh-ed25519@openssh.com`)."""

SIGNATURE_HEAD_BYTES = len(b"SSHSIG") + 4
PLAIN_HEAD = b"openssh-key-v1\0\0\0\0\4none\0\0\0\4none\0\0\0\0\0\0\0\1"
"""How a private file begins that no passphrase encrypts."""

CHECK_BYTES = 8
"""Two equal numbers before a private key, by which a wrong passphrase shows."""

PRESENT = 1
"""The flag for a touch: in a private file one is asked for, in a signature one was given."""


def was_touched(signature: str) -> bool:
    """Whether somebody touched the security key that made an SSH signature. True for every other kind of key.

    Ask it about signatures that `ssh-keygen` takes for valid; False for what is none.
    """
    body = _body(signature, "SSH SIGNATURE")
    key, *_, signed = _fields(body[SIGNATURE_HEAD_BYTES:], 5)
    (kind,) = _fields(key, 1)
    if not kind:
        return False

    if not kind.startswith(HARDWARE.encode()):
        return True

    return _has_flag(signed, 2)


def asks_for_touch(private: str) -> bool:
    """Whether a security key asks for a touch, by its private file; True where a passphrase hides that."""
    body = _body(private, "OPENSSH PRIVATE KEY")
    if not body.startswith(PLAIN_HEAD):
        return True

    _, secret = _fields(body[len(PLAIN_HEAD) :], 2)
    secret = secret[CHECK_BYTES:]
    (kind,) = _fields(secret, 1)
    # Type, curve, public key and application; there is a choice of curves for ECDSA only.
    return _has_flag(secret, 4 if b"ecdsa" in kind else 3)


def _body(text: str, name: str) -> bytes:
    """The bytes between the marks of one of OpenSSH's files, read as `ssh-keygen` reads them; none for any other text."""
    inside, end, _ = text.removeprefix(f"-----BEGIN {name}-----").partition(f"\n-----END {name}-----")
    with suppress(ValueError):
        if end:
            return base64.b64decode("".join(inside.split()), validate=True)

    return b""


def _fields(data: bytes, count: int) -> list[bytes]:
    """The first strings in the binary format of SSH, each after its length in four bytes. Missing bytes make them shorter."""
    found: list[bytes] = []
    for _ in range(count):
        end = 4 + int.from_bytes(data[:4], "big")
        found.append(data[4:end])
        data = data[end:]
    return found


def _has_flag(data: bytes, count: int) -> bool:
    """Whether the byte after so many strings has the flag for a touch."""
    before = 0
    for field in _fields(data, count):
        before += 4 + len(field)
    flags = data[before : before + 1]
    return bool(int.from_bytes(flags, "big") & PRESENT)
