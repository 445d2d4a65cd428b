"""Who may approve: the keys in the allowed signers file, and the key that this person signs with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Denied, Malformed, NotFound, Problem, Refused, Usage
from gitorch.model.approval import Guard, SigningKey
from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.app.services import Services

APPROVERS = "gitorch-approvers"
"""The file of allowed signers at the repository's root, where the configuration and git name none. It is meant to be committed."""

NAMESPACES = 'namespaces="gitorch-approval"'
"""Restricts an added key to signing approvals."""

GUARDS = {
    Guard.PASSPHRASE: "asks for a passphrase",
    Guard.TOUCH: "asks for a touch",
    Guard.AGENT: "is only in an ssh-agent, which gitorch does not ask",
    Guard.NONE: "has no passphrase: every program of yours can sign with it",
}


GUARDED = frozenset({Guard.PASSPHRASE, Guard.TOUCH})
"""Guards that a program of the same user cannot get past by itself."""


class Approver(Value):
    """One line of the allowed signers file."""

    name: str
    public: str
    """Type and base64 text."""
    line: str
    own: SigningKey | None = None
    """The key of this person that the line allows, where it is one."""


def approvers_file(services: Services) -> Path:
    """The file of allowed signers that counts here."""
    named = services.config.approval_signers
    if named:
        return services.root / Path(named).expanduser()
    own = services.root / APPROVERS
    if services.files.read(own) is not None:
        return own
    of_git = services.git.setting("gpg.ssh.allowedSignersFile")
    if of_git:
        return services.root / Path(of_git).expanduser()
    return own


def allowed_signers(services: Services) -> str:
    """The keys that may sign approvals here, one line each, without comments; empty where no file names one."""
    return "".join(f"{line}\n" for line in _lines(services))


def approvers(services: Services) -> tuple[Approver, ...]:
    """Everybody who may approve, with the keys of this person marked. Raises Malformed for a line that holds no key."""
    own = {key.public: key for key in own_keys(services)}
    path = approvers_file(services)
    found: list[Approver] = []
    for line in _lines(services):
        public = _public_of(line)
        if not public:
            where = Problem(str(path), 1, 1, f"`{line[:60]}` holds no SSH key", "write `NAME ssh-ed25519 AAAA…`")
            raise Malformed(f"{path} has a line without a key", (where,))
        found.append(Approver(line.split()[0], public, line, own.get(public)))
    return tuple(found)


def own_keys(services: Services) -> tuple[SigningKey, ...]:
    """The keys that this person could sign with."""
    return services.signatures.own_keys(services.git.setting("user.signingKey"))


def key_to_sign_with(services: Services, signers: str) -> SigningKey:
    """The first key of this person that the run's signers allow. Raises Denied where there is none."""
    allowed = {_public_of(line) for line in signers.splitlines()}
    for key in own_keys(services):
        if key.public in allowed:
            return key
    message = "none of your keys is among those that this run began with as allowed to approve it"
    raise Denied(message, "gitorch keys list")


def add(services: Services, key_name: str, name: str) -> Approver:
    """Allow a key to sign approvals of runs that are prepared from now on. Raises Usage, NotFound, Refused."""
    _require_name(name)
    key = services.signatures.read_key(key_name)
    if not key.public:
        raise NotFound(f"{key_name} names no public SSH key", "gitorch keys add --new")
    for approver in approvers(services):
        if approver.public == key.public:
            raise Refused(f"{key_name} may approve already", "gitorch keys list")
    line = f"{name} {NAMESPACES} {key.public}"
    _write(services, [*_raw_lines(services), line])
    return Approver(name, key.public, line, key)


def _require_name(name: str) -> None:
    """Raises Usage for a name that the file of allowed signers could not hold."""
    if name and not any(character.isspace() or character in ',"#' for character in name):
        return
    raise Usage(f"{name!r} cannot name an approver: no blanks, commas or quotes", "gitorch keys add KEY --name ADA")


def remove(services: Services, name: str) -> tuple[Approver, ...]:
    """Remove every key of an approver from the file; runs that are prepared already keep theirs. Raises NotFound."""
    everybody = approvers(services)
    removed = tuple(approver for approver in everybody if approver.name == name)
    if not removed:
        known = ", ".join(approver.name for approver in everybody) or "nobody"
        raise NotFound(f"{name} is not an approver here; there is {known}", "gitorch keys list")
    lines = {approver.line for approver in removed}
    kept: list[str] = []
    for line in _raw_lines(services):
        if line.strip() not in lines:
            kept.append(line)
    _write(services, kept)
    return removed


def _lines(services: Services) -> list[str]:
    """The lines of the file without comments and empty ones."""
    lines: list[str] = []
    for raw in _raw_lines(services):
        line = raw.strip()
        if line and not line.startswith("#"):
            lines.append(line)
    return lines


def _raw_lines(services: Services) -> list[str]:
    data = services.files.read(approvers_file(services))
    if data is None:
        return []
    return data.decode("utf-8", "replace").splitlines()


def _write(services: Services, lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    services.files.write(approvers_file(services), text.encode())


def _public_of(line: str) -> str:
    """Type and base64 text of the key in an allowed signers line; empty where it holds none."""
    words = line.split()
    for place, word in enumerate(words[:-1]):
        if word.startswith(("ssh-", "ecdsa-", "sk-")):
            return f"{word} {words[place + 1]}"
    return ""
