"""A stage on which every text that an agent or a file could have filled carries control characters."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Mapping
from typing import Any

from cli_stage import Answer, Stage, commit

from gitorch.cli.boundary import run as run_call
from gitorch.model import commands as c
from gitorch.model.ids import Digest, JobId
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import Value, names_of, replace
from gitorch.model.work.artifact import ArtifactKind, Document
from gitorch.model.work.review import Choice, Finding, Severity
from gitorch.ports.git import WorktreeEntry

HOSTILE = "EVIL\x1b]0;title\x07\x1b[2J\x9b2J\x08\x7f\u202e\u2066\u2028\u2029\u061c\ufeff\r"
"""A new title, cleared screens in 7 and 8 bits, a deleted character, reordered text, line ends that are none."""

RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb]")
"""What no output may contain; tabs and line feeds are its layout."""

KEYS = frozenset({"lane", "runtime", "role", "base", "merge_target", "push_remote", "push", "receipt"})
"""Text fields that are looked up elsewhere; the rules restrict them to harmless characters."""


def poisoned(value: Any) -> Any:
    """The value with HOSTILE at the end of every text that is no id, key, word of an enumeration or empty."""
    if isinstance(value, Value):
        return replace(value, **{name: _poisoned_field(value, name) for name in names_of(type(value))})
    if isinstance(value, tuple):
        return tuple(poisoned(item) for item in value)
    if isinstance(value, Mapping):
        return {key: poisoned(item) for key, item in value.items()}
    return value


def _poisoned_field(value: Value, name: str) -> Any:
    field, annotation = getattr(value, name), _annotation(type(value), name)
    if name in KEYS or not field:
        return field
    if annotation == "str":
        return field + HOSTILE
    if annotation == "tuple[str, ...]":
        return tuple(text + HOSTILE for text in field)
    return poisoned(field)


def _annotation(cls: type, name: str) -> str:
    for base in cls.__mro__:
        if name in getattr(base, "__annotations__", {}):
            return str(base.__annotations__[name])
    raise KeyError(name)


class HostileLedger:
    """The ledger beneath, read through `poisoned`: no rule stands between an agent's text and the command line."""

    def __init__(self, ledger) -> None:
        self._ledger = ledger

    def __getattr__(self, name):
        return getattr(self._ledger, name)

    def state(self, run):
        return poisoned(self._ledger.state(run))

    def records(self, run=None, after=-1, last=None):
        yield from (poisoned(written) for written in self._ledger.records(run, after, last))

    def newest(self, run=None, types=()):
        yield from (poisoned(written) for written in self._ledger.newest(run, types))

    def record(self, seq):
        return poisoned(self._ledger.record(seq))

    def message(self, message):
        return poisoned(self._ledger.message(message))

    def in_commit(self, prefix):
        return poisoned(self._ledger.in_commit(prefix))

    def file(self, run, digest):
        return self._ledger.file(run, digest) + HOSTILE.encode()


def hostile(stage: Stage) -> Stage:
    """A run with an open question, a blocker, a finding, a message, an artifact and screens, all of them hostile."""
    stage.begin_run({"api": (), "db": (), "web": ()}, titles=dict.fromkeys(("api", "db", "web"), "A title"))
    stage.launch("api").submit_handoff("api", "NEEDS_CONTEXT", questions=("Which cookie?",), concerns=("A concern",))
    stage.launch("web").submit_handoff("web", "BLOCKED", blocker="The schema is missing", clears="A migration")
    stage.launch("db").submit_handoff("db", tests_claimed="all passed").launch("db.spec")
    _publish(stage)
    _find_fault(stage)
    stage.as_agent("api")
    assert stage.gitorch("send", "@principal", "A message").status == 0
    stage.as_human()
    assert stage.gitorch("send", "api", "An order").status == 0
    for session in stage.run.sessions:
        stage.terminals.screens[session] = f"a screen {HOSTILE}"
    stage.ledger = HostileLedger(stage.ledger)
    worktree = stage.services.paths.folder(stage.config.base_path) / "spike" / f"a worktree {HOSTILE}"
    stage.worktrees.below = lambda _: (WorktreeEntry(worktree, f"a branch {HOSTILE}", commit("spike"), 2),)
    stage.git.user_name = lambda: HOSTILE
    return stage


def _publish(stage: Stage) -> None:
    session = stage.run.jobs[JobId("db.spec")].session
    actor = Actor(ActorKind.AGENT, "db.spec", "desk", session)
    document = Document(ArtifactKind.OTHER)
    token: Digest = stage.run.sessions[session].token
    digest = Digest(f"sha256:{'a' * 64}")
    stage.do(c.PublishArtifact(token, "notes", "docs/notes.md", digest, 9, document, faults=("A claim",)), actor)


def _find_fault(stage: Stage) -> None:
    session = stage.run.jobs[JobId("db.spec")].session
    actor = Actor(ActorKind.AGENT, "db.spec", "desk", session)
    finding = Finding(Severity.IMPORTANT, "A title", "src/a.py", 3, "A detail", quote="")
    token: Digest = stage.run.sessions[session].token
    verdict = c.GiveVerdict(token, None, "nonce-one", commit("db-1"), Choice.NEEDS_REVISION, (finding,), "A reason")
    stage.do(verdict, actor)


def printed(stage: Stage, *words: str, typed: str = "") -> Answer:
    """One call with UTF-8 streams, as at a terminal; nothing is escaped because an encoding could not hold it."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace", newline="") for _ in range(2))
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(typed.encode()), encoding="utf-8")
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run_call(words, stage.call())
    finally:
        sys.stdin = before
    return Answer(status, _read(out), _read(err))


def _read(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode("utf-8")
