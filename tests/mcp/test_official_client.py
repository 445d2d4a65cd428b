"""The official client of the protocol lists, reads and calls in both eras, and accepts every answer."""

from __future__ import annotations

import os
import sys

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def mcp():
    """The client, which each worker would import for two seconds if this module did, also where slow tests are left out."""
    return pytest.importorskip("mcp", reason="the test dependency `mcp` is not installed: .ci/setup dev")


@pytest.mark.parametrize(
    ("mode", "version"), [("legacy", "2025-11-25"), ("auto", "2026-07-28"), ("2026-07-28", "2026-07-28")]
)
def test_the_official_client_lists_reads_and_calls(repo, mcp, mode, version):
    import anyio  # it comes with the client

    found = repo("scratch").path
    assert anyio.run(talk, mcp, str(found), mode) == version


async def talk(mcp, folder: str, mode: str) -> str:
    """The version that is spoken, after everything that a client does."""
    serve = mcp.StdioServerParameters(
        command=sys.executable, args=["-m", "gitorch.cli.main", "mcp"], cwd=folder, env=dict(os.environ)
    )
    async with mcp.Client(serve, mode=mode) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert "status" in tools
        assert "approve" not in tools
        assert tools["handoff"].input_schema["required"] == ["status"]
        assert {str(one.uri) for one in (await client.list_resources()).resources} >= {"gitorch://status"}

        result = await client.call_tool("doctor", {})
        assert result.is_error  # a scratch repository is not set up
        result = await client.call_tool("list", {"kind": "runs"})
        assert result.is_error
        assert "gitorch init" in result.content[0].text
        denied = await client.call_tool("approve", {})
        assert denied.is_error
        assert "only the principal may" in denied.content[0].text
        with pytest.raises(mcp.MCPError):
            await client.call_tool("no_such", {})
        with pytest.raises(mcp.MCPError):
            await client.read_resource("gitorch://report")
        return client.protocol_version
