"""A security key in software: the files and signatures of `sk-ssh-ed25519@openssh.com`, by RFC 8032 and OpenSSH's PROTOCOL.u2f.

OpenSSH itself takes what it signs for valid, with and without a touch.
"""

from __future__ import annotations

import base64
import hashlib

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE = -121665 * pow(121666, -1, PRIME) % PRIME
KIND = b"sk-ssh-ed25519@openssh.com"
APPLICATION = b"ssh:"
COUNTER = (7).to_bytes(4, "big")

Point = tuple[int, int]


def _x_of(y: int) -> int:
    """The even x of a point of the curve."""
    square = (y * y - 1) * pow(CURVE * y * y + 1, -1, PRIME) % PRIME
    root = pow(square, (PRIME + 3) // 8, PRIME)
    if root * root % PRIME != square:
        root = root * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    return PRIME - root if root % 2 else root


BASE = (_x_of(4 * pow(5, -1, PRIME) % PRIME), 4 * pow(5, -1, PRIME) % PRIME)


def _add(one: Point, other: Point) -> Point:
    (x1, y1), (x2, y2) = one, other
    mixed = CURVE * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + mixed, -1, PRIME)
    y = (y1 * y2 + x1 * x2) * pow(1 - mixed, -1, PRIME)
    return x % PRIME, y % PRIME


def _packed_times_base(number: int) -> bytes:
    total, power = (0, 1), BASE
    while number:
        if number & 1:
            total = _add(total, power)
        power = _add(power, power)
        number >>= 1
    return (total[1] | (total[0] & 1) << 255).to_bytes(32, "little")


def _number(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def _strings(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _armored(name: str, body: bytes) -> str:
    return f"-----BEGIN {name}-----\n{base64.encodebytes(body).decode()}-----END {name}-----\n"


class SecurityKey:
    """One key. `touched` says whether somebody touches it whenever it signs, and whether its private file asks for that."""

    def __init__(self, seed: bytes, *, touched: bool) -> None:
        secret = hashlib.sha512(seed).digest()
        self._number = int.from_bytes(secret[:32], "little") & (1 << 254) - 8 | 1 << 254
        self._prefix = secret[32:]
        self._point = _packed_times_base(self._number)
        self._blob = _strings(KIND, self._point, APPLICATION)
        self._flags = bytes([touched])
        self.public = f"{KIND.decode()} {base64.b64encode(self._blob).decode()}"

    def private_file(self) -> str:
        """What `ssh-keygen -t ed25519-sk` writes without a passphrase; the handle is made up."""
        secret = bytes(8) + _strings(KIND, self._point, APPLICATION) + self._flags + _strings(b"handle", b"", b"ada")
        head = b"openssh-key-v1\0" + _strings(b"none", b"none", b"") + (1).to_bytes(4, "big")
        return _armored("OPENSSH PRIVATE KEY", head + _strings(self._blob, secret))

    def sign(self, text: str, namespace: str) -> str:
        """The signature of a text, as `ssh-keygen -Y sign` writes it."""
        names = _strings(namespace.encode(), b"", b"sha512")
        signed = b"SSHSIG" + names + _strings(hashlib.sha512(text.encode()).digest())
        digests = [hashlib.sha256(part).digest() for part in (APPLICATION, signed)]
        raw = self._sign_bytes(digests[0] + self._flags + COUNTER + digests[1])
        signature = _strings(KIND, raw) + self._flags + COUNTER
        body = b"SSHSIG" + (1).to_bytes(4, "big") + _strings(self._blob) + names + _strings(signature)
        return _armored("SSH SIGNATURE", body)

    def _sign_bytes(self, message: bytes) -> bytes:
        once = _number(self._prefix, message) % ORDER
        commitment = _packed_times_base(once)
        answer = once + _number(commitment, self._point, message) * self._number
        return commitment + (answer % ORDER).to_bytes(32, "little")
