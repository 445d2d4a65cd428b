#!/usr/bin/env python3
"""Sends a notice of gitorch to Discord, by the webhook in DISCORD_WEBHOOK_URL."""

import json
import os
import sys
import urllib.request

SECONDS = 8


def main() -> None:
    """Read the notice from standard input, and send it."""
    notice = json.load(sys.stdin)
    about = notice.get("job") or notice["run"]
    text = f"{about}: {notice['command']}"
    if os.environ.get("NOTIFY_TEXT"):
        text = f"{text}\n{notice['text']}"

    content = f"gitorch, {notice['event']}: {text}"[:2000]
    data = json.dumps({"content": content, "allowed_mentions": {"parse": []}}).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "gitorch-notify"}
    request = urllib.request.Request(os.environ["DISCORD_WEBHOOK_URL"], data, headers)
    urllib.request.urlopen(request, timeout=SECONDS).close()


if __name__ == "__main__":
    main()
