"""A stand-in for the `bd` program of beads: its verbs and its JSON over a file of issues, with faults that a test switches on.

`python bd.py STORE verb …`: STORE holds `issues.jsonl` in the form of the real export; `calls.log` gets one line for each
call; `faults.json` maps a verb to `{"fail": n}` (its next n calls end with status 1; negative: all), `{"hang": seconds}`,
`{"say": text}` (garbage instead of an answer), or `{"lie": true}` (`close` says yes and does nothing).
"""

import json
import sys
from pathlib import Path
from threading import Event

VALUED = {"--reason", "--direction", "--parent", "--limit", "--max-depth"}


def install(folder, store):
    """Put an executable `bd` over this store into a folder, for a PATH; its own file, so that it runs anywhere."""
    store.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "bd"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{Path(__file__).resolve()}" "{store}" "$@"\n')
    program.chmod(0o755)
    return program


def issue(name, title="", kind="task", parent="", blockers=(), status="open", **more):
    """One record as beads exports it."""
    edges = [*((parent, "parent-child") for _ in "1" if parent), *((b, "blocks") for b in blockers)]
    dependencies = [{"issue_id": name, "depends_on_id": on, "type": how} for on, how in edges]
    record = {"id": name, "title": title or f"Title of {name}", "status": status, "priority": 2, "issue_type": kind}
    return record | ({"dependencies": dependencies} if dependencies else {}) | more


def lines(*records):
    """Records as the bytes of a JSONL file."""
    return b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)


def say(text, to=sys.stdout):
    to.write(f"{text}\n")


class Store:
    def __init__(self, folder):
        self.folder = folder
        text = (folder / "issues.jsonl").read_text() if (folder / "issues.jsonl").exists() else ""
        self.issues = {record["id"]: record for record in map(json.loads, text.splitlines())}

    def save(self):
        (self.folder / "issues.jsonl").write_bytes(lines(*self.issues.values()))

    def edges(self, name):
        return [(d["depends_on_id"], d["type"]) for d in self.issues[name].get("dependencies", ())]

    def parent(self, name):
        return next((on for on, how in self.edges(name) if how == "parent-child"), None)

    def children(self, name):
        return [other for other in self.issues if self.parent(other) == name]

    def open(self, name):
        return self.issues[name]["status"] != "closed"

    def shown(self, name):
        """An issue as `bd show` prints it: what it depends on as issues of their own."""
        below = [
            {**{k: v for k, v in self.issues[on].items() if k != "dependencies"}, "dependency_type": how}
            for on, how in self.edges(name)
            if on in self.issues
        ]
        parent = {"parent": self.parent(name)} if self.parent(name) else {}
        return {**self.issues[name], "dependencies": below, **parent}

    def tree(self, name, direction):
        """An issue and what it depends on, or what depends on it, each once with its depth."""
        found, waiting = [], [(name, 0, "")]
        while waiting:
            current, depth, above = waiting.pop(0)
            if current in {row["id"] for row in found}:
                continue
            plain = {k: v for k, v in self.issues[current].items() if k != "dependencies"}
            found.append({**plain, "depth": depth, "parent_id": above, "truncated": False})
            if direction == "up":
                onward = [other for other in self.issues for on, _ in self.edges(other) if on == current]
            else:
                onward = [on for on, _ in self.edges(current) if on in self.issues]
            waiting += [(other, depth + 1, current) for other in onward]
        return found

    def refusal(self, name):
        """Why an issue cannot be closed; empty when it can."""
        left = [child for child in self.children(name) if self.open(child)]
        blockers = [on for on, how in self.edges(name) if how == "blocks" and on in self.issues and self.open(on)]
        if left:
            return f"cannot close epic {name}: {len(left)} open child issue(s); close children first or use --force"
        if blockers:
            return f"cannot close {name}: blocked by open issues {blockers} (use --force to override)"
        return ""


def main(folder, words):
    with (folder / "calls.log").open("a") as log:
        log.write(" ".join(words) + "\n")
    names, chosen = [], {}
    rest = iter(words[1:])
    for word in rest:
        if word.startswith("--"):
            key, _, value = word.partition("=")
            chosen[key] = value or (next(rest) if key in VALUED else True)
        else:
            names.append(word)
    if faulty(folder, words[0]):
        return 1
    return VERBS[words[0]](Store(folder), names, chosen)


def faulty(folder, verb):
    path = folder / "faults.json"
    faults = json.loads(path.read_text()) if path.exists() else {}
    fault = faults.get(verb, {})
    if fault.get("fail"):
        faults[verb] = fault | {"fail": fault["fail"] - 1}
        path.write_text(json.dumps(faults))
        say("Error: database is locked", sys.stderr)
        return True
    Event().wait(fault.get("hang", 0))
    if "say" in fault or fault.get("lie"):
        say(fault.get("say", "[]"))
        raise SystemExit(0)
    return False


def show(store, names, _):
    for name in names:
        if name not in store.issues:
            say(f"Issue {name} not found", sys.stderr)
    found = [store.shown(name) for name in names if name in store.issues]
    say(json.dumps(found or {"error": "no issues found matching the provided IDs", "schema_version": 1}, indent=2))
    return 0 if found else 1


def dep(store, names, chosen):
    if names[1] not in store.issues:
        say(f"Error: issue {names[1]} not found", sys.stderr)
        return 1
    say(json.dumps(store.tree(names[1], chosen.get("--direction", "down"))))
    return 0


def listed(store, _, chosen):
    found = [n for n in store.issues if chosen.get("--parent") in (None, store.parent(n))]
    say(json.dumps([store.issues[n] for n in found if "--all" in chosen or store.open(n)]))
    return 0


def close(store, names, chosen):
    closed = []
    for name in names:
        why = store.refusal(name) if name in store.issues else f"issue {name} not found"
        if why and "--force" not in chosen:
            say(why, sys.stderr)
            continue
        store.issues[name] |= {"status": "closed", "close_reason": chosen.get("--reason", "Closed")}
        closed.append(store.issues[name])
    store.save()
    if closed:
        say(json.dumps(closed))
    return 0 if closed else 1


def ready(store, _, __):
    waiting = {n for n in store.issues for on, how in store.edges(n) if how == "blocks" and store.open(on)}
    say(json.dumps([i for n, i in store.issues.items() if store.open(n) and n not in waiting]))
    return 0


def version(_, __, ___):
    say(json.dumps({"version": "1.0.5", "build": "fake"}))
    return 0


VERBS = {"show": show, "dep": dep, "list": listed, "close": close, "ready": ready, "version": version}

if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), sys.argv[2:]))
