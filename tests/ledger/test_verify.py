"""Every way to tamper with a branch, done by real git so that `git fsck` stays content, is found and named."""

import random
import re
from copy import deepcopy

import pytest
from golden import assert_golden
from ledger_kit import AGENT, AT, HOST, OTHER, REF, RUN, Raw, fill, git, new_repo, open_ledger, raws, renewed, rewrite

from gitorch.ledger.verify import FAULTS_MAX
from gitorch.model.events import RunCanceled, RunPaused, VerdictGiven
from gitorch.model.ids import Moment
from gitorch.model.record import Record
from gitorch.model.values import replace
from gitorch.model.work.review import Choice
from gitorch.ports.commits import Draft
from gitorch.text.records import commit_message, digests
from gitorch.text.records.record import decode, encode

VERDICT = VerdictGiven("api.spec", "api", "s4", 1, 1, "c" * 40, Choice.ACCEPT, (), "Looks right.\n")


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """12 records: two runs, prose, attached files."""
    repo = new_repo(tmp_path_factory.mktemp("original") / "r")
    ledger = open_ledger(repo)
    ledger.create(HOST, AT, "L-1")
    fill(ledger, 3)
    ledger.append(RUN, AGENT, Moment(AT + 10), lambda _: [renewed(4, brief=b"do it", plan=b"the plan")])
    fill(ledger, 2, OTHER)
    ledger.append(RUN, AGENT, Moment(AT + 10), lambda _: [Draft(VERDICT, {}), renewed(5, again=b"do it")])
    fill(ledger, 2)
    ledger.append(OTHER, AGENT, Moment(AT + 10), lambda _: [Draft(RunCanceled("enough"), {})])
    return repo


@pytest.fixture
def repo(original, tmp_path):
    git(tmp_path, "clone", "-q", "--no-checkout", str(original), "r")
    git(tmp_path / "r", "fetch", "-q", "origin", f"{REF}:{REF}")
    return tmp_path / "r"


def faults(repo):
    return [fault.message for fault in open_ledger(repo).verify().faults]


def resealed(raw: Raw, record: Record) -> Raw:
    """The commit of another record, with digest and trailers that agree, as somebody with gitorch's code would write it."""
    suffix, data = encode(record)
    folder = raw.record.rsplit("/", 2)[0]
    path = f"{folder}/{record.seq // 100:02}/{record.seq:06}-{suffix}"
    files = {path: data} | {name: body for name, body in raw.added.items() if name != raw.record}
    when = f" {record.at // 1000} +0000"
    author = commit_message.author(record.actor) + when
    committer = commit_message.committer("laptop") + when
    return Raw(commit_message.message(record, digests.digest(data)), files, author=author, committer=committer)


def read(raw: Raw) -> Record:
    return decode(raw.record, raw.added[raw.record])


def rechain(commits: list[Raw], start: int) -> list[Raw]:
    """Number and chain everything from `start` on anew."""
    for number in range(start, len(commits)):
        before = commits[number - 1]
        prev = digests.digest(before.added[before.record])
        commits[number] = resealed(commits[number], replace(read(commits[number]), seq=number, prev=prev))
    return commits


def test_an_honest_ledger_has_no_fault(repo):
    verification = open_ledger(repo).verify()
    assert verification.faults == ()
    assert verification.records == 12
    assert verification.tip == git(repo, "rev-parse", REF)
    (warning,) = verification.warnings
    assert "remembers no tip" in warning
    open_ledger(repo).state(None)
    assert open_ledger(repo).verify().warnings == ()


def test_a_branch_that_was_rewritten_unchanged_has_no_fault(repo):
    rewrite(repo, raws(repo))
    assert faults(repo) == []


@pytest.mark.each(3)
@pytest.mark.parametrize("seed", range(16))
def test_a_flipped_byte_of_any_file_is_found_and_named(repo, seed):
    chance = random.Random(seed)
    commits = raws(repo)
    number = chance.randrange(len(commits))
    raw = commits[number]
    path = chance.choice([name for name in raw.added if name.startswith(("runs", "ledger"))])
    data = bytearray(raw.added[path])
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    raw.added[path] = bytes(data)
    rewrite(repo, commits)
    first = faults(repo)[0]
    assert path in first
    assert git(repo, "rev-list", "--reverse", REF).split()[number][:12] in first


def test_an_edit_with_everything_resealed_breaks_the_chain_at_the_next_record(repo):
    commits = raws(repo)
    commits[3] = resealed(commits[3], replace(read(commits[3]), at=Moment(AT + 3)))
    rewrite(repo, commits)
    (only,) = faults(repo)
    assert "names sha256:" in only
    assert commits[4].record in only


def drop(commits):
    return [*commits[:3], *commits[4:]]


def swap(commits):
    return [*commits[:3], commits[4], commits[3], *commits[5:]]


def duplicate(commits):
    copy = commits[3]
    moved = {path.replace("00/0", "01/0") if path == copy.record else path: data for path, data in copy.added.items()}
    return [*commits[:4], Raw(copy.message, moved), *commits[4:]]


def insert(commits):
    prev = digests.digest(commits[3].added[commits[3].record])
    record = replace(read(commits[3]), seq=4, prev=prev, event=RunPaused("never was"))
    made = resealed(commits[3], record)
    return [*commits[:4], made, *commits[4:]]


def two_in_one(commits):
    both = Raw(commits[3].message, commits[3].added | commits[4].added)
    return [*commits[:3], both, *commits[5:]]


def none_at_all(commits):
    return [*commits[:3], Raw("nothing\n", {}), *commits[3:]]


def remove_a_record(commits):
    commits[7].removed.append(commits[2].record)
    return commits


def change_a_record(commits):
    commits[7].added[commits[2].record] = b"other"
    return commits


def change_a_file(commits):
    commits[7].added[next(path for path in commits[4].added if "files" in path)] = b"other"
    return commits


def stray_file(commits):
    commits[5].added["notes.txt"] = b"hello"
    return commits


def stray_record(commits):
    commits[5].added["runs/2026-11/auth-7f3a/notes"] = b"hello"
    return commits


def unnamed_file(commits):
    commits[5].added[f"runs/2026-11/auth-7f3a/files/{digests.bare(digests.digest(b'x'))}"] = b"x"
    return commits


def missing_file(commits):
    commits[4].added.pop(next(path for path in commits[4].added if "files" in path))
    return commits


def wrong_trailer(commits):
    commits[5].message = commits[5].message.replace("Gitorch-Seq: 5", "Gitorch-Seq: 6")
    return commits


def forged_paragraph(commits):
    commits[5].message = commits[5].message.replace("\n\n", "\n\nApproved by all.\n\n", 1)
    return commits


def second_line(commits):
    commits[5].message = commits[5].message.replace("\n\n", "\nApproved by all.\n\n", 1)
    return commits


def no_trailers(commits):
    commits[5].message = "lease renewed\n"
    return commits


def elsewhere(commits):
    commits[5].added = {path.replace("docs-00ff", "auth-7f3a"): data for path, data in commits[5].added.items()}
    return commits


def renamed(commits):
    commits[5].added = {path.replace("lease-renewed", "lease-ended"): data for path, data in commits[5].added.items()}
    return commits


def backdated(commits):
    commits[4] = resealed(commits[4], replace(read(commits[4]), at=Moment(AT - 1)))
    return rechain(commits, 5)


def after_the_end(commits):
    commits.append(resealed(commits[5], replace(read(commits[5]), at=Moment(AT + 99))))
    return rechain(commits, len(commits) - 1)


def after_two_ends(commits):
    commits = after_the_end(commits)
    commits.append(resealed(commits[5], replace(read(commits[5]), at=Moment(AT + 100))))
    commits.append(resealed(commits[1], replace(read(commits[1]), at=Moment(AT + 101))))
    commits.append(resealed(commits[0], replace(read(commits[0]), at=Moment(AT + 102))))
    return rechain(commits, len(commits) - 3)


def dated_later(commits):
    commits[11] = resealed(commits[11], replace(read(commits[11]), at=Moment(AT + 10**13)))
    return commits


def other_author(commits):
    commits[5].author = "ada <a@a> 1 +0000"
    return commits


def other_committer(commits):
    commits[5].committer = commits[5].committer.replace(" +0000", " +0100")
    return commits


def other_page(commits):
    commits[0].added["README.md"] = b"changed"
    return commits


def no_page(commits):
    commits[0].added.pop("README.md")
    return commits


def folder_of_a_record(commits):
    """A folder in place of a record."""
    commits[7].added[commits[2].record + "/x"] = b""
    return commits


def other_genesis(commits):
    commits[0].added["README.md"] = b"changed"
    commits[0].added["extra"] = b"x"
    return commits


TAMPERINGS = (
    drop,
    swap,
    duplicate,
    insert,
    two_in_one,
    none_at_all,
    remove_a_record,
    change_a_record,
    change_a_file,
    stray_file,
    stray_record,
    unnamed_file,
    missing_file,
    wrong_trailer,
    forged_paragraph,
    second_line,
    no_trailers,
    elsewhere,
    renamed,
    backdated,
    dated_later,
    other_author,
    other_committer,
    other_page,
    no_page,
    folder_of_a_record,
    after_the_end,
    after_two_ends,
    other_genesis,
)


def test_every_tampering_is_found_and_told_whole(repo, request):
    honest, told = raws(repo), []
    for tamper in TAMPERINGS:
        rewrite(repo, tamper(deepcopy(honest)))
        verification = open_ledger(repo).verify(Moment(AT + 1_000_000))
        assert verification.faults, tamper
        told.append(f"> {tamper.__name__}\n")
        ids = git(repo, "rev-list", "--reverse", REF).split()
        for one in verification.faults:
            text = f"{one.message} [{one.where}] $ {one.hint}\n"
            for number, identity in enumerate(ids):
                text = text.replace(identity, f"<{number}>").replace(identity[:12], f"<{number}>")
            told.append(re.sub("[0-9a-f]{60,}", lambda found: found[0][:8], text))
    assert_golden("tamperings.txt", "".join(told), request)


def test_a_merge_into_the_branch_is_found(repo):
    commits = raws(repo)
    commits[6].merges = (git(repo, "rev-parse", "origin/main"),)
    rewrite(repo, commits)
    found = faults(repo)
    assert any("has the parents" in fault for fault in found)


def test_truncation_is_found_against_the_trusted_tip(repo):
    open_ledger(repo).state(None)
    tip = git(repo, "rev-parse", REF)
    git(repo, "update-ref", REF, f"{REF}~2")
    (only,) = faults(repo)
    assert "shortened or replaced" in only
    assert tip in only


def test_a_wholly_recomputed_ledger_is_found_against_the_trusted_tip(repo):
    open_ledger(repo).state(None)
    commits = raws(repo)
    commits[2] = resealed(commits[2], replace(read(commits[2]), at=Moment(AT + 1)))
    rewrite(repo, rechain(commits, 3))
    (only,) = faults(repo)
    assert "shortened or replaced" in only


def test_faults_go_on_after_the_first_and_stop_at_a_limit(repo):
    commits = raws(repo)
    for number in (2, 6):
        commits[number].added[commits[number].record] += b"x"
    rewrite(repo, commits)
    found = faults(repo)
    assert [any(commits[number].record in fault for fault in found) for number in (2, 6)] == [True, True]
    for raw in commits[1:]:
        raw.added[raw.record] += b"x"
        raw.added["stray" + raw.record.rsplit("/", 1)[1]] = b""
    rewrite(repo, commits)
    assert len(faults(repo)) == FAULTS_MAX


def test_a_record_that_the_rules_forbid_is_named_and_other_runs_are_still_judged(repo):
    rewrite(repo, after_the_end(raws(repo)))
    (only,) = faults(repo)
    assert "the run is over" in only


def test_an_object_that_git_lost_ends_the_reading_with_its_name(repo):
    fill(open_ledger(repo), 1)
    blob = git(repo, "rev-parse", f"{REF}:runs/2026-11/{RUN}/00/000012-lease-renewed.yaml")
    (repo / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    assert blob in faults(repo)[-1]


@pytest.mark.parametrize("kind", ["blob", "tree", "tag"])
def test_a_branch_that_names_no_commit_is_a_fault_also_where_no_tip_is_remembered(repo, kind):
    tip = git(repo, "rev-parse", REF).strip()
    git(repo, "-c", "user.name=a", "-c", "user.email=b", "tag", "-a", "-m", "x", "t", tip)
    named = {"blob": f"{tip}:README.md", "tree": f"{tip}^{{tree}}", "tag": "refs/tags/t"}[kind]
    other = git(repo, "rev-parse", named).strip()
    (repo / ".git" / REF).write_text(f"{other}\n")
    found = open_ledger(repo).verify()
    assert f"{REF} names {other[:12]}, which is no commit." in [fault.message for fault in found.faults]
