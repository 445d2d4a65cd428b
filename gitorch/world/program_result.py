"""What a program that has ended left behind."""

from __future__ import annotations

from gitorch.model.values import Value


class ProgramResult(Value):
    """The exit status and output of a program. Paths may hold any bytes, so undecodable ones become surrogates."""

    status: int
    out_bytes: bytes
    err_bytes: bytes

    @property
    def out(self) -> str:
        """Standard output as text."""
        return self.out_bytes.decode("utf-8", "surrogateescape")

    @property
    def err(self) -> str:
        """Standard error as text without the last line feed."""
        return self.err_bytes.decode("utf-8", "replace").rstrip("\n")
