#!/usr/bin/env python3
"""Sends a notice of gitorch to a topic of ntfy, whose address is in NTFY_URL."""

import json
import os
import sys
import urllib.request

SECONDS = 8
PRIORITIES = {"approval": "4", "permission": "4", "stuck": "4", "failed": "4", "done": "2"}


def main() -> None:
    """Read the notice from standard input, and send it."""
    notice = json.load(sys.stdin)
    about = notice.get("job") or notice["run"]
    text = f"{about}: {notice['command']}"
    if os.environ.get("NOTIFY_TEXT"):
        text = f"{text}\n{notice['text']}"

    headers = {"Title": f"gitorch: {notice['event']}", "Priority": PRIORITIES.get(notice["event"], "3")}
    if notice.get("link"):
        headers["Click"] = notice["link"]
    request = urllib.request.Request(os.environ["NTFY_URL"], text.encode(), headers)
    urllib.request.urlopen(request, timeout=SECONDS).close()


if __name__ == "__main__":
    main()
