"""Templates that ship with gitorch: in a checkout they lie at the top, in an installed package beside the code."""

from __future__ import annotations

from pathlib import Path

from gitorch.errors import NotFound

_PACKAGE = Path(__file__).resolve().parent.parent


def templates_root() -> Path:
    """The folder of all templates: `gitorch/templates` of an installed wheel, else `templates` of the checkout."""
    installed = _PACKAGE / "templates"
    return installed if installed.is_dir() else _PACKAGE.parent / "templates"


def template_path(*parts: str) -> Path:
    """The existing file or folder that `parts` name below the templates.

    Raises NotFound for a name that is not there or that leads out of the templates, so that a part may be a user's word.
    """
    root = templates_root().resolve()
    path = root.joinpath(*parts).resolve()
    if not path.is_relative_to(root) or not path.exists():
        raise NotFound(f"gitorch ships no template {'/'.join(parts)!r}.")
    return path


def template_bytes(*parts: str) -> bytes:
    """The bytes of one template file. Raises NotFound."""
    path = template_path(*parts)
    if not path.is_file():
        raise NotFound(f"The template {'/'.join(parts)!r} is a folder, not a file.")
    return path.read_bytes()


def template_names(*parts: str) -> tuple[str, ...]:
    """The names of the files in one folder of templates, sorted, without dot files. Raises NotFound."""
    folder = template_path(*parts)
    if not folder.is_dir():
        raise NotFound(f"The template {'/'.join(parts)!r} is a file, not a folder.")
    return tuple(sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")))
