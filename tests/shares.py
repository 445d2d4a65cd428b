"""Which worker runs which files of tests, in which order, and which cases are left to `make slow`.

Pytest-xdist lets every worker collect every test, which costs each of them as much of the processor as five hundred tests. With
`--dist each --share` a worker collects only the files of its share, and runs them all. Some files are in every share: whichever worker
is done first takes the next of these, so that none waits for the others at the end.
"""

from __future__ import annotations

from collections import Counter
from itertools import filterfalse, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TESTS = Path(__file__).parent

SECONDS: dict[str, int] = {
    "world/test_delivery.py": 23,
    "ledger/test_lost.py": 17,
    "scripted/test_scripted_demo.py": 13,
    "world/test_sessions.py": 13,
    "app/test_merge_places.py": 11,
    "app/test_pushes.py": 11,
    "ledger/test_processes.py": 11,
    "test_docs.py": 11,
    "world/test_answering.py": 11,
    "world/test_delivery_matrix.py": 11,
    "e2e/test_by_hand_end_to_end.py": 10,
    "kills/test_kills.py": 10,
    "world/test_cut_checkouts.py": 10,
    "e2e/test_life_end_to_end.py": 9,
    "e2e/test_rounds_end_to_end.py": 9,
    "ledger/test_tampering.py": 9,
    "test_tidy.py": 9,
    "app/test_proposals.py": 8,
    "app/test_recipe.py": 8,
    "app/test_signed_approvals.py": 8,
    "e2e/test_sessions_end_to_end.py": 8,
    "ledger/test_damage.py": 8,
    "world/test_git_runs_nothing.py": 8,
    "app/test_lost_ledger.py": 7,
    "app/test_merges.py": 7,
    "app/test_redone.py": 7,
    "cli/test_cli_console.py": 7,
    "e2e/test_own_repository_end_to_end.py": 7,
    "app/test_life.py": 6,
    "cli/test_cli_processes.py": 6,
    "contract/test_channels.py": 6,
    "contract/test_store.py": 6,
    "e2e/test_no_merge_end_to_end.py": 6,
    "e2e/test_sandboxes_end_to_end.py": 6,
    "e2e/test_shapes_end_to_end.py": 6,
    "ledger/test_format_page.py": 6,
    "ledger/test_host_attacks.py": 6,
    "ledger/test_shared.py": 6,
    "scripted/test_scripted_faults.py": 6,
    "test_dead_code.py": 6,
    "test_wheel.py": 6,
    "world/test_setups.py": 6,
    "world/test_sources.py": 6,
    "app/test_outside_merges.py": 5,
    "app/test_outside_pushes.py": 7,
    "app/test_poisoned_folder.py": 5,
    "contract/test_late_requests.py": 5,
    "e2e/test_bwrap_end_to_end.py": 5,
    "e2e/test_first_run_end_to_end.py": 5,
    "e2e/test_gates_end_to_end.py": 5,
    "e2e/test_messages_end_to_end.py": 5,
    "e2e/test_principal_verbs_matrix.py": 5,
    "kills/test_simulated.py": 5,
    "ledger/test_cache_types.py": 5,
    "ledger/test_host_keys.py": 5,
    "seeds/test_struck_seeds.py": 5,
    "world/test_check_runs.py": 5,
    "world/test_spawning.py": 5,
    "app/test_reports.py": 4,
    "cli/test_cli_escapes.py": 4,
    "contract/test_ledger_port.py": 4,
    "ledger/test_packs.py": 4,
    "ledger/test_verify.py": 4,
    "rules/test_random_workflows.py": 4,
    "scripted/test_scripted_program.py": 4,
    "scripted/test_scripted_restart.py": 4,
    "scripted/test_scripted_steps.py": 4,
    "world/test_git_repositories.py": 4,
    "world/test_opencode_channel.py": 4,
    "world/test_sandbox.py": 4,
    "app/test_every_file_poisoned.py": 3,
    "cli/test_console_layout.py": 3,
    "e2e/test_no_model_end_to_end.py": 3,
    "e2e/test_outside_end_to_end.py": 3,
    "e2e/test_shared_worktree_end_to_end.py": 3,
    "ledger/test_foreign_cache.py": 3,
    "ledger/test_known_damage.py": 3,
    "ledger/test_ledger.py": 3,
    "ledger/test_places_of_records.py": 3,
    "ledger/test_record_codec.py": 3,
    "ledger/test_verified.py": 3,
    "rules/test_whole_workflows.py": 3,
    "test_reached_raises.py": 3,
    "text/test_plan.py": 3,
    "world/test_acp_host.py": 3,
    "world/test_attach_any_moment.py": 3,
    "world/test_claude_channel.py": 3,
    "world/test_notices.py": 3,
    "app/test_forge.py": 2,
    "app/test_lost_at_any_moment.py": 2,
    "app/test_sync.py": 2,
    "cli/test_cli_closed_streams.py": 2,
    "cli/test_cli_command_line.py": 2,
    "contract/test_git.py": 2,
    "contract/test_terminals.py": 2,
    "contract/test_tracker.py": 2,
    "e2e/test_agent_input_end_to_end.py": 2,
    "e2e/test_people_end_to_end.py": 2,
    "e2e/test_plans_end_to_end.py": 2,
    "e2e/test_scope_end_to_end.py": 2,
    "e2e/test_sheet_end_to_end.py": 2,
    "ledger/test_story.py": 2,
    "rules/test_answer_words.py": 2,
    "seeds/test_laws.py": 2,
    "seeds/test_simulated_seeds.py": 2,
    "test_imports_between_rooms.py": 2,
    "test_shares.py": 2,
    "text/test_every_edit.py": 2,
    "web/test_web_server.py": 2,
    "web/test_web_values.py": 2,
    "world/test_checkouts.py": 2,
    "world/test_companion.py": 2,
    "world/test_dialogs.py": 2,
    "world/test_git_settings.py": 2,
    "world/test_notify_examples.py": 2,
    "world/test_ssh_keys.py": 2,
}
"""How long the longest files take on a machine with nothing else to do, with the seconds in which they wait. They need not be exact:
they decide which files share a worker, and which come first."""
TOGETHER = (
    "test_complexity.py",
    "test_dead_code.py",
    "test_imports_between_rooms.py",
    "test_lost_names.py",
    "test_shell_words.py",
    "test_tidy.py",
)
"""Files that read the trees of the whole source: in one worker, which makes them once (`sources`), for three seconds a time."""
OTHER_SECONDS = 0.25
"""What a file takes that is not listed."""
LAST_SECONDS = (4, 5)
"""How long the files take that no worker owns: long enough to even out the ends, and short enough to leave no worker alone with one."""
WAITING = ("e2e", "world", "scripted")
"""The folders whose tests wait for programs in terminals most of their time."""


def all_files() -> list[str]:
    """Every file of tests, by its path below this folder."""
    return sorted(path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py"))


def is_last(file: str) -> bool:
    """Whether no worker owns a file: the first that is done with its own files, and has not seen another take it, runs it."""
    computes = file.split("/", maxsplit=1)[0] not in WAITING and file not in TOGETHER
    return computes and LAST_SECONDS[0] <= seconds_of(file) <= LAST_SECONDS[1]


def share_out(files: Iterable[str], workers: int) -> list[list[str]]:
    """Divide files into one share a worker, which take about the same time. The same files give the same shares.

    Those of `TOGETHER` go to the first share. Then the longest come first, each to the share that has least. Those that no worker owns
    are in every share.
    """
    owned = [file for file in files if not is_last(file)]
    last = [file for file in files if is_last(file)]
    shares: list[list[str]] = [[*last] for _ in range(workers)]
    sums = [0.0] * workers
    for file in sorted(owned, key=lambda file: (file not in TOGETHER, -seconds_of(file), file)):
        least = 0 if file in TOGETHER else sums.index(min(sums))
        shares[least].append(file)
        sums[least] += seconds_of(file)
    return shares


def in_order(files: Iterable[str]) -> list[str]:
    """The longest first, since one that begins last would leave the other workers idle; one that waits beside one that computes.

    Those that no worker owns come last.
    """
    files = list(files)
    last = sorted(filter(is_last, files), key=seconds_of, reverse=True)
    longest_first = sorted(filterfalse(is_last, files), key=seconds_of, reverse=True)
    waiting = [file for file in longest_first if file.split("/")[0] in WAITING]
    computing = [file for file in longest_first if file.split("/")[0] not in WAITING]
    pairs: Iterable[Sequence[str | None]] = zip_longest(waiting, computing)
    return [file for pair in pairs for file in pair if file is not None] + last


class Turns:
    """Which worker runs the files that no worker owns. `folder` is the same for all workers of a run, and no other's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken: dict[str, bool] = {}

    def is_mine(self, file: str) -> bool:
        """Whether this worker runs a file: the first that asks does, and keeps it."""
        if file not in self.taken:
            try:
                (self.folder / file.replace("/", "-")).touch(exist_ok=False)
            except FileExistsError:
                self.taken[file] = False
            else:
                self.taken[file] = True
        return self.taken[file]


def seconds_of(file: str) -> float:
    return SECONDS.get(file, OTHER_SECONDS)


def leave_most(items: Iterable[pytest.Item]) -> None:
    """Mark the cases of a test with the mark `each(number)` as slow, but for the first one and each so many-th after it."""
    seen: Counter[str] = Counter()
    for item in items:
        mark = item.get_closest_marker("each")
        if mark is None:
            continue
        test = item.nodeid.partition("[")[0]
        if seen[test] % mark.args[0]:
            item.add_marker(pytest.mark.slow)
        seen[test] += 1
