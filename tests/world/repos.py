"""Real repositories for tests, with nothing of the machine's configuration."""

import os
import subprocess
from pathlib import Path


class Repo:
    def __init__(self, path: Path, environ):
        self.path = path
        self.environ = environ

    def git(self, *words, cwd=None, given=None, check=True):
        done = subprocess.run(
            ["git", *words],
            cwd=cwd or self.path,
            env=self.environ,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, name, text, cwd=None):
        path = (cwd or self.path) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self, files, message="change", cwd=None):
        for name, text in files.items():
            self.write(name, text, cwd)
        self.git("add", "-A", cwd=cwd)
        self.git("commit", "-qm", message, cwd=cwd)
        return self.git("rev-parse", "HEAD", cwd=cwd)

    def branch(self, name, files, start="main"):
        """A commit on a new branch, made in a throw-away worktree so that the checkout stays where it is."""
        where = self.path.parent / f"scratch-{name.replace('/', '-')}"
        self.git("worktree", "add", "-q", "-b", name, str(where), start)
        commit = self.commit(files, f"work on {name}", cwd=where)
        self.git("worktree", "remove", "--force", str(where))
        return commit


def environ(home: Path):
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.invalid",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.invalid",
    }


def make(folder: Path, *options) -> Repo:
    folder.mkdir(parents=True, exist_ok=True)
    repo = Repo(folder / "repo", environ(folder))
    subprocess.run(["git", "init", "-q", "-b", "main", *options, str(repo.path)], env=repo.environ, check=True)
    repo.commit({"README.md": "one\ntwo\nthree\n", "src/a.py": "a = 1\n"}, "begin")
    return repo
