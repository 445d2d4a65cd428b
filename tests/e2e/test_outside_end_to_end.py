"""An agent that changes the repository outside its branch: everything is in the report and the question (K8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from house import House

pytestmark = pytest.mark.tmux

TRESPASS = """\
cd "$(git rev-parse --path-format=absolute --git-common-dir)/.."
GIT_AUTHOR_NAME=Eve git commit --quiet --allow-empty --message "Sneak in"
git update-ref refs/heads/feature main
git branch --quiet planted
git tag --delete v1
git push --quiet origin main
git config core.sshCommand false
git config alias.st status
mkdir -p .git/hooks
echo exit > .git/hooks/post-merge
"""
SCRIPT = f"""
[[turn]]
kind = "build"
[[turn.step]]
run = '''
{TRESPASS}'''
[[turn.step]]
write = "api.txt"
text = "done"
[[turn.step]]
commit = "Write the API"
[[turn.step]]
handoff = "DONE"
"""


@pytest.fixture(scope="module")
def trespassed(home_of_runs: House) -> tuple[House, dict[str, str], str]:
    """A run whose agent changed everything that it could reach, at its approval; the old values, and the old target."""
    house = home_of_runs
    git = house.repo.git
    git("init", "--quiet", "--bare", str(house.path.parent / "origin.git"))
    git("remote", "add", "origin", str(house.path.parent / "origin.git"))
    git("push", "--quiet", "origin", "main")
    git("branch", "feature")
    git("tag", "v1")
    house.configure(SCRIPT)
    house.start("api")
    before = house.target()
    house.up()
    return house, {"before": before, "after": house.target()}, str(house.records("report-issued")[-1]["text"])


def changes_of(heads: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Each ref that the agent changed, with the commit before and after."""
    before, after = heads["before"], heads["after"]
    return {
        "refs/heads/feature": (before, after),
        "refs/heads/main": (before, after),
        "refs/heads/planted": ("", after),
        "refs/remotes/origin/main": (before, after),
        "refs/tags/v1": (before, ""),
    }


CONFIGURATION = ("config/alias.st", "config/core.sshcommand", "hooks/post-merge")


def test_the_report_lists_each_change_with_before_and_after(trespassed) -> None:
    _, heads, text = trespassed
    for name, (before, after) in changes_of(heads).items():
        assert f"- {name}: {before or 'absent'} → {after or 'removed'}" in text
    for name in CONFIGURATION:
        assert f"- {name}: absent → sha256:" in text
    assert "1 commit on main since the run began that no review saw\n" in text
    assert f"  - {heads['after'][:7]} Eve: Sneak in" in text


def test_the_json_lists_exactly_these_changes(trespassed) -> None:
    house, heads, _ = trespassed
    listed = {
        change["name"]: (change["before"], change["after"])
        for change in house("report", "--json").json["data"]["outside"]
    }
    assert set(listed) == {*changes_of(heads), *CONFIGURATION}
    assert changes_of(heads).items() <= listed.items()


def test_the_question_and_the_status_name_them(trespassed) -> None:
    house, heads, _ = trespassed
    (asked,) = house.records("question-asked", kind="approval")
    for name, (before, after) in changes_of(heads).items():
        assert f"- {name}: {before[:19] or 'absent'} → {after[:19] or 'removed'}" in asked["text"]
    for name in CONFIGURATION:
        assert f"- {name}: absent → sha256:" in asked["text"]
    line = "8 changes outside the work branches, with 1 commit on main since the run began that no review saw."
    assert line in " ".join(house("why", "approval").out.split())
    for verb in (("inbox",), ("status",)):
        assert line in " ".join(house(*verb).out.split())
        assert "refs/" not in house(*verb).out
    assert f"- refs/tags/v1: {heads['before'][:19]} → removed\n" in house("show", asked["question"]).out


def test_a_run_whose_agent_keeps_to_its_branch_mentions_no_change(trespassed) -> None:
    house, _, _ = trespassed
    house("reject", "--note", "Not like this.")
    house.repo.git("config", "--unset", "core.sshCommand")
    (house.path / ".git/hooks/post-merge").unlink()
    house.configure()
    run = house.start("ui", title="Other work")
    house.up(run)
    (issued,) = [r for r in house.records("report-issued") if "Other work" in r["text"]]
    assert "Outside" not in issued["text"]
    assert house("report", run, "--json").json["data"]["outside"] == []
    assert "outside" not in house("why", "approval", "--run", run).out
