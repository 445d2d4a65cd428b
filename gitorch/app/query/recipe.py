"""The recipe by which a stranger checks an approved merge with git, sha256sum and ssh-keygen alone."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, TypeVar, cast

from gitorch.errors import NotFound
from gitorch.model.events import CodeMerged, MergeApproved, MergeApprovedAtForge, Merged, ReportIssued, RunConfirmed
from gitorch.model.plans.approval import FORGE, SIGNED, Grade, grade_of
from gitorch.rules.views.approval import NAMESPACE, SIGNATURE_FILE, TEXT_FILE
from gitorch.rules.views.proposal import PAGE, REPORT_BEGINS
from gitorch.text.security_key import HARDWARE

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.events import Approved
    from gitorch.model.work.run import Run
    from gitorch.ports.commits import WrittenRecord

E = TypeVar("E")

LEDGER = "gitorch/ledger"

FILES = f"""\
attached() {{ git show "{LEDGER}:$(git ls-tree -r --name-only {LEDGER} | grep "/files/$1\\$" | head -n 1)"; }}
record() {{ git show "$1:$(git diff-tree -r --root --no-commit-id --name-only --diff-filter=A "$1" | grep -E '/[0-9]+-[a-z-]+\\.(yaml|md)$')"; }}
body() {{ record "$1" | awk 'fences > 1; /^---$/ {{ fences++ }}'; }}
check() {{ if [ "$1" = "$2" ]; then echo "ok: $3"; else echo "WRONG: $3: $1 is not $2"; fi; }}
"""
"""Shell functions: an attached file by its digest, the record that a commit of the ledger added, its text, and a comparison."""


def recipe(services: Services, run: Run) -> str:
    """A shell script that checks the merge of a run step by step, filled in with its commits and digests.

    It needs git, sha256sum and ssh-keygen, and a clone with the ledger's branch. Each step prints `ok:` or `WRONG:`.
    Raises NotFound for a run whose merge nobody approved.
    """
    approved = _approval(services, run)
    merged = _last_of(services, run, (Merged, CodeMerged)).record.event
    merge_part = ""
    if isinstance(merged, Merged):
        merge_part = _merge_part(approved[1], merged)
    elif isinstance(merged, CodeMerged):
        merge_part = _pulls_part(merged)
    issued = _last(services, run, ReportIssued)
    confirmed = _last(services, run, RunConfirmed)

    parts = [
        f"# How to check the merge of run {run.id} without gitorch. Type this in a clone that has the branch {LEDGER}.",
        "set -u",
        FILES,
        _approval_part(approved[0]),
        _report_part(*approved, issued[0]),
        _signature_part(*approved, *confirmed),
        merge_part,
    ]
    return "\n".join(part for part in parts if part)


def _approval(services: Services, run: Run) -> tuple[WrittenRecord, Approved]:
    """The last approval of a run. Raises NotFound without one."""
    written = _last_of(services, run, (MergeApproved, MergeApprovedAtForge))
    return written, cast("Approved", written.record.event)  # it is one of the two


def _last(services: Services, run: Run, kind: type[E]) -> tuple[WrittenRecord, E]:
    """The last record of a kind in a run, and its event. Raises NotFound without one."""
    written = _last_of(services, run, (kind,))
    return written, cast("E", written.record.event)  # it is of that kind


def _last_of(services: Services, run: Run, kinds: tuple[type, ...]) -> WrittenRecord:
    """The last record of these kinds in a run. Raises NotFound without one."""
    found: WrittenRecord | None = None
    for written in services.ledger.records(run.id):
        if isinstance(written.record.event, kinds):
            found = written
    if found is None:
        raise NotFound(f"run {run.id} has no approved merge to check", "gitorch list")

    return found


def _approval_part(approved: WrittenRecord) -> str:
    """The record of the approval is what its commit says it is."""
    return (
        "# 1. The record of the approval has the digest that its commit names.\n"
        f"check \"$(record {approved.commit} | sha256sum | cut -d' ' -f1)\" "
        f"\"$(git log -1 --format='%(trailers:key=Gitorch-Record,valueonly)' {approved.commit} | sed 's/sha256://' | tr -d '\\n')\" "
        "'record of the approval'\n"
        f"record {approved.commit}\n"
    )


def _report_part(approved: WrittenRecord, event: Approved, issued: WrittenRecord) -> str:
    """The report that the approval names is the text of the record that issued it."""
    digest = event.digest.removeprefix("sha256:")
    return (
        "# 2. The text of the report has the digest that the approval names.\n"
        f"check \"$(record {approved.commit} | grep -c 'digest: .*{digest}')\" 1 'the approval names this report'\n"
        f"check \"$(body {issued.commit} | head -c -1 | sha256sum | cut -d' ' -f1)\" {digest} 'report with the approved digest'\n"
        f"body {issued.commit}\n"
    )


def _signature_part(
    approved: WrittenRecord,
    event: Approved,
    confirmed: WrittenRecord,
    start: RunConfirmed,
) -> str:
    """Who signed the approval, checked against the keys that stood in the record that began the run."""
    if isinstance(event, MergeApprovedAtForge):
        return _forge_part(event, confirmed, start.settings.forge_keys)

    grade = grade_of(event.proof)
    if grade is not Grade.SIGNED:
        return f"# 3. The approval is {grade}: nothing but the ledger says that a human gave it. See docs/security.md of gitorch.\n"

    files = {ref.name: ref.sha256.removeprefix("sha256:") for ref in approved.record.files}
    name = event.proof.removeprefix(SIGNED)
    signers = shlex.quote(start.settings.approval_signers)
    return (
        "# 3. The signature, by a key that the run began with (the field approval_signers of its run-confirmed record).\n"
        f"record {confirmed.commit} | grep -o 'approval_signers.*'\n"
        "folder=$(mktemp -d)\n"
        f'attached {files[TEXT_FILE]} > "$folder/text"; attached {files[SIGNATURE_FILE]} > "$folder/signature"\n'
        f"printf '%s' {signers} > \"$folder/signers\"\n"
        'cat "$folder/text"\n'
        f"ssh-keygen -Y verify -n {NAMESPACE} -I {shlex.quote(name)} "
        '-f "$folder/signers" -s "$folder/signature" < "$folder/text" && echo "ok: signature" || echo "WRONG: signature"\n'
        + _touch_part(start.settings.approval_signers)
        + f'check "$(grep -c {event.digest} "$folder/text")" 1 \'the signed text names the report\'\n'
        + "".join(
            f"check \"$(grep -c 'branch: {commit}' \"$folder/text\")\" 1 'the signed text names {commit[:12]}'\n"
            for commit in event.commits
        )
    )


def _touch_part(signers: str) -> str:
    """Whether the security key that signed was touched, where the signers have any: `ssh-keygen` takes both for valid."""
    if f" {HARDWARE}" not in signers:
        return ""

    return (
        'sed "/^-/d" "$folder/signature" | base64 -d > "$folder/bytes"\n'
        f'if test "$(tail -c +19 "$folder/bytes" | head -c {len(HARDWARE)})" = {HARDWARE}; then\n'
        '  flags=$(tail -c 5 "$folder/bytes" | od -A n -t u1 -N 1)\n'
        "  check $((flags % 2)) 1 'the security key was touched'\n"
        "fi\n"
    )


def _forge_part(event: MergeApprovedAtForge, confirmed: WrittenRecord, keys: str) -> str:
    """That the forge merged exactly the proposal of this report, checked with the keys of the record that began the run."""
    name = event.proof.removeprefix(FORGE)
    return (
        "# 3. The pull request: the forge signed the merge of the commit that proposed this report, and nothing came with it.\n"
        f"record {confirmed.commit} | grep -o 'forge_keys.*'\n"
        f"folder=$(mktemp -d); printf '%s' {shlex.quote(keys)} > \"$folder/keys\"\n"
        'export GNUPGHOME="$folder"; chmod 700 "$folder"; gpg --quiet --batch --import "$folder/keys" 2> /dev/null\n'
        "# A signature by an unknown key is called good, too: the name behind `for`, or the fingerprint, and the status decide.\n"
        f'git -c gpg.ssh.allowedSignersFile="$folder/keys" -c gpg.ssh.program=ssh-keygen -c gpg.program=gpg \\\n'
        f'  verify-commit --raw {event.merge} > "$folder/said" 2>&1 && grep -q -e {shlex.quote(f"signature for {name} with")} \\\n'
        f"  -e {shlex.quote(f'VALIDSIG .*{name}')} \"$folder/said\" && echo 'ok: signature' || echo 'WRONG: signature'\n"
        f"check \"$(git rev-parse {event.merge}^2)\" {event.proposal} 'what was merged is the proposal'\n"
        f'check "$(git merge-tree --write-tree {event.merge}^1 {event.merge}^2 | head -n 1)" "$(git rev-parse {event.merge}^{{tree}})" '
        "'the merge holds what both sides give'\n"
        f'said() {{ git log -1 --format=%B {event.proposal} | grep -c "$1"; }}\n'
        f"check \"$(said 'report: {event.digest}')\" 1 'the proposal names the report'\n"
        f"check \"$(said 'target: {event.target} at {event.target_commit}')\" 1 'the proposal names the target'\n"
        + "".join(
            f"check \"$(said 'branch: {commit}')\" 1 'the proposal names {commit[:12]}'\n" for commit in event.commits
        )
        + f"page=$(git diff-tree -r --name-only --no-commit-id {event.proposal} | grep '/{PAGE}$')\n"
        f"check \"$(git diff-tree -r --name-only --no-commit-id {event.proposal} | wc -l | tr -d ' ')\" 2 'the proposal adds two files'\n"
        f"check \"$(git show \"{event.proposal}:$page\" | sed '1,/^{REPORT_BEGINS}$/d' | tail -n +2 | sha256sum | cut -d' ' -f1)\" "
        f"{event.digest.removeprefix('sha256:')} 'the proposal shows the report'\n"
        f"git merge-base --is-ancestor \"$(git log -1 --format=%B {event.proposal} | sed -n 's/^history: //p')\" {LEDGER} "
        "&& echo 'ok: the ledger that it was made on' || echo 'WRONG: the ledger was rewritten'\n"
    )


def _merge_part(approval: Approved, merge: Merged) -> str:
    """The target holds every commit that was approved, and nothing else came with them."""
    commits = " ".join(approval.commits)
    return (
        f"# 4. The merge: {merge.target} moved from {merge.old[:12]} to {merge.new[:12]}.\n"
        f"check {merge.old} {approval.target_commit} 'the target stood where the approval says'\n"
        f"for commit in {commits}; do\n"
        f'  git merge-base --is-ancestor "$commit" {merge.new} && echo "ok: $commit is merged" || echo "WRONG: $commit is missing"\n'
        "done\n"
        f"check \"$(git rev-list --no-merges {merge.new} ^{merge.old} --not {commits} | wc -l | tr -d ' ')\" 0 "
        "'nothing but what was approved came with it'\n"
    )


def _pulls_part(merge: CodeMerged) -> str:
    """The target holds the content of every approved branch, which the forge merged."""
    parts = [
        f"# 4. The merge on the forge: {merge.target} moved from {merge.old[:12]} to {merge.new[:12]} by pull requests.\n"
    ]
    for one in merge.merges:
        parts.append(
            f'check "$(git merge-tree --write-tree {one.before} {one.commit} | head -n 1)" "$(git rev-parse {one.merge}^{{tree}})" '
            f"'{one.merge[:12]} holds {one.job} ({one.how})'\n"
            f"git merge-base --is-ancestor {one.merge} {merge.new} && echo 'ok: it is part of the target' || echo 'WRONG: it is not'\n"
        )
    return "".join(parts)
