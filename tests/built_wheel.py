"""Building and installing the wheel that users get, once for all tests that need it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
# All that a build may read; what lies in a working folder besides must not decide what is shipped.
SHIPPED = [
    "gitorch",
    "templates",
    "tests",
    "examples",
    "docs",
    ".ci",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "Makefile",
    ".gitignore",
    ".pre-commit-config.yaml",
]


def run(*words: object, cwd: Path) -> str:
    """The output of the command; fails with all of its output."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        tuple(str(word) for word in words), cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{words}:\n{done.stdout}{done.stderr}"
    return done.stdout


def build(place: Path) -> Path:
    """A folder with the source distribution, and the wheel that was built from it and not from the checkout."""
    source, folder = place / "source", place / "dist"
    source.mkdir()
    for name in SHIPPED:
        if (TOP / name).is_dir():
            shutil.copytree(TOP / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (TOP / name).is_file():
            shutil.copy(TOP / name, source / name)
    # The set-up installs the build backend, which builds without a network, and in two processes where `build` takes five.
    if importlib.util.find_spec("hatchling"):
        backend = (sys.executable, "-m", "hatchling", "build", "--directory", folder, "--target")
        run(*backend, "sdist", cwd=source)
        [packed] = folder.glob("*.tar.gz")
        shutil.unpack_archive(packed, place / "unpacked", filter="data")
        [unpacked] = (place / "unpacked").iterdir()
        run(*backend, "wheel", cwd=unpacked)
    else:
        run(sys.executable, "-m", "build", "--outdir", folder, source, cwd=source)
    return folder


def install(built: Path, place: Path) -> Path:
    """The `bin` folder of an environment that holds the wheel, and takes only what it depends on from here.

    The dependencies come by a path file, which Python does not follow further: an editable gitorch beside them stays unseen.
    """
    run(sys.executable, "-m", "venv", "--without-pip", place, cwd=built)
    python = place / "bin/python"
    [wheel] = built.glob("*.whl")
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=built).strip())
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    pip = (sys.executable, "-m", "pip", "--python", python)
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=built)
    return place / "bin"
