"""Templates that ship with gitorch: at the top of a checkout, inside the package of an installed wheel."""

from __future__ import annotations

from pathlib import Path

from gitorch.errors import NotFound

_PACKAGE = Path(__file__).resolve().parent.parent


def templates_root() -> Path:
    """The folder of all templates: `gitorch/templates` of an installed wheel, else `templates` of the checkout."""
    installed = _PACKAGE / "templates"
    if installed.is_dir():
        return installed
    return _PACKAGE.parent / "templates"


def template_path(*parts: str) -> Path:
    """The existing file or folder that `parts` name below the templates.

    Raises NotFound for a name that does not exist or leads out of the templates, so a part may come from the user.
    """
    root = templates_root().resolve()
    path = root.joinpath(*parts).resolve()
    exists_inside = path.is_relative_to(root) and path.exists()
    if not exists_inside:
        raise NotFound(f"gitorch ships no template {'/'.join(parts)!r}.")
    return path


def template_bytes(*parts: str) -> bytes:
    """The bytes of one template file.

    Raises NotFound for a name that does not exist, leads out of the templates, or is that of a folder.
    """
    path = template_path(*parts)
    if not path.is_file():
        raise NotFound(f"The template {'/'.join(parts)!r} is a folder, not a file.")
    return path.read_bytes()


def template_names(*parts: str) -> tuple[str, ...]:
    """The names of the files in one folder of templates, sorted, without dot files and folders below it.

    Raises NotFound for a name that does not exist, leads out of the templates, or is that of a file.
    """
    folder = template_path(*parts)
    if not folder.is_dir():
        raise NotFound(f"The template {'/'.join(parts)!r} is a file, not a folder.")

    return _file_names(folder)


def _file_names(folder: Path) -> tuple[str, ...]:
    """The sorted names of the files in a folder, without dot files."""
    names = []
    for path in folder.iterdir():
        if path.is_file() and not path.name.startswith("."):
            names.append(path.name)
    return tuple(sorted(names))
