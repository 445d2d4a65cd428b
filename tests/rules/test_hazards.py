"""What a branch may not bring although it is in scope: git would keep it, and somebody would lose by it."""

from __future__ import annotations

import pytest

from gitorch.rules.scope.hazards import ABSENT, LINK, REPOSITORY, Change, hazards, module_hazards

FILE, PROGRAM = "100644", "100755"


def link(path: str, target: str) -> Change:
    return Change(path, ABSENT, LINK, target)


def added(path: str) -> Change:
    return Change(path, ABSENT, FILE)


CASES = [
    ("a file, a program, a deletion", (added("a"), Change("b", FILE, PROGRAM), Change("c", FILE, ABSENT)), ""),
    ("a link inside", (link("src/a", "../docs/b"),), ""),
    ("a link to the root", (link("src/a", ".."),), ""),
    ("a link that leaves", (link("src/a", "../../b"),), "src/a links to ../../b, outside of the repository"),
    ("a link that leaves by a detour", (link("a", "x/../../b"),), "a links to x/../../b, outside of the repository"),
    ("an absolute link", (link("a", "/etc/passwd"),), "a links to /etc/passwd, outside of the repository"),
    ("a link to the parent", (link("a", ".."),), "a links to .., outside of the repository"),
    ("a link into git's folder", (link("a", ".git/config"),), "a links to .git/config, outside of the repository"),
    ("a link that is removed", (Change("a", LINK, ABSENT, "/etc"),), ""),
    ("a declared submodule", (Change("lib", ABSENT, REPOSITORY),), ""),
    (
        "a repository inside",
        (Change("mine", ABSENT, REPOSITORY),),
        "mine is a repository of its own, whose files would be",
    ),
    ("gitorch's own folder", (added(".gitorch/brief.md"),), ".gitorch/brief.md belongs to gitorch; take it out"),
    ("a name like gitorch's own", (added(".gitorchard/a"),), ""),
    ("git's folder by its short name", (added("GIT~1/config"),), "GIT~1/config is mistaken for git's own"),
    (
        "git's folder with what some systems ignore",
        (added("a/.g\u200cit/config"),),
        '"a/.g\\u200cit/config" is mistaken',
    ),
    ("git's folder with a dot at its end", (added(".Git./hooks/x"),), ".Git./hooks/x is mistaken for git's own"),
    (
        "a path of another system",
        (added("..\\..\\x"),),
        "..\\..\\x is mistaken for git's own folder, or for another",
    ),
    ("names that begin like git's", (added(".github/ci.yml"), added(".gitignore"), added("git~10")), ""),
    ("a link up again from below", (link("a", "d/.."),), "a links to d/.., which goes up through a folder"),
    ("a link for git to follow", (link("src/.gitattributes", "x"),), "src/.gitattributes is read by git"),
]


@pytest.mark.parametrize(("changes", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_hazardous_change_is_named(changes: tuple[Change, ...], said: str) -> None:
    told = hazards(changes, [change.path for change in changes], ["lib"])
    assert len(told) == bool(said)
    assert all(one.startswith(said) for one in told)


MODULES = [
    ("submodule.lib.path", "lib", True),
    ("submodule.lib.url", "https://example.invalid/lib", True),
    ("submodule.lib.url", "../lib.git", True),
    ("submodule.lib.update", "checkout", True),
    ("submodule.lib.update", "!touch x", False),
    ("submodule.lib.url", "--upload-pack=touch x", False),
    ("submodule.lib.path", "-x", False),
    ("submodule.../../hooks.path", "lib", False),
]


@pytest.mark.parametrize(("key", "value", "fine"), MODULES)
def test_a_submodule_setting_that_git_could_run_is_named(key: str, value: str, fine: bool) -> None:
    assert (list(module_hazards([(key, value)])) == []) is fine


TWINS = [
    ("another case", "readme.md", ["README.md", "readme.md"], "readme.md and README.md are the same path"),
    ("a folder of another case", "Src/b.py", ["src/a.py", "Src/b.py"], "Src and src are the same path"),
    ("accents written otherwise", "u\u0308.md", ["ü.md", "u\u0308.md"], "u\u0308.md and ü.md are the same path"),
    ("a sharp s", "STRASSE", ["straße", "STRASSE"], "STRASSE and straße are the same path"),
    ("a file of its own", "b.py", ["a.py", "b.py"], ""),
    ("two that were there before", "b.py", ["A", "a", "b.py"], ""),
]


@pytest.mark.parametrize(("new", "held", "said"), [case[1:] for case in TWINS], ids=[case[0] for case in TWINS])
def test_names_that_collide_on_other_systems_are_named(new: str, held: list[str], said: str) -> None:
    told = hazards((added(new),), held, ())
    assert len(told) == bool(said)
    assert all(one.startswith(said) for one in told)


def test_the_tree_is_read_only_when_something_was_added() -> None:
    def unread():
        raise AssertionError
        yield ""

    assert hazards((Change("a", FILE, FILE),), unread(), ()) == ()
