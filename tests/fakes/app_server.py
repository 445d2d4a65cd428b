"""A stand-in for Codex's app-server in this process: one conversation on a Unix socket, moved by the test."""

import contextlib
import json
import socket
import struct
import threading

from gitorch.text.websocket import FINAL, MAGIC, Opcode

THREAD = "t1"


def server_frame(payload, opcode=Opcode.TEXT, final=True):
    """A frame as a server sends it: without a mask."""
    size = len(payload)
    if size < 126:
        length = bytes([size])
    elif size < 1 << 16:
        length = b"\x7e" + struct.pack(">H", size)
    else:
        length = b"\x7f" + struct.pack(">Q", size)
    return bytes([(FINAL if final else 0) | opcode]) + length + payload


def accept_key(key):
    import base64
    import hashlib

    return base64.b64encode(hashlib.sha1((key + MAGIC).encode()).digest()).decode()


class FakeAppServer:
    """Answers what a client of Codex asks; `moved` by the methods below, each of which tells every client."""

    def __init__(self, path, folder):
        self.folder = str(folder)
        self.thread = THREAD
        self.others = {}
        """What `thread/read` answers of a conversation beside the usual, by its id."""
        self.status, self.flags = "idle", []
        self.begun = True
        """Whether there was a turn, before which nobody can join."""
        self.items = []
        self.turns = []
        self.request = None
        self.decisions = []
        self.steered = []
        self.takes = lambda text: text
        self.shows = True
        """Whether a turn shows the text that it took."""
        self.error = None
        self._lock = threading.RLock()
        self._clients = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        if self._listener.fileno() < 0:
            return
        self._listener.shutdown(socket.SHUT_RDWR)  # `close` alone lets a thread accept one more
        self._listener.close()
        for client in list(self._clients):
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            client.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client):
        stream = client.makefile("rb")
        try:
            lines = list(iter(lambda: stream.readline().strip().decode(), ""))
            key = next(line.split(": ")[1] for line in lines if line.startswith("Sec-WebSocket-Key"))
            answer = (
                "HTTP/1.1 101 Switching Protocols",
                "upgrade: websocket",
                f"sec-websocket-accept: {accept_key(key)}",
            )
            client.sendall(("\r\n".join(answer) + "\r\n\r\n").encode())
            while (message := _read(stream)) is not None:
                with self._lock:
                    self._heard(client, message)
        except (OSError, StopIteration):
            return

    def _heard(self, client, message):
        if "method" not in message:
            self.decisions.append(message["result"])
            self.settle()
        elif "id" in message:
            try:
                body = {"result": getattr(self, message["method"].replace("/", "_"))(message["params"])}
            except ValueError as refused:
                body = {"error": {"code": -32600, "message": str(refused)}}
            _send(client, {"id": message["id"], **body})
            if message["method"] == "initialize":
                self._clients.append(client)
            if self.request is not None and message["method"] == "thread/resume":
                _send(client, self.request)

    def initialize(self, params):
        return {"userAgent": params["clientInfo"]["name"]}

    def thread_loaded_list(self, _):
        return {"data": ["title", self.thread]}

    def _thread(self, name=None):
        name = name or self.thread
        source = "user" if name == self.thread else "thread_title"
        status = {"type": self.status, **({"activeFlags": self.flags} if self.status == "active" else {})}
        told = {"id": name, "cwd": self.folder, "threadSource": source, "status": status, "updatedAt": 1}
        return {**told, "createdAt": 1, "model": "stand-in", **self.others.get(name, {})}

    def thread_read(self, params):
        return {"thread": self._thread(params["threadId"])}

    def thread_resume(self, params):
        if not self.begun:
            raise ValueError(f"no rollout found for thread id {params['threadId']}")
        return {"thread": self._thread()}

    def thread_turns_list(self, params):
        return {"data": self.turns[::-1][: params["limit"]]}

    def thread_items_list(self, params):
        return {"data": [{"turnId": "u", "item": item} for item in self.items[::-1][: params["limit"]]]}

    def turn_start(self, params):
        if self.error:
            raise ValueError(self.error)
        self.begun = True
        item = {"type": "userMessage", "clientId": params["clientUserMessageId"]}
        item["content"] = [{"type": "text", "text": self.takes(params["input"][0]["text"])}]
        if self.shows:
            self.items.append(item)
        turn = {"id": f"u{len(self.turns)}", "status": "inProgress", "error": None}
        self.turns.append(turn)
        self.become("active")
        self.tell("turn/started", threadId=self.thread, turn=turn)
        if self.shows:
            self.tell("item/started", threadId=self.thread, item=item)
        return {"turn": turn}

    def turn_steer(self, params):
        self.steered.append(params["input"][0]["text"])
        return {}

    def turn_interrupt(self, _):
        self.end("interrupted")
        return {}

    def tell(self, method, **params):
        """Tell every client something."""
        with self._lock:
            for client in list(self._clients):
                try:
                    _send(client, {"method": method, "params": params, "emittedAtMs": 1})
                except OSError:
                    self._clients.remove(client)

    def become(self, status, *flags):
        """Have another state."""
        self.status, self.flags = status, list(flags)
        self.tell("thread/status/changed", threadId=self.thread, status=self._thread()["status"])

    def begin(self):
        """Begin a turn, as a human at the program does."""
        self.turns.append({"id": f"u{len(self.turns)}", "status": "inProgress", "error": None})
        self.become("active")
        self.tell("turn/started", threadId=self.thread, turn=self.turns[-1])

    def end(self, status="completed", error=None, message=""):
        """End the turn under way."""
        told = None if error is None else {"codexErrorInfo": error, "message": message}
        turn = {"id": self.turns[-1]["id"] if self.turns else "u0", "status": status, "error": told}
        self.turns[-1:] = [turn]
        self.become("idle" if error is None else "systemError")
        self.tell("turn/completed", threadId=self.thread, turn=turn)

    def ask(self, command, number=7, method="item/commandExecution/requestApproval", **params):
        """Ask for a permission."""
        params = {"threadId": self.thread, "command": f"/bin/bash -lc {_quoted(command)}", "cwd": self.folder, **params}
        self.request = {"id": number, "method": method, "params": params}
        self.become("active", "waitingOnApproval")
        with self._lock:
            for client in self._clients:
                _send(client, self.request)

    def use(self, read, cached, output, thread=None):
        """Tell what a conversation has used by now."""
        total = {"inputTokens": read, "cachedInputTokens": cached, "outputTokens": output}
        usage = {"total": total, "last": total, "modelContextWindow": 1}
        self.tell("thread/tokenUsage/updated", threadId=thread or self.thread, turnId="u", tokenUsage=usage)

    def settle(self):
        """The request is over, whoever answered it."""
        if self.request is not None:
            number, self.request = self.request["id"], None
            self.tell("serverRequest/resolved", threadId=self.thread, requestId=number)
            self.become("active")

    @property
    def texts(self):
        return [item["content"][0]["text"] for item in self.items]


def _quoted(command):
    import shlex

    return shlex.quote(command)


def _send(client, message):
    client.sendall(server_frame(json.dumps(message).encode()))


def _read(stream):
    """The next message of a client; None at the end."""
    head = stream.read(2)
    if len(head) < 2 or head[0] & 15 == Opcode.CLOSE:
        return None
    size = head[1] & 127
    if size > 125:
        size = int.from_bytes(stream.read(2 if size == 126 else 8), "big")
    mask = stream.read(4)
    return json.loads(bytes(byte ^ mask[n % 4] for n, byte in enumerate(stream.read(size))))
