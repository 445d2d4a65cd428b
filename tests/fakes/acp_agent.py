"""A program that speaks the Agent Client Protocol and does what its prompts say: `python acp_agent.py LOG`.

LOG gets one JSON line for each prompt, answer and interruption. The first word of a prompt is what it does; see `DEEDS`.
"""

import json
import os
import signal
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
from waiting import until

LOG = sys.argv[1]
WORDS = dict(word.split("=", 1) for word in sys.argv[2:])
SESSION = WORDS.get("session", "fake-session-1")


def log(**told: object) -> None:
    with Path(LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps(told) + "\n")


def write(**message: object) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def update(report: str, /, **fields: object) -> None:
    write(method="session/update", params={"sessionId": SESSION, "update": {"sessionUpdate": report, **fields}})


def read() -> dict:
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    return json.loads(line)


def say(text: str) -> None:
    for piece in text.split(" "):
        update("agent_message_chunk", content={"type": "text", "text": piece + " "})


def ask(call: dict, options: list | None = None) -> str:
    """Ask for permission; the id of the chosen option, or `cancelled`."""
    update("tool_call", toolCallId="c1", status="pending", **call)
    offered = options or [
        {"optionId": "yes-1", "name": "Allow once", "kind": "allow_once"},
        {"optionId": "always-1", "name": "Always allow", "kind": "allow_always"},
        {"optionId": "no-1", "name": "Reject", "kind": "reject_once"},
    ]
    params = {"sessionId": SESSION, "toolCall": {"toolCallId": "c1"}, "options": offered}
    write(id="ask-1", method="session/request_permission", params=params)
    cancelled = False
    while True:
        message = read()
        if message.get("method") == "session/cancel":
            cancelled = True
            log(cancelled=True)
        elif message.get("id") == "ask-1":
            outcome = message["result"]["outcome"]
            log(outcome=outcome)
            return "cancelled" if cancelled else outcome.get("optionId", "cancelled")


def run(command: str) -> dict | None:
    chosen = ask({"title": "Work on it", "kind": "execute", "rawInput": {"command": command, "cwd": str(Path.cwd())}})
    update("tool_call_update", toolCallId="c1", status="completed" if chosen == "yes-1" else "failed")
    return {"stopReason": "cancelled"} if chosen == "cancelled" else None


def edit(path: str) -> None:
    diff = {"type": "diff", "path": path, "oldText": "one\ntwo\n", "newText": "one\n2\n"}
    ask({"title": f"Edit {path}", "kind": "edit", "content": [diff], "locations": [{"path": path}]})


def plan(_: str) -> None:
    states = ("completed", "in_progress", "pending")
    update("plan", entries=[{"content": f"Step {state}", "priority": "low", "status": state} for state in states])


def fail(text: str) -> dict:
    return {"error": {"code": -32603, "message": "Internal error", "data": {"details": text}}}


def hang(_: str) -> dict:
    update("agent_thought_chunk", content={"type": "text", "text": "Let me think."})
    while read().get("method") != "session/cancel":
        pass
    log(cancelled=True)
    return {"stopReason": "cancelled"}


def retry(path: str) -> None:
    """Say on standard error that a usage limit was reached, and go on once there is such a file."""
    sys.stderr.write(
        "WARN status 429. Retrying with backoff... Error: 429 Your quota ends. Please try again in 3 hours.\n"
    )
    sys.stderr.flush()
    until(Path(path).exists)
    say("Resumed.")


def crash(status: str) -> None:
    sys.stderr.write("I cannot go on\n")
    sys.stderr.flush()
    os._exit(int(status or 3))


def orphan(_: str) -> None:
    """End, and leave a child that holds the pipes open."""
    if os.fork() == 0:
        signal.pause()
    os._exit(5)


def half(_: str) -> None:
    sys.stdout.write('{"jsonrpc": "2.0", "method": "session/upd')
    sys.stdout.flush()
    os._exit(0)


def odd(_: str) -> None:
    sys.stdout.write('a line of a library\n[1, 2\n"text"\n')
    update("agent_weather", weather="rain", content=[1, None])
    update("tool_call", toolCallId=7, title=None, content={"x": 1})
    write(method="session/future", params={"x": 1})
    write(id=99, result={"an": "answer to nothing"})
    write(id="odd-1", method="fs/read_text_file", params={"path": "/etc/passwd"})
    log(refused=read()["error"]["code"])


def hostile(_: str) -> None:
    say("\x1b[2J\x1b[31mred\x1b]0;title\x07 \x9b31m\u202etxt\r\x08 end")


def usage(_: str) -> dict:
    update("usage_update", used=1200, size=200000, cost={"amount": 0.25, "currency": "USD"})
    return {"stopReason": "end_turn", "usage": {"inputTokens": 100, "outputTokens": 10, "totalTokens": 110}}


DEEDS = {one.__name__: one for one in (run, edit, plan, fail, hang, retry, crash, orphan, half, odd, hostile, usage)}


def prompt(message: dict) -> None:
    text = "".join(part.get("text", "") for part in message["params"]["prompt"])
    log(prompt=text)
    word, _, rest = text.partition(" ")
    result = DEEDS[word](rest) if word in DEEDS else say(f"You said {text}.")
    if result is not None and "error" in result:
        write(id=message["id"], error=result["error"])
    else:
        write(id=message["id"], result=result or {"stopReason": "end_turn"})


def main() -> None:
    while True:
        message = read()
        method = message.get("method")
        if method == "initialize":
            can = {"loadSession": True} if WORDS.get("load") else {"sessionCapabilities": {"resume": {}}}
            info = {"name": "fake", "title": "Fake Agent", "version": "1.2.3"}
            version = int(WORDS.get("version", 1))
            write(id=message["id"], result={"protocolVersion": version, "agentCapabilities": can, "agentInfo": info})
        elif method in {"session/load", "session/resume"}:
            log(resumed=message["params"]["sessionId"])
            if WORDS.get("forgets"):
                write(id=message["id"], error={"code": -32002, "message": "Resource not found"})
            else:
                update("user_message_chunk", content={"type": "text", "text": "an old message"})
                write(id=message["id"], result={})
        elif method == "session/new":
            write(id=message["id"], result={"sessionId": SESSION})
        elif method == "session/prompt":
            prompt(message)
        elif "id" in message and method:
            write(id=message["id"], error={"code": -32601, "message": f"no {method}"})


if __name__ == "__main__":
    main()
