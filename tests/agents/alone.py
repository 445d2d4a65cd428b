"""A run in which one vendor's program writes, and a scripted agent, which costs nothing and accepts, reviews."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from real_runs import configure

if TYPE_CHECKING:
    from house import House
    from stand_in import StandIn


def alone(home: House, api: StandIn, name: str, **chosen: object) -> None:
    """Configure such a run; `chosen` is what the program's runtime says besides."""
    configure(home, api, name, name)
    path = home.path / "gitorch.yaml"
    lines = path.read_text().splitlines()
    (place,) = (number for number, line in enumerate(lines) if line.startswith("runtimes: "))
    runtimes = json.loads(lines[place].removeprefix("runtimes: "))
    runtimes["writer"] |= chosen
    runtimes["writer"]["env"]["CLAUDE_CODE_MAX_RETRIES"] = "1"  # ten, with growing pauses, take minutes
    runtimes["reviewer"] = {"preset": "scripted", "env": {"GITORCH_SCRIPT": str(home.script)}}
    lines[place] = f"runtimes: {json.dumps(runtimes)}"
    path.write_text("\n".join(lines) + "\n")
