"""Verbs that connect other programs with gitorch."""

from __future__ import annotations

from gitorch.model.values import replace
from gitorch.verbs.topics import TOPICS
from gitorch.verbs.verb import Kind, Parameter, Verb

PROFILES = ("claude", "codex", "gemini", "opencode", "copilot", "generic", "all")
PROFILE = Parameter(
    "profile",
    "The program: claude, codex, gemini, opencode, copilot, generic (a portable plugin), or all; may be repeated.",
    ("--profile",),
    metavar="NAME",
    required=True,
    many=True,
    choices=PROFILES,
)
USER = Parameter("user", "In your home folder, for all projects.", ("--user",), kind=Kind.FLAG)

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
    Verb(
        "skills",
        "Install, list and remove skills and commands for Claude Code, Codex, Gemini CLI, OpenCode and Copilot.",
        details=(
            "There are three skills: for agents, for operators, and for writing plans; commands for status, inbox, check and "
            "start; and the entry of the MCP server. Each file carries a version and a digest, and `gitorch doctor` names "
            "those that are outdated or were edited."
        ),
        at="skills:skills",
        needs="read",
        members=("skills install", "skills list", "skills remove"),
        changes=True,
        exits="4, 5",
        examples=("gitorch skills install --profile claude --dry-run", "gitorch skills list"),
    ),
    Verb(
        "skills install",
        "Install skills, commands and the MCP server for a program; what you edited is kept.",
        at="skills:install",
        needs="approve",
        parameters=(
            PROFILE,
            USER,
            Parameter("dry_run", "Only show what would be done.", ("--dry-run",), kind=Kind.FLAG),
        ),
        result={"files": Kind.LIST},
        changes=True,
        examples=("gitorch skills install --profile claude", "gitorch skills install --profile all --user --dry-run"),
    ),
    Verb(
        "skills list",
        "List what is installed, with what is outdated or edited.",
        at="skills:list_",
        needs="read",
        parameters=(replace(PROFILE, required=False), USER),
        result={"files": Kind.LIST},
        examples=("gitorch skills list", "gitorch skills list --user"),
    ),
    Verb(
        "skills remove",
        "Remove what gitorch installed; what you edited is kept.",
        at="skills:remove",
        needs="approve",
        parameters=(PROFILE, USER),
        result={"files": Kind.LIST},
        changes=True,
        examples=("gitorch skills remove --profile claude",),
    ),
    Verb(
        "completion",
        "Print the script that completes verbs, options and ids in a shell.",
        details=(
            "Ids are those of open runs, their jobs, questions, sessions and messages. For bash, add this line to ~/.bashrc: "
            'eval "$(gitorch completion bash)"'
        ),
        at="shells:completion",
        needs="read",
        parameters=(
            Parameter("shell", "The shell: bash, zsh or fish.", required=True, choices=("bash", "zsh", "fish")),
        ),
        result={"script": Kind.TEXT},
        examples=("gitorch completion bash", "gitorch completion fish"),
    ),
    Verb(
        "help",
        "Show the help of a verb, a topic, or the list of all verbs.",
        details=f"The topics are {', '.join(TOPICS)}.",
        at="shells:help_",
        needs="read",
        parameters=(
            Parameter("topic", "The verb or topic.", metavar="[VERB|TOPIC]...", many=True, completes="verb"),
            Parameter("man", "Print the manual page, as source for man.", ("--man",), kind=Kind.FLAG),
        ),
        result={"text": Kind.TEXT},
        exits="3",
        examples=(
            "gitorch help handoff",
            "gitorch help reviews",
            "gitorch help --man > ~/.local/share/man/man1/gitorch.1",
        ),
    ),
)
