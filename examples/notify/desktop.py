#!/usr/bin/env python3
"""Shows a notice of gitorch on the desktop, by notify-send."""

import json
import subprocess
import sys

URGENT = {"approval", "permission", "stuck", "failed"}


def main() -> None:
    """Read the notice from standard input, and send it."""
    notice = json.load(sys.stdin)
    about = notice.get("job") or notice["run"]
    urgency = "critical" if notice["event"] in URGENT else "normal"
    words = ["notify-send", "--app-name=gitorch", f"--urgency={urgency}", "--"]
    subprocess.run([*words, f"{about}: {notice['event']}", f"{notice['text']}\n{notice['command']}"], check=True)


if __name__ == "__main__":
    main()
