"""Runs whose agents are the vendors' programs, one writing and another reviewing, and what their models were told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from house import WAITING
from programs import PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from house import House
    from stand_in import StandIn

REVIEWERS = {"claude": "codex", "codex": "gemini", "gemini": "claude", "opencode": "codex", "aider": "claude"}
REVIEWERS |= {"gemini-acp": "qwen", "copilot": "gemini-acp", "qwen": "copilot", "opencode-acp": "copilot"}
"""Who reviews whom. Not OpenCode, which takes longest to start; and not aider, which looks at nothing that it was not given."""

OWN: dict[str, dict[str, object]] = {
    "gemini": {"model": ""},
    "aider": {
        "model": "openai/stand-in",
        "one_shot": True,
        "permissions": [
            {"allow": "gitorch handoff .*"},
            {"allow": r"[\w-]+\.txt\nCreate new file\?"},
            {"reject": r"Add command output to the chat\?"},
        ],
    },
    "qwen": {"permissions": [{"allow": r"cat > '[\w-]+\.txt' <<'END_OF_FILE'\n[\w .]+\nEND_OF_FILE"}]},
}
"""What a runtime says of its program beside its key and the stand-in's place."""

RUN_SECONDS = 600
"""How long a run may take from one question to the next; on a machine that does nothing else it takes less than 30."""


def configure(
    home: House,
    api: StandIn,
    writer: str,
    reviewer: str,
    *,
    one_shot: bool = False,
    own: Mapping[str, Mapping[str, object]] = OWN,
) -> None:
    """One program writes and another reviews; both ask the stand-in. `own` are further keys of a program's runtime."""
    home.configure(agents=2, start=300, silence=300)
    for key, value in (("user.name", "An Agent"), ("user.email", "agent@example.invalid")):
        home.repo.git("config", key, value)
    home.repo.commit({".gitignore": ".aider*\n"}, "Ignore what aider keeps in its worktree")
    runtimes = {}
    for role, name in (("writer", writer), ("reviewer", reviewer)):
        program = PROGRAMS[name]
        url = api.url(f"{name}-{role}")
        env = {**program.env(url), **program.settle(home.path.parent / f"settings-{role}", url)}
        runtime = {"preset": program.preset, "model": "stand-in", "env": env, "one_shot": one_shot}
        if program.command:
            runtime["command"] = list(program.command)
        runtimes[role] = {**runtime, **own.get(name, {})}
    path = home.path / "gitorch.yaml"
    lines = [line for line in path.read_text().splitlines() if not line.startswith(("lanes:", "runtimes:"))]
    commits = "host" if writer == "aider" else "agent"
    lines.append(f"lanes: {{implementer: {{runtime: writer, commits: {commits}}}, reviewer: {{runtime: reviewer}}}}")
    lines.append(f"runtimes: {json.dumps(runtimes)}")
    path.write_text("\n".join(lines) + "\n")


def reviewer_of(writer: str) -> str:
    """Another program that is installed: the one that is meant to, or else any; without one the test is left out, which is said."""
    if not PROGRAMS[writer].installed:
        pytest.skip(f"{writer} is not installed: make agents")
    others = (REVIEWERS[writer], *(name for name in REVIEWERS if name not in {writer, "aider"}))
    for name in others:
        if PROGRAMS[name].installed:
            return name
    return pytest.skip(f"no other program is installed that could review what {writer} wrote")


def drive(home: House) -> None:
    """Until only people can go on."""
    home("up", "--no-wait", status=WAITING, wait_seconds=RUN_SECONDS)


def told_once(home: House, api: StandIn, writer: str, reviewer: str) -> None:
    """Every text that the ledger says was delivered reached the model, byte for byte and once."""
    delivered = home.records("prompt-delivered")
    lines = api.told(f"{writer}-writer") + api.told(f"{reviewer}-reviewer")
    pointing = [line for line in lines if not line.startswith("APPROVED ")]
    assert len(pointing) == sum(1 for one in delivered if one["kind"] != "cleared"), (lines, delivered)
    assert len(set(lines) - set(pointing)) == len(lines) - len(pointing), (
        "each clearance once, if the program was not stopped before"
    )
    assert all(line == line.strip() and "\n" not in line for line in lines)
    heard = [text for one in api.heard() if one.ask is not None for text in (*one.ask.results, one.ask.given)]
    for record in delivered:
        if record["kind"] in {"brief", "findings", "answer"}:
            text = attached(home, record["_seq"])
            assert any(text.strip() in result for result in heard), (record, text)


def attached(home: House, seq: int) -> str:
    """The file that belongs to a record."""
    paths = home.repo.git("ls-tree", "-r", "--name-only", "gitorch/ledger").splitlines()
    path = next(path for path in paths if f"/{seq:06}-" in path)
    record = home.repo.git("show", f"gitorch/ledger:{path}")
    (line,) = (line for line in record.splitlines() if line.startswith("files: "))
    digest = json.loads(line.removeprefix("files: "))[0]["sha256"].removeprefix("sha256:")
    folder = path.rsplit("/", 2)[0]
    return home.repo.git("show", f"gitorch/ledger:{folder}/files/{digest}")
