"""Documents of a job as artifacts: by name or path, with evidence that is checked at its commit, and by a finished report."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import RUN, Desk

from gitorch.app.work.artifacts import PublishRequest, findings, publish
from gitorch.errors import Denied, Malformed, Refused, Usage
from gitorch.model import events
from gitorch.model.plans.workflow import ExpectedArtifact, JobKind, JobSpec, Lane, Workflow
from gitorch.model.values import replace
from gitorch.model.work.artifact import ArtifactKind
from gitorch.model.work.review import ReportStatus

TOKEN = "ghp_" + "a1B2" * 9
EXPECTED = (
    ExpectedArtifact("prompt", "prompt", "docs/p.md"),
    ExpectedArtifact("odd", "poem", "odd.md", required=False),
    ExpectedArtifact("notes", "other", "notes/*.md", required=False),
)
DRAFT = JobSpec("draft", "Draft", JobKind.DRAFT, "a", artifacts=EXPECTED)
BUILD = JobSpec("api", "Api", JobKind.BUILD, "a", artifacts=(ExpectedArtifact("plan", "other", "plan.md"),))
LEDGER = """---
audited_artifact: advice
claims:
- claim: It says two
  evidence:
  - {{path: "{path}", quote: "{quote}"{commit}}}
---
"""


def flow(*specs):
    return Workflow("flow", "1", "flow.yaml", {"a": Lane("a", "scripted")}, {spec.id: spec for spec in specs})


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "s").begin(flow=flow(DRAFT))


@pytest.fixture
def drafting(desk):
    desk.tick(3)
    return desk


@pytest.fixture
def building(tmp_path):
    desk = Desk(tmp_path / "t").begin(flow=flow(BUILD))
    desk.tick(3)
    return desk


def digest(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def publish_from(desk, job, folder=None, fence=0, **request):
    session = desk.session(job)
    from gitorch.app.work.submissions import who

    holder = who(desk.services, desk.credential(job))
    assert holder[1] == session
    return publish(desk.services, holder, folder or desk.worktree(job), PublishRequest(**request), fence)


def left(desk, job, path, data=b"---\ntitle: x\n---\n"):
    desk.files.write(desk.worktree(job) / path, data)
    return data


# What is published under which name


@pytest.mark.parametrize(
    ("request_", "path", "name", "kind"),
    [
        ({"name_or_path": "prompt"}, "docs/p.md", "prompt", ArtifactKind.PROMPT),
        ({"name_or_path": "docs/p.md"}, "docs/p.md", "prompt", ArtifactKind.PROMPT),
        ({"name_or_path": "prompt", "name": "mine"}, "docs/p.md", "mine", ArtifactKind.PROMPT),
        ({"name_or_path": "x/free.md"}, "x/free.md", "free", ArtifactKind.OTHER),
        ({"name_or_path": "x/free.md", "kind": "operator-report"}, "x/free.md", "free", ArtifactKind.OPERATOR_REPORT),
        ({"name_or_path": "x/free.md", "name": "note"}, "x/free.md", "note", ArtifactKind.OTHER),
    ],
)
def test_an_expected_artifact_gives_the_name_and_kind_that_are_left_out(drafting, request_, path, name, kind):
    data = left(drafting, "draft", path)
    artifact, new = publish_from(drafting, "draft", **request_)
    assert new
    assert (artifact.name, artifact.kind, artifact.path, artifact.size) == (name, kind, path, len(data))
    assert (artifact.job, artifact.attempt, artifact.version, artifact.digest) == ("draft", 1, 1, digest(data))
    assert artifact.session == drafting.session("draft").id
    record = list(drafting.ledger.records(RUN))[-1].record
    assert [ref.name for ref in record.files] == [path.rpartition("/")[2]]
    assert drafting.ledger.file(RUN, artifact.digest) == data


def test_the_same_content_again_is_the_same_artifact_and_another_one_a_new_version(drafting):
    left(drafting, "draft", "docs/p.md")
    first, _ = publish_from(drafting, "draft", name_or_path="prompt")
    left(drafting, "draft", "free.md")
    publish_from(drafting, "draft", name_or_path="free.md")
    again, new = publish_from(drafting, "draft", name_or_path="prompt")
    assert (again, new) == (first, False)
    left(drafting, "draft", "docs/p.md", b"---\ntitle: y\n---\n")
    second, new = publish_from(drafting, "draft", name_or_path="prompt")
    assert (second.version, new) == (2, True)


def test_a_path_is_meant_from_where_the_caller_stands_inside_the_worktree(drafting):
    left(drafting, "draft", "docs/p.md")
    folder = drafting.worktree("draft") / "docs"
    folder.mkdir()
    artifact, _ = publish_from(drafting, "draft", folder, name_or_path="p.md")
    assert (artifact.name, artifact.path) == ("prompt", "docs/p.md")
    outside = publish_from(drafting, "draft", drafting.services.root, name_or_path="docs/p.md")[0]
    assert outside.path == "docs/p.md"
    with pytest.raises(Refused, match=r"^\.\./docs/p\.md "):
        publish_from(drafting, "draft", folder, name_or_path="../docs/p.md")


def test_a_document_that_is_not_what_its_kind_should_be_names_each_line(drafting):
    left(drafting, "draft", "docs/p.md", b"# No front matter\n")
    with pytest.raises(Malformed, match=r"docs/p\.md is not a valid prompt; it has 1 defect"):
        publish_from(drafting, "draft", name_or_path="prompt")


def test_an_expected_artifact_keeps_its_kind(drafting):
    left(drafting, "draft", "docs/p.md")
    with pytest.raises(Refused, match="prompt of draft is expected as prompt, not as other"):
        publish_from(drafting, "draft", name_or_path="prompt", kind="other")


def test_a_kind_that_there_is_not_is_refused_before_the_file_is_read(drafting):
    with pytest.raises(Usage, match="'poem' is not a kind of artifact"):
        publish_from(drafting, "draft", name_or_path="odd.md", kind="poem")


def test_a_secret_needs_the_principals_reason(drafting):
    left(drafting, "draft", "x.md", TOKEN.encode())
    with pytest.raises(Refused, match=r"x\.md seems to hold line 1: a GitHub token"):
        publish_from(drafting, "draft", name_or_path="x.md")
    with pytest.raises(Denied):
        publish_from(drafting, "draft", name_or_path="x.md", override="a test token")
    assert [one.verb for one in drafting.events(events.ActionRefused)] == ["publish", "publish"]


# Evidence


def support(building, path, quote, commit=""):
    text = LEDGER.format(path=path, quote=quote, commit=f', commit: "{commit}"' if commit else "")
    left(building, "api", "s.md", text.encode())
    artifact, _ = publish_from(building, "api", name_or_path="s.md", kind="support_ledger")
    return artifact.faults


def test_evidence_is_read_at_the_newest_commit_of_the_work(building):
    building.git.commit_in(building.worktree("api"), {"a.txt": "one\ntwo\n"})
    assert support(building, "a.txt:2", "two") == ()
    (fault,) = support(building, "a.txt:2", "three")
    assert fault.startswith("claim 1 (line 4): ")
    (fault,) = support(building, "b.txt:2", "two")
    assert "b.txt does not exist" in fault


def test_evidence_may_abbreviate_a_commit_of_the_work_or_its_base_to_seven_digits(building):
    older = building.git.commit_in(building.worktree("api"), {"a.txt": "old\n"})
    building.git.commit_in(building.worktree("api"), {"a.txt": "new\n"})
    assert support(building, "a.txt:1", "old", older[:7]) == ()
    assert support(building, "a.txt:1", "old", older[:12].upper()) == ()
    assert support(building, "README.md:1", "one", building.begun[:7]) == ()
    (fault,) = support(building, "a.txt:1", "old", older[:6])
    assert fault.endswith(f"a.txt does not exist at {older[:6]}")


def test_evidence_may_name_any_commit_in_full(building):
    elsewhere = building.git.write("elsewhere", {"e.txt": "else\n"}, start=building.begun)
    assert support(building, "e.txt:1", "else", elsewhere) == ()
    (fault,) = support(building, "e.txt:1", "else", elsewhere[:10])
    assert "does not exist" in fault


def test_evidence_of_a_job_that_changes_no_files_is_read_at_its_base(tmp_path):
    review = JobSpec("look", "Look", JobKind.REVIEW, "a", ("api",), role="spec", subject="api", stage=1)
    desk = Desk(tmp_path / "u").begin(flow=flow(replace(BUILD, artifacts=()), review))
    desk.tick(3)
    desk.submit("api", {"a.txt": "a\n"})
    desk.tick(3)
    for path, quote, faults in (("README.md:1", "one", 0), ("a.txt:1", "a", 1)):
        left(desk, "look", "s.md", LEDGER.format(path=path, quote=quote, commit="").encode())
        artifact, _ = publish_from(desk, "look", name_or_path="s.md", kind="support_ledger")
        assert len(artifact.faults) == faults


def test_evidence_of_a_worktree_on_no_branch_is_read_at_its_base(building):
    building.git.checkouts[building.worktree("api")].branch = None
    assert support(building, "README.md:1", "one") == ()


# A finished report


def test_a_finished_report_publishes_what_its_job_must_leave(drafting):
    data = left(drafting, "draft", "docs/p.md")
    odd = left(drafting, "draft", "odd.md", b"anything")
    left(drafting, "draft", "notes/*.md")
    happened = drafting.submit("draft", {"docs/p.md": data.decode()})
    assert [(a.name, a.kind, a.digest) for a in drafting.run.artifacts] == [
        ("prompt", ArtifactKind.PROMPT, digest(data)),
        ("odd", ArtifactKind.OTHER, digest(odd)),
    ]
    assert [type(event).__name__ for event in happened[:3]] == [
        "ArtifactPublished",
        "ArtifactPublished",
        "HandoffSubmitted",
    ]
    assert drafting.ledger.file(RUN, digest(odd)) == b"anything"


def test_an_unfinished_report_publishes_nothing(drafting):
    left(drafting, "draft", "docs/p.md")
    drafting.submit("draft", status=ReportStatus.NEEDS_CONTEXT, questions=("Why?",))
    assert drafting.run.artifacts == ()


def test_a_report_without_a_required_artifact_is_refused_whole(drafting):
    left(drafting, "draft", "odd.md", b"anything")
    with pytest.raises(Refused, match=r"expected files are missing: docs/p\.md"):
        drafting.submit("draft", {"odd.md": "anything"})
    assert drafting.run.artifacts == ()


def test_a_report_whose_artifact_is_malformed_is_refused_whole(drafting):
    left(drafting, "draft", "docs/p.md", b"# No front matter\n")
    with pytest.raises(Malformed):
        drafting.submit("draft", {"docs/p.md": "# No front matter\n"})
    assert drafting.run.jobs["draft"].handoff is None


def test_the_findings_of_the_reviews_that_a_job_needs_are_a_document_to_fill_in(building):
    text = findings(building.run, building.session("api"))
    assert text.startswith("---\n")
    assert "findings" in text


def test_a_report_that_is_refused_for_its_document_is_recorded_with_the_first_defect(drafting):
    left(drafting, "draft", "docs/p.md", b"no front matter\n")
    with pytest.raises(Malformed):
        drafting.submit("draft", {"docs/p.md": "no front matter\n"})
    (refused,) = drafting.events(events.ActionRefused)
    assert (refused.verb, refused.job or "draft") == ("handoff", "draft")
    assert refused.reason.startswith("docs/p.md is not a valid prompt; it has 1 defect: docs/p.md:1:1: ")
    assert drafting.run.jobs["draft"].refused == 1
    left(drafting, "draft", "docs/p.md", f"---\ntitle: {TOKEN}\n---\n".encode())
    with pytest.raises(Refused):
        drafting.submit("draft", {"docs/p.md": f"---\ntitle: {TOKEN}\n---\n"})
    assert drafting.run.jobs["draft"].refused == 2
