"""The blanks in a preset's words and files: where things lie, which conversation, what the environment holds."""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitorch.ports.world import Launch

BLANK = re.compile(
    r"\{(?:env\.(?P<env>[A-Za-z_]\w*)(?:\[-(?P<last>\d+):\])?|(?P<name>session|place|cwd|git_dir|common_dir|conversation|model|prompt))"
    r"(?:\|(?P<otherwise>[^{}]*))?\}"
)
NAMESPACE = uuid.UUID("6f1c4a5e-6d2b-5d0c-9b7e-2f6a0c1d8e41")
"""Only makes our ids differ from everybody else's."""


class Template(Value):
    """What stands for each blank in one launch; `passed` are the variables that may be written down."""

    values: Mapping[str, str]
    passed: Mapping[str, str]

    def fill(self, text: str) -> str:
        """The text with its blanks filled in, all at once, so that nothing that was filled in is read again; others stay."""

        def value(found: re.Match[str]) -> str:
            known = self.passed.get(found["env"]) if found["env"] else self.values[found["name"]]
            return (known or found["otherwise"] or "")[-int(found["last"] or 0) :]

        return BLANK.sub(value, text)


def template_values(launch: Launch, folder: Path, environ: Mapping[str, str]) -> Template:
    """The blanks of one launch whose marks lie in `folder`."""
    git_dir, common = git_dirs(launch.cwd)
    values = {
        "session": str(folder),
        "place": str(place_of(folder, launch.cwd)),
        "cwd": str(launch.cwd),
        "git_dir": str(git_dir),
        "common_dir": str(common),
        "conversation": launch.resume or conversation_of(launch),
        "model": launch.model,
        "prompt": launch.first_line,
    }
    chosen = {**environ, **launch.env}
    return Template(values, {name: chosen[name] for name in (*launch.preset.passes, *launch.env) if name in chosen})


def place_of(folder: Path, cwd: Path) -> Path:
    """A folder for what a program keeps of one worktree, the same for every session in it: `folder` is one of theirs."""
    return folder.parents[2] / "places" / folder.parent.name / hashlib.sha256(str(cwd).encode()).hexdigest()[:12]


def conversation_of(launch: Launch) -> str:
    """An id for a conversation that begins: the same however often this session's start is tried."""
    return str(uuid.uuid5(NAMESPACE, f"{launch.cwd}\n{launch.key.name}"))


def git_dirs(cwd: Path) -> tuple[Path, Path]:
    """The git directory of a worktree and the one that it shares with the others, as far as they can be read."""
    own = cwd / ".git"
    try:
        own = (cwd / own.read_text(encoding="utf-8").removeprefix("gitdir:").strip()).resolve()
        return own, (own / (own / "commondir").read_text(encoding="utf-8").strip()).resolve()
    except OSError:
        return own, own
