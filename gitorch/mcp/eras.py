"""The two eras of the protocol: until 2025-11-25 a client begins with `initialize`; from 2026-07-28 each request names its version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch import __version__
from gitorch.mcp.messages import UNSUPPORTED_VERSION, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.mcp.messages import Message

HANDSHAKE_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
MODERN_VERSIONS = ("2026-07-28",)
VERSION_KEY = "io.modelcontextprotocol/protocolVersion"

CAPABILITIES: Mapping[str, Any] = {"tools": {}, "resources": {}}
SERVER = {"name": "gitorch", "title": "gitorch", "version": __version__}

INSTRUCTIONS = (
    "gitorch runs coding agents through an approved plan: worktrees, reviews, a person's approval, the merge. Each tool is a verb "
    "of its command line. An agent reads its brief first, works, commits, hands in with handoff (or verdict, for a review), and "
    "stops. No tool approves, answers or decides for a person."
)


def is_modern(message: Message) -> bool:
    """Whether a request names its version itself. Raises Fault for a version that is not spoken."""
    meta = message.params.get("_meta")
    if not isinstance(meta, dict) or VERSION_KEY not in meta:
        return message.method == "server/discover"

    version = meta[VERSION_KEY]
    if version in MODERN_VERSIONS:
        return True

    supported = [*MODERN_VERSIONS, *HANDSHAKE_VERSIONS]
    text = f"gitorch does not speak version {version} of the protocol"
    raise Fault(UNSUPPORTED_VERSION, text, message.id, {"supported": supported, "requested": version})


def initialized(params: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to `initialize`: the client's version if it is spoken, else the newest with a handshake."""
    version = params.get("protocolVersion")
    if version not in HANDSHAKE_VERSIONS:
        version = HANDSHAKE_VERSIONS[-1]

    return {
        "protocolVersion": version,
        "capabilities": CAPABILITIES,
        "serverInfo": SERVER,
        "instructions": INSTRUCTIONS,
    }


def discovered() -> dict[str, Any]:
    """The answer to `server/discover`."""
    return {
        "supportedVersions": [*MODERN_VERSIONS, *HANDSHAKE_VERSIONS],
        "capabilities": CAPABILITIES,
        "instructions": INSTRUCTIONS,
    }


CACHED = frozenset({"server/discover", "tools/list", "resources/list", "resources/templates/list", "resources/read"})
"""Methods whose answers say for how long they hold."""


def dressed(method: str, result: dict[str, Any], *, modern: bool) -> dict[str, Any]:
    """The answer of a method as its era writes it."""
    if not modern:
        return result

    more: dict[str, Any] = {"resultType": "complete", "_meta": {"io.modelcontextprotocol/serverInfo": SERVER}}
    if method in CACHED:
        more |= {"ttlMs": 0, "cacheScope": "private"}

    return result | more
