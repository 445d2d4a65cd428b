"""What the page may change, each by the same service as the verb of the command line. No approval is among it.

Each change returns the path of the page to show next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.execute import only_people
from gitorch.app.people import decisions
from gitorch.app.query.lookup import find_job, find_run
from gitorch.app.query.questions import find_question
from gitorch.app.sessions import sessions
from gitorch.app.work import recovery
from gitorch.errors import Refused, Usage
from gitorch.model.ids import CommitId
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.review import Finding, Severity
from gitorch.web.render import link

if TYPE_CHECKING:
    from gitorch.app.execute import Caller
    from gitorch.web.answers import Question
    from gitorch.web.forms import Form
    from gitorch.wiring.repository import Repository

HOLDS = frozenset({"pause", "resume"})
TITLE_CHARACTERS = 120
"""A longer first line of a comment is its detail as well."""

REASON = "recovered from the web page"


def answer(services: Repository, caller: Caller, question: Question, form: Form) -> str:
    """Answer a question with an option, a text, or both. Raises Refused for the question of an approval."""
    run, found = find_question(services, question["question"], question["run"])
    if found.kind is QuestionKind.APPROVAL:
        raise Refused("an approval is given in a terminal, never on a page", f"gitorch approve {run.id}")

    words: list[str] = []
    for word in (form.text("option"), form.text("text")):
        if word:
            words.append(word)

    decisions.answer(services, caller, found.id, words, run.id)
    return link("runs", run.id)


def reject(services: Repository, caller: Caller, question: Question, form: Form) -> str:
    """Reject the merge report that stands; without an epic to send back the run ends."""
    run = find_run(services, question["run"])
    decisions.reject(services, caller, run, form.all("rework"), form.text("text"))
    return link("runs", run.id)


def review(services: Repository, caller: Caller, question: Question, form: Form) -> str:
    """Send work back with the comments of the page as findings."""
    run = find_run(services, question["run"])
    job = find_job(run, question["job"])
    commit = CommitId(form.text("commit"))
    decisions.send_back(services, caller, run, job, commit, findings_of(form), form.text("text"))
    return link("runs", run.id, "jobs", job)


def findings_of(form: Form) -> list[Finding]:
    """The comments of a form, those without words left out. Raises Usage for one that is not whole."""
    rows = (form.all("path"), form.all("line"), form.all("severity"), form.all("comment"))
    if len({len(row) for row in rows}) != 1:
        raise Usage("each comment has a file, a line, a weight and words")

    findings: list[Finding] = []
    for path, line, severity, words in zip(*rows, strict=True):
        if words:
            findings.append(finding_of(path, line, severity, words))
    return findings


def finding_of(path: str, line: str, severity: str, words: str) -> Finding:
    """One comment as a finding: its first line is the title, the rest the detail. Raises Usage."""
    if severity not in set(Severity):
        raise Usage(f"{severity[:40]} is not a weight; use one of: {', '.join(Severity)}")

    number = 0
    if line:
        if not line.isascii() or not line.isdecimal() or len(line) > 7:
            raise Usage(f"{line[:40]} is not the number of a line")
        number = int(line)

    title, _, detail = words.partition("\n")
    if len(title) > TITLE_CHARACTERS:
        title, detail = f"{title[:TITLE_CHARACTERS]}…", words
    return Finding(Severity(severity), title.strip(), path, number, detail.strip())


def hold(services: Repository, caller: Caller, question: Question, form: Form) -> str:
    """Pause a run, or resume it."""
    run = find_run(services, question["run"])
    verb = form.text("verb")
    if verb not in HOLDS:
        raise Usage("a run is paused or resumed here", f"gitorch status {run.id}")

    decisions.hold(services, caller, run, verb, form.text("text"))
    return link("runs", run.id)


def recover(services: Repository, caller: Caller, question: Question, form: Form) -> str:
    """Queue abandoned work again."""
    run = find_run(services, question["run"])
    only_people(services, caller, "recover")
    recovery.apply(services, caller, run.id, form.text("text") or REASON)
    return link("runs", run.id)


def retry(services: Repository, caller: Caller, question: Question, form: Form) -> str:
    """Try a job again."""
    only_people(services, caller, "retry")
    run, job = sessions.retry(services, caller, question["job"], question["run"], form.text("text"))
    return link("runs", run.id, "jobs", job)
