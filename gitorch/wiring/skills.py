"""The source of all bundles: the templates that ship with gitorch."""

from __future__ import annotations

from gitorch import __version__
from gitorch.text.skills.profiles import Sources
from gitorch.world.resources import template_bytes, template_names

SKILLS = ("gitorch-agent", "gitorch-operator", "gitorch-planner")


def shipped_sources() -> Sources:
    """The skills and commands of this version."""
    skills = {name: template_bytes("skills", name, "SKILL.md").decode() for name in SKILLS}
    commands = {}
    for file in template_names("skills", "commands"):
        commands[file.removesuffix(".md")] = template_bytes("skills", "commands", file).decode()

    return Sources(skills, commands, __version__)
