"""Forty epics in eight waves on real git, with agents that are played: what their report, status and history look like."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "rules")]
from merge_yard import CALLER, Yard
from play import HUMAN, RUN, digest, workflow

from gitorch.app.executing.execute import execute
from gitorch.app.people import decisions
from gitorch.app.start.snapshot import SNAPSHOT_FILE, take_snapshot
from gitorch.app.work import submissions
from gitorch.app.work.submissions import AgentCredential
from gitorch.model import commands as c
from gitorch.model.events import RunConfirmed
from gitorch.model.ids import CommitId, Digest
from gitorch.model.submission import ReportText, VerdictText
from gitorch.model.values import Value, replace
from gitorch.model.work.review import Choice, Disposition, Finding, Reply, ReportStatus, Severity
from gitorch.rules.views.merge_report import sha256

if TYPE_CHECKING:
    from gitorch.model.ids import JobId
    from gitorch.model.plans.workflow import Settings
    from gitorch.model.work.job import JobState

WAVES = 8
PER_WAVE = 5
AREAS = ("auth", "billing", "search", "web", "admin")
DEEDS = (
    "Lay out the module",
    "Store its records",
    "Serve it over HTTP",
    "Check what callers may do",
    "Limit the rate of calls",
    "Log what matters",
    "Draw its page",
    "Describe it for users",
)
TESTS = "sh run-tests.sh"
RUNNER = 'for area in src/*; do test -f "$area/broken" && { echo "$area is broken"; exit 1; }; done; exit 0\n'
LEGACY = "".join(f"def old_{number}(): ...\n" for number in range(40))
TARGET_FILES = {
    "run-tests.sh": RUNNER,
    "README.md": "# Shop\n",
    "src/auth/legacy.py": LEGACY,
    "tests/test_legacy.py": "def test_old(): ...\n",
    "src/web/views.py": "".join(f"VIEW_{number} = {number}\n" for number in range(40)),
    ".github/workflows/ci.yml": "on: push\n",
    "AGENTS.md": "Keep to the style guide.\n",
    "uv.lock": "version = 1\n",
    "pyproject.toml": '[project]\nname = "shop"\n',
    "bin/serve": "exec python -m shop\n",
}


class Act(Value):
    """What the agents of one epic do besides writing its module. Rounds count from 1."""

    files: tuple[tuple[str, str], ...] = ()
    do: Any = None
    """A function of the worktree, before the commit of round 1."""
    concern: str = ""
    broken_in: int = 0
    """The round in which its tests fail."""
    judge: tuple[tuple[int, str, Choice, tuple[Finding, ...]], ...] = ()
    """Round, review stage, verdict and findings; every other verdict accepts without a finding."""
    replies: tuple[tuple[int, Disposition, str], ...] = ()
    """By the number of the finding; every other finding is fixed."""
    empty: bool = False


def _rename_views(where: Path) -> None:
    (where / "src/web/views.py").rename(where / "src/web/pages.py")


def _remove_legacy(where: Path) -> None:
    (where / "src/auth/legacy.py").unlink()
    (where / "tests/test_legacy.py").unlink()


def _add_logo(where: Path) -> None:
    (where / "src/web").mkdir(parents=True, exist_ok=True)
    (where / "src/web/logo.png").write_bytes(b"\x89PNG\0" + bytes(5000))


def _add_data(where: Path) -> None:
    (where / "src/search").mkdir(parents=True, exist_ok=True)
    (where / "src/search/words.txt").write_text("word\n" * 500_000)


def _make_executable(where: Path) -> None:
    (where / "bin/serve").chmod(0o755)


RACE = Finding(Severity.BLOCKING, "Two payments can share one id", "src/billing/m4.py", 2, "The counter is not locked.")
TYPO = Finding(Severity.MINOR, "The heading has a typo", "src/web/m7.py", 1)
NAME = Finding(Severity.MINOR, "The public name is too long", "src/admin/m3.py", 1)
MISTAKE = Finding(Severity.IMPORTANT, "The index is never closed", "src/search/m5.py", 3)

ACTS: dict[str, Act] = {
    "auth-2": Act(do=_remove_legacy),
    "billing-1": Act(files=((".github/workflows/ci.yml", "on: [push, pull_request]\n"),)),
    "billing-2": Act(
        files=(("uv.lock", "version = 2\n"), ("pyproject.toml", '[project]\nname = "shop"\nversion = "2"\n'))
    ),
    "billing-4": Act(judge=((1, "quality", Choice.NEEDS_REVISION, (RACE,)),)),
    "search-3": Act(do=_add_data),
    "search-5": Act(
        judge=(
            (1, "spec", Choice.NEEDS_REVISION, (MISTAKE,)),
            (
                2,
                "spec",
                Choice.ACCEPT,
                (Finding(Severity.NOTE, "withdrawn", detail="I missed the with statement", number=1, withdrawn=True),),
            ),
        ),
        replies=((1, Disposition.FALSE_POSITIVE, "the with statement in line 2 closes it"),),
    ),
    "search-6": Act(broken_in=1),
    "web-1": Act(do=_add_logo),
    "web-2": Act(do=_rename_views),
    "web-5": Act(files=(("AGENTS.md", "Keep to the style guide. Ask before you delete.\n"),)),
    "web-7": Act(judge=((1, "quality", Choice.ACCEPT_WITH_FINDINGS, (TYPO,)),)),
    "admin-1": Act(do=_make_executable),
    "admin-3": Act(
        judge=(
            (
                1,
                "spec",
                Choice.NEEDS_REVISION,
                (NAME, replace(RACE, path="src/admin/m3.py", title="A lock is missing")),
            ),
        ),
        replies=((2, Disposition.DEFERRED, "the name is part of the public interface"),),
    ),
    "admin-5": Act(concern="Old sessions stay valid for an hour"),
    "admin-7": Act(empty=True),
    "admin-8": Act(
        judge=(
            (
                1,
                "spec",
                Choice.REJECT,
                (
                    replace(
                        TYPO, severity=Severity.BLOCKING, title="It describes another product", path="src/admin/m8.py"
                    ),
                ),
            ),
        )
    ),
}
ANSWERS = {
    "concern": ("accept", ""),
    "deferred": ("defer", "Issue 77"),
    "escalation": ("leave_failed", "Not needed for this release."),
}


def names() -> list[str]:
    """The epics, wave by wave."""
    return [f"{area}-{wave}" for wave in range(1, WAVES + 1) for area in AREAS]


def needs() -> dict[str, tuple[str, ...]]:
    """Each epic builds on its own area's earlier wave, and the first area on two of them."""
    found = {}
    for name in names():
        area, _, wave = name.partition("-")
        before = int(wave) - 1
        found[name] = (f"{area}-{before}",) if before else ()
        if before and area == "web":
            found[name] = (f"web-{before}", f"auth-{before}")
    return found


class Fleet(Yard):
    """The forty epics under way."""

    def launch(self, settings: Settings) -> None:
        for name, text in TARGET_FILES.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-qm", "Begin the shop")
        self.services.ledger.create(HUMAN, self.clock.now(), "L")
        flow = workflow(needs())
        titled = {
            job: replace(spec, title=_title(job)) if not spec.subject else spec for job, spec in flow.jobs.items()
        }
        lanes = {
            "implementer": replace(flow.lanes["implementer"], runtime="claude"),
            "reviewer": replace(flow.lanes["reviewer"], runtime="codex"),
        }
        flow = replace(flow, jobs=titled, lanes=lanes)
        target = CommitId(self.head())
        snapshot = take_snapshot(self.services)
        prepare = c.PrepareRun(RUN, "A shop in eight waves", "plan.md", digest("plan"), "main", target, flow)
        confirm = c.ConfirmRun(settings, "unattended", repository=Digest(sha256(snapshot)))
        execute(self.services, RUN, HUMAN, (prepare, confirm), {RunConfirmed: {SNAPSHOT_FILE: snapshot.encode()}})

    def finish(self) -> None:
        """Settle, and answer what people are asked, until only the approval waits."""
        while True:
            self.settle()
            asked = [q for q in self.open() if str(q.kind) in ANSWERS]
            if not asked:
                return
            for question in asked:
                option, words = ANSWERS[str(question.kind)]

                decisions.answer(self.services, CALLER, question.id, [option, *([words] if words else [])], RUN)

    def _act(self, key) -> None:
        session = self.run.sessions[key.session]
        job = self.run.jobs[session.job]
        if job.lease is None or job.lease.session != session.id:
            return
        credential = AgentCredential(RUN, self.services.secrets.token(key))
        if job.writes:
            submissions.submit_handoff(self.services, credential, self._work(job))
        else:
            submissions.give_verdict(self.services, credential, self._verdict(job))

    def _verdict(self, review: JobState) -> VerdictText:
        subject = self.run.jobs[review.spec.subject]
        act = ACTS.get(subject.spec.id, Act())
        for number, stage, choice, findings in act.judge:
            if (number, stage) == (subject.attempt, review.spec.role):
                return VerdictText(
                    choice, subject.handoff.commit, review.lease.nonce, f"{findings[0].title}.", None, findings
                )
        return VerdictText(Choice.ACCEPT, subject.handoff.commit, review.lease.nonce, "It does what the plan asks.")

    def _work(self, job: JobState) -> ReportText:
        name = job.spec.id
        area, _, wave = name.partition("-")
        act = ACTS.get(name, Act())
        where = self.services.paths.job_worktree(self.run, name)
        if act.empty:
            self.git("commit", "-q", "--allow-empty", "-m", f"Look at {name}", cwd=where)
        else:
            self._write(where, area, wave, act, job.attempt)
        head = CommitId(self.git("rev-parse", "HEAD", cwd=where))
        given = {number: (disposition, evidence) for number, disposition, evidence in act.replies}
        replies = []
        for listed in job.findings:
            if listed.open and listed.round == job.attempt - 1:
                disposition, evidence = given.get(listed.number, (Disposition.FIXED, head))
                replies.append(Reply(listed.number, disposition, evidence))
        status = ReportStatus.DONE_WITH_CONCERNS if act.concern and job.attempt == 1 else ReportStatus.DONE
        concerns = (act.concern,) if status is ReportStatus.DONE_WITH_CONCERNS else ()
        return ReportText(
            status,
            f"{job.spec.title}: done as planned",
            concerns=concerns,
            tests_claimed="all pass",
            replies=tuple(replies),
        )

    def _write(self, where: Path, area: str, wave: str, act: Act, attempt: int) -> None:
        module = where / f"src/{area}/m{wave}.py"
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text(f"# {area}, wave {wave}\n" + f"ROUND = {attempt}\n" * 3)
        for name, text in act.files:
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            (where / name).write_text(text)
        if act.do is not None and attempt == 1:
            act.do(where)
        broken = module.parent / "broken"
        broken.unlink(missing_ok=True)
        if act.broken_in == attempt:
            broken.write_text("yes\n")
        self.git("add", "-A", cwd=where)
        self.git("commit", "-qm", f"Write {area}/m{wave} ({attempt})", cwd=where)


def _title(job: JobId) -> str:
    area, _, wave = str(job).partition("-")
    if not wave:
        return str(job).title()
    return f"{DEEDS[int(wave) - 1]} ({area})"
