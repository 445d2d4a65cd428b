"""Verbs that connect other programs with gitorch."""

from __future__ import annotations

from gitorch.verbs.verb import Verb

VERBS = (
    Verb(
        "mcp",
        "Serve the verbs as MCP tools on standard input and output, for the program that started this one.",
        details=(
            "An agent's session gets the verbs of agents, everybody else those of an operator. No tool approves, answers or "
            "decides for a person. Programs start it themselves: `claude mcp add gitorch -- gitorch mcp`."
        ),
        at="servers:mcp",
        needs="read",
        examples=("gitorch mcp",),
    ),
)
