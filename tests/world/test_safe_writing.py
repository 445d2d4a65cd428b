"""Files are written into an agent's folders whatever it put there, and never outside of them."""

import os
import threading

import pytest

from gitorch.world.files import LocalFiles
from gitorch.world.safe_writing import write_inside

MAKERS = {
    "a link to a folder": lambda path, elsewhere: path.symlink_to(elsewhere),
    "a link to nothing": lambda path, elsewhere: path.symlink_to(elsewhere / "none"),
    "a link to itself": lambda path, _: path.symlink_to(path),
    "a file": lambda path, elsewhere: path.write_text(f"work of {elsewhere.name}"),
    "a named pipe": lambda path, _: os.mkfifo(path),
}
FOLDER = "a folder with work"
PLACES = (".gitorch", ".gitorch/inbox", ".gitorch/inbox/p1.md")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("how", [*MAKERS, FOLDER])
def test_a_prompt_is_written_whatever_the_agent_put_in_its_way(tmp_path, how, place):
    tree, elsewhere = tmp_path / "tree", tmp_path / "elsewhere"
    elsewhere.mkdir()
    obstacle = tree / place
    obstacle.parent.mkdir(parents=True)
    if how == FOLDER:
        obstacle.mkdir()
        (obstacle / "work").write_text("kept")
    else:
        MAKERS[how](obstacle, elsewhere)
    LocalFiles(tmp_path / "home").write(tree / ".gitorch/inbox/p1.md", b"go on")
    written = tree / ".gitorch/inbox/p1.md"
    assert written.read_bytes() == b"go on"
    assert not written.is_symlink()
    assert list(elsewhere.iterdir()) == []
    assert list(tree.rglob("*.tmp")) == []
    if how == FOLDER and place == PLACES[2]:
        assert [path.read_text() for path in tree.rglob("work")] == ["kept"]


def test_no_file_is_written_elsewhere_while_an_agent_swaps_the_folder_for_a_link(tmp_path):
    tree, elsewhere = tmp_path / "tree", tmp_path / "elsewhere"
    elsewhere.mkdir()
    ended = threading.Event()

    def swap():
        aside, own = tree / "aside", tree / ".gitorch"
        while not ended.is_set():
            try:
                own.rename(aside)
                own.symlink_to(elsewhere)
                own.unlink()
                aside.rename(own)
            except OSError:
                continue

    write_inside(tree, tree / ".gitorch/brief.md", b"first")
    swapping = threading.Thread(target=swap)
    swapping.start()
    written = 0
    try:
        for number in range(400):
            try:
                write_inside(tree, tree / ".gitorch/brief.md", b"%d" % number)
                written += 1
            except OSError:
                continue
    finally:
        ended.set()
        swapping.join()
    assert written, "no write came through"
    assert list(elsewhere.iterdir()) == []
