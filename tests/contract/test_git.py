"""What every `ports.git.Git` promises."""

import pytest

from gitorch.errors import Failed, Unavailable
from gitorch.model.ids import CommitId, Moment
from gitorch.ports.git import DiffStat

NOBODY = CommitId("0" * 39 + "1")
AT = Moment(1_700_000_000_000)


def test_only_a_branch_or_a_full_id_resolves(bench):
    head = bench.git.resolve("main")
    assert bench.git.resolve(head) == head
    for name in ("nowhere", "main~1", "HEAD", "-h", "main^{tree}", "", NOBODY, head[:12]):
        assert bench.git.resolve(name) is None


def test_a_tag_names_the_commit_that_it_marks_and_a_missing_one_none(bench):
    bench.mark("audit", "main")
    assert bench.git.tag("audit") == bench.git.resolve("main")
    assert bench.git.tag("none") is None


def test_heads_are_listed_by_full_name_without_missing_ones(bench):
    work = bench.write("gitorch/r/api", {"b": "b\n"})
    bench.write("gitorch/r/api.two/x", {"b": "b\n"})
    refs = ["refs/heads/gitorch/r/api", "refs/heads/gitorch/r", "refs/heads/none"]
    assert bench.git.heads(refs) == {"refs/heads/gitorch/r/api": work}
    assert bench.git.heads([]) == {}


def test_commits_of_the_upstream_that_a_branch_lacks_are_counted(bench):
    bench.write("origin-main", {"b": "1\n"})
    bench.write("origin-main", {"b": "2\n"})
    assert bench.git.behind_remote("main") == 0
    bench.follow("main", "origin-main")
    assert bench.git.behind_remote("main") == 2
    assert bench.git.behind_remote("none") == 0


def test_facts_of_a_worktree_are_commits_changes_uncommitted_and_missing_paths(bench):
    base = bench.git.resolve("main")
    path = bench.folder / "work trees" / "api"
    bench.worktrees.ensure(path, base, "gitorch/r/api")
    head = bench.commit_in(path, {"src/a.py": "a = 2\n", "docs/ü b.md": "x\n"})
    bench.edit(path, "README.md", "changed\n")
    bench.edit(path, "new file", "x\n")
    bench.edit(path, ".gitorch/brief.md", "x\n")
    facts = bench.git.facts(path, base, ["docs/ü b.md", "docs/none.md"])
    assert facts.head == head
    assert sorted(facts.uncommitted) == ["README.md", "new file"]
    assert facts.commits == 1
    assert sorted(facts.changed) == ["docs/ü b.md", "src/a.py"]
    assert facts.missing == ("docs/none.md",)


def test_a_worktree_on_no_branch_has_no_head(bench):
    path = bench.folder / "review"
    base = bench.git.resolve("main")
    bench.worktrees.ensure(path, base, None)
    assert bench.git.facts(path, base).head is None


def test_a_draft_leaves_the_worktree_untouched_until_it_is_adopted(bench):
    base = bench.git.resolve("main")
    path = bench.folder / "work trees" / "api"
    bench.worktrees.ensure(path, base, "gitorch/r/api")
    bench.edit(path, "src/a.py", "a = 2\n")
    bench.edit(path, "new ü", "x\n")
    bench.edit(path, ".gitorch/brief.md", "x\n")
    drafted = bench.git.draft(path, "What was done", "api <s1@gitorch.invalid>", AT)
    assert bench.git.facts(path, base).head == base
    assert sorted(bench.git.facts(path, base).uncommitted) == ["new ü", "src/a.py"]
    facts = bench.git.facts_of(drafted, base, ["new ü", "none"])
    assert (facts.head, facts.commits, sorted(facts.changed), facts.missing) == (
        drafted,
        1,
        ["new ü", "src/a.py"],
        ("none",),
    )
    bench.git.adopt(path, drafted)
    after = bench.git.facts(path, base)
    assert (after.head, after.uncommitted, after.commits) == (drafted, (), 1)
    assert bench.git.resolve("gitorch/r/api") == drafted
    assert "What was done" in bench.git.subjects(base, drafted)[0]


def test_a_draft_without_changes_is_the_head(bench):
    base = bench.git.resolve("main")
    path = bench.folder / "api"
    bench.worktrees.ensure(path, base, "gitorch/r/api")
    bench.edit(path, ".gitorch/brief.md", "x\n")
    assert bench.git.draft(path, "Nothing", "api <s1@gitorch.invalid>", AT) == base
    bench.git.adopt(path, base)
    assert bench.git.facts(path, base).uncommitted == ()


def test_a_draft_is_not_adopted_on_a_branch_that_has_moved(bench):
    base = bench.git.resolve("main")
    path = bench.folder / "api"
    bench.worktrees.ensure(path, base, "gitorch/r/api")
    bench.edit(path, "b", "1\n")
    drafted = bench.git.draft(path, "One", "api <s1@gitorch.invalid>", AT)
    head = bench.commit_in(path, {"c": "2\n"})
    with pytest.raises(Failed):
        bench.git.adopt(path, drafted)
    assert bench.git.resolve("gitorch/r/api") == head


def test_a_worktree_on_no_branch_has_no_draft(bench):
    path = bench.folder / "review"
    bench.worktrees.ensure(path, bench.git.resolve("main"), None)
    bench.edit(path, "b", "1\n")
    assert bench.git.draft(path, "One", "api <s1@gitorch.invalid>", AT) is None


def test_a_branch_is_measured_from_its_merge_base(bench):
    base = bench.git.resolve("main")
    head = bench.write("work", {"src/a.py": "a = 2\nb = 3\n", "README.md": None})
    bench.write("main", {"other": "x\n"})
    later = bench.git.resolve("main")
    stat = DiffStat(1, 2, 2, 4, ("README.md", "src/a.py"))
    assert bench.git.stat(base, head) == stat
    assert bench.git.stat(later, head) == stat


def test_a_patch_shows_the_lines_that_changed_since_the_merge_base(bench):
    base = bench.git.resolve("main")
    before = bench.git.file_at(base, "src/a.py").decode()
    head = bench.write("work", {"src/a.py": "a = 2\nb = 3\n", "new.md": "ü\n"})
    bench.write("main", {"other": "x\n"})
    patch = bench.git.patch(bench.git.resolve("main"), head)
    lines = patch.splitlines()
    for line in ("diff --git a/src/a.py b/src/a.py", f"-{before.strip()}", "+a = 2", "+b = 3", "--- /dev/null", "+ü"):
        assert line in lines
    assert "other" not in patch
    assert bench.git.patch(head, head) == ""


def test_each_changed_file_is_measured_from_the_merge_base(bench):
    base = bench.git.resolve("main")
    head = bench.write("work", {"src/a.py": "a = 2\nb = 3\n", "README.md": None, "new.md": "ü\n"})
    bench.write("main", {"other": "x\n"})
    found = {change.path: change for change in bench.git.file_changes(bench.git.resolve("main"), head)}
    assert {path: str(change.how) for path, change in found.items()} == {
        "README.md": "deleted",
        "new.md": "added",
        "src/a.py": "modified",
    }
    assert (found["src/a.py"].added, found["src/a.py"].removed, found["src/a.py"].size) == (2, 1, 12)
    assert (found["new.md"].size, found["README.md"].size) == (3, 0)
    assert not any(change.binary or change.mode or change.before for change in found.values())
    assert bench.git.file_changes(base, base) == ()


def test_lines_that_a_change_takes_away_count_for_the_commits_that_wrote_them(bench):
    base = bench.git.resolve("main")
    first = bench.write("main", {"a.txt": "one\ntwo\nthree\n", "gone.txt": "x\ny\n", "kept.txt": "z\n"})
    second = bench.write("main", {"a.txt": "one\ntwo\nthree\nfour\nfive\n"})
    head = bench.write("work", {"a.txt": "one\n2\nthree\nfour\n", "gone.txt": None, "new.txt": "n\n"}, second)
    changes = bench.git.file_changes(second, head)
    assert bench.git.lost_lines(second, head, changes) == {first: 3, second: 1}
    assert bench.git.lost_lines(second, head, [one for one in changes if one.path == "a.txt"]) == {first: 1, second: 1}
    assert bench.git.lost_lines(second, head, ()) == {}
    assert bench.git.lost_lines(base, base, ()) == {}


def test_a_merge_in_memory_gives_the_tree_or_names_the_conflicts(bench):
    base = bench.git.resolve("main")
    ours = bench.write("ours", {"src/a.py": "a = 2\n", "only ours": "1\n"}, base)
    theirs = bench.write("theirs", {"README.md": "uno\n"}, base)
    clash = bench.write("clash", {"src/a.py": "a = 3\n"}, base)
    clean = bench.git.try_merge(ours, theirs)
    assert clean.conflicts == ()
    assert bench.git.try_merge(ours, clash).conflicts == ("src/a.py",)
    merged = bench.git.commit_merge(clean.tree, [ours, theirs], "Merge it", AT)
    assert bench.git.tree(merged) == clean.tree
    assert bench.git.file_at(merged, "only ours") == b"1\n"
    assert bench.git.contains(ours, merged)
    assert bench.git.contains(theirs, merged)
    assert not bench.git.contains(merged, ours)


def test_a_merge_of_branches_with_common_commits_uses_all_of_them(bench):
    main = bench.git.resolve("main")
    first = bench.write("first", {"one": "1\n"}, main)
    second = bench.write("second", {"two": "1\n"}, main)
    both = bench.git.commit_merge(bench.git.try_merge(first, second).tree, [first, second], "Both", AT)
    built = bench.write("built", {"three": "3\n"}, both)
    redone = bench.write("second", {"two": "2\n"})
    target = bench.git.commit_merge(bench.git.try_merge(first, redone).tree, [first, redone], "Redone", AT)
    tried = bench.git.try_merge(target, built)
    assert tried.conflicts == ()
    merged = bench.git.commit_merge(tried.tree, [target, built], "All", AT)
    assert bench.git.stat(target, merged).paths == ("three",)


def test_the_same_merge_is_the_same_commit(bench):
    main = bench.git.resolve("main")
    work = bench.write("work", {"b": "b\n"})
    tree = bench.git.tree(work)
    first = bench.git.commit_merge(tree, [main, work], "Merge ✓", AT)
    assert bench.git.commit_merge(tree, [main, work], "Merge ✓", AT) == first
    assert bench.git.commit_merge(tree, [main, work], "Merge ✓", Moment(AT + 1000)) != first


def test_files_are_committed_on_a_commit_or_on_nothing(bench):
    main = bench.git.resolve("main")
    first = bench.git.commit_files(None, {"read me": b"1\n"}, "Begin", AT)
    assert (bench.git.paths_at(first), bench.git.contains(main, first)) == (("read me",), False)
    added = bench.git.commit_files(first, {"a/b.md": b"2\n", "a/c": b""}, "Add", AT)
    assert bench.git.paths_at(added) == ("a/b.md", "a/c", "read me")
    assert bench.git.file_at(added, "a/b.md") == b"2\n"
    assert bench.git.commits_since(first, added) == (added,)
    assert bench.git.commit_files(first, {"a/c": b"", "a/b.md": b"2\n"}, "Add", AT) == added
    assert bench.git.commit_files(first, {"a/c": b"", "a/b.md": b"3\n"}, "Add", AT) != added


def test_a_branch_moves_only_from_its_expected_commit(bench):
    old = bench.git.resolve("main")
    new = bench.write("work", {"b": "b\n"})
    other = bench.write("other", {"c": "c\n"})
    assert not bench.git.move("main", new, other).moved
    assert bench.git.resolve("main") == old
    assert bench.git.move("main", new, old).moved
    assert bench.git.move("main", new, old).moved
    assert bench.git.resolve("main") == new
    assert not bench.git.move("none", new, old).moved


def test_a_clean_checkout_of_a_moved_branch_is_updated(bench):
    old = bench.git.resolve("main")
    path = bench.folder / "co"
    bench.worktrees.ensure(path, old, "gitorch/r/target")
    new = bench.write("work", {"src/a.py": "a = 2\n", "README.md": None})
    result = bench.git.move("gitorch/r/target", new, old)
    assert (result.moved, result.checkout, result.path) == (True, "updated", str(path))
    assert bench.read(path, "src/a.py") == "a = 2\n"
    assert bench.read(path, "README.md") is None
    assert bench.git.facts(path, new).uncommitted == ()


def test_a_checkout_keeps_its_edits_of_other_files(bench):
    old = bench.git.resolve("main")
    path = bench.folder / "co"
    bench.worktrees.ensure(path, old, "gitorch/r/target")
    bench.edit(path, "README.md", "mine\n")
    bench.edit(path, "own", "mine\n")
    new = bench.write("work", {"src/a.py": "a = 2\n"})
    result = bench.git.move("gitorch/r/target", new, old)
    assert (result.moved, result.checkout, result.path) == (True, "updated", str(path))
    assert [bench.read(path, name) for name in ("README.md", "own", "src/a.py")] == ["mine\n", "mine\n", "a = 2\n"]


def test_a_checkout_with_edits_of_the_same_file_refuses_the_move_and_is_named(bench):
    old = bench.git.resolve("main")
    path = bench.folder / "co"
    bench.worktrees.ensure(path, old, "gitorch/r/target")
    bench.edit(path, "README.md", "mine\n")
    new = bench.write("work", {"README.md": "theirs\n", "src/a.py": "a = 2\n"})
    result = bench.git.move("gitorch/r/target", new, old)
    assert (result.moved, result.path) == (False, str(path))
    assert f"{path} has uncommitted changes to README.md" in result.refused
    assert result.command
    assert bench.git.resolve("gitorch/r/target") == old
    assert bench.read(path, "README.md") == "mine\n"
    assert bench.read(path, "src/a.py") == "a = 1\n"


def test_a_checkout_that_followed_its_branch_is_not_named_as_left(bench):
    old = bench.git.resolve("main")
    path = bench.folder / "co"
    bench.worktrees.ensure(path, old, "gitorch/r/target")
    new = bench.write("work", {"README.md": "theirs\n"})
    assert bench.git.checkout_left("gitorch/r/target", new, old) is None, "before the move"
    bench.git.move("gitorch/r/target", new, old)
    assert bench.git.checkout_left("gitorch/r/target", new, old) is None


def test_commits_are_listed_oldest_first(bench):
    base = bench.git.resolve("main")
    bench.write("work", {"b": "1\n"})
    head = bench.write("work", {"b": "2\n"})
    subjects = bench.git.subjects(base, head)
    assert [subject.split(" ", 1)[1] for subject in subjects] == ["work on work", "work on work"]
    assert head.startswith(subjects[1].split(" ")[0])


def test_commits_are_described_in_the_order_that_is_asked_for(bench):
    old = bench.write("work", {"b": "1\n"})
    new = bench.write("work", {"b": "2\n"})
    described = bench.git.describe([new, old])
    assert [line.partition(": ")[2] for line in described] == ["work on work", "work on work"]
    assert new.startswith(described[0].split(" ")[0])
    assert bench.git.describe([]) == ()


def test_a_snapshot_of_the_repository_has_every_branch_with_its_commit(bench):
    head = bench.write("work", {"b": "1\n"})
    snapshot = bench.git.repository_snapshot()
    assert snapshot["refs/heads/work"] == head
    assert snapshot["refs/heads/main"] == bench.git.resolve("main")


def test_a_file_is_read_as_it_is_at_a_commit(bench):
    old = bench.git.resolve("main")
    new = bench.write("work", {"src/a.py": "a = 2\n", "ü b": "x"})
    assert (bench.git.file_at(old, "src/a.py"), bench.git.file_at(new, "src/a.py")) == (b"a = 1\n", b"a = 2\n")
    assert bench.git.file_at(new, "ü b") == b"x"


@pytest.mark.parametrize("path", ["src", "none", "../README.md", "", "src/a.py/x", "README.md:1"])
def test_a_path_that_names_no_file_at_a_commit_has_no_bytes(bench, path):
    assert bench.git.file_at(bench.git.resolve("main"), path) is None


def test_commits_that_another_lacks_are_listed_newest_first(bench):
    base = bench.git.resolve("main")
    first = bench.write("work", {"b": "1\n"})
    second = bench.write("work", {"b": "2\n"})
    assert bench.git.commits_since(base, second) == (second, first)
    assert bench.git.commits_since(first, second) == (second,)
    assert bench.git.commits_since(second, first) == ()
    assert bench.git.commits_since(NOBODY, first) == ()


def test_a_missing_commit_has_no_answer(bench):
    head = bench.git.resolve("main")
    with pytest.raises(Unavailable):
        bench.git.contains(NOBODY, head)
    with pytest.raises(Unavailable):
        bench.git.tree(NOBODY)
    assert bench.git.file_at(NOBODY, "README.md") is None


def test_packing_waits_for_many_objects_and_loses_none(bench):
    head = bench.write("gitorch/r/api", {"b": "b\n"})
    assert not bench.git.pack(1_000_000)
    assert bench.git.pack(0)
    assert bench.git.resolve("gitorch/r/api") == head
    assert bench.git.stat(bench.git.resolve("main"), head).paths == ("b",)
