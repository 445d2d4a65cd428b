"""Each host cleans up what it has of a run, and says only what it did itself."""

from __future__ import annotations

import json

import pytest
from cli_stage import HUMAN, RUN
from host_stages import two_hosts

from gitorch.model import commands as c
from gitorch.model import events
from gitorch.model.ids import JobId

UI = f"gitorch/{RUN}/ui"


@pytest.fixture
def hosts(tmp_path):
    """A run that is over: desk began it and wrote api, attic wrote ui."""
    desk, attic = two_hosts(tmp_path)
    desk.begin_run({"api": (), "ui": ()}).finish("api")
    attic.finish("ui")
    desk.do(c.CancelRun("enough"), HUMAN)
    for one in (desk, attic):
        one.gitorch("up", "--no-wait")
    assert sorted(desk.git.tips) == [f"gitorch/{RUN}/api", "main"]
    assert sorted(attic.git.tips) == [UI, "main"]
    return {"desk": desk, "attic": attic}


def worktree(stage, job):
    return stage.services.paths.job_worktree(stage.run, JobId(job))


# What has become of the work of ui, which only attic has.


def merged(_desk, _attic):
    """In the target, nothing beside it."""


def unmerged(_desk, attic):
    attic.git.commit_in(worktree(attic, "ui"), {"late.txt": "late\n"})


def dirty(_desk, attic):
    attic.git.checkouts[worktree(attic, "ui")].files["notes.txt"] = "x\n"


def gone(_desk, attic):
    attic.worktrees.remove(worktree(attic, "ui"))


STATES = (merged, unmerged, dirty, gone)


def merge_all(stages):
    """The remote's target gets the work of both."""
    git, main = stages["desk"].git, stages["desk"].git.tips["main"]
    for stage, job in ((stages["desk"], "api"), (stages["attic"], "ui")):
        tip = stage.git.tips[f"gitorch/{RUN}/{job}"]
        main = git.commit_merge(git.try_merge(main, tip).tree, (main, tip), f"Merge {job}", 0)
    stages["desk"].remotes.held["origin"]["refs/heads/main"] = main


def things(stage):
    """The worktrees and work branches of a host, under the names that a cleanup gives them."""
    trees = {f"worktree {path.name}" for path in stage.git.checkouts if path.exists()}
    return trees | {f"branch {name}" for name in stage.git.tips if name != "main"}


def cleaned(stage, *options):
    """What a cleanup says that it removed and kept; None where it says that nothing is left."""
    answer = stage.gitorch("cleanup", RUN, "--yes", "--json", *options)
    assert answer.status == 0, answer
    values = json.loads(answer.out)
    if not values["removed"] and not values["kept"]:
        return None
    return set(values["removed"]), {one.partition(":")[0] for one in values["kept"]}


@pytest.mark.parametrize("order", [("desk", "attic"), ("attic", "desk"), ("attic", "attic", "desk", "attic")])
@pytest.mark.parametrize("options", [(), ("--branches",)])
@pytest.mark.parametrize("state", STATES)
def test_each_host_removes_what_is_merged_there_and_claims_nothing_else(hosts, state, options, order):
    merge_all(hosts)
    state(*hosts.values())
    for name in order:
        stage, other = hosts[name], hosts["attic" if name == "desk" else "desk"]
        before, untouched = things(stage), things(other)

        said = cleaned(stage, *options)

        assert things(other) == untouched
        assert said is not None or things(stage) == before
        if said is not None:
            assert said == (before - things(stage), things(stage))
    assert things(hosts["desk"]) == (set() if options else {f"branch gitorch/{RUN}/api"})
    is_kept = state in {unmerged, dirty}
    assert (f"branch {UI}" in things(hosts["attic"])) is (is_kept or not options)
    assert ("worktree ui" in things(hosts["attic"])) is is_kept
    done = [one.record for one in hosts["desk"].ledger.records(RUN) if isinstance(one.record.event, events.CleanupDone)]
    assert [record.actor.host for record in done] == ["desk"]
    assert not {one for one in done[0].event.removed if "ui" in one}


@pytest.mark.parametrize("stage", ["desk", "attic"])
def test_a_second_cleanup_removes_what_was_merged_since(hosts, stage):
    one = hosts[stage]
    before = things(one)
    assert cleaned(hosts["desk"]) is not None
    if stage == "attic":
        assert cleaned(one) == (set(), before)
    assert things(one) == before, "nothing is merged yet"
    merge_all(hosts)
    records = len(one.ledger.written)

    assert cleaned(one, "--branches") == (before, set())

    assert (things(one), len(one.ledger.written)) == (set(), records)
    assert cleaned(one, "--branches") is None


def test_a_host_says_whose_work_it_removed_and_where_more_is(hosts):
    merge_all(hosts)
    answer = hosts["attic"].gitorch("cleanup", "--yes")
    last = f"Run {RUN} is cleaned up on attic. desk leads it; there: gitorch cleanup {RUN}"
    assert answer.out.splitlines()[-1] == last
    answer = hosts["desk"].gitorch("cleanup", "--yes")
    assert answer.out.splitlines()[-2:] == [
        f"Run {RUN} is cleaned up; its records stay in the ledger.",
        f"Other hosts worked on it, too (attic). Type there: gitorch cleanup {RUN}",
    ]


def test_without_a_name_the_run_is_meant_that_this_host_still_has_worktrees_of(hosts):
    merge_all(hosts)
    assert hosts["desk"].gitorch("cleanup", "--yes").status == 0
    assert hosts["attic"].gitorch("cleanup").status == 2, "it asks first"
    answer = hosts["attic"].gitorch("cleanup", "--yes")
    assert answer.out.splitlines() == [
        "removed  worktree ui",
        f"kept     branch {UI}",
        f"Run {RUN} was cleaned up before; this is what was left on attic.",
    ]
    again = hosts["attic"].gitorch("cleanup")
    assert (again.status, again.out) == (0, f"Run {RUN} was already cleaned up; there is nothing to remove here.\n")


def test_up_ends_on_a_host_that_does_not_lead_while_the_run_waits_for_its_cleanup(hosts):
    (question,) = hosts["desk"].run.open_questions()
    hosts["attic"].gitorch("answer", question.id, "worktrees")
    answer = hosts["attic"].gitorch("up", "--no-wait")
    assert (answer.status, hosts["attic"].run.cleaned) == (0, False)
