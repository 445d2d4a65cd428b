"""`mcp`: the doors that serve other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.verb_function import verb

if TYPE_CHECKING:
    from gitorch.cli.call import Call


@verb("mcp")
def mcp(call: Call) -> None:
    """Serve the verbs as MCP tools on standard input and output, for the program that started this one."""
    from gitorch.mcp.server import serve

    serve(str(call.folder), call.environ)
