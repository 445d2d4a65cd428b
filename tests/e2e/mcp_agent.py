"""An agent that knows no command line: it does what its brief says through the tools of `gitorch mcp` alone.

Started by gitorch in a real terminal, as any agent. It also tries to approve, by name, although no such tool is listed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "mcp"))
from clients import Client

WITHOUT = "GITORCH_TOKEN", "GITORCH_RUN", "GITORCH_SESSION", "GITORCH_SESSION_KEY", "GITORCH_WORKTREE"


def work(client: Client) -> None:
    """Hand in a file, or judge one, as the brief says."""
    brief = client.call("brief")["brief"]
    if brief["kind"] == "review":
        client.refused("verdict", choice="accept", commit=brief["commit"], nonce="a word of its own")
        finding = {"severity": "note", "title": "One word", "path": f"{brief['subject']}.txt", "line": 1}
        client.call(
            "verdict",
            choice="accept_with_findings",
            commit=brief["commit"],
            nonce=brief["nonce"],
            summary="As asked",
            findings=[finding],
        )
        return
    assert client.refused("handoff", status="DONE", summary="Nothing yet").startswith("refused: ")
    Path(f"{brief['job']}.txt").write_text("word\n")
    subprocess.run(("git", "add", "."), check=True)
    subprocess.run(("git", "commit", "--quiet", "--message", "Write a word"), check=True)
    client.call("handoff", status="DONE", summary="A word", tests="none")


def main() -> None:
    environ = dict(os.environ)
    if "bare" in sys.argv:
        environ = {name: value for name, value in environ.items() if name not in WITHOUT}
    with Client(Path.cwd(), environ) as client:
        assert "approve" not in client.tools()
        assert "only the principal may" in client.refused("approve", what=os.environ["GITORCH_RUN"])
        work(client)


if __name__ == "__main__":
    main()
