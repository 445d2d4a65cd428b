"""Who may approve: the keys in the allowed signers file, and the key that this person signs with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Denied, Malformed, NotFound, Problem, Refused, Usage
from gitorch.model.path_text import shell_word
from gitorch.model.plans.approval import Guard, SigningKey
from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.app.services import Services

APPROVERS = "gitorch-approvers"
"""The file of allowed signers at the repository's root, where the configuration and git name none. It is meant to be committed."""

FORGE_KEYS = "gitorch-forge-keys"
"""The file of the keys by which the forge signs merges, where the configuration names none. It is meant to be committed."""

NAMESPACES = 'namespaces="gitorch-approval"'
"""Restricts an added key to signing approvals."""

NAME = re.compile(r"[^\s,\"#]+")
"""What can name an approver: one word of an allowed signers file."""

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
    """The file of allowed signers that counts here; it need not exist.

    The configuration wins; then comes `gitorch-approvers` at the repository's root where it exists; then the file that
    git is configured with. Without any of them it is `gitorch-approvers` again, as the place to make one.
    """
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


def forge_keys(services: Services) -> str:
    """The keys by which a forge signs merges here, without comments; empty where no file has one.

    The file that the configuration names counts, otherwise `gitorch-forge-keys` at the repository's root.
    """
    named = services.config.approval_forge_keys or FORGE_KEYS
    data = services.files.read(services.root / Path(named).expanduser())
    if data is None:
        return ""

    lines = data.decode("utf-8", "replace").splitlines()
    return "".join(f"{line}\n" for line in lines if not line.startswith("#"))


def approvers(services: Services) -> tuple[Approver, ...]:
    """Everybody who may approve, in the order of the file, with the keys of this person marked.

    Empty without a file.
    Raises Malformed for the first line that holds no key.
    """
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
    """The keys that this person could sign with: that of git's `user.signingKey` first, then the one that gitorch made.

    Each says how it is guarded.
    """
    return services.signatures.own_keys(services.git.setting("user.signingKey"))


def adding_command(services: Services) -> str:
    """The command by which a key of this person may sign approvals here: one that they have, or a new one.

    A person has one key of gitorch, which serves all repositories; a key without a guard is not offered.
    """
    for key in own_keys(services):
        if key.guard in GUARDED:
            return f"gitorch keys add {shell_word(key.path)}"

    return "gitorch keys add --new"


def key_to_sign_with(services: Services, signers: str) -> SigningKey:
    """The first key of this person that the run's signers allow.

    `signers` is the text of an allowed signers file, as the run recorded it when it began; the file of today does not count.
    Raises Denied where none of the keys is allowed.
    """
    allowed = {_public_of(line) for line in signers.splitlines()}
    for key in own_keys(services):
        if key.public in allowed:
            return key

    message = (
        "none of your keys (git's user.signingKey, and the one that gitorch made) is among those that this run began "
        "with as allowed to approve it"
    )
    raise Denied(message, "gitorch keys list")


def add(services: Services, key_name: str, name: str) -> Approver:
    """Allow a key to sign approvals of runs that are prepared from now on.

    `key_name` is the path of a public key, or its text; a line is added at the end of the file of allowed signers.

    Raises Usage for a name that the file could not hold.
    Raises NotFound where no public key is found.
    Raises Refused for a key that may approve already.
    """
    _require_name(name)
    key = services.signatures.read_key(key_name)
    if not key.public:
        raise NotFound(f"{key_name} names no public SSH key", "gitorch keys add --new")

    _require_new(services, key, key_name)

    line = f"{name} {NAMESPACES} {key.public}"
    _write(services, [*_raw_lines(services), line])
    return Approver(name, key.public, line, key)


def _require_new(services: Services, key: SigningKey, key_name: str) -> None:
    """Raises Refused for a key that is in the file already, under whatever name."""
    for approver in approvers(services):
        if approver.public == key.public:
            raise Refused(f"{key_name} may approve already", "gitorch keys list")


def _require_name(name: str) -> None:
    """Raises Usage for a name that the file of allowed signers could not hold.

    There a blank ends the name, a comma separates names, quotes enclose options, and `#` begins a comment.
    """
    if not NAME.fullmatch(name):
        message = f"{name!r} cannot name an approver: no blanks, commas or quotes"
        raise Usage(message, "gitorch keys add KEY --name ADA")


def remove(services: Services, name: str) -> tuple[Approver, ...]:
    """Remove every key of an approver from the file, and give the removed ones.

    Comments and the other lines stay as they are. Runs that are prepared already keep the keys that they began with.
    Raises NotFound where nobody has this name.
    """
    everybody = approvers(services)
    removed = tuple(approver for approver in everybody if approver.name == name)
    if not removed:
        known = ", ".join(approver.name for approver in everybody) or "nobody"
        raise NotFound(f"{name} is not an approver here; there is {known}", "gitorch keys list")

    _write(services, _lines_without(services, removed))
    return removed


def _lines_without(services: Services, removed: tuple[Approver, ...]) -> list[str]:
    """The lines of the file, comments included, but for those of the removed approvers."""
    lines = {approver.line for approver in removed}
    kept: list[str] = []
    for line in _raw_lines(services):
        if line.strip() not in lines:
            kept.append(line)
    return kept


def _lines(services: Services) -> list[str]:
    """The lines of the file without comments and empty ones."""
    lines: list[str] = []
    for raw in _raw_lines(services):
        line = raw.strip()
        if line and not line.startswith("#"):
            lines.append(line)
    return lines


def _raw_lines(services: Services) -> list[str]:
    """Every line of the file as it stands there; none without a file."""
    data = services.files.read(approvers_file(services))
    if data is None:
        return []

    return data.decode("utf-8", "replace").splitlines()


def _write(services: Services, lines: list[str]) -> None:
    """Write the whole file anew, each line with its line break."""
    text = "".join(f"{line}\n" for line in lines)
    services.files.write(approvers_file(services), text.encode())


def _public_of(line: str) -> str:
    """Type and base64 text of the key in an allowed signers line; empty where it holds none.

    Names and options come first, so the key is found by the prefix of its type.
    """
    fields = line.split()
    for place, word in enumerate(fields[:-1]):
        if word.startswith(("ssh-", "ecdsa-", "sk-")):
            return f"{word} {fields[place + 1]}"

    return ""
