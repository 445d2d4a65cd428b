"""What every implementation of the port `Remotes` promises."""

import pytest

from gitorch.errors import Unavailable
from gitorch.ports.git import PushRef

MAIN, LEDGER = "refs/heads/main", "refs/heads/gitorch/ledger"


def test_a_remote_lists_its_present_heads(bench):
    main = bench.git.resolve("main")
    bench.share("origin", "main")
    assert bench.remotes.names() == ("origin",)
    assert bench.remotes.heads("origin", (MAIN, LEDGER)) == {MAIN: main}
    theirs = bench.elsewhere("origin", "main", {"theirs": "1\n"})
    assert bench.remotes.heads("origin", (MAIN,)) == {MAIN: theirs}
    assert not bench.git.has(theirs)
    assert bench.git.has(main)


def test_branches_are_pushed_together_and_only_from_where_they_are_expected(bench):
    main = bench.git.resolve("main")
    bench.share("origin", "main")
    work = bench.write("work", {"b": "b\n"})
    wrong = (PushRef(MAIN, work, main), PushRef(LEDGER, work, main))
    assert bench.remotes.push("origin", wrong)
    assert bench.remotes.heads("origin", (MAIN, LEDGER)) == {MAIN: main}, "all or none"
    assert bench.remotes.push("origin", (PushRef(MAIN, work, main), PushRef(LEDGER, work, None))) == ""
    assert bench.remotes.heads("origin", (MAIN, LEDGER)) == {MAIN: work, LEDGER: work}


def test_a_push_never_overwrites_a_foreign_commit(bench):
    main = bench.git.resolve("main")
    bench.share("origin", "main")
    work = bench.write("work", {"b": "b\n"})
    theirs = bench.elsewhere("origin", "main", {"theirs": "1\n"})
    assert bench.remotes.push("origin", (PushRef(MAIN, work, main),))
    assert bench.remotes.heads("origin", (MAIN,)) == {MAIN: theirs}


def test_a_refused_push_has_a_reason_and_a_missing_remote_is_unavailable(bench):
    main = bench.git.resolve("main")
    bench.share("origin", "main")
    work = bench.write("work", {"b": "b\n"})
    bench.refuse("origin", "the release is frozen")
    assert "the release is frozen" in bench.remotes.push("origin", (PushRef(MAIN, work, main),))
    assert bench.remotes.heads("origin", (MAIN,)) == {MAIN: main}
    bench.silence("origin")
    with pytest.raises(Unavailable, match="origin cannot be reached"):
        bench.remotes.heads("origin", (MAIN,))
    assert bench.remotes.push("origin", (PushRef(MAIN, work, main),))


def test_a_fetch_brings_commits_and_moves_no_branch(bench):
    bench.share("origin", "main")
    main = bench.git.resolve("main")
    theirs = bench.elsewhere("origin", "main", {"theirs": "1\n"})
    bench.remotes.fetch("origin", MAIN)
    assert bench.git.has(theirs)
    assert bench.git.resolve("main") == main
    assert bench.git.contains(main, theirs)
    with pytest.raises(Unavailable, match="nothing could be fetched from origin"):
        bench.remotes.fetch("origin", LEDGER)


def test_a_known_remote_has_an_address_and_another_one_has_none(bench):
    bench.share("origin", "main")
    assert bench.remotes.address("origin").endswith("origin.git")
    assert bench.remotes.address("upstream") == ""
    assert bench.remotes.recent_heads("origin", (MAIN,)) == {MAIN: bench.git.resolve("main")}
