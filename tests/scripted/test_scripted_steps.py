"""Every step does what its name says, and doing it again changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scripted_stand import NONCE, git

from gitorch.scripted.brief import Brief
from gitorch.scripted.context import TurnFailed, TurnOver
from gitorch.scripted.reports import in_scope
from gitorch.scripted.worktree import WorkFailed, Worktree, replaced


def commits(repo):
    return git(repo, "log", "--format=%s", "--reverse").splitlines()[1:]


def test_a_turn_writes_edits_deletes_and_commits(repo, play):
    play(
        """
        {write = "a.py", text = "one\\ntwo\\n"}
        {replace = "a.py", old = "two", new = "zwei"}
        {append = "a.py", text = "drei\\n"}
        {delete = "README.md"}
        {commit = "Count in German\\n\\nAs asked."}
        """
    )
    assert git(repo, "show", "HEAD:a.py") == "one\nzwei\ndrei"
    assert git(repo, "log", "-1", "--format=%B") == "Count in German\n\nAs asked."
    assert git(repo, "status", "--porcelain") == ""
    assert git(repo, "ls-tree", "--name-only", "HEAD") == "a.py"


def test_a_repeated_turn_leaves_the_same_commits(repo, play):
    steps = """
        {write = "a.py", text = "1\\n"}
        {commit = "One"}
        {replace = "a.py", old = "1", new = "11"}
        {append = "a.py", text = "end\\n"}
        {commit = "Two"}
        {write = "b.py", text = "b\\n"}
        """
    play(steps)
    first = git(repo, "rev-parse", "HEAD")
    play(steps)
    assert git(repo, "rev-parse", "HEAD") == first
    assert commits(repo) == ["One", "Two"]
    assert (repo / "a.py").read_text() == "11\nend\n"


def test_a_turn_cut_short_before_its_commit_begins_again(repo, play):
    steps = """
        {write = "a.py", text = "1\\n"}
        {replace = "a.py", old = "1", new = "11"}
        {append = "README.md", text = "More.\\n"}
        {delete = "b.py"}
        """
    play(steps)
    play(steps)
    assert (repo / "a.py").read_text() == "11\n"
    assert (repo / "README.md").read_text() == "# Work\nMore.\n"


def test_a_commit_is_skipped_when_nothing_changed(repo, play):
    play('{commit = "Nothing"}')
    assert commits(repo) == []


@pytest.mark.parametrize("excluded", [True, False])
def test_the_agents_own_folder_is_never_committed(repo, play, excluded):
    (repo / ".git" / "info" / "exclude").write_text("/.gitorch/\n" if excluded else "")
    play('{write = "a", text = "a"}\n{commit = "A"}')
    assert git(repo, "ls-tree", "-r", "--name-only", "HEAD").split() == ["README.md", "a"]


@pytest.mark.parametrize(
    ("text", "old", "new", "after"),
    [
        ("a b c", "b", "x", "a x c"),
        ("a x c", "b", "x", "a x c"),
        ("a b c", "b", "b b2", "a b b2 c"),
        ("a b b2 c", "b", "b b2", "a b b2 c"),
        ("a bb c", "bb", "b", "a b c"),
        ("a b c", "bb", "b", "a b c"),
        ("a b c", " b", "", "a c"),
        ("a c", " b", "", "a c"),
    ],
)
def test_a_replacement_is_made_once(text, old, new, after):
    assert replaced(text, old, new, "f") == after


@pytest.mark.parametrize("text", ["a b b c", "a c"])
def test_a_replacement_without_exactly_one_place_fails(text):
    with pytest.raises(WorkFailed):
        replaced(text, "b", "x", "f")


def test_an_executable_stays_executable(repo, play):
    (repo / "tool").write_text("#!/bin/sh\n")
    (repo / "tool").chmod(0o755)
    play('{append = "tool", text = "true\\n"}')
    assert (repo / "tool").stat().st_mode & 0o777 == 0o755


def test_a_commit_waits_for_a_lock_and_breaks_one_that_stays(repo, play, monkeypatch):
    monkeypatch.setattr("gitorch.scripted.worktree.LOCK_PAUSE_SECONDS", 0.001)
    lock = repo / ".git" / "index.lock"
    lock.write_text("")
    play('{write = "a", text = "a"}\n{commit = "A"}')
    assert commits(repo) == ["A"]
    assert not lock.exists()


def test_the_configured_author_is_kept(repo, play):
    git(repo, "config", "user.name", "Ada")
    git(repo, "config", "user.email", "ada@example.org")
    play('{write = "a", text = "a"}\n{commit = "A"}')
    assert git(repo, "log", "-1", "--format=%an <%ae>") == "Ada <ada@example.org>"


def test_a_command_is_run_and_its_end_kept_for_the_report(repo, play, fake):
    play('{run = "echo out; exit 3"}\n{handoff = "DONE", tests = "{ran}"}')
    assert "--tests" in fake.calls("handoff")[0]
    assert "echo out; exit 3: exit 3" in fake.calls("handoff")[0]
    assert (repo / ".gitorch/scripted/run.log").read_text() == "out\n"


def test_a_command_of_python_leaves_nothing_that_the_next_commit_takes(repo, play):
    play("""{write = "a.py", text = "x = 1"}
{run = "python3 -c 'import a'", exit = 0}
{commit = "A"}""")
    assert git(repo, "show", "--name-only", "--format=") == "a.py"


def test_a_command_that_must_succeed_ends_the_turn(play, fake):
    with pytest.raises(TurnFailed, match="ended with 1"):
        play('{run = "false", exit = 0}\n{handoff = "DONE"}')
    assert fake.calls("handoff") == []


def test_a_brief_that_is_not_the_expected_one_ends_the_turn(play):
    play('{expect = "^Build"}')
    with pytest.raises(TurnFailed, match="does not match"):
        play('{expect = "^Destroy"}')


def test_a_handoff_carries_everything(play, fake, repo):
    play(
        '{handoff = "DONE_WITH_CONCERNS", summary = "At {head}, attempt {attempt} of {job}", concerns = ["slow", "big"],'
        ' tests = "3 passed", replies = ["1=fixed:{head}"], job = "api"}'
    )
    head = git(repo, "rev-parse", "HEAD")
    assert fake.calls("handoff") == [
        [
            *(
                "DONE_WITH_CONCERNS",
                "--summary",
                f"At {head}, attempt 1 of api",
                "--concern",
                "slow",
                "--concern",
                "big",
            ),
            *("--reply", f"1=fixed:{head}", "--tests", "3 passed", "--job", "api"),
        ]
    ]


def test_findings_that_the_script_does_not_answer_are_answered_as_fixed(play, fake, repo):
    fake.brief["findings"] = [{"number": 4, "severity": "blocking", "title": "Wrong"}]
    play('{handoff = "DONE"}')
    assert ["--reply", f"4=fixed:{git(repo, 'rev-parse', 'HEAD')}"] == fake.calls("handoff")[0][-2:]


def test_a_refused_handoff_is_corrected_and_repeated(play, fake, repo):
    fake.replies["handoff"] = [(4, "there are uncommitted changes: left.txt"), (0, "recorded")]
    play('{write = "left.txt", text = "x"}\n{handoff = "DONE"}')
    assert len(fake.calls("handoff")) == 2
    assert commits(repo) == ["Commit what was left over"]


def test_a_change_outside_the_scope_is_taken_back(play, fake, repo):
    fake.brief["scope"] = {"allowed": ["src/**"], "forbidden": []}
    fake.replies["handoff"] = [(4, "README.md is outside the scope"), (0, "recorded")]
    play(
        """
        {write = "src/a.py", text = "a"}
        {append = "README.md", text = "mine"}
        {write = "stray.txt", text = "s"}
        {commit = "Work"}
        {handoff = "DONE"}
        """
    )
    assert len(fake.calls("handoff")) == 2
    assert git(repo, "diff", "--name-only", fake.brief["base"], "HEAD") == "src/a.py"


def test_a_handoff_is_corrected_at_most_twice(play, fake, repo):
    fake.replies["handoff"] = [(4, "no")]
    fake.replies["brief"] = [(0, json.dumps({"brief": fake.brief | {"title": f"Title {n}"}})) for n in range(9)]
    with pytest.raises(TurnOver):
        play('{handoff = "DONE"}')
    assert len(fake.calls("handoff")) == 3


def test_a_refusal_that_nothing_can_correct_is_not_repeated(play, fake):
    fake.replies["handoff"] = [(4, "this job was handed in already")]
    with pytest.raises(TurnOver):
        play('{handoff = "DONE"}')
    assert len(fake.calls("handoff")) == 1


def test_a_handoff_may_be_left_uncorrected(play, fake):
    fake.replies["handoff"] = [(4, "no")]
    with pytest.raises(TurnOver):
        play('{write = "a", text = "a"}\n{handoff = "DONE", correct = false}')
    assert len(fake.calls("handoff")) == 1


def test_a_call_that_is_not_possible_fails_the_turn(play, fake):
    fake.replies["handoff"] = [(8, "git does not answer")]
    with pytest.raises(TurnFailed, match="git does not answer"):
        play('{handoff = "DONE"}')


def test_a_verdict_names_commit_nonce_and_findings(play, fake, repo):
    fake.brief |= {"kind": "review", "commit": git(repo, "rev-parse", "HEAD")}
    play(
        '{verdict = "needs_revision", summary = "Not yet", findings = ['
        '{severity = "blocking", title = "Wrong title", path = "README.md", at = "^# W", detail = "d", number = 2},'
        '{title = "Thin"}]}'
    )
    (words,) = fake.calls("verdict")
    assert words[:7] == ["needs_revision", "--commit", fake.brief["commit"], "--nonce", NONCE, "--summary", "Not yet"]
    assert json.loads(Path(words[words.index("--findings-file") + 1]).read_text()) == [
        {"severity": "blocking", "title": "Wrong title", "path": "README.md", "line": 1, "detail": "d", "number": 2},
        {"severity": "important", "title": "Thin", "path": "", "line": 0, "detail": ""},
    ]


def test_an_answered_question_is_not_asked_and_its_answer_is_used(play, fake, repo):
    fake.brief["answers"] = [{"question": "What shows  nothing?", "answer": 'a "dash"'}]
    play(
        """
        {ask = "What shows nothing?", name = "empty"}
        {write = "a.py", text = "EMPTY = {quoted:empty}  # {answer:empty} {commit} {other}"}
        """
    )
    assert fake.calls("ask") == []
    assert (repo / "a.py").read_text() == 'EMPTY = "a \\"dash\\""  # a "dash" {commit} {other}'


def test_a_question_is_asked_once_and_the_turn_goes_on_with_the_answer(play, fake, repo):
    steps = '{ask = "Why?", name = "why"}\n{write = "a", text = "{answer:why}"}'
    for prompt in ("brief", "nudge", "brief"):
        with pytest.raises(TurnOver):
            play(steps, prompt=prompt)
    assert fake.calls("ask") == [["Why?"]]
    fake.brief["answers"] = [{"question": "Reworded on the way", "answer": "because"}]
    play(steps, prompt="answer")
    assert (repo / "a").read_text() == "because"


def test_a_question_of_another_attempt_is_asked_again(play, fake):
    steps = '{ask = "Why?"}'
    with pytest.raises(TurnOver):
        play(steps)
    fake.brief["attempt"] = 2
    with pytest.raises(TurnOver):
        play(steps)
    assert len(fake.calls("ask")) == 2


def test_a_blocker_is_named_once_and_passed_when_it_is_cleared(play, fake, repo):
    steps = '{block = "the release", clears = "a tag"}\n{write = "a", text = "a"}'
    for prompt in ("brief", "nudge"):
        with pytest.raises(TurnOver):
            play(steps, prompt=prompt)
    assert fake.calls("block") == [["--by", "the release", "--clears", "a tag"]]
    play(steps, prompt="answer")
    play(steps, prompt="brief")
    assert (repo / "a").exists()
    assert len(fake.calls("block")) == 1


@pytest.mark.parametrize(
    "steps", ['{handoff = "NEEDS_CONTEXT", questions = ["Why?"]}', '{handoff = "BLOCKED", blocker = "x", clears = "y"}']
)
def test_a_handoff_that_waits_ends_the_turn_until_the_answer(play, fake, repo, steps):
    steps += '\n{write = "a", text = "a"}'
    with pytest.raises(TurnOver):
        play(steps)
    assert len(fake.calls("handoff")) == 1
    assert not (repo / "a").exists()
    play(steps, prompt="answer")
    assert len(fake.calls("handoff")) == 1
    assert (repo / "a").exists()


def test_a_once_step_happens_once_in_a_worktree(play, repo):
    steps = '{run = "echo x >> times", once = true}'
    play(steps)
    play(steps)
    assert (repo / "times").read_text() == "x\n"


@pytest.mark.parametrize(
    ("path", "allowed", "forbidden", "may"),
    [
        ("a.py", (), (), True),
        ("src/x/a.py", ("src/**",), (), True),
        ("docs/a.md", ("src/**",), (), False),
        ("src/x/a.py", ("src",), (), True),
        ("srcs/a.py", ("src/",), (), False),
        ("src/secret.py", ("src/**",), ("src/secret*",), False),
    ],
)
def test_the_scope_decides_which_paths_may_change(path, allowed, forbidden, may):
    assert in_scope(path, allowed, forbidden) is may


def test_a_failure_of_git_is_shown_with_its_message(tmp_path):
    with pytest.raises(WorkFailed, match="not a git repository"):
        Worktree(tmp_path).uncommitted()


@pytest.mark.parametrize(
    ("known", "answer"),
    [("Why?", "because"), (" Why? ", "because"), ("[api] Why? (asked by s1)", "because"), ("Who?", None)],
)
def test_an_answer_is_found_by_its_question(known, answer):
    assert Brief("api", answers=((known, "because"),)).answer_to("Why?") == answer


def test_the_last_answer_counts():
    assert Brief("api", answers=(("Why?", "so"), ("Why?", "because"))).answer_to("Why?") == "because"
