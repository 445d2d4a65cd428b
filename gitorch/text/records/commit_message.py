"""The commit message of a record: one sentence for readers of `git log`, then trailers for programs.

Text from outside is reduced to one line without control characters. So it can add no second line and no trailer, and
cannot move a terminal's cursor.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gitorch.model.record import ActorKind
from gitorch.model.values import names_of
from gitorch.text.records import timestamps
from gitorch.text.records.released import kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.events import Event
    from gitorch.model.ids import Digest
    from gitorch.model.record import Actor, Record

SUBJECT_MAX = 72
"""Characters of a subject, as git's own tools show it uncut."""

_TRAILER_MAX = 200

SENTENCES = {
    "ledger-created": "ledger created: {ledger}",
    "plan-rejected": "plan rejected: {plan} ({failures:failure})",
    "target-confirmed": "target confirmed: {target}, by {actor}",
    "host-added": "host added: {host}, by {actor}",
    "host-removed": "host removed: {host}, by {actor}",
    "host-labeled": "labels of this host: {labels}",
    "action-refused": "refused: {verb} by {actor}: {reason}",
    "message-sent": "message {message} from {sender} to {to}: {text}",
    "messages-read": "read by {reader}: {messages}",
    "run-prepared": "run prepared: {title} → {target} at {target_commit:.7}",
    "run-confirmed": "run confirmed by {actor} ({proof})",
    "settings-taken": "git settings of this host taken",
    "run-started": "run started",
    "run-paused": "run paused by {actor}: {reason}",
    "run-resumed": "run resumed by {actor}",
    "run-canceled": "run canceled by {actor}: {reason}",
    "run-failed": "run failed: {reason}",
    "run-completed": "run completed",
    "lease-granted": "lease granted: {job} → {session} ({runtime}) until {until}",
    "job-claimed": "claimed: {job} by {actor} ({session}, fence {fence}) until {until}",
    "lease-renewed": "lease renewed: {job} until {until} (fence {fence})",
    "lease-ended": "lease ended: {job}: {reason} (fence {fence})",
    "session-alive": "session alive: {session} on {job}, process {pid} ({evidence})",
    "session-ended": "session ended: {session} on {job}: {how}",
    "prompt-delivered": "prompt {receipt}: {prompt} ({kind}) → {session} on {job}",
    "usage-recorded": "usage: {session} on {job}, attempt {attempt} ({models:model}, by {source})",
    "session-nudged": "session nudged: {session} on {job}",
    "refusal-reminded": "session reminded: {session} on {job}, refused ({times}×)",
    "channel-silent": "channel {channel} of {session} on {job} does not answer: {reason}",
    "permission-answered": "permission answered: {session} on {job}: {option}: {asked}",
    "outbox-entry-accepted": "outbox entry accepted: {entry} of {session} on {job}",
    "base-built": "base built: {job} starts from {commit:.7} ({parents:parent})",
    "handoff-submitted": "handoff: {job} {status} at {commit:.7} (attempt {attempt})",
    "late-handoff-kept": "late handoff kept: {late_handoff} of {job} at {commit:.7} (fence {fence})",
    "late-handoff-adopted": "late handoff adopted by {actor}: {late_handoff} of {job}: {reason}",
    "artifact-published": "published: {name} ({kind}) of {job}, version {version}, by {byline}",
    "decision-made": "decided by {actor}: {decision} on {job}: {outcome}: {text}",
    "blocker-sorted": "blocker of {job} ({question}): {kind}, {severity}",
    "check-recorded": "check: {job} {check.outcome} at {check.commit:.7} (attempt {attempt})",
    "target-checked": "target checked: {check.outcome} at {check.commit:.7}",
    "settings-changed": "settings changed by {actor}: {keys}",
    "verdict-given": "verdict: {job} {verdict} on {commit:.7} ({findings:finding})",
    "findings-listed": "findings listed: {job} round {round}, {findings:finding} on {commit:.7}",
    "gate-passed": "gate passed: {job} at {commit:.7} in round {round}{waived}",
    "epic-reported": "epic report: {job} at {commit:.7} after round {round}",
    "work-voided": "work voided: {job} moved from {expected:.7} to {found:.7}",
    "job-failed": "job failed: {job}: {reason}",
    "job-canceled": "job canceled: {job} by {actor}: {reason}",
    "job-requeued": "requeued: {job} by {actor}: {reason}",
    "job-reopened": "job reopened: {job} by {actor}: {reason}",
    "work-sent-back": "sent back: {job} at {commit:.7} by {actor} ({findings:finding})",
    "limit-reached": "usage limit reached: {session} on {job} waits until {until} ({evidence})",
    "turn-failed": "turn failed: {session} on {job}: {words} ({evidence})",
    "turn-resumed": "turn resumed: {session} on {job}",
    "budget-neared": "budget nearly used up: {scope}, {used} of {allowed} {measure}",
    "overlap-noted": "overlap noted: {jobs} ({paths:path}{conflict})",
    "closed-early": "closed early: {issue} of {job}, before its gate",
    "closing-failed": "closing failed: {job} in the tracker ({times}×): {reason}",
    "issues-closed": "issues closed: {closed:issue} of {job}, {owed:issue} owed",
    "fault-noted": "fault: {doing} failed ({times}×): {reason}",
    "fault-cleared": "fault gone: {step}",
    "question-asked": "question {question} ({kind}) on {job}: {text}",
    "escalated": "escalated {question} on {job}: {happened}",
    "question-answered": "answered {question} by {actor}: {option} {text}",
    "question-withdrawn": "question withdrawn: {question}: {reason}",
    "question-reminded": "reminded of {question} ({times}×)",
    "report-issued": "merge report: {branches:branch} → {target} at {target_commit:.7}",
    "report-voided": "report voided: {reason}",
    "merge-approved": "merge approved by {actor} ({proof}): {commits:commit} → {target} at {target_commit:.7}",
    "merge-approved-at-forge": "merge approved by pull request ({proof}): {merge:.7} → {target} at {target_commit:.7}",
    "code-merged": "merged by pull requests: {merges:branch} → {target} at {new:.7}",
    "merge-proposed": "merge proposed by {actor} at {remote}: {commit:.7}",
    "merge-rejected": "merge rejected by {actor} ({rework:job} to rework): {text}",
    "merged": "merged: {target} {old:.7} → {new:.7}",
    "pushed": "pushed: {target} at {remote} {old:.7} → {new:.7}",
    "merge-taken-back": "merge taken back: {target} {new:.7} → {old:.7}: {reason}",
    "cleanup-done": "cleaned up: {removed:thing} removed, {kept:thing} kept",
}
"""One sentence for each released type. `{findings:finding}` counts, `{commit:.7}` abbreviates."""

UNMOVED = "unmoved"
SPECIAL = {
    ("pushed", UNMOVED): "not pushed: {remote} already has {target} at {new:.7}",
    ("message-sent", ActorKind.OPERATOR): "message {message} from {sender} (operator {actor}) to {to}: {text}",
}
"""The sentence of a record that moved nothing, or that an actor of one kind made, where it differs from that of the others."""

_PLURALS = {"branch": "branches"}
_CLAUSES = {"conflict": " that do not merge", "waived": ", findings waived"}
"""Parts of a sentence that are there only when the field is true."""
_INVISIBLE = "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"


class _Items:
    """A tuple in a sentence: `{jobs}` lists its items, `{findings:finding}` counts them."""

    def __init__(self, items: Sequence[object]) -> None:
        """Findings that were withdrawn are neither listed nor counted."""
        self._items = [item for item in items if not getattr(item, "withdrawn", False)]

    def __format__(self, noun: str) -> str:
        """The items, or their number and the noun."""
        if not noun:
            return ", ".join(map(str, self._items))

        count = len(self._items)
        if count == 1:
            return f"1 {noun}"

        plural = _PLURALS.get(noun, f"{noun}s")
        return f"{count} {plural}"


@lru_cache(maxsize=512)
def one_line(text: str, characters: int) -> str:
    """Text from outside as part of a line: no line break of any kind, no control or bidi character, cut with `…`.

    Cached, since `verify` needs the same runs, jobs and actors again and again.
    """
    start = text[: 4 * characters]
    if not start.isprintable():  # no invisible character is; compiling the pattern takes 4 million instructions
        start = re.sub(_INVISIBLE, " ", start)

    line = " ".join(start.split())
    if len(line) <= characters:
        return line

    return f"{line[: characters - 1].rstrip()}…"


def sentence(event: Event, actor: Actor) -> str:
    """The sentence of an event, for readers of `git log`.

    It has at most `SUBJECT_MAX` characters; a longer one is cut with `…`.
    """
    parts = {name: _part(name, getattr(event, name)) for name in names_of(type(event))}
    parts["actor"] = actor.name
    text = _template(event, actor).format(**parts)
    return one_line(text, SUBJECT_MAX).rstrip(" :")


def _template(event: Event, actor: Actor) -> str:
    """The sentence of this event, with places for its fields.

    A branch without an old commit was moved before, such as by the forge. An operator writes in the principal's name.
    """
    kind = kind_of(event)
    case = str(actor.kind)
    if getattr(event, "old", "") is None:
        case = UNMOVED

    return SPECIAL.get((kind, case), SENTENCES[kind])


def _part(name: str, value: Any) -> Any:
    """A field of an event as its sentence shows it."""
    if name == "until":
        return timestamps.iso(value)[11:16]
    if name in _CLAUSES:
        if value:
            return _CLAUSES[name]
        return ""
    if isinstance(value, tuple):
        return _Items(value)
    if value is not None:
        return value
    if name == "job":
        return "the run"

    return "nothing"


def trailers(record: Record, digest: Digest) -> str:
    """The last paragraph of the message, which `verify` compares: `digest` is that of the record's file."""
    event = record.event
    lines = [f"Gitorch-Seq: {record.seq}\n", f"Gitorch-Type: {kind_of(event)}\n"]
    if record.run:
        lines.append(_trailer("Run", record.run))

    job = getattr(event, "job", None)
    if job:
        lines.append(_trailer("Job", job))

    lines.append(_trailer("Actor", _actor(record.actor)))
    lines.append(f"Gitorch-Record: {digest}\n")
    return "".join(lines)


@lru_cache(maxsize=1024)
def _trailer(name: str, text: str) -> str:
    """One line. Cached, since all records name the same few runs, jobs and actors, and making a line takes 3 µs."""
    return f"Gitorch-{name}: {one_line(text, _TRAILER_MAX)}\n"


@lru_cache(maxsize=256)
def _actor(actor: Actor) -> str:
    """The trailer's text: `agent/impl-api (s12) on laptop`."""
    name = f"{actor.kind}/{actor.name}"
    if actor.session:
        name += f" ({actor.session})"

    return f"{name} on {actor.host}"


def message(record: Record, digest: Digest) -> str:
    """The whole commit message: sentence, empty line, trailers.

    `digest` is that of the record's file.
    """
    return f"{sentence(record.event, record.actor)}\n\n{trailers(record, digest)}"


@lru_cache(maxsize=256)
def author(actor: Actor) -> str:
    """The actor in the form of a git author. Cached, since `verify` needs the same few again and again.

    A name, and an address that can never receive mail, since its domain is reserved.
    """
    name = re.sub("[<>]", "", one_line(actor.name, 60)).strip(" .,:;\"'\\")
    return f"{name or actor.kind} <{_local_part(actor.session or actor.kind)}@gitorch.invalid>"


def committer(host: str) -> str:
    """The committer of a record: gitorch on this host.

    In the form of a git author, without a timestamp.
    """
    return f"gitorch <{_local_part(host)}@gitorch.invalid>"


def _local_part(text: str) -> str:
    """The part of an address before `@`: letters, digits and dashes, at most 60; never empty."""
    return re.sub("[^A-Za-z0-9-]+", "-", text)[:60].strip("-") or "unknown"
