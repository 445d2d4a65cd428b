"""Approvals that are signed: made with the principal's own key, and checked against the keys that the run began with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.people.keys import key_to_sign_with
from gitorch.errors import Corrupt, Denied
from gitorch.model.approval import Grade, grade_of
from gitorch.model.events import MergeApproved
from gitorch.model.values import Value
from gitorch.rules.views.approval import NAMESPACE, approval_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitorch.app.services import Services
    from gitorch.model.report import Report
    from gitorch.model.run import Run
    from gitorch.ports.ledger import WrittenRecord

TEXT_FILE, SIGNATURE_FILE = "approval.txt", "approval.sig"


class Signing(Value):
    """A signature of an approval, by whom, and the files that are kept with its record."""

    by: str
    files: Mapping[str, bytes]


def sign(services: Services, run: Run, report: Report) -> Signing:
    """The principal's signature of exactly this report. Raises Denied where their key is not among those allowed."""
    key = key_to_sign_with(services, run.settings.approval_signers)
    commits = tuple(b.commit for b in report.branches)
    ledger = services.ledger.state(None).board.ledger
    text = approval_text(ledger, run.id, report.digest, report.target, report.target_commit, commits)
    signature = services.signatures.sign(text, key.path, NAMESPACE)
    by = services.signatures.signer(text, signature, run.settings.approval_signers, NAMESPACE)
    if not by:
        message = f"{key.path} signed, but the run's allowed signers do not accept it for {NAMESPACE}"
        raise Denied(message, "gitorch keys list")
    return Signing(by, {TEXT_FILE: text.encode(), SIGNATURE_FILE: signature.encode()})


def is_signed(services: Services, run: Run) -> bool:
    """Whether the newest approval bears a signature that counts, or the run needs none."""
    if not _needs_signature(run, run.approval.proof if run.approval is not None else ""):
        return True
    given = list(_approvals(services, run))
    return bool(given) and _holds(services, run, *given[-1])


def unsigned(services: Services, run: Run) -> Iterator[Corrupt]:
    """What is wrong with the signatures of a run's approvals."""
    for written, event in _approvals(services, run):
        if _needs_signature(run, event.proof) and not _holds(services, run, written, event):
            where = f"record {written.record.seq}"
            message = f"The approval in {where} is not signed by a key that run {run.id} began with."
            yield Corrupt(message, f"gitorch show {written.record.seq}", where)


def _needs_signature(run: Run, proof: str) -> bool:
    """Whether an approval claims to be signed, or the run takes no other."""
    return run.settings.approval_at_least is Grade.SIGNED or grade_of(proof) is Grade.SIGNED


def _approvals(services: Services, run: Run) -> Iterator[tuple[WrittenRecord, MergeApproved]]:
    for written in services.ledger.records(run.id):
        if isinstance(written.record.event, MergeApproved):
            yield written, written.record.event


def _holds(services: Services, run: Run, written: WrittenRecord, event: MergeApproved) -> bool:
    named = {ref.name: ref.sha256 for ref in written.record.files}
    if SIGNATURE_FILE not in named:
        return False
    signature = services.ledger.file(run.id, named[SIGNATURE_FILE]).decode("utf-8", "replace")
    ledger = services.ledger.state(None).board.ledger
    text = approval_text(ledger, run.id, event.digest, event.target, event.target_commit, event.commits)
    return bool(services.signatures.signer(text, signature, run.settings.approval_signers, NAMESPACE))
