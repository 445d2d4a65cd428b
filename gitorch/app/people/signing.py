"""Approvals that are signed: made with the principal's own key, and checked against the keys that the run began with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt, Denied
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


def signers(services: Services) -> str:
    """The keys that may sign approvals here, as ssh writes them; empty where no signature is asked for, or none is named."""
    if services.config.approval_signature != "ssh":
        return ""
    said = services.config.approval_signers or services.git.setting("gpg.ssh.allowedSignersFile")
    data = services.files.read(services.root / Path(said).expanduser()) if said else None
    lines = (data or b"").decode("utf-8", "replace").splitlines()
    kept = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return "".join(f"{line}\n" for line in kept)


def sign(services: Services, run: Run, report: Report) -> Signing:
    """The principal's signature of exactly this report. Raises Denied where their key is not among those allowed."""
    key = services.git.setting("user.signingKey")
    if not key:
        message = "this run takes signed approvals only, and git knows no key of yours"
        raise Denied(message, "git config user.signingKey ~/.ssh/id_ed25519.pub")
    commits = tuple(b.commit for b in report.branches)
    ledger = services.ledger.state(None).board.ledger
    text = approval_text(ledger, run.id, report.digest, report.target, report.target_commit, commits)
    signature = services.signatures.sign(text, key, NAMESPACE)
    by = services.signatures.signer(text, signature, run.settings.approval_signers, NAMESPACE)
    if not by:
        message = f"{key} is none of the keys that this run began with as allowed to approve it"
        raise Denied(message, f"gitorch show {run.id} --json")
    return Signing(by, {TEXT_FILE: text.encode(), SIGNATURE_FILE: signature.encode()})


def is_signed(services: Services, run: Run) -> bool:
    """Whether the newest approval bears a signature that counts, or the run asks for none."""
    given = list(_approvals(services, run)) if run.settings.approval_signers else []
    return not run.settings.approval_signers or (bool(given) and _holds(services, run, *given[-1]))


def unsigned(services: Services, run: Run) -> Iterator[Corrupt]:
    """What is wrong with the approvals of a run that takes signed ones only."""
    for written, event in _approvals(services, run) if run.settings.approval_signers else ():
        if not _holds(services, run, written, event):
            where = f"record {written.record.seq}"
            message = f"The approval in {where} is not signed by a key that run {run.id} began with."
            yield Corrupt(message, f"gitorch show {written.record.seq}", where)


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
