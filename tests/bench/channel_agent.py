"""A stand-in for Claude Code that keeps its state file and calls its hook, and then works for a long time without an output."""

import json
import os
import signal
import sys
import time
from pathlib import Path

STARTED = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
FOLDER = Path(os.environ["CLAUDE_CONFIG_DIR"]) / "sessions"


def be(status: str) -> int:
    """Write the state file; gives the time in it."""
    now = time.time_ns() // 1_000_000
    state = {"pid": os.getpid(), "procStart": STARTED, "status": status, "statusUpdatedAt": now, "version": "2.1.197"}
    part = FOLDER / f"{os.getpid()}.part"
    part.write_text(json.dumps(state))
    part.replace(FOLDER / f"{os.getpid()}.json")
    return now


FOLDER.mkdir(parents=True, exist_ok=True)
prompt = sys.argv[-1]
if not prompt.startswith("Read "):  # it was not given at the start
    be("idle")
    sys.stdout.write("❯ ")
    sys.stdout.flush()
    prompt = sys.stdin.readline().strip()
event = {"hook_event_name": "UserPromptSubmit", "prompt": prompt}
with Path(os.environ["GITORCH_SIGNALS"]).open("a", encoding="utf-8") as signals:
    signals.write(json.dumps({"at": be("busy"), "event": "claude", "text": json.dumps(event)}) + "\n")
signal.pause()
