"""Approvals that are signed: made with the principal's own key, and checked against the keys that the run began with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.people.code_merges import wrong_merges
from gitorch.app.people.forge_merges import fetch_merge, unproven
from gitorch.app.people.keys import key_to_sign_with
from gitorch.errors import Corrupt, Denied
from gitorch.model.events import Approved, MergeApprovedAtForge
from gitorch.model.plans.approval import Grade, grade_of
from gitorch.model.values import Value, replace
from gitorch.rules.guards.ensure import ensure_sound, run_there
from gitorch.rules.views.approval import NAMESPACE, SIGNATURE_FILE, TEXT_FILE, approval_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitorch.app.services import Services
    from gitorch.model.record import Record
    from gitorch.model.work.report import Report
    from gitorch.model.work.run import Run
    from gitorch.ports.commits import VerifiedRun


class Signing(Value):
    """A signature of an approval, by whom, and the files that are kept with its record."""

    by: str
    files: Mapping[str, bytes]


def sign(services: Services, run: Run, report: Report) -> Signing:
    """The principal's signature of exactly this report, by a key that the run began with.

    It covers the ledger, the run, the digest of the report, the target and every commit to merge, so that it is worth
    nothing for another merge. ssh-keygen may ask for a passphrase or a touch.
    Raises Denied where no key of the principal is allowed, nobody touched the security key, or the signature does not verify.
    """
    key = key_to_sign_with(services, run.settings.approval_signers)
    commits = tuple(b.commit for b in report.branches)
    ledger = services.ledger.state(None).board.ledger
    text = approval_text(
        ledger,
        run.id,
        report.digest,
        report.target,
        report.target_commit,
        commits,
    )
    signature = services.signatures.sign(text, key.path, NAMESPACE)
    by = services.signatures.signer(text, signature, run.settings.approval_signers, NAMESPACE)
    if not by:
        message = f"{key.path} signed, but the run's allowed signers do not accept it for {NAMESPACE}"
        raise Denied(message, "gitorch keys list")

    if not services.signatures.was_touched(signature):
        message = f"{key.path} signs without a touch, so that any program of yours could have"
        raise Denied(message, "gitorch keys add --new")

    return Signing(by, {TEXT_FILE: text.encode(), SIGNATURE_FILE: signature.encode()})


def require_signature(services: Services, verified: VerifiedRun) -> None:
    """Raises Corrupt unless the approval that stands has a valid signature, or needs none; `recover` withdraws it."""
    run = run_there(verified.state)
    ensure_sound(unsigned_approval(services, verified), f"gitorch recover {run.id}")


def unsigned_approval(services: Services, verified: VerifiedRun) -> Corrupt | None:
    """The fault of the approval that stands, where it needs a signature and has no valid one; None without an approval.

    Asks ssh-keygen, under the signers that the run recorded.
    """
    run = run_there(verified.state)
    if run.approval is None or not _needs_signature(run, run.approval.proof):
        return None

    record, event = _approvals(verified)[-1]
    if isinstance(event, MergeApprovedAtForge):
        fetch_merge(services, run, event)
        return next(iter(unproven(services, replace(verified, records=(record,)))), None)

    if _is_signature_valid(services, verified, record, event):
        return None

    return _unsigned(run, record)


def unsigned(services: Services, verified: VerifiedRun) -> Iterator[Corrupt]:
    """A fault for each approval of a run that needs a signature and has no valid one, oldest first.

    An approval that claims to be signed needs a signature also where the run would accept a typed one.
    """
    run = run_there(verified.state)
    yield from unproven(services, verified)
    yield from wrong_merges(services, verified)
    for record, event in _approvals(verified):
        if isinstance(event, MergeApprovedAtForge) or not _needs_signature(run, event.proof):
            continue

        if _is_signature_valid(services, verified, record, event):
            continue

        yield _unsigned(run, record)


def _unsigned(run: Run, record: Record) -> Corrupt:
    """The fault of an approval without a valid signature."""
    where = f"record {record.seq}"
    message = f"The approval in {where} is not signed by a key that run {run.id} began with."
    return Corrupt(message, f"gitorch show {record.seq}", where)


def _needs_signature(run: Run, proof: str) -> bool:
    """Whether an approval claims to be signed, or the run accepts only signed ones."""
    if run.settings.approval_at_least.reaches(Grade.SIGNED):
        return True

    grade = grade_of(proof)
    return grade is not None and grade.reaches(Grade.SIGNED)


def _approvals(verified: VerifiedRun) -> list[tuple[Record, Approved]]:
    """The run's approvals, oldest first."""
    approvals: list[tuple[Record, Approved]] = []
    for record in verified.records:
        if isinstance(record.event, Approved):
            approvals.append((record, record.event))
    return approvals


def _is_signature_valid(
    services: Services,
    verified: VerifiedRun,
    record: Record,
    event: Approved,
) -> bool:
    """Whether the signature kept with an approval is of exactly its content, by a signer that the run began with.

    One by a security key that nobody touched is none.
    """
    run = run_there(verified.state)
    files = {ref.name: ref.sha256 for ref in record.files}
    if SIGNATURE_FILE not in files:
        return False

    signature = services.ledger.file(run.id, files[SIGNATURE_FILE]).decode("utf-8", "replace")
    ledger = verified.state.board.ledger
    text = approval_text(
        ledger,
        run.id,
        event.digest,
        event.target,
        event.target_commit,
        event.commits,
    )
    by = services.signatures.signer(text, signature, run.settings.approval_signers, NAMESPACE)
    return bool(by) and services.signatures.was_touched(signature)
