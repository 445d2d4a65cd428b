"""Doctor asks every installed program once, all side by side and with a limit, and tells installed from signed in (F21)."""

from __future__ import annotations

import os
import time

import pytest
from fakes.world import FakePrograms, FakeRepository
from waiting import LIMIT_SECONDS

from gitorch.app.start.doctor import examine
from gitorch.model.plans.config import Config
from gitorch.model.plans.runtime import Preset
from gitorch.world.local_programs import LocalPrograms

NAMES = ("one", "two", "three", "four", "five")


def program(folder, name, text):
    path = folder / name
    path.write_text(f"#!/bin/sh\necho asked >> {folder}/{name}.log\n{text}\n")
    path.chmod(0o755)


def test_five_slow_programs_are_asked_once_each_and_side_by_side(tmp_path):
    all_asked = " && ".join(f"[ -e {tmp_path}/{name}.log ]" for name in NAMES)
    for name in NAMES:
        program(tmp_path, name, f"until {all_asked}; do sleep 0.02; done\necho {name} 1.0")
    programs = LocalPrograms({"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    commands = [(name, "--version") for name in (*NAMES, *NAMES)]
    lines = programs.first_lines(commands, wait_seconds=LIMIT_SECONDS)
    assert lines == {(name, "--version"): f"{name} 1.0" for name in NAMES}
    assert [(tmp_path / f"{name}.log").read_text() for name in NAMES] == ["asked\n"] * 5


def test_a_program_that_does_not_answer_costs_no_more_than_the_limit(tmp_path):
    program(tmp_path, "one", "exec sleep 60")
    program(tmp_path, "two", "echo two 1.0")
    programs = LocalPrograms({"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    before = time.monotonic()
    lines = programs.first_lines([("one", "-V"), ("two", "-V")], wait_seconds=0.3)
    assert time.monotonic() - before < 30, "it did not wait for what sleeps 60 seconds"
    assert lines == {("one", "-V"): "", ("two", "-V"): "two 1.0"}


@pytest.mark.parametrize(
    ("names", "there"),
    [
        (("$KEY", "~/.sign/in"), "$KEY"),
        (("$NONE", "~/.sign/in"), "~/.sign/in"),
        (("$EMPTY", "~/.sign/out"), ""),
        ((), ""),
    ],
)
def test_a_sign_in_is_a_variable_or_a_file_that_is_there(tmp_path, names, there):
    (tmp_path / ".sign").mkdir()
    (tmp_path / ".sign/in").write_text("secret")
    programs = LocalPrograms({"HOME": str(tmp_path), "KEY": "k", "EMPTY": ""})
    assert programs.first_present(names) == there


def test_doctor_tells_installed_from_signed_in(tmp_path):
    preset = Preset("a", ("a",), version_argv=("a", "-V"), signed_in=("$A_KEY",), sign_in_hint="a login")
    programs = FakePrograms(a="a 1.0", b="b 2.0")
    presets = {"a": preset, "b": Preset("b", ("b",), version_argv=("b", "-V"))}
    home = FakeRepository(tmp_path, config=Config(implementer="a"), programs=programs, presets=presets)
    rows = {check.text: check.fix for check in examine(home) if check.name == "runtime"}
    assert rows == {"a: a 1.0; installed, but no sign-in was found": "a login", "b: b 2.0": ""}
    programs.present = {"$A_KEY"}
    rows = [check.text for check in examine(home) if check.name == "runtime"]
    assert rows == ["a: a 1.0; signed in by $A_KEY", "b: b 2.0"]


@pytest.mark.parametrize(
    ("line", "named"), [("tmux 3.3a", True), ("tmux 3.3", True), ("tmux 3.4", False), ("tmux 3.5a", False)]
)
def test_doctor_names_a_tmux_with_a_known_fault(tmp_path, line, named):
    home = FakeRepository(tmp_path, config=Config(), programs=FakePrograms(tmux=line), presets={})
    (check,) = [check for check in examine(home) if check.name == "tmux"]
    assert (check.ok, check.text.startswith(line), "it can crash" in check.text) == (True, True, named)
