"""What the address of a remote says about its forge: its kind, its web pages, and whether it looks public."""

from __future__ import annotations

import re

from gitorch.model.plans.forge import ForgeKind

REMOTE = re.compile(
    r"(?:\w+://)?(?:[^@/]+@)?(?P<host>\[[^\]]+\]|[^:/]+)(?::(?P<port>\d+)(?=/))?[:/](?P<path>.+?)(?:\.git)?/?"
)
"""`https://host/owner/name.git`, `ssh://git@host:22/owner/name` and `git@host:owner/name`."""

PRIVATE = re.compile(
    r"localhost|127\..*|10\..*|192\.168\..*|172\.(?:1[6-9]|2\d|3[01])\..*|169\.254\..*|\[.*\]"
    r"|[^.]+|.*\.(?:local|localhost|lan|internal|intranet|home\.arpa|test|example|invalid)"
)
"""Hosts that only some network reaches: private addresses, names without a domain, and reserved domains."""


def kind_of_remote(address: str) -> ForgeKind:
    """The forge that the host's name tells of; `none` for a host that tells nothing."""
    host = host_of(address)
    if "github" in host:
        return ForgeKind.GITHUB
    if "gitlab" in host:
        return ForgeKind.GITLAB
    if any(word in host for word in ("gitea", "forgejo", "codeberg")):
        return ForgeKind.GITEA
    return ForgeKind.NONE


def host_of(address: str) -> str:
    """The host of a remote in lower case; empty for a folder of this machine."""
    found = REMOTE.fullmatch(address)
    if found is None or _is_folder(address):
        return ""
    return found["host"].lower()


def _is_folder(address: str) -> bool:
    """Whether an address is a folder of this machine, or one that a transport helper of git reads."""
    if address.startswith(("/", ".", "~", "file:")):
        return True
    return ":" not in address


def looks_public(address: str) -> bool:
    """Whether everybody might read this remote: it is on another machine, under a name or address of the internet."""
    host = host_of(address)
    if not host:
        return False
    return PRIVATE.fullmatch(host) is None


def web_address(address: str) -> str:
    """The page of the repository; empty for a folder of this machine."""
    found = REMOTE.fullmatch(address)
    if found is None or not host_of(address):
        return ""
    scheme, host = "https", found["host"]
    if address.startswith(("http://", "https://")):
        scheme = address.partition(":")[0]
        if found["port"]:
            host += f":{found['port']}"
    return f"{scheme}://{host}/{found['path']}"


def project_of(address: str) -> str:
    """`owner/name`; empty for a folder of this machine."""
    found = REMOTE.fullmatch(address)
    if found is None:
        return ""
    return found["path"]


def branch_address(kind: ForgeKind, web: str, branch: str) -> str:
    """The page of a branch; empty without a page of the repository, or for a forge whose addresses are not known."""
    folder = {ForgeKind.GITHUB: "tree", ForgeKind.GITLAB: "-/tree", ForgeKind.GITEA: "src/branch"}.get(kind)
    if not web or folder is None:
        return ""
    return f"{web}/{folder}/{branch}"


def new_pull_request(kind: ForgeKind, web: str, head: str, base: str) -> str:
    """The page on which a person opens the pull request; empty where it is not known."""
    if not web or kind is ForgeKind.NONE:
        return ""
    if kind is ForgeKind.GITLAB:
        return f"{web}/-/merge_requests/new?merge_request[source_branch]={head.replace('/', '%2F')}&merge_request[target_branch]={base.replace('/', '%2F')}"
    ending = "?expand=1" if kind is ForgeKind.GITHUB else ""
    return f"{web}/compare/{base}...{head}{ending}"
