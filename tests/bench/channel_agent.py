"""A stand-in for Claude Code that keeps its state file and calls its hook, and then works for a long time without an output."""

import json
import os
import signal
import sys
import time
from pathlib import Path


def be(folder: Path, status: str) -> int:
    """Write the state file; gives the time in it."""
    started = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    now = time.time_ns() // 1_000_000
    state = {"pid": os.getpid(), "procStart": started, "status": status, "statusUpdatedAt": now, "version": "2.1.197"}
    part = folder / f"{os.getpid()}.part"
    part.write_text(json.dumps(state))
    part.replace(folder / f"{os.getpid()}.json")
    return now


def main() -> None:
    folder = Path(os.environ["CLAUDE_CONFIG_DIR"]) / "sessions"
    folder.mkdir(parents=True, exist_ok=True)
    prompt = sys.argv[-1]
    if not prompt.startswith("Read "):  # it was not given at the start
        be(folder, "idle")
        sys.stdout.write("❯ ")
        sys.stdout.flush()
        prompt = sys.stdin.readline().strip()
    event = {"hook_event_name": "UserPromptSubmit", "prompt": prompt}
    with Path(os.environ["GITORCH_SIGNALS"]).open("a", encoding="utf-8") as signals:
        signals.write(json.dumps({"at": be(folder, "busy"), "event": "claude", "text": json.dumps(event)}) + "\n")
    signal.pause()


if __name__ == "__main__":
    main()
