"""Refusals of imports: the situation, the call, and the class, message and hint of its error.

`{above}` is the folder above that of the repository.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))

from fakes.tracker import FakeTracker

from gitorch.app.start import importing, workflows
from gitorch.errors import Malformed, NotFound, Problem, Refused, Unavailable

EPIC = {"id": "shop-a1", "title": "The shop", "issue_type": "epic", "status": "open"}
TASK = {"id": "shop-b2", "title": "A shelf", "status": "open"}


def import_folder(stage, *lists):
    """Import a folder with a task list in each of these subfolders."""
    folder = stage.folder / "lists"
    for name in lists:
        (folder / name).mkdir(parents=True)
        (folder / name / "tasks.md").write_text("- [ ] Go\n")
    folder.mkdir(exist_ok=True)
    return importing.import_file(folder, "lists", stage.folder)


def import_by_gh(stage, *installed):
    """Import an issue by `gh`, which fails."""
    stage.programs.printed |= dict.fromkeys(installed, "1")
    stage.programs.run_shell = lambda *_: (1, "")
    return importing.import_issue(stage.services, "#12")


def import_epic(stage, name, *records):
    """Import an epic of a tracker with these issues."""
    services = stage.services
    services.trackers = {"auto": FakeTracker(*records)}
    return importing.import_epic(services, name)


def import_of_a_broken_tracker(stage):
    """Import an epic of a tracker whose answer has a problem."""
    broken = FakeTracker(EPIC)
    answer = broken.read(())
    broken.read = lambda _: type(answer)("bd", answer.issues, (Problem("bd", 1, 1, "It is broken.", "Mend it."),))
    services = stage.services
    services.trackers = {"auto": broken}
    return importing.import_epic(services, "shop-a1")


IMPORTS = [
    (
        "nothing",
        import_folder,
        NotFound,
        "lists holds no task list: none of tasks.md, tasks.json, tasks/tasks.json, .taskmaster/tasks/tasks.json, issues.jsonl, .beads/issues.jsonl",
        "ls lists",
    ),
    (
        "nothing",
        lambda s: import_folder(s, "specs/a", "specs/b c"),
        NotFound,
        "lists holds 2 task lists: specs/a, specs/b c",
        "gitorch plan import lists/specs/a",
    ),
    (
        "nothing",
        import_by_gh,
        Unavailable,
        "#12 is read by the program gh, which is not on PATH; a file of exported issues needs none",
        "gitorch plan import --help",
    ),
    ("nothing", lambda s: import_by_gh(s, "gh"), Unavailable, "gh cannot read #12: no output", "gh auth status"),
    (
        "nothing",
        lambda s: import_epic(s, "absent", EPIC),
        NotFound,
        "there is no file, folder, issue or epic absent",
        "gitorch plan import --help",
    ),
    ("nothing", lambda s: import_epic(s, "shop-b2", TASK), Malformed, "shop-b2 cannot be imported", ""),
    ("nothing", import_of_a_broken_tracker, Malformed, "bd cannot be imported", ""),
    (
        "a file",
        lambda s: workflows.replace_file(s.folder / "file/below", "below", "x"),
        Refused,
        "below cannot be written: not a directory",
        "ls -ld {above}/s/file",
    ),
]
