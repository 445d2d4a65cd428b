"""Settings that are read from git's files are what `git config --list` says, whatever the files hold."""

from __future__ import annotations

import os
import subprocess
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitorch.errors import Unavailable
from gitorch.world.git import settings_files
from gitorch.world.git.directories import GitDirectories
from gitorch.world.git.settings import parse_settings
from gitorch.world.git.settings_files import SettingsFiles, parse_file
from gitorch.world.programs import run

LISTING = ("config", "--list", "-z", "--show-scope", "--includes")
PLAIN = """\
; as git writes it
[core]
\trepositoryformatversion = 0
\tbare = false

[remote "origin"]
\turl = git@example.invalid:a/b c.git
\tfetch = +refs/heads/*:refs/remotes/origin/*
[branch "Größe.x"]
    Merge=refs/heads/Größe
# the end"""


class Place:
    """A repository whose files of the system and of the user lie beside it, and git, which is counted."""

    def __init__(self, folder, repo):
        self.folder, self.path = folder, repo.path
        self.local = repo.path / ".git" / "config"
        self.system, self.xdg, self.home = folder / "system", folder / "xdg" / "git" / "config", folder / ".gitconfig"
        self.xdg.parent.mkdir(parents=True)
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder / "xdg"),
            "GIT_CONFIG_SYSTEM": str(self.system),
        }
        self.asked = []

    def git(self, words):
        self.asked.append(words[0])
        return run(["git", f"--git-dir={self.path / '.git'}", *words], self.env)

    def listed(self):
        return parse_settings(self.git(LISTING).out)

    def reader(self):
        directories = GitDirectories(self.path / ".git", self.path / ".git")
        return partial(SettingsFiles(self.env).read, directories, self.git)


@pytest.fixture
def place(tmp_path, repo, monkeypatch):
    monkeypatch.setattr(settings_files, "_confirmed", set())
    return Place(tmp_path / "places", repo)


def append(text, name="local"):
    return lambda place: getattr(place, name).open("a").write(text)


def replace_by_link(place):
    place.local.rename(place.folder / "elsewhere")
    place.local.symlink_to(place.folder / "elsewhere")


STATES = {
    "plain": append(PLAIN),
    "of the system": append("[core]\n\thooksPath = /x\n", "system"),
    "of the user": append("[user]\n\tname = Ada\n", "home"),
    "of the user, in two places": lambda place: (
        append("[a]\nb = 1\n", "home")(place),
        append("[a]\nb = 2\n", "xdg")(place),
    ),
    "a later version of the form": append("[core]\nrepositoryformatversion = 9\n"),
    "a link": replace_by_link,
    "included": lambda place: (
        append("[include]\n\tpath = more\n")(place),
        (place.local.parent / "more").write_text("[a]\nb=1\n"),
    ),
    "included by the user": lambda place: (
        append(f'[includeIf "gitdir:{place.path}/"]\n\tpath = more\n', "home")(place),
        (place.folder / "more").write_text("[a]\nb=1\n"),
    ),
    "of a worktree": lambda place: (
        append("[extensions]\n\tworktreeConfig = true\n")(place),
        (place.local.parent / "config.worktree").write_text("[a]\nb=1\n"),
    ),
    "of a worktree that is off": lambda place: (place.local.parent / "config.worktree").write_text("[a]\nb=1\n"),
    "quotes": append('[a]\nb = "x # y" ; z\n'),
    "a comment behind a value": append("[a]\nb = x ; y\n"),
    "a line that goes on": append("[a]\nb = x\\\ny\n"),
    "a key alone": append("[a]\nb\n"),
    "a section of the old form": append("[a.B]\nc = 1\n"),
    "a key on the line of its section": append("[a] b = 1\n"),
    "line ends of another system": append("[a]\r\nb = 1\r\n"),
    "a line end in a value": append("[a]\nb = 1\r2\n"),
    "a mark of the byte order": lambda place: place.home.write_bytes(b"\xef\xbb\xbf[a]\nb = 1\n"),
    "other bytes": lambda place: place.home.write_bytes(b"[a]\nb = \xff\n"),
    "tabs in a value": append("[a]\nb = x\t \ty\n"),
    "blanks at the end": append("[a]\nb = x y  \nc = z\t\n"),
    "twice": append("[a]\nb = 1\nb = 2\n[A]\nB = 3\n"),
    "no value": append("[a]\nb =\nc = \n"),
    "an empty subsection": append('[a ""]\nb = 1\n'),
    "a name with a backslash": append('[a "\\\\b"]\nc = 1\n'),
}


@pytest.mark.parametrize("state", STATES)
def test_settings_are_what_git_says_whatever_the_files_hold(place, state):
    read = place.reader()
    read()
    STATES[state](place)
    assert read() == place.listed()
    assert read() == place.listed(), "a second look"


REFUSED = {
    "a folder": lambda place: place.home.mkdir(),
    "half a section": append("[a\n"),
    "neither yes nor no": append("[core]\nbare = x\n"),
}


@pytest.mark.parametrize("state", REFUSED)
def test_what_git_refuses_is_refused(place, state):
    read = place.reader()
    read()
    REFUSED[state](place)
    with pytest.raises(Unavailable, match="git cannot read its configuration"):
        read()


def test_a_change_of_the_same_length_at_the_same_time_is_seen(place):
    read = place.reader()
    append("[core]\n\thooksPath = /a\n")(place)
    before, times = read(), place.local.stat()
    place.local.write_bytes(place.local.read_bytes().replace(b"/a", b"/b"))
    os.utime(place.local, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert [setting.value for setting in read() if setting not in before] == ["/b"]


def test_git_lists_plain_settings_once_in_a_process(place):
    for file in ("local", "home", "system"):
        append(PLAIN, file)(place)
    read, other = place.reader(), place.reader()
    assert read() == other() == read()
    assert place.asked == ["config"]


def test_a_git_that_reads_yet_another_file_is_asked_each_time(place):
    more = place.folder / "vendor"
    more.write_text("[credential]\n\thelper = store\n")
    first = place.git
    place.git = lambda words: first((*words[:1], "--file", str(more), *words[1:]) if words[0] == "config" else words)
    read = place.reader()
    assert [read() for _ in range(3)] == [place.listed()] * 3
    assert place.asked == ["config"] * 4


def test_the_file_of_the_system_is_asked_for_once_where_the_environment_does_not_name_it(place):
    append("[a]\nb = 1\n", "system")(place)
    first = place.git

    def newer_git(words):  # since 2.42
        if words[0] != "var":
            return first(words)
        place.asked.append("var")
        return run(["echo", place.env["GIT_CONFIG_SYSTEM"]], place.env)

    place.git = newer_git
    directories = GitDirectories(place.path / ".git", place.path / ".git")
    files = SettingsFiles({name: place.env[name] for name in ("HOME", "XDG_CONFIG_HOME")})
    assert len({files.read(directories, place.git) for _ in range(4)}) == 1
    assert place.asked == ["config", "var", "config"]


def test_a_git_that_cannot_say_where_the_file_of_the_system_is_lists_each_time(place):
    directories = GitDirectories(place.path / ".git", place.path / ".git")
    files = SettingsFiles({"HOME": "relative", "GIT_CONFIG_NOSYSTEM": "perhaps"})
    for _ in range(4):
        files.read(directories, place.git)
    assert place.asked == ["config", "var", "config", "config", "config"]


LINES = st.sampled_from(
    [
        "[core]",
        '[a "b"]',
        '[a "b\\"]',
        "[a.b]",
        "[]",
        "b = c",
        "b=c d ",
        "b",
        "=",
        "b = \\",
        'b = "',
        "# x \\",
        "",
        " ",
        "-b = 1",
        "b- = 1",
    ]
)
SOUP = st.lists(st.one_of(LINES, st.text('[]"\\=#; \t\r\nabA1-._é', max_size=12)), max_size=6).map("\n".join)


@pytest.fixture(scope="session")
def soup_file(tmp_path_factory):
    return tmp_path_factory.mktemp("soup") / "config"


@given(text=SOUP)
def test_any_text_is_read_as_git_reads_it_or_left_to_git(soup_file, text):
    soup_file.write_text(text, newline="")
    listed = subprocess.run(
        ["git", "config", "--file", soup_file, "--list", "-z", "--show-scope"], capture_output=True, check=False
    )
    try:
        found = parse_file("command", text.encode())
    except ValueError:
        return
    assert listed.returncode == 0
    assert found == list(parse_settings(listed.stdout.decode()))
