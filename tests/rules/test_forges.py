"""What the address of a remote says: its forge, its pages, and whether everybody might read it."""

from __future__ import annotations

import pytest

from gitorch.model.plans.forge import ForgeKind
from gitorch.rules.forges import (
    changes_address,
    kind_of_remote,
    looks_public,
    new_pull_request,
    project_of,
    web_address,
)

WEB = {
    "https://github.com/ann/project.git": "https://github.com/ann/project",
    "git@github.com:ann/project.git": "https://github.com/ann/project",
    "ssh://git@gitlab.example.com:2222/group/sub/project.git": "https://gitlab.example.com/group/sub/project",
    "http://127.0.0.1:8080/ann/project.git": "http://127.0.0.1:8080/ann/project",
    "https://ann:secret@codeberg.org/ann/project/": "https://codeberg.org/ann/project",
    "/srv/git/project.git": "",
    "../project.git": "",
    "file:///srv/git/project.git": "",
}


@pytest.mark.parametrize("address", WEB)
def test_the_page_of_a_repository_follows_from_its_address_without_a_password(address):
    assert web_address(address) == WEB[address]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("https://github.com/ann/project.git", True),
        ("git@codeberg.org:ann/project", True),
        ("ssh://git@203.0.113.7/project.git", True),
        ("https://git.company.com/project.git", True),
        ("/srv/git/project.git", False),
        ("C", False),
        ("server:project.git", False),
        ("git@server.local:project.git", False),
        ("ssh://10.1.2.3/project.git", False),
        ("http://127.0.0.1:8080/ann/project.git", False),
        ("https://172.20.0.5/project", False),
        ("https://172.32.0.5/project", True),
        ("http://localhost:3000/ann/project", False),
        ("https://GitHub.com/ann/project.git", True),
    ],
)
def test_a_remote_on_the_internet_looks_public(address, public):
    assert looks_public(address) is public


def test_the_forge_is_known_by_its_host_and_opens_pull_requests_at_its_own_page():
    kinds = {"git@github.com:a/b": "github", "https://gitlab.x.org/a/b": "gitlab", "https://codeberg.org/a/b": "gitea"}
    assert {address: str(kind_of_remote(address)) for address in kinds} == kinds
    assert kind_of_remote("https://git.x.org/a/github") is ForgeKind.NONE
    assert project_of("git@github.com:ann/project.git") == "ann/project"
    head, base, web = "gitorch/proposals/r", "gitorch/approvals", "https://h/a/b"
    assert new_pull_request(ForgeKind.GITHUB, web, head, base) == f"{web}/compare/{base}...{head}?expand=1"
    assert new_pull_request(ForgeKind.GITEA, web, head, base) == f"{web}/compare/{base}...{head}"
    gitlab = new_pull_request(ForgeKind.GITLAB, web, head, base)
    assert gitlab.startswith(f"{web}/-/merge_requests/new?merge_request[source_branch]=gitorch/proposals/r&")
    assert new_pull_request(ForgeKind.NONE, web, head, base) == ""
    assert changes_address(ForgeKind.GITHUB, web, "1a", "2b") == f"{web}/compare/1a...2b"
    assert changes_address(ForgeKind.GITLAB, web, "1a", "2b") == f"{web}/-/compare/1a...2b"
    assert changes_address(ForgeKind.NONE, web, "1a", "2b") == ""
