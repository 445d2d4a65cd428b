"""Presets of runtimes: the repository's own first, then those that ship with gitorch."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.errors import NotFound
from gitorch.model.values import replace
from gitorch.text.preset import parse_preset
from gitorch.wiring.config_path import CONFIG_NAME
from gitorch.world.resources import template_bytes, template_names

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.model.plans.runtime import Preset
    from gitorch.model.plans.workflow import Lane

PRESETS_FOLDER = "gitorch-runtimes"


def preset_for(lane: Lane, root: Path) -> Preset:
    """A lane's preset, with the lane's own command where it has one. Raises NotFound for an unknown runtime."""
    preset = find_preset(lane.runtime, root)
    if lane.command:
        preset = replace(preset, argv=lane.command, model_argv=())
    return replace(preset, argv=_with_python(preset.argv), version_argv=_with_python(preset.version_argv))


def _with_python(argv: tuple[str, ...]) -> tuple[str, ...]:
    """A command of a preset, in which `{python}` stands for the interpreter that runs gitorch."""
    return tuple(word.replace("{python}", sys.executable) for word in argv)


def find_preset(name: str, root: Path, extending: tuple[str, ...] = ()) -> Preset:
    """A preset by its name. One that extends its own name means the shipped one: `extending` are the names on the way.

    Raises NotFound for a name that nobody defines, and Malformed for a file with defects.
    """

    def extended(base: str) -> Preset | None:
        with suppress(NotFound):
            return find_preset(base, root, (*extending, name))
        return None

    file = f"{name}.yaml"
    own = root / PRESETS_FOLDER / file
    if name not in extending and own.is_file():
        return parse_preset(f"{PRESETS_FOLDER}/{file}", own.read_bytes(), extended)
    if file in template_names("runtimes"):
        return parse_preset(file, template_bytes("runtimes", file), extended)
    message = f"there is no runtime {name}; there are {', '.join(preset_names(root))}"
    raise NotFound(message, f"write {PRESETS_FOLDER}/{file}, or choose another in {CONFIG_NAME}")


def preset_names(root: Path) -> tuple[str, ...]:
    """All presets that a lane can name here, the repository's own first."""
    names = [path.stem for path in sorted((root / PRESETS_FOLDER).glob("*.yaml"))]
    for file in template_names("runtimes"):
        if file.endswith(".yaml"):
            names.append(file.removesuffix(".yaml"))
    return tuple(dict.fromkeys(names))
