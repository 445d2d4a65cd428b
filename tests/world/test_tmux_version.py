"""Whether tmux is new enough, asked of programs that call themselves what releases and builds are called."""

from __future__ import annotations

import os

import pytest

from gitorch.world.local_programs import LocalPrograms

SAID = [
    ("tmux 3.3a", True),
    ("tmux 3.2", True),
    ("tmux 3.10", True),
    ("tmux next-3.6", True),
    ("tmux master", True),
    ("tmux openbsd-7.5", True),
    ("tmux 3.1c", False),
    ("tmux 2.9a", False),
    ("tmux", False),
    ("something else", False),
]


@pytest.mark.parametrize(("said", "new_enough"), SAID)
def test_a_version_is_compared_whatever_it_is_called(tmp_path, said: str, new_enough: bool) -> None:
    tmux = tmp_path / "tmux"
    tmux.write_text(f"#!/bin/sh\necho '{said}'\n")
    tmux.chmod(0o755)
    assert LocalPrograms({"PATH": f"{tmp_path}:/usr/bin:/bin"}).tmux_is_at_least("3.2") is new_enough


def test_no_tmux_is_not_new_enough(tmp_path) -> None:
    assert LocalPrograms({"PATH": str(tmp_path)}).tmux_is_at_least("1.0") is False


def test_a_tmux_that_fails_is_not_new_enough(tmp_path) -> None:
    tmux = tmp_path / "tmux"
    tmux.write_text("#!/bin/sh\necho broken >&2; exit 1\n")
    tmux.chmod(0o755)
    assert LocalPrograms({"PATH": f"{tmp_path}:/usr/bin:/bin"}).tmux_is_at_least("3.2") is False


def test_the_tmux_of_this_machine_is_new_enough_and_not_from_the_future() -> None:
    programs = LocalPrograms(os.environ)
    assert programs.tmux_is_at_least("3.2") is True
    assert programs.tmux_is_at_least("99.0") is False
