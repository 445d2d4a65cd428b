"""A patch of git is read whole: every line with its number on both sides, whatever names and texts there are."""

from __future__ import annotations

import subprocess

import pytest

from gitorch.model.path_text import text_of
from gitorch.text.patch import read_patch
from gitorch.world.git.file_changes import PATCH_FORM

BEFORE = {
    "a.py": "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n",
    "gone.txt": "-- a line that looks like a name\n++ another\n",
    "with blank.txt": "a\n",
    "moved.txt": "".join(f"line {number}\n" for number in range(20)),
    "no end.txt": "a\nb",
    "tab\there": "a\n",
    'quote"d\\x': "a\n",
    "caf\udce9": "a\n",
    "ünï": "a\n",
}
AFTER = {
    "a.py": "zero\none\ntwo\n@@ -1 +1 @@\nthree\nfour\nfive\nsix\nseven\neight\n\\ no end\nnine\ndiff --git a/x b/x\n",
    "with blank.txt": "a\nb\r\nc\x0cd\n",
    "moved to here.txt": "".join(f"line {number}\n" for number in range(20)) + "more\n",
    "no end.txt": "a\nc",
    "tab\there": "b\n",
    'quote"d\\x': "b\n",
    "caf\udce9": "b\n",
    "ünï": "b\n",
    "new.bin": "\0\1\2",
    "empty.txt": "",
}


@pytest.fixture
def patch(repo):
    """The patch between the two, and the files after it."""
    made = repo()
    for files in (BEFORE, AFTER):
        for path in made.path.iterdir():
            if path.name != ".git":
                path.unlink()
        for name, text in files.items():
            (made.path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
        made.git("add", "-A")
        made.git("commit", "-qm", "Change")
    words = ("git", "-C", str(made.path), "diff", *PATCH_FORM, "HEAD^", "HEAD", "--")
    return read_patch(subprocess.run(words, capture_output=True, check=True).stdout.decode())


def test_every_file_is_there_under_its_own_name(patch):
    names = {text_of(name.encode("utf-8", "surrogateescape")) for name in AFTER} | {"gone.txt"}
    assert {file.path for file in patch} == names - {"moved.txt"}


def test_every_line_stands_at_its_number_on_both_sides(patch):
    for file in patch:
        before = lines_of(BEFORE, file.before or file.path)
        after = lines_of(AFTER, file.path)
        for hunk in file.hunks:
            for line in hunk.lines:
                if line.old:
                    assert before[line.old - 1] == line.text, file.path
                if line.new:
                    assert after[line.new - 1] == line.text, file.path


def lines_of(files: dict[str, str], path: str) -> list[str]:
    for name, text in files.items():
        if text_of(name.encode("utf-8", "surrogateescape")) == path:
            return text.split("\n")
    return []


def test_lines_are_counted_and_notes_are_kept(patch):
    found = {file.path: file for file in patch}
    assert (found["gone.txt"].added, found["gone.txt"].removed) == (0, 2)
    assert "deleted file mode 100644" in found["gone.txt"].notes
    assert any("Binary files" in note for note in found["new.bin"].notes)
    assert found["moved to here.txt"].before == "moved.txt"
    assert found["moved to here.txt"].added == 1
    assert [line.text for line in found["no end.txt"].hunks[0].lines if line.sign == "\\"] == [
        "No newline at end of file"
    ] * 2
    assert found["empty.txt"].hunks == ()


@pytest.mark.parametrize("text", ["", "\n", "nothing", "@@ -1 +1 @@\n-a\n+b\n"])
def test_what_is_no_patch_has_no_files(text):
    assert read_patch(text) == ()


def test_a_patch_that_is_cut_short_is_read_as_far_as_it_goes():
    [file] = read_patch("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,5 +1,5 @@ def f\n a\n-b\n")
    assert [line.text for line in file.hunks[0].lines] == ["a", "b"]
    assert file.hunks[0].heading == "def f"
