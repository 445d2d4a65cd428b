"""`init`, `doctor`, `check`, `start`: from a new repository to a prepared run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.cli import arguments
from gitorch.cli.boundary import Detailed
from gitorch.cli.interruption import Interrupted
from gitorch.cli.output import agrees, write
from gitorch.cli.pages.page import Cell, Page, labelled
from gitorch.cli.pages.plain import plain
from gitorch.cli.verb_function import verb
from gitorch.errors import Malformed, NotFound, Unavailable
from gitorch.model.counts import counted
from gitorch.model.path_text import shell_word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.start.health import HealthCheck
    from gitorch.app.start.preflight import CheckResult
    from gitorch.app.start.sheet import Sheet
    from gitorch.cli.call import Call
    from gitorch.model.plans.workflow import Autonomy
    from gitorch.model.work.review import Check
    from gitorch.model.work.run import Run


@verb("init")
def init(call: Call, runtime: str, target: str, tests: str | None, setup_command: str | None) -> None:
    """Set up this repository: configuration with comments, and the ledger."""
    from gitorch.app.start import setup
    from gitorch.world.resources import template_bytes

    caller = call.people_only("init")
    template = template_bytes("gitorch.yaml").decode()
    options = setup.InitOptions(runtime, target, tests, setup_command, _offer_key(call))
    done = setup.init(call.services, caller, template, options)
    lines = [*labelled("created", done.created), *labelled("kept", done.kept), *done.notes]
    call.say(plain(done), "\n".join([*lines, "Next: gitorch doctor, then gitorch check PLAN"]))


def _offer_key(call: Call) -> str:
    """The grade of approvals to write into the configuration: `signed` if a key of this person may sign, else empty.

    A person at a terminal whose keys may not sign yet is offered to add one.
    """
    from gitorch.app.people import keys

    if any(approver.own is not None for approver in keys.approvers(call.services)):
        return "signed"

    if not call.can_ask:
        return ""

    path = _chosen_key(call)
    if not path:
        return ""

    keys.add(call.services, path, _signer(call))
    return "signed"


def _chosen_key(call: Call) -> str:
    """The path of a guarded key that the person picks, or of a new one; empty for neither."""
    from gitorch.app.people import keys

    for key in keys.own_keys(call.services):
        if key.guard in keys.GUARDED and agrees(f"Sign approvals with {key.path}?", default=True):
            return key.path

    write(
        "A program running under your account could imitate a typed approval. With a key behind a passphrase it cannot."
    )
    if not agrees("Create an SSH key with a passphrase that signs approvals?"):
        return ""

    return call.services.signatures.make_key(_signer(call)).path


def _signer(call: Call) -> str:
    """The person's name in git, without blanks."""
    return "-".join(call.services.git.user_name().split())


@verb("doctor")
def doctor(call: Call) -> int:
    """Find what would make a first run fail."""
    from gitorch.app.start.doctor import examine
    from gitorch.app.start.skills import Target, examine_skills
    from gitorch.wiring.skills import shipped_sources

    services = call.services
    checks = examine(services) + examine_skills(services.files, Target(services.root), shipped_sources())
    failed = [check for check in checks if check.ok is False]
    if failed and call.json:
        raise Detailed(_failure(checks, failed), checks=checks)

    call.say({"checks": checks}, lambda page: _checks_text(checks, page))
    if failed:
        raise _failure(checks, failed)

    return 0


def _failure(checks: tuple[HealthCheck, ...], failed: list[HealthCheck]) -> Unavailable:
    """The error of a health check: it names the checks that failed, and its hint fixes the first one."""
    names = ", ".join(check.name for check in failed)
    return Unavailable(f"{len(failed)} of {len(checks)} checks failed: {names}", failed[0].fix)


RESULTS = {True: Cell("ok", "green"), False: Cell("bad", "red"), None: Cell("note", "yellow")}


def _checks_text(checks: tuple[HealthCheck, ...], page: Page) -> str:
    """One line a check, and the fixes below. Nothing is cut, so that paths and commands can be copied."""
    from gitorch.model.values import replace

    page = replace(page, width=0)
    lines = page.table([(RESULTS[check.ok], Cell(check.name, "bold"), Cell(check.text)) for check in checks])
    to_do = [check for check in checks if check.fix and check.ok is not True]
    if to_do:
        lines += ["", page.line("to do", "bold")]

    lines += dict.fromkeys(page.line(f"  {check.name}: {check.fix}") for check in to_do)
    return "\n".join(lines)


@verb("check")
def check(call: Call, plan: str, prompt: str | None, run_tests: bool) -> None:
    """Check a plan or workflow and show what a run would do; change nothing."""
    if run_tests:
        call.people_only("check --run-tests")

    checked = _checked(call, plan, prompt)
    _refuse_defects(checked)
    sheet = _sheet_of(checked)
    values: dict[str, Any] = {"plan": _plan_values(checked), "sheet": sheet, "remarks": _remark_values(checked)}
    if run_tests:
        values["tests"] = _tests_on_target(call, checked)
    call.say(values, lambda page: _check_text(checked, plan, page, values.get("tests")))


def _tests_on_target(call: Call, checked: CheckResult) -> Check:
    """The result of the tests on the target, which passed. Raises Failed with the end of their log otherwise."""
    from gitorch.app.start.target_tests import run_target_tests

    return run_target_tests(call.services, checked)


def _checked(call: Call, plan: str, prompt: str | None, *, by_hand: bool = False) -> CheckResult:
    """The result of checking a plan before it starts."""
    from gitorch.app.start import preflight

    prompt_path = None
    if prompt is not None:
        prompt_path = call.folder / prompt

    return preflight.check(call.services, call.folder / plan, prompt_path, by_hand)


def _refuse_defects(checked: CheckResult) -> None:
    """Raises Malformed with every defect of the plan, NotFound without a plan."""
    if checked.absent:
        raise NotFound(checked.problems[0].message, checked.problems[0].fix)

    if checked.problems:
        defects = counted(len(checked.problems), "defect")
        error = Malformed(f"{checked.plan.path} has {defects}", checked.problems)
        raise Detailed(error, _remark_lines(checked), remarks=_remark_values(checked))


def _remark_lines(checked: CheckResult) -> list[str]:
    """The remarks on a plan with defects, as people read them before the defects."""
    if not checked.remarks:
        return []

    from gitorch.cli.pages.sheets import remark_lines

    return ["remarks", *remark_lines(checked.remarks), ""]


def _sheet_of(checked: CheckResult) -> Sheet:
    if checked.sheet is None:
        raise Malformed(f"{checked.plan.path} cannot be started")

    return checked.sheet


def _plan_values(checked: CheckResult) -> dict[str, Any]:
    """The plan under the keys of the JSON form."""
    plan = checked.plan
    return {"path": plan.path, "title": plan.title, "digest": plan.digest, "epics": [epic.id for epic in plan.epics]}


def _remark_values(checked: CheckResult) -> list[dict[str, Any]]:
    """The remarks under the keys of the JSON form of problems."""
    return [remark._asdict() for remark in checked.remarks]


def _check_text(checked: CheckResult, plan: str, page: Page, tests: Check | None) -> str:
    """The sheet of a plan without defects, how the tests ended where they ran, and the command that starts it."""
    from gitorch.cli.pages.sheets import sheet_text

    sheet = sheet_text(_sheet_of(checked), page, checked.remarks)
    tested = ""
    if tests is not None:
        tested = f"The tests {tests.summary}.\n"

    return (
        f"{sheet}\n\n{tested}The plan has no defects, and nothing was changed. Next: gitorch start {shell_word(plan)}"
    )


@verb("start")
def start(
    call: Call,
    plan: str,
    prompt: str | None,
    autonomy: str | None,
    implementer: str,
    reviewer: str,
    by_hand: bool,
    yes: bool,
) -> None:
    """Answer the question sheet of a plan and prepare its run."""
    from gitorch.app.start import prepare

    chosen = None
    if autonomy is not None:
        chosen = arguments.autonomy(autonomy)

    caller = call.people_only("start")
    if not by_hand:
        _choose_runtimes(call, {"implementer": implementer, "reviewer": reviewer}, ask=not yes)

    checked = _checked(call, plan, prompt, by_hand=by_hand)
    if checked.problems:
        prepare.reject_plan(call.services, caller, checked)

    _refuse_defects(checked)
    if not yes:
        call.must_ask("start")

    agreed = _agreed(call, checked, chosen, yes=yes)
    proof = "unattended" if yes else "typed"
    merges = _sheet_of(checked).merges
    run = prepare.prepare_run(call.services, caller, checked, agreed, proof, merges=merges)
    if by_hand:
        from gitorch.cli.follow import carry_on

        run, _ = carry_on(call, run)

    values = {"id": run.id, "title": run.title, "phase": run.phase, "target": run.target, "autonomy": agreed}
    call.say({"run": values}, f"Run {run.id} is {run.phase}. Next: {_next_command(call, run)}")


def _choose_runtimes(call: Call, named: Mapping[str, str], *, ask: bool) -> None:
    """Continue with the runtimes that options name, or that a human chooses among the installed ones."""
    from gitorch.app.start import runtimes
    from gitorch.cli.pages.sheets import ask_runtimes

    chosen = {lane: runtime for lane, runtime in named.items() if runtime}
    if ask and call.can_ask:
        installed = runtimes.available_runtimes(call.services)
        chosen = ask_runtimes(installed, runtimes.preselected_runtimes(call.services.config), named)

    if chosen:
        call.opened = call.services.with_config(runtimes.with_runtimes(call.services.config, chosen))


def _next_command(call: Call, run: Run) -> str:
    """The command to type next in a run that has just begun."""
    from gitorch.app.query.runs import next_command

    return next_command(call.services, run)


def _agreed(call: Call, checked: CheckResult, chosen: Autonomy | None, *, yes: bool) -> Autonomy:
    """The autonomy of the run, after a human agreed to the sheet. Raises Interrupted."""
    from gitorch.cli.pages.sheets import ask_autonomy, sheet_text

    sheet = _sheet_of(checked)
    if not call.json:
        call.note(sheet_text(sheet, call.page, checked.remarks))

    if yes:
        return chosen or sheet.autonomy

    autonomy = chosen or ask_autonomy(sheet.autonomy)
    question = f"\nStart this run with autonomy {autonomy}?"
    if sheet.merges and not sheet.target_confirmed:
        target = f"{sheet.target} as a merge target of this repository"
        question = f"\nStart this run and confirm {target} with autonomy {autonomy}?"

    if not agrees(question):
        raise Interrupted("nothing was started")

    return autonomy
