"""Every way in which the text floor refuses a text, told whole: the error's class, message and hint, and each problem with its fix.

The answers are compared with `tests/text/texts/refused.txt`; `pytest --rewrite-transcripts` writes it anew.
"""

from __future__ import annotations

import json
from pathlib import Path

from golden import assert_golden

from gitorch.errors import GitorchError, Malformed
from gitorch.model.work.artifact import ArtifactKind
from gitorch.text.artifact import parse_artifact
from gitorch.text.config_edit import read_value, with_value
from gitorch.text.config_file import BYTES_MAX, parse_config
from gitorch.text.imports.formats import import_plan
from gitorch.text.outbox_entry import decode
from gitorch.text.plans.gates import add_gates
from gitorch.text.workflows.blocks import from_blocks
from gitorch.text.workflows.convert import convert
from gitorch.text.workflows.shapes import lane_set, parse_lane

TEMPLATE = (Path(__file__).parents[2] / "templates" / "gitorch.yaml").read_text(encoding="utf-8")
OTHER = "striatum.workflow.v1"


def config(text):
    return lambda: parse_config("gitorch.yaml", text.encode())


def approval(text):
    return config(f"approval: {text}\n")


def runtime(text):
    return config(f"runtimes:\n  fast: {text}\n")


def converted(value):
    return lambda: convert("other.json", json.dumps(value).encode())


def artifact(kind, data):
    return lambda: parse_artifact("docs/it.md", data, kind)


def imported(path, text, format_name=""):
    return lambda: import_plan(path, text.encode(), {}, format_name)


def gates(data):
    return lambda: add_gates("plan.md", data)


def blocks(line):
    return lambda: from_blocks(line)


def typed(key, text):
    return lambda: read_value(TEMPLATE, key, text)


def outbox(value):
    return lambda: decode("report.json", value if isinstance(value, bytes) else json.dumps(value).encode())


REFUSED = {
    "unattended approvals, but at least typed ones": approval("{unattended: true, at_least: typed}"),
    "unattended approvals, but at least signed ones": approval("{unattended: true, at_least: signed}"),
    "unattended approvals, which are not allowed": approval("{at_least: unattended}"),
    "unattended approvals, which are forbidden": approval("{unattended: false, at_least: unattended}"),
    "approvals of an unknown grade": approval("{at_least: sworn}"),
    "a runtime without a pattern": runtime("{permissions: [{}]}"),
    "a runtime with two words in a rule": runtime("{permissions: [{allow: x, reject: y}]}"),
    "a runtime with a pattern that is none": runtime("{permissions: [{allow: x}, {reject: '['}]}"),
    "a runtime with an option as its model": runtime("{model: -x}"),
    "a runtime with a variable that is none": runtime("{env: {1A: x}}"),
    "a link out of the repository": config("worktrees: {link: [data, ../x]}\n"),
    "a link to the root": config("worktrees: {link: [/etc]}\n"),
    "a remote that is an option": config("push: {remote: -f}\n"),
    "a ledger pushed nowhere": config("push: {ledger: true}\n"),
    "a coordinator that is no name": config("orchestration: {coordinator: A b}\n"),
    "stages that occur twice": config("review: {stages: [spec, spec]}\n"),
    "a stage that is no name": config("review: {stages: [A]}\n"),
    "a configuration that is too large": config("#" * (BYTES_MAX + 1)),
    "a configuration that is no text": lambda: parse_config("gitorch.yaml", b"a: \xff\n"),
    "a workflow of no format": converted({"jobs": []}),
    "a workflow of another format": converted({"schema_version": f"{OTHER}.9", "jobs": []}),
    "a workflow without jobs": converted({"schema_version": OTHER}),
    "a workflow whose jobs are no list": converted({"schema_version": OTHER, "jobs": {}}),
    "a list in place of a workflow": converted([1]),
    "a workflow that is not YAML": lambda: convert("other.json", b"{"),
    "a workflow that is empty": lambda: convert("other.json", b""),
    "a workflow that is no text": lambda: convert("other.json", b"\xff"),
    "a lane that the shape has not": lambda: lane_set("local", ("author", "reviewer"), {"boss": parse_lane("boss=x")}),
    "lanes that nobody defined": lambda: lane_set(
        "custom", ("author", "reviewer", "judge"), {"author": parse_lane("author=x")}
    ),
    "a lane that is none": lambda: parse_lane("author:claude"),
    "a block of no kind": blocks("build, Review"),
    "an empty block": blocks("build, "),
    "a merge without a checkpoint": blocks("build, review, merge"),
    "a merge behind work behind a checkpoint": blocks("build, checkpoint, build, merge"),
    "a checkpoint beside work": blocks("build + checkpoint"),
    "a merge beside a checkpoint": blocks("build, checkpoint, merge + merge"),
    "a review beside work": blocks("build, build + review"),
    "a review of nothing": blocks("review, build"),
    "a review behind nothing but a review": blocks("review, review"),
    "a flag that is none": typed("tests.absent_is_accepted", "maybe " * 12),
    "a number that is none": typed("tests.wait_seconds", "-5" * 30),
    "a value in several lines": lambda: with_value("worktrees:\n  copy:\n  - a\n", TEMPLATE, "worktrees.copy", ("b",)),
    "a list that is none": typed("worktrees.copy", "[a][b]"),
    "a mapping that is none": typed("review.runtimes", "codex"),
    "a key of a section that is a word": lambda: with_value("tests: x\n", TEMPLATE, "tests.wait_seconds", 5),
    "a handoff that is no text": artifact(ArtifactKind.HANDOFF, b"\xff"),
    "a handoff without front matter": artifact(ArtifactKind.HANDOFF, b"Done.\n"),
    "a handoff with empty front matter": artifact(ArtifactKind.HANDOFF, b"---\n---\nDone.\n"),
    "a handoff with unknown fields": artifact(ArtifactKind.HANDOFF, b"---\nmood: fine\n---\nDone.\n"),
    "a file of another kind with broken front matter": artifact(ArtifactKind.OTHER, b"---\na: b: c\n---\nDone.\n"),
    "a plan to import": imported("plan.md", "## Epic: api — The API\n- [ ] One\n"),
    "a plan with a blank in its path": imported("my plan.md", "## Epic: api — The API\n- [ ] One\n"),
    "a list without tasks": imported("todo.md", "# Shopping\n\nNothing.\n"),
    "a list whose tasks are done": imported("todo.md", "# Shopping\n\n- [x] Milk\n"),
    "a list that is no text": lambda: import_plan("todo.md", b"\xff", {}),
    "tasks that are not JSON": imported("tasks.json", "{\n  1", "task-master"),
    "JSON without tasks": imported("tasks.json", "{}", "task-master"),
    "issues that cannot be read": imported("issues.jsonl", "{\n", "beads"),
    "a plan for gates that is no text": gates(b"\xff"),
    "a plan for gates without epics": gates(b"# Nothing\n"),
    "an entry of the outbox that is too large": outbox(b" " * 1_000_001),
    "an entry of the outbox that is not JSON": outbox(b"{"),
    "an entry of the outbox of no format": outbox({"run": "auth-7f3a"}),
    "an entry of the outbox of nothing": outbox({"gitorch": "outbox/1", "run": "auth-7f3a", "token": "t"}),
}


def told(error: GitorchError) -> str:
    """The whole error as lines of text."""
    lines = [f"{error.code}: {error.message} $ {error.hint}"]
    if isinstance(error, Malformed):
        lines += [f"{one.path}:{one.line}:{one.column} {one.message} → {one.fix}" for one in error.problems]
    return "\n".join(lines)


def refusal(act) -> str:
    """The error of an act, as lines of text; a sentence where it is none."""
    try:
        value = act()
    except GitorchError as error:
        return told(error)
    return f"accepted: {value}"


def test_every_refusal_of_a_text_is_told_whole(request):
    blocks = [f"> {name}\n{refusal(act)}\n" for name, act in REFUSED.items()]
    assert_golden("refused.txt", "\n".join(blocks), request)


def test_no_text_of_the_table_is_accepted():
    assert [name for name, act in REFUSED.items() if refusal(act).startswith("accepted")] == []
