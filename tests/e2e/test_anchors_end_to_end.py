"""The ledger against what was noted of it elsewhere (W26): a tag, or a remote, when this clone remembers nothing itself."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from house import House

LEDGER = "refs/heads/gitorch/ledger"


@pytest.fixture(scope="module")
def noted(home_of_runs: House) -> tuple[House, str]:
    """A ledger of a few records, its newest commit tagged and pushed."""
    made = home_of_runs
    made.configure()
    run = made.start("api")
    made("cancel", run)
    made.repo.git("tag", "-a", "-m", "so far", "audit-1", LEDGER)
    made.repo.git("init", "-q", "--bare", "--template=", "../origin.git")
    made.repo.git("remote", "add", "origin", "../origin.git")
    made("sync")
    return made, made.tip()


@pytest.fixture
def home(noted: tuple[House, str]) -> House:
    """The same before each test, however the last one left it."""
    made, tip = noted
    made.repo.git("update-ref", LEDGER, tip)
    return made


def forget(home: House, to: str) -> None:
    """Move the ledger, and take away all that this clone remembers of it."""
    home.repo.git("update-ref", LEDGER, to)
    shutil.rmtree(home.path / ".git/gitorch", ignore_errors=True)  # verify alone does not make it again


def test_a_tag_in_the_ledger_says_how_far_it_reaches(home: House) -> None:
    count = int(home.repo.git("rev-list", "--count", LEDGER))
    assert f"Tag audit-1 names record {count - 1}, which is part of it" in home("verify", "--tag", "audit-1").out


def test_records_that_were_cut_off_are_missed_by_the_tag_and_named(home: House) -> None:
    lost = int(home.repo.git("rev-list", "--count", LEDGER)) - 2
    forget(home, f"{home.tip()}~2")
    assert "records verified" in home("verify").out, "nothing here remembers"
    said = home("verify", "--tag", "audit-1", "--json", status=7).json["error"]
    assert said["code"] == "corrupt"
    assert f"tag audit-1 names records that are no part of it, 2 from record {lost} on" in said["message"]
    assert home.repo.git("log", "-1", "--format=%h %s", "audit-1~1") in said["message"]


def test_records_that_were_cut_off_are_missed_by_the_remote_and_named(home: House) -> None:
    lost = int(home.repo.git("rev-list", "--count", LEDGER)) - 1
    forget(home, f"{home.tip()}~1")
    said = home("verify", "--remote", "origin").out
    assert f"origin has records that this ledger lacks, 1 from record {lost} on" in said


def test_a_record_that_was_written_over_is_missed_by_tag_and_remote(home: House) -> None:
    lost = int(home.repo.git("rev-list", "--count", LEDGER)) - 2
    forget(home, f"{home.tip()}~2")
    home("cancel", "--reason", "another end")
    assert home.tip() not in home.repo.git("rev-list", "audit-1").split()
    for words in (("--tag", "audit-1"), ("--remote", "origin")):
        assert f"2 from record {lost} on" in home("verify", *words, status=7).err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none", "there is no tag 'none'"),
        ("v1", "not a record of a ledger"),
        ("--output=x", "there is no tag"),
        ("a..b", "there is no tag"),
    ],
)
def test_a_tag_of_something_else_is_not_taken_for_an_anchor(home: House, name: str, said: str) -> None:
    home.repo.git("tag", "-f", "v1", "main")
    assert said in home("verify", f"--tag={name}", status=3).err
