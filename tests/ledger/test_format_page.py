"""The page about the format is executed: its recipe on good and tampered ledgers, its examples and its table by the codec."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ledger_kit import AGENT, AT, ENV, HOST, REF, RUN, fill, git, new_repo, open_ledger, raws, renewed, rewrite
from test_verify import (
    change_a_file,
    change_a_record,
    drop,
    duplicate,
    forged_paragraph,
    insert,
    missing_file,
    no_trailers,
    none_at_all,
    other_genesis,
    remove_a_record,
    stray_file,
    swap,
    two_in_one,
    wrong_trailer,
)

from gitorch.model.events import QuestionAnswered
from gitorch.ports.commits import Draft
from gitorch.text.records.record import decode, encode
from gitorch.text.records.released import RELEASED, is_prose

PAGE = (Path(__file__).parent.parent.parent / "docs" / "ledger-format.md").read_text(encoding="utf-8")
RECIPE = re.search(r"^```sh\n(.*?)^```$", PAGE.split("## Check it without gitorch")[1], re.MULTILINE | re.DOTALL)[1]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A repository with a ledger that has every form of a record, which each test copies."""
    repo = new_repo(tmp_path_factory.mktemp("whole") / "r")
    ledger = open_ledger(repo)
    ledger.create(HOST, AT, "L-1")
    fill(ledger, 3)
    text = 'prev: "sha256:0"\nfiles: [{"name": "x", "sha256": "00"}]\nseq: 99'
    ledger.append(RUN, AGENT, AT, lambda _: [renewed(4, **{"a.md": b"do it", "b": b""})])
    ledger.append(RUN, AGENT, AT, lambda _: [Draft(QuestionAnswered("q1", "", text), {"again": b"do it"})])
    ledger.append(RUN, AGENT, AT, lambda _: [Draft(QuestionAnswered("q2", "", text), {})])
    fill(ledger, 2)
    return repo


@pytest.fixture
def repo(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "r")


def check(repo, *arguments):
    return subprocess.run(
        ("sh", "-c", RECIPE, "check", *arguments), cwd=repo, env=ENV, capture_output=True, text=True, check=False
    )


def test_the_recipe_accepts_an_honest_ledger_and_names_its_head(repo):
    done = check(repo)
    assert done.returncode == 0, done.stderr
    assert (
        done.stdout
        == f"ok: 9 records, the last is {open_ledger(repo).verify().head} in commit {git(repo, 'rev-parse', REF)}\n"
    )
    assert check(repo, "gitorch/ledger").stdout == done.stdout


def test_the_recipe_says_when_there_is_nothing_to_check(repo):
    assert check(repo, "gitorch/nothing").returncode == 1


@pytest.mark.each(3)
@pytest.mark.parametrize("number", range(9))
def test_the_recipe_names_the_commit_of_a_flipped_byte(repo, number):
    commits = raws(repo)
    raw = commits[number]
    raw.added[raw.record] = raw.added[raw.record].replace(b"host", b"hosT", 1)
    rewrite(repo, commits)
    done = check(repo)
    assert done.returncode == 1
    assert git(repo, "rev-list", "--reverse", REF).split()[number] in done.stderr


@pytest.mark.each(3)
@pytest.mark.parametrize(
    "tamper",
    [
        *(drop, swap, duplicate, insert, two_in_one, none_at_all, remove_a_record, change_a_record, change_a_file),
        *(stray_file, wrong_trailer, no_trailers, other_genesis, missing_file),
    ],
)
def test_the_recipe_finds_tampering(repo, tamper):
    rewrite(repo, tamper(raws(repo)))
    done = check(repo)
    assert done.returncode == 1
    assert re.match("commit [0-9a-f]{40} ", done.stderr)


def test_what_the_recipe_does_not_judge_is_judged_by_verify(repo):
    rewrite(repo, forged_paragraph(raws(repo)))
    assert check(repo).returncode == 0
    assert open_ledger(repo).verify().faults


def test_the_example_record_is_one():
    example = re.search(r"## A record\n\n```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
    record = decode("x.yaml", example.encode())
    assert encode(record) == ("lease-renewed.yaml", example.encode())


def test_the_table_of_types_is_that_of_the_code():
    rows = re.findall(r"^\| `([a-z-]+)` \| (`\.md`)? ?\| (.*) \|$", PAGE.split("<!-- types")[1], re.MULTILINE)
    assert [(kind, bool(prose), tuple(re.findall("`([a-z_]+)`", keys))) for kind, prose, keys in rows] == [
        (kind, is_prose(kind), names) for kind, (_, names) in RELEASED.items()
    ]
