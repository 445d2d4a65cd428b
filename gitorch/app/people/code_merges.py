"""Finding the work of a report on a target where a forge merged it: by merge commits, squashes or rebases.

What counts is the content: a commit of the target completes a branch if its tree is what git's own merge of the branch
into the target's commit before it gives. A signature also proves who merged; a rebase has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt, NotFound
from gitorch.model.events import CodeMerged
from gitorch.model.work.code_merge import BranchMerge, CodeMerges, HowMerged
from gitorch.rules.guards.ensure import run_there
from gitorch.text.records.signed_commit import parse_signed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId, JobId
    from gitorch.model.work.run import Run
    from gitorch.ports.commits import VerifiedRun

Branch = tuple["JobId", "CommitId"]


def find_merges(
    services: Services,
    run: Run,
    branches: Sequence[Branch],
    old: CommitId,
    new: CommitId,
) -> CodeMerges | None:
    """Where each branch was merged between two commits of the target; None while one of them was not.

    Raises Corrupt for a replaced commit, NotFound for one that this clone lacks.
    """
    line = first_parents(services, old, new)
    if not line:
        return None

    merges: list[BranchMerge] = []
    for job, commit in branches:
        found = _find_merge(services, run, (job, commit), line)
        if found is None:
            return None
        merges.append(found)

    last = max(merges, key=lambda merge: line.index(merge.merge))
    return CodeMerges(last.merge, tuple(merges))


def first_parents(services: Services, old: CommitId, new: CommitId) -> list[CommitId]:
    """The commits that a branch was at from `old` to `new`, oldest first; empty where `old` is not among them."""
    line: list[CommitId] = [new]
    while line[-1] != old:
        parents = parse_signed(services.git.commit_body(line[-1])).parents
        if not parents:
            return []

        line.append(parents[0])

    line.reverse()
    return line


def _find_merge(
    services: Services,
    run: Run,
    branch: Branch,
    line: Sequence[CommitId],
) -> BranchMerge | None:
    """Where one branch was merged on a line of commits; None where it was not."""
    count = _count(services, branch, line[0])
    for place in range(1, len(line)):
        found = _by_merge_commit(services, run, branch, line, place)
        if found is None:  # first as a rebase: its last commit alone looks like a squash
            found = _by_content(services, run, branch, line, place, count)
        if found is None:
            found = _by_content(services, run, branch, line, place, 1)
        if found is not None:
            return found

    return None


def _count(services: Services, branch: Branch, base: CommitId) -> int:
    """How many commits of a branch a rebase would make anew."""
    commits = services.git.commits_since(base, branch[1])
    count = 0
    for commit in commits:
        if len(parse_signed(services.git.commit_body(commit)).parents) == 1:
            count += 1

    return count


def _by_merge_commit(
    services: Services,
    run: Run,
    branch: Branch,
    line: Sequence[CommitId],
    place: int,
) -> BranchMerge | None:
    """The merge at this place of the line, if it has the branch as its other parent, or is the branch's own commit."""
    merge = line[place]
    _, commit = branch
    if merge == commit:
        return _merged(services, run, branch, merge, HowMerged.MERGE, line[place - 1])

    parents = parse_signed(services.git.commit_body(merge)).parents
    if commit not in parents[1:]:
        return None

    if not _holds(services, merge, line[place - 1], commit):
        return None

    return _merged(services, run, branch, merge, HowMerged.MERGE, line[place - 1])


def _by_content(
    services: Services,
    run: Run,
    branch: Branch,
    line: Sequence[CommitId],
    place: int,
    count: int,
) -> BranchMerge | None:
    """The merge whose last commit is at this place, if its `count` commits bring exactly what the branch does."""
    if place < count:
        return None

    merge, before = line[place], line[place - count]
    if not _holds(services, merge, before, branch[1]):
        return None

    how = HowMerged.SQUASH
    if count > 1 or _has_message_of(services, merge, branch[1]):
        how = HowMerged.REBASE
    return _merged(services, run, branch, merge, how, before)


def _holds(
    services: Services,
    merge: CommitId,
    before: CommitId,
    commit: CommitId,
) -> bool:
    """Whether a commit has exactly the files that git's own merge of a branch into the commit before gives, and changes some."""
    tried = services.git.try_merge(before, commit)
    if tried.conflicts or tried.tree == services.git.tree(before):
        return False

    return tried.tree == services.git.tree(merge)


def _has_message_of(services: Services, one: CommitId, other: CommitId) -> bool:
    """Whether two commits have the same message: a rebase keeps it, a squash makes a new one."""
    message = parse_signed(services.git.commit_body(one)).message
    return message.strip() == parse_signed(services.git.commit_body(other)).message.strip()


def _merged(
    services: Services,
    run: Run,
    branch: Branch,
    merge: CommitId,
    how: HowMerged,
    before: CommitId,
) -> BranchMerge:
    """The merge of one branch, with who made it and who signed it."""
    job, commit = branch
    found = parse_signed(services.git.commit_body(merge))
    signer = ""
    if found.signature:
        signer = services.signatures.forge_signer(found.signed, found.signature, run.settings.forge_keys)

    return BranchMerge(
        job=job,
        commit=commit,
        merge=merge,
        how=how,
        before=before,
        by=found.author.partition(" <")[0],
        signer=signer,
    )


def wrong_merges(services: Services, verified: VerifiedRun) -> Iterator[Corrupt]:
    """A fault for each recorded merge on a forge that git's objects do not show. Needs no network."""
    run = run_there(verified.state)
    for record in verified.records:
        event = record.event
        if not isinstance(event, CodeMerged):
            continue

        if _is_shown(services, run, event):
            continue

        where = f"record {record.seq}"
        message = f"The merge in {where} is not what {event.new[:12]} shows, or this clone lacks a part of it."
        yield Corrupt(message, "git fetch --all", where)


def _is_shown(services: Services, run: Run, event: CodeMerged) -> bool:
    """Whether git's objects show exactly the merges of a record."""
    if not services.git.has(event.new):
        return False

    branches = [(merge.job, merge.commit) for merge in event.merges]
    try:
        found = find_merges(services, run, branches, event.old, event.new)
    except NotFound:
        return False

    return found == CodeMerges(event.new, event.merges)


def unproven_merges(verified: VerifiedRun) -> Iterator[str]:
    """A sentence for each merge of which git proves the content, and not who made it."""
    for record in verified.records:
        event = record.event
        if not isinstance(event, CodeMerged):
            continue

        for merge in event.merges:
            if not merge.signer:
                yield (
                    f"The {merge.how} of {merge.job} by {merge.merge[:12]} is not signed by a key of the forge: "
                    f"git proves what was merged, and not that {merge.by} did it."
                )
