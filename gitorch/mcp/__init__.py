"""The MCP door: `gitorch mcp` offers the verbs of the table as typed tools on standard input and output.

It has no rules of its own. A call of a tool is a call of the command line with `--json`, in a process of its own (ADR 28).
"""
