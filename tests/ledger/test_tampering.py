"""Each class of tampering of docs/ledger-format.md, made on a real repository: verify finds it and says so in its words (K10)."""

import re
import zlib
from pathlib import Path

import pytest
from ledger_kit import (
    AGENT,
    AT,
    ENV,
    HOST,
    OTHER,
    REF,
    RUN,
    STORES,
    count,
    fill,
    git,
    new_repo,
    open_ledger,
    raws,
    renewed,
    rewrite,
)
from test_verify import (
    after_the_end,
    backdated,
    change_a_record,
    drop,
    elsewhere,
    missing_file,
    rechain,
    resealed,
    stray_file,
    two_in_one,
    unnamed_file,
    wrong_trailer,
)
from test_verify import read as record_of

from gitorch.ledger.ledger import GitLedger
from gitorch.ledger.location import common_dir
from gitorch.model.events import CheckRecorded, MergeApproved, RunCanceled
from gitorch.model.ids import CommitId, Digest, JobId, Moment
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import replace
from gitorch.model.work.review import Check
from gitorch.ports.commits import Draft
from gitorch.rules.evolve import RUN_EVENTS
from gitorch.rules.evolving import ensure_writer
from gitorch.world.git.history import GitHistory
from gitorch.world.git.store import GitStore

PAGE = (Path(__file__).parent.parent.parent / "docs" / "ledger-format.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([^|`]+) \| `([^`]+)` \| ([^|]+) \|$", PAGE.split("## What verify finds")[1], re.MULTILINE)
ADA = Actor(ActorKind.PRINCIPAL, "ada", "laptop")
NOW = Moment(AT + 60_000)
RECORD = f"{REF}:runs/2026-11/{RUN}/00/000003-lease-renewed.yaml"


def judged(state, record):
    evolution = RUN_EVENTS.get(type(record.event))
    if evolution is not None:
        ensure_writer(record, evolution.writers)
    return count(state, record)


def rewritten(tamper):
    return lambda repo: rewrite(repo, tamper(raws(repo)))


def change_a_byte(commits):
    commits[3] = resealed(commits[3], replace(record_of(commits[3]), at=Moment(AT + 3)))
    return commits


def recompute(commits):
    return rechain(change_a_byte(commits), 4)


def in_the_future(commits):
    last = len(commits) - 1
    commits[last] = resealed(commits[last], replace(record_of(commits[last]), at=Moment(NOW + 3_600_001)))
    return commits


def approve_as_an_agent(commits):
    event = MergeApproved(Digest("sha256:0"), "main", CommitId("0" * 40), (), "typed", "")
    commits.append(resealed(commits[3], replace(record_of(commits[3]), event=event, at=Moment(AT + 99))))
    return rechain(commits, len(commits) - 1)


def other_author(commits):
    commits[3].author = commits[3].author.replace("impl-api", "ada")
    return commits


def other_committer(commits):
    commits[3].committer = commits[3].committer.replace("gitorch <", "ada <")
    return commits


def without_a_page(commits):
    del commits[0].added["README.md"]
    return commits


def with_another_page(commits):
    commits[0].added["README.md"] = b"Nothing to see here.\n"
    return commits


def add_a_parent(commits):
    commits[6].merges = ("main",)
    return commits


def shorten(repo):
    git(repo, "update-ref", REF, f"{REF}~2")


def replace_in_place(repo):
    identity = git(repo, "rev-parse", RECORD)
    path = repo / ".git/objects" / identity[:2] / identity[2:]
    whole = zlib.decompress(path.read_bytes())
    path.unlink()
    path.write_bytes(zlib.compress(whole.replace(b"fence: 2", b"fence: 7")))


def remove_an_object(repo):
    identity = git(repo, "rev-parse", RECORD)
    (repo / ".git/objects" / identity[:2] / identity[2:]).unlink()


CASES = {
    "a record is changed": rewritten(change_a_byte),
    "a record is taken out": rewritten(drop),
    "a commit adds another number of records than one": rewritten(two_in_one),
    "a file is changed or removed later": rewritten(change_a_record),
    "an unexpected file": rewritten(stray_file),
    "a record lies elsewhere": rewritten(elsewhere),
    "an attached file is missing or changed": rewritten(missing_file),
    "an attached file that no record names": rewritten(unnamed_file),
    "a page of the first commit is missing": rewritten(without_a_page),
    "a page of the first commit is changed": rewritten(with_another_page),
    "trailers or message of another record": rewritten(wrong_trailer),
    "another author": rewritten(other_author),
    "another committer": rewritten(other_committer),
    "another parent": rewritten(add_a_parent),
    "a time before the record it follows": rewritten(backdated),
    "a time in the future": rewritten(in_the_future),
    "an actor who may not do this": rewritten(approve_as_an_agent),
    "something that the rules forbid": rewritten(after_the_end),
    "an object is replaced in place": replace_in_place,
    "an object is missing": remove_an_object,
    "the newest records are cut off": shorten,
    "records are recomputed from some record on": rewritten(recompute),
}
ELSEWHERE = {"records that a remote has are missing here", "an approval without a valid signature"}
"""Compared by the verb, and tested with it: test_anchors_end_to_end.py, test_signed_approvals.py."""


TRIED = [row for row in ROWS if row[0] in CASES]


@pytest.fixture(params=STORES)
def opened(request):
    if request.param == "dulwich":
        return lambda repo: open_ledger(repo, judged)

    def with_git(repo):
        common = common_dir(repo)
        return GitLedger(GitStore(common, ENV), GitHistory(common, ENV), common, judged)

    return with_git


@pytest.fixture
def repo(tmp_path, opened):
    folder = new_repo(tmp_path / "r")
    ledger = opened(folder)
    ledger.create(HOST, AT, "L-1")
    fill(ledger, 3)
    ledger.append(RUN, AGENT, Moment(AT + 10), lambda _: [renewed(4, brief=b"do it", plan=b"the plan")])
    fill(ledger, 2, OTHER)
    fill(ledger, 2)
    ledger.append(OTHER, ADA, Moment(AT + 10), lambda _: [Draft(RunCanceled("enough"), {})])
    return folder


def test_the_table_lists_every_case_and_no_other():
    assert [name for name, _, _ in ROWS if name not in ELSEWHERE] == list(CASES)
    assert {name for name, _, _ in ROWS} == {*CASES, *ELSEWHERE}
    assert {needs for _, _, needs in ROWS} == {
        "nothing",
        "the trusted tip",
        "`--remote`",
        "a run that demands signatures",
    }


def test_a_ledger_that_nobody_tampered_with_has_no_faults(repo, opened):
    assert opened(repo).verify(NOW).faults == ()


@pytest.mark.parametrize(("name", "says", "needs"), TRIED, ids=[name for name, _, _ in TRIED])
def test_verify_finds_each_class_of_tampering_and_says_so(repo, opened, name, says, needs):
    if needs == "nothing":
        (repo / ".git/gitorch/tip").unlink()
    CASES[name](repo)
    found = [fault.message for fault in opened(repo).verify(NOW).faults]
    pattern = ".*".join(re.escape(part) for part in says.split("…"))
    assert any(re.search(pattern, message) for message in found), found
    if needs == "the trusted tip":
        (repo / ".git/gitorch/tip").unlink()
        verification = opened(repo).verify(NOW)
        assert verification.faults == (), "without the trusted tip it cannot be known"
        assert "remembers no tip" in verification.warnings[0]


def test_a_check_written_by_an_agent_is_not_believed(repo, opened):
    commits = raws(repo)
    event = CheckRecorded(JobId("api"), 1, Check(CommitId("0" * 40), "true", "passed", 0, 1.0))
    commits.append(resealed(commits[3], replace(record_of(commits[3]), event=event, at=Moment(AT + 99))))
    rewrite(repo, rechain(commits, len(commits) - 1))
    assert any(
        "CheckRecorded was written by agent impl-api; only host may write it" in fault.message
        for fault in opened(repo).verify(NOW).faults
    )
