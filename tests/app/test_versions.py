"""What `doctor` says of a program's version: the presets were checked with one each, and others may look different."""

import pytest

from gitorch.app.start.versions import version_text
from gitorch.model.plans.runtime import Preset
from gitorch.world.local_programs import LocalPrograms


class Kit:
    """As much of the tools as asking for a version needs."""

    def __init__(self, path):
        self.programs = LocalPrograms({"PATH": f"{path}:/usr/bin:/bin"})


@pytest.mark.parametrize(
    ("says", "checked", "said"),
    [
        ("echo agent 1.2.3", "1.2.3", "agent 1.2.3, with which the preset was checked"),
        (
            "echo agent 1.2.30",
            "1.2.3",
            "agent 1.2.30; the preset was checked with 1.2.3: its screen may differ",
        ),
        (
            "echo 'v2.0.0-rc1 (x)'",
            "2.0.0",
            "v2.0.0-rc1 (x); the preset was checked with 2.0.0: its screen may differ",
        ),
        ("echo agent 1.2.3", "", "agent 1.2.3"),
        ("exit 1", "1.2.3", "agent, which printed no version in time"),
    ],
)
def test_a_version_is_shown_beside_the_one_that_the_preset_was_checked_with(tmp_path, says, checked, said):
    program = tmp_path / "agent"
    program.write_text(f"#!/bin/sh\n{says}\n")
    program.chmod(0o755)
    preset = Preset("mine", ("agent",), version_argv=("agent", "--version"), checked_with=checked)
    lines = Kit(tmp_path).programs.first_lines([preset.version_argv])
    assert version_text(preset, lines[preset.version_argv]) == said
