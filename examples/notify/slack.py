#!/usr/bin/env python3
"""Sends a notice of gitorch to Slack, by the incoming webhook in SLACK_WEBHOOK_URL."""

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

    shown = f"gitorch, {notice['event']}: {text}"
    for sign, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        shown = shown.replace(sign, name)
    data = json.dumps({"text": shown}).encode()
    request = urllib.request.Request(os.environ["SLACK_WEBHOOK_URL"], data, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=SECONDS).close()


if __name__ == "__main__":
    main()
