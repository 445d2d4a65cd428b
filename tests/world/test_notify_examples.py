"""The examples of notification commands, each against a server on this machine, or a stand-in for its program."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "notify"
NOTICE = {
    "event": "approval",
    "run": "auth-7f3a",
    "title": "Sign in",
    "job": None,
    "question": "q3",
    "text": "Approve <the merge> & more? @everyone",
    "command": "gitorch approve auth-7f3a",
    "link": "http://127.0.0.1:1/runs/auth-7f3a",
    "reminder": 0,
}


class Posts(http.server.BaseHTTPRequestHandler):
    """Keeps what is posted."""

    kept: list[tuple[str, dict[str, str], bytes]]

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.kept.append((self.path, dict(self.headers), body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    handler = type("Kept", (Posts,), {"kept": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        made.kept = handler.kept
        made.url = f"http://127.0.0.1:{made.server_port}/topic"
        yield made
        made.shutdown()


def run(name: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, **variables}
    words = (sys.executable, str(EXAMPLES / name))
    return subprocess.run(words, input=json.dumps(NOTICE), env=environ, capture_output=True, text=True, check=False)


def test_ntfy_gets_title_priority_and_link_and_the_text_only_when_asked(server):
    assert run("ntfy.py", NTFY_URL=server.url).returncode == 0
    assert run("ntfy.py", NTFY_URL=server.url, NOTIFY_TEXT="1").returncode == 0
    (path, headers, body), (_, _, with_text) = server.kept
    assert path == "/topic"
    assert (headers["Title"], headers["Priority"], headers["Click"]) == ("gitorch: approval", "4", NOTICE["link"])
    assert body.decode() == "auth-7f3a: gitorch approve auth-7f3a"
    assert NOTICE["text"] in with_text.decode()


def test_slack_gets_an_escaped_text(server):
    assert run("slack.py", SLACK_WEBHOOK_URL=server.url, NOTIFY_TEXT="1").returncode == 0
    text = json.loads(server.kept[0][2])["text"]
    assert text.startswith("gitorch, approval: auth-7f3a: gitorch approve auth-7f3a")
    assert "&lt;the merge&gt; &amp; more" in text


def test_discord_mentions_nobody(server):
    assert run("discord.py", DISCORD_WEBHOOK_URL=server.url, NOTIFY_TEXT="1").returncode == 0
    posted = json.loads(server.kept[0][2])
    assert posted["allowed_mentions"] == {"parse": []}
    assert "@everyone" in posted["content"]


@pytest.mark.parametrize("name", ["ntfy.py", "slack.py", "discord.py"])
def test_a_service_that_is_away_fails_the_command(name):
    nowhere = "http://127.0.0.1:9/"
    said = run(name, NTFY_URL=nowhere, SLACK_WEBHOOK_URL=nowhere, DISCORD_WEBHOOK_URL=nowhere)
    assert said.returncode != 0
    assert "refused" in said.stderr


def test_the_desktop_is_shown_an_urgent_notice(tmp_path):
    program = tmp_path / "notify-send"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{tmp_path}/shown\n')
    program.chmod(0o755)
    assert run("desktop.py", PATH=f"{tmp_path}:{os.environ['PATH']}").returncode == 0
    shown = (tmp_path / "shown").read_text().splitlines()
    assert shown[:5] == ["--app-name=gitorch", "--urgency=critical", "--", "auth-7f3a: approval", NOTICE["text"]]
