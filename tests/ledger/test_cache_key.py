"""A cached state is thrown away when the code that made it is another."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import gitorch
from gitorch.ledger.cache import FOLDERS, INSTALLATIONS_MAX, Cache, key
from gitorch.ledger.replay import Head, Replay
from gitorch.ledger.run_cache import RunCache
from gitorch.model.ids import NO_DIGEST, CommitId, Moment

EVERYTHING_THAT_MAKES_A_STATE = """
import importlib, pkgutil, sys
import gitorch.ledger, gitorch.rules.evolving
for package in (gitorch.ledger, gitorch.rules.evolving):
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
print(*(module.__file__ for name, module in sys.modules.items() if name.startswith("gitorch.")), sep="\\n")
"""


def test_the_key_covers_every_module_that_a_state_is_made_with():
    told = subprocess.run(
        [sys.executable, "-c", EVERYTHING_THAT_MAKES_A_STATE], capture_output=True, text=True, check=True
    )
    top = Path(gitorch.__file__).parent
    folders = {str(Path(line).parent.relative_to(top)) for line in told.stdout.splitlines()}
    assert "rules/evolving" in folders
    interfaces_and_errors = {"ports", "."}
    assert folders - set(FOLDERS) <= interfaces_and_errors


def keys_of_copies(tmp_path, change) -> list[str]:
    """The key of this installation and that of a copy of it, which `change` alters first."""
    shutil.copytree(Path(gitorch.__file__).parent, tmp_path / "copy" / "gitorch", copy_function=shutil.copyfile)
    change(tmp_path / "copy" / "gitorch")
    folder = tmp_path / "cache"
    folder.mkdir()
    found = []
    for place in (Path(gitorch.__file__).parent.parent, tmp_path / "copy"):
        command = "import pathlib, sys; from gitorch.ledger.cache import key; print(key(pathlib.Path(sys.argv[1])))"
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, "-c", command, str(folder)],
                capture_output=True,
                text=True,
                check=True,
                cwd=place,
                env={**os.environ, "PYTHONPATH": str(place)},
            )
            found.append(done.stdout.strip())
    assert found[0] == found[1]
    assert found[2] == found[3]
    return found[1:3]


def test_two_installations_of_the_same_code_share_the_cache(tmp_path):
    one, other = keys_of_copies(tmp_path, lambda _: None)
    assert one == other
    assert len(json.loads((tmp_path / "cache" / "installations").read_text())) == 2


def test_other_code_has_another_key(tmp_path):
    def swap(copy):
        """A change that keeps the size of the file."""
        path = copy / "rules" / "evolve.py"
        path.write_text(path.read_text().replace("record", "recorD", 1))

    one, other = keys_of_copies(tmp_path, swap)
    assert one != other


def test_the_keys_of_installations_are_bounded_and_need_no_folder(tmp_path):
    made = key(tmp_path / "absent")
    assert not (tmp_path / "absent").exists()
    many = {f"old{number}": "x" for number in range(INSTALLATIONS_MAX)}
    (tmp_path / "installations").write_text(json.dumps(many))
    assert key(tmp_path) == made
    known = json.loads((tmp_path / "installations").read_text())
    assert (len(known), list(known.values())[-1], "old0" in known) == (INSTALLATIONS_MAX, made, False)


def test_damaged_keys_of_installations_are_made_again(tmp_path):
    made = key(tmp_path)
    for text in ("", "[1]", "{", "\0"):
        (tmp_path / "installations").write_text(text)
        assert key(tmp_path) == made


def test_a_cache_is_recent_for_its_seconds_by_any_clock_but_one_that_went_back(tmp_path, monkeypatch):
    now = 1_795_214_411.0
    saved = Cache(tmp_path)
    assert not saved.saved_within(60)
    saved.save(
        Replay(
            RunCache(tmp_path / "gitorch/cache", key(tmp_path)), head=Head(CommitId("c" * 40), 3, NO_DIGEST, Moment(1))
        )
    )
    (board,) = (tmp_path / "gitorch/cache").glob("board.json")
    os.utime(board, (now, now))
    asked = {}
    for age in (-1, 0, 59, 60):
        monkeypatch.setattr("time.time", lambda age=age: now + age)
        asked[age] = saved.saved_within(60)
    assert asked == {-1: False, 0: True, 59: True, 60: False}
    board.write_text(board.read_text().replace('["', '["other-', 1))
    os.utime(board, (now, now))
    assert not saved.saved_within(1_000)
