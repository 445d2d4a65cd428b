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


HOSTS = {
    "github": ForgeKind.GITHUB,
    "gitlab": ForgeKind.GITLAB,
    "gitea": ForgeKind.GITEA,
    "forgejo": ForgeKind.GITEA,
    "codeberg": ForgeKind.GITEA,
}
"""The forges by a part of their hosts' names."""

COMPARISONS = {
    ForgeKind.GITHUB: "{web}/compare/{old}...{new}",
    ForgeKind.GITLAB: "{web}/-/compare/{old}...{new}",
    ForgeKind.GITEA: "{web}/compare/{old}...{new}",
}
"""The page of the changes between two commits."""

NEW_PULL_REQUESTS = {
    ForgeKind.GITHUB: "{web}/compare/{base}...{head}?expand=1",
    ForgeKind.GITLAB: "{web}/-/merge_requests/new?merge_request[source_branch]={head}&merge_request[target_branch]={base}",
    ForgeKind.GITEA: "{web}/compare/{base}...{head}",
}
"""The page on which a person opens a pull request."""


def kind_of_remote(address: str) -> ForgeKind:
    """The forge that the host's name tells of; `none` for a host that tells nothing."""
    host = host_of(address)
    for word, kind in HOSTS.items():
        if word in host:
            return kind

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
    """The page of the repository; empty for a folder of this machine.

    Remotes by SSH are taken to have a page by https at the same host. A password in the address is left out.
    """
    found = REMOTE.fullmatch(address)
    if found is None or not host_of(address):
        return ""

    if not address.startswith("http"):
        return f"https://{found['host']}/{found['path']}"

    scheme = address.partition(":")[0]
    host = found["host"]
    if found["port"]:
        host = f"{host}:{found['port']}"
    return f"{scheme}://{host}/{found['path']}"


def project_of(address: str) -> str:
    """`owner/name`; empty for a folder of this machine."""
    found = REMOTE.fullmatch(address)
    if found is None:
        return ""

    return found["path"]


def changes_address(kind: ForgeKind, web: str, old: str, new: str) -> str:
    """The page of what changes between two commits; empty without a page, or for a forge whose addresses are not known."""
    if not web or kind not in COMPARISONS:
        return ""

    return COMPARISONS[kind].format(web=web, old=old, new=new)


def new_pull_request(kind: ForgeKind, web: str, head: str, base: str) -> str:
    """The page on which a person opens the pull request from `head` into `base`; empty where it is not known."""
    if not web or kind not in NEW_PULL_REQUESTS:
        return ""

    return NEW_PULL_REQUESTS[kind].format(web=web, head=head, base=base)
