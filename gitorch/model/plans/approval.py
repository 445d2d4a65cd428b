"""How strongly an approval proves that a human gave it: four grades, from a flag on the command line to a forge's signature."""

from __future__ import annotations

from gitorch.model.values import Value
from gitorch.model.words import Words

SIGNED = "signed:"
"""How the proof of a signed approval begins; behind it stands the name that the allowed signers give its key."""

FORGE = "forge:"
"""How the proof of an approval begins that a forge signed; behind it stands what it signed."""


class Grade(Words):
    """What the record of an approval proves, weakest first."""

    UNATTENDED = "unattended"
    """Nobody was asked: `--yes`, which the configuration allowed when the run was prepared."""

    TYPED = "typed"
    """Somebody at a terminal typed the beginning of the report's digest. A program of the same user could have."""

    SIGNED = "signed"
    """An SSH key that the run began with signed exactly this report."""

    FORGE = "forge"
    """A forge signed the merge of the pull request that proposed exactly this report."""

    def reaches(self, least: Grade) -> bool:
        """Whether this grade is at least as strong as another."""
        order = list(Grade)
        return order.index(self) >= order.index(least)


def grade_of(proof: str) -> Grade | None:
    """The grade of a proof as a record holds it; None for one that gitorch never writes."""
    if proof.startswith(SIGNED):
        return Grade.SIGNED

    if proof.startswith(FORGE):
        return Grade.FORGE

    if proof in {Grade.TYPED, Grade.UNATTENDED}:
        return Grade(proof)

    return None


def words_of(proof: str) -> str:
    """How people read a proof: `signed by ada`, `typed at a terminal` or `unattended: nobody was asked`."""
    grade = grade_of(proof)
    if grade is Grade.SIGNED:
        return f"signed by {proof.removeprefix(SIGNED)}"
    if grade is Grade.FORGE:
        return f"signed by the forge: {proof.removeprefix(FORGE)}"
    if grade is Grade.TYPED:
        return "typed at a terminal"
    return "unattended: nobody was asked"


class Guard(Words):
    """What keeps a program of the same user from signing with a key."""

    PASSPHRASE = "passphrase"  # noqa: S105 names a kind of guard
    """The private key is encrypted; a human types its passphrase."""

    TOUCH = "touch"
    """The private key is in a security key, which a human touches."""

    AGENT = "agent"
    """Only an ssh-agent holds the private key. It signs for every program of the user, so gitorch never asks it."""

    NONE = "none"
    """The private key lies in a file that every program of the user can use."""


class SigningKey(Value):
    """An SSH key of the person who approves."""

    path: str
    """The file of the key as it was named, or the public key itself."""
    public: str
    """Type and base64 text, as in an allowed signers file: `ssh-ed25519 AAAA…`."""
    guard: Guard
