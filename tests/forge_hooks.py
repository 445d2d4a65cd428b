"""The hooks of the tests' own forge: pull requests follow their branches, and pushes open some."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from forge import Forge

CREATE, TARGET, TITLE = "merge_request.create", "merge_request.target=", "merge_request.title="


def existing(folder: Path) -> Forge:
    """The forge that lies in this folder, for its own hooks."""
    forge = Forge.__new__(Forge)
    forge.folder = folder / "ann" / "project.git"
    forge.key = folder / "forge-key"
    return forge


def _options() -> list[str]:
    """The push options of the push that a hook runs for."""
    return [os.environ[f"GIT_PUSH_OPTION_{i}"] for i in range(int(os.environ.get("GIT_PUSH_OPTION_COUNT", "0")))]


def _post_receive(forge: Forge, lines: list[str]) -> None:
    """Let open pull requests follow their branches, and open one where the push options of GitLab ask for it."""
    options = _options()
    for line in lines:
        branch = line.split()[2].removeprefix("refs/heads/")
        for pull in forge.pulls():
            if pull["head"] == branch and pull["state"] == "OPEN":
                forge.follow(pull["number"])
        if CREATE in options:
            target = next((o.removeprefix(TARGET) for o in options if o.startswith(TARGET)), "main")
            title = next((o.removeprefix(TITLE) for o in options if o.startswith(TITLE)), branch)
            pull = forge.open(branch, target, title)
            sys.stderr.write(f"View merge request for {branch}:\n  {pull['url']}\n")


def _proc_receive(forge: Forge) -> None:
    """Open a pull request for each push to `refs/for/BRANCH`, in the protocol of git's proc-receive hooks."""
    _read_packets()
    _write_packets("version=1\0push-options")
    wanted = [line.split(" ") for line in _read_packets()]
    options = _read_packets()
    answers = []
    for _, new, ref in wanted:
        title = next((o.removeprefix("title=") for o in options if o.startswith("title=")), "A pull request")
        topic = next((o.removeprefix("topic=") for o in options if o.startswith("topic=")), new)
        pull = forge.open(new, ref.removeprefix("refs/for/"), title)
        forge.change(pull["number"], topic=topic)
        sys.stderr.write(f"Create a new pull request for '{topic}': {pull['url']}\n")
        answers += [f"ok {ref}", f"option refname refs/pull/{pull['number']}/head", f"option new-oid {new}"]
    _write_packets(*answers)


def _read_packets() -> list[str]:
    """The packets up to a flush packet."""
    found = []
    while size := int(sys.stdin.buffer.read(4) or b"0000", 16):
        found.append(sys.stdin.buffer.read(size - 4).decode().rstrip("\n"))
    return found


def _write_packets(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{len(line.encode()) + 5:04x}{line}\n")
    sys.stdout.write("0000")
    sys.stdout.flush()


if __name__ == "__main__":
    for variable in ("GIT_DIR", "GIT_QUARANTINE_PATH"):
        os.environ.pop(variable, None)
    if sys.argv[1] == "post-receive":
        _post_receive(existing(Path(sys.argv[2])), sys.stdin.read().splitlines())
    else:
        _proc_receive(existing(Path(sys.argv[2])))
