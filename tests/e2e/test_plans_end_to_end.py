"""Plans at the door: what is refused leaves nothing behind but its refusal, in the same words each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house import House, house

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAN = "# Work\n\n## Epic: api — The API\n\n- [ ] Write it\n\n## Review Gate: api\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("plans")) as made:
        made.configure()
        made("init", "--runtime", "scripted")
        yield made


def refused(home: House, name: str, status: int = 6, *options: str) -> str:
    """How `start` refuses a file, after `check` refused it for the same reasons; nothing but the refusal is new."""
    before = (home.repo.git("branch", "--list"), home.repo.git("worktree", "list"))
    records = len(home.records("plan-rejected"))
    checked = home("check", name, *options, status=status)
    assert len(home.records("plan-rejected")) == records
    said = home("start", name, "--yes", *options, status=status)
    assert said.err == checked.err
    assert (home.repo.git("branch", "--list"), home.repo.git("worktree", "list")) == before
    assert len(home.records("plan-rejected")) == records + 1
    return str(home.records("plan-rejected")[-1]["text"])


def test_a_plan_that_is_not_there_is_refused_and_the_refusal_kept(home: House) -> None:
    text = refused(home, "nowhere.md", 3)
    assert text.startswith("Plan validation failed. Missing: nowhere.md:1:1: ")
    assert "no such file or directory" in text


def test_a_folder_is_no_plan(home: House) -> None:
    (home.path / "folder.md").mkdir(exist_ok=True)
    assert "is a directory" in refused(home, "folder.md", 3)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("empty.md", b"", "The file is empty."),
        ("large.md", PLAN.encode() + b"x" * 2_000_000, "The file has 2,000,"),
        ("latin.md", PLAN.encode() + b"\xe9", "The file is not UTF-8: byte 0xe9 is invalid here."),
        ("wide.md", PLAN.encode("utf-16"), "The file is not UTF-8: byte 0xff is invalid here."),
        ("nul.md", PLAN.encode() + b"\0", "The file contains a NUL byte"),
        (
            "secret.md",
            PLAN.replace("Write it", "Write it with AKIAABCDEFGHIJKLMNOP").encode(),
            "This line seems to hold an AWS access key",
        ),
        (
            "design.md",
            b"Design: docs/gone.md\n\n" + PLAN.encode(),
            "The design document `docs/gone.md` does not exist.",
        ),
    ],
)
def test_a_file_that_cannot_be_a_plan_is_refused_with_the_reason(
    home: House, name: str, data: bytes, words: str
) -> None:
    (home.path / name).write_bytes(data)
    assert f"Missing: {name}:" in (text := refused(home, name))
    assert words in text


def test_everything_that_is_missing_is_one_refusal_and_the_same_words_again(home: House) -> None:
    (home.path / "all.md").write_text(
        f"---\ndesign: gone.md\nprompt: nowhere.md\n---\n{PLAN.replace('- [ ] Write it', '')}"
    )
    first, again = refused(home, "all.md"), refused(home, "all.md")
    assert first == again
    for words in ("`gone.md` does not exist", "prompt `nowhere.md` was not found", "Epic `api` has no tasks"):
        assert first.count(words) == 1


def test_a_prompt_that_the_caller_names_must_be_there(home: House) -> None:
    (home.path / "good.md").write_text(PLAN)
    assert "nowhere.md:1:1: The implementation prompt cannot be read." in refused(
        home, "good.md", 6, "--prompt", "nowhere.md"
    )


def test_a_plan_that_was_put_right_is_started_after_its_refusal(home: House) -> None:
    (home.path / "again.md").write_text(PLAN.replace("## Review Gate: api", ""))
    refused(home, "again.md")
    (home.path / "again.md").write_text(PLAN)
    home("check", "again.md")
    home("start", "again.md", "--yes")
