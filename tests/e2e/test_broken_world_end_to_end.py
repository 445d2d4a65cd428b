"""`up --no-wait` where something is broken: it ends, says what is broken, and every other run goes on to its merge."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from house import Epic, house

pytestmark = [pytest.mark.tmux, pytest.mark.slow]

CORRUPT = 7
UNAVAILABLE = 8


def damage(repo, identity):
    """The bytes of an object are replaced by nonsense of the same length; gives what restores them."""
    loose = repo.path / ".git/objects" / identity[:2] / identity[2:]
    honest = loose.read_bytes()
    loose.unlink()
    loose.write_bytes(b"\0" * len(honest))

    def restore():
        loose.unlink()
        loose.write_bytes(honest)

    return restore


def told_alike(made, run, words):
    """Inbox, status, why and doctor of a run name the same cause in these words."""
    rows = [row for row in made("inbox", "--json").json["inbox"] if row["run"] == run]
    assert [row["id"] for row in rows] == [row["id"] for row in made.status(run)["inbox"]]
    named = [row for row in rows if words in row["text"]]
    assert named, rows
    assert words in made("why", named[0]["id"], "--run", run).text + made("show", named[0]["id"], "--run", run).text
    assert words in made("doctor", status=None).text
    if named[0]["job"]:
        assert words in made("why", named[0]["job"], "--run", run).out
    return named


def test_a_damaged_object_of_one_run_is_a_question_in_gits_words_and_the_other_run_is_merged(tmp_path: Path) -> None:
    with house(tmp_path) as made:
        made.configure()
        one = made.start(Epic("sky"), title="one")
        two = made.start(Epic("sea"), title="two")
        made.up()
        tree = made.repo.git("rev-parse", f"gitorch/{two}/sea^{{tree}}")
        restore = damage(made.repo, tree)
        made("approve", one, "--yes")
        made.up()
        named = told_alike(made, two, tree[:12])
        assert made.status(one)["phase"] == "completed"
        restore()
        made("answer", named[0]["id"], "retry", "--run", two)
        made.up()
        made("approve", two, "--yes")
        assert made.status(two)["phase"] == "completed"


def without_tmux(folder: Path) -> str:
    """A PATH with every program but tmux."""
    folder.mkdir()
    for place in os.environ["PATH"].split(":"):
        for program in Path(place).glob("*"):
            link = folder / program.name
            if program.name != "tmux" and not link.exists():
                link.symlink_to(program)
    return str(folder)


def test_up_ends_where_tmux_is_gone_and_says_so(tmp_path: Path) -> None:
    """It could neither see nor start an agent; with tmux back, the same run is merged."""
    with house(tmp_path) as made:
        made.configure()
        run = made.start(Epic("sky"), title="one")
        env = {"PATH": without_tmux(tmp_path / "bin")}
        said = made("up", "--no-wait", env=env, status=UNAVAILABLE)
        assert "tmux is not installed" in said.text
        assert "tmux" in made("doctor", env=env, status=None).text
        made.up()
        made("approve", run, "--yes")
        assert made.status(run)["phase"] == "completed"


def test_a_damaged_record_without_a_cache_ends_up_with_exit_7_and_the_id_of_the_object(tmp_path: Path) -> None:
    with house(tmp_path) as made:
        made.configure()
        one = made.start(Epic("sky"), title="one")
        two = made.start(Epic("sea"), title="two")
        paths = made.repo.git("ls-tree", "-r", "--name-only", "gitorch/ledger").splitlines()
        (path,) = [path for path in paths if two in path and "run-confirmed" in path]
        identity = made.repo.git("rev-parse", f"gitorch/ledger:{path}")
        restore = damage(made.repo, identity)
        shutil.rmtree(made.path / ".git/gitorch/cache")
        said = made("up", "--no-wait", status=None)
        assert (said.status, identity in said.text) == (CORRUPT, True)
        restore()
        made.up()
        assert {made.phase("sky", one), made.phase("sea", two)} == {"completed"}


READING = (
    ("status",),
    ("inbox",),
    ("why", "sky"),
    ("list", "jobs"),
    ("log",),
    ("report",),
    ("show", "sky"),
    ("approve", "--yes"),
    ("pause", "lunch"),
    ("up", "--no-wait"),
    ("handoff", "DONE", "--summary", "x"),
)


@pytest.mark.parametrize("path", ["", "runs"])
def test_every_verb_tells_a_damaged_newest_object_with_the_same_words_and_exit_status(
    tmp_path: Path, path: str
) -> None:
    with house(tmp_path) as made:
        made.configure()
        made.start(Epic("sky"), title="one")
        identity = made.repo.git("rev-parse", f"gitorch/ledger:{path}")
        restore = damage(made.repo, identity)
        said = {words: made(*words, status=None) for words in READING}
        assert {answer.status for answer in said.values()} == {CORRUPT}, {
            w: (a.status, a.text) for w, a in said.items()
        }
        assert all(f"Object {identity} " in answer.text for answer in said.values())
        assert identity in made("verify", status=CORRUPT).text
        assert identity in made("doctor", status=None).text
        restore()
        made.up()
        assert made.phase("sky") == "completed"


FULL_DISK = """
set -e
mount -t tmpfs -o size=12m tmpfs "$1"
exec "$2" "$3" "$1"
"""


def on_a_full_disk(folder: Path) -> None:
    """The story of the test below, in a process that has a small disk of its own at this folder."""
    with house(folder) as made:
        made.configure()
        run = made.start(Epic("sky"), title="one")
        made.up()
        spare = folder / "fill"
        with contextlib.suppress(OSError), spare.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        said = made("approve", run, "--yes", status=UNAVAILABLE)
        assert "no space is left" in said.err
        made("up", "--no-wait", status=None, wait_seconds=120)
        assert "no space left on device" in made("doctor", status=None).text
        spare.unlink()
        made("approve", run, "--yes")
        assert made.status(run)["phase"] == "completed"
        assert "verified" in made("verify").out


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs a file system of its own")
def test_on_a_full_disk_up_ends_and_everything_goes_on_once_there_is_room(tmp_path: Path) -> None:
    argv = ["unshare", "--mount", "sh", "-c", FULL_DISK, "sh", str(tmp_path), sys.executable, __file__]
    env = os.environ | {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stdout + done.stderr


if __name__ == "__main__":
    on_a_full_disk(Path(sys.argv[1]))
