"""A stand-in for the server of OpenCode 1.18: the few paths that gitorch uses, with what a test says as its state."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FakeOpenCode:
    """A server on a free port of loopback. `statuses` and `permissions` are what it answers, `replies` what it got."""

    def __init__(self, folder, now):
        self.password = "a password"
        self.folder, self.now = str(folder), now
        self.sessions = [{"id": "ses_1", "directory": self.folder, "time": {"updated": now()}}]
        self.statuses = {}
        self.permissions = []
        self.questions = []
        """None for a version without questions."""
        self.messages = []
        self.replies = []
        self.raw = None
        self.swallows = self.falls_silent = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Door", (Door,), {"it": self}))
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method, path, body):
        words = path.partition("?")[0].strip("/").split("/")
        if method == "GET":
            if words[-1] == "message":
                return 200, self.messages
            known = {"session": self.sessions, "permission": self.permissions, "status": self.statuses}
            known |= {} if self.questions is None else {"question": self.questions}
            return (200, known[words[-1]]) if words[-1] in known else (404, None)
        if words[-1] == "prompt_async":
            if not self.swallows:
                self.said(body["parts"][0]["text"])
            if self.falls_silent:
                self.raw = (503, b"{}")
            return 204, None
        if words[-1] == "abort":
            self.statuses = {}
            return 200, True
        if words[-1] == "reply" and any(one["id"] == words[1] for one in self.permissions):
            self.permissions = []
            self.replies.append(body)
            return 200, True
        return 404, {"name": "NotFoundError"}

    def said(self, text):
        info = {"role": "user", "time": {"created": self.now()}}
        self.messages.append({"info": info, "parts": [{"type": "text", "text": text}]})


class Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Nothing is printed."""

    def do_GET(self):
        self._respond()

    def do_POST(self):
        self._respond()

    def _respond(self):
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        wanted = "Basic " + base64.b64encode(f"opencode:{self.it.password}".encode()).decode()
        if self.headers.get("Authorization") != wanted:
            status, text = 401, b""
        elif self.it.raw is not None:
            status, text = self.it.raw
        else:
            status, value = self.it.answer(self.command, self.path, json.loads(data) if data else None)
            text = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
