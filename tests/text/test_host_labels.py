"""`hosts: {needs: [gpu]}` in workflow files and plans (H7)."""

import pytest

from gitorch.errors import Malformed
from gitorch.model.ids import JobId
from gitorch.text.plans.plan import parse_plan
from gitorch.text.workflows.file import parse_workflow


def test_lanes_and_jobs_ask_for_labels_of_hosts():
    text = """gitorch: workflow/1
name: x
lanes: {a: {runtime: claude, hosts: {needs: [linux]}}}
jobs: {one: {lane: a, objective: Do, hosts: {needs: [gpu, fast]}}}
"""

    workflow = parse_workflow("w.yaml", text.encode(), lambda _: None).workflow
    assert workflow.lanes["a"].host_labels == ("linux",)
    assert workflow.jobs[JobId("one")].host_labels == ("gpu", "fast")
    with pytest.raises(Malformed) as caught:
        parse_workflow("w.yaml", text.replace("needs: [linux]", "label: linux").encode(), lambda _: None)
    assert [problem.line for problem in caught.value.problems] == [3]


def test_an_epic_of_the_front_matter_asks_for_labels_of_hosts():
    text = "---\nepics:\n  - {id: train, title: Train, hosts: {needs: [gpu]}}\n  - {id: docs, title: Docs}\n---\n# P\n"
    plan = parse_plan("plan.md", text.encode())
    assert [epic.host_labels for epic in plan.epics] == [("gpu",), ()]


def test_a_line_of_an_epics_section_asks_for_labels_beside_those_of_the_front_matter():
    text = """---
epics:
  - {id: train, title: Train, hosts: {needs: [gpu]}}
---
# P
## Epic: train — Train
**Hosts:** `linux`, fast

Hosts: none
- [ ] Train it
## Review Gate: train
"""
    assert [epic.host_labels for epic in parse_plan("plan.md", text.encode()).epics] == [("gpu", "linux", "fast")]


@pytest.mark.parametrize("line", ["Hosts: the servers in Berlin", "Hosts:", "Hosts: gpu, whatever is free"])
def test_words_about_hosts_that_are_no_labels_are_text_and_get_a_remark(line):
    text = f"# P\n## Epic: train — Train\n{line}\n- [ ] Train it\n## Review Gate: train\n"
    plan = parse_plan("plan.md", text.encode())
    assert plan.epics[0].host_labels == ()
    assert [remark.line for remark in plan.remarks if "names no labels of hosts" in remark.message] == [3]
